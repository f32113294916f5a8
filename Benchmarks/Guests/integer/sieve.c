// The sieve of Eratosthenes over 64 KiB.
#include "runtime.h"

enum { LIMIT = 65536 };
static u8 prime[LIMIT];

static NOINLINE u64 count_primes(void) {
  u64 count = 0;
  for (int i = 0; i < LIMIT; i++) prime[i] = 1;
  for (int i = 2; i < LIMIT; i++)
    if (prime[i]) {
      count++;
      for (int k = i + i; k < LIMIT; k += i) prime[k] = 0;
    }
  return count;
}

u64 benchmark(u64 iterations) {
  u64 result = 0;
  for (u64 i = 0; i < iterations; i++) result = mixed(result, count_primes());
  return result;
}
