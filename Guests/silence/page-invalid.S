# cause: page-not-valid
# says: supervisor mode may not load from 0x40001000: nothing is mapped there
# says: level 2: entry at 0x8
# says: what to do: Map the page
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    MAP 0xcf
    TO_SUPERVISOR
    SET_SATP
    li a0, 0x40001000
    ld a1, 0(a0)
    PANIC
    TABLES
