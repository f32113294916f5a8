# What the guests in this folder share. Each begins with _start at the start of RAM, in M-mode, makes
# numbered claims, and ends through sifive_test: exit code 0 where all hold, else the number of the
# first that does not. The first lines name options for the program: "# options: ...".
#
# gp is the number of the claim; s7-s11 belong to the handler.

.macro CLAIM number
    li gp, \number
.endm

# The register holds this value.
.macro EXPECT register, value
    li t6, \value
    bne \register, t6, fail
.endm

.macro SAME register, other
    bne \register, \other, fail
.endm

# The instruction raises this exception, with this tval, itself as epc.
.macro RAISES cause, tval, instruction:vararg
    la s11, .Lbehind\@
    li s8, -1
.Lat\@:
    \instruction
    j fail
.Lbehind\@:
    EXPECT s8, \cause
    li t6, \tval
    bne s9, t6, fail
    la t6, .Lat\@
    bne s10, t6, fail
.endm

# The instruction raises this exception; s9 and s10 are for the caller to look at.
.macro FAULTS cause, instruction:vararg
    la s11, .Lbehind\@
    li s8, -1
    \instruction
    j fail
.Lbehind\@:
    EXPECT s8, \cause
.endm

# Goes on behind this line in another mode: 0 user, 1 supervisor.
.macro ENTER mode
    li t6, 3 << 11
    csrc mstatus, t6
    li t6, \mode << 11
    csrs mstatus, t6
    la t6, .Lthere\@
    csrw mepc, t6
    mret
.Lthere\@:
.endm

# Back to M-mode, from S or U whose ecall is not delegated.
.macro LEAVE
    la s11, .Lback\@
    ecall
.Lback\@:
.endm

.macro BEGIN
    .globl _start
_start:
    la t0, record
    csrw mtvec, t0
    la s11, fail
.endm

# Ends with the handler and the two ends.
.macro FINISH
pass:
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
    j .
fail:
    la t0, record
    csrw mtvec, t0
    la s11, fail_in_machine
    ecall
fail_in_machine:
    li t0, 0x100000
    slli t1, gp, 16
    li t2, 0x3333
    or t1, t1, t2
    sw t1, 0(t0)
    j .
    .balign 4
record:
    csrr s8, mcause
    csrr s9, mtval
    csrr s10, mepc
    csrr s7, mstatus
    jr s11
.endm

# Everything is open to S and U.
.macro OPEN_PMP
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
.endm
