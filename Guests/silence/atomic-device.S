# cause: atomic-outside-ram
# says: amoswap.w at 0x8
# says: the boot ROM
#include "silence.h"
    PANIC_ON_TRAP
    li a0, 0x2000
    amoswap.w a1, a2, (a0)
    PANIC
