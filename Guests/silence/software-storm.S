# cause: software-interrupt-storm
# says: the machine software interrupt comes again
#include "silence.h"
    la t0, handler
    csrw mtvec, t0
    li t0, CLINT
    li t1, 1
    sw t1, 0(t0)
    li t0, 8
    csrw mie, t0
    csrsi mstatus, 8
1:  addi a0, a0, 1
    j 1b
    .balign 4
handler:
    mret
