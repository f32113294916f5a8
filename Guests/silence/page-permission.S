# cause: page-permission
# says: supervisor mode may not store to
# says: W is clear
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    MAP 0xcb
    TO_SUPERVISOR
    SET_SATP
    la a0, root
    sd a1, 0(a0)
    PANIC
    TABLES
