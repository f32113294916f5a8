# The stack has grown below RAM into PCI's window, which takes stores and forgets them.
# cause: bad-stack
# says: the hart returned to
# says: in PCI's memory window
# says: what is saved there is lost
#include "silence.h"
    PANIC_ON_TRAP
    li sp, RAM
    jal function
    PANIC
function:
    addi sp, sp, -32
    sd ra, 24(sp)
    ld ra, 24(sp)
    ret
