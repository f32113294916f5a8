import Synchronization

/// From instruction bits to `Operation`, for one set of extensions and one width.
///
/// The rows that the hart has are sorted once into lists by major opcode and `funct3`, long lists
/// again by more bits; a list ends in a row that matches everything and means `illegal`.
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
  /// Major opcode and `funct3`, whose keys come first in `first`; then the upper five bits of `funct7`.
  private static var wide: Field { Field(count: 256, low: 2, lowBits: 5, high: 12) }
  private static var wideNarrower: Field { Field(count: 32, low: 27, lowBits: 5, high: 0) }
  /// Quadrant and `funct3`; then bits 12 to 10 and 6 to 5.
  private static var compressed: Field { Field(count: 32, low: 0, lowBits: 2, high: 13) }
  private static var compressedNarrower: Field { Field(count: 32, low: 5, lowBits: 2, high: 10) }

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
    var rows: (wide: [Entry], narrow: [Entry]) = ([], [])
    for (index, row) in Instruction.groups.joined().enumerated()
    where row.requirement.isMet(by: extensions, xlen: xlen) {
      let entry = Entry(
        match: row.match, mask: row.mask, nonzero: row.nonzero, row: UInt16(index),
        opcode: row.opcode, operands: row.operands)
      if row.length == 4 { rows.wide.append(entry) } else { rows.narrow.append(entry) }
    }
    var written: [UInt16: UInt16] = [:]
    sort(rows.wide, Self.wide, Self.wideNarrower, &written)
    sort(rows.narrow, Self.compressed, Self.compressedNarrower, &written)
  }

  /// Bits of an instruction that are a key together: some from `low` on, and, above `lowBits` of these, from `high` on.
  private struct Field {
    let count: Int
    let low: UInt32
    let lowBits: UInt32
    let high: UInt32

    @inline(__always) func key(_ bits: UInt32) -> Int {
      let lower = bits >> low & (1 << lowBits - 1)
      return Int((lower | (bits >> high) << lowBits) & UInt32(count - 1))
    }
    @inline(__always) func bits(_ key: Int) -> UInt32 {
      let key = UInt32(key)
      return (key & (1 << lowBits - 1)) << low | (key >> lowBits) << high
    }
  }

  /// Rows by the keys that they agree with, in their order: those of a key from `starts[key]` on.
  private struct Buckets {
    private let starts: [Int]
    private let rows: [Entry]

    init(_ all: ArraySlice<Entry>, _ field: Field) {
      var starts = [Int](repeating: 0, count: field.count + 1)
      Self.visit(all, field) { starts[$1 + 1] += 1 }
      for key in 0..<field.count { starts[key + 1] += starts[key] }
      var rows = [Entry](repeating: Decoder.end, count: starts[field.count])
      var ends = starts
      Self.visit(all, field) {
        rows[ends[$1]] = $0
        ends[$1] += 1
      }
      (self.starts, self.rows) = (starts, rows)
    }

    /// Calls `body` with each row and each of its keys. Nearly all rows say all of their key.
    @inline(__always)
    private static func visit(_ all: ArraySlice<Entry>, _ field: Field, _ body: (Entry, Int) -> Void) {
      let mask = field.bits(field.count - 1)
      for row in all {
        if row.mask & mask == mask {
          body(row, field.key(row.match))
        } else {
          for key in 0..<field.count where (row.match ^ field.bits(key)) & row.mask & mask == 0 {
            body(row, key)
          }
        }
      }
    }

    subscript(key: Int) -> ArraySlice<Entry> { rows[starts[key]..<starts[key + 1]] }
  }

  /// Adds a list for each key of the field, sorted again by the narrower one where it is long.
  private mutating func sort(
    _ rows: [Entry], _ field: Field, _ narrower: Field, _ written: inout [UInt16: UInt16]
  ) {
    let buckets = Buckets(rows[...], field)
    for key in 0..<field.count {
      let fitting = buckets[key]
      guard fitting.count > Self.longList else {
        first.append(list(fitting, &written))
        continue
      }
      first.append(Self.split | UInt16(second.count))
      let buckets = Buckets(fitting, narrower)
      for key in 0..<narrower.count { second.append(list(buckets[key], &written)) }
    }
  }

  /// The place of the first entry of a list of rows, written once for the keys that share it: `written` says where a
  /// list lies, by its first row.
  private mutating func list(_ rows: ArraySlice<Entry>, _ written: inout [UInt16: UInt16]) -> UInt16 {
    let head = rows.first?.row ?? Self.end.row
    if let known = written[head], isList(rows, at: Int(known)) { return known }
    let place = UInt16(entries.count)
    entries += rows
    entries.append(Self.end)
    written[head] = place
    return place
  }

  private func isList(_ rows: ArraySlice<Entry>, at place: Int) -> Bool {
    place + rows.count < entries.count && entries[place + rows.count].row == Self.end.row
      && rows.indices.allSatisfy { entries[place + $0 - rows.startIndex].row == rows[$0].row }
  }

  /// What ends a list: it matches everything.
  private static let end = Entry(match: 0, mask: 0, nonzero: 0, row: .max, opcode: .illegal, operands: .raw)

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
      place = first[Self.wide.key(bits)]
      if place & Self.split != 0 { place = second[Int(place & ~Self.split) + Self.wideNarrower.key(bits)] }
    } else {
      place = first[Self.wide.count + Self.compressed.key(bits)]
      if place & Self.split != 0 {
        place = second[Int(place & ~Self.split) + Self.compressedNarrower.key(bits)]
      }
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
