# options: -cpu rv64,zba=off
# cause: extension-off
# says: sh1add at 0x8
# says: belongs to Zba, which this CPU does not have
# says: -cpu rv64,zba=on
#include "silence.h"
    PANIC_ON_TRAP
    # sh1add a0, a1, a2
    .4byte 0x20c5a533
    PANIC
