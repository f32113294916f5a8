# cause: external-storm
# says: the machine external interrupt comes again
# says: PLIC source 10 is pending and was not claimed
#include "silence.h"
    la t0, handler
    csrw mtvec, t0
    li t0, PLIC
    li t1, 1
    sw t1, 40(t0)
    li t1, 1 << 10
    li t2, PLIC + 0x2000
    sw t1, 0(t2)
    UART_INTERRUPT
    li t0, 0x800
    csrw mie, t0
    csrsi mstatus, 8
1:  addi a0, a0, 1
    j 1b
    .balign 4
handler:
    mret
