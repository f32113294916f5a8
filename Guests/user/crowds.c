// Thousands of threads, fork from a program with threads, mutexes of dead owners and of priorities, and what there is too
// much of: threads, files, memory. The argument is how many threads are a crowd.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 10000 };
static int crowd_size = 1000;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long sum;
static int go;
static _Thread_local long own;

static void *stand(void *argument) {
  own = (long)argument;
  pthread_mutex_lock(&mutex);
  while (!go) pthread_cond_wait(&condition, &mutex);
  sum += own;
  pthread_mutex_unlock(&mutex);
  return (void *)(own * 2);
}

static void crowd(void) {
  static pthread_t threads[MOST];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  int started = 0;
  for (long i = 0; i < crowd_size; i++) started += pthread_create(&threads[i], &attributes, stand, (void *)i) == 0;
  pthread_mutex_lock(&mutex);
  go = 1;
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
  long results = 0;
  for (int i = 0; i < started; i++) {
    void *result;
    pthread_join(threads[i], &result);
    results += (long)result;
  }
  printf("crowd: %d sum %ld results %ld\n", started, sum, results);
}

static void *meet(void *argument) {
  long serial = 0;
  for (int i = 0; i < 200; i++) serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
  return (void *)serial;
}

static void barriers(void) {
  pthread_t threads[8];
  pthread_barrier_init(&barrier, NULL, 8);
  for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, meet, NULL);
  long serial = 0;
  for (int i = 0; i < 8; i++) {
    void *result;
    pthread_join(threads[i], &result);
    serial += (long)result;
  }
  printf("barriers: %ld\n", serial);
}

// Robust mutexes in shared memory: of a process that ends, with threads, that executes a program, that aborts.
static void *end_process(void *argument) { _exit(0); }
static void robust(int inherits) {
  struct shared {
    pthread_mutex_t mutex;
    volatile int held;
  } *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (inherits) pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(&s->mutex, &attributes);
  for (int kind = 0; kind < 4; kind++) {
    s->held = 0;
    pid_t child = fork();
    if (child == 0) {
      pthread_mutex_lock(&s->mutex);
      s->held = 1;
      if (kind == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, end_process, NULL);
        for (;;) pause();
      }
      if (kind == 1) _exit(0);
      if (kind == 2) execl("/bin/true", "true", NULL);
      abort();
    }
    while (!s->held) usleep(100);
    // Waiting already, or later.
    int error = pthread_mutex_lock(&s->mutex);
    int state;
    waitpid(child, &state, 0);
    printf("robust %d of %d: %s", kind, inherits, error ? strerror(error) : "taken");
    if (error == EOWNERDEAD) printf(", consistent %d", pthread_mutex_consistent(&s->mutex));
    printf(", unlocked %d\n", pthread_mutex_unlock(&s->mutex));
  }
  // Not made consistent: nobody has it any more.
  if (fork() == 0) pthread_mutex_lock(&s->mutex), _exit(0);
  wait(NULL);
  pthread_mutex_lock(&s->mutex);
  pthread_mutex_unlock(&s->mutex);
  printf("given up: %s\n", strerror(pthread_mutex_lock(&s->mutex)));
}

static pthread_mutex_t inheriting;
static long shared;
static void *contend(void *argument) {
  for (int i = 0; i < 3000; i++) {
    pthread_mutex_lock(&inheriting);
    long now = shared;
    if (i % 64 == 0) sched_yield();
    shared = now + 1;
    pthread_mutex_unlock(&inheriting);
  }
  return NULL;
}

static void *held;
static void *lock_twice(void *argument) {
  return (void *)(intptr_t)pthread_mutex_lock(&inheriting);
}

static void priorities(void) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&inheriting, &attributes);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, contend, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("inheriting: %ld", shared);
  pthread_mutex_lock(&inheriting);
  printf(" again: %s", strerror(pthread_mutex_lock(&inheriting)));
  struct timespec past = {1, 0};
  pthread_mutex_unlock(&inheriting);
  printf(" not held: %s\n", strerror(pthread_mutex_unlock(&inheriting)));
}

static volatile int stop;
static void *allocate(void *argument) {
  while (!stop) {
    void *p = malloc(100 + (uintptr_t)argument * 1000);
    memset(p, 1, 100);
    free(p);
    void *map = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(char *)map = 1;
    munmap(map, 65536);
  }
  return NULL;
}

static void forks(void) {
  pthread_t threads[4];
  for (intptr_t i = 0; i < 4; i++) pthread_create(&threads[i], NULL, allocate, (void *)i);
  int good = 0;
  for (int i = 0; i < 60; i++) {
    pid_t child = fork();
    if (child == 0) {
      // One thread, and everything usable.
      char *p = malloc(100000);
      memset(p, 7, 100000);
      pthread_t thread;
      stop = 1;
      if (pthread_create(&thread, NULL, allocate, NULL) || pthread_join(thread, NULL)) _exit(1);
      if (i % 3 == 0) {
        execl("/bin/true", "true", NULL);
        _exit(2);
      }
      _exit(0);
    }
    int state;
    good += waitpid(child, &state, 0) == child && state == 0;
  }
  stop = 1;
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("forks: %d\n", good);
}

// The program's first thread ends, others go on.
static void *last(void *argument) {
  usleep(5000);
  _exit(21);
}
static void first_ends(void) {
  pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, last, NULL);
    pthread_exit(NULL);
  }
  int state;
  waitpid(child, &state, 0);
  printf("first ends: %x\n", state);
}

static void says(const char *what, long result) {
  printf("%s: %ld %s\n", what, result < 0 ? -1 : result, result < 0 ? strerror(errno) : "");
}

static void *wait_forever(void *argument) {
  for (;;) pause();
}

static void too_much(void) {
  int state;
  // Files.
  if (fork() == 0) {
    struct rlimit limit = {20, 20};
    setrlimit(RLIMIT_NOFILE, &limit);
    int count = 0, file, ends[2];
    while ((file = open("/dev/null", O_RDONLY)) >= 0) count++;
    says("open", file);
    printf("%d\n", count > 10);
    says("pipe", pipe(ends));
    says("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    says("eventfd", eventfd(0, 0));
    says("dup", dup(0));
    says("maps", open("/proc/self/maps", O_RDONLY));
    says("fork", fork() == 0 ? (_exit(0), 0) : 0);
    wait(&state);
    pthread_t thread;
    printf("thread: %s\n", strerror(pthread_create(&thread, NULL, wait_forever, NULL)));
    _exit(0);
  }
  wait(&state);
  printf("files %x\n", state);
  // Threads and processes, as somebody who has none yet.
  if (fork() == 0) {
    setgroups(0, NULL);
    if (setgid(64321) || setuid(64321)) _exit(1);
    struct rlimit limit = {40, 40};
    setrlimit(RLIMIT_NPROC, &limit);
    pthread_t thread;
    int count = 0, error;
    while ((error = pthread_create(&thread, NULL, wait_forever, NULL)) == 0) count++;
    printf("threads: %s %d\n", strerror(error), count > 20 && count < 40);
    pid_t child = fork();
    says("fork", child);
    _exit(0);
  }
  wait(&state);
  printf("threads %x\n", state);
  // Memory.
  if (fork() == 0) {
    struct rlimit limit = {256 << 20, 256 << 20};
    setrlimit(RLIMIT_AS, &limit);
    int count = 0;
    void *p;
    while ((p = malloc(1 << 20))) memset(p, 1, 4096), count++;
    says("malloc", -1);
    printf("%d\n", count > 50 && count < 256);
    says("mmap", mmap(NULL, 64 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    pthread_t thread;
    printf("thread: %s\n", strerror(pthread_create(&thread, NULL, wait_forever, NULL)));
    _exit(0);
  }
  wait(&state);
  printf("memory %x\n", state);
  // A file of more bytes than one may write.
  if (fork() == 0) {
    struct rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);
    int file = memfd_create("size", 0);
    char page[4096] = {0};
    says("write", write(file, page, 4096));
    says("more", write(file, page, 1));
    signal(SIGXFSZ, SIG_DFL);
    write(file, page, 1);
    _exit(0);
  }
  wait(&state);
  printf("size %x\n", state);
  // Time.
  if (fork() == 0) {
    struct rlimit limit = {1, 5};
    setrlimit(RLIMIT_CPU, &limit);
    for (;;) {
    }
  }
  wait(&state);
  printf("time %x\n", state & 0x7f);
}

int main(int count, char **arguments) {
  if (count > 1) crowd_size = atoi(arguments[1]);
  setvbuf(stdout, NULL, _IONBF, 0);
  crowd();
  barriers();
  robust(0);
  robust(1);
  priorities();
  forks();
  first_ends();
  too_much();
  return 0;
}
