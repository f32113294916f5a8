# cause: no-device
# cause: mtvec-invalid
# says: mtvec is 0x12345678, where no handler is
#include "silence.h"
    li t0, 0x12345678
    csrw mtvec, t0
    li a0, 0x50
    ld a1, 0(a0)
