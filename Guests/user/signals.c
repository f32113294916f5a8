// Signals: handlers, masks, alternate stacks, synchronous ones with exact state, restarts.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t count, last;
static volatile void *fault;
static volatile int code;
static sigjmp_buf back;

static void simple(int number) {
  count++;
  last = number;
}

static void set(int number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  if (sigaction(number, &action, NULL)) perror("sigaction");
}

static void jump(int number, siginfo_t *information, void *context) {
  fault = information->si_addr;
  code = information->si_code;
  last = number;
  siglongjmp(back, 1);
}

static void skip(int number, siginfo_t *information, void *context) {
  ucontext_t *c = context;
  last = number;
  code = information->si_code;
  // Behind the instruction, with a result of ours.
  uint16_t low = *(uint16_t *)c->uc_mcontext.__gregs[REG_PC];
  c->uc_mcontext.__gregs[REG_PC] += (low & 3) == 3 ? 4 : 2;
  c->uc_mcontext.__gregs[REG_A0] = 77;
}

static void with_information(int number, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

static char *stack_of_handler;
static void on_stack(int number) {
  char here;
  stack_of_handler = &here;
  count++;
}

static void nested(int number) {
  count = count * 10 + 1;
  if (number == SIGUSR1) raise(SIGUSR2);
  count = count * 10 + 2;
}

static void value(int number, siginfo_t *information, void *context) {
  printf("queued %d value %d code %d pid %d\n", number, information->si_value.sival_int, information->si_code,
         information->si_pid == getpid());
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  set(SIGUSR1, simple, 0);
  raise(SIGUSR1);
  printf("raise: %d %d\n", count, last == SIGUSR1);

  // Blocked, pending, unblocked.
  sigset_t mask, old, pending;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigprocmask(SIG_BLOCK, &mask, &old);
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGUSR1);
  sigpending(&pending);
  printf("blocked: %d pending %d\n", count, sigismember(&pending, SIGUSR1));
  sigprocmask(SIG_SETMASK, &old, NULL);
  printf("unblocked: %d\n", count);

  // Faults.
  with_information(SIGSEGV, jump, 0);
  if (!sigsetjmp(back, 1)) *(volatile int *)0x1234 = 1;
  printf("store to nothing: %p code %d\n", (void *)fault, code);
  char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(back, 1)) page[5] = 1;
  printf("store to read-only: %d code %d\n", (int)((char *)fault - page), code);
  munmap(page + 4096, 4096);
  if (!sigsetjmp(back, 1)) (void)*(volatile long *)(page + 4093);
  printf("load across the end: %d code %d\n", (int)((char *)fault - page), code);
  if (!sigsetjmp(back, 1)) ((void (*)(void))page)();
  printf("jump to data: %d code %d\n", (int)((char *)fault - page), code);
  with_information(SIGILL, skip, 0);
  long result;
  __asm__ volatile("li a0, 1\n .word 0\n mv %0, a0" : "=r"(result)::"a0");
  printf("illegal: %ld %d code %d\n", result, last == SIGILL, code);
  with_information(SIGTRAP, skip, 0);
  __asm__ volatile("li a0, 1\n ebreak\n mv %0, a0" : "=r"(result)::"a0");
  printf("breakpoint: %ld %d code %d\n", result, last == SIGTRAP, code);

  // A file that ends before its mapping.
  FILE *file = tmpfile();
  fputs("x", file);
  fflush(file);
  char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  with_information(SIGBUS, jump, 0);
  if (!sigsetjmp(back, 1)) (void)*(volatile char *)(map + 4096);
  printf("behind the file: %d code %d sig %d\n", (int)((char *)fault - map), code, last == SIGBUS);

  // Floating-point registers survive handlers.
  set(SIGALRM, simple, SA_RESTART);
  count = 0;
  struct itimerval timer = {{0, 1000}, {0, 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  double sum = 0;
  long turns = 0;
  while (count < 20) {
    sum += 0.5;
    turns++;
  }
  memset(&timer, 0, sizeof timer);
  setitimer(ITIMER_REAL, &timer, NULL);
  printf("timer: %d exact %d\n", count >= 20, sum == turns * 0.5);

  // Alternate stack.
  static char space[65536];
  stack_t stack = {.ss_sp = space, .ss_size = sizeof space};
  sigaltstack(&stack, NULL);
  set(SIGUSR2, on_stack, SA_ONSTACK);
  raise(SIGUSR2);
  printf("on stack: %d\n", stack_of_handler >= space && stack_of_handler < space + sizeof space);
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, NULL);

  // Nested.
  count = 0;
  set(SIGUSR1, nested, 0);
  set(SIGUSR2, nested, 0);
  raise(SIGUSR1);
  printf("nested: %d\n", count);

  // Queued values in order, real-time signals by number.
  with_information(SIGRTMIN + 2, value, 0);
  with_information(SIGRTMIN + 1, value, 0);
  sigemptyset(&mask);
  sigaddset(&mask, SIGRTMIN + 1);
  sigaddset(&mask, SIGRTMIN + 2);
  sigprocmask(SIG_BLOCK, &mask, &old);
  for (int i = 0; i < 3; i++) {
    sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = i});
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 10 + i});
  }
  sigprocmask(SIG_SETMASK, &old, NULL);

  // Waiting calls: EINTR, and going on.
  set(SIGALRM, simple, 0);
  count = 0;
  int ends[2];
  pipe(ends);
  timer.it_value.tv_usec = 20000;
  setitimer(ITIMER_REAL, &timer, NULL);
  char byte;
  errno = 0;
  long got = read(ends[0], &byte, 1);
  printf("read: %ld %s count %d\n", got, strerror(errno), count);
  set(SIGALRM, simple, SA_RESTART);
  if (fork() == 0) {
    usleep(60000);
    write(ends[1], "y", 1);
    _exit(0);
  }
  setitimer(ITIMER_REAL, &timer, NULL);
  got = read(ends[0], &byte, 1);
  printf("read again: %ld %c count %d\n", got, byte, count);
  int status;
  wait(&status);
  setitimer(ITIMER_REAL, &timer, NULL);
  errno = 0;
  struct timespec time = {1, 0}, left;
  got = nanosleep(&time, &left);
  printf("nanosleep: %ld %s left %d\n", got, strerror(errno), left.tv_sec == 0 && left.tv_nsec > 500000000);

  // sigsuspend, sigwait, signalfd.
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  set(SIGUSR1, simple, 0);
  sigprocmask(SIG_BLOCK, &mask, &old);
  kill(getpid(), SIGUSR1);
  count = 0;
  sigset_t none;
  sigemptyset(&none);
  got = sigsuspend(&none);
  printf("sigsuspend: %ld %s count %d\n", got, strerror(errno), count);
  kill(getpid(), SIGUSR1);
  int number;
  sigwait(&mask, &number);
  printf("sigwait: %d count %d\n", number == SIGUSR1, count);
  int descriptor = signalfd(-1, &mask, 0);
  kill(getpid(), SIGUSR1);
  struct signalfd_siginfo info;
  got = read(descriptor, &info, sizeof info);
  printf("signalfd: %ld %d\n", got, info.ssi_signo == SIGUSR1);
  sigprocmask(SIG_SETMASK, &old, NULL);

  // Reset and default.
  set(SIGUSR1, simple, SA_RESETHAND);
  raise(SIGUSR1);
  struct sigaction now;
  sigaction(SIGUSR1, NULL, &now);
  printf("reset: %d\n", now.sa_handler == SIG_DFL);
  for (int i = 0; i < 3; i++) {
    int deaths[] = {SIGSEGV, SIGABRT, SIGTERM};
    pid_t child = fork();
    if (child == 0) {
      signal(SIGSEGV, SIG_DFL);
      if (i == 0) *(volatile int *)8 = 0;
      if (i == 1) abort();
      raise(SIGTERM);
      _exit(9);
    }
    waitpid(child, &status, 0);
    printf("died by %d: %d\n", deaths[i], WIFSIGNALED(status) && WTERMSIG(status) == deaths[i]);
  }
  // SIGSEGV that somebody sends.
  set(SIGSEGV, simple, 0);
  sigemptyset(&mask);
  sigaddset(&mask, SIGSEGV);
  sigprocmask(SIG_BLOCK, &mask, &old);
  count = 0;
  kill(getpid(), SIGSEGV);
  printf("sent while blocked: %d", count);
  sigprocmask(SIG_SETMASK, &old, NULL);
  printf(" then %d\n", count);
  return 0;
}
