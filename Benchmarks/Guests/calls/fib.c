// Plain double recursion.
#include "runtime.h"

u64 fib(u64 n);
// In assembly, since compilers unroll it into something that calls less.
__asm__(
    "fib:\n li a5, 1\n bleu a0, a5, 1f\n addi sp, sp, -32\n sd ra, 24(sp)\n sd s0, 16(sp)\n sd s1, 8(sp)\n"
    " mv s0, a0\n addi a0, a0, -1\n call fib\n mv s1, a0\n addi a0, s0, -2\n call fib\n add a0, a0, s1\n"
    " ld ra, 24(sp)\n ld s0, 16(sp)\n ld s1, 8(sp)\n addi sp, sp, 32\n1: ret\n");

u64 benchmark(u64 iterations) {
  u64 result = 0;
  for (u64 i = 0; i < iterations; i++) result = mixed(result, fib(20 + (i & 1)));
  return result;
}
