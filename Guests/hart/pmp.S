# options: -cpu rv64,smepmp=on
# Physical memory protection (RISC-V Privileged 1.13, 3.7) and Smepmp 1.0.
#include "claims.h"
#define R 1
#define W 2
#define X 4
#define TOR 8
#define NA4 16
#define NAPOT 24
#define L 128
    BEGIN
    CLAIM 1  # with no entry, S and U reach nothing, not even the first instruction
    FAULTS 1, ENTER 1
    CLAIM 2  # NAPOT over a page, everything else open
    la a0, page
    srli t0, a0, 2
    ori t0, t0, 0x1ff
    csrw pmpaddr0, t0
    li t0, -1
    csrw pmpaddr7, t0
    li t0, (NAPOT | R | W | X) << 56 | NAPOT | R
    csrw pmpcfg0, t0
    ENTER 1
    lw a1, 0(a0)
    lw a1, 2044(a0)
    FAULTS 7, sw a1, 4(a0)
    addi t0, a0, 4
    SAME s9, t0
    ENTER 1
    FAULTS 1, jr a0
    SAME s9, a0
    CLAIM 3  # M-mode is not held by entries without a lock
    sw a1, 4(a0)
    CLAIM 4  # an access that leaves the entry fails whole
    addi a2, a0, -2
    li t0, 0x5a5a5a5a
    sw t0, 0(a2)
    ENTER 1
    FAULTS 7, sw zero, 0(a2)
    lw t1, 0(a2)
    EXPECT t1, 0x5a5a5a5a
    CLAIM 5  # NA4 is four bytes
    srli t0, a0, 2
    csrw pmpaddr0, t0
    li t0, (NAPOT | R | W | X) << 56 | NA4
    csrw pmpcfg0, t0
    ENTER 1
    lw a1, 4(a0)
    lw a1, -4(a0)
    FAULTS 5, lbu a1, 3(a0)
    CLAIM 6  # TOR begins where the entry before it ends
    srli t0, a0, 2
    csrw pmpaddr0, t0
    addi t0, t0, 16
    csrw pmpaddr1, t0
    li t0, (NAPOT | R | W | X) << 56 | (TOR | R | W) << 8
    csrw pmpcfg0, t0
    ENTER 1
    sw a1, 0(a0)
    sw a1, 60(a0)
    FAULTS 1, jr a0
    CLAIM 7  # the entry of the lowest number decides
    srli t0, a0, 2
    addi t0, t0, 2
    csrw pmpaddr2, t0
    li t0, (NAPOT | R | W | X) << 56 | NA4 << 16 | (TOR | R | W) << 8
    csrw pmpcfg0, t0
    ENTER 1
    sw a1, 8(a0)
    LEAVE
    li t0, (NAPOT | R | W | X) << 56 | (NA4 | R) << 0
    csrw pmpcfg0, t0
    ENTER 1
    FAULTS 7, sw a1, 0(a0)
    CLAIM 8  # MPRV takes MPP's permissions
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 17
    csrs mstatus, t0
    FAULTS 7, sw a1, 0(a0)
    li t0, 1 << 17
    csrc mstatus, t0
    CLAIM 9  # a lock holds M-mode too, and the entry with its predecessor's address
    srli t0, a0, 2
    csrw pmpaddr3, t0
    addi t0, t0, 16
    csrw pmpaddr4, t0
    li t0, (NAPOT | R | W | X) << 56 | (L | TOR | R) << 32
    csrw pmpcfg0, t0
    FAULTS 7, sw a1, 0(a0)
    lw a1, 0(a0)
    csrw pmpcfg0, zero
    csrw pmpaddr4, zero
    csrw pmpaddr3, zero
    srli t0, a0, 2
    csrr t1, pmpaddr3
    SAME t0, t1
    addi t0, t0, 16
    csrr t1, pmpaddr4
    SAME t0, t1
    csrr t1, pmpcfg0
    li t2, (L | TOR | R) << 32
    SAME t1, t2
    CLAIM 10  # Smepmp: rule locking bypass cannot be set once an entry is locked
    csrwi mseccfg, 4
    csrr t0, mseccfg
    EXPECT t0, 0
    CLAIM 11  # with MMWP, M-mode reaches nothing that no entry names; it sticks
    # The last entry, not locked, opens the rest to M-mode.
    li t0, -1
    csrw pmpaddr7, t0
    li t0, (NAPOT | R | W | X) << 56
    csrw pmpcfg0, t0
    csrwi mseccfg, 2
    lw a1, 128(a0)
    csrwi mseccfg, 0
    csrr t0, mseccfg
    EXPECT t0, 2
    CLAIM 12  # with MML, an entry without lock is for S and U alone, a locked one for M alone
    la t0, _start
    srli t0, t0, 2
    csrw pmpaddr5, t0
    la t0, page
    srli t0, t0, 2
    csrw pmpaddr6, t0
    # 5-6: the program, which M-mode may execute and read; 1-2: the device that ends the test.
    li t0, 0x100000 >> 2
    csrw pmpaddr1, t0
    li t0, 0x101000 >> 2
    csrw pmpaddr2, t0
    li t0, (NAPOT | R | W | X) << 56 | (L | TOR | R | X) << 48 | (L | TOR | R | W) << 16
    csrw pmpcfg0, t0
    csrwi mseccfg, 3
    csrr t0, mseccfg
    EXPECT t0, 3
    FAULTS 5, lw a1, 128(a0)
    lw a1, 0(a0)
    la t0, _start
    FAULTS 7, sw a1, 0(t0)
    FAULTS 1, ENTER 1
    CLAIM 13  # and no executable entry for M-mode can be added any more
    li t0, 0x2000
    csrw pmpaddr10, t0
    csrr t1, pmpcfg2
    li t0, (L | NA4 | X) << 16
    or t0, t0, t1
    csrw pmpcfg2, t0
    csrr t0, pmpcfg2
    SAME t0, t1
    j pass
    FINISH
    .balign 4096
page:
    ret
    .zero 4092
