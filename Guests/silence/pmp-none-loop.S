# The same with no handler: both are told.
# cause: pmp-no-entry
# cause: mtvec-zero
# says: no PMP entry is set
# says: mtvec is 0
#include "silence.h"
    li t0, 0x800
    csrs mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret
supervisor:
    li a0, 1
    j supervisor
