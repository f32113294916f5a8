import Machine

/// An executable in ELF for RISC-V: what is loaded where, and where it starts.
///
/// System V ABI, "Object Files"; RISC-V ELF psABI, §8.
package struct ELF: Sendable {
  /// A PT_LOAD program header.
  package struct Segment: Sendable, Equatable {
    /// Its place among all program headers, as QEMU's "ELF program header segment N" counts.
    package let index: Int
    package let offset: UInt64
    package let fileSize: UInt64
    package let memorySize: UInt64
    package let physicalAddress: UInt64
    package let virtualAddress: UInt64
    package let isExecutable: Bool
    package let isWritable: Bool
  }

  package let is64Bit: Bool
  /// `e_entry`, a virtual address.
  package let virtualEntry: UInt64
  /// Those that take memory.
  package let segments: [Segment]

  package static let magic: [UInt8] = [0x7f, 0x45, 0x4c, 0x46]
  private static let machineRISCV: UInt16 = 243
  private static let loadType: UInt32 = 1
  private static let executableFlag: UInt32 = 1
  private static let writableFlag: UInt32 = 2

  /// Reads the headers of `source`; nil where it is no ELF file at all.
  package init?(_ source: ImageSource) throws(ImageError) {
    let header = source.prefix(64)
    guard header.prefix(4).elementsEqual(Self.magic) else { return nil }
    let cut = ImageError("its ELF header is cut short")
    guard header.count >= 52 else { throw cut }
    switch header[4] {
    case 1: is64Bit = false
    case 2: is64Bit = true
    default: throw ImageError("its ELF header names neither 32 nor 64 bits")
    }
    let fields = Fields(header, is64Bit: is64Bit)
    guard header[5] == 1 else { throw ImageError("it is a big-endian ELF file; RISC-V's are little-endian") }
    guard let type: UInt16 = header.little(at: 16), let machine: UInt16 = header.little(at: 18) else {
      throw cut
    }
    guard machine == Self.machineRISCV else {
      throw ImageError("it is an ELF file for \(Self.name(ofMachine: machine)), not for RISC-V")
    }
    // Executables, and position-independent ones that are loaded where they say.
    guard type == 2 || type == 3 else {
      throw ImageError(
        type == 1
          ? "it is an object file (.o) and not linked yet"
          : "it is an ELF file of type \(type), not an executable")
    }
    guard let entry = fields.word(at: 24), let tableOffset = fields.word(at: is64Bit ? 32 : 28),
      let entrySize: UInt16 = header.little(at: is64Bit ? 54 : 42),
      let count: UInt16 = header.little(at: is64Bit ? 56 : 44)
    else { throw cut }
    virtualEntry = entry
    guard count > 0 else { throw ImageError("it has no program headers: nothing in it is to be loaded") }
    guard Int(entrySize) >= (is64Bit ? 56 : 32) else {
      throw ImageError("its ELF program headers are \(entrySize) bytes each, which is too few")
    }
    guard let table = source.bytes(at: tableOffset, count: Int(count) * Int(entrySize)) else {
      throw ImageError("its ELF program headers lie beyond the end of the file")
    }
    var segments: [Segment] = []
    for index in 0..<Int(count) {
      let row = [UInt8](table[index * Int(entrySize)..<(index + 1) * Int(entrySize)])
      if let segment = try Self.segment(row, index: index, is64Bit: is64Bit, fileSize: source.size) {
        segments.append(segment)
      }
    }
    guard !segments.isEmpty else { throw ImageError("none of its ELF segments is to be loaded") }
    self.segments = segments
  }

  private static func segment(_ row: [UInt8], index: Int, is64Bit: Bool, fileSize: UInt64) throws(ImageError)
    -> Segment?
  {
    let fields = Fields(row, is64Bit: is64Bit)
    guard let type: UInt32 = row.little(at: 0), let flags: UInt32 = row.little(at: is64Bit ? 4 : 24),
      let offset = fields.word(at: is64Bit ? 8 : 4), let virtual = fields.word(at: is64Bit ? 16 : 8),
      let physical = fields.word(at: is64Bit ? 24 : 12), let inFile = fields.word(at: is64Bit ? 32 : 16),
      let inMemory = fields.word(at: is64Bit ? 40 : 20)
    else { throw ImageError("its ELF program header \(index) is cut short") }
    guard type == loadType, inMemory > 0 else { return nil }
    guard inFile <= inMemory else {
      throw ImageError("its ELF segment \(index) has more bytes in the file than in memory")
    }
    guard offset <= fileSize, inFile <= fileSize - offset else {
      throw ImageError("it is cut short: its ELF segment \(index) ends beyond the file's \(fileSize) bytes")
    }
    guard !physical.addingReportingOverflow(inMemory - 1).overflow,
      !virtual.addingReportingOverflow(inMemory - 1).overflow
    else { throw ImageError("its ELF segment \(index) ends beyond the last address") }
    return Segment(
      index: index, offset: offset, fileSize: inFile, memorySize: inMemory, physicalAddress: physical,
      virtualAddress: virtual, isExecutable: flags & executableFlag != 0,
      isWritable: flags & writableFlag != 0)
  }

  /// Where a hart without translation starts: `e_entry` moved from virtual to physical addresses by the
  /// segment that holds it; nil where none does.
  package var physicalEntry: UInt64? {
    let holders = segments.filter { virtualEntry &- $0.virtualAddress < $0.memorySize }
    if let holder = holders.first(where: \.isExecutable) ?? holders.first {
      return virtualEntry &- holder.virtualAddress &+ holder.physicalAddress
    }
    return segments.contains { virtualEntry &- $0.physicalAddress < $0.memorySize } ? virtualEntry : nil
  }

  private struct Fields {
    let bytes: [UInt8]
    let is64Bit: Bool

    init(_ bytes: [UInt8], is64Bit: Bool) {
      self.bytes = bytes
      self.is64Bit = is64Bit
    }

    /// An address, offset or size of the file's class.
    func word(at offset: Int) -> UInt64? {
      is64Bit ? bytes.little(UInt64.self, at: offset) : bytes.little(UInt32.self, at: offset).map(UInt64.init)
    }
  }

  private static func name(ofMachine machine: UInt16) -> String {
    let names: [UInt16: String] = [
      3: "x86", 8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S390", 40: "Arm", 62: "x86-64",
      183: "AArch64",
      258: "LoongArch",
    ]
    return names[machine] ?? "machine \(machine)"
  }
}
