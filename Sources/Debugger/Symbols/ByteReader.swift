/// Reads little-endian numbers one behind the other; nil where the bytes end.
struct ByteReader {
  let bytes: [UInt8]
  /// The next byte's place, at most `end`.
  private(set) var offset: Int
  /// The first place that is not to be read.
  let end: Int

  init(_ bytes: [UInt8], from offset: Int = 0, to end: Int? = nil) {
    self.bytes = bytes
    self.end = min(max(0, end ?? bytes.count), bytes.count)
    self.offset = min(max(0, offset), self.end)
  }

  var isAtEnd: Bool { offset >= end }

  mutating func byte() -> UInt8? {
    guard offset < end else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// A number of `size` bytes, 1 to 8.
  mutating func number(_ size: Int) -> UInt64? {
    guard size >= 1, size <= 8, size <= end - offset else { return nil }
    var value: UInt64 = 0
    for i in (0..<size).reversed() { value = value << 8 | UInt64(bytes[offset + i]) }
    offset += size
    return value
  }

  /// LEB128 (DWARF 5, §7.6); bits beyond the 64th are lost.
  mutating func unsigned() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let next = byte() {
      if shift < 64 { value |= UInt64(next & 0x7f) << shift }
      shift += 7
      if next & 0x80 == 0 { return value }
    }
    return nil
  }

  mutating func signed() -> Int64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let next = byte() {
      if shift < 64 { value |= UInt64(next & 0x7f) << shift }
      shift += 7
      guard next & 0x80 == 0 else { continue }
      if next & 0x40 != 0, shift < 64 { value |= .max << shift }
      return Int64(bitPattern: value)
    }
    return nil
  }

  /// Text up to a zero, which is skipped.
  mutating func string() -> String? {
    guard let zero = bytes[offset..<end].firstIndex(of: 0) else { return nil }
    defer { offset = zero + 1 }
    return String(decoding: bytes[offset..<zero], as: UTF8.self)
  }

  mutating func skip(_ count: UInt64) -> Bool {
    guard count <= UInt64(end - offset) else { return false }
    offset += Int(count)
    return true
  }

  /// Goes to `offset`; false where that is beyond the end.
  mutating func seek(_ offset: UInt64) -> Bool {
    guard offset <= UInt64(end) else { return false }
    self.offset = Int(offset)
    return true
  }
}
