# cause: not-code
# says: 0xffffffff at 0x8
# says: erased flash
#include "silence.h"
    PANIC_ON_TRAP
    .4byte 0xffffffff
    PANIC
