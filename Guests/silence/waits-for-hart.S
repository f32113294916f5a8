# options: -smp 2
# cause: waits-for-hart
# says: for memory to change, and no other hart runs
# says: hart 1 waits (wfi) at 0x8
#include "silence.h"
    PANIC_ON_TRAP
    csrr t0, mhartid
    bnez t0, parked
    la a0, flag
1:  lw a1, 0(a0)
    beqz a1, 1b
    PANIC
parked:
    wfi
    j parked
    .balign 4
flag:
    .word 0
