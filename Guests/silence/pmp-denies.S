# cause: pmp-denies
# says: none of the 1 PMP entries
#include "silence.h"
    PANIC_ON_TRAP
    li t0, RAM >> 2
    csrw pmpaddr0, t0
    li t0, 0xf
    csrw pmpcfg0, t0
    TO_SUPERVISOR
    li a0, 1
    PANIC
