// Work for Linux: for a guest's kernel, or for user mode and the host's. Results say that all was done.
#define _GNU_SOURCE
#include "work.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

char *const *leave;

static long getppids(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) sum += syscall(SYS_getppid) + 1;
  return sum;
}

static long read_write(long n) {
  int ends[2];
  char bytes[512] = {0};
  long sum = 0;
  if (pipe(ends)) fail("pipe");
  for (long i = 0; i < n; i++) {
    bytes[0] = i;
    sum += write(ends[1], bytes, sizeof(bytes));
    sum += read(ends[0], bytes, sizeof(bytes));
  }
  close(ends[0]), close(ends[1]);
  return sum;
}

static long clocks(long n) {
  struct timespec last = {0}, now;
  long ordered = 0;
  for (long i = 0; i < n; i++) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    ordered += now.tv_sec > last.tv_sec || (now.tv_sec == last.tv_sec && now.tv_nsec >= last.tv_nsec);
    last = now;
  }
  return ordered;
}

static long maps(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) {
    char *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) fail("mmap");
    for (int k = 0; k < 65536; k += 4096) p[k] = k >> 12, sum += p[k];
    munmap(p, 65536);
  }
  return sum;
}

static long forks(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) {
    int status;
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) _exit(i & 63);
    waitpid(child, &status, 0);
    sum += WEXITSTATUS(status);
  }
  return sum;
}

static long executions(long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) {
    int status;
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
      execvp(leave[0], leave);
      _exit(1);
    }
    waitpid(child, &status, 0);
    sum += WEXITSTATUS(status);
  }
  return sum;
}

static long pipes(long n) {
  int there[2], back[2];
  long sum = 0;
  if (pipe(there) || pipe(back)) fail("pipe");
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    char c;
    while (read(there[0], &c, 1) == 1 && c) {
      c++;
      if (write(back[1], &c, 1) != 1) break;
    }
    _exit(0);
  }
  for (long i = 0; i < n; i++) {
    char c = 1 + i % 100;
    if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1) fail("ping-pong");
    sum += c;
  }
  char stop = 0;
  if (write(there[1], &stop, 1) != 1) fail("write");
  waitpid(child, 0, 0);
  close(there[0]), close(there[1]), close(back[0]), close(back[1]);
  return sum;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long turn, turns;

static void *partner(void *unused) {
  pthread_mutex_lock(&mutex);
  while (turn < turns) {
    while (!(turn & 1) && turn < turns) pthread_cond_wait(&changed, &mutex);
    turn++;
    pthread_cond_signal(&changed);
  }
  pthread_mutex_unlock(&mutex);
  return unused;
}

static long mutexes(long n) {
  pthread_t thread;
  turn = 0, turns = 2 * n;
  if (pthread_create(&thread, 0, partner, 0)) fail("pthread_create");
  pthread_mutex_lock(&mutex);
  while (turn < turns) {
    while ((turn & 1) && turn < turns) pthread_cond_wait(&changed, &mutex);
    turn++;
    pthread_cond_signal(&changed);
  }
  pthread_mutex_unlock(&mutex);
  pthread_join(thread, 0);
  return turns;
}

static volatile long handled;
static char *guarded;

static void count_signal(int number) {
  (void)number;
  handled++;
}

static long signals(long n) {
  handled = 0;
  signal(SIGUSR1, count_signal);
  for (long i = 0; i < n; i++) raise(SIGUSR1);
  return handled;
}

static void open_page(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  handled += info->si_addr == guarded;
  mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

static long faults(long n) {
  struct sigaction action = {.sa_sigaction = open_page, .sa_flags = SA_SIGINFO};
  handled = 0;
  guarded = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  sigaction(SIGSEGV, &action, 0);
  for (long i = 0; i < n; i++) {
    *(volatile char *)guarded = 1;
    mprotect(guarded, 4096, PROT_READ);
  }
  return handled;
}

const struct work works[] = {
    {"getppid", getppids, 200000}, {"read-write", read_write, 40000}, {"clock_gettime", clocks, 3000000},
    {"mmap", maps, 1500},          {"fork", forks, 400},             {"fork-exec", executions, 150},
    {"pipe", pipes, 8000},         {"mutex", mutexes, 8000},         {"signal", signals, 20000},
    {"segv", faults, 12000},       {0},
};
