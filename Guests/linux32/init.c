// The first and only program of a 32-bit Linux: looks at what a 32-bit hart and its page tables do for a
// process, says what it found, and powers off. Without a C library, which Debian has not for riscv32.
#include <stdint.h>

// Linux 6.12, include/uapi/asm-generic/unistd.h, as riscv32 has it.
enum {
  sys_mount = 40, sys_openat = 56, sys_close = 57, sys_read = 63, sys_write = 64, sys_exit = 93,
  sys_reboot = 142, sys_rt_sigaction = 134, sys_rt_sigreturn = 139, sys_uname = 160, sys_getpid = 172,
  sys_munmap = 215, sys_clone = 220, sys_mmap2 = 222, sys_mprotect = 226, sys_wait = 95,
  sys_clock_gettime64 = 403, sys_futex_time64 = 422, sys_mkdirat = 34, sys_kill = 129, sys_sched_yield = 124,
};

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = d;
  register long a4 __asm__("a4") = e;
  register long a5 __asm__("a5") = f;
  register long a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
  return a0;
}
#define CALL(n, a, b, c, d, e, f) call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

// What the compiler may call.
void *memset(void *to, int byte, unsigned long count) {
  for (unsigned long i = 0; i < count; i++) ((volatile char *)to)[i] = byte;
  return to;
}
void *memcpy(void *to, const void *from, unsigned long count) {
  for (unsigned long i = 0; i < count; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}

static void put(const char *text) {
  unsigned long count = 0;
  while (text[count]) count++;
  CALL(sys_write, 1, text, count, 0, 0, 0);
}
static void putNumber(uint32_t value, int base) {
  char text[12], *at = text + 11;
  *at = 0;
  do *--at = "0123456789abcdef"[value % base];
  while (value /= base);
  put(at);
}
static void say(const char *name, uint32_t value) {
  put(name);
  put(" 0x");
  putNumber(value, 16);
  put("\n");
}

static void show(const char *path, const char *prefix) {
  static char buffer[4096];
  long file = CALL(sys_openat, -100, path, 0, 0, 0, 0);
  long count = CALL(sys_read, file, buffer, sizeof buffer - 1, 0, 0, 0);
  CALL(sys_close, file, 0, 0, 0, 0, 0);
  for (long i = 0, start = 0; i < count; i++)
    if (buffer[i] == '\n') {
      long k = 0;
      while (prefix[k] && prefix[k] == buffer[start + k]) k++;
      if (!prefix[k]) CALL(sys_write, 1, buffer + start, i + 1 - start, 0, 0, 0);
      start = i + 1;
    }
}

static volatile uint32_t faultAddress;
static void onFault(int number, uint32_t *info, void *context) {
  (void)number, (void)context;
  faultAddress = info[3];
  // Let the store go through.
  CALL(sys_mprotect, faultAddress & ~0xfffu, 4096, 3, 0, 0, 0);
}

static volatile uint32_t shared, turns;

// Threads are started in assembly: the child has a stack of its own.
__asm__(
    "thread:\n"  // a0 = top of its stack, a1 = what it calls
    "  addi sp, sp, -16\n"
    "  sw ra, 12(sp)\n"
    "  sw a1, -4(a0)\n"
    "  addi a1, a0, -16\n"
    "  li a0, 0x50f00\n"  // CLONE_VM FS FILES SIGHAND THREAD SYSVSEM
    "  li a2, 0\n li a3, 0\n li a4, 0\n li a7, 220\n"
    "  ecall\n"
    "  beqz a0, 1f\n"
    "  lw ra, 12(sp)\n"
    "  addi sp, sp, 16\n"
    "  ret\n"
    "1: lw t0, 12(sp)\n"
    "  jalr t0\n"
    "  li a0, 0\n li a7, 93\n"
    "  ecall\n");
extern long thread(char *stack, void (*body)(void));

static void count(void) {
  for (int i = 0; i < 20000; i++) __asm__ volatile("amoadd.w zero, %1, %0" : "+A"(shared) : "r"(1));
  for (int i = 0; i < 20000; i++) {
    uint32_t old, failed;
    __asm__ volatile(
        "1: lr.w %0, %2\n addi %0, %0, 1\n sc.w %1, %0, %2\n bnez %1, 1b"
        : "=&r"(old), "=&r"(failed), "+A"(shared) : : "memory");
  }
  __asm__ volatile("amoadd.w zero, %1, %0" : "+A"(turns) : "r"(1));
}

static uint32_t hash(const uint8_t *bytes, uint32_t length) {
  uint32_t h = 2166136261u;
  for (uint32_t i = 0; i < length; i++) h = (h ^ bytes[i]) * 16777619u;
  return h;
}

static long map(uint32_t size) { return CALL(sys_mmap2, 0, size, 3, 0x22, -1, 0); }

void start(void) {
  CALL(sys_mkdirat, -100, "/proc", 0755, 0, 0, 0);
  CALL(sys_mount, "proc", "/proc", "proc", 0, 0, 0);
  static char names[6][65];
  CALL(sys_uname, names, 0, 0, 0, 0, 0);
  put("uname "), put(names[0]), put(" "), put(names[4]), put("\n");
  show("/proc/cpuinfo", "mmu");
  show("/proc/cpuinfo", "hart\t");

  // 64 MiB of memory, page by page: Sv32's two levels, and A and D bits.
  uint32_t *pages = (uint32_t *)map(64 << 20);
  uint32_t sum = 0;
  for (uint32_t i = 0; i < 16384; i++) pages[i * 1024 + i % 1024] = i * 2654435761u;
  for (uint32_t i = 0; i < 16384; i++) sum += pages[i * 1024 + i % 1024] ^ i;
  say("pages", sum);

  // A page that is copied on write by a child.
  long child = CALL(sys_clone, 17, 0, 0, 0, 0, 0);
  if (child == 0) {
    for (uint32_t i = 0; i < 1024; i++) pages[i * 1024] = i;
    CALL(sys_exit, pages[5 * 1024] == 5 && pages[16383 * 1024 + 1023] == 16383 * 2654435761u ? 7 : 1, 0, 0, 0, 0, 0);
  }
  uint32_t information[32] = {0};
  CALL(sys_wait, 1, child, information, 4, 0, 0);
  say("child says", information[5]);
  say("parent keeps its page", pages[5 * 1024]);
  say("child is gone", CALL(sys_wait, 1, child, 0, 4, 0, 0));

  // A store to a page that may not be written; the handler lets it.
  volatile uint32_t *guarded = (volatile uint32_t *)map(8192);
  CALL(sys_mprotect, guarded, 8192, 1, 0, 0, 0);
  uint32_t action[4] = {(uint32_t)onFault, 4, 0, 0};
  CALL(sys_rt_sigaction, 11, action, 0, 8, 0, 0);
  guarded[1025] = 0xfeed;
  say("fault at", faultAddress - (uint32_t)guarded);
  say("stored", guarded[1025]);
  // Misaligned, across the pages.
  CALL(sys_mprotect, guarded, 8192, 3, 0, 0, 0);
  uint32_t *across = (uint32_t *)((char *)guarded + 4094);
  __asm__ volatile("sw %1, %0" : "=m"(*across) : "r"(0x12345678));
  uint32_t back;
  __asm__ volatile("lw %0, %1" : "=r"(back) : "m"(*across));
  say("across", back);

  // Threads.
  for (int i = 0; i < 4; i++) thread((char *)map(16384) + 16384, count);
  while (turns < 4) CALL(sys_sched_yield, 0, 0, 0, 0, 0, 0);
  say("threads", shared);

  // 64-bit arithmetic and doubles on a 32-bit hart.
  uint64_t wide = 0x123456789abcdefull;
  double real = 1;
  for (int i = 1; i < 1000; i++) {
    wide = wide * 6364136223846793005ull + i;
    wide ^= wide >> 29;
    real = real * 1.0001 + 1.0 / i;
  }
  say("wide", (uint32_t)(wide >> 32) ^ (uint32_t)wide);
  union { double real; uint32_t words[2]; } bits = {real};
  say("real", bits.words[1]);
  say("real", bits.words[0]);
  float single = 0.1f;
  for (int i = 0; i < 50; i++) single = single * 1.5f - (float)i / 3.0f;
  union { float real; uint32_t word; } one = {single};
  say("single", one.word);

  static uint8_t bytes[1 << 16];
  for (uint32_t i = 0; i < sizeof bytes; i++) bytes[i] = i * i >> 3;
  uint32_t h = 0;
  for (int i = 0; i < 20; i++) h ^= hash(bytes, sizeof bytes - i) + i;
  say("hash", h);

  uint64_t times[2][2];
  CALL(sys_clock_gettime64, 1, times[0], 0, 0, 0, 0);
  CALL(sys_clock_gettime64, 1, times[1], 0, 0, 0, 0);
  put(times[1][0] * 1000000000 + times[1][1] >= times[0][0] * 1000000000 + times[0][1]
          ? "time goes on\n" : "time goes back\n");
  put("done\n");
  CALL(sys_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);
}

__asm__(
    ".globl _start\n"
    "_start:\n"
    ".option push\n.option norelax\n la gp, __global_pointer$\n.option pop\n"
    "  andi sp, sp, -16\n"
    "  call start\n");
