// Copy, scale, add and triad over arrays of 4 MiB of integers.
#include "runtime.h"

enum { COUNT = 1 << 19 };
static u64 a[COUNT], b[COUNT], c[COUNT];

u64 benchmark(u64 iterations) {
  for (u64 i = 0; i < COUNT; i++) a[i] = i, b[i] = 2, c[i] = 0;
  for (u64 n = 0; n < iterations; n++) {
    for (u64 i = 0; i < COUNT; i++) c[i] = a[i];
    MEMORY_BARRIER();
    for (u64 i = 0; i < COUNT; i++) b[i] = 3 * c[i];
    MEMORY_BARRIER();
    for (u64 i = 0; i < COUNT; i++) c[i] = a[i] + b[i];
    MEMORY_BARRIER();
    for (u64 i = 0; i < COUNT; i++) a[i] = b[i] + 5 * c[i];
    MEMORY_BARRIER();
  }
  u64 result = 0;
  for (u64 i = 0; i < COUNT; i++) result = mixed(result, a[i]);
  return result;
}
