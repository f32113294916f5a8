/// A piece of guest memory being written: instructions at an address, with labels, and whatever data stands
/// among them.
struct Assembly {
  /// Where an instruction will be.
  struct Label: Hashable { fileprivate var number: Int }

  private enum Field { case branch, jump }
  private struct Fixup {
    var place: Int
    var field: Field
    var target: Int
    /// What the distance is counted from.
    var origin: UInt64
  }

  let base: UInt64
  private(set) var bytes: [UInt8] = []
  private var labels: [Int?] = []
  private var fixups: [Fixup] = []

  init(at base: UInt64) { self.base = base }

  /// Where the next byte goes.
  var here: UInt64 { base + UInt64(bytes.count) }

  // MARK: Bytes

  mutating func halfword(_ value: UInt32) {
    bytes += [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
  }
  mutating func doubleword(_ value: UInt64) {
    for i in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i))) }
  }
  /// Zeros, which are no instruction, up to `address`.
  mutating func pad(to address: UInt64) {
    precondition(address >= here, "no room: \(here - address) bytes too many")
    bytes += [UInt8](repeating: 0, count: Int(address - here))
  }

  /// An instruction, of two bytes where its low bits say so.
  mutating func emit(_ instruction: UInt32) {
    halfword(instruction)
    if instruction & 3 == 3 { halfword(instruction >> 16) }
  }
  mutating func emit(_ instructions: [UInt32]) { for i in instructions { emit(i) } }

  // MARK: Labels

  mutating func label() -> Label {
    labels.append(nil)
    return Label(number: labels.count - 1)
  }
  mutating func place(_ label: Label) { labels[label.number] = bytes.count }
  mutating func placed() -> Label {
    let label = label()
    place(label)
    return label
  }

  // MARK: Instructions with targets

  mutating func branch(_ f3: UInt32, _ rs1: UInt32, _ rs2: UInt32, _ target: Label) {
    fix(.branch, target)
    emit(Encoding.r(0x63, f3, 0, 0, rs1, rs2))
  }
  mutating func jump(_ link: UInt32, _ target: Label) {
    fix(.jump, target)
    emit(link << 7 | 0x6f)
  }
  mutating func jump(_ link: UInt32, to address: UInt64) {
    emit(link << 7 | 0x6f | Self.jumpField(address &- here))
  }
  private mutating func fix(_ field: Field, _ target: Label) {
    fixups.append(Fixup(place: bytes.count, field: field, target: target.number, origin: here))
  }

  /// The address of what lies at `target` when the code runs as far from it as here.
  mutating func address(_ rd: UInt32, of target: UInt64) {
    let distance = UInt32(truncatingIfNeeded: target &- here)
    emit((distance &+ 0x800) & 0xffff_f000 | rd << 7 | 0x17)
    emit(Encoding.i(0x13, 0, rd, rd, distance))
  }

  /// Any constant.
  mutating func load(_ rd: UInt32, _ value: UInt64) {
    let signed = Int64(bitPattern: value)
    if signed == Int64(Int32(truncatingIfNeeded: signed)) {
      let low = UInt32(truncatingIfNeeded: value)
      let upper = (low &+ 0x800) & 0xffff_f000
      if upper != 0 { emit(upper | rd << 7 | 0x37) }
      // addiw behind lui
      if upper == 0 || low & 0xfff != 0 {
        emit(Encoding.i(upper == 0 ? 0x13 : 0x1b, 0, rd, upper == 0 ? 0 : rd, low))
      }
      return
    }
    let low = Int64(bitPattern: value << 52) >> 52
    load(rd, UInt64(bitPattern: (signed &- low) >> 12))
    emit(Encoding.i(0x13, 1, rd, rd, 12))
    if low != 0 { emit(Encoding.i(0x13, 0, rd, rd, UInt32(truncatingIfNeeded: low))) }
  }

  static func jumpField(_ distance: UInt64) -> UInt32 {
    let d = UInt32(truncatingIfNeeded: distance)
    return (d >> 20 & 1) << 31 | (d >> 1 & 0x3ff) << 21 | (d >> 11 & 1) << 20 | (d >> 12 & 0xff) << 12
  }
  static func branchField(_ distance: UInt64) -> UInt32 {
    let d = UInt32(truncatingIfNeeded: distance)
    return (d >> 12 & 1) << 31 | (d >> 5 & 0x3f) << 25 | (d >> 1 & 15) << 8 | (d >> 11 & 1) << 7
  }

  /// The bytes with every label's distance filled in.
  var finished: [UInt8] {
    var result = bytes
    for fixup in fixups {
      guard let target = labels[fixup.target] else { preconditionFailure("a label without a place") }
      let distance = base &+ UInt64(target) &- fixup.origin
      let field = fixup.field == .branch ? Self.branchField(distance) : Self.jumpField(distance)
      for i in 0..<4 { result[fixup.place + i] |= UInt8(truncatingIfNeeded: field >> UInt32(8 * i)) }
    }
    return result
  }
}
