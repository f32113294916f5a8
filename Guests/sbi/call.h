/* A call of the SBI (SBI 2.0, chapter 3), from harts of either width. */
#pragma once

typedef unsigned long word;
typedef struct {
  long error, value;
} sbiret;

static inline sbiret sbi(word extension, word function, word p0, word p1, word p2, word p3, word p4, word p5) {
  register word a0 __asm__("a0") = p0;
  register word a1 __asm__("a1") = p1;
  register word a2 __asm__("a2") = p2;
  register word a3 __asm__("a3") = p3;
  register word a4 __asm__("a4") = p4;
  register word a5 __asm__("a5") = p5;
  register word a6 __asm__("a6") = function;
  register word a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7) : "memory");
  return (sbiret){a0, a1};
}
