# options: -cpu rv64,zicboz=on
# Code that changes under way, with and without fence.i; cbo.zero.
#include "claims.h"
    BEGIN
    CLAIM 1  # code written and called, after fence.i
    la a0, patch
    li t0, 0x00100513   # li a0, 1
    li t1, 0x00200513   # li a0, 2
    sw t0, 0(a0)
    fence.i
    mv s0, a0
    jalr s0
    EXPECT a0, 1
    CLAIM 2
    sw t1, 0(s0)
    fence.i
    jalr s0
    EXPECT a0, 2
    CLAIM 3  # many times, so that it is hot
    li s1, 3000
    li s2, 0
1:  andi t0, s1, 1
    slli t0, t0, 20
    li t1, 0x00100513
    add t0, t0, t1
    sw t0, 0(s0)
    fence.i
    jalr s0
    add s2, s2, a0
    addi s1, s1, -1
    bnez s1, 1b
    EXPECT s2, 4500
    CLAIM 4  # without fence.i, as real kernels do: seen at the next call
    li t0, 0x00700513   # li a0, 7
    sw t0, 0(s0)
    jalr s0
    EXPECT a0, 7
    CLAIM 5  # a store into the same page behind its own pc
    la t0, 1f
    li t1, 0x00900513   # li a0, 9
    sw t1, 0(t0)
    fence.i
    .balign 4
1:  .4byte 0x00000513
    EXPECT a0, 9
    CLAIM 6  # cbo.zero clears its block of 64 and nothing else
    la a0, block
    li t0, -1
    sd t0, -8(a0)
    sd t0, 0(a0)
    sd t0, 56(a0)
    sd t0, 64(a0)
    addi a1, a0, 37
    .4byte 0x0045a00f   # cbo.zero (a1)
    ld t1, 0(a0)
    bnez t1, fail
    ld t1, 56(a0)
    bnez t1, fail
    ld t1, -8(a0)
    SAME t1, t0
    ld t1, 64(a0)
    SAME t1, t0
    CLAIM 7  # in S it needs menvcfg.CBZE, in U senvcfg.CBZE too
    OPEN_PMP
    csrw 0x30a, zero
    ENTER 1
    RAISES 2, 0x0045a00f, .4byte 0x0045a00f
    li t0, 1 << 7
    csrs 0x30a, t0
    ENTER 1
    .4byte 0x0045a00f
    LEAVE
    EXPECT s8, 9
    ENTER 0
    RAISES 2, 0x0045a00f, .4byte 0x0045a00f
    li t0, 1 << 7
    csrw 0x10a, t0
    ENTER 0
    .4byte 0x0045a00f
    LEAVE
    EXPECT s8, 8
    CLAIM 8  # cbo.zero over code makes it illegal
    la a1, zeroed
    .4byte 0x0045a00f
    FAULTS 2, jr a1
    SAME s10, a1
    j pass
    FINISH
    .balign 64
zeroed:
    .rept 32
    nop
    .endr
    .balign 64
patch:
    .4byte 0x13
    ret
    .data
    .balign 64
    .zero 64
block: .zero 128
