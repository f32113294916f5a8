# The control registers that QEMU's releases begin with differently, and some that they agree on, at 0x80100000.

        .option norvc
        .macro  note register
        csrr    t0, \register
        sd      t0, 0(s0)
        addi    s0, s0, 8
        .endm

        .globl _start
_start:
        li      s0, 0x80100008
        note    mvendorid
        note    marchid
        note    mimpid
        note    mstatus
        note    mip
        note    mie
        note    medeleg
        note    mtvec
        note    mcounteren
        note    0x30a                   # menvcfg
        note    pmpcfg0
        note    satp
        # The largest mode that satp takes.
        li      t1, 10 << 60
        csrw    satp, t1
        note    satp
        csrw    satp, zero
        li      s0, 0x80100000
        li      t0, 1
        sd      t0, 0(s0)
        li      t1, 0x10000000          # the serial port
        li      t2, 'Z'
        sb      t2, 0(t1)
1:      wfi
        j       1b
