# options: -cpu rv64,sstc=off
# cause: no-such-csr
# says: the CSR stimecmp, which this CPU does not have: it comes with Sstc
# says: -cpu rv64,sstc=on
#include "silence.h"
    PANIC_ON_TRAP
    csrw 0x14d, zero
    PANIC
