// Unsafe pointers: RAM of the guest, which `AddressSpace` has checked and keeps.
import Machine
import RISCV

extension BuiltinFirmware {
  /// More bytes than that are not moved by one call, which would keep the hart from everything else meanwhile: the
  /// caller goes on with the rest.
  private static let mostBytes: UInt64 = 64 << 10

  /// DBCN (SBI 2.0, chapter 12).
  func debugConsole(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    guard let console else { throw .notSupported }
    switch call.function {
    case 0:
      guard let bytes = try bytes(call, includingROM: true) else { return .success }
      for byte in bytes { console.send(byte) }
      return .value(UInt64(bytes.count))
    case 1:
      guard let bytes = try bytes(call, includingROM: false), let base = bytes.baseAddress else {
        return .success
      }
      var count = 0
      while count < bytes.count, let byte = console.receive() {
        (base + count).storeBytes(of: byte, as: UInt8.self)
        count += 1
      }
      if count > 0 { memory.didWrite(call[1], count: count) }
      return .value(UInt64(count))
    case 2:
      console.send(UInt8(truncatingIfNeeded: call[0]))
      return .success
    default: throw .notSupported
    }
  }

  /// Memory that a0 to a2 describe: count, address, the address's upper half. All of it has to exist, a part of it is
  /// what comes back; nil where there are no bytes.
  private func bytes(_ call: SBICall, includingROM: Bool) throws(SBIError) -> UnsafeMutableRawBufferPointer? {
    let isRV32 = call.hart.features.xlen == 32
    guard isRV32 || call[2] == 0 else { throw .failed }
    let address = isRV32 ? call[1] | call[2] << 32 : call[1]
    guard call[0] > 0 else { return nil }
    guard let count = Int(exactly: call[0]),
      let whole = memory.ramBytes(at: address, count: count, includingROM: includingROM)
    else { throw .invalidParameter }
    return UnsafeMutableRawBufferPointer(rebasing: whole[..<min(count, Int(Self.mostBytes))])
  }
}
