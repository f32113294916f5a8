#define _GNU_SOURCE
#include "CHost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

int host_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  struct timespec limit = {timeout_ns / 1000000000, timeout_ns % 1000000000};
  long r = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &limit, NULL, 0);
  return r < 0 ? -errno : 0;
}

void host_futex_wake(const uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
}

int host_thread(void) { return (int)syscall(SYS_gettid); }

int host_memfd_create(const char *name, unsigned flags) {
  int fd = memfd_create(name, flags);
  return fd < 0 ? -errno : fd;
}

void *host_map_again(void *memory, size_t size, int protection) {
  // An old size of zero asks for a second mapping of the same pages.
  void *again = mremap(memory, 0, size, MREMAP_MAYMOVE);
  if (again == MAP_FAILED) return NULL;
  if (mprotect(again, size, protection) == 0) return again;
  munmap(again, size);
  return NULL;
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

uint32_t host_cpu_features(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  uint32_t features = __builtin_cpu_supports("sse4.1") ? 1 : 0;
  if (__builtin_cpu_supports("avx")) {
    features |= 2;
    if (__builtin_cpu_supports("fma")) features |= 4;
    if (__builtin_cpu_supports("f16c")) features |= 8;
  }
  if (__builtin_cpu_supports("popcnt")) features |= 16;
  if (__builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("bmi")) features |= 32;
  if (__builtin_cpu_supports("bmi2")) features |= 64;
  if (__builtin_cpu_supports("ssse3")) features |= 128;
  if (__builtin_cpu_supports("pclmul")) features |= 256;
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d) && c & bit_CMPXCHG16B) features |= 512;
  return features;
#else
  return 0;
#endif
}

int host_lock_byte(int fd, int type, int64_t offset) {
  struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};
  return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

int host_test_lock_byte(int fd, int type, int64_t offset) {
  struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};
  if (fcntl(fd, F_OFD_GETLK, &lock) < 0) return -errno;
  return lock.l_type != F_UNLCK;
}

int host_zero_range(int fd, int64_t offset, int64_t count, int punch) {
  int mode = punch ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
  int result;
  do result = fallocate(fd, mode, offset, count);
  while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : 0;
}

int host_unnamed_file(const char *directory) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/apus.XXXXXX", directory) >= (int)sizeof path) return -ENAMETOOLONG;
  int fd = mkostemp(path, O_CLOEXEC);
  if (fd < 0) return -errno;
  unlink(path);
  return fd;
}
