# cause: extension-off
# says: one of the vector extension, V
#include "silence.h"
    PANIC_ON_TRAP
    # vsetvli t0, a0, e8, m1, ta, ma
    .4byte 0x0c0572d7
    PANIC
