/* What the guests of this folder share: a program in supervisor mode at 0x80200000, as firmware starts it, that
 * prints by the UART's own registers, so that nothing depends on what is tested. */
#pragma once

#include "call.h"

enum {
  BASE = 0x10,
  TIME = 0x54494d45,
  IPI = 0x735049,
  RFENCE = 0x52464e43,
  HSM = 0x48534d,
  SRST = 0x53525354,
  PMU = 0x504d55,
  DBCN = 0x4442434e,
  SUSP = 0x53555350,
};

#define STACK_SIZE 8192
#define HARTS 8

/* a0 = hart, a1 = device tree. Each hart has its own stack, by tp. */
__asm__(
    ".section .text.start\n"
    ".globl _start\n"
    "_start:\n"
    "  la t0, boot_registers\n"
    "  sd a0, 0(t0); sd a1, 8(t0)\n"
    "  csrr t1, sstatus; sd t1, 16(t0)\n"
    "  csrr t1, sie; sd t1, 24(t0)\n"
    "  csrr t1, stvec; sd t1, 32(t0)\n"
    "  csrr t1, satp; sd t1, 40(t0)\n"
    "  csrr t1, sscratch; sd t1, 48(t0)\n"
    "  csrr t1, scounteren; sd t1, 56(t0)\n"
    "  csrr t1, sip; sd t1, 64(t0)\n"
    "  mv tp, a0\n"
    "  la a2, main\n"
    "  j with_stack\n"
    ".globl start_secondary\n" /* a1 = what to call, with the hart as its argument */
    "start_secondary:\n"
    "  mv tp, a0\n"
    "  mv a2, a1\n"
    "with_stack:\n"
    "  la sp, stacks\n"
    "  li t0, 8192\n"
    "  addi t1, tp, 1\n"
    "  mul t0, t0, t1\n"
    "  add sp, sp, t0\n"
    "  la t0, on_trap; csrw stvec, t0\n"
    "  jalr a2\n"
    "1: wfi\n"
    "  j 1b\n"
    /* Exceptions are recorded and stepped over; interrupts are recorded and switched off in sie. */
    ".balign 4\n"
    "on_trap:\n"
    "  addi sp, sp, -32\n"
    "  sd t0, 0(sp); sd t1, 8(sp); sd t2, 16(sp)\n"
    "  la t0, trapped\n"
    "  csrr t1, scause; sd t1, 0(t0)\n"
    "  bltz t1, 2f\n"
    "  csrr t2, stval; sd t2, 8(t0)\n"
    "  csrr t1, sepc; sd t1, 16(t0)\n"
    "  lhu t2, 0(t1)\n"
    "  andi t2, t2, 3\n"
    "  addi t2, t2, -3\n"
    "  seqz t2, t2\n"
    "  slli t2, t2, 1\n"
    "  add t1, t1, t2\n"
    "  addi t1, t1, 2\n"
    "  csrw sepc, t1\n"
    "  j 3f\n"
    "2: li t2, 1\n"
    "  sll t2, t2, t1\n"
    "  csrc sie, t2\n"
    "  csrci sip, 2\n"
    "3: ld t0, 0(sp); ld t1, 8(sp); ld t2, 16(sp)\n"
    "  addi sp, sp, 32\n"
    "  sret\n"
    ".section .bss\n"
    ".balign 16\n"
    "stacks: .zero 8192 * 8\n"
    ".globl boot_registers\n"
    "boot_registers: .zero 72\n"
    ".text\n");

extern volatile word boot_registers[9];
extern void start_secondary(void);
extern char _start[];

/* scause, stval, sepc of the last trap. */
volatile struct {
  word cause, value, pc;
} trapped;

#define NO_TRAP 999

#define csr_read(name) ({ word v; __asm__ volatile("csrr %0, " name : "=r"(v)::"memory"); v; })
#define csr_write(name, v) __asm__ volatile("csrw " name ", %0" ::"r"((word)(v)) : "memory")
#define csr_set(name, v) __asm__ volatile("csrs " name ", %0" ::"r"((word)(v)) : "memory")
#define csr_clear(name, v) __asm__ volatile("csrc " name ", %0" ::"r"((word)(v)) : "memory")

#define UART ((volatile unsigned char *)0x10000000)

static inline void put(char c) {
  while (!(UART[5] & 0x20)) {
  }
  UART[0] = c;
}

static inline void text(const char *s) {
  for (; *s; s++) put(*s);
}

static inline void hex(word v) {
  text("0x");
  int shift = 60;
  while (shift > 0 && !(v >> shift)) shift -= 4;
  for (; shift >= 0; shift -= 4) put("0123456789abcdef"[v >> shift & 15]);
}

static inline void decimal(long v) {
  if (v < 0) {
    put('-');
    v = -v;
  }
  if (v >= 10) decimal(v / 10);
  put('0' + v % 10);
}

/* The board's way to end: SiFive's test finisher. */
static inline void finish(int code) {
  *(volatile unsigned *)0x100000 = code ? code << 16 | 0x3333 : 0x5555;
  for (;;) {
  }
}
