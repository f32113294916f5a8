# cause: privileged-csr
# says: csrr at 0x8
# says: accesses the CSR mhartid, which belongs to machine mode, in supervisor mode
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    TO_SUPERVISOR
    csrr a0, mhartid
    PANIC
