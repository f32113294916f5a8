# A lock that was linked into ROM is never seen to be taken.
# cause: write-to-rom
# says: a store to 0x2000 was ignored: that is read-only memory (the boot ROM
#include "silence.h"
    PANIC_ON_TRAP
    li a0, 0x2000
    li a1, 1
    sw a1, 0(a0)
1:  lw a2, 0(a0)
    bne a1, a2, 1b
    PANIC
