// Unsafe pointers: a buffer that is lent for the length of one read, bounded by its own count.
import Glibc

/// The sections and segments of an ELF file for RISC-V, and their bytes.
///
/// System V ABI, "Object Files"; RISC-V ELF psABI, §8.
struct ELFSections: Sendable {
  struct Section: Sendable {
    var name: String
    var type: UInt32
    var flags: UInt64
    var address: UInt64
    var offset: UInt64
    var size: UInt64
    var link: Int

    /// SHF_EXECINSTR, SHF_ALLOC, SHF_COMPRESSED.
    var isExecutable: Bool { flags & 4 != 0 }
    var isAllocated: Bool { flags & 2 != 0 }
    var isCompressed: Bool { flags & 0x800 != 0 }
  }

  let is64Bit: Bool
  let entry: UInt64
  /// PT_LOAD, those that take memory.
  let segments: [GuestImage.Segment]
  let sections: [Section]
  private let contents: Contents

  private enum Contents: Sendable {
    case memory([UInt8])
    case file(FileIdentity)
  }

  /// A file is opened anew for each read, because its descriptor would be among those of a guest program. It counts
  /// only while it is the same.
  private struct FileIdentity: Sendable {
    let path: String
    let device: UInt64
    let inode: UInt64
    let size: UInt64
    let seconds: Int
    let nanoseconds: Int

    /// What `descriptor` is open on; nil where that is no regular file.
    init?(_ descriptor: Int32, _ path: String) {
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      self.path = path
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      size = UInt64(max(0, status.st_size))
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }

    func isSame(as other: FileIdentity) -> Bool {
      device == other.device && inode == other.inode && size == other.size && seconds == other.seconds
        && nanoseconds == other.nanoseconds
    }
  }

  /// Larger tables and sections are not read.
  private static let mostBytes: UInt64 = 1 << 29

  init?(path: String) {
    // Opening a pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard let identity = FileIdentity(descriptor, path) else { return nil }
    self.init(.file(identity), size: identity.size) { Self.read(descriptor, $0, $1) }
  }

  init?(bytes: [UInt8]) {
    self.init(.memory(bytes), size: UInt64(bytes.count)) { Array(bytes[Int($0)..<Int($0) + $1]) }
  }

  private init?(_ contents: Contents, size: UInt64, read: (UInt64, Int) -> [UInt8]?) {
    self.contents = contents
    func bytes(_ offset: UInt64, _ count: UInt64) -> [UInt8]? {
      guard offset <= size, count <= size - offset, count <= Self.mostBytes else { return nil }
      return read(offset, Int(count))
    }
    guard let header = bytes(0, min(64, size)), header.starts(with: [0x7f, 0x45, 0x4c, 0x46]),
      header.count >= 52, header[5] == 1, header[4] == 1 || header[4] == 2
    else { return nil }
    let wide = header[4] == 2
    is64Bit = wide
    let word = wide ? 8 : 4
    func number(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> UInt64? {
      var reader = ByteReader(bytes, from: offset)
      return reader.number(size)
    }
    // Linked files only (ET_EXEC, ET_DYN): objects have no addresses yet. EM_RISCV.
    guard let type = number(header, 16, 2), type == 2 || type == 3, number(header, 18, 2) == 243,
      let entry = number(header, 24, word)
    else { return nil }
    self.entry = entry

    var segments: [GuestImage.Segment] = []
    if let offset = number(header, wide ? 32 : 28, word), let stride = number(header, wide ? 54 : 42, 2),
      stride >= (wide ? 56 : 32), let count = number(header, wide ? 56 : 44, 2),
      let table = bytes(offset, stride * count)
    {
      for row in 0..<Int(count) {
        let at = row * Int(stride)
        guard number(table, at, 4) == 1, let offset = number(table, at + (wide ? 8 : 4), word),
          let virtual = number(table, at + (wide ? 16 : 8), word),
          let physical = number(table, at + (wide ? 24 : 12), word),
          let inFile = number(table, at + (wide ? 32 : 16), word),
          let inMemory = number(table, at + (wide ? 40 : 20), word),
          let flags = number(table, at + (wide ? 4 : 24), 4), inMemory > 0
        else { continue }
        segments.append(
          GuestImage.Segment(
            offset: offset, fileSize: inFile, memorySize: inMemory, virtualAddress: virtual,
            physicalAddress: physical, isExecutable: flags & 1 != 0))
      }
    }
    self.segments = segments

    var sections: [Section] = []
    var nameOffsets: [UInt64] = []
    if let offset = number(header, wide ? 40 : 32, word), offset != 0,
      let stride = number(header, wide ? 58 : 46, 2), stride >= (wide ? 64 : 40),
      let count = number(header, wide ? 60 : 48, 2), let table = bytes(offset, stride * count)
    {
      for row in 0..<Int(count) {
        let at = row * Int(stride)
        guard let name = number(table, at, 4), let type = number(table, at + 4, 4),
          let flags = number(table, at + 8, word), let address = number(table, at + (wide ? 16 : 12), word),
          let offset = number(table, at + (wide ? 24 : 16), word),
          let size = number(table, at + (wide ? 32 : 20), word),
          let link = number(table, at + (wide ? 40 : 24), 4)
        else { continue }
        nameOffsets.append(name)
        sections.append(
          Section(
            name: "", type: UInt32(type), flags: flags, address: address, offset: offset, size: size,
            link: Int(link)))
      }
      if let index = number(header, wide ? 62 : 50, 2), sections.indices.contains(Int(index)),
        let names = bytes(sections[Int(index)].offset, sections[Int(index)].size)
      {
        for i in sections.indices {
          var reader = ByteReader(names)
          if reader.seek(nameOffsets[i]), let name = reader.string() { sections[i].name = name }
        }
      }
    }
    self.sections = sections
  }

  /// The bytes of a section; nil where they are not in the file, compressed, or the file is another one by now.
  func bytes(of section: Section) -> [UInt8]? {
    // SHT_NOBITS takes no place.
    guard section.type != 8, !section.isCompressed, section.size <= Self.mostBytes else { return nil }
    switch contents {
    case .memory(let bytes):
      guard section.offset <= UInt64(bytes.count), section.size <= UInt64(bytes.count) - section.offset else {
        return nil
      }
      return Array(bytes[Int(section.offset)..<Int(section.offset + section.size)])
    case .file(let identity):
      guard section.offset <= identity.size, section.size <= identity.size - section.offset else {
        return nil
      }
      let descriptor = open(identity.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { return nil }
      defer { close(descriptor) }
      guard let now = FileIdentity(descriptor, identity.path), now.isSame(as: identity) else { return nil }
      return Self.read(descriptor, section.offset, Int(section.size))
    }
  }

  /// The first section called `name`.
  func bytes(named name: String) -> [UInt8]? { sections.first { $0.name == name }.flatMap { bytes(of: $0) } }

  private static func read(_ descriptor: Int32, _ offset: UInt64, _ count: Int) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, Int(offset) + filled)
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { break }
        filled += got
      }
    }
    return bytes.count == count ? bytes : nil
  }
}
