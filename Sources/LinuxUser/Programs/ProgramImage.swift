import RISCV

/// The headers of an ELF program for 64-bit RISC-V Linux: what is mapped where, and where it starts.
///
/// System V ABI, "Object Files"; RISC-V ELF psABI, §8.
package struct ProgramImage: Equatable, Sendable {
  package struct Segment: Equatable, Sendable {
    package var offset: UInt64
    package var address: UInt64
    package var fileSize: UInt64
    package var memorySize: UInt64
    package var protection: PagePermissions
    package var alignment: UInt64
  }

  /// Why a file is no program that can run.
  package enum Flaw: Error, Equatable {
    /// Not ELF at all.
    case notELF
    /// For another machine.
    case otherMachine(UInt16)
    /// For 32-bit or big-endian RISC-V, or linked for neither.
    case otherKind(String)
    /// What the headers say cannot be.
    case malformed(String)
  }

  /// ET_DYN: runs wherever it is put.
  package var isPositionIndependent: Bool
  package var entry: UInt64
  package var segments: [Segment]
  /// Where in the file the program headers are, and how many.
  package var headerOffset: UInt64
  package var headerCount: Int
  package static let headerSize = 56
  /// PT_INTERP: where in the file the path of the dynamic loader is, with its zero.
  package var interpreterRange: Range<UInt64>?
  /// PT_GNU_STACK asks for an executable stack.
  package var wantsExecutableStack: Bool

  private static let machineRISCV: UInt16 = 243
  private static let (load, interp, gnuStack): (UInt32, UInt32, UInt32) = (1, 3, 0x6474_e551)

  /// Reads the headers of a file by `bytes`, which gives that many from there, or fewer at the file's end.
  package init(fileSize: UInt64, _ bytes: (_ offset: UInt64, _ count: Int) -> [UInt8]) throws(Flaw) {
    let header = bytes(0, 64)
    guard header.count >= 4, header[0] == 0x7f, header[1] == 0x45, header[2] == 0x4c, header[3] == 0x46
    else { throw .notELF }
    guard header.count == 64 else { throw .malformed("its ELF header is cut short") }
    let machine = UInt16(Self.number(header, 18, 2))
    // The byte order comes first: the other's numbers read backwards.
    guard header[5] == 1 else { throw .otherKind("big-endian") }
    guard machine == Self.machineRISCV else { throw .otherMachine(machine) }
    guard header[4] == 2 else { throw .otherKind("32-bit") }
    let type = Self.number(header, 16, 2)
    guard type == 2 || type == 3 else { throw .otherKind("not linked, or a core dump") }
    isPositionIndependent = type == 3
    entry = Self.number(header, 24, 8)
    headerOffset = Self.number(header, 32, 8)
    headerCount = Int(Self.number(header, 56, 2))
    guard Self.number(header, 54, 2) == UInt64(Self.headerSize) else {
      throw .malformed("its program headers have the wrong size")
    }
    // Linux's limit: all headers in 64 KiB.
    guard headerCount > 0, headerCount * Self.headerSize <= 65536 else {
      throw .malformed("it has \(headerCount) program headers")
    }
    let table = bytes(headerOffset, headerCount * Self.headerSize)
    guard table.count == headerCount * Self.headerSize else {
      throw .malformed("its program headers lie beyond the end of the file")
    }
    segments = []
    wantsExecutableStack = false
    for i in 0..<headerCount {
      let at = i * Self.headerSize
      let type = UInt32(Self.number(table, at, 4))
      let flags = Self.number(table, at + 4, 4)
      let offset = Self.number(table, at + 8, 8)
      let size = Self.number(table, at + 32, 8)
      switch type {
      case Self.load:
        try addSegment(
          Segment(
            offset: offset, address: Self.number(table, at + 16, 8), fileSize: size,
            memorySize: Self.number(table, at + 40, 8), protection: Self.protection(flags),
            alignment: Self.number(table, at + 48, 8)), i)
      case Self.interp:
        guard interpreterRange == nil else { break }
        guard size >= 2, size <= 4096, offset <= fileSize, size <= fileSize - offset else {
          throw .malformed("the name of its dynamic loader is not in the file")
        }
        interpreterRange = offset..<offset + size
      case Self.gnuStack: wantsExecutableStack = flags & 1 != 0
      default: break
      }
    }
    guard !segments.isEmpty else { throw .malformed("none of its segments is to be loaded") }
  }

  private mutating func addSegment(_ segment: Segment, _ i: Int) throws(Flaw) {
    guard segment.fileSize <= segment.memorySize else {
      throw .malformed("segment \(i) is larger in the file than in memory")
    }
    guard segment.offset & 4095 == segment.address & 4095 else {
      throw .malformed("segment \(i) cannot be mapped: offset and address differ modulo 4096")
    }
    guard segment.address <= GuestMemory.end, segment.memorySize <= GuestMemory.end - segment.address,
      segment.offset <= 1 << 62, segment.fileSize <= 1 << 62
    else { throw .malformed("segment \(i) is not in a program's address space") }
    if segment.memorySize > 0 { segments.append(segment) }
  }

  private static func protection(_ flags: UInt64) -> PagePermissions {
    var protection: PagePermissions = []
    if flags & 4 != 0 { protection.insert(.read) }
    if flags & 2 != 0 { protection.formUnion([.read, .write]) }
    if flags & 1 != 0 { protection.insert(.execute) }
    return protection
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
    var number: UInt64 = 0
    for i in (0..<width).reversed() { number = number << 8 | UInt64(bytes[offset + i]) }
    return number
  }

  /// The pages that the program covers where it is loaded as linked.
  package var span: Range<UInt64> {
    let low: UInt64 = segments.map(\.address).min() ?? 0
    let high: UInt64 = segments.map { $0.address + $0.memorySize }.max() ?? 0
    let mask: UInt64 = ~4095
    return (low & mask)..<((high + 4095) & mask)
  }

  /// From the first byte of segments with `permission` to behind the last, where they are moved by `bias`.
  func range(of permission: PagePermissions, _ bias: UInt64) -> Range<UInt64> {
    let wanted = segments.filter { $0.protection.isSuperset(of: permission) }
    guard let low = wanted.map(\.address).min(), let high = wanted.map({ $0.address + $0.fileSize }).max()
    else { return 0..<0 }
    return low &+ bias..<high &+ bias
  }

  /// The largest alignment that a segment asks for, a power of two and at least a page.
  package var alignment: UInt64 {
    var largest: UInt64 = 4096
    for segment in segments where segment.alignment.nonzeroBitCount == 1 && segment.alignment <= 1 << 30 {
      largest = max(largest, segment.alignment)
    }
    return largest
  }

  /// Where the program headers are in memory, as linked: as Linux finds it, by the segment that holds them.
  package var headerAddress: UInt64? {
    segments.first {
      $0.offset <= headerOffset && headerOffset < $0.offset + $0.fileSize
    }.map { headerOffset - $0.offset + $0.address }
  }

}
