// The same private work on each of HARTS harts; with two cores, two harts take the time of one.
#include "runtime.h"

extern volatile u32 start_others;
static u64 results[HARTS][64], count;
static u32 finished;

static NOINLINE u64 work(u64 x, u64 times) {
  static u64 tables[HARTS][1024];
  u64 *t = tables[x];
  for (u64 i = 0; i < times; i++) {
    x = mixed(x, i);
    t[x & 1023] += x;
    x ^= t[x >> 20 & 1023];
  }
  return x;
}

void other_hart(u64 hart) {
  if (hart >= HARTS) return;
  results[hart][0] = work(hart, count);
  __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
}

u64 benchmark(u64 iterations) {
  count = iterations;
  __atomic_store_n(&start_others, 1, __ATOMIC_RELEASE);
  u64 result = work(0, iterations);
  while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != HARTS - 1) {
  }
  for (int i = 1; i < HARTS; i++) result = mixed(result, results[i][0]);
  return result;
}
