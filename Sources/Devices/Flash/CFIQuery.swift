/// What a parallel flash tells about itself: the table of the query mode (JEDEC JESD68.01, "Common Flash Interface")
/// with Intel's primary extension (Intel AP-646), and its identifier codes.
///
/// Offsets count words of one chip.
struct CFIQuery {
  /// Of one chip, in bytes: powers of two.
  let chipSize: Int
  let chipSectorSize: Int
  let writeBufferSize: Int

  /// JEDEC's code of the manufacturer: Intel.
  static let manufacturer: UInt16 = 0x0089
  /// 28F128, bottom boot.
  static let device: UInt16 = 0x0018

  /// JESD68.01, table 1: where the primary extension's table begins.
  private static let extensionTable = 0x31

  func word(_ offset: Int) -> UInt16 {
    let regions = chipSize / chipSectorSize - 1
    switch offset {
    // Identification (table 1): "QRY", command set, address of its table.
    case 0x10: return UInt16(UInt8(ascii: "Q"))
    case 0x11: return UInt16(UInt8(ascii: "R"))
    case 0x12: return UInt16(UInt8(ascii: "Y"))
    case 0x13: return 0x01  // Intel/Sharp extended command set
    case 0x15: return UInt16(Self.extensionTable)
    // System interface (table 2): volts, then times as exponents of two, typical and longest.
    case 0x1b: return 0x45
    case 0x1c: return 0x55
    case 0x1f: return 7  // µs to program a word
    case 0x20: return 7  // µs to program the buffer
    case 0x21: return 10  // ms to erase a block
    case 0x23, 0x24, 0x25: return 4
    // Geometry (table 3).
    case 0x27: return UInt16(chipSize.trailingZeroBitCount)
    case 0x28: return 2  // 8 or 16 bits wide
    case 0x2a: return UInt16(writeBufferSize.trailingZeroBitCount)
    case 0x2c: return 1  // one region of equal blocks
    case 0x2d: return UInt16(regions & 0xff)
    case 0x2e: return UInt16(regions >> 8)
    case 0x2f: return UInt16(chipSectorSize >> 8 & 0xff)
    case 0x30: return UInt16(chipSectorSize >> 16)
    // Intel's table: "PRI", version 1.0, no optional features, one protection register.
    case 0x31: return UInt16(UInt8(ascii: "P"))
    case 0x32: return UInt16(UInt8(ascii: "R"))
    case 0x33: return UInt16(UInt8(ascii: "I"))
    case 0x34: return UInt16(UInt8(ascii: "1"))
    case 0x35: return UInt16(UInt8(ascii: "0"))
    case 0x3f: return 1
    default: return 0
    }
  }
}
