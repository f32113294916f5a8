# satp wants the table's page number, and is given its address.
# cause: page-table-outside-memory
# says: satp puts the root page table at
# says: where there is no memory
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    MAP 0xcf
    TO_SUPERVISOR
    la t0, root
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    nop
    PANIC
    TABLES
