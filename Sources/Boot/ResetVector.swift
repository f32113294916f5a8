/// The first instructions of every hart, in the board's mask ROM, and the record that they hand to
/// OpenSBI's fw_dynamic (OpenSBI, "FW_DYNAMIC").
package struct ResetVector: Sendable {
  package var is64Bit: Bool
  /// Where the code jumps.
  package var start: UInt64
  package var deviceTree: UInt64
  /// Where the firmware goes on in S-mode; 0 where there is no kernel.
  package var next: UInt64

  package init(is64Bit: Bool, start: UInt64, deviceTree: UInt64, next: UInt64) {
    self.is64Bit = is64Bit
    self.start = start
    self.deviceTree = deviceTree
    self.next = next
  }

  /// Code and addresses: a0 = hart, a1 = device tree, a2 = the record behind.
  package var code: [UInt8] {
    let words: [UInt32] = [
      0x0000_0297,  // auipc t0, 0
      0x0282_8613,  // addi  a2, t0, 40
      0xf140_2573,  // csrr  a0, mhartid
      is64Bit ? 0x0202_b583 : 0x0202_a583,  // ld a1, 32(t0)
      is64Bit ? 0x0182_b283 : 0x0182_a283,  // ld t0, 24(t0)
      0x0002_8067,  // jr t0
    ]
    var bytes: [UInt8] = []
    for word in words { bytes.append(little: word) }
    bytes.append(little: start)
    bytes.append(little: deviceTree)
    return bytes
  }

  /// magic "OSBI", version 2, next address, next mode (S), options, boot hart.
  package var dynamicInfo: [UInt8] {
    var bytes: [UInt8] = []
    for field: UInt64 in [0x4942_534f, 2, next, 1, 0, 0] {
      if is64Bit {
        bytes.append(little: field)
      } else {
        bytes.append(little: UInt32(truncatingIfNeeded: field))
      }
    }
    return bytes
  }
}
