# options: -cpu rv64,svade=on,svadu=off,svnapot=on,svpbmt=on
# Address translation (RISC-V Privileged 1.13, chapter 12) in Sv39, Sv48 and Sv57, entered by MODE.
#include "claims.h"
#define V 1
#define R 2
#define W 4
#define X 8
#define U 16
#define A 64
#define D 128
#define ALL (V | R | W | X | A | D)

# The last-level entry of page number n, with these bits and a physical page in s5.
.macro MAP number, bits
    srli t0, s5, 12
    slli t0, t0, 10
    li t1, \bits
    or t0, t0, t1
    sd t0, (\number) * 8(s4)
    sfence.vma
.endm

# Into S-mode for one instruction that faults, and back: mode, cause, tval, the instruction.
.macro IN mode, cause, address, instruction:vararg
    mv s3, \address
    la s11, .Lback\@
    li s8, -1
    ENTER \mode
.Lthis\@:
    \instruction
    j fail
.Lback\@:
    EXPECT s8, \cause
    SAME s9, s3
    la t6, .Lthis\@
    SAME s10, t6
.endm

.macro DOES mode, instruction:vararg
    ENTER \mode
    \instruction
    LEAVE
    EXPECT s8, 8 + \mode
.endm

    BEGIN
    OPEN_PMP
    # s1: the mode, 8 for Sv39, 9 for Sv48, 10 for Sv57; s2: its root table.
    li s1, 8
each_mode:
    la s4, tables
    li t0, 4096 * 5 / 8
1:  sd zero, 0(s4)
    addi s4, s4, 8
    addi t0, t0, -1
    bnez t0, 1b
    # The program lies where it lies: a 1 GiB leaf in the table of that level. The window of 4 KiB pages
    # begins at 1 GiB. Levels above have one entry.
    la s2, tables           # 1 GiB entries
    li t0, (0x80000000 >> 2) | ALL
    sd t0, 16(s2)
    li t0, (0x80000000 >> 2) | ALL | U
    sd t0, 24(s2)           # the program once more at 3 GiB, for U-mode
    la t0, tables + 4096    # 2 MiB entries
    srli t1, t0, 2
    ori t1, t1, V
    sd t1, 8(s2)
    la s4, tables + 2 * 4096  # 4 KiB entries
    srli t1, s4, 2
    ori t1, t1, V
    sd t1, 0(t0)
    li t0, 8
    la t2, tables + 3 * 4096
2:  beq t0, s1, 3f
    srli t1, s2, 2
    ori t1, t1, V
    sd t1, 0(t2)
    mv s2, t2
    li t3, 4096
    add t2, t2, t3
    addi t0, t0, 1
    j 2b
3:  slli t0, s1, 60
    srli t1, s2, 12
    or t0, t0, t1
    csrw satp, t0
    csrr t1, satp
    CLAIM 1  # the mode is there
    SAME t0, t1
    sfence.vma
    la s5, page
    li a0, 0x40000000
    CLAIM 2  # a page reads, writes and executes as it says
    MAP 0, ALL
    li t0, 0x12345678
    sw t0, 0(s5)
    DOES 1, lw a1, 0(a0)
    EXPECT a1, 0x12345678
    li a1, 0x5555
    DOES 1, sw a1, 8(a0)
    lw a2, 8(s5)
    EXPECT a2, 0x5555
    MAP 0, V | R | A | D
    IN 1, 15, a0, sw a1, 0(a0)
    MAP 0, V | X | A
    IN 1, 13, a0, lw a1, 0(a0)
    CLAIM 3  # nothing there, and reserved combinations
    MAP 0, 0
    IN 1, 13, a0, ld a1, 0(a0)
    IN 1, 15, a0, amoadd.w a1, a1, (a0)
    IN 1, 13, a0, lr.w a1, (a0)
    MAP 0, V | W | A | D
    IN 1, 13, a0, lw a1, 0(a0)
    MAP 0, V
    IN 1, 13, a0, lw a1, 0(a0)
    CLAIM 4  # the jump itself succeeds; the fault is at its target
    MAP 0, V | R | W | A | D
    la s11, 1f
    ENTER 1
    jr a0
1:  EXPECT s8, 12
    SAME s9, a0
    SAME s10, a0
    CLAIM 5  # A and D are software's under Svade
    MAP 0, V | R | W | D
    IN 1, 13, a0, lw a1, 0(a0)
    MAP 0, V | R | W | A
    DOES 1, lw a1, 0(a0)
    IN 1, 15, a0, sw a1, 0(a0)
    CLAIM 6  # user pages are closed to S but for SUM, and never execute there
    MAP 0, ALL | U
    IN 1, 13, a0, lw a1, 0(a0)
    li t0, 1 << 18
    csrs mstatus, t0
    DOES 1, lw a1, 0(a0)
    la s11, 1f
    ENTER 1
    jr a0
1:  EXPECT s8, 12
    li t0, 1 << 18
    csrc mstatus, t0
    CLAIM 7  # MXR makes executable pages readable
    MAP 0, V | X | A
    li t0, 1 << 19
    csrs mstatus, t0
    DOES 1, lw a1, 0(a0)
    IN 1, 15, a0, sw a1, 0(a0)
    li t0, 1 << 19
    csrc mstatus, t0
    CLAIM 8  # MPRV: loads and stores of M-mode as MPP would; fetches not
    MAP 0, ALL
    sw a1, 0(s5)
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11 | 1 << 17
    csrs mstatus, t0
    lw a2, 0(a0)
    FAULTS 13, lw a2, -8(a0)
    li t0, 1 << 17
    csrc mstatus, t0
    SAME a1, a2
    CLAIM 9  # an access that crosses into a faulting page changes nothing and names that page
    MAP 1, 0
    li t0, 0x1111111111111111
    li t1, 4088
    add t1, t1, s5
    sd t0, 0(t1)
    li a2, 0x40000ffc
    li a3, 0x40001000
    li a1, -1
    IN 1, 15, a3, sd a1, 0(a2)
    ld t2, 0(t1)
    SAME t0, t2
    li a1, 99
    IN 1, 13, a3, ld a1, 0(a2)
    EXPECT a1, 99
    CLAIM 10  # with the second page there it works, wherever that page lies
    la s5, far_page
    MAP 1, ALL
    li a1, 0x8877665544332211
    DOES 1, sd a1, 0(a2)
    lwu t0, 0(s5)
    EXPECT t0, 0x88776655
    la s5, page
    li t1, 4092
    add t1, t1, s5
    lwu t0, 0(t1)
    EXPECT t0, 0x44332211
    DOES 1, ld a4, 0(a2)
    SAME a4, a1
    CLAIM 11  # an instruction whose second half lies in a faulting page
    li t0, 0x0513      # li a0, 1 begins
    li t1, 4094
    add t1, t1, s5
    sh t0, 0(t1)
    MAP 1, 0
    la s11, 1f
    li a2, 0x40000ffe
    ENTER 1
    jr a2
1:  EXPECT s8, 12
    SAME s9, a3
    SAME s10, a2
    la s5, far_page
    MAP 1, ALL
    li t0, 0x0070      # li a0, 7 ends
    sh t0, 0(s5)
    li t0, 0x8082      # ret
    sh t0, 2(s5)
    la s5, page
    fence.i
    ENTER 1
    jalr a2
    LEAVE
    EXPECT a0, 7
    li a0, 0x40000000
    CLAIM 12  # a superpage must be aligned
    la t0, tables + 4096
    ld s6, 0(t0)
    srli t1, s5, 2
    li t2, ~0x3ff
    and t1, t1, t2
    ori t1, t1, 0xcf
    sd t1, 0(t0)
    sfence.vma
    IN 1, 13, a0, lw a1, 0(a0)
    sd s6, 0(t0)
    sfence.vma
    CLAIM 13  # addresses beyond the mode's width fault
    li a4, 0x4000000040000000
    IN 1, 13, a4, lw a1, 0(a4)
    CLAIM 14  # Svnapot: sixteen pages by one entry, whose number ends in 1000
    la s5, napot
    srli t0, s5, 12
    ori t0, t0, 8
    slli t0, t0, 10
    li t1, 1 << 63 | ALL
    or t0, t0, t1
    li t2, 16
    addi t3, s4, 128
1:  sd t0, 0(t3)
    addi t3, t3, 8
    addi t2, t2, -1
    bnez t2, 1b
    sfence.vma
    li t0, 0x5000
    add t0, t0, s5
    li a1, 0x4321
    sw a1, 0(t0)
    li a4, 0x40015000
    DOES 1, lw a2, 0(a4)
    SAME a1, a2
    ld t0, 21 * 8(s4)
    xori t0, t0, 0x200 | 0
    li t1, 1 << 12
    xor t0, t0, t1
    sd t0, 21 * 8(s4)
    sfence.vma
    IN 1, 13, a4, lw a2, 0(a4)
    la s5, page
    CLAIM 15  # Svpbmt: types 1 and 2 work, 3 is reserved
    MAP 0, ALL | 1 << 61
    DOES 1, lw a1, 0(a0)
    MAP 0, ALL | 2 << 61
    DOES 1, lw a1, 0(a0)
    MAP 0, ALL | 3 << 61
    IN 1, 13, a0, lw a1, 0(a0)
    CLAIM 16  # and so are the other high bits
    MAP 0, ALL | 1 << 54
    IN 1, 13, a0, lw a1, 0(a0)
    CLAIM 17  # U-mode sees user pages only
    MAP 0, ALL
    la t0, 1f
    li t1, 0x40000000
    add t0, t0, t1
    la s11, 2f
    csrw mepc, t0
    li t0, 3 << 11
    csrc mstatus, t0
    mret
1:  lw a1, 0(a0)
    j fail
2:  EXPECT s8, 13
    SAME s9, a0
    CLAIM 18  # a table outside of memory is an access fault, of the access that was asked for
    la t0, tables + 4096
    li t1, (0x50000000 >> 2) | V
    sd t1, 0(t0)
    sfence.vma
    IN 1, 7, a0, sw a1, 0(a0)
    IN 1, 5, a0, lw a1, 0(a0)
    csrw satp, zero
    addi s1, s1, 1
    li t0, 11
    bne s1, t0, each_mode
    j pass
    FINISH
    .balign 65536
napot: .zero 65536
tables: .zero 4096 * 5
page: .zero 4096
    .zero 4096
far_page: .zero 4096
