# options: -cpu rv64
# Exceptions, delegation, the stack of mstatus, returns (RISC-V Privileged 1.13, 3.1.6-3.1.16, 3.3).
#include "claims.h"
    BEGIN
    CLAIM 1  # exceptions tell cause, value and place
    RAISES 2, 0, .2byte 0
    RAISES 2, 0xffffffff, .4byte 0xffffffff
    RAISES 2, 0xc0001073, csrw cycle, zero
    RAISES 11, 0, ecall
    li a0, 0x50
    RAISES 5, 0x50, lw a1, 0(a0)
    RAISES 7, 0x58, sd a1, 8(a0)
    RAISES 5, 0x51, lw a1, 1(a0)
    RAISES 7, 0x53, sd a1, 3(a0)
    CLAIM 2  # a breakpoint's value is its address
    FAULTS 3, ebreak
    SAME s9, s10
    CLAIM 3  # a jump to nowhere faults there
    FAULTS 1, jr a0
    EXPECT s9, 0x50
    EXPECT s10, 0x50
    CLAIM 4  # a faulting load leaves its register alone
    li a1, 77
    RAISES 5, 0x50, lw a1, 0(a0)
    EXPECT a1, 77
    CLAIM 5  # misaligned atomics raise, misaligned loads and stores do not
    la a0, data + 1
    la s11, 1f
    amoadd.w a1, a2, (a0)
    j fail
1:  EXPECT s8, 6
    SAME s9, a0
    li a1, 0x1122334455667788
    sd a1, 0(a0)
    ld a2, 0(a0)
    SAME a1, a2
    CLAIM 6  # mstatus: MPP, MPIE and MIE through a trap and back
    OPEN_PMP
    csrsi mstatus, 8
    la s11, 1f
    ecall
1:  li t0, 0x1888
    and t1, s7, t0
    EXPECT t1, 0x1880
    ENTER 1
    LEAVE
    EXPECT s8, 9
    li t0, 0x1888
    and t1, s7, t0
    EXPECT t1, 0x880
    ENTER 0
    LEAVE
    EXPECT s8, 8
    li t0, 0x1800
    and t1, s7, t0
    EXPECT t1, 0
    CLAIM 7  # after mret MPP is the least mode
    ENTER 0
    FAULTS 2, csrr a0, mstatus
    ENTER 1
    RAISES 2, 0x30002573, csrr a0, mstatus
    CLAIM 8  # delegated exceptions go to S from S and U, never from M
    li t0, 1 << 2 | 1 << 3
    csrw medeleg, t0
    la t0, in_supervisor
    csrw stvec, t0
    RAISES 2, 0xffffffff, .4byte 0xffffffff
    li s8, -1
    ENTER 0
    la s6, 1f
2:  .4byte 0xffffffff
    j fail
1:  li t0, 0x100
    csrr t1, sstatus
    and t1, t1, t0
    EXPECT t1, 0          # SPP: it came from U
    csrr t1, scause
    EXPECT t1, 2
    csrr t1, stval
    EXPECT t1, 0xffffffff
    csrr t1, sepc
    la t2, 2b
    SAME t1, t2
    la s6, 1f
3:  ebreak
    j fail
1:  csrr t1, scause
    EXPECT t1, 3
    csrr t1, sstatus
    andi t1, t1, 0x100
    EXPECT t1, 0x100      # SPP: it came from S
    CLAIM 9  # sret returns to U with SIE from SPIE
    li t0, 0x100
    csrc sstatus, t0
    li t0, 0x20
    csrs sstatus, t0
    la t0, 1f
    csrw sepc, t0
    sret
1:  LEAVE
    EXPECT s8, 8
    csrr t0, mstatus
    andi t0, t0, 0x22
    EXPECT t0, 0x22
    CLAIM 10  # TVM, TW and TSR make their instructions illegal in S
    li t0, 1 << 20 | 1 << 21 | 1 << 22
    csrs mstatus, t0
    csrw medeleg, zero
    ENTER 1
    RAISES 2, 0x18002573, csrr a0, satp
    ENTER 1
    RAISES 2, 0x12000073, sfence.vma
    ENTER 1
    RAISES 2, 0x10200073, sret
    ENTER 1
    RAISES 2, 0x10500073, wfi
    li t0, 1 << 20 | 1 << 21 | 1 << 22
    csrc mstatus, t0
    ENTER 1
    csrr a0, satp
    sfence.vma
    LEAVE
    EXPECT s8, 9
    CLAIM 11  # WARL: MPP has no mode 2, epc no odd address, mtvec no mode 2
    li t0, 3 << 11
    csrs mstatus, t0
    li t0, 1 << 11
    csrc mstatus, t0
    csrr t1, mstatus
    li t0, 3 << 11
    and t1, t1, t0
    li t0, 2 << 11
    beq t1, t0, fail
    li t0, 0x80000003
    csrw mepc, t0
    csrr t1, mepc
    EXPECT t1, 0x80000002
    CLAIM 12  # floating point is illegal while FS is off
    li t0, 3 << 13
    csrc mstatus, t0
    RAISES 2, 0x02007053, fadd.d f0, f0, f0
    RAISES 2, 0x00302573, csrr a0, fcsr
    csrs mstatus, t0
    fadd.d f0, f0, f0
    csrr a0, fcsr
    j pass
    .balign 4
in_supervisor:
    jr s6
    FINISH
    .data
    .balign 64
data: .zero 64
