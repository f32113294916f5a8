# cause: no-device
# cause: mtvec-invalid
# says: memory there holds zeros
#include "silence.h"
    li t0, RAM + 0x100000
    csrw mtvec, t0
    li a0, 0x50
    ld a1, 0(a0)
