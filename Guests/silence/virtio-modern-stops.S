# A driver that looks at the version and panics.
# options: -drive file={disk},if=none,format=raw,id=x -device virtio-blk-device,drive=x,bus=virtio-mmio-bus.0
# cause: virtio-modern-driver
# says: asked virtio slot 0 at 0x10001000 (virtio-blk-device) for its version, which is 1, the legacy interface
#include "silence.h"
    PANIC_ON_TRAP
    li a0, VIRTIO
    lw a1, 4(a0)
    li a2, 2
    bne a1, a2, panic
    PANIC
