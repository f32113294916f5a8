// Loads and stores of every width over 256 KiB, one in eight of them misaligned.
#include "runtime.h"

static u8 data[262144 + 64] __attribute__((aligned(64)));

static NOINLINE u64 pass(u64 x) {
  for (u64 i = 0; i < 262144; i += 32) {
    u8 *p = data + i;
    x += *(u64 *)p;
    *(u32 *)(p + 8) += x;
    *(u16 *)(p + 12) ^= *(u16 *)(p + 14);
    p[16] = x, p[17] += p[5];
    *(u64 *)(p + 24) = x ^ *(i32 *)(p + 20);
    u64 misaligned;
    __asm__ volatile("ld %0, 3(%1)" : "=r"(misaligned) : "r"(p) : "memory");
    x ^= misaligned;
  }
  return x;
}

u64 benchmark(u64 iterations) {
  u64 x = 1;
  for (u64 i = 0; i < LENGTH(data); i++) data[i] = i * 31;
  for (u64 i = 0; i < iterations; i++) x = pass(x);
  return x;
}
