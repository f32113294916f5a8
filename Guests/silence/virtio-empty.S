# The disk is in the last slot, and the driver looks at the first.
# options: -drive file={disk},if=none,format=raw,id=x -device virtio-blk-device,drive=x
# cause: virtio-empty-slot
# says: a driver looks at virtio slot 0 at 0x10001000, which is empty
# says: slot 7 at 0x10008000: virtio-blk-device
#include "silence.h"
    PANIC_ON_TRAP
    li a0, VIRTIO
    lw a1, 8(a0)
    li a2, 2
    bne a1, a2, panic
    PANIC
