import Synchronization

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

  /// What was made last: harts of one machine, and threads of one process, have the same.
  private static let last = Mutex<Decoder?>(nil)

  /// The same as from `init`, made once for all harts that want it one after the other.
  static func shared(extensions: ExtensionSet, xlen: Int) -> Decoder {
    last.withLock { last in
      if let last, last.extensions == extensions, last.xlen == xlen { return last }
      let decoder = Decoder(extensions: extensions, xlen: xlen)
      last = decoder
      return decoder
    }
  }

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
    var lists = Lists(ofOne: Array(repeating: nil, count: Instruction.table.count))
    sort(
      wide, Self.wideKeys, key: { $0 >> 2 & 31 | $0 >> 7 & 0xe0 }, { 3 | ($0 & 31) << 2 | ($0 >> 5) << 12 },
      0x707f, 25, 128, &lists)
    sort(
      narrow, 32, key: { $0 & 3 | $0 >> 11 & 0x1c }, { $0 & 3 | ($0 >> 2) << 13 }, 0xe003, 5, 256, &lists)
  }

  /// Where lists begin that are written already: most are empty or have one row.
  private struct Lists {
    var empty: UInt16?
    var ofOne: [UInt16?]
    var longer: [[UInt16]: UInt16] = [:]
  }

  /// Adds `keys` first keys, whose bits `bits` gives, and which `key` has from bits: for each the rows that agree with
  /// these under `mask`, sorted again by `count` values of the field at `shift` where there are many.
  private mutating func sort(
    _ rows: [Entry], _ keys: Int, key: (UInt32) -> UInt32, _ bits: (UInt32) -> UInt32, _ mask: UInt32,
    _ shift: UInt32, _ count: UInt32, _ lists: inout Lists
  ) {
    let field = (count - 1) << shift
    // Nearly all rows say all of their key.
    var rowsByKey = [[Entry]](repeating: [], count: keys)
    for row in rows {
      if row.mask & mask == mask {
        rowsByKey[Int(key(row.match))].append(row)
      } else {
        for key in 0..<keys where (row.match ^ bits(UInt32(key))) & row.mask & mask == 0 {
          rowsByKey[key].append(row)
        }
      }
    }
    for fitting in rowsByKey {
      guard fitting.count > Self.longList else {
        first.append(list(fitting, &lists))
        continue
      }
      first.append(Self.split | UInt16(second.count))
      // Rows that say what the whole field is go to one place, the others to several.
      var narrower = [[Entry]](repeating: [], count: Int(count))
      for row in fitting {
        if row.mask & field == field {
          narrower[Int((row.match & field) >> shift)].append(row)
        } else {
          for value in 0..<count where (row.match ^ value << shift) & row.mask & field == 0 {
            narrower[Int(value)].append(row)
          }
        }
      }
      for rows in narrower { second.append(list(rows, &lists)) }
    }
  }

  /// The place of the first entry of a list of rows, written once however many keys share it.
  private mutating func list(_ rows: [Entry], _ lists: inout Lists) -> UInt16 {
    switch rows.count {
    case 0:
      if let known = lists.empty { return known }
    case 1:
      if let known = lists.ofOne[Int(rows[0].row)] { return known }
    default:
      if let known = lists.longer[rows.map(\.row)] { return known }
    }
    let place = UInt16(entries.count)
    entries += rows
    entries.append(Entry(match: 0, mask: 0, nonzero: 0, row: .max, opcode: .illegal, operands: .raw))
    switch rows.count {
    case 0: lists.empty = place
    case 1: lists.ofOne[Int(rows[0].row)] = place
    default: lists.longer[rows.map(\.row)] = place
    }
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
