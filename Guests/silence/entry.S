# entry: main
# cause: entry-not-at-start
# cause: spins
# says: is not where its image starts, 0x80000000
#include "silence.h"
    .4byte 0xffffffff
    .globl main
main:
    j main
