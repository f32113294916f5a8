# options: -cpu rv64,svadu=off,svade=on
# cause: page-accessed-dirty
# says: D is clear
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    MAP 0x4f
    TO_SUPERVISOR
    SET_SATP
    la a0, root
    sd a1, 0(a0)
    PANIC
    TABLES
