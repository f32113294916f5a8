// Table-driven CRC-32, a chain of dependent loads.
#include "runtime.h"

static u32 table[256];
static u8 data[65536];

static NOINLINE u32 crc(u32 value) {
  for (u64 i = 0; i < LENGTH(data); i++) value = table[(value ^ data[i]) & 255] ^ value >> 8;
  return value;
}

u64 benchmark(u64 iterations) {
  for (u32 i = 0; i < 256; i++) {
    u32 c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  for (u64 i = 0; i < LENGTH(data); i++) data[i] = i * 7;
  u32 value = ~0u;
  for (u64 i = 0; i < iterations; i++) value = crc(value);
  return ~value;
}
