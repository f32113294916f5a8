# cause: plic-priority
# says: is pending with priority 1, and context 0 (hart 0, machine mode) has the threshold 3
#include "silence.h"
    PANIC_ON_TRAP
    li t0, PLIC
    li t1, 1
    sw t1, 40(t0)
    li t1, 1 << 10
    li t2, PLIC + 0x2000
    sw t1, 0(t2)
    li t0, PLIC + 0x200000
    li t1, 3
    sw t1, 0(t0)
    UART_INTERRUPT
    li t0, 0x800
    csrw mie, t0
    csrsi mstatus, 8
1:  wfi
    j 1b
    PANIC
