# cause: interrupt-not-delegated
# says: the supervisor software interrupt is pending, and mideleg does not give it to supervisor mode
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    csrsi mip, 2
    TO_SUPERVISOR
    csrsi sie, 2
    csrsi sstatus, 2
1:  wfi
    j 1b
    PANIC
