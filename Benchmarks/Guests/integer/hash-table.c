// Insertions, look-ups and removals in an open-addressing hash table.
#include "runtime.h"

enum { SLOTS = 1 << 14 };
static struct {
  u64 key, value;
} slots[SLOTS];

static u64 place(u64 key) { return key * 0x9e3779b97f4a7c15ul >> 50; }

static NOINLINE void insert(u64 key, u64 value) {
  u64 i = place(key);
  while (slots[i].key && slots[i].key != key) i = (i + 1) % SLOTS;
  slots[i].key = key, slots[i].value = value;
}

static NOINLINE u64 look_up(u64 key) {
  u64 i = place(key);
  while (slots[i].key && slots[i].key != key) i = (i + 1) % SLOTS;
  return slots[i].key ? slots[i].value : 0;
}

static NOINLINE void remove(u64 key) {
  u64 i = place(key);
  while (slots[i].key && slots[i].key != key) i = (i + 1) % SLOTS;
  if (!slots[i].key) return;
  for (u64 k = (i + 1) % SLOTS; slots[k].key; k = (k + 1) % SLOTS) {
    u64 home = place(slots[k].key);
    if (((k - home) % SLOTS) < ((k - i) % SLOTS)) continue;
    slots[i] = slots[k];
    i = k;
  }
  slots[i].key = 0;
}

u64 benchmark(u64 iterations) {
  u64 result = 0, seed = 99, oldest = 99;
  for (int i = 0; i < SLOTS / 2; i++) insert(next_random(&seed) | 1, i);
  for (u64 i = 0; i < iterations; i++) {
    insert(next_random(&seed) | 1, i);
    result += look_up(result | 1) + look_up(next_random(&oldest) | 1);
    remove(oldest >> 16 | 1);
  }
  return result;
}
