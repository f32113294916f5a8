/// Bytes of a little-endian file that is being written.
struct FileBytes {
  var bytes: [UInt8] = []

  mutating func word16(_ value: UInt16) { append(value) }
  mutating func word32(_ value: UInt32) { append(value) }
  mutating func word64(_ value: UInt64) { append(value) }
  mutating func words32(_ values: [Int]) { for value in values { append(UInt32(truncatingIfNeeded: value)) } }
  mutating func zeros(_ count: Int) { bytes += repeatElement(0, count: count) }

  mutating func align(_ alignment: Int) { zeros(-bytes.count & (alignment - 1)) }

  private mutating func append<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}
