// A chain of dependent loads through FOOTPRINT bytes; STRIDE 4096 touches one line of each page.
#include "runtime.h"

enum { COUNT = FOOTPRINT / STRIDE };
static u8 memory[FOOTPRINT] __attribute__((aligned(4096)));

// Nodes of a page lie at different offsets, so that pages do not fight for one cache set.
static u64 *node(u64 i) { return (u64 *)(memory + i * STRIDE + (STRIDE > 64 ? i * 64 % STRIDE : 0)); }

u64 benchmark(u64 iterations) {
  static u32 order[COUNT];
  u64 seed = 8;
  for (u32 i = 0; i < COUNT; i++) order[i] = i;
  for (u32 i = COUNT - 1; i > 0; i--) {
    u32 k = next_random(&seed) % i, t = order[i];
    order[i] = order[k], order[k] = t;
  }
  for (u32 i = 0; i < COUNT; i++) *node(order[i]) = (u64)node(order[(i + 1) % COUNT]);
  u64 *p = node(0);
  for (u64 i = 0; i < iterations; i++) {
    p = (u64 *)*p, p = (u64 *)*p, p = (u64 *)*p, p = (u64 *)*p;
    p = (u64 *)*p, p = (u64 *)*p, p = (u64 *)*p, p = (u64 *)*p;
  }
  return (u64)p - (u64)memory;
}
