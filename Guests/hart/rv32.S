# The RV32 hart: the base instructions, M, A, C, traps and Sv32, on a bare hart without a board; its
# options are the test's.
#include "claims.h"

# The result of one instruction on two values.
.macro GIVES value, instruction, a, b
    li a1, \a
    li a2, \b
    \instruction a3, a1, a2
    EXPECT a3, \value
.endm
.macro GIVES_I value, instruction, a, b
    li a1, \a
    \instruction a3, a1, \b
    EXPECT a3, \value
.endm

    BEGIN
    CLAIM 1
    GIVES 0x80000000, add, 0x7fffffff, 1
    GIVES 0, add, 0xffffffff, 1
    GIVES 0x7fffffff, sub, 0x80000000, 1
    GIVES 0x80000000, sll, 1, 31
    GIVES 2, sll, 1, 33
    GIVES 0xffffffff, sra, 0x80000000, 31
    GIVES 1, srl, 0x80000000, 31
    GIVES 1, slt, 0x80000000, 0x7fffffff
    GIVES 0, sltu, 0x80000000, 0x7fffffff
    GIVES 0xff00ff00, xor, 0xf0f0f0f0, 0x0ff00ff0
    GIVES_I 0x80000000, slli, 1, 31
    GIVES_I 0xf8000000, srai, 0x80000000, 4
    GIVES_I 1, sltiu, 5, -1
    CLAIM 2  # M
    GIVES 1, mul, 0xffffffff, 0xffffffff
    GIVES 0, mulh, 0xffffffff, 0xffffffff
    GIVES 0xfffffffe, mulhu, 0xffffffff, 0xffffffff
    GIVES 0xffffffff, mulhsu, 0xffffffff, 0xffffffff
    GIVES 0x80000000, div, 0x80000000, -1
    GIVES 0, rem, 0x80000000, -1
    GIVES -1, div, 7, 0
    GIVES 7, rem, 7, 0
    GIVES 0x7fffffff, divu, 0xffffffff, 2
    GIVES 0xfffffffe, rem, -17, 3
    CLAIM 3  # upper immediates, jumps and links are 32 bits wide
    lui a1, 0xfffff
    srli a1, a1, 31
    EXPECT a1, 1
    jal a1, 1f
2:  j fail
1:  la a2, 2b
    SAME a1, a2
    CLAIM 4  # loads and stores
    la a0, data
    li a1, 0x818283f4
    sw a1, 0(a0)
    lb a2, 0(a0)
    EXPECT a2, 0xfffffff4
    lhu a2, 2(a0)
    EXPECT a2, 0x8182
    lh a2, 2(a0)
    EXPECT a2, 0xffff8182
    sb zero, 1(a0)
    lw a2, 0(a0)
    EXPECT a2, 0x818200f4
    sw a1, 5(a0)
    lw a2, 5(a0)
    SAME a1, a2
    CLAIM 5  # A
    li a1, 3
    sw a1, 0(a0)
    amoadd.w a2, a1, (a0)
    EXPECT a2, 3
    lw a2, 0(a0)
    EXPECT a2, 6
    li a1, -1
    amomaxu.w a2, a1, (a0)
    lr.w a2, (a0)
    EXPECT a2, -1
    sc.w a3, zero, (a0)
    EXPECT a3, 0
    sc.w a3, zero, (a0)
    beqz a3, fail
    CLAIM 6  # c.jal is RV32's
    li ra, 0
    .2byte 0x2011   # c.jal .+4
1:  .2byte 0x0001
    la a1, 1b
    SAME ra, a1
    CLAIM 7  # RV64's instructions are illegal, and c.addiw's place is c.jal's
    RAISES 2, 0x0005b583, .4byte 0x0005b583   # ld a1, 0(a1)
    RAISES 2, 0x0015859b, .4byte 0x0015859b   # addiw a1, a1, 1
    RAISES 2, 0x02059593, .4byte 0x02059593   # slli a1, a1, 32
    CLAIM 8  # traps: the interrupt bit is bit 31; misa and mstatush are RV32's
    csrr a1, misa
    srli a1, a1, 30
    EXPECT a1, 1
    csrr a1, 0x310
    csrwi mideleg, 0
    csrsi mip, 2
    csrwi mie, 2
    la s11, 1f
    csrsi mstatus, 8
    j fail
1:  EXPECT s8, 0x80000001
    csrci mip, 2
    csrwi mie, 0
    CLAIM 9  # a counter is two registers
    csrwi 0xb82, 5
    csrr a1, 0xb82
    EXPECT a1, 5
    csrr a1, minstret
    csrr a2, minstret
    bgeu a1, a2, fail
    CLAIM 10  # Sv32: a 4 MiB leaf and a 4 KiB page
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    la s2, root
    li t1, 2048
    add s2, s2, t1
    li t0, (0x80000000 >> 2) | 0xcf
    sw t0, 0(s2)               # 0x80000000, by number 512
    la s2, root
    la s4, leaves
    srli t0, s4, 2
    ori t0, t0, 1
    sw t0, 0x400(s2)           # 0x40000000, by number 256
    la t1, page
    srli t0, t1, 2
    ori t0, t0, 0xc3           # readable, not writable
    sw t0, 0(s4)
    srli t0, s2, 12
    li t2, 1 << 31
    or t0, t0, t2
    csrw satp, t0
    csrr t2, satp
    SAME t0, t2
    sfence.vma
    li t0, 0x13579bdf
    sw t0, 12(t1)
    li a0, 0x40000000
    ENTER 1
    lw a1, 12(a0)
    LEAVE
    EXPECT s8, 9
    EXPECT a1, 0x13579bdf
    ENTER 1
    RAISES 15, 0x4000000c, sw a1, 12(a0)
    li a0, 0x40001000
    ENTER 1
    RAISES 13, 0x40001004, lw a1, 4(a0)
    li a0, 0x50000000
    ENTER 1
    RAISES 13, 0x50000000, lb a1, 0(a0)
    j pass
    FINISH
    .balign 4096
root: .zero 4096
leaves: .zero 4096
page: .zero 4096
data: .zero 64
