// Counting, rotating, reversing and clearing bits, with the bit-manipulation extensions (Zba, Zbb, Zbs).
#include "runtime.h"

u64 benchmark(u64 iterations) {
  u64 x = 0x123456789abcdeful, sum = 0;
  static u64 sets[64];
  for (u64 i = 0; i < iterations; i++) {
    sum += __builtin_popcountl(x) + __builtin_clzl(x | 1) * 3 + __builtin_ctzl(x | 1ul << 63);
    x = __builtin_bswap64(x) ^ (x << 13 | x >> 51);
    sets[sum & 63] ^= 1ul << (x & 63);
    sum += sets[x & 63] & ~x;
    i64 a = x, b = sum;
    sum += (u64)(a < b ? a : b) + (u32)x * 8ul + (sum >> (x & 63) & 1);
    x = x * 5 + (u32)i;
  }
  for (int i = 0; i < 64; i++) sum = mixed(sum, sets[i]);
  return sum;
}
