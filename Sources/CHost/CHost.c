#define _GNU_SOURCE
#include "CHost.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int host_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  struct timespec limit = {timeout_ns / 1000000000, timeout_ns % 1000000000};
  long r = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &limit, NULL, 0);
  return r < 0 ? -errno : 0;
}

void host_futex_wake(const uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
}

int host_memfd_create(const char *name, unsigned flags) {
  int fd = memfd_create(name, flags);
  return fd < 0 ? -errno : fd;
}

int host_compare_exchange_16(void *word, uint64_t expected[2], const uint64_t desired[2]) {
#if defined(__x86_64__)
  uint8_t replaced;
  __asm__ __volatile__("lock cmpxchg16b %1\n\tsete %0"
                       : "=q"(replaced), "+m"(*(__int128 *)word), "+a"(expected[0]), "+d"(expected[1])
                       : "b"(desired[0]), "c"(desired[1])
                       : "memory", "cc");
  return replaced;
#else
  __int128 e, d;
  __builtin_memcpy(&e, expected, 16);
  __builtin_memcpy(&d, desired, 16);
  int replaced = __atomic_compare_exchange_n((__int128 *)word, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  __builtin_memcpy(expected, &e, 16);
  return replaced;
#endif
}

uint64_t host_cycles(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
#else
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}
