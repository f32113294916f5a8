# cause: privileged-csr
# cause: stvec-invalid
# says: its page cannot be executed (V is clear in the entry of level 2)
# says: page walk (Sv39)
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    li t0, -1
    csrw medeleg, t0
    MAP 0xcf
    TO_SUPERVISOR
    SET_SATP
    li t0, 0xffffffc000200000
    csrw stvec, t0
    csrr a0, mstatus
    PANIC
    TABLES
