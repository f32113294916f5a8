# cause: waits-for-nothing
# says: the hart waits (wfi) and no interrupt is enabled in mie: stopped on purpose?
#include "silence.h"
1:  wfi
    j 1b
