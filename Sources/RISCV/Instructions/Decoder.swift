/// From instruction bits to `Operation`, for one set of extensions and one width.
///
/// The rows that the hart has are sorted once into lists by major opcode and `funct3`, long lists
/// again by `funct7`; a list ends in a row that matches everything and means `illegal`.
package struct Decoder: Sendable {
  /// A row as the search needs it.
  private struct Entry {
    var match: UInt32
    var mask: UInt32
    var nonzero: UInt32
    /// The row's place in `Instruction.table`.
    var row: UInt16
    var opcode: Opcode
    var operands: Operands
  }

  package let extensions: ExtensionSet
  package let xlen: Int
  private var entries: [Entry] = []
  /// By the first key: the first entry of a list, or `split` plus a place in `second`.
  private var first: [UInt16] = []
  private var second: [UInt16] = []

  private static let split: UInt16 = 0x8000
  private static let longList = 5
  /// The first keys of 4-byte instructions; those of 2-byte ones follow.
  private static let wideKeys = 256

  package init(extensions: ExtensionSet, xlen: Int) {
    self.extensions = extensions
    self.xlen = xlen
    var wide: [Entry] = []
    var narrow: [Entry] = []
    for (index, row) in Instruction.table.enumerated()
    where row.requirement.isMet(by: extensions, xlen: xlen) {
      let entry = Entry(
        match: row.match, mask: row.mask, nonzero: row.nonzero, row: UInt16(index),
        opcode: row.opcode, operands: row.operands)
      if row.length == 4 { wide.append(entry) } else { narrow.append(entry) }
    }
    var lists: [[UInt16]: UInt16] = [:]
    for key in 0..<UInt32(Self.wideKeys) {
      let bits = 3 | (key & 31) << 2 | (key >> 5) << 12
      sort(wide, bits, 0x707f, 25, 128, &lists)
    }
    for key in 0..<UInt32(32) {
      let bits = key & 3 | (key >> 2) << 13
      sort(narrow, bits, 0xe003, 5, 256, &lists)
    }
  }

  /// Adds one first key: the rows that agree with `bits` under `mask`, sorted again by `count`
  /// values of the field at `shift` where there are many.
  private mutating func sort(
    _ rows: [Entry], _ bits: UInt32, _ mask: UInt32, _ shift: UInt32, _ count: UInt32,
    _ lists: inout [[UInt16]: UInt16]
  ) {
    let fitting = rows.filter { ($0.match ^ bits) & $0.mask & mask == 0 }
    guard fitting.count > Self.longList else {
      first.append(list(fitting, &lists))
      return
    }
    first.append(Self.split | UInt16(second.count))
    let field = (count - 1) << shift
    for value in 0..<count {
      let narrower = fitting.filter { ($0.match ^ value << shift) & $0.mask & field == 0 }
      second.append(list(narrower, &lists))
    }
  }

  /// The place of the first entry of a list of rows, written once however many keys share it.
  private mutating func list(_ rows: [Entry], _ lists: inout [[UInt16]: UInt16]) -> UInt16 {
    let numbers = rows.map(\.row)
    if let known = lists[numbers] { return known }
    let place = UInt16(entries.count)
    entries += rows
    entries.append(Entry(match: 0, mask: 0, nonzero: 0, row: .max, opcode: .illegal, operands: .raw))
    lists[numbers] = place
    return place
  }

  /// How many bytes the instruction has that begins with `firstHalf`. The longer formats, of which
  /// no extension makes use, count as 4 and are illegal.
  @inlinable
  package static func length(of firstHalf: UInt16) -> Int { firstHalf & 3 == 3 ? 4 : 2 }

  /// The operation that `word` means; of a 2-byte instruction the upper half is ignored.
  package func decode(_ word: UInt32) -> Operation {
    let bits = word & 3 == 3 ? word : word & 0xffff
    let entry = entries[find(bits)]
    return Operation(entry.opcode, entry.operands, bits)
  }

  /// The row of the table that `word` is, nil where it is none that the hart has.
  package func instruction(_ word: UInt32) -> Instruction? {
    let row = entries[find(word & 3 == 3 ? word : word & 0xffff)].row
    return row == .max ? nil : Instruction.table[Int(row)]
  }

  private func find(_ bits: UInt32) -> Int {
    var place: UInt16
    if bits & 3 == 3 {
      place = first[Int(bits >> 2 & 31 | bits >> 7 & 0xe0)]
      if place & Self.split != 0 { place = second[Int(place & ~Self.split) + Int(bits >> 25)] }
    } else {
      place = first[Self.wideKeys + Int(bits & 3 | bits >> 11 & 0x1c)]
      if place & Self.split != 0 { place = second[Int(place & ~Self.split) + Int(bits >> 5 & 0xff)] }
    }
    var index = Int(place)
    while true {
      let entry = entries[index]
      if bits & entry.mask == entry.match && (entry.nonzero == 0 || bits & entry.nonzero != 0) {
        return index
      }
      index += 1
    }
  }
}
