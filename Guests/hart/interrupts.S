# options: -cpu rv64
# Interrupts: software, timer and external, their order, vectors, delegation, waking (RISC-V Privileged
# 1.13, 3.1.9, 3.3.3; Sstc; the ACLINT and PLIC of `virt`).
#include "claims.h"
#define MSIP 0x2000000
#define MTIMECMP 0x2004000
#define MTIME 0x200bff8
#define UART 0x10000000
#define PLIC 0xc000000

.macro TAKES cause
    la s11, .Ltaken\@
    li s8, -1
    csrsi mstatus, 8
    nop
    nop
    j fail
.Ltaken\@:
    li t6, 1 << 63 | \cause
    bne s8, t6, fail
.endm

    BEGIN
    CLAIM 1  # with mtimecmp out of reach nothing is pending
    li t0, MTIMECMP
    li t1, -1
    sd t1, 0(t0)
    csrr t1, mip
    EXPECT t1, 0
    CLAIM 2  # a software interrupt is pending at once, taken when enabled, gone when withdrawn
    li s0, MSIP
    li t1, 1
    sw t1, 0(s0)
    csrr t1, mip
    EXPECT t1, 8
    csrwi mie, 8
    TAKES 3
    EXPECT s9, 0
    sw zero, 0(s0)
    csrr t1, mip
    EXPECT t1, 0
    CLAIM 3  # epc is the instruction that has not run
    li t1, 1
    sw t1, 0(s0)
    la s11, 1f
    li a0, 0
    csrsi mstatus, 8
2:  addi a0, a0, 1
    j fail
1:  EXPECT a0, 0
    la t0, 2b
    SAME s10, t0
    sw zero, 0(s0)
    CLAIM 4  # the timer
    li s1, MTIMECMP
    li t0, MTIME
    ld t1, 0(t0)
    addi t1, t1, 100
    sd t1, 0(s1)
    li t0, 0x80
    csrw mie, t0
    la s11, 1f
    csrsi mstatus, 8
2:  j 2b
1:  li t0, 1 << 63 | 7
    SAME s8, t0
    csrr t0, time
    bltu t0, t1, fail
    CLAIM 5  # WFI wakes with interrupts off, and goes on
    ld t1, 0(s1)
    csrr t0, time
    addi t0, t0, 2000
    sd t0, 0(s1)
    li a1, 0
    wfi
    addi a1, a1, 1
    csrr t1, mip
    andi t1, t1, 0x80
    EXPECT t1, 0x80
    EXPECT a1, 1
    CLAIM 6  # software before timer, external before both
    li t1, 1
    sw t1, 0(s0)
    li t0, 0x888
    csrw mie, t0
    TAKES 3
    # The serial port's transmitter is empty: line 10 of the PLIC, context 0.
    li t0, PLIC
    li t1, 1
    sw t1, 40(t0)
    li t2, PLIC + 0x2000
    li t1, 1 << 10
    sw t1, 0(t2)
    li t2, PLIC + 0x200000
    sw zero, 0(t2)
    li t0, UART
    li t1, 2
    sb t1, 1(t0)
    TAKES 11
    lw t1, 4(t2)
    EXPECT t1, 10
    sb zero, 1(t0)
    sw t1, 4(t2)
    csrr t1, mip
    li t0, 0x800
    and t1, t1, t0
    EXPECT t1, 0
    sw zero, 0(s0)
    li t1, -1
    sd t1, 0(s1)
    CLAIM 7  # vectored: base plus four times the cause; exceptions at the base
    la t0, table
    ori t0, t0, 1
    csrw mtvec, t0
    li t1, 1
    sw t1, 0(s0)
    csrwi mie, 8
    li a0, 0
    la s6, 1f
    csrsi mstatus, 8
    nop
    j fail
1:  EXPECT a0, 3
    sw zero, 0(s0)
    la s6, 1f
    .4byte 0xffffffff
    j fail
1:  EXPECT a0, 100
    la t0, record
    csrw mtvec, t0
    CLAIM 8  # delegated to S: taken in S with SIE, always in U, never in M
    OPEN_PMP
    li t0, 0x222
    csrw mideleg, t0
    la t0, in_supervisor
    csrw stvec, t0
    csrw mie, t0
    li t0, 0x222
    csrw mie, t0
    csrsi mip, 2
    csrsi mstatus, 8
    nop
    csrci mstatus, 8
    csrci mstatus, 2
    la s6, fail
    ENTER 1
    nop
    la s6, 1f
    csrsi sstatus, 2
    nop
    j fail
1:  csrr t0, scause
    li t1, 1 << 63 | 1
    SAME t0, t1
    csrr t0, sip
    andi t0, t0, 2
    EXPECT t0, 2
    csrci sip, 2
    csrr t0, sip
    andi t0, t0, 2
    EXPECT t0, 0
    LEAVE
    EXPECT s8, 9
    csrsi mip, 2
    la s6, 1f
    csrci mstatus, 2
    ENTER 0
    nop
    j fail
1:  csrr t0, scause
    li t1, 1 << 63 | 1
    SAME t0, t1
    csrci sip, 2
    CLAIM 9  # Sstc: stimecmp raises STIP, by leave of menvcfg and mcounteren
    LEAVE
    EXPECT s8, 9
    csrw mcounteren, zero
    li t0, 1 << 63
    csrc 0x30a, t0
    ENTER 1
    RAISES 2, 0x14d02573, csrr a0, 0x14d
    li t0, 1 << 63
    csrs 0x30a, t0
    csrwi mcounteren, 7
    ENTER 1
    csrr t0, time
    addi t0, t0, 500
    csrw 0x14d, t0
    la s6, 1f
    csrsi sstatus, 2
2:  j 2b
1:  csrr t1, scause
    li t2, 1 << 63 | 5
    SAME t1, t2
    csrr t1, time
    bltu t1, t0, fail
    li t0, -1
    csrw 0x14d, t0
    csrr t1, sip
    andi t1, t1, 0x20
    EXPECT t1, 0
    CLAIM 10  # while stimecmp drives it, STIP is not software's
    LEAVE
    li t0, 0x20
    csrs mip, t0
    csrr t1, mip
    andi t1, t1, 0x20
    EXPECT t1, 0
    CLAIM 11  # SEIP: what software wrote and the line are one for reading, apart for writing
    li t0, 0x200
    csrs mip, t0
    csrr t1, mip
    and t1, t1, t0
    SAME t1, t0
    csrc mip, t0
    csrr t1, mip
    and t1, t1, t0
    EXPECT t1, 0
    j pass
    .balign 64
    .option push
    .option norvc
table:
    j exception
    j fail
    j fail
    j software
    .rept 12
    j fail
    .endr
    .option pop
exception:
    li a0, 100
    jr s6
software:
    li a0, 3
    jr s6
    .balign 4
in_supervisor:
    jr s6
    FINISH
