# cause: sbi-without-firmware
# cause: mtvec-zero
# says: supervisor mode makes an SBI call (extension 0x1, legacy)
# says: -bios none
#include "silence.h"
    OPEN_PMP
    TO_SUPERVISOR
    li a7, 1
    li a0, 'H'
    ecall
1:  j 1b
