# options: -smp 1
# Parallel flash: what loads see in each mode, erasing, programming, code that runs in place.
# Banks without a drive begin as zeroes. QEMU 10.0 keeps claims 1 to 10; then it
# runs the code that was erased.
#include "claims.h"
    .equ BANK0, 0x20000000
    .equ BANK1, 0x22000000

.macro COMMAND code
    li t5, \code * 0x10001
    sw t5, 0(s0)
.endm

# Programs the word in t1 at s0 + offset, and goes on once it is there.
.macro PROGRAM offset
    li t5, 0x400040
    sw t5, \offset(s0)
    sw t1, \offset(s0)
.Lbusy\@:
    lw t5, \offset(s0)
    andi t5, t5, 0x80
    beqz t5, .Lbusy\@
.endm

.macro ERASE
    COMMAND 0x20
    COMMAND 0xd0
.Lerasing\@:
    lw t5, 0(s0)
    andi t5, t5, 0x80
    beqz t5, .Lerasing\@
.endm

    BEGIN
    li s0, BANK0
    CLAIM 1  # zeroes, by loads of each width
    ld t0, 0(s0)
    bnez t0, fail
    lbu t0, 3(s0)
    bnez t0, fail
    CLAIM 2  # the status of both chips; the other bank shows its array
    COMMAND 0x70
    lw t0, 0(s0)
    EXPECT t0, 0x800080
    lhu t0, 0x102(s0)
    EXPECT t0, 0x80
    li t1, BANK1
    lw t0, 0(t1)
    bnez t0, fail
    CLAIM 3  # the query table: QRY, 2^24 bytes for each chip
    COMMAND 0x98
    lw t0, 0x40(s0)
    EXPECT t0, 0x510051
    lw t0, 0x44(s0)
    EXPECT t0, 0x520052
    lhu t0, 0x48(s0)
    EXPECT t0, 0x59
    lw t0, 0x9c(s0)
    EXPECT t0, 0x180018
    COMMAND 0xff
    CLAIM 4  # the identifier
    COMMAND 0x90
    lw t0, 0(s0)
    EXPECT t0, 0x890089
    lw t0, 4(s0)
    EXPECT t0, 0x180018
    CLAIM 5  # the array again
    COMMAND 0xff
    lw t0, 0(s0)
    bnez t0, fail
    CLAIM 6  # erasing sets all bits of the sector and none behind it
    ERASE
    COMMAND 0xff
    ld t0, 0(s0)
    EXPECT t0, -1
    li t1, 0x3fff8
    add t1, t1, s0
    ld t0, 0(t1)
    EXPECT t0, -1
    ld t0, 8(t1)
    bnez t0, fail
    CLAIM 7  # programming
    li t1, 0x12345678
    PROGRAM 8
    lw t0, 8(s0)
    EXPECT t0, 0x800080
    COMMAND 0xff
    lw t0, 8(s0)
    EXPECT t0, 0x12345678
    lw t0, 12(s0)
    EXPECT t0, -1
    CLAIM 8  # what loads see follows each change of mode, however hot the code is
    li s1, 5000
1:  lw t0, 8(s0)
    EXPECT t0, 0x12345678
    COMMAND 0x70
    lw t0, 8(s0)
    EXPECT t0, 0x800080
    COMMAND 0xff
    addi s1, s1, -1
    bnez s1, 1b
    CLAIM 9  # programming by the buffer
    COMMAND 0xe8
    COMMAND 3
    li t0, 0x11111111
    li t1, 0
    addi t2, s0, 0x100
2:  add t1, t1, t0
    sw t1, 0(t2)
    addi t2, t2, 4
    addi t3, s0, 0x110
    bne t2, t3, 2b
    COMMAND 0xd0
    lw t0, 0(s0)
    EXPECT t0, 0x800080
    COMMAND 0xff
    ld t0, 0x100(s0)
    EXPECT t0, 0x2222222211111111
    ld t0, 0x108(s0)
    EXPECT t0, 0x4444444433333333
    ld t0, 0x110(s0)
    EXPECT t0, -1
    CLAIM 10  # code runs in place
    li t1, 0x00500513   # li a0, 5
    PROGRAM 0x400
    li t1, 0x00008067   # ret
    PROGRAM 0x404
    COMMAND 0xff
    fence.i
    li s1, 3000
    li s2, 0
    li s3, BANK0 + 0x400
3:  jalr s3
    add s2, s2, a0
    addi s1, s1, -1
    bnez s1, 3b
    EXPECT s2, 15000
    CLAIM 11  # and is gone when other code has taken its place
    ERASE
    li t1, 0x00600513   # li a0, 6
    PROGRAM 0x400
    li t1, 0x00008067   # ret
    PROGRAM 0x404
    COMMAND 0xff
    fence.i
    jalr s3
    EXPECT a0, 6

    CLAIM 12  # programming clears bits and sets none
    li t1, 0xff00ff00
    PROGRAM 8
    li t1, 0x0ff00ff0
    PROGRAM 8
    COMMAND 0xff
    lwu t0, 8(s0)
    EXPECT t0, 0x0f000f00
    CLAIM 13  # a sequence that is none is an error until the status is cleared
    COMMAND 0x20
    COMMAND 0x33
    lw t0, 0(s0)
    EXPECT t0, 0xb000b0
    COMMAND 0x50
    COMMAND 0x70
    lw t0, 0(s0)
    EXPECT t0, 0x800080
    CLAIM 14  # what does not show its array executes nothing
    la s11, 4f
    li s8, -1
    jalr s3
    j fail
    .balign 4
4:  EXPECT s8, 1
    li t0, BANK0 + 0x400
    SAME s10, t0
    CLAIM 15  # SC and AMO find no memory to change; LR reads the array
    COMMAND 0xff
    FAULTS 7, amoadd.w t0, t1, (s0)
    addi t1, s0, 8
    lr.w t0, (t1)
    EXPECT t0, 0x0f000f00
    j pass
    FINISH
