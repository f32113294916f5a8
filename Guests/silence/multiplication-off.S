# options: -cpu rv64,m=off,zmmul=off
# cause: extension-off
# says: mul at 0x8
# says: -cpu rv64,zmmul=on
#include "silence.h"
    PANIC_ON_TRAP
    mul a0, a1, a2
    PANIC
