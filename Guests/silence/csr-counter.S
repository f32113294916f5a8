# cause: privileged-csr
# says: which supervisor mode may read only with bit 1 of mcounteren set
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    TO_SUPERVISOR
    rdtime a0
    PANIC
