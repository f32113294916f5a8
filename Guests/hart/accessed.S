# options: -cpu rv64
# Svadu: the hart sets A and D itself, where menvcfg.ADUE lets it; the default model does so from reset.
#include "claims.h"
#define LEAF 0xf
    BEGIN
    OPEN_PMP
    la s2, root
    li t0, (0x80000000 >> 2) | 0xcf
    sd t0, 16(s2)
    li t0, (0x80000000 >> 2) | LEAF
    sd t0, 24(s2)
    srli t0, s2, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    la a0, data
    li t0, 0x40000000
    add a0, a0, t0
    CLAIM 1  # a load sets A alone
    ENTER 1
    lw a1, 0(a0)
    LEAVE
    EXPECT s8, 9
    ld t0, 24(s2)
    andi t0, t0, 0xff
    EXPECT t0, LEAF | 0x40
    CLAIM 2  # a store sets D, without any fence between
    ENTER 1
    sw a1, 0(a0)
    LEAVE
    ld t0, 24(s2)
    andi t0, t0, 0xff
    EXPECT t0, LEAF | 0xc0
    CLAIM 3  # a store that is refused sets nothing
    li t0, (0x80000000 >> 2) | 0xb
    sd t0, 24(s2)
    sfence.vma
    ENTER 1
    FAULTS 15, sw a1, 0(a0)
    ld t1, 24(s2)
    andi t1, t1, 0xff
    EXPECT t1, 0xb
    CLAIM 4  # without ADUE they are software's
    li t0, 1 << 61
    csrc 0x30a, t0
    li t0, (0x80000000 >> 2) | LEAF
    sd t0, 24(s2)
    sfence.vma
    ENTER 1
    FAULTS 13, lw a1, 0(a0)
    SAME s9, a0
    j pass
    FINISH
    .balign 4096
root: .zero 4096
data: .zero 64
