# A small kernel to be debugged: two harts, machine-mode traps, Sv39 with the kernel in the high half,
# floating point. Each stop that a script wants has a label or a function of its own.

#define STACK 4096

        .section .text.start, "ax"
        .globl _start
_start:
        csrr    t0, mhartid
        la      sp, stacks
        li      t1, STACK
        addi    t2, t0, 1
        mul     t1, t1, t2
        add     sp, sp, t1
        li      t1, 0x6000                      # mstatus.FS
        csrs    mstatus, t1
        la      t1, machine_trap
        csrw    mtvec, t1
        li      t1, -1                          # One PMP entry: everything for everybody
        csrw    pmpaddr0, t1
        li      t1, 0x1f
        csrw    pmpcfg0, t1
        bnez    t0, second_hart
        call    first_hart

# Powers off with the exit code in a0.
        .globl finish
finish:
        slli    a0, a0, 16
        li      t1, 0x3333
        or      a0, a0, t1
        li      t0, 0x100000
        sw      a0, 0(t0)
1:      j       1b

# Counts for ever.
second_hart:
        la      t0, turns
        .globl second_loop
second_loop:
        ld      t1, 0(t0)
        addi    t1, t1, 1
        sd      t1, 0(t0)
        j       second_loop

# Machine mode's handler: counts traps and skips the instruction that made them; after an interrupt of the
# timer there will be no other. A call with a7 = 1 ends translation and comes back in machine
# mode, at the address in a0.
        .balign 4
        .globl machine_trap
machine_trap:
        csrw    mscratch, t0
        csrr    t0, mcause
        bltz    t0, 2f
        addi    sp, sp, -16
        sd      t1, 0(sp)
        la      t1, traps
        ld      t0, 0(t1)
        addi    t0, t0, 1
        sd      t0, 0(t1)
        csrr    t0, mepc
        addi    t0, t0, 4
        csrw    mepc, t0
        li      t0, 1
        bne     a7, t0, 1f
        li      t0, 0x1800
        csrs    mstatus, t0
        csrw    mepc, a0
        csrw    satp, zero
        li      a7, 0
1:      ld      t1, 0(sp)
        addi    sp, sp, 16
        csrr    t0, mscratch
        mret
2:      csrw    mie, zero
        csrr    t0, mscratch
        .globl machine_return
machine_return:
        mret

# step_here: instructions to be stepped over, one by one.
        .globl step_here
step_here:
        .option push
        .option norvc
        li      a7, 0
        li      a0, 5
        .globl step_call
step_call:
        ecall
        .globl after_call
after_call:
        addi    a0, a0, 2
        fadd.d  fa0, fa0, fa0
        .globl step_csr
step_csr:
        csrw    mscratch, a0
        .option pop
        ret

# The timer is due at once: the instruction behind the one that lets interrupts in is the handler's.
        .globl take_timer
take_timer:
        csrci   mstatus, 8
        li      t0, 0x2004000                   # mtimecmp
        sd      zero, 0(t0)
        li      t0, 1 << 7
        csrs    mie, t0
        .globl timer_step
timer_step:
        csrsi   mstatus, 8
        nop
        nop
        .globl timer_done
timer_done:
        csrci   mstatus, 8
        ret

# To supervisor mode, behind translation: the address in a0 is virtual.
        .globl enter_supervisor
enter_supervisor:
        csrw    mepc, a0
        li      t0, 0x1800
        csrc    mstatus, t0
        li      t0, 0x0800
        csrs    mstatus, t0
        csrw    satp, a1
        sfence.vma
        .globl supervisor_jump
supervisor_jump:
        mret

# Back in machine mode at the address in a0.
        .section .high.text, "ax"
        .globl leave_supervisor
leave_supervisor:
        .option push
        .option norvc
        li      a7, 1
        ecall
        .option pop

        .section .bss
        .balign 16
stacks: .space  2 * STACK
