// A loop that counts in the page that holds its own code.
#include "runtime.h"

u64 count_beside_code(u64 times);
__asm__(
    " .data\n .balign 4096\n"
    "count_beside_code:\n la t0, 3f\n mv t2, zero\n"
    "1: ld t1, 0(t0)\n addi t1, t1, 3\n sd t1, 0(t0)\n add t2, t2, t1\n addi a0, a0, -1\n bnez a0, 1b\n"
    " mv a0, t2\n ret\n"
    " .balign 1024\n3: .dword 0\n .balign 4096\n .text\n");

u64 benchmark(u64 iterations) { return count_beside_code(iterations); }
