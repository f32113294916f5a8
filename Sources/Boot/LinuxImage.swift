/// The header at the start of a RISC-V Linux `Image` (Linux, "Boot image header in RISC-V Linux").
package struct LinuxImage: Sendable, Equatable {
  /// Bytes from the start of RAM to where the image wants to be.
  package let textOffset: UInt64
  /// Bytes that the running image takes, more than the file has; 0: not told.
  package let imageSize: UInt64

  /// "RSC\x05"
  private static let magic: UInt32 = 0x0543_5352
  private static let bigEndianFlag: UInt64 = 1

  /// Reads the header of `source`; nil where there is none.
  package init?(_ source: ImageSource) throws(ImageError) {
    let header = source.prefix(64)
    guard header.count == 64, header.little(UInt32.self, at: 56) == Self.magic,
      let offset: UInt64 = header.little(at: 8), let size: UInt64 = header.little(at: 16),
      let flags: UInt64 = header.little(at: 24)
    else { return nil }
    guard flags & Self.bigEndianFlag == 0 else { throw ImageError("it is a big-endian Linux image") }
    textOffset = offset
    imageSize = size
  }
}

/// The wrapper in which distributions ship kernels for EFI: a small program, and the image packed.
///
/// Linux, "EFI zboot": "MZ" at 0, "zimg" at 4, the payload's offset and size at 8 and 12, and the name
/// of its compression at 24.
package struct EFIZboot: Sendable, Equatable {
  package let offset: UInt64
  package let count: UInt64
  package let compression: Compression

  /// Reads the header of `source`; nil where it is none.
  package init?(_ source: ImageSource) throws(ImageError) {
    let header = source.prefix(64)
    guard header.count == 64, header.prefix(2).elementsEqual("MZ".utf8),
      header[4..<8].elementsEqual("zimg".utf8)
    else { return nil }
    guard let offset: UInt32 = header.little(at: 8), let count: UInt32 = header.little(at: 12),
      UInt64(offset) <= source.size, UInt64(count) <= source.size - UInt64(offset)
    else { throw ImageError("it is cut short: its EFI zboot header promises more bytes than it has") }
    let name = String(decoding: header[24..<56].prefix { $0 != 0 }, as: UTF8.self)
    switch name {
    case "gzip": compression = .gzip
    case "zstd": compression = .zstd
    case "xz", "xzkern": compression = .xz
    case "lzma": compression = .lzma
    default: throw ImageError("its EFI zboot payload is packed with '\(name)', which cannot be unpacked")
    }
    self.offset = UInt64(offset)
    self.count = UInt64(count)
  }
}
