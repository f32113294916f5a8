// The Mandelbrot set: a long chain of dependent additions and multiplications.
#include "real.h"

enum { SIDE = 64, DEPTH = 200 };

u64 benchmark(u64 iterations) {
  u64 result = 0;
  for (u64 n = 0; n < iterations; n++)
    for (int y = 0; y < SIDE; y++) {
      u64 row = 0;
      for (int x = 0; x < SIDE; x++) {
        real cr = (real)2 * x / SIDE - (real)1.5 + (real)n / 4096, ci = (real)2 * y / SIDE - 1;
        real zr = 0, zi = 0, rr = 0, ii = 0;
        int depth = 0;
        while (depth < DEPTH && rr + ii <= 4) {
          zi = (zr + zr) * zi + ci;
          zr = rr - ii + cr;
          rr = zr * zr, ii = zi * zi;
          depth++;
        }
        row += depth;
      }
      result = mixed(result, row);
    }
  return result;
}
