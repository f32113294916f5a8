// The benchmarks as programs of Linux, without a C library: for riscv64, and for the host as the limit.
#include "runtime.h"

enum { STANDARD_OUTPUT = 1, PROT_RWX = 7 };

#if defined(__riscv)
enum { WRITE = 64, EXIT_GROUP = 94, MPROTECT = 226 };
__asm__(
    " .globl _start\n"
    "_start:\n .option push\n .option norelax\n la gp, __global_pointer$\n .option pop\n"
    " andi sp, sp, -16\n call run\n");

static i64 system_call(u64 number, u64 a, u64 b, u64 c) {
  register u64 a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c, a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
}
#elif defined(__x86_64__)
enum { WRITE = 1, EXIT_GROUP = 231, MPROTECT = 10 };
__asm__(" .globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call run\n");

static i64 system_call(u64 number, u64 a, u64 b, u64 c) {
  u64 result = number;
  __asm__ volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
#else
#error "no runtime for this architecture"
#endif

static void end(u64 code) __attribute__((noreturn));
static void end(u64 code) {
  for (;;) system_call(EXIT_GROUP, code, 0, 0);
}

#ifdef WRITES_CODE
// The linker's names for the first and the last byte of what is written.
extern char __DATA_BEGIN__[], _end[];

static void make_data_executable(void) {
  u64 first = (u64)__DATA_BEGIN__ & -4096ul;
  if (system_call(MPROTECT, first, (u64)_end - first, PROT_RWX)) end(1);
}
#endif

static volatile u64 iterations = ITERATIONS;

void run(void) __attribute__((noreturn));
void run(void) {
#ifdef WRITES_CODE
  make_data_executable();
#endif
  u64 result = benchmark(iterations);
  char line[] = "result 0123456789abcdef\n";
  for (int i = 0; i < 16; i++) line[7 + i] = "0123456789abcdef"[result >> (60 - 4 * i) & 15];
  u64 size = sizeof(line) - 1;
  end((u64)system_call(WRITE, STANDARD_OUTPUT, (u64)line, size) != size);
}
