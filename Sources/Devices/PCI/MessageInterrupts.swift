/// Interrupts by messages (MSI-X; PCI Local Bus 3.0, §6.8.2): a table of addresses and data in memory that the
/// function offers, and one of what is pending behind it.
struct MessageInterrupts: Sendable {
  static let capabilityID: UInt8 = 0x11
  static let largestCount = 2048
  private static let entrySize = 16

  /// Bits of Message Control (§6.8.2.3), in the capability's bytes 2 and 3.
  private enum Control {
    static let functionMask: UInt16 = 1 << 14
    static let enable: UInt16 = 1 << 15
  }

  struct State: Codable, Equatable, Sendable {
    /// 16 bytes for each vector: address, data, control.
    var table: [UInt8] = []
    var pending: [Bool] = []
  }

  /// Offset of the capability.
  let capability: Int
  let count: Int
  var state: State

  /// The half of the range that QEMU has the pending bits in, where the table leaves it.
  private static func pendingOffset(_ count: Int) -> Int { max(2048, count * entrySize) }
  private static func pendingSize(_ count: Int) -> Int { (count + 63) / 64 * 8 }

  /// Adds capability and base address register `index` to `configuration`, for `count` vectors.
  init(_ count: Int, baseAddress index: Int, in configuration: inout PCIConfigurationSpace) {
    self.count = count
    let pending = Self.pendingOffset(count)
    var size: UInt64 = 4096
    while size < UInt64(pending + Self.pendingSize(count)) { size *= 2 }
    configuration.add(PCIBaseAddress(index, .memory, size: size))
    var body: [UInt8] = []
    withUnsafeBytes(of: UInt16(count - 1).littleEndian) { body += $0 }
    for offset in [0, pending] {
      withUnsafeBytes(of: UInt32(offset | index).littleEndian) { body += $0 }
    }
    capability = configuration.addCapability(Self.capabilityID, body)
    configuration.allow(capability + 2, UInt32(Control.functionMask | Control.enable), width: 2)
    state = Self.initial(count)
  }

  /// Every vector is masked.
  private static func initial(_ count: Int) -> State {
    var state = State(
      table: [UInt8](repeating: 0, count: count * entrySize), pending: [Bool](repeating: false, count: count))
    for vector in 0..<count { state.table[vector * entrySize + 12] = 1 }
    return state
  }

  mutating func reset() { state = Self.initial(count) }

  mutating func restore(_ saved: State) {
    guard saved.table.count == state.table.count, saved.pending.count == count else { return }
    state = saved
  }

  // MARK: Registers

  private func control(_ configuration: PCIConfigurationSpace) -> UInt16 {
    UInt16(truncatingIfNeeded: configuration.read(capability + 2, width: 2))
  }

  func isEnabled(_ configuration: PCIConfigurationSpace) -> Bool {
    control(configuration) & Control.enable != 0
  }

  private func isMasked(_ vector: Int, _ configuration: PCIConfigurationSpace) -> Bool {
    control(configuration) & Control.functionMask != 0 || state.table[vector * Self.entrySize + 12] & 1 != 0
  }

  /// Ones beside the two tables, and where an access has less than 4 bytes, which nobody may make (§6.8.2).
  func read(_ offset: UInt64, width: Int) -> UInt64 {
    var value: UInt64 = 0
    for byte in (offset..<offset + UInt64(width)).reversed() {
      value = value << 8 | (width < 4 ? 0xff : UInt64(self.byte(Int(byte))))
    }
    return value
  }

  private func byte(_ offset: Int) -> UInt8 {
    if offset < state.table.count { return state.table[offset] }
    let pending = offset - Self.pendingOffset(count)
    guard pending >= 0, pending < Self.pendingSize(count) else { return 0xff }
    return (0..<8).reduce(0) { bits, bit in
      let vector = pending * 8 + bit
      return vector < count && state.pending[vector] ? bits | 1 << UInt8(bit) : bits
    }
  }

  mutating func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    guard width >= 4 else { return }
    for index in 0..<width where Int(offset) + index < state.table.count {
      state.table[Int(offset) + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
    }
  }

  // MARK: Messages

  struct Message {
    let address: UInt64
    let data: UInt32
  }

  /// Signals `vector`: a message to be sent now, unless it has to wait.
  mutating func signal(_ vector: Int, _ configuration: PCIConfigurationSpace) -> Message? {
    guard vector < count, isEnabled(configuration) else { return nil }
    guard !isMasked(vector, configuration) else {
      state.pending[vector] = true
      return nil
    }
    return message(vector)
  }

  /// What waited and may be sent, now that something has changed.
  mutating func release(_ configuration: PCIConfigurationSpace) -> [Message] {
    guard isEnabled(configuration) else { return [] }
    var released: [Message] = []
    for vector in 0..<count where state.pending[vector] && !isMasked(vector, configuration) {
      state.pending[vector] = false
      released.append(message(vector))
    }
    return released
  }

  /// Forgets what waits: the function was reset.
  mutating func forget() { state.pending = [Bool](repeating: false, count: count) }

  private func message(_ vector: Int) -> Message {
    let entry = state.table[vector * Self.entrySize..<(vector + 1) * Self.entrySize]
    func word(_ offset: Int, _ width: Int) -> UInt64 {
      entry[(entry.startIndex + offset)..<(entry.startIndex + offset + width)].reversed().reduce(0) {
        $0 << 8 | UInt64($1)
      }
    }
    return Message(address: word(0, 8) & ~3, data: UInt32(truncatingIfNeeded: word(8, 4)))
  }
}
