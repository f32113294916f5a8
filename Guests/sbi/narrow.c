/* For 32 bits: what takes two registers there, or has its highest bit elsewhere. Prints by the debug console. */
#include "call.h"

__asm__(
    ".section .text.start\n"
    ".globl _start\n"
    "_start: la sp, stack_end\n"
    "  j main\n"
    ".section .bss\n"
    ".balign 16\n"
    ".zero 4096\n"
    "stack_end:\n"
    ".text\n");

static void hex(word v) {
  char digits[9];
  for (int i = 0; i < 8; i++) digits[i] = "0123456789abcdef"[v >> (28 - 4 * i) & 15];
  digits[8] = ' ';
  sbi(0x4442434e, 0, 9, (word)digits, 0, 0, 0, 0);
}

static void line(sbiret r) {
  hex(r.error);
  hex(r.value);
  sbi(0x4442434e, 2, '\n', 0, 0, 0, 0, 0);
}

static word pending(void) {
  word v;
  __asm__ volatile("csrr %0, sip" : "=r"(v));
  return v & 32;
}

static unsigned long long now(void) {
  word high, low, again;
  do __asm__ volatile("csrr %0, timeh; csrr %1, time; csrr %2, timeh" : "=r"(high), "=r"(low), "=r"(again));
  while (high != again);
  return (unsigned long long)high << 32 | low;
}

void main(void) {
  line(sbi(0x10, 0, 0, 0, 0, 0, 0, 0));
  line(sbi(0x10, 3, 0x53555350, 0, 0, 0, 0, 0));
  /* A moment from now is not a moment from now and 2^32 ticks more. */
  unsigned long long soon = now() + 20000;
  sbi(0x54494d45, 0, soon, (soon >> 32) + 1, 0, 0, 0, 0);
  while (now() < soon + 20000) {
  }
  hex(pending());
  sbi(0x54494d45, 0, soon, soon >> 32, 0, 0, 0, 0);
  hex(pending());
  line(sbi(0x54494d45, 0, -1, -1, 0, 0, 0, 0));
  hex(pending());
  /* Masks and bases are 32 bits wide. */
  line(sbi(0x735049, 0, 0, -1, 0, 0, 0, 0));
  line(sbi(0x52464e43, 1, 1, 0, 0x1000, -1, 0, 0));
  word last = sbi(0x504d55, 0, 0, 0, 0, 0, 0, 0).value - 1;
  line(sbi(0x504d55, 1, last, 0, 0, 0, 0, 0));
  line(sbi(0x504d55, 1, 2, 0, 0, 0, 0, 0));
  /* A firmware counter from 0x500000064 on. */
  sbiret counter = sbi(0x504d55, 2, last - 15, 0xffff, 0, 0xf0005, 0, 0);
  hex(counter.error);
  line(sbi(0x504d55, 3, counter.value, 1, 1, 0x64, 5, 0));
  sbi(0x54494d45, 0, -1, -1, 0, 0, 0, 0);
  line(sbi(0x504d55, 5, counter.value, 0, 0, 0, 0, 0));
  line(sbi(0x504d55, 6, counter.value, 0, 0, 0, 0, 0));
  /* Its instructions are counted, from a high number on. */
  line(sbi(0x504d55, 2, 0, 4, 4, 2, 0, 0));
  line(sbi(0x504d55, 4, 2, 1, 0, 0, 0, 0));
  line(sbi(0x504d55, 3, 2, 1, 1, 0xfffffff0, 7, 0));
  for (volatile int i = 0; i < 100; i++) {
  }
  word high;
  __asm__ volatile("csrr %0, instreth" : "=r"(high));
  hex(high);
  /* Memory above 4 GiB is not there. */
  line(sbi(0x4442434e, 0, 1, 0x80400000, 1, 0, 0, 0));
  line(sbi(0x12345678, 0, 0, 0, 0, 0, 0, 0));
  sbi(8, 0, 0, 0, 0, 0, 0, 0);
}
