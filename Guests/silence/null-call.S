# cause: jump-nowhere
# says: the call at 0x8
# says: went to 0x0
# says: a null function pointer?
#include "silence.h"
    PANIC_ON_TRAP
    li a5, 0
    jalr a5
    PANIC
