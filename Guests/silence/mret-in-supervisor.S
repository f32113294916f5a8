# cause: privileged-instruction
# says: mret at 0x8
# says: is not allowed in supervisor mode
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    TO_SUPERVISOR
    mret
    PANIC
