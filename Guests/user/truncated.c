// A file that becomes shorter while it is mapped: SIGBUS at the access, and back again when it grows.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int number;
static void *volatile address;

static void leave(int signal, siginfo_t *information, void *context) {
  number = signal;
  address = information->si_addr;
  siglongjmp(back, 1);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
  sigaction(SIGBUS, &action, NULL);
  int file = fileno(tmpfile());
  ftruncate(file, 16384);
  volatile char *pages = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  pages[8192] = 1;
  volatile long sum = 0;
  for (int i = 0; i < 1000; i++) sum += pages[8192];
  ftruncate(file, 4096);
  if (sigsetjmp(back, 1) == 0) {
    sum += pages[8192];
    puts("loaded");
  } else {
    printf("signal %d at %ld\n", number, (long)((char *)address - (char *)pages));
  }
  if (sigsetjmp(back, 1) == 0) {
    pages[8200] = 3;
    puts("stored");
  } else {
    printf("signal %d at %ld\n", number, (long)((char *)address - (char *)pages));
  }
  ftruncate(file, 16384);
  printf("%d, %ld\n", pages[8192], sum);
  return 0;
}
