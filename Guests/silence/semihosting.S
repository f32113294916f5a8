# cause: semihosting-off
# says: makes a semihosting call (operation 0x4), and semihosting is off
#include "silence.h"
    PANIC_ON_TRAP
    li a0, 4
    la a1, panic
    .balign 16
    .option push
    .option norvc
    slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    .option pop
    PANIC
