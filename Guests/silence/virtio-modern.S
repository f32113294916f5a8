# options: -drive file={disk},if=none,format=raw,id=x -device virtio-blk-device,drive=x,bus=virtio-mmio-bus.0
# cause: virtio-modern-driver
# says: writes register 0x80 of version 2 (modern), and the slot has version 1 (legacy)
# says: -global virtio-mmio.force-legacy=false
#include "silence.h"
    PANIC_ON_TRAP
    li a0, VIRTIO
    li a1, RAM + 0x100000
    sw zero, 0x30(a0)
    sw a1, 0x80(a0)
1:  lw a2, 0x44(a0)
    beqz a2, 1b
    PANIC
