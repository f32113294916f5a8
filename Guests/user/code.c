// Code that a program writes itself: in memory that is writable and executable, in memory that is one after the other,
// by another mapping of the same file, by another thread, and by read(2).
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef long function(void);

// li a0, n; ret
static void write_code(uint32_t *at, int n) {
  at[0] = 0x513 | n << 20;
  at[1] = 0x8067;
}

static uint32_t *page;
static volatile int turn;

static void *writer(void *argument) {
  for (int i = 0; i < 200; i++) {
    while (turn != 2 * i) sched_yield();
    write_code(page, i);
    __builtin___clear_cache((char *)page, (char *)(page + 2));
    __atomic_store_n(&turn, 2 * i + 1, __ATOMIC_SEQ_CST);
  }
  return NULL;
}

int main(void) {
  long sum = 0;
  page = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 1000; i++) {
    write_code(page, i);
    __asm__ volatile("fence.i" ::: "memory");
    sum += ((function *)page)();
  }
  printf("rewritten: %ld\n", sum);

  sum = 0;
  for (int i = 0; i < 200; i++) {
    mprotect(page, 8192, PROT_READ | PROT_WRITE);
    write_code(page, i);
    mprotect(page, 8192, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)page, (char *)(page + 2));
    sum += ((function *)page)();
  }
  printf("one after the other: %ld\n", sum);

  sum = 0;
  for (int i = 0; i < 200; i++) {
    uint32_t *fresh = mmap(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    write_code(fresh, i);
    __asm__ volatile("fence.i" ::: "memory");
    sum += ((function *)fresh)();
    munmap(fresh, 4096);
  }
  printf("mapped anew: %ld\n", sum);

  int file = memfd_create("code", 0);
  ftruncate(file, 4096);
  uint32_t *writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  function *executable = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
  sum = 0;
  for (int i = 0; i < 200; i++) {
    write_code(writable, i);
    __builtin___clear_cache((char *)executable, (char *)executable + 8);
    sum += executable();
  }
  printf("mapped twice: %ld\n", sum);
  sum = 0;
  for (int i = 0; i < 200; i++) {
    write_code(writable, i);
    __asm__ volatile("fence.i" ::: "memory");
    sum += executable();
  }
  printf("mapped twice, by instruction: %ld\n", sum);

  page = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  sum = 0;
  for (int i = 0; i < 100; i++) {
    uint32_t code[2];
    write_code(code, i);
    int ends[2];
    pipe(ends);
    write(ends[1], code, 8);
    read(ends[0], page, 8);
    close(ends[0]);
    close(ends[1]);
    __builtin___clear_cache((char *)page, (char *)(page + 2));
    sum += ((function *)page)();
  }
  printf("read from a pipe: %ld\n", sum);

  sum = 0;
  pthread_t thread;
  pthread_create(&thread, NULL, writer, NULL);
  for (int i = 0; i < 200; i++) {
    while (turn != 2 * i + 1) sched_yield();
    __asm__ volatile("fence.i" ::: "memory");
    sum += ((function *)page)();
    __atomic_store_n(&turn, 2 * i + 2, __ATOMIC_SEQ_CST);
  }
  pthread_join(thread, NULL);
  printf("by another thread: %ld\n", sum);

  // An instruction in two pages.
  memset(page, 0, 8192);
  uint16_t *half = (uint16_t *)((char *)page + 4094);
  uint32_t across = 0x513 | 42 << 20;
  half[0] = (uint16_t)across;
  half[1] = across >> 16;
  half[2] = 0x8082;
  __asm__ volatile("fence.i" ::: "memory");
  printf("across pages: %ld\n", ((function *)half)());
  return 0;
}
