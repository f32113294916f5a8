# The UART of sifive_u.
# cause: other-board
# says: which is the SiFive UART of sifive_u
# says: its UART is at 0x10000000
#include "silence.h"
    PANIC_ON_TRAP
    li a0, 0x10010000
    li a1, 'H'
    sw a1, 0(a0)
    PANIC
