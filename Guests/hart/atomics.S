# options: -cpu rv64,zacas=on -smp 4
# Four harts count together by LR/SC and by AMO; none of their steps may get lost.
#include "claims.h"
#define ROUNDS 20000
    BEGIN
    CLAIM 1
    csrr s0, mhartid
    la a0, by_pair
    la a1, by_add
    la a2, by_half
    li a3, ROUNDS
    li a5, 1
1:  lr.d.aq t0, (a0)
    addi t0, t0, 1
    sc.d.rl t1, t0, (a0)
    bnez t1, 1b
    amoadd.w zero, a5, (a1)
    # The upper word of another's counter must not be disturbed.
2:  lr.w t0, (a2)
    addi t0, t0, 3
    sc.w t1, t0, (a2)
    bnez t1, 2b
    addi a4, a2, 4
    amoxor.w zero, a5, (a4)
    addi a3, a3, -1
    bnez a3, 1b
    la a4, done
    fence rw, rw
    amoadd.d zero, a5, (a4)
    beqz s0, 3f
    j .
3:  ld t0, 0(a4)
    li t1, 4
    bne t0, t1, 3b
    fence rw, rw
    ld t0, 0(a0)
    EXPECT t0, 4 * ROUNDS
    CLAIM 2
    lw t0, 0(a1)
    EXPECT t0, 4 * ROUNDS
    CLAIM 3
    lw t0, 0(a2)
    EXPECT t0, 12 * ROUNDS
    lw t0, 4(a2)
    EXPECT t0, 0
    CLAIM 4  # a store conditional without a reservation fails; one reservation serves once
    sc.d t0, a5, (a0)
    beqz t0, fail
    lr.d t1, (a0)
    sc.d t0, t1, (a0)
    bnez t0, fail
    sc.d t0, t1, (a0)
    beqz t0, fail
    CLAIM 5  # another address fails
    lr.d t1, (a0)
    sc.d t0, t1, (a1)
    beqz t0, fail
    CLAIM 6  # compare-and-swap with x0 compares with zero and leaves x0 alone
    sd zero, 0(a0)
    li a1, 7
    .4byte 0x28b5302f   # amocas.d zero, a1, (a0)
    ld t0, 0(a0)
    EXPECT t0, 7
    .4byte 0x28b5302f
    mv t0, zero
    bnez t0, fail
    ld t0, 0(a0)
    EXPECT t0, 7
    li a2, 9
    li a3, 11
    sd zero, 8(a0)
    sd zero, 0(a0)
    .4byte 0x28c5402f   # amocas.q zero, a2, (a0)
    ld t0, 0(a0)
    EXPECT t0, 9
    ld t0, 8(a0)
    EXPECT t0, 11
    j pass
    FINISH
    .data
    .balign 64
by_pair: .dword 0
    .balign 64
by_add: .dword 0
    .balign 64
by_half: .dword 0
    .balign 64
done: .dword 0
