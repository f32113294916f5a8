// Signals that meet blocking calls: each is handled before the next is sent, or it was lost or late. The argument is how
// many meet each call.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long rounds = 600;
static volatile uint32_t handled, wrong;
static volatile int done;
static pid_t target;

static void handler(int number, siginfo_t *information, void *context) {
  if (number != SIGUSR1 || information->si_pid != getpid()) wrong++;
  __atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t state = 7;
static uint32_t number(void) {
  state = state * 6364136223846793005 + 1442695040888963407;
  return state >> 40;
}

// Sends and waits for the handler; how many it waited too long for.
static void *sender(void *argument) {
  long late = 0;
  for (long i = 0; i < rounds; i++) {
    uint32_t before = handled;
    // Now before the call begins, now while it begins, now long after.
    for (volatile uint32_t spin = number() % (i % 8 == 0 ? 20000 : 600); spin > 0; spin--) {
    }
    syscall(SYS_tgkill, getpid(), target, SIGUSR1);
    double begin = now();
    while (handled == before && now() - begin < 20)
      if (now() - begin > 0.001) sched_yield();
    late += handled == before;
  }
  // Whoever sleeps is woken until it has seen that this is the end.
  __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
  while (done == 1) {
    syscall(SYS_tgkill, getpid(), target, SIGUSR1);
    usleep(500);
  }
  return (void *)late;
}

static int ends[2], events;
static uint32_t word;
static sigset_t none, usual;
static struct timespec long_time = {1000, 0};

static long by_read(void) { char c; return read(ends[0], &c, 1); }
static long by_pause(void) { return pause(); }
static long by_sigsuspend(void) { return sigsuspend(&none); }
static long by_futex(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0); }
static long by_nanosleep(void) { return nanosleep(&long_time, NULL); }
static long by_epoll(void) { struct epoll_event e; return epoll_pwait(events, &e, 1, -1, &none); }
static long by_ppoll(void) { struct pollfd p = {ends[0], POLLIN, 0}; return ppoll(&p, 1, &long_time, &none); }
static long by_select(void) { return pselect(0, NULL, NULL, NULL, &long_time, &none); }
static long by_nothing(void) {
  uint32_t before = handled;
  for (volatile int i = 0; handled == before && i < 1 << 20 && !done; i++) {
  }
  errno = EINTR;
  return -1;
}

static void race(const char *name, long (*call)(void), int flags, int is_blocked) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  sigprocmask(is_blocked ? SIG_BLOCK : SIG_UNBLOCK, &mask, &usual);
  handled = wrong = 0;
  done = 0;
  target = gettid();
  pthread_t thread;
  pthread_create(&thread, NULL, sender, NULL);
  long odd = 0;
  // With SA_RESTART only the data at the end lets it return.
  while (!done) odd += (call() != -1 || errno != EINTR) && !done;
  __atomic_store_n(&done, 2, __ATOMIC_SEQ_CST);
  void *late;
  pthread_join(thread, &late);
  sigprocmask(SIG_UNBLOCK, &mask, NULL);
  printf("%s: %ld late, %d wrong, %ld odd\n", name, (long)late, wrong, odd);
}

// Reading goes on behind each handler.
static void *feeder(void *argument) {
  while (!done) usleep(200);
  write(ends[1], "x", 1);
  return NULL;
}
static long by_read_again(void) {
  char c;
  long got = read(ends[0], &c, 1);
  if (got == 1 && done) errno = EINTR, got = -1;
  return got;
}

// Queued signals for the process, whichever thread takes them.
static volatile uint32_t taken;
static void take(int number, siginfo_t *information, void *context) {
  __atomic_fetch_add(&taken, information->si_value.sival_int, __ATOMIC_SEQ_CST);
}
static void *idle(void *argument) {
  int kind = (int)(intptr_t)argument;
  while (!done) {
    struct timespec short_time = {0, 2000000};
    if (kind == 0) nanosleep(&short_time, NULL);
    if (kind == 1) syscall(SYS_futex, &word, FUTEX_WAIT, 0, &short_time, NULL, 0);
    if (kind == 2) sched_yield();
    if (kind == 3) poll(NULL, 0, 2);
  }
  return NULL;
}

static void queued(void) {
  struct sigaction action = {.sa_sigaction = take, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGRTMIN + 3, &action, NULL);
  done = 0;
  pthread_t threads[4];
  for (intptr_t i = 0; i < 4; i++) pthread_create(&threads[i], NULL, idle, (void *)i);
  uint32_t sum = 0;
  for (long i = 1; i <= rounds; i++) {
    while (sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i})) usleep(100);
    sum += i;
  }
  double begin = now();
  while (taken != sum && now() - begin < 20) usleep(1000);
  done = 1;
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("queued: all %d\n", taken == sum);
}

// In order, by waiting for them.
static void waited(void) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGRTMIN + 4);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  pid_t child = fork();
  if (child == 0) {
    for (long i = 0; i < rounds; i++)
      while (sigqueue(getppid(), SIGRTMIN + 4, (union sigval){.sival_int = i})) usleep(100);
    _exit(0);
  }
  long misplaced = 0;
  for (long i = 0; i < rounds; i++) {
    siginfo_t information;
    while (sigwaitinfo(&mask, &information) < 0) {
    }
    misplaced += information.si_value.sival_int != i;
  }
  waitpid(child, NULL, 0);
  printf("waited: %ld misplaced\n", misplaced);
}

// A timer's signals while data go through a pipe.
static void tick(int number) {}
static void transfer(void) {
  struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  int pipe_ends[2];
  pipe(pipe_ends);
  long bytes = rounds * 4096;
  pid_t child = fork();
  struct itimerval timer = {{0, 100}, {0, 100}};
  setitimer(ITIMER_REAL, &timer, NULL);
  if (child == 0) {
    unsigned char buffer[1000];
    for (long at = 0; at < bytes;) {
      long count = bytes - at < 1000 ? bytes - at : 1000;
      for (long i = 0; i < count; i++) buffer[i] = (at + i) * 7;
      for (long i = 0; i < count;) {
        long wrote = write(pipe_ends[1], buffer + i, count - i);
        if (wrote <= 0) _exit(1);
        i += wrote;
      }
      at += count;
    }
    _exit(0);
  }
  close(pipe_ends[1]);
  long at = 0, bad = 0, count;
  unsigned char buffer[777];
  while ((count = read(pipe_ends[0], buffer, sizeof buffer)) > 0)
    for (long i = 0; i < count; i++) bad += buffer[i] != (unsigned char)(at++ * 7);
  memset(&timer, 0, sizeof timer);
  setitimer(ITIMER_REAL, &timer, NULL);
  int state;
  waitpid(child, &state, 0);
  printf("transfer: %ld bad, whole %d, end %ld %x\n", bad, at == bytes, count, state);
}

int main(int count, char **arguments) {
  if (count > 1) rounds = atol(arguments[1]);
  setvbuf(stdout, NULL, _IONBF, 0);
  sigemptyset(&none);
  pipe(ends);
  events = epoll_create1(0);
  race("instructions", by_nothing, 0, 0);
  race("read", by_read, 0, 0);
  race("pause", by_pause, 0, 0);
  race("sigsuspend", by_sigsuspend, 0, 1);
  race("futex", by_futex, 0, 0);
  race("nanosleep", by_nanosleep, 0, 0);
  race("epoll_pwait", by_epoll, 0, 1);
  race("ppoll", by_ppoll, 0, 1);
  race("pselect", by_select, 0, 1);
  pthread_t feed;
  done = 0;
  pthread_create(&feed, NULL, feeder, NULL);
  race("read, restarted", by_read_again, SA_RESTART, 0);
  pthread_join(feed, NULL);
  queued();
  waited();
  transfer();
  return 0;
}
