// What a benchmark sees of the machine, or of Linux. Each benchmark is one `benchmark` function whose result
// depends on all its work; the runtime prints it, and the harness compares it between emulators.
#ifndef RUNTIME_H
#define RUNTIME_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int i32;
typedef long i64;

#define NOINLINE __attribute__((noinline))
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
// The compiler assumes that memory was read and written here.
#define MEMORY_BARRIER() __asm__ volatile("" ::: "memory")

u64 benchmark(u64 iterations);

// The last step of a 64-bit linear congruential generator, the high bits being the good ones.
static inline u64 next_random(u64 *state) {
  *state = *state * 6364136223846793005ul + 1442695040888963407ul;
  return *state >> 16;
}

static inline u64 mixed(u64 hash, u64 value) {
  hash ^= value;
  hash *= 0x9e3779b97f4a7c15ul;
  return hash ^ (hash >> 29);
}

void *memcpy(void *to, const void *from, u64 count);
void *memset(void *to, int value, u64 count);

#endif
