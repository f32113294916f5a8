# cause: timer-never-set
# says: (sie.STIE is set), and the timer was not set
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    li t0, 0x222
    csrw mideleg, t0
    TO_SUPERVISOR
    li t0, 0x20
    csrw sie, t0
    csrsi sstatus, 2
1:  wfi
    j 1b
    PANIC
