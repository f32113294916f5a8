// The vDSO as programs find it, and what the C library makes of it. With an argument: writes the vDSO there.
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *base;
static const Elf64_Sym *symbols;
static const char *strings;
static const Elf64_Word *hash;
static const Elf64_Half *versions;
static const char *definitions;

static int visit(struct dl_phdr_info *info, size_t size, void *context) {
  if (info->dlpi_addr == (Elf64_Addr)base) printf("listed as %s\n", info->dlpi_name);
  return 0;
}

// By the hash table, as dlsym(3) does it.
static void *find(const char *name) {
  unsigned long h = 0;
  for (const char *c = name; *c; c++) {
    h = (h << 4) + (unsigned char)*c;
    unsigned long g = h & 0xf0000000;
    h = (h ^ g >> 24) & ~g;
  }
  for (Elf64_Word i = hash[2 + h % hash[0]]; i; i = hash[2 + hash[0] + i])
    if (!strcmp(strings + symbols[i].st_name, name)) return (char *)base + symbols[i].st_value;
  return NULL;
}

static long ns(struct timespec t) { return t.tv_sec * 1000000000 + t.tv_nsec; }

int main(int argc, char **argv) {
  base = (const char *)getauxval(AT_SYSINFO_EHDR);
  if (!base) return puts("no vDSO"), 1;
  const Elf64_Ehdr *header = (const void *)base;
  const Elf64_Phdr *segments = (const void *)(base + header->e_phoff);
  if (argc > 1) {
    size_t size = header->e_shoff + header->e_shnum * header->e_shentsize;
    FILE *file = fopen(argv[1], "w");
    return !file || fwrite(base, 1, size, file) != size || fclose(file);
  }
  for (int i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type != PT_DYNAMIC) continue;
    for (const Elf64_Dyn *d = (const void *)(base + segments[i].p_vaddr); d->d_tag; d++) {
      const void *place = base + d->d_un.d_ptr;
      if (d->d_tag == DT_SYMTAB) symbols = place;
      if (d->d_tag == DT_STRTAB) strings = place;
      if (d->d_tag == DT_HASH) hash = place;
      if (d->d_tag == DT_VERSYM) versions = place;
    }
  }
  dl_iterate_phdr(visit, NULL);
  const char *names[] = {"__vdso_rt_sigreturn", "__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_clock_getres",
                         "__vdso_getcpu",       "__vdso_flush_icache",  "__vdso_riscv_hwprobe"};
  for (int i = 0; i < 7; i++) printf("%s %s\n", names[i], find(names[i]) ? "is there" : "IS MISSING");

  int (*gettime)(clockid_t, struct timespec *) = find("__vdso_clock_gettime");
  for (int clock = -1; clock < 12; clock++) {
    struct timespec before, now, after;
    if (syscall(SYS_clock_gettime, clock, &before)) {
      printf("clock %d: %d\n", clock, gettime(clock, &now) < 0);
      continue;
    }
    int result = gettime(clock, &now);
    syscall(SYS_clock_gettime, clock, &after);
    int between = ns(before) <= ns(now) && ns(now) <= ns(after) && now.tv_nsec >= 0 && now.tv_nsec < 1000000000;
    printf("clock %d: %d %d\n", clock, result, between);
  }
  int (*timeofday)(struct timeval *, struct timezone *) = find("__vdso_gettimeofday");
  struct timeval tv, before, after;
  struct timezone zone = {77, 77};
  syscall(SYS_gettimeofday, &before, NULL);
  int result = timeofday(&tv, NULL);
  syscall(SYS_gettimeofday, &after, NULL);
  printf("gettimeofday: %d %d %d %d\n", result, !timercmp(&tv, &before, <) && !timercmp(&after, &tv, <),
         timeofday(NULL, NULL), timeofday(&tv, &zone) || zone.tz_minuteswest == 77);
  int (*getres)(clockid_t, struct timespec *) = find("__vdso_clock_getres");
  struct timespec resolution, same;
  syscall(SYS_clock_getres, 1, &same);
  printf("clock_getres: %d %d\n", getres(1, &resolution), ns(resolution) == ns(same));
  int (*getcpu)(unsigned *, unsigned *, void *) = find("__vdso_getcpu");
  unsigned cpu = -1, node = -1;
  printf("getcpu: %d %d\n", getcpu(&cpu, &node, NULL), cpu < 4096 && node < 4096);
  int (*flush)(const void *, const void *, unsigned long) = find("__vdso_flush_icache");
  printf("flush_icache: %d\n", flush(base, base + 4, 0));
  struct {
    long key;
    unsigned long value;
  } pairs[] = {{3, 0}, {4, 0}, {1000, 5}};
  long (*probe)(void *, size_t, size_t, void *, unsigned) = find("__vdso_riscv_hwprobe");
  printf("riscv_hwprobe: %ld %lu %lu %ld %lu\n", probe(pairs, 3, 0, NULL, 0), pairs[0].value, pairs[1].value & 3,
         pairs[2].key, pairs[2].value);
}
