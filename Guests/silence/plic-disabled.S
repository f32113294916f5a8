# cause: plic-source-disabled
# says: PLIC source 10 (the UART) is pending, and enabled for no context
#include "silence.h"
    PANIC_ON_TRAP
    UART_INTERRUPT
    li t0, 0x800
    csrw mie, t0
    csrsi mstatus, 8
1:  wfi
    j 1b
    PANIC
