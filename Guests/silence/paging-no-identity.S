# cause: paging-without-identity
# says: writes satp, and the page table does not map the instruction behind it
# says: V is clear in the entry of level 2
#include "silence.h"
    OPEN_PMP
    PANIC_ON_TRAP
    TO_SUPERVISOR
    SET_SATP
    li a0, 1
    PANIC
    TABLES
