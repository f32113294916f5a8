# Machine mode's beginning, the way down to the mode that is wanted (LEVEL: 3, 1 or 0), and the call itself.
        .option norvc
#if __riscv_xlen == 64
#define SAVE sd
#else
#define SAVE sw
#endif
        .section .text.start, "ax"
        .globl  _start
_start:
        # There is one stack.
        csrr    t0, mhartid
        bnez    t0, others
        la      sp, stack_top
        la      t0, unexpected
        csrw    mtvec, t0
        li      t0, -1
        csrw    pmpaddr0, t0
        li      t0, 0x1f
        csrw    pmpcfg0, t0
        li      t0, 3 << 11
        csrc    mstatus, t0
        li      t0, LEVEL << 11
        csrs    mstatus, t0
        la      t0, main
        csrw    mepc, t0
        mret

        # long semihost(long operation, long parameter): the sequence of the RISC-V semihosting specification,
        # uncompressed, in one page.
        .balign 16
        .globl  semihost
semihost:
        slli    x0, x0, 0x1f
        ebreak
        srai    x0, x0, 7
        ret

        # A trap that nobody wants ends the machine by the test finisher: code 0x40 + cause.
        .balign 4
unexpected:
        csrr    t0, mcause
        andi    t0, t0, 31
        addi    t0, t0, 0x40
        slli    t0, t0, 16
        li      t1, 0x3333
        or      t0, t0, t1
        li      t1, 0x100000
        sw      t0, 0(t1)
1:      j       1b

others: wfi
        j       others

        .bss
        .balign 16
        .space  16384
stack_top:
