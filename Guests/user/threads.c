// Threads: creation, joining, mutexes, conditions, thread-local data, cancellation, robust mutexes, fork among threads.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long shared, atomic_sum;
static _Thread_local int own = 5;
static int ready;

static void *add(void *argument) {
  own += (int)(long)argument;
  for (int i = 0; i < 20000; i++) {
    pthread_mutex_lock(&mutex);
    shared++;
    pthread_mutex_unlock(&mutex);
    __atomic_fetch_add(&atomic_sum, 1, __ATOMIC_SEQ_CST);
  }
  return (void *)(long)own;
}

static void *wait_ready(void *argument) {
  pthread_mutex_lock(&mutex);
  while (!ready) pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static void *forever(void *argument) {
  for (;;) pause();
}

static void *die_holding(void *argument) {
  pthread_mutex_lock(argument);
  return NULL;
}

static void *map_and_unmap(void *argument) {
  for (int i = 0; i < 300; i++) {
    char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int j = 0; j < 65536; j += 4096) p[j] = (char)i;
    mprotect(p, 4096, PROT_READ);
    for (int j = 0; j < 65536; j += 4096)
      if (p[j] != (char)i) return (void *)1;
    munmap(p, 65536);
  }
  return NULL;
}

static volatile sig_atomic_t hits;
static pthread_t target;
static volatile int right_thread;
static void handler(int number) {
  hits++;
  right_thread = pthread_equal(pthread_self(), target);
}

static void *spin(void *argument) {
  while (hits < 3) sched_yield();
  return NULL;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  pthread_t threads[8];
  long results = 0;
  for (long i = 0; i < 8; i++) pthread_create(&threads[i], NULL, add, (void *)i);
  for (int i = 0; i < 8; i++) {
    void *result;
    pthread_join(threads[i], &result);
    results += (long)result;
  }
  printf("sums: %ld %ld results %ld own %d\n", shared, atomic_sum, results, own);

  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, wait_ready, NULL);
  usleep(10000);
  pthread_mutex_lock(&mutex);
  ready = 1;
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("condition\n");

  pthread_create(&threads[0], NULL, forever, NULL);
  usleep(5000);
  pthread_cancel(threads[0]);
  void *result;
  pthread_join(threads[0], &result);
  printf("canceled: %d\n", result == PTHREAD_CANCELED);

  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_t robust;
  pthread_mutex_init(&robust, &attributes);
  pthread_create(&threads[0], NULL, die_holding, &robust);
  pthread_join(threads[0], NULL);
  int error = pthread_mutex_lock(&robust);
  printf("robust: %s\n", error == EOWNERDEAD ? "EOWNERDEAD" : strerror(error));
  pthread_mutex_consistent(&robust);
  pthread_mutex_unlock(&robust);

  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(&mutex, &attributes);
  shared = 0;
  for (long i = 0; i < 4; i++) pthread_create(&threads[i], NULL, add, (void *)i);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("inheriting: %ld\n", shared);

  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, map_and_unmap, NULL);
  int wrong = 0;
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], &result);
    wrong += result != NULL;
  }
  printf("mappings: %d wrong\n", wrong);

  signal(SIGUSR1, handler);
  pthread_create(&target, NULL, spin, NULL);
  for (int i = 0; i < 3; i++) {
    int before = hits;
    pthread_kill(target, SIGUSR1);
    while (hits == before) sched_yield();
  }
  pthread_join(target, NULL);
  printf("signals: %d right %d\n", hits, right_thread);

  // A child of a program with threads has one.
  pthread_create(&threads[0], NULL, forever, NULL);
  for (int i = 0; i < 20; i++) {
    pid_t child = fork();
    if (child == 0) {
      pthread_t thread;
      shared = 0;
      pthread_mutex_init(&mutex, NULL);
      pthread_create(&thread, NULL, add, NULL);
      add(NULL);
      pthread_join(thread, NULL);
      _exit(shared == 40000 ? 7 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    if (WEXITSTATUS(status) != 7) printf("child: %x\n", status);
  }
  printf("forked\n");

  for (int round = 0; round < 50; round++) {
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, wait_ready, NULL);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  }
  printf("many\n");
  return 0;
}
