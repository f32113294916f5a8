# A little of everything that an instruction trace shows: registers, memory by every width, compressed instructions,
# atomics, floating point, CSRs, a call of the machine's own, an illegal instruction, and jumps.
        .equ    FINISHER, 0x100000

        .globl  _start
        .type   _start, @function
_start:
        la      t0, handler
        csrw    mtvec, t0
        li      t0, 0x6000
        csrs    mstatus, t0
        la      s0, memory
        li      t1, -2
        sb      t1, 0(s0)
        sh      t1, 2(s0)
        sw      t1, 4(s0)
#if __riscv_xlen == 64
        sd      t1, 8(s0)
        ld      a0, 8(s0)
        lwu     a0, 4(s0)
        addiw   a0, a0, 3
        amoadd.d a1, t1, 0(s0)
#endif
        lb      a0, 0(s0)
        lbu     a0, 0(s0)
        lh      a0, 2(s0)
        lhu     a0, 2(s0)
        lw      a0, 4(s0)
        lr.w    a1, (s0)
        sc.w    a2, t1, (s0)
        sc.w    a2, t1, (s0)
        amoswap.w.aqrl a1, t1, (s0)
        mul     a3, a1, t1
        divu    a3, a1, t1
        li      a4, 3
        fcvt.d.w fa0, a4
        fadd.d  fa1, fa0, fa0
        fsd     fa1, 16(s0)
        fld     fa2, 16(s0)
        fsw     fa1, 24(s0)
        flw     fa3, 24(s0)
        fcvt.w.d a5, fa2
        flt.d   a5, fa0, fa1
        call    function
        ecall
        .word   0
        csrrci  a0, mstatus, 8
        csrwi   mscratch, 5
        csrr    a0, mscratch
        fence
        j       1f
        nop
1:      li      t0, FINISHER
        li      t1, 0x5555
        sw      t1, 0(t0)
2:      j       2b

        .type   function, @function
function:
        addi    sp, s0, 512
        addi    sp, sp, -16
        sw      ra, 12(sp)
        li      t2, 3
1:      addi    t2, t2, -1
        bnez    t2, 1b
        lw      t1, 12(sp)
        addi    sp, sp, 16
        mv      a0, a1
        ret

        .balign 4
        .type   handler, @function
handler:
        csrr    t3, mepc
        addi    t3, t3, 4
        csrw    mepc, t3
        mret

        .bss
        .balign 16
memory: .space  1024
