/// The header of U-Boot's legacy images, 64 big-endian bytes (U-Boot, "include/image.h" format 1).
package struct UImage: Sendable, Equatable {
  package let dataSize: UInt64
  package let loadAddress: UInt64
  package let entry: UInt64
  /// nil: not compressed.
  package let compression: Compression?

  package static let headerSize: UInt64 = 64
  private static let magic: UInt32 = 0x2705_1956
  private static let architectureRISCV: UInt8 = 26
  private static let kernelType: UInt8 = 2

  /// Reads the header of `source`; nil where it is no such image.
  package init?(_ source: ImageSource) throws(ImageError) {
    let header = source.prefix(Int(Self.headerSize))
    guard header.big(UInt32.self, at: 0) == Self.magic else { return nil }
    guard header.count == 64, let size: UInt32 = header.big(at: 12), let load: UInt32 = header.big(at: 16),
      let start: UInt32 = header.big(at: 20)
    else { throw ImageError("its U-Boot header is cut short") }
    guard header[29] == Self.architectureRISCV else {
      throw ImageError("it is a U-Boot image for another architecture (number \(header[29])), not for RISC-V")
    }
    guard header[30] == Self.kernelType else {
      throw ImageError(
        "Wrong image type \(header[30]), expected \(Self.kernelType) (a U-Boot image of a kernel)")
    }
    compression =
      switch header[31] {
      case 0: nil
      case 1: .gzip
      case 3: .lzma
      case 6: .zstd
      default: throw ImageError("Unable to load u-boot images with compression type \(header[31])")
      }
    guard UInt64(size) <= source.size - Self.headerSize else {
      throw ImageError("it is cut short: its U-Boot header promises \(size) bytes")
    }
    dataSize = UInt64(size)
    loadAddress = UInt64(load)
    entry = UInt64(start)
  }
}
