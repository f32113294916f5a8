# bios: default
# cause: sbi-unknown-call
# says: extension 0xabcdef
# says: the firmware does not have it
#include "silence.h"
1:  li a7, 0xabcdef
    li a6, 0
    ecall
    bnez a0, 1b
2:  j 2b
