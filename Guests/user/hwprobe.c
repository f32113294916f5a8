// riscv_hwprobe(2): values, and the errors that it has for sets of processors and flags.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct pair {
  long key;
  unsigned long value;
};

static long probe(struct pair *pairs, size_t count, size_t size, void *set, unsigned flags) {
  long result = syscall(258, pairs, count, size, set, flags);
  return result < 0 ? -errno : result;
}

int main(int argc, char **argv) {
  struct pair base = {3, 0}, extensions = {4, 0}, unknown = {1000, 5}, block = {6, 0};
  printf("%ld: base %lu\n", probe(&base, 1, 0, NULL, 0), base.value);
  printf("%ld: extensions %#lx\n", probe(&extensions, 1, 0, NULL, 0), extensions.value);
  printf("%ld: block %lu\n", probe(&block, 1, 0, NULL, 0), block.value);
  printf("%ld: unknown %ld %lu\n", probe(&unknown, 1, 0, NULL, 0), unknown.key, unknown.value);
  printf("bad pairs: %ld\n", probe((void *)8, 1, 0, NULL, 0));
  if (argc < 2) return 0;

  struct pair all[10];
  for (int i = 0; i < 10; i++) all[i] = (struct pair){i, 0};
  printf("%ld:", probe(all, 10, 0, NULL, 0));
  for (int i = 0; i < 10; i++) printf(" %ld=%#lx", all[i].key, all[i].value);
  printf("\n");
  cpu_set_t set;
  CPU_ZERO(&set);
  printf("no processor: %ld\n", probe(&base, 1, sizeof set, &set, 0));
  CPU_SET(0, &set);
  printf("one: %ld\n", probe(&base, 1, sizeof set, &set, 0));
  printf("bad flags: %ld\n", probe(&base, 1, sizeof set, &set, 2));
  printf("which, without a set: %ld\n", probe(&base, 1, 0, NULL, 1));
  struct pair asked[2] = {{3, 1}, {4, 3}};
  CPU_ZERO(&set);
  printf("which have F, D, C: %ld, ", probe(asked, 2, sizeof set, &set, 1));
  printf("first %d\n", CPU_ISSET(0, &set) != 0);
  asked[1].value = 1ul << 63;
  CPU_ZERO(&set);
  printf("which have what none has: %ld, ", probe(asked, 2, sizeof set, &set, 1));
  printf("%d\n", CPU_COUNT(&set));
  asked[0] = unknown;
  asked[0].key = 1000;
  CPU_SET(0, &set);
  printf("which have an unknown: %ld, ", probe(asked, 1, sizeof set, &set, 1));
  printf("%ld %d\n", asked[0].key, CPU_COUNT(&set));
}
