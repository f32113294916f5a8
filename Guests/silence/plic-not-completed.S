# cause: plic-not-completed
# says: was claimed before and never completed
#include "silence.h"
    PANIC_ON_TRAP
    li t0, PLIC
    li t1, 1
    sw t1, 40(t0)
    li t1, 1 << 10
    li t2, PLIC + 0x2000
    sw t1, 0(t2)
    UART_INTERRUPT
    li t0, PLIC + 0x200004
    lw a0, 0(t0)
    # Its transmitter is empty anew.
    li t0, UART
    li t1, 'H'
    sb t1, 0(t0)
    li t0, 0x800
    csrw mie, t0
    csrsi mstatus, 8
1:  wfi
    j 1b
    PANIC
