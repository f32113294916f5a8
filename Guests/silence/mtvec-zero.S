# cause: no-device
# cause: mtvec-zero
# says: ld at 0x8
# says: where there is neither memory nor a device
# says: nothing handles it: mtvec is 0x0
# says: mtvec is 0, so that every trap of machine mode traps again: there is no memory at 0x0
#include "silence.h"
    li a0, 0x50
    ld a1, 0(a0)
    j _start
