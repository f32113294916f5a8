# cause: breakpoint-without-debugger
# says: ebreak at 0x8
#include "silence.h"
    PANIC_ON_TRAP
    ebreak
    PANIC
