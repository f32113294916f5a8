// vfork(2) among threads: the child has its parent's memory, and handlers, limits and an end of its own, while the other
// threads go on. The argument is how often.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static volatile int ending;
static volatile long turns[4];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counted;

static void handler(int number) {}
static void otherHandler(int number) {}

// Threads that compute, lock, map and allocate meanwhile.
static void *work(void *argument) {
  long number = (long)argument;
  while (!ending) {
    pthread_mutex_lock(&mutex);
    counted++;
    pthread_mutex_unlock(&mutex);
    char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory[4096] = 1;
    munmap(memory, 8192);
    free(malloc(100 + turns[number] % 1000));
    turns[number]++;
  }
  return NULL;
}

static int status(pid_t child) {
  int state = -1;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  return state;
}

// Threads run while a child of vfork(2) waits for one of them.
static int inPipe[2];
static void *write_late(void *argument) {
  usleep(20000);
  write(inPipe[1], "x", 1);
  return NULL;
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IONBF, 0);
  long rounds = count > 1 ? atol(arguments[1]) : 40;
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGUSR1, &action, NULL);
  pthread_t threads[4];
  for (long i = 0; i < 4; i++) pthread_create(&threads[i], NULL, work, (void *)i);

  long missing = 0, ended = 0;
  char *true_[] = {"true", NULL};
  for (long i = 0; i < rounds; i++) {
    pid_t child;
    missing += posix_spawn(&child, "/nothing", NULL, NULL, true_, environ) == ENOENT;
    ended += posix_spawn(&child, "/bin/true", NULL, NULL, true_, environ) == 0 && status(child) == 0;
  }
  printf("missing %d, ended %d\n", missing == rounds, ended == rounds);

  // What the child writes its parent reads; what it changes of itself stays its own.
  volatile int shared = 1;
  pid_t parent = getpid();
  pid_t child = vfork();
  if (child == 0) {
    struct sigaction other = {.sa_handler = otherHandler};
    sigaction(SIGUSR1, &other, NULL);
    sigset_t mask;
    sigfillset(&mask);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    struct rlimit limit = {1 << 30, 1 << 30};
    setrlimit(RLIMIT_AS, &limit);
    setrlimit(RLIMIT_NOFILE, &limit);
    close(0);
    shared = getpid() != parent && getppid() == parent ? 2 : 3;
    _exit(7);
  }
  printf("shared %d, status %x\n", shared, status(child));
  struct sigaction now;
  sigaction(SIGUSR1, NULL, &now);
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  struct rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  printf("handler %d, mask %d, limit %d, file %d\n", now.sa_handler == handler, sigismember(&mask, SIGTERM),
         limit.rlim_cur == RLIM_INFINITY, fcntl(0, F_GETFD) >= 0);

  // A child that waits.
  pipe(inPipe);
  pthread_t late;
  pthread_create(&late, NULL, write_late, NULL);
  child = vfork();
  if (child == 0) {
    char c = 0;
    long n = read(inPipe[0], &c, 1);
    _exit(n == 1 && c == 'x' ? 5 : 6);
  }
  printf("waited %x\n", status(child));
  pthread_join(late, NULL);

  // Children that die: by their own hand, by a fault, by a signal that comes from a thread while they run.
  child = vfork();
  if (child == 0) abort();
  printf("aborted %x\n", status(child) & 0x7f);
  child = vfork();
  if (child == 0) *(volatile int *)8 = 1;
  printf("faulted %x\n", status(child) & 0x7f);
  child = vfork();
  if (child == 0) {
    kill(getpid(), SIGTERM);
    for (;;) pause();
  }
  printf("terminated %x\n", status(child));
  child = vfork();
  if (child == 0) {
    kill(getpid(), SIGKILL);
    for (;;) sched_yield();
  }
  printf("killed %x\n", status(child));

  // A child's child.
  child = vfork();
  if (child == 0) {
    pid_t second = vfork();
    if (second == 0) {
      execl("/bin/false", "false", NULL);
      _exit(99);
    }
    int state = 0;
    waitpid(second, &state, 0);
    _exit(WEXITSTATUS(state) + 20);
  }
  printf("second %x\n", status(child));

  // Everybody is still there.
  long before[4];
  for (int i = 0; i < 4; i++) before[i] = turns[i];
  for (int i = 0; i < 4; i++)
    while (turns[i] == before[i]) usleep(1000);
  ending = 1;
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  raise(SIGUSR1);
  printf("all %d\n", counted > 0);
}
