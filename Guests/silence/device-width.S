# cause: device-access-width
# says: in the PLIC (0xc000000-0xc5fffff), which refuses it: it takes accesses of 4 to 4 bytes
#include "silence.h"
    PANIC_ON_TRAP
    li a0, PLIC + 4
    lb a1, 0(a0)
    PANIC
