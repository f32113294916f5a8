# The kernel of every tutorial written before emulators checked PMP.
# cause: pmp-no-entry
# says: supervisor mode may not fetch from 0x8
# says: <supervisor>
# says: no PMP entry is set
#include "silence.h"
    la t0, panic
    csrw mtvec, t0
    li t0, 0x1800
    csrc mstatus, t0
    li t0, 0x800
    csrs mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret
supervisor:
    li a0, 1
    j supervisor
    PANIC
