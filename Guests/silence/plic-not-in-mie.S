# cause: interrupt-not-in-mie
# says: PLIC source 10 (the UART) is pending, enabled and signalled, and mie.MEIE is clear
#include "silence.h"
    PANIC_ON_TRAP
    li t0, PLIC
    li t1, 1
    sw t1, 40(t0)
    li t1, 1 << 10
    li t2, PLIC + 0x2000
    sw t1, 0(t2)
    UART_INTERRUPT
    csrsi mstatus, 8
1:  wfi
    j 1b
    PANIC
