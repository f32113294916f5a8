# cause: handler-faults
# says: the trap handler at 0x8
# says: <handler>
# says: inside the handler: sd at
# says: the trap before: environment call from machine mode
#include "silence.h"
    la t0, handler
    csrw mtvec, t0
    ecall
    j _start
    .balign 4
handler:
    csrrw a0, mscratch, a0
    sd a1, 8(a0)
    csrrw a0, mscratch, a0
    mret
