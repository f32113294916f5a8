// A static program that runs wherever there is room, without a C library: it applies its own relocations, as the start-up
// code of static position-independent programs does, and finds its data through a pointer.
#include <elf.h>

extern Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
static const char text[] = "moved, with the right pointer\n";
static const char *volatile pointer = text;

static long call(long number, long a, long b, long c) {
  register long a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c, a7 asm("a7") = number;
  asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
}

__attribute__((used)) void start(long *stack) {
  const char *base = __ehdr_start;
  const Elf64_Rela *relocations = 0;
  unsigned long size = 0;
  for (Elf64_Dyn *d = _DYNAMIC; d->d_tag; d++) {
    if (d->d_tag == DT_RELA) relocations = (const void *)(base + d->d_un.d_ptr);
    if (d->d_tag == DT_RELASZ) size = d->d_un.d_val;
  }
  for (unsigned long i = 0; i < size / sizeof *relocations; i++)
    *(const char **)(base + relocations[i].r_offset) = base + relocations[i].r_addend;
  long at_base = -1, entry = 0;
  long *word = stack + 1 + stack[0] + 1;
  while (*word) word++;
  for (word++; *word; word += 2) {
    if (*word == 7) at_base = word[1];
    if (*word == 9) entry = word[1];
  }
  int is_right = pointer == text && (long)base > 0x1000000 && at_base == 0 && entry > (long)base;
  if (is_right) call(64, 1, (long)pointer, sizeof text - 1);
  call(93, !is_right, 0, 0);
}

asm(".globl _start\n_start: mv a0, sp\n tail start");
