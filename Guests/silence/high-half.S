# The kernel is linked high and jumps there before it has switched translation on.
# link: 0xffffffc080000000
# cause: linked-elsewhere
# says: where the kernel is linked to, but not loaded
# says: address translation is off
#include "silence.h"
    lla t0, panic
    csrw mtvec, t0
    ld a0, target
    jr a0
    .balign 8
target:
    .dword main
main:
    j main
    PANIC
