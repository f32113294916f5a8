# 64-bit instructions on a 32-bit hart.
# bits: 32
# cause: instruction-of-other-width
# says: ld at 0x8
# says: exists on 64-bit harts only
#include "silence.h"
    PANIC_ON_TRAP
    # ld a0, 0(a1)
    .4byte 0x0005b503
    PANIC
