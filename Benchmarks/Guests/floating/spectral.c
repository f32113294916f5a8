// The spectral norm of an infinite matrix, cut at 100 by 100: divisions and sums.
#include "real.h"

enum { SIDE = 100 };
static real u[SIDE], v[SIDE], w[SIDE];

static real element(int i, int j) { return 1 / (real)((i + j) * (i + j + 1) / 2 + i + 1); }

static NOINLINE void multiply(const real *in, real *out, int transposed) {
  for (int i = 0; i < SIDE; i++) {
    real sum = 0;
    for (int j = 0; j < SIDE; j++) sum += (transposed ? element(j, i) : element(i, j)) * in[j];
    out[i] = sum;
  }
}

u64 benchmark(u64 iterations) {
  for (int i = 0; i < SIDE; i++) u[i] = 1;
  for (u64 i = 0; i < iterations; i++) {
    multiply(u, w, 0), multiply(w, v, 1);
    multiply(v, w, 0), multiply(w, u, 1);
    for (int k = 0; k < SIDE; k++) u[k] /= 2;
  }
  real a = 0, b = 0;
  for (int i = 0; i < SIDE; i++) a += u[i] * v[i], b += v[i] * v[i];
  return bits(ROOT(a / b));
}
