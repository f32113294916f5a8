// The n queens problem by recursion over bit masks.
#include "runtime.h"

static NOINLINE u64 solve(u32 all, u32 columns, u32 left, u32 right) {
  if (columns == all) return 1;
  u64 count = 0;
  for (u32 open = all & ~(columns | left | right); open;) {
    u32 one = open & -open;
    open ^= one;
    count += solve(all, columns | one, (left | one) << 1, (right | one) >> 1);
  }
  return count;
}

u64 benchmark(u64 iterations) {
  u64 result = 0;
  for (u64 i = 0; i < iterations; i++) result = mixed(result, solve((1u << (8 + (i & 1))) - 1, 0, 0, 0));
  return result;
}
