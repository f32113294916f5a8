# cause: no-device
# says: sw at 0x8
# says: accesses 0x10009000, where there is neither memory nor a device, the nearest is a virtio slot (0x10008000-0x100081ff)
#include "silence.h"
    PANIC_ON_TRAP
    li a0, 0x10009000
    sw zero, 0(a0)
    PANIC
