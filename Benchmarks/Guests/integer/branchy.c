// Short blocks and branches that hang on data, half of them unpredictable.
#include "runtime.h"

static u8 data[16384];

static NOINLINE u64 walk(u64 x) {
  for (u64 i = 0; i < LENGTH(data); i++) {
    u8 v = data[i];
    if (v < 64) x += v;
    else if (v < 128) x ^= v << 3;
    else if (v & 1) x -= i;
    if (x & 4) {
      if (x & 16) x += 3;
      else x = x << 1 | x >> 63;
    } else if ((x & 0x60) == 0x20) {
      x ^= 0x55;
    }
    if ((i & 7) == 3) data[i] = v + x;
  }
  return x;
}

u64 benchmark(u64 iterations) {
  u64 x = 1, seed = 42;
  for (u64 i = 0; i < LENGTH(data); i++) data[i] = next_random(&seed) >> 9;
  for (u64 i = 0; i < iterations; i++) x = walk(x);
  return x;
}
