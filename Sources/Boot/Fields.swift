/// Numbers in files: read with bounds checked, nil where the bytes end.
extension Array where Element == UInt8 {
  package func little<T: FixedWidthInteger>(_ type: T.Type = T.self, at offset: Int) -> T? {
    guard offset >= 0, offset <= count - T.bitWidth / 8 else { return nil }
    var value: T = 0
    for i in stride(from: T.bitWidth / 8 - 1, through: 0, by: -1) {
      value = value << 8 | T(truncatingIfNeeded: self[offset + i])
    }
    return value
  }

  package func big<T: FixedWidthInteger>(_ type: T.Type = T.self, at offset: Int) -> T? {
    little(T.self, at: offset).map(\.byteSwapped)
  }

  package mutating func append<T: FixedWidthInteger>(little value: T) {
    for i in 0..<T.bitWidth / 8 { append(UInt8(truncatingIfNeeded: value >> (i * 8))) }
  }

  package mutating func append<T: FixedWidthInteger>(big value: T) {
    append(little: value.byteSwapped)
  }
}

extension UInt64 {
  /// "0x80200000"; with `digits`, zero-padded to that many.
  package func hex(_ digits: Int = 1) -> String {
    let text = String(self, radix: 16)
    return "0x" + String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
  }

  /// The next multiple of `alignment` (a power of two), nil beyond the last address.
  package func aligned(upTo alignment: UInt64) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }

  package func aligned(downTo alignment: UInt64) -> UInt64 { self & ~(alignment - 1) }
}
