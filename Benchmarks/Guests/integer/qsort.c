// Quicksort of 64-bit keys through a comparison function.
#include "runtime.h"

enum { COUNT = 32768 };
static u64 values[COUNT];
typedef i32 (*comparison)(u64, u64);

static NOINLINE i32 ascending(u64 a, u64 b) { return a < b ? -1 : a > b; }

static NOINLINE void sort(u64 *v, i64 low, i64 high, comparison compare) {
  while (low < high) {
    u64 pivot = v[(low + high) >> 1];
    i64 i = low, j = high;
    while (i <= j) {
      while (compare(v[i], pivot) < 0) i++;
      while (compare(pivot, v[j]) < 0) j--;
      if (i <= j) {
        u64 t = v[i];
        v[i++] = v[j];
        v[j--] = t;
      }
    }
    if (j - low < high - i) sort(v, low, j, compare), low = i;
    else sort(v, i, high, compare), high = j;
  }
}

static comparison volatile chosen = ascending;

u64 benchmark(u64 iterations) {
  u64 result = 0, seed = 12345;
  for (u64 i = 0; i < iterations; i++) {
    for (int k = 0; k < COUNT; k++) values[k] = next_random(&seed);
    sort(values, 0, COUNT - 1, chosen);
    for (int k = 1; k < COUNT; k++)
      if (values[k - 1] > values[k]) return 0;
    result = mixed(result, values[777]);
  }
  return result;
}
