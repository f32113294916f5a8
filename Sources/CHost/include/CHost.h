// Thin shims for what Swift cannot express: variadic C functions and instructions without a
// standard-library spelling. Nothing here decides anything.
#pragma once
#include <stdint.h>
#include <time.h>

/// futex(2) FUTEX_WAIT_PRIVATE: sleeps while *word == expected, at most until `timeout_ns`
/// nanoseconds have passed (negative: no limit). Returns 0 or -errno.
int host_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);

/// futex(2) FUTEX_WAKE_PRIVATE: wakes every sleeper on `word`.
void host_futex_wake(const uint32_t *word);

/// memfd_create(2). Returns a descriptor or -errno.
int host_memfd_create(const char *name, unsigned flags);

/// cmpxchg16b: replaces *word by `desired` where it equals *expected; otherwise stores the
/// value seen into *expected. Returns 1 where it replaced. `word` is 16-byte aligned.
int host_compare_exchange_16(void *word, uint64_t expected[2], const uint64_t desired[2]);

/// The host's cycle counter (rdtsc on x86-64), for seeding and tracing only.
uint64_t host_cycles(void);
