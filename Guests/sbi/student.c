/* A kernel as students write their first: it prints by the legacy console, counts timer interrupts by the legacy
 * timer, runs a program in user mode behind Sv39, echoes what is typed up to a 'q', and powers off. */
#include "supervisor.h"

static void putchar_by_firmware(char c) { sbi(1, 0, c, 0, 0, 0, 0, 0); }
static void print(const char *s) {
  for (; *s; s++) putchar_by_firmware(*s);
}

static word root[512] __attribute__((aligned(4096)));
static volatile word ticks;

/* In user mode: makes three calls and ends. a7 = 1: print a0; 93: end. */
__asm__(
    ".balign 4096\n"
    "program:\n"
    "  li s0, 3\n"
    "1: li a7, 1\n"
    "  addi a0, s0, '0'\n"
    "  ecall\n"
    "  addi s0, s0, -1\n"
    "  bnez s0, 1b\n"
    "  li a7, 93\n"
    "  ecall\n"
    ".balign 4096\n"
    "enter:\n" /* a0: where; comes back when the program ends */
    "  addi sp, sp, -32\n"
    "  sd ra, 0(sp); sd s0, 8(sp)\n"
    "  la t0, on_user_trap; csrw stvec, t0\n"
    "  csrw sscratch, sp\n"
    "  csrw sepc, a0\n"
    "  li t0, 0x100; csrc sstatus, t0\n"
    "  sret\n"
    ".balign 4\n"
    "on_user_trap:\n" /* the program holds nothing in t0 to t6 */
    "  csrrw sp, sscratch, sp\n"
    "  csrr t0, scause\n"
    "  bltz t0, 3f\n"
    "  li t1, 93\n"
    "  beq a7, t1, 4f\n"
    "  csrr t2, sepc; addi t2, t2, 4; csrw sepc, t2\n"
    "  ecall\n" /* a7 = 1 is the legacy console too */
    "  csrrw sp, sscratch, sp\n"
    "  sret\n"
    "3: call next_tick\n"
    "  csrrw sp, sscratch, sp\n"
    "  sret\n"
    "4: ld ra, 0(sp); ld s0, 8(sp)\n"
    "  addi sp, sp, 32\n"
    "  la t0, on_tick; csrw stvec, t0\n"
    "  ret\n"
    ".balign 4\n"
    "on_tick:\n"
    "  addi sp, sp, -128\n"
    "  sd ra, 0(sp); sd a0, 8(sp); sd a1, 16(sp); sd a2, 24(sp); sd a3, 32(sp); sd a4, 40(sp); sd a5, 48(sp)\n"
    "  sd a6, 56(sp); sd a7, 64(sp); sd t0, 72(sp); sd t1, 80(sp); sd t2, 88(sp)\n"
    "  call next_tick\n"
    "  ld ra, 0(sp); ld a0, 8(sp); ld a1, 16(sp); ld a2, 24(sp); ld a3, 32(sp); ld a4, 40(sp); ld a5, 48(sp)\n"
    "  ld a6, 56(sp); ld a7, 64(sp); ld t0, 72(sp); ld t1, 80(sp); ld t2, 88(sp)\n"
    "  addi sp, sp, 128\n"
    "  sret\n");
extern char program[], on_tick[];
extern void enter(word);

void next_tick(void) {
  ticks++;
  sbi(0, 0, csr_read("time") + 20000, 0, 0, 0, 0, 0);
}

void main(void) {
  print("Hello, world!\n");
  csr_write("stvec", on_tick);
  csr_set("sie", 32);
  next_tick();
  csr_set("sstatus", 2);
  while (ticks < 5) __asm__ volatile("wfi");
  csr_clear("sstatus", 2);
  print("five ticks\n");

  /* The first four GiB as they are, and the program's page a second time, for user mode, in gigapage 64. */
  for (word i = 0; i < 4; i++) root[i] = i << 28 | 0xcf;
  root[64] = (0x80000000ul >> 2) | 0xdf;
  csr_write("satp", 8ul << 60 | (word)root >> 12);
  __asm__ volatile("sfence.vma");
  print("user mode says ");
  enter((word)program - 0x80000000 + (64ul << 30));
  print("\n");

  for (;;) {
    long c = sbi(2, 0, 0, 0, 0, 0, 0, 0).error;
    if (c < 0) continue;
    putchar_by_firmware(c);
    if (c == 'q') break;
  }
  print("\n");
  sbi(8, 0, 0, 0, 0, 0, 0, 0);
}
