# cause: interrupts-globally-off
# says: while the machine timer interrupt is pending and enabled in mie, and mstatus.MIE is clear
#include "silence.h"
    PANIC_ON_TRAP
    li t0, CLINT + 0x4000
    sd zero, 0(t0)
    li t0, 0x80
    csrw mie, t0
1:  wfi
    j 1b
    PANIC
