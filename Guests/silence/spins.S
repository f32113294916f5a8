# cause: spins
# says: a loop of 1 instruction at 0x8
# says: <finished>
# says: stopped on purpose?
#include "silence.h"
    PANIC_ON_TRAP
finished:
    j finished
    PANIC
