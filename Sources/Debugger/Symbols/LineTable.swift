/// Which line of which file an instruction comes from: `.debug_line` of DWARF 2 to 5.
///
/// DWARF 5, §6.2; DWARF 4, §6.2. Rows are not kept: a look-up runs the program of the one unit that covers the
/// address again.
struct LineTable: Sendable {
  private struct Sequence: Sendable {
    var low: UInt64
    /// The first address behind it.
    var high: UInt64
    /// Which unit's program makes it.
    var unit: Int
  }

  private struct Row {
    var address: UInt64 = 0
    var file: UInt64 = 1
    var line: UInt64 = 1
    var endsSequence = false
  }

  private struct Unit: Sendable {
    var version: UInt64 = 0
    /// 8 in 64-bit DWARF.
    var offsetSize = 4
    /// Where its tables of directories and files begin, where its program does, and where it ends.
    var tables = 0
    var program = 0
    var end = 0
    var instructionLength: UInt64 = 1
    var lineBase: Int64 = 0
    var lineRange: UInt64 = 1
    var opcodeBase: UInt8 = 1
    /// Arguments of the standard opcodes from 1 on.
    var argumentCounts: [UInt8] = []
  }

  private let section: [UInt8]
  private let lineStrings: [UInt8]
  private let strings: [UInt8]
  private var units: [Unit] = []
  /// By `low`.
  private var sequences: [Sequence] = []
  /// How far left of an address a sequence that covers it may begin: the longest one's length.
  private var reach: UInt64 = 0

  init(_ file: ELFSections) {
    section = file.bytes(named: ".debug_line") ?? []
    lineStrings = section.isEmpty ? [] : file.bytes(named: ".debug_line_str") ?? []
    strings = section.isEmpty ? [] : file.bytes(named: ".debug_str") ?? []
    // What the linker has dropped is left at address 0 or thereabouts.
    let code = file.sections.filter(\.isExecutable)
    var at = 0
    while at < section.count, let unit = readUnit(at) {
      at = unit.end
      // A unit of another version is skipped.
      guard (2...5).contains(unit.version) else { continue }
      var low: UInt64?
      run(unit) { row in
        if low == nil { low = row.address }
        guard row.endsSequence else { return true }
        if let low, low < row.address, code.contains(where: { low &- $0.address < $0.size }) {
          sequences.append(Sequence(low: low, high: row.address, unit: units.count))
          reach = max(reach, row.address - low)
        }
        low = nil
        return true
      }
      units.append(unit)
    }
    sequences.sort { $0.low < $1.low }
  }

  var isEmpty: Bool { sequences.isEmpty }

  func line(at address: UInt64) -> (file: String, line: Int)? {
    var (low, high) = (0, sequences.count)
    while low < high {
      let middle = (low + high) / 2
      if sequences[middle].low <= address { low = middle + 1 } else { high = middle }
    }
    // Sequences do not overlap in a sound file; in a damaged one the nearest few are looked at.
    for index in (0..<low).reversed().prefix(64) {
      let sequence = sequences[index]
      if address - sequence.low > reach { break }
      guard address < sequence.high else { continue }
      if let found = line(at: address, in: sequence) { return found }
    }
    return nil
  }

  private func line(at address: UInt64, in sequence: Sequence) -> (file: String, line: Int)? {
    let unit = units[sequence.unit]
    var (previous, found): (Row?, Row?) = (nil, nil)
    run(unit) { row in
      if let before = previous, before.address <= address, address < row.address { found = before }
      previous = row.endsSequence ? nil : row
      return found == nil
    }
    // Line 0: code that comes from no line.
    guard let found, found.line > 0, let line = Int(exactly: found.line),
      let name = fileName(found.file, of: unit)
    else { return nil }
    return (name, line)
  }

  // MARK: Headers

  /// The unit at `offset`; nil where the section is damaged there, so that the next one is not to be found.
  private func readUnit(_ offset: Int) -> Unit? {
    var reader = ByteReader(section, from: offset)
    var unit = Unit()
    guard var length = reader.number(4) else { return nil }
    if length == 0xffff_ffff {
      unit.offsetSize = 8
      guard let wide = reader.number(8) else { return nil }
      length = wide
    }
    guard length > 0, length <= UInt64(section.count - reader.offset) else { return nil }
    unit.end = reader.offset + Int(length)
    guard let version = reader.number(2) else { return nil }
    guard (2...5).contains(version) else { return unit }
    // Sizes of an address and of a segment selector.
    if version == 5, !reader.skip(2) { return nil }
    guard let headerLength = reader.number(unit.offsetSize) else { return nil }
    let program = UInt64(reader.offset).addingReportingOverflow(headerLength)
    guard !program.overflow, program.partialValue <= UInt64(unit.end) else { return unit }
    unit.program = Int(program.partialValue)
    guard let instructionLength = reader.byte() else { return nil }
    unit.instructionLength = UInt64(instructionLength)
    if version >= 4, !reader.skip(1) { return nil }
    guard reader.skip(1), let lineBase = reader.byte(), let lineRange = reader.byte(),
      let opcodeBase = reader.byte()
    else { return nil }
    unit.lineBase = Int64(Int8(bitPattern: lineBase))
    unit.lineRange = UInt64(lineRange)
    unit.opcodeBase = opcodeBase
    for _ in 1..<max(1, opcodeBase) {
      guard let count = reader.byte() else { return nil }
      unit.argumentCounts.append(count)
    }
    unit.tables = reader.offset
    // Division by it, and opcodes below it, would mean nothing.
    if lineRange != 0, opcodeBase != 0 { unit.version = version }
    return unit
  }

  /// The name of file `number`, with its directory unless that is where the compiler ran.
  private func fileName(_ number: UInt64, of unit: Unit) -> String? {
    var reader = ByteReader(section, from: unit.tables, to: unit.program)
    guard unit.version == 5 else { return oldFileName(number, &reader) }
    guard let directories = entries(&reader, unit), let files = entries(&reader, unit),
      number < UInt64(files.count)
    else { return nil }
    let file = files[Int(number)]
    let folder =
      file.directory > 0 && file.directory < UInt64(directories.count)
      ? directories[Int(file.directory)].name : ""
    return Self.path(folder, file.name)
  }

  private func oldFileName(_ number: UInt64, _ reader: inout ByteReader) -> String? {
    var folders = [""]
    while let folder = reader.string(), !folder.isEmpty { folders.append(folder) }
    var index: UInt64 = 1
    while let name = reader.string(), !name.isEmpty {
      guard let folder = reader.unsigned(), reader.unsigned() != nil, reader.unsigned() != nil else {
        return nil
      }
      if index == number {
        return Self.path(folder < UInt64(folders.count) ? folders[Int(folder)] : "", name)
      }
      index += 1
    }
    return nil
  }

  private static func path(_ folder: String, _ name: String) -> String {
    folder.isEmpty || name.hasPrefix("/") ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// A table of names in version 5: its columns come first (§6.2.4.1).
  private func entries(
    _ reader: inout ByteReader, _ unit: Unit
  ) -> [(name: String, directory: UInt64)]? {
    guard let columnCount = reader.byte() else { return nil }
    var columns: [(content: UInt64, form: UInt64)] = []
    for _ in 0..<columnCount {
      guard let content = reader.unsigned(), let form = reader.unsigned() else { return nil }
      columns.append((content, form))
    }
    guard let count = reader.unsigned(), count == 0 || !columns.isEmpty else { return nil }
    var rows: [(name: String, directory: UInt64)] = []
    for _ in 0..<count {
      var row = (name: "", directory: UInt64(0))
      // Columns without bytes would let a short table be endless.
      let before = reader.offset
      for column in columns {
        guard let value = value(&reader, column.form, unit) else { return nil }
        // DW_LNCT_path, DW_LNCT_directory_index.
        if column.content == 1, case .text(let text) = value { row.name = text }
        if column.content == 2, case .number(let number) = value { row.directory = number }
      }
      guard reader.offset > before else { return nil }
      rows.append(row)
    }
    return rows
  }

  private enum Value {
    case text(String)
    case number(UInt64)
    case other
  }

  /// A value of the forms that line tables may have (§6.2.4.1, §7.5.5).
  private func value(_ reader: inout ByteReader, _ form: UInt64, _ unit: Unit) -> Value? {
    func text(in table: [UInt8]) -> Value? {
      guard let offset = reader.number(unit.offsetSize) else { return nil }
      var strings = ByteReader(table)
      guard strings.seek(offset), let text = strings.string() else { return .text("?") }
      return .text(text)
    }
    switch form {
    case 0x08: return reader.string().map { .text($0) }  // string
    case 0x1f: return text(in: lineStrings)  // line_strp
    case 0x0e: return text(in: strings)  // strp
    case 0x0b: return reader.number(1).map { .number($0) }  // data1
    case 0x05: return reader.number(2).map { .number($0) }  // data2
    case 0x06: return reader.number(4).map { .number($0) }  // data4
    case 0x07: return reader.number(8).map { .number($0) }  // data8
    case 0x0f: return reader.unsigned().map { .number($0) }  // udata
    case 0x1e: return reader.skip(16) ? .other : nil  // data16: an MD5 sum
    case 0x09: return reader.unsigned().flatMap { reader.skip($0) ? .other : nil }  // block
    default: return nil
    }
  }

  // MARK: The program

  /// Runs a unit's program and gives each row to `body` until that says false.
  private func run(_ unit: Unit, _ body: (Row) -> Bool) {
    var reader = ByteReader(section, from: unit.program, to: unit.end)
    var row = Row()
    func advance(_ operations: UInt64) { row.address &+= unit.instructionLength &* operations }
    while let opcode = reader.byte() {
      guard opcode < unit.opcodeBase else {
        let special = UInt64(opcode - unit.opcodeBase)
        advance(special / unit.lineRange)
        row.line &+= UInt64(bitPattern: unit.lineBase &+ Int64(special % unit.lineRange))
        guard body(row) else { return }
        continue
      }
      switch opcode {
      case 0:
        guard let length = reader.unsigned(), length > 0, length <= UInt64(reader.end - reader.offset),
          let extended = reader.byte()
        else { return }
        let next = reader.offset + Int(length) - 1
        switch extended {
        case 1:  // end_sequence
          row.endsSequence = true
          guard body(row) else { return }
          row = Row()
        case 2:  // set_address
          guard length - 1 <= 8, let address = reader.number(Int(length - 1)) else { return }
          row.address = address
        default: break
        }
        guard reader.seek(UInt64(next)) else { return }
      case 1: guard body(row) else { return }  // copy
      case 2:  // advance_pc
        guard let operations = reader.unsigned() else { return }
        advance(operations)
      case 3:  // advance_line
        guard let lines = reader.signed() else { return }
        row.line &+= UInt64(bitPattern: lines)
      case 4:  // set_file
        guard let file = reader.unsigned() else { return }
        row.file = file
      case 8: advance(UInt64(255 - unit.opcodeBase) / unit.lineRange)  // const_add_pc
      case 9:  // fixed_advance_pc
        guard let bytes = reader.number(2) else { return }
        row.address &+= bytes
      default:
        // Columns, statement marks and whatever later versions add.
        for _ in 0..<unit.argumentCounts[Int(opcode) - 1] where reader.unsigned() == nil { return }
      }
    }
  }
}
