import Logging
import Machine

/// What drivers have done to a slot since the last reset, as far as it tells what they take it for.
package struct DriverConduct: Sendable {
  package private(set) var hasReadVersion = false
  package private(set) var hasReadDeviceID = false
  /// The first register, by its offset, that was written and belongs to the other version.
  package private(set) var foreignWrite: UInt64?
  /// The first register of a queue that was written.
  package private(set) var queueWrite: UInt64?

  mutating func noteRead(_ offset: UInt64) {
    if offset == 0x004 { hasReadVersion = true }
    if offset == 0x008 { hasReadDeviceID = true }
  }

  mutating func noteWrite(_ offset: UInt64, isLegacy: Bool) {
    // Status and features may be written by a driver that is only looking.
    if queueWrite == nil, (0x038...0x050).contains(offset) || (0x080...0x0a4).contains(offset) {
      queueWrite = offset
    }
    let foreign = isLegacy ? VirtIOMMIO.modernRegisters : VirtIOMMIO.legacyRegisters
    if foreignWrite == nil, offset >= 0x028, foreign.contains(offset) { foreignWrite = offset }
  }
}

/// What a driver does to the transport's registers that it should not.
extension VirtIOMMIO {
  /// Of version 1 only, and of version 2 only (virtio 1.3, §4.2.2, §4.2.4).
  fileprivate static let legacyRegisters: Set<UInt64> = [0x028, 0x03c, 0x040]
  fileprivate static let modernRegisters: Set<UInt64> = [
    0x044, 0x080, 0x084, 0x090, 0x094, 0x0a0, 0x0a4, 0x0c0, 0x0fc,
  ]

  package func remark(on access: DeviceAccess) -> DeviceRemark? {
    // An empty slot is asked by every driver that probes.
    guard !isEmpty, access.offset < 0x100 else { return nil }
    let isWrite = access.value != nil
    let name = isWrite ? "virtio_mmio_write" : "virtio_mmio_read"
    let offset = "(0x\(hexadecimal(access.offset)))"
    guard access.width == 4 || access.width == 8 else {
      return .guestError("\(name): wrong size access to register!")
    }
    guard let register = Self.registers.first(where: { $0.offset == access.offset }) else {
      return .guestError("\(name): bad register offset \(offset)")
    }
    if isWrite, register.access == .readOnly {
      return .guestError("\(name): write to read-only register \(offset)")
    }
    if !isWrite, register.access == .writeOnly {
      return .guestError("\(name): read of write-only register \(offset)")
    }
    let verb = isWrite ? "write to" : "read from"
    if isLegacy, Self.modernRegisters.contains(access.offset) {
      return .guestError("\(name): \(verb) non-legacy register \(offset) in legacy mode")
    }
    if !isLegacy, Self.legacyRegisters.contains(access.offset) {
      return .guestError("\(name): \(verb) legacy register \(offset) in non-legacy mode")
    }
    return nil
  }
}
