# cause: timer-storm
# says: the machine timer interrupt comes again as soon as its handler has returned
# says: the timer is set to 0
#include "silence.h"
    la t0, handler
    csrw mtvec, t0
    li t0, CLINT + 0x4000
    sd zero, 0(t0)
    li t0, 0x80
    csrw mie, t0
    csrsi mstatus, 8
1:  addi a0, a0, 1
    j 1b
    .balign 4
handler:
    addi s0, s0, 1
    mret
