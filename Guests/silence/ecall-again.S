# cause: ecall-not-skipped
# says: the environment call from machine mode at
# says: which mepc points to
#include "silence.h"
    la t0, handler
    csrw mtvec, t0
    li a7, 1
    ecall
1:  j 1b
    .balign 4
handler:
    csrr t0, mcause
    mret
