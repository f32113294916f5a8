# cause: return-nowhere
# says: mret went to 0x0 in supervisor mode
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    li t0, 0x800
    csrs mstatus, t0
    mret
    PANIC
