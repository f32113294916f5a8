# cause: float-off
# says: fadd.d at 0x8
# says: mstatus.FS is 0
#include "silence.h"
    PANIC_ON_TRAP
    fadd.d fa0, fa1, fa2
    PANIC
