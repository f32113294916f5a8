# cause: timer-not-enabled
# says: the timer's time has come, and mie.MTIE is clear
#include "silence.h"
    PANIC_ON_TRAP
    li t0, CLINT + 0x4000
    li t1, 100
    sd t1, 0(t0)
    csrsi mstatus, 8
1:  wfi
    j 1b
    PANIC
