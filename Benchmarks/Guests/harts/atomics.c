// Two harts add to one word, and take turns with a compare-and-swap lock.
#include "runtime.h"

extern volatile u32 start_others;
static u64 sum, guarded, count;
static u32 lock __attribute__((aligned(64))), finished __attribute__((aligned(64)));

static void work(void) {
  for (u64 i = 0; i < count; i++) {
    __atomic_fetch_add(&sum, i, __ATOMIC_RELAXED);
    if (i & 7) continue;
    u32 open = 0;
    while (!__atomic_compare_exchange_n(&lock, &open, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) open = 0;
    guarded += i;
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
  }
}

void other_hart(u64 hart) {
  if (hart != 1) return;
  work();
  __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
}

u64 benchmark(u64 iterations) {
  count = iterations;
  __atomic_store_n(&start_others, 1, __ATOMIC_RELEASE);
  work();
  while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
  }
  return mixed(sum, guarded);
}
