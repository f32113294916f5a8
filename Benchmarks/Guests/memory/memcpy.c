// Copies of 1 MiB, aligned, eight words at a time.
#include "runtime.h"

static u64 from[131072], to[131072];

u64 benchmark(u64 iterations) {
  for (u64 i = 0; i < LENGTH(from); i++) from[i] = i * 0x9e3779b97f4a7c15ul;
  for (u64 i = 0; i < iterations; i++) {
    from[i] += i;
    memcpy(to, from, sizeof(to));
    MEMORY_BARRIER();
  }
  u64 result = 0;
  for (u64 i = 0; i < LENGTH(to); i++) result = mixed(result, to[i]);
  return result;
}
