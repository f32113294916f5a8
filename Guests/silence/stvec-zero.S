# cause: privileged-csr
# cause: stvec-zero
# says: stvec is 0, so that every trap of supervisor mode traps again
#include "silence.h"
    OPEN_PMP
    la t0, panic
    csrw mtvec, t0
    li t0, -1
    csrw medeleg, t0
    TO_SUPERVISOR
    csrr a0, mstatus
    PANIC
