// Accesses that fault, one by one and in hot loops: the signal, its code and address, and what registers and memory hold
// then.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int number, code;
static volatile uintptr_t address;
static char *pages;
static int repairs;

static void leave(int signal, siginfo_t *information, void *context) {
  number = signal;
  code = information->si_code;
  address = (uintptr_t)information->si_addr;
  siglongjmp(back, 1);
}

// Where the host's processor says no address, Linux says none either: programs count on the signal.
static void tell(const char *what, const char *base) {
  if (base == NULL) printf("%s: signal %d\n", what, number);
  else printf("%s: signal %d, code %d, at %ld\n", what, number, code, (long)(address - (uintptr_t)base));
}

#define FAULTS(what, base, body)       \
  if (sigsetjmp(back, 1) == 0) {       \
    body;                              \
    printf("%s: no signal\n", what);   \
  } else {                             \
    tell(what, base);                  \
  }

static void repair(int signal, siginfo_t *information, void *context) {
  repairs++;
  char *page = (char *)((uintptr_t)information->si_addr & -4096ul);
  mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

// A sum with much in registers, which the fault must not disturb.
__attribute__((noinline)) static long walk(const volatile long *at, long count, long *seen) {
  long a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7;
  for (long i = 0; i < count; i++) {
    long value = at[i];
    a += value ^ b, b += c << 1, c -= d, d ^= e + i, e += f, f = f * 3 + g, g -= value;
    seen[0] = a, seen[1] = b, seen[2] = c, seen[3] = d, seen[4] = e, seen[5] = f, seen[6] = g, seen[7] = i;
  }
  return a ^ b ^ c ^ d ^ e ^ f ^ g;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  pages = mmap(NULL, 6 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(pages, 1, 6 * 4096);
  char *fixed = pages + 4096, *closed = pages + 3 * 4096, *gone = pages + 5 * 4096;
  mprotect(fixed, 4096, PROT_READ);
  mprotect(closed, 4096, PROT_NONE);
  munmap(gone, 4096);

  char *volatile null = NULL;
  FAULTS("a load from null", (char *)0, (void)*(volatile long *)null)
  FAULTS("a store to null's page", (char *)0, *(volatile char *)(null + 100) = 1)
  FAULTS("below null", NULL, (void)*(volatile long *)(null - 8))
  FAULTS("no address", NULL, (void)*(volatile long *)(null + (1ul << 60)))
  FAULTS("no address, stored to", NULL, *(volatile long *)(null + 0xdeadbeefdeadbeef) = 1)
  FAULTS("byte", pages, *(volatile uint8_t *)(fixed + 1) = 1)
  FAULTS("half", pages, *(volatile uint16_t *)(fixed + 2) = 1)
  FAULTS("word", pages, *(volatile uint32_t *)(fixed + 4) = 1)
  FAULTS("doubleword", pages, *(volatile uint64_t *)(fixed + 8) = 1)
  FAULTS("single", pages, *(volatile float *)(fixed + 12) = 1)
  FAULTS("double", pages, *(volatile double *)(fixed + 16) = 1)
  FAULTS("load of a byte", pages, (void)*(volatile uint8_t *)(closed + 1))
  FAULTS("load of a half", pages, (void)*(volatile int16_t *)(closed + 2))
  FAULTS("load of a word", pages, (void)*(volatile int32_t *)(closed + 4))
  FAULTS("load of a single", pages, (void)*(volatile float *)(closed + 8))
  FAULTS("load of a double", pages, (void)*(volatile double *)(closed + 16))
  FAULTS("addition", pages, __atomic_fetch_add((long *)(fixed + 24), 1, __ATOMIC_SEQ_CST))
  FAULTS("exchange", pages, __atomic_exchange_n((int *)(fixed + 32), 1, __ATOMIC_SEQ_CST))
  FAULTS("of what is gone", pages, *(volatile long *)gone = 1)
  long other = 1;
  FAULTS("compared exchange", pages,
         __atomic_compare_exchange_n((long *)(gone + 8), &other, 2, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
  // Across a boundary: nothing is stored.
  uint64_t *across = (uint64_t *)(closed - 4);
  FAULTS("a load across", pages, (void)*(volatile uint64_t *)across)
  FAULTS("a store across", pages, *(volatile uint64_t *)across = 0)
  printf("before the boundary: %x\n", *(volatile uint32_t *)(closed - 4));

  for (int i = 0; i < 6; i++) {
    // Hot by now: the same loop ends in the page that is closed, at different places.
    long seen[8];
    const volatile long *start = (const volatile long *)(closed - 8 * 400 - 8 * i);
    for (int warm = 0; warm < 2000; warm++) walk((const volatile long *)pages, 500, seen);
    FAULTS("in a loop", pages, walk(start, 1000, seen))
    for (int j = 0; j < 8; j++) printf(" %lx", seen[j]);
    printf("\n");
  }

  action.sa_sigaction = repair;
  sigaction(SIGSEGV, &action, NULL);
  for (int i = 0; i < 3000; i++) {
    mprotect(pages, 4 * 4096, i & 1 ? PROT_NONE : PROT_READ);
    for (int j = 0; j < 4; j++) *(volatile long *)(pages + 4096 * j + 8 * (i % 512)) += i;
  }
  long sum = 0;
  for (long *at = (long *)pages; at < (long *)closed; at++) sum += *at;
  printf("%d repairs, %lx\n", repairs, sum);
  return 0;
}
