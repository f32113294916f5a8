/// How to find a function's caller: call frame information of `.debug_frame` and `.eh_frame`.
///
/// DWARF 5, §6.4; Linux Standard Base, "Exception Frames". Rules that are DWARF expressions are not evaluated.
package struct CallFrames: Sendable {
  /// A caller's registers by a function's.
  package enum Rule: Sendable, Equatable {
    /// As the function has it.
    case same
    case undefined
    /// In memory, that far from the canonical frame address.
    case saved(Int64)
    /// The canonical frame address and that much.
    case value(Int64)
    /// In another register.
    case register(UInt64)
    /// By an expression, which is not evaluated.
    case unknown
  }

  /// What holds at an instruction.
  package struct Row: Sendable {
    /// The canonical frame address: a register and that much. Nil: by an expression.
    package var frame: (register: UInt64, offset: Int64)?
    /// By register; those that are not in it are as the function has them.
    package var rules: [UInt64: Rule] = [:]
    /// Which register holds the return address.
    package var returnAddress: UInt64 = 1
  }

  private struct Common: Sendable {
    var codeAlignment: UInt64
    var dataAlignment: Int64
    var returnAddress: UInt64
    /// DW_EH_PE of the addresses.
    var pointerEncoding: UInt8
    var hasAugmentation: Bool
    var program: Range<Int>
  }

  private struct Function: Sendable {
    var low: UInt64
    /// The first address behind it.
    var high: UInt64
    var common: Common
    var program: Range<Int>
    /// Which of `sections`.
    var section: Int
  }

  private struct Table: Sendable {
    var bytes: [UInt8]
    var address: UInt64
    /// `.eh_frame`: offsets count backwards, addresses are encoded.
    var isException: Bool
  }

  private var sections: [Table] = []
  private var functions: [Function] = []
  private let addressSize: Int

  init(_ file: ELFSections) {
    addressSize = file.is64Bit ? 8 : 4
    for section in file.sections where [".debug_frame", ".eh_frame"].contains(section.name) {
      guard let bytes = file.bytes(of: section) else { continue }
      sections.append(
        Table(bytes: bytes, address: section.address, isException: section.name == ".eh_frame"))
      readFunctions(sections.count - 1)
    }
    functions.sort { $0.low < $1.low }
  }

  package var isEmpty: Bool { functions.isEmpty }

  // MARK: Entries

  private mutating func readFunctions(_ index: Int) {
    let table = sections[index]
    var commons: [Int: Common] = [:]
    var reader = ByteReader(table.bytes)
    while !reader.isAtEnd {
      let start = reader.offset
      guard let (end, id, idOffset, isWide) = Self.head(&reader) else { return }
      defer { _ = reader.seek(UInt64(end)) }
      guard end > idOffset else { continue }
      let isCommon = table.isException ? id == 0 : id == (isWide ? .max : 0xffff_ffff)
      if isCommon { continue }
      // Where its common entry is.
      let (place, underflow) =
        table.isException ? UInt64(idOffset).subtractingReportingOverflow(id) : (id, false)
      guard !underflow, let at = Int(exactly: place), at < table.bytes.count, at != start else { continue }
      if commons[at] == nil { commons[at] = readCommon(table, at) }
      guard let common = commons[at] else { continue }
      var body = ByteReader(table.bytes, from: reader.offset, to: end)
      guard let low = pointer(&body, common.pointerEncoding, table),
        let size = pointer(&body, common.pointerEncoding & 0x0f, table)
      else { continue }
      if common.hasAugmentation {
        guard let length = body.unsigned(), body.skip(length) else { continue }
      }
      let (high, overflow) = low.addingReportingOverflow(size)
      guard size > 0, !overflow, low != 0 else { continue }
      functions.append(
        Function(low: low, high: high, common: common, program: body.offset..<end, section: index))
    }
  }

  /// An entry's end, its identifier and where that is; leaves the reader behind the identifier.
  private static func head(
    _ reader: inout ByteReader
  ) -> (end: Int, id: UInt64, idOffset: Int, isWide: Bool)? {
    guard var length = reader.number(4) else { return nil }
    let isWide = length == 0xffff_ffff
    if isWide {
      guard let wide = reader.number(8) else { return nil }
      length = wide
    }
    // `.eh_frame` ends with a length of zero; several of them may follow each other.
    if length == 0 { return (reader.offset, 0, reader.offset, false) }
    guard length <= UInt64(reader.end - reader.offset) else { return nil }
    let idOffset = reader.offset
    let end = idOffset + Int(length)
    guard let id = reader.number(isWide ? 8 : 4) else { return nil }
    return (end, id, idOffset, isWide)
  }

  private func readCommon(_ table: Table, _ offset: Int) -> Common? {
    var reader = ByteReader(table.bytes, from: offset)
    guard let (end, id, idOffset, isWide) = Self.head(&reader), end > idOffset,
      table.isException ? id == 0 : id == (isWide ? .max : 0xffff_ffff)
    else { return nil }
    reader = ByteReader(table.bytes, from: reader.offset, to: end)
    guard let version = reader.byte(), [1, 3, 4].contains(version), let augmentation = reader.string() else {
      return nil
    }
    // Sizes of an address and of a segment selector.
    if version == 4 {
      guard let size = reader.byte(), Int(size) == addressSize, reader.byte() == 0 else { return nil }
    }
    guard let code = reader.unsigned(), let data = reader.signed(),
      let register = version == 1 ? reader.byte().map(UInt64.init) : reader.unsigned()
    else { return nil }
    // Plain addresses.
    var encoding: UInt8 = 0
    if augmentation.first == "z" {
      guard let length = reader.unsigned() else { return nil }
      let program = UInt64(reader.offset) + min(length, UInt64(end))
      for letter in augmentation.dropFirst() {
        switch letter {
        case "R":
          guard let byte = reader.byte() else { return nil }
          encoding = byte
        case "P":
          guard let byte = reader.byte(), pointer(&reader, byte, table) != nil else { return nil }
        case "L": guard reader.byte() != nil else { return nil }
        case "S", "B": break
        default: return nil
        }
      }
      guard reader.seek(program) else { return nil }
    } else if !augmentation.isEmpty {
      return nil
    }
    return Common(
      codeAlignment: code, dataAlignment: data, returnAddress: register, pointerEncoding: encoding,
      hasAugmentation: augmentation.first == "z", program: reader.offset..<end)
  }

  /// A pointer in one of `.eh_frame`'s encodings: a size, and what it counts from.
  private func pointer(_ reader: inout ByteReader, _ encoding: UInt8, _ table: Table) -> UInt64? {
    let place = table.address &+ UInt64(reader.offset)
    let value: UInt64?
    switch encoding & 0x0f {
    case 0x00: value = reader.number(addressSize)
    case 0x01: value = reader.unsigned()
    case 0x02: value = reader.number(2)
    case 0x03: value = reader.number(4)
    case 0x04: value = reader.number(8)
    case 0x09: value = reader.signed().map { UInt64(bitPattern: $0) }
    case 0x0a: value = reader.number(2).map { UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: $0))) }
    case 0x0b: value = reader.number(4).map { UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: $0))) }
    case 0x0c: value = reader.number(8)
    default: value = nil
    }
    guard let value else { return nil }
    let sum: UInt64
    switch encoding & 0x70 {
    case 0x00: sum = value
    case 0x10: sum = value &+ place
    default: return nil
    }
    return addressSize == 4 ? sum & 0xffff_ffff : sum
  }

  // MARK: Rows

  /// The row that holds before the instruction at `address`, as linked; nil where no function has it.
  package func row(at address: UInt64) -> Row? {
    var (low, high) = (0, functions.count)
    while low < high {
      let middle = (low + high) / 2
      if functions[middle].low <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address < functions[low - 1].high else { return nil }
    let function = functions[low - 1]
    let table = sections[function.section]
    var row = Row(returnAddress: function.common.returnAddress)
    var location = function.low
    guard run(function.common.program, &row, &location, nil, .max, function, table) else { return nil }
    let initial = row
    guard run(function.program, &row, &location, initial, address, function, table) else { return nil }
    return row
  }

  /// Carries out instructions until `location` is beyond `target`; false where one is unknown.
  private func run(
    _ program: Range<Int>, _ row: inout Row, _ location: inout UInt64, _ initial: Row?, _ target: UInt64,
    _ function: Function, _ table: Table
  ) -> Bool {
    var reader = ByteReader(table.bytes, from: program.lowerBound, to: program.upperBound)
    var stack: [Row] = []
    let common = function.common
    func scaled(_ value: Int64) -> Int64 { value &* common.dataAlignment }
    func scaled(_ value: UInt64) -> Int64 { scaled(Int64(truncatingIfNeeded: value)) }
    /// True where the rows that follow are for later instructions.
    func advance(_ units: UInt64) -> Bool {
      location &+= units &* common.codeAlignment
      return location > target
    }
    while let opcode = reader.byte() {
      let operand = UInt64(opcode & 0x3f)
      switch opcode >> 6 {
      case 1:
        if advance(operand) { return true }
        continue
      case 2:
        guard let offset = reader.unsigned() else { return false }
        row.rules[operand] = .saved(scaled(offset))
        continue
      case 3:
        row.rules[operand] = initial?.rules[operand]
        continue
      default: break
      }
      switch opcode {
      case 0x00: break  // nop
      case 0x01:  // set_loc
        guard let place = pointer(&reader, common.pointerEncoding, table) else { return false }
        location = place
        if location > target { return true }
      case 0x02, 0x03, 0x04:  // advance_loc1, 2, 4
        guard let units = reader.number(1 << Int(opcode - 2)) else { return false }
        if advance(units) { return true }
      case 0x05, 0x11:  // offset_extended, with a signed one
        guard let register = reader.unsigned() else { return false }
        let offset = opcode == 0x05 ? reader.unsigned().map(scaled) : reader.signed().map(scaled)
        guard let offset else { return false }
        row.rules[register] = .saved(offset)
      case 0x06:  // restore_extended
        guard let register = reader.unsigned() else { return false }
        row.rules[register] = initial?.rules[register]
      case 0x07, 0x08:  // undefined, same_value
        guard let register = reader.unsigned() else { return false }
        row.rules[register] = opcode == 0x07 ? .undefined : .same
      case 0x09:  // register
        guard let register = reader.unsigned(), let other = reader.unsigned() else { return false }
        row.rules[register] = .register(other)
      case 0x0a:  // remember_state
        guard stack.count < 64 else { return false }
        stack.append(row)
      case 0x0b:  // restore_state
        guard let top = stack.popLast() else { return false }
        row = top
      case 0x0c, 0x12:  // def_cfa, def_cfa_sf
        guard let register = reader.unsigned() else { return false }
        let offset =
          opcode == 0x0c
          ? reader.unsigned().map { Int64(truncatingIfNeeded: $0) } : reader.signed().map(scaled)
        guard let offset else { return false }
        row.frame = (register, offset)
      case 0x0d:  // def_cfa_register
        // GNU's assembler begins with it: the offset is 0 then.
        guard let register = reader.unsigned() else { return false }
        row.frame = (register, row.frame?.offset ?? 0)
      case 0x0e, 0x13:  // def_cfa_offset, def_cfa_offset_sf
        let offset =
          opcode == 0x0e
          ? reader.unsigned().map { Int64(truncatingIfNeeded: $0) } : reader.signed().map(scaled)
        guard let offset, let frame = row.frame else { return false }
        row.frame = (frame.register, offset)
      case 0x0f:  // def_cfa_expression
        guard let length = reader.unsigned(), reader.skip(length) else { return false }
        row.frame = nil
      case 0x10, 0x16:  // expression, val_expression
        guard let register = reader.unsigned(), let length = reader.unsigned(), reader.skip(length) else {
          return false
        }
        row.rules[register] = .unknown
      case 0x14, 0x15:  // val_offset, val_offset_sf
        guard let register = reader.unsigned() else { return false }
        let offset = opcode == 0x14 ? reader.unsigned().map(scaled) : reader.signed().map(scaled)
        guard let offset else { return false }
        row.rules[register] = .value(offset)
      case 0x2e: guard reader.unsigned() != nil else { return false }  // GNU_args_size
      default: return false
      }
    }
    return true
  }
}
