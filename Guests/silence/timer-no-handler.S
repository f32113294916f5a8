# cause: interrupt-without-handler
# says: the machine timer interrupt was taken at
# says: mtvec (0x0) leads to no handler
#include "silence.h"
    li t0, CLINT + 0x4000
    sd zero, 0(t0)
    li t0, 0x80
    csrw mie, t0
    csrsi mstatus, 8
1:  j 1b
