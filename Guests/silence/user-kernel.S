# cause: kernel-in-user-mode
# says: the access to the CSR stvec at 0x8
# says: was mstatus.MPP 0 at the mret that started it?
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    la t0, supervisor
    csrw mepc, t0
    mret
supervisor:
    la t0, panic
    csrw stvec, t0
    PANIC
