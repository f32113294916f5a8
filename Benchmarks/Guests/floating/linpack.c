// Gaussian elimination with partial pivoting: y += a * x over columns.
#include "real.h"

enum { SIDE = 100 };
static real a[SIDE][SIDE], b[SIDE];

static NOINLINE void add_scaled(int count, real factor, const real *x, real *y) {
  for (int i = 0; i < count; i++) y[i] += factor * x[i];
}

static NOINLINE void solve(void) {
  for (int k = 0; k < SIDE; k++) {
    int pivot = k;
    for (int i = k + 1; i < SIDE; i++)
      if (__builtin_fabs(a[i][k]) > __builtin_fabs(a[pivot][k])) pivot = i;
    if (pivot != k) {
      for (int j = 0; j < SIDE; j++) {
        real t = a[k][j];
        a[k][j] = a[pivot][j], a[pivot][j] = t;
      }
      real t = b[k];
      b[k] = b[pivot], b[pivot] = t;
    }
    for (int i = k + 1; i < SIDE; i++) {
      real factor = -a[i][k] / a[k][k];
      add_scaled(SIDE - k, factor, &a[k][k], &a[i][k]);
      b[i] += factor * b[k];
    }
  }
  for (int k = SIDE - 1; k >= 0; k--) {
    for (int j = k + 1; j < SIDE; j++) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
}

u64 benchmark(u64 iterations) {
  u64 result = 0, seed = 1325;
  for (u64 n = 0; n < iterations; n++) {
    for (int i = 0; i < SIDE; i++) {
      b[i] = 0;
      for (int j = 0; j < SIDE; j++) {
        a[i][j] = (real)(i64)(next_random(&seed) & 0xffff) / 32768 - 1;
        b[i] += a[i][j];
      }
    }
    solve();
    for (int i = 0; i < SIDE; i++) result = mixed(result, bits(b[i]));
  }
  return result;
}
