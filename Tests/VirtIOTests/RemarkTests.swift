import Machine
import Testing

import Devices

/// What the transport says of drivers that err.
@Suite struct TransportRemarkTests {
  private func remark(_ rig: Rig, _ offset: UInt64, width: Int = 4, writing value: UInt64? = nil) -> String? {
    rig.transport.remark(on: DeviceAccess(offset: offset, width: width, value: value))?.text
  }

  private func disk(_ rig: Rig) throws -> VirtIOBlock {
    VirtIOBlock(
      drive: MemoryDisk(sectors: 8), settings: VirtIOBlock.Properties(), memory: rig.memory, gate: rig.gate)
  }

  @Test func misusedRegistersAreNamed() throws {
    let rig = try Rig(version: 1)
    // An empty slot is asked by every driver that probes.
    #expect(remark(rig, 0xf4) == nil)
    rig.transport.plug(try disk(rig))
    #expect(remark(rig, 0xf4) == "virtio_mmio_read: bad register offset (0xf4)")
    #expect(remark(rig, 0xf4, writing: 1) == "virtio_mmio_write: bad register offset (0xf4)")
    #expect(remark(rig, 0, writing: 1) == "virtio_mmio_write: write to read-only register (0x0)")
    #expect(remark(rig, 0x14) == "virtio_mmio_read: read of write-only register (0x14)")
    #expect(remark(rig, 0, width: 1) == "virtio_mmio_read: wrong size access to register!")
    #expect(
      remark(rig, 0x80, writing: 1)
        == "virtio_mmio_write: write to non-legacy register (0x80) in legacy mode")
    #expect(
      remark(rig, 0x70) == nil && remark(rig, 0x70, writing: 0) == nil && remark(rig, 0x100, width: 1) == nil)
    let modern = try Rig(version: 2)
    modern.transport.plug(try disk(modern))
    #expect(
      remark(modern, 0x40, writing: 1)
        == "virtio_mmio_write: write to legacy register (0x40) in non-legacy mode")
    #expect(remark(modern, 0x80, writing: 1) == nil)
  }
}
