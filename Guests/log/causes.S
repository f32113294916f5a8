# Raises every exception and interrupt that a hart without compressed instructions can raise by itself, each
# once, in the order of their lines in Tests/SystemTests/LogTests.swift. The handler returns behind the
# instruction, to ra where none could be fetched, and to machine mode always.
        .option norvc
        .equ    FINISHER, 0x100000
        .equ    MSIP, 0x2000000
        .equ    PLIC, 0xc000000
        .equ    UART, 0x10000000

        .globl  _start
        .type   _start, @function
_start:
        la      t0, handler
        csrw    mtvec, t0
        li      t0, -1
        csrw    pmpaddr0, t0
        li      t0, 0x1f
        csrw    pmpcfg0, t0
        jal     exceptions
        jal     privileges
        jal     interrupts
        li      t0, FINISHER
        li      t1, 0x5555
        sw      t1, 0(t0)
1:      j       1b
        .size   _start, . - _start

        .type   exceptions, @function
exceptions:
        mv      s0, ra
        la      t0, exceptions + 2
        jalr    t0
        jalr    zero
        .word   0
        ebreak
        la      t0, table
        addi    t1, t0, 1
        lr.w    t2, (t1)
        lw      t2, 8(zero)
        amoadd.w t2, t2, (t1)
        sw      t2, 12(zero)
        ecall
        # Loads and stores as a supervisor whose page table is empty.
        srli    t1, t0, 12
        li      t2, 8 << 60
        or      t1, t1, t2
        csrw    satp, t1
        li      t1, 1 << 17 | 1 << 11
        csrs    mstatus, t1
        lw      t2, 16(zero)
        csrs    mstatus, t1
        sw      t2, 20(zero)
        jr      s0
        .size   exceptions, . - exceptions

        .type   privileges, @function
privileges:
        mv      s0, ra
        # As a supervisor: the fetch itself fails.
        li      t0, 3 << 11
        csrc    mstatus, t0
        li      t0, 1 << 11
        csrs    mstatus, t0
        la      t0, 1f
        csrw    mepc, t0
        la      ra, 2f
        mret
1:      nop
2:      csrw    satp, zero
        # As a supervisor, and as a user.
        li      t0, 3 << 11
        csrc    mstatus, t0
        li      t0, 1 << 11
        csrs    mstatus, t0
        la      t0, 3f
        csrw    mepc, t0
        mret
3:      ecall
        li      t0, 3 << 11
        csrc    mstatus, t0
        la      t0, 4f
        csrw    mepc, t0
        mret
4:      ecall
        jr      s0
        .size   privileges, . - privileges

        .type   interrupts, @function
interrupts:
        # The timer's comparand is zero: its interrupt has been pending from the start.
        csrsi   mstatus, 8
        li      t0, 1 << 7
        csrs    mie, t0
        li      t0, MSIP
        li      t1, 1
        sw      t1, 0(t0)
        csrsi   mie, 8
        sw      zero, 0(t0)
        csrsi   mip, 2
        csrsi   mie, 2
        li      t0, 1 << 5
        csrs    mip, t0
        csrs    mie, t0
        li      t0, 1 << 9
        csrs    mip, t0
        csrs    mie, t0
        # The transmitter is empty: the serial port's line rises as soon as it may.
        li      t0, PLIC
        li      t1, 1
        sw      t1, 40(t0)
        li      t1, 1 << 10
        li      t2, 0x2000
        add     t2, t2, t0
        sw      t1, 0(t2)
        li      t0, UART
        li      t1, 2
        sb      t1, 1(t0)
        li      t0, 1 << 11
        csrs    mie, t0
        ret
        .size   interrupts, . - interrupts

        .type   handler, @function
        .balign 4
handler:
        csrr    a0, mcause
        bltz    a0, interrupted
        li      a1, 1
        beq     a0, a1, 1f
        li      a1, 12
        beq     a0, a1, 1f
        csrr    ra, mepc
        addi    ra, ra, 4
1:      csrw    mepc, ra
        # Whatever it was, on with machine mode and its own view of memory.
        li      a1, 1 << 17
        csrc    mstatus, a1
        li      a1, 3 << 11
        csrs    mstatus, a1
        mret
interrupted:
        li      a1, 1
        sll     a1, a1, a0
        csrc    mie, a1
        mret
        .size   handler, . - handler

        .balign 4096
        .globl  table
table:  .zero   4096
