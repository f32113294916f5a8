# A machine without a trap handler: the first exception leads to address 0, where nothing is, and so on for ever.
# With TWO, a handler that raises one of two exceptions, whichever it was not called for.
        .globl  _start
_start:
#ifdef TWO
        la      t0, handler
        csrw    mtvec, t0
#endif
        .word   0
#ifdef TWO
        .balign 4
handler:
        csrr    t1, mcause
        li      t2, 2
        beq     t1, t2, 1f
        .word   0
1:      lw      t1, 4(zero)
#endif
