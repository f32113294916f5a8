# options: -cpu rv64,c=off
# march: rv64g
# cause: misaligned-jump
# says: which is no multiple of four
#include "silence.h"
    PANIC_ON_TRAP
    la a0, panic + 2
    jr a0
    PANIC
