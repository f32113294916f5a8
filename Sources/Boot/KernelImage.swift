/// A file for `-kernel`, looked through: its kind, and which of its bytes go where.
package struct KernelImage: Sendable {
  /// Bytes of the file (unpacked) and their place in memory.
  package struct Part: Sendable {
    /// What `info roms` shows after the file's name.
    package let suffix: String
    package let address: UInt64
    package let offset: UInt64
    package let dataSize: UInt64
    package let size: UInt64
    /// False for notes and the like.
    package let isEssential: Bool
  }

  package enum Layout: Sendable {
    /// Parts at addresses of their own, and the entry; nil where the entry lies in none of them.
    case placed([Part], entry: UInt64?)
    /// Anywhere: it starts with its first byte, and takes `size` bytes when it runs. `textOffset`
    /// is where from the start of RAM a Linux image wants to be.
    case movable(size: UInt64, textOffset: UInt64)
  }

  /// What the parts' offsets count in: the file, or what it unpacked to.
  package let source: ImageSource
  package let layout: Layout
  /// How wide a hart the file is for, where it says so.
  package private(set) var is64Bit: Bool?

  /// The packings that may lie within one another, such as a U-Boot image that holds a gzip'd Image.
  private static let deepestNesting = 3

  /// Looks through `file`. Anything that is no known format is a raw image. `limit` bounds what may be
  /// unpacked.
  package init(_ file: ImageSource, limit: UInt64) throws(ImageError) {
    var source = file
    for _ in 0..<Self.deepestNesting {
      if let elf = try ELF(source) {
        self.source = source
        layout = Self.layout(of: elf)
        is64Bit = elf.is64Bit
        return
      }
      if let wrapper = try EFIZboot(source) {
        source = try ImageSource(
          unpacking: source, offset: wrapper.offset, count: wrapper.count, as: wrapper.compression,
          limit: limit)
      } else if source.prefix(3) == [0x1f, 0x8b, 8] {
        source = try ImageSource(unpacking: source, offset: 0, count: source.size, as: .gzip, limit: limit)
      } else if let header = try UImage(source) {
        var offset = UImage.headerSize
        var size = header.dataSize
        if let compression = header.compression {
          source = try ImageSource(
            unpacking: source, offset: offset, count: size, as: compression, limit: limit)
          (offset, size) = (0, source.size)
        }
        self.source = source
        let part = Part(
          suffix: "", address: header.loadAddress, offset: offset, dataSize: size, size: size,
          isEssential: true)
        layout = .placed([part], entry: header.entry)
        return
      } else {
        break
      }
    }
    self.source = source
    let linux = try LinuxImage(source)
    layout = .movable(size: max(source.size, linux?.imageSize ?? 0), textOffset: linux?.textOffset ?? 0)
  }

  static func layout(of elf: ELF) -> Layout {
    let parts = elf.segments.map {
      Part(
        suffix: " ELF program header segment \($0.index)", address: $0.physicalAddress, offset: $0.offset,
        dataSize: $0.fileSize, size: $0.memorySize,
        isEssential: $0.isExecutable || $0.isWritable)
    }
    return .placed(parts, entry: elf.physicalEntry)
  }
}
