// Dies where its registers are known: by a load from address zero, or, with an argument, by abort(3) or by a signal
// that another thread sends.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char mark[] = "the program's own data";
static volatile int ready;

static void *wait_for_the_end(void *unused) {
  ready = 1;
  for (;;) pause();
}

__attribute__((noinline)) void inner(void) {
  asm volatile("li s2, 0x1234\n li s3, -2\n li t0, 5\n fcvt.d.l fs2, t0\n li a0, 0\n .globl fault\nfault: ld a0, 0(a0)"
               ::: "s2", "s3", "t0", "a0", "fs2");
}

__attribute__((noinline)) void outer(void) {
  inner();
  mark[0]++;
}

int main(int argc, char **argv) {
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_the_end, NULL);
  while (!ready) usleep(1000);
  usleep(10000);
  if (argc > 1 && !strcmp(argv[1], "abort")) abort();
  if (argc > 1) kill(getpid(), atoi(argv[1]));
  outer();
}
