# cause: page-user-mismatch
# says: U is set
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    MAP 0xcf
    la t0, root
    li t1, (RAM >> 12 << 10) | 0xdf
    sd t1, 8(t0)
    TO_SUPERVISOR
    SET_SATP
    li a0, 0x40000000
    ld a1, 0(a0)
    PANIC
    TABLES
