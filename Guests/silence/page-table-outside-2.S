# cause: page-table-outside-memory
# says: a page-table entry puts the next table at 0x40000000
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    MAP 0xcf
    la t0, root
    li t1, (0x40000000 >> 12 << 10) | 1
    sd t1, 8(t0)
    TO_SUPERVISOR
    SET_SATP
    nop
    nop
    li a0, 0x40000000
    ld a1, 0(a0)
    PANIC
    TABLES
