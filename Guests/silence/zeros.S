# cause: jump-into-zeros
# says: where memory holds zeros, outside of the kernel's image
# says: ra, the last call's return address: 0x8
#include "silence.h"
    PANIC_ON_TRAP
    li a0, RAM + 0x200000
    jalr a0
    PANIC
