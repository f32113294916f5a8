// A radix-2 fast Fourier transform of 1,024 points, forth and back.
#include "real.h"

enum { POINTS = 1024 };
static real re[POINTS], im[POINTS], cosine[POINTS / 2], sine[POINTS / 2];

static NOINLINE void transform(int inverse) {
  for (int i = 1, j = 0; i < POINTS; i++) {
    int bit = POINTS >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      real t = re[i];
      re[i] = re[j], re[j] = t;
      t = im[i], im[i] = im[j], im[j] = t;
    }
  }
  for (int size = 2; size <= POINTS; size *= 2)
    for (int start = 0; start < POINTS; start += size)
      for (int k = 0; k < size / 2; k++) {
        int a = start + k, b = a + size / 2, t = k * (POINTS / size);
        real c = cosine[t], s = inverse ? sine[t] : -sine[t];
        real xr = re[b] * c - im[b] * s, xi = re[b] * s + im[b] * c;
        re[b] = re[a] - xr, im[b] = im[a] - xi;
        re[a] += xr, im[a] += xi;
      }
}

u64 benchmark(u64 iterations) {
  // Sine and cosine of the smallest angle by their series, the rest by addition.
  double angle = 6.283185307179586 / POINTS, x2 = angle * angle;
  double c1 = 1 - x2 / 2 + x2 * x2 / 24, s1 = angle * (1 - x2 / 6 + x2 * x2 / 120), c = 1, s = 0;
  for (int i = 0; i < POINTS / 2; i++) {
    cosine[i] = c, sine[i] = s;
    double next = c * c1 - s * s1;
    s = s * c1 + c * s1, c = next;
  }
  for (int i = 0; i < POINTS; i++) re[i] = (real)(i * 37 % 101) / 101, im[i] = 0;
  for (u64 n = 0; n < iterations; n++) {
    transform(0), transform(1);
    for (int i = 0; i < POINTS; i++) re[i] /= POINTS, im[i] /= POINTS;
  }
  u64 result = 0;
  for (int i = 0; i < POINTS; i++) result = mixed(result, bits(re[i]) ^ bits(im[i]));
  return result;
}
