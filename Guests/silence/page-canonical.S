# cause: address-not-canonical
# says: 0x8000000000 is no address of Sv39
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    MAP 0xcf
    TO_SUPERVISOR
    SET_SATP
    li a0, 0x8000000000
    ld a1, 0(a0)
    PANIC
    TABLES
