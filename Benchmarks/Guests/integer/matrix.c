// Product of 64-bit integer matrices.
#include "runtime.h"

enum { SIDE = 120 };
static i64 a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

static NOINLINE void multiply(void) {
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) {
      i64 sum = 0;
      for (int k = 0; k < SIDE; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
}

u64 benchmark(u64 iterations) {
  u64 result = 0;
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) a[i][j] = i + j, b[i][j] = i - j;
  for (u64 n = 0; n < iterations; n++) {
    multiply();
    a[n % SIDE][n % 7] = c[3][n % SIDE];
    result = mixed(result, c[n % SIDE][n % SIDE]);
  }
  return result;
}
