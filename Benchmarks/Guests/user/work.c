// usage: work NAME TIMES
//
// One kind of work for Linux's user mode. The variable EMULATOR names what starts `fork-exec`'s programs, as the
// kernel would by binfmt_misc, for an emulator that does not do it itself.
#define _GNU_SOURCE
#include "../linux/work.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *what) {
  perror(what);
  exit(1);
}

static long nothing(long n) { return n; }

static pthread_barrier_t start;

struct share {
  void (*work)(long);
  long times;
};

static void *worker(void *argument) {
  const struct share *share = argument;
  pthread_barrier_wait(&start);
  share->work(share->times);
  return 0;
}

// Two threads begin `work` together.
static void contend(void (*work)(long), long n) {
  pthread_t other;
  struct share share = {work, n};
  pthread_barrier_init(&start, 0, 2);
  if (pthread_create(&other, 0, worker, &share)) fail("pthread_create");
  worker(&share);
  pthread_join(other, 0);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long guarded;

static void lock(long n) {
  for (long i = 0; i < n; i++) {
    pthread_mutex_lock(&mutex);
    guarded++;
    pthread_mutex_unlock(&mutex);
  }
}

static long mutex_alone(long n) {
  contend(lock, 1);  // a program that never had a second thread does without atomics
  lock(n);
  return guarded;
}

static long mutex_contended(long n) {
  contend(lock, n);
  return guarded;
}

static long counter, swapped;
static int word;

static void add(long n) {
  for (long i = 0; i < n; i++) {
    __atomic_fetch_add(&counter, i, __ATOMIC_SEQ_CST);
    __atomic_fetch_xor(&word, 1, __ATOMIC_ACQ_REL);
    long old = __atomic_load_n(&swapped, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&swapped, &old, old + 3, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
    }
  }
}

static long atomics_alone(long n) {
  add(n);
  return counter + swapped + word;
}

static long atomics_contended(long n) {
  contend(add, n);
  return counter + swapped + word;
}

static const struct work own[] = {
    {"nothing", nothing, 0},
    {"mutex-alone", mutex_alone, 0},
    {"mutex-contended", mutex_contended, 0},
    {"atomics-alone", atomics_alone, 0},
    {"atomics-contended", atomics_contended, 0},
    {0},
};

static const struct work *find(const struct work *work, const char *name) {
  while (work->name && strcmp(work->name, name)) work++;
  return work->name ? work : 0;
}

int main(int count, char **words) {
  if (count == 2 && !strcmp(words[1], "leave")) return 7;
  if (count != 3) return 2;
  char *emulator = getenv("EMULATOR"), *command[] = {emulator, words[0], "leave", 0};
  leave = emulator ? command : command + 1;
  const struct work *work = find(own, words[1]);
  if (!work) work = find(works, words[1]);
  if (!work) return 2;
  printf("result %ld\n", work->function(atol(words[2])));
}
