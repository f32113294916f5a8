# cause: pmp-denies
# says: permits R-X
# says: store to
#include "silence.h"
    PANIC_ON_TRAP
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1d
    csrw pmpcfg0, t0
    TO_SUPERVISOR
    la a0, variable
    sd a0, 0(a0)
    PANIC
    .balign 8
variable:
    .dword 0
