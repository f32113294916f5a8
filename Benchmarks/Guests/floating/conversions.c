// Conversions between integers, single and double, comparisons and sign operations.
#include "real.h"

u64 benchmark(u64 iterations) {
  u64 seed = 5, sum = 0;
  for (u64 i = 0; i < iterations; i++) {
    u64 r = next_random(&seed);
    double d = (double)(i64)r * 0.5 + (double)(u32)r;
    float f = (float)d, g = (float)(i32)r;
    sum += (u64)(i64)d + (i32)(g / 3) + (u32)(i64)f;
    d = -(double)f + g;
    sum += (d < f) + (f == g) * 2 + (u64)__builtin_fabs(d / 65536) + (u8)(i32)(f * 1e-12f);
  }
  return sum;
}
