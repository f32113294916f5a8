# cause: device-access-width
# says: its address is no multiple of 4
#include "silence.h"
    PANIC_ON_TRAP
    li a0, PLIC + 6
    lw a1, 0(a0)
    PANIC
