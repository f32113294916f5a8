# options: -global virtio-mmio.force-legacy=false -drive file={disk},if=none,format=raw,id=x -device virtio-blk-device,drive=x,bus=virtio-mmio-bus.0
# cause: virtio-legacy-driver
# says: writes register 0x28 of version 1 (legacy), and the slot has version 2 (modern)
#include "silence.h"
    PANIC_ON_TRAP
    li a0, VIRTIO
    li a1, 4096
    sw a1, 0x28(a0)
1:  lw a2, 0x40(a0)
    beqz a2, 1b
    PANIC
