# options: -cpu rv64 -smp 3
# Harts whose handler itself faults, for ever, hold up no other, on one thread either.
#include "claims.h"
    BEGIN
    csrr t0, mhartid
    beqz t0, 1f
    csrw mtvec, zero
    jr zero
1:  CLAIM 1
    li t0, 300000
2:  addi t0, t0, -1
    bnez t0, 2b
    j pass
    FINISH
