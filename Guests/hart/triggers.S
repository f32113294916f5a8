# options: -cpu rv64
# Address triggers of type 2 and 6 (RISC-V Debug 1.0, chapter 5): a breakpoint before the instruction
# takes effect, with the address as its value.
#include "claims.h"
#define LOAD 1
#define STORE 2
#define EXECUTE 4
#define M_MODE 64
#define S_MODE 16
#define KIND2 2 << 60
#define KIND6 6 << 60
    BEGIN
    CLAIM 1  # there are two, and others are not to be selected
    csrwi tselect, 0
    csrr t0, tselect
    EXPECT t0, 0
    csrwi tselect, 1
    csrr t0, tselect
    EXPECT t0, 1
    li t0, 999
    csrw tselect, t0
    csrr t1, tselect
    beq t0, t1, fail
    csrwi tselect, 0
    CLAIM 2  # a load
    la a0, data
    csrw tdata2, a0
    li t0, KIND2 | LOAD | M_MODE
    csrw tdata1, t0
    li a1, 5
    FAULTS 3, lw a1, 0(a0)
    SAME s9, a0
    EXPECT a1, 5
    lw a1, 4(a0)
    sw a1, 0(a0)
    CLAIM 3  # a store
    li t0, KIND2 | STORE | M_MODE
    csrw tdata1, t0
    lw a1, 0(a0)
    addi a2, a1, 1
    FAULTS 3, sw a2, 0(a0)
    SAME s9, a0
    lw a2, 0(a0)
    SAME a1, a2
    CLAIM 4  # an instruction
    csrw tdata1, zero
    la t0, 1f
    csrw tdata2, t0
    li t0, KIND2 | EXECUTE | M_MODE
    csrw tdata1, t0
    li a1, 1
    la s11, 2f
    li s8, -1
    nop
1:  li a1, 2
    j fail
2:  EXPECT s8, 3
    EXPECT a1, 1
    la t0, 1b
    SAME s10, t0
    CLAIM 5  # only in the modes that it names
    csrw tdata1, zero
    csrw tdata2, a0
    li t0, KIND2 | LOAD | M_MODE
    csrw tdata1, t0
    OPEN_PMP
    ENTER 1
    lw a1, 0(a0)
    LEAVE
    EXPECT s8, 9
    li t0, KIND2 | LOAD | S_MODE
    csrw tdata1, t0
    lw a1, 0(a0)
    ENTER 1
    FAULTS 3, lw a1, 0(a0)
    SAME s9, a0
    CLAIM 6  # type 6 does the same
    li t0, KIND6 | STORE | M_MODE
    csrw tdata1, t0
    FAULTS 3, sw a2, 0(a0)
    CLAIM 7  # off is off
    csrw tdata1, zero
    lw a1, 0(a0)
    sw a1, 0(a0)
    j pass
    FINISH
    .data
    .balign 8
data: .dword 0
