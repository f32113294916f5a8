// A 32-bit kernel in S-mode on OpenSBI: sets up Sv32, tries what page tables, traps, counters and timers do on
// RV32, and says what it found. What it prints is the same on every machine with 4 GiB of memory.
#include <stdint.h>

typedef uint32_t word;

#define READ(csr) ({ word v; __asm__ volatile("csrr %0, " #csr : "=r"(v)::"memory"); v; })
#define WRITE(csr, v) __asm__ volatile("csrw " #csr ", %0" ::"r"(v) : "memory")
#define SET(csr, v) __asm__ volatile("csrs " #csr ", %0" ::"r"(v) : "memory")
#define CLEAR(csr, v) __asm__ volatile("csrc " #csr ", %0" ::"r"(v) : "memory")

struct result { word error, value; };
static struct result sbi(word extension, word function, word a, word b, word c) {
  register word a0 __asm__("a0") = a;
  register word a1 __asm__("a1") = b;
  register word a2 __asm__("a2") = c;
  register word a6 __asm__("a6") = function;
  register word a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
  return (struct result){a0, a1};
}
enum { base = 0x10, timer = 0x54494d45, debugConsole = 0x4442434e, reset = 0x53525354 };

static void put(const char *text) {
  for (; *text; text++) sbi(debugConsole, 2, (word)(uint8_t)*text, 0, 0);
}
static void hexadecimal(word v) {
  char text[9];
  for (int i = 0; i < 8; i++) text[i] = "0123456789abcdef"[v >> (28 - 4 * i) & 15];
  text[8] = 0;
  put(text);
}
static void say(const char *name, word v) { put(name), put(" "), hexadecimal(v), put("\n"); }

// Traps: cause, value and how often are kept; a page fault's instruction is left behind, an interrupt's is not.
volatile word trapCause, trapValue, trapCount, timerCount, caller;
void onTrap(void) {
  word cause = READ(scause);
  if (cause == 0x80000005) {
    timerCount++;
    sbi(timer, 0, 0xffffffff, 0xffffffff, 0);
    return;
  }
  trapCause = cause;
  trapValue = READ(stval);
  trapCount++;
  WRITE(sepc, READ(sepc) + 4);
  if (cause == 8) {
    // From U-mode: back to who went there.
    SET(sstatus, 0x100);
    WRITE(sepc, caller);
  }
}
__asm__(
    ".globl _start, trap\n"
    "_start: la sp, stack + 16384\n  j kernel\n"
    ".balign 4\n"
    "trap:\n"
    "  addi sp, sp, -64\n"
    "  sw ra, 0(sp)\n  sw t0, 4(sp)\n  sw t1, 8(sp)\n  sw t2, 12(sp)\n"
    "  sw a0, 16(sp)\n  sw a1, 20(sp)\n  sw a2, 24(sp)\n  sw a3, 28(sp)\n  sw a4, 32(sp)\n  sw a5, 36(sp)\n"
    "  sw a6, 40(sp)\n  sw a7, 44(sp)\n  sw t3, 48(sp)\n  sw t4, 52(sp)\n  sw t5, 56(sp)\n  sw t6, 60(sp)\n"
    "  call onTrap\n"
    "  lw ra, 0(sp)\n  lw t0, 4(sp)\n  lw t1, 8(sp)\n  lw t2, 12(sp)\n"
    "  lw a0, 16(sp)\n  lw a1, 20(sp)\n  lw a2, 24(sp)\n  lw a3, 28(sp)\n  lw a4, 32(sp)\n  lw a5, 36(sp)\n"
    "  lw a6, 40(sp)\n  lw a7, 44(sp)\n  lw t3, 48(sp)\n  lw t4, 52(sp)\n  lw t5, 56(sp)\n  lw t6, 60(sp)\n"
    "  addi sp, sp, 64\n"
    "  sret\n");
extern char trap[];
char stack[16384] __attribute__((aligned(16)));

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
static word root[1024] __attribute__((aligned(4096)));
static word leaves[1024] __attribute__((aligned(4096)));
static word page[2][1024] __attribute__((aligned(4096)));

// Loads and stores of four bytes, so that the handler finds the next instruction; `marker` stays where one faults.
enum { marker = 0x5a5a5a5a };
static word load(word address) {
  word v = marker;
  __asm__ volatile(".option push\n.option norvc\n lw %0, 0(%1)\n.option pop" : "+r"(v) : "r"(address) : "memory");
  return v;
}
static void store(word address, word v) {
  __asm__ volatile(".option push\n.option norvc\n sw %0, 0(%1)\n.option pop" ::"r"(v), "r"(address) : "memory");
}
static void flush(void) { __asm__ volatile("sfence.vma" ::: "memory"); }
static void expectTrap(const char *name) {
  put(name), put(": ");
  if (!trapCount) {
    put("no trap\n");
    return;
  }
  hexadecimal(trapCause), put(" at "), hexadecimal(trapValue), put("\n");
  trapCount = 0;
}

void kernel(word hart, word tree) {
  (void)hart;
  say("tree", tree);
  say("sbi", sbi(base, 0, 0, 0, 0).value);
  WRITE(stvec, (word)trap);

  // satp: a mode, nine bits of ASID, 22 of page number.
  WRITE(satp, 0x7fffffff);
  say("satp without a mode", READ(satp));
  WRITE(satp, 0);

  // 4 MiB pages: the kernel where it is and at 0xc0000000; memory above 4 GiB, which only 34 bits reach.
  root[0x201] = 0x80400000 >> 12 << 10 | V | R | W | X | A | D;
  root[0x300] = 0x80400000 >> 12 << 10 | V | R | W | X | A | D | G;
  root[0x310] = 0x100000 << 10 | V | R | W | A | D;
  root[0x3ff] = 0x100400 << 10 | V | R | W | A | D;
  root[0] = 0x100400 << 10 | V | R | W | A | D;
  // One that is not aligned to its size, one with a reserved combination, one for U-mode.
  root[0x320] = 0x80401000 >> 12 << 10 | V | R | W | A | D;
  root[0x321] = 0x80400000 >> 12 << 10 | V | W | A | D;
  root[0x322] = 0x80400000 >> 12 << 10 | V | R | W | X | U | A | D;
  // 4 KiB pages.
  root[0x330] = (word)leaves >> 12 << 10 | V;
  leaves[0] = (word)page[0] >> 12 << 10 | V | R | W | A | D;
  leaves[1] = (word)page[1] >> 12 << 10 | V | R | A;
  leaves[2] = (word)page[0] >> 12 << 10 | V | R | W | A;
  leaves[3] = (word)page[0] >> 12 << 10 | V | R | W;
  leaves[4] = (word)page[0] >> 12 << 10 | V | X | A;
  flush();
  WRITE(satp, 0x80000000 | 0x155 << 22 | (word)root >> 12);
  flush();
  say("satp", READ(satp));

  page[0][0] = 0x11111111, page[0][1023] = 0x22334455, page[1][0] = 0x66778899;
  say("high half", load((word)page[0] - 0x80400000 + 0xc0000000));
  store(0xc4000000, 0xabcdef01);
  say("above 4 GiB", load(0xc4000000));
  store(0xfffffffc, 0x01020304), store(0, 0x05060708);
  say("first page", load(0x003ffffc));
  say("around the end", load(0xfffffffe));
  store(0xffffffff, 0xa1b2c3d4);
  say("the last", load(0xfffffffc));
  say("the first", load(0));
  say("across pages", load(0xcc000ffe));
  store(0xcc000ffd, 0xdeadbeef);
  expectTrap("store across into a read-only page");
  say("unchanged", page[0][1023]);
  load(0xc8000000), expectTrap("misaligned superpage");
  load(0xc8400000), expectTrap("writable, unreadable");
  load(0xc8800000), expectTrap("user page");
  SET(sstatus, 1 << 18);
  load(0xc8800000), expectTrap("user page with SUM");
  CLEAR(sstatus, 1 << 18);
  load(0xd0000000), expectTrap("no page");
  store(0xcc001000, 1), expectTrap("read-only page");
  store(0xcc002000, 2), expectTrap("page not dirty");
  load(0xcc003000), expectTrap("page not accessed");
  say("entries", leaves[2] & 0xff), say("entries", leaves[3] & 0xff);
  load(0xcc004000), expectTrap("executable page");
  SET(sstatus, 1 << 19);
  say("with MXR", load(0xcc004000)), expectTrap("with MXR");
  CLEAR(sstatus, 1 << 19);
  // Its stale entry stays until the fence.
  leaves[0] = 0, flush(), load(0xcc000000), expectTrap("taken away");

  // U-mode, through the page for it.
  page[1][0] = 0x00000073;  // ecall
  __asm__ volatile("fence.i" ::: "memory");
  CLEAR(sstatus, 0x100);
  __asm__ volatile("la t0, 1f\n sw t0, %0\n csrw sepc, %1\n sret\n1:"
                   : "=m"(caller) : "r"((word)page[1] - 0x80400000 + 0xc8800000) : "t0", "memory");
  expectTrap("call from U-mode");

  // Counters of 64 bits in halves, and the timer.
  word high, low, again;
  do __asm__ volatile("rdtimeh %0\n rdtime %1\n rdtimeh %2" : "=r"(high), "=r"(low), "=r"(again));
  while (high != again);
  uint64_t now = (uint64_t)high << 32 | low;
  SET(sie, 0x20);
  SET(sstatus, 2);
  uint64_t due = now + 2000;
  sbi(timer, 0, (word)due, (word)(due >> 32), 0);
  while (!timerCount) __asm__ volatile("wfi");
  CLEAR(sstatus, 2);
  do __asm__ volatile("rdtimeh %0\n rdtime %1\n rdtimeh %2" : "=r"(high), "=r"(low), "=r"(again));
  while (high != again);
  put(((uint64_t)high << 32 | low) >= due ? "the timer came in time\n" : "the timer came early\n");
  word first = READ(instret), firstHigh = READ(instreth);
  put(READ(instret) != first && READ(instreth) - firstHigh < 2 ? "instructions are counted\n" : "instret?\n");
  __asm__ volatile(".option push\n.option norvc\n csrr %0, 0x80f\n.option pop" : "=r"(low));
  expectTrap("no such register");
  put("done\n");
  sbi(reset, 0, 0, 0, 0);
}
