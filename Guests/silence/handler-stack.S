# A stack pointer that was never set: the handler saves registers below address 0.
# cause: bad-stack
# says: sp was never set
#include "silence.h"
    la t0, handler
    csrw mtvec, t0
    ecall
    j _start
    .balign 4
handler:
    addi sp, sp, -16
    sd a1, 8(sp)
    ld a1, 8(sp)
    addi sp, sp, 16
    mret
