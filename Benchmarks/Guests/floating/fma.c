// Polynomials by Horner's rule with fused multiply-add.
#include "real.h"

static real coefficients[16], points[64];

u64 benchmark(u64 iterations) {
  real sum = 0;
  for (u64 i = 0; i < LENGTH(coefficients); i++) coefficients[i] = (real)(i * 5 % 7) / 7 - (real)0.4;
  for (u64 i = 0; i < LENGTH(points); i++) points[i] = (real)i / LENGTH(points);
  for (u64 n = 0; n < iterations; n++)
    for (u64 i = 0; i < LENGTH(points); i += 2) {
      real x = points[i], y = points[i + 1], p = 0, q = 0;
      for (u64 k = 0; k < LENGTH(coefficients); k++) {
        p = FUSED(p, x, coefficients[k]);
        q = FUSED(q, y, coefficients[k]);
      }
      sum = FUSED(p, q, sum) / 2;
      points[i] = FUSED(sum, (real)0.001, x) - (real)(x > (real)0.9);
    }
  return bits(sum);
}
