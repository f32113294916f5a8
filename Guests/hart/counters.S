# options: -cpu rv64 -icount shift=0,sleep=off
# Counters and their inhibition, and who may read them (RISC-V Privileged 1.13, 3.1.10-3.1.12).
#include "claims.h"
    BEGIN
    CLAIM 1  # minstret counts instructions
    csrr t0, minstret
    nop
    nop
    nop
    csrr t1, minstret
    sub t1, t1, t0
    EXPECT t1, 4
    CLAIM 2  # mcycle goes on
    csrr t0, mcycle
    nop
    csrr t1, mcycle
    bgeu t0, t1, fail
    CLAIM 3  # inhibited, they stand; released, they go on from there
    csrwi 0x320, 5
    csrr t0, minstret
    csrr t2, mcycle
    nop
    nop
    csrr t1, minstret
    SAME t0, t1
    csrr t1, mcycle
    SAME t1, t2
    csrwi 0x320, 0
    nop
    csrr t1, minstret
    bgeu t0, t1, fail
    sub t1, t1, t0
    li t0, 8
    bgtu t1, t0, fail
    CLAIM 4  # they can be written
    li t0, 1000
    csrw minstret, t0
    csrr t1, minstret
    bltu t1, t0, fail
    sub t1, t1, t0
    li t0, 2
    bgtu t1, t0, fail
    CLAIM 5  # S reads what mcounteren lets it, U what scounteren lets it too
    OPEN_PMP
    csrwi mcounteren, 1
    csrwi scounteren, 0
    ENTER 1
    csrr a0, cycle
    LEAVE
    EXPECT s8, 9
    ENTER 1
    RAISES 2, 0xc0202573, csrr a0, instret
    ENTER 1
    RAISES 2, 0xc0102573, csrr a0, time
    ENTER 0
    RAISES 2, 0xc0002573, csrr a0, cycle
    csrwi scounteren, 1
    ENTER 0
    csrr a0, cycle
    LEAVE
    EXPECT s8, 8
    CLAIM 6  # time does not go back
    csrr t0, time
    csrr t1, time
    bltu t1, t0, fail
    CLAIM 7  # an event counter counts what mhpmevent says: 2 is instructions
    csrwi 0x323, 2
    csrr t0, 0xb03
    nop
    nop
    csrr t1, 0xb03
    bgeu t0, t1, fail
    csrwi 0x323, 0
    csrr t0, 0xb03
    nop
    csrr t1, 0xb03
    SAME t0, t1
    j pass
    FINISH
