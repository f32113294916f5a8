// Console, power switch and page tables.
#include "runtime.h"

#define UART ((volatile u8 *)0x10000000)
#define TEST ((volatile u32 *)0x100000)

static volatile u64 iterations = ITERATIONS;
volatile u32 start_others;

void run(void) __attribute__((noreturn));

static void put(char c) {
  while (!(UART[5] & 0x20)) {
  }
  UART[0] = c;
}

static void print(const char *text) {
  while (*text) put(*text++);
}

static void print_hex(u64 value) {
  for (int shift = 60; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

static void end(u32 code) __attribute__((noreturn));
static void end(u32 code) {
  for (;;) *TEST = code;
}

void report_trap(u64 cause, u64 pc, u64 value) {
  print("trap ");
  print_hex(cause);
  print(" at ");
  print_hex(pc);
  print(" value ");
  print_hex(value);
  print("\n");
  end(0x13333);
}

static u64 retired(void) {
  u64 count;
  __asm__ volatile("csrr %0, instret" : "=r"(count)::"memory");
  return count;
}

void run(void) {
  u64 before = retired();
  u64 result = benchmark(iterations);
  u64 instructions = retired() - before;
  print("result ");
  print_hex(result);
  print("\ninstructions ");
  print_hex(instructions);
  print("\n");
  end(0x5555);
}

__attribute__((weak)) void other_hart(u64 hart) { (void)hart; }

#ifdef SV39
// RAM in 4 KiB pages, as an operating system has it; devices behind one 1 GiB page.
enum { RAM_MIB = 128, VALID = 1, RWX = 14, ACCESSED_DIRTY = 0xc0 };
static u64 root[512] __attribute__((aligned(4096)));
static u64 middle[512] __attribute__((aligned(4096)));
static u64 leaves[RAM_MIB / 2][512] __attribute__((aligned(4096)));

u64 map_identity(void) {
  root[0] = ACCESSED_DIRTY | RWX | VALID;
  root[2] = (u64)middle >> 2 | VALID;
  for (u64 i = 0; i < RAM_MIB / 2; i++) {
    middle[i] = (u64)leaves[i] >> 2 | VALID;
    for (u64 k = 0; k < 512; k++)
      leaves[i][k] = (0x80000000ul + (i << 21) + (k << 12)) >> 2 | ACCESSED_DIRTY | RWX | VALID;
  }
  return 8ul << 60 | (u64)root >> 12;
}
#endif
