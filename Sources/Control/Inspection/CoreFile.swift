import RISCV

/// An ELF core file of a machine: its RAM and ROM, and each hart's registers as a thread's.
///
/// System V ABI, "Object Files"; Linux's `elf_prstatus` for RISC-V (include/uapi/linux/elfcore.h, asm/ptrace.h).
struct CoreFile {
  private struct Segment {
    var virtual: UInt64
    var physical: UInt64
    var size: UInt64
    /// Which of `ranges` has its bytes, and where in it they begin.
    var range: Int
    var offset: UInt64
  }

  private let is64Bit: Bool
  private let harts: [RegisterDump]
  /// What is written, one after the other.
  private var ranges: [(physical: UInt64, size: UInt64)] = []
  private var mappings: [PageTables.Mapping] = []

  init(is64Bit: Bool, harts: [RegisterDump]) {
    self.is64Bit = is64Bit
    self.harts = harts
  }

  var isEmpty: Bool { ranges.isEmpty }
  /// Bytes of memory.
  var size: UInt64 { ranges.reduce(0) { $0 &+ $1.size } }

  mutating func add(physical: UInt64, size: UInt64) { ranges.append((physical, size)) }

  /// Tells at which virtual addresses memory is seen.
  mutating func map(_ rows: [PageTables.Mapping]) { mappings = rows }

  /// Program headers are counted by 16 bits (PN_XNUM and what it means is little known).
  private static let mostSegments = 0xfff0

  private var segments: [Segment] {
    var segments: [Segment] = []
    for mapping in mappings {
      for (index, range) in ranges.enumerated() {
        let first = max(mapping.physical, range.physical)
        let end = min(mapping.physical &+ mapping.size, range.physical &+ range.size)
        guard first < end, segments.count < Self.mostSegments else { continue }
        segments.append(
          Segment(
            virtual: mapping.virtual &+ (first - mapping.physical), physical: first, size: end - first,
            range: index, offset: first - range.physical))
      }
    }
    // Memory that nobody sees is there, too, by its physical addresses, unless these mean something else.
    for (index, range) in ranges.enumerated() {
      let isTaken = segments.contains {
        $0.virtual <= range.physical &+ (range.size - 1) && range.physical <= $0.virtual &+ ($0.size - 1)
      }
      if !isTaken {
        segments.append(
          Segment(
            virtual: mappings.isEmpty ? range.physical : 0, physical: range.physical, size: range.size,
            range: index, offset: 0))
      }
    }
    return segments
  }

  func write(
    to file: OutputFile, untouched: (_ address: UInt64) -> UInt64,
    reading read: (_ address: UInt64, _ count: Int) -> [UInt8]?
  ) throws(MonitorError) {
    let segments = segments
    let notes = notes
    let (headerSize, rowSize) = is64Bit ? (64, 56) : (52, 32)
    let notesOffset = UInt64(headerSize + rowSize * (segments.count + 1))
    var place = (notesOffset + UInt64(notes.count) + 0xfff) & ~0xfff
    var places: [UInt64] = []
    for range in ranges {
      places.append(place)
      place = (place + range.size + 0xfff) & ~0xfff
    }

    var header = Bytes(is64Bit: is64Bit)
    header.bytes = [0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, 1, 1] + [UInt8](repeating: 0, count: 9)
    // ET_CORE, EM_RISCV, EV_CURRENT.
    header.append(4, 2)
    header.append(243, 2)
    header.append(1, 4)
    header.append(word: 0)
    header.append(word: UInt64(headerSize))
    header.append(word: 0)
    header.append(0, 4)
    for field in [headerSize, rowSize, segments.count + 1, 0, 0, 0] { header.append(UInt64(field), 2) }
    header.segment(type: 4, offset: notesOffset, virtual: 0, physical: 0, size: UInt64(notes.count))
    for segment in segments {
      header.segment(
        type: 1, offset: places[segment.range] + segment.offset, virtual: segment.virtual,
        physical: segment.physical, size: segment.size)
    }
    var done = UInt64(header.bytes.count + notes.count)
    try file.write(header.bytes + notes)
    for (range, place) in zip(ranges, places) {
      file.skip(Int(place - done))
      try write(range, to: file, untouched, read)
      done = place + range.size
    }
    try file.end(at: done)
  }

  private func write(
    _ range: (physical: UInt64, size: UInt64), to file: OutputFile, _ untouched: (UInt64) -> UInt64,
    _ read: (UInt64, Int) -> [UInt8]?
  ) throws(MonitorError) {
    var offset: UInt64 = 0
    while offset < range.size {
      // Memory that was never touched is zero; looking at it would touch it.
      let hole = min(untouched(range.physical &+ offset), range.size - offset)
      if hole > 0 {
        file.skip(Int(hole))
        offset += hole
        continue
      }
      let count = Int(min(1 << 16, range.size - offset))
      let bytes = read(range.physical &+ offset, count) ?? [UInt8](repeating: 0, count: count)
      if bytes.allSatisfy({ $0 == 0 }) { file.skip(count) } else { try file.write(bytes) }
      offset += UInt64(count)
    }
  }

  /// NT_PRSTATUS of each hart: pc and x1 to x31 are its registers, the hart's number is the thread's.
  private var notes: [UInt8] {
    var notes = Bytes(is64Bit: is64Bit)
    for (index, hart) in harts.enumerated() {
      var status = Bytes(is64Bit: is64Bit)
      // Signal numbers and sets, which nobody has here, up to pr_pid.
      status.bytes = [UInt8](repeating: 0, count: is64Bit ? 32 : 24)
      status.append(UInt64(index + 1), 4)
      status.bytes += [UInt8](repeating: 0, count: is64Bit ? 112 - 36 : 72 - 28)
      status.append(word: hart.pc)
      for register in hart.integers.dropFirst() { status.append(word: register) }
      // pr_fpvalid and its padding.
      status.append(word: 0)
      notes.append(5, 4)
      notes.append(UInt64(status.bytes.count), 4)
      notes.append(1, 4)
      notes.bytes += Array("CORE".utf8) + [0, 0, 0, 0] + status.bytes
    }
    return notes.bytes
  }

  private struct Bytes {
    let is64Bit: Bool
    var bytes: [UInt8] = []

    mutating func append(_ value: UInt64, _ size: Int) {
      for i in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i))) }
    }

    mutating func append(word value: UInt64) { append(value, is64Bit ? 8 : 4) }

    /// A program header; readable, writable, executable.
    mutating func segment(type: UInt64, offset: UInt64, virtual: UInt64, physical: UInt64, size: UInt64) {
      append(type, 4)
      if is64Bit { append(type == 1 ? 7 : 0, 4) }
      for field in [offset, virtual, physical, size, size] { append(word: field) }
      if !is64Bit { append(type == 1 ? 7 : 0, 4) }
      append(word: 0)
    }
  }
}
