# What is loaded again at every reset: run as loader,file=…,cpu-num=0 beside a number that the loader writes to
# 0x80001000. Each start notes both below 0x80100000, which nobody loads, spoils them, and reboots twice; then it
# prints a letter for each start there was.

        .option norvc
        .globl _start
_start:
        li      s0, 0x80100000
        lw      s1, 0(s0)               # starts before this one
        slli    t0, s1, 3
        add     t0, t0, s0
        la      t1, own
        lw      t2, 0(t1)
        sw      t2, 8(t0)
        sw      zero, 0(t1)
        li      t1, 0x80001000
        lw      t2, 0(t1)
        sw      t2, 12(t0)
        sw      zero, 0(t1)
        addi    s1, s1, 1
        sw      s1, 0(s0)
        li      t1, 3
        bge     s1, t1, settled
        li      t1, 0x100000            # the finisher
        li      t2, 0x7777              # reboot
        sw      t2, 0(t1)
settled:
        li      t1, 0x10000000          # the serial port
        addi    t2, s1, 'A' - 1
        sb      t2, 0(t1)
1:      wfi
        j       1b

        .balign 4
own:    .word   0x12345678
