// Thin shims for what Swift cannot express: variadic C functions and instructions without a
// standard-library spelling. Nothing here decides anything.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "HostUser.h"

/// futex(2) FUTEX_WAIT_PRIVATE: sleeps while *word == expected, at most until `timeout_ns`
/// nanoseconds have passed (negative: no limit). Returns 0 or -errno.
int host_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);

/// futex(2) FUTEX_WAKE_PRIVATE: wakes every sleeper on `word`.
void host_futex_wake(const uint32_t *word);

/// gettid(2): the calling thread, as Linux numbers it.
int host_thread(void);

/// memfd_create(2). Returns a descriptor or -errno.
int host_memfd_create(const char *name, unsigned flags);

/// mremap(2): maps `size` bytes of shared memory a second time, with `protection`. Returns NULL where that
/// cannot be.
void *host_map_again(void *memory, size_t size, int protection);

/// cmpxchg16b: replaces *word by `desired` where it equals *expected; otherwise stores the
/// value seen into *expected. Returns 1 where it replaced. `word` is 16-byte aligned.
int host_compare_exchange_16(void *word, uint64_t expected[2], const uint64_t desired[2]);

/// cpuid: which extensions processor and operating system have: 1 SSE4.1, 2 AVX, 4 FMA3, 8 F16C, 16 POPCNT,
/// 32 LZCNT and BMI1, 64 BMI2, 128 SSSE3, 256 PCLMULQDQ, 512 CMPXCHG16B.
uint32_t host_cpu_features(void);

/// fcntl(2) F_OFD_SETLK: takes (`type` F_RDLCK, F_WRLCK) or drops (F_UNLCK) an open-file lock on the
/// byte at `offset`. Returns 0 or -errno.
int host_lock_byte(int fd, int type, int64_t offset);

/// fcntl(2) F_OFD_GETLK: 1 where a lock of `type` on the byte at `offset` would meet another's lock,
/// 0 where not, or -errno.
int host_test_lock_byte(int fd, int type, int64_t offset);

/// fallocate(2): makes a range of a file read as zero, keeping its size; `punch` gives the space back
/// too. Returns 0 or -errno.
int host_zero_range(int fd, int64_t offset, int64_t count, int punch);

/// A new file in `directory` that has no name and vanishes when closed. Returns a descriptor or -errno.
int host_unnamed_file(const char *directory);
