# cause: misaligned-atomic
# says: amoadd.w at 0x8
# says: which is no multiple of 4
#include "silence.h"
    PANIC_ON_TRAP
    la a0, data + 2
    amoadd.w a1, a2, (a0)
    PANIC
    .balign 8
data:
    .dword 0
