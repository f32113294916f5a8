/// A look at a hart's page tables that changes nothing: no A or D bits, as a debugger wants it
/// (RISC-V Privileged 1.13, §12.3–12.6; Svnapot, §13; Svpbmt, §14).
package struct PageTables {
  /// "Sv39"; "Bare" where addresses are not translated.
  let scheme: String
  let root: UInt64
  let levels: Int
  let addressSpaceID: UInt64
  let isNarrow: Bool
  private let read: (_ address: UInt64, _ count: Int) -> [UInt8]?

  /// `width` is XLEN; `read` gives physical memory.
  package init(satp: UInt64, width: Int, read: @escaping (_ address: UInt64, _ count: Int) -> [UInt8]?) {
    isNarrow = width == 32
    let mode = isNarrow ? satp >> 31 & 1 : satp >> 60
    root = (isNarrow ? satp & 0x3f_ffff : satp & 0xfff_ffff_ffff) << 12
    addressSpaceID = isNarrow ? satp >> 22 & 0x1ff : satp >> 44 & 0xffff
    levels =
      switch mode {
      case 1 where isNarrow: 2
      case 8...10 where !isNarrow: Int(mode) - 5
      default: 0
      }
    scheme = levels == 0 ? "Bare" : isNarrow ? "Sv32" : "Sv\(12 + 9 * levels)"
    self.read = read
  }

  var translates: Bool { levels > 0 }

  // MARK: Entries

  /// A page-table entry by its fields.
  struct Entry: Equatable {
    var bits: UInt64
    let isNarrow: Bool

    subscript(bit: Int) -> Bool { bits >> UInt64(bit) & 1 != 0 }
    var isValid: Bool { self[0] }
    var isReadable: Bool { self[1] }
    var isWritable: Bool { self[2] }
    var isExecutable: Bool { self[3] }
    var isUser: Bool { self[4] }
    var isAccessed: Bool { self[6] }
    var isDirty: Bool { self[7] }
    var isLeaf: Bool { bits & 0xe != 0 }
    var page: UInt64 { isNarrow ? bits >> 10 & 0x3f_ffff : bits >> 10 & 0xfff_ffff_ffff }
    /// Svpbmt's memory type: nothing, "nc" or "io".
    var memoryType: String { isNarrow ? "" : ["", "nc", "io", "reserved"][Int(bits >> 61 & 3)] }
    var isContiguous: Bool { !isNarrow && self[63] }

    /// QEMU's column: rwxugad, a dash for what is not set.
    var attributes: String {
      String(zip([1, 2, 3, 4, 5, 6, 7], "rwxugad").map { self[$0] ? $1 : "-" })
    }
  }

  private var indexBits: UInt64 { isNarrow ? 10 : 9 }
  private var entrySize: Int { isNarrow ? 4 : 8 }

  private func shift(_ level: Int) -> UInt64 { 12 + indexBits * UInt64(level) }

  /// Bytes that a leaf of `level` maps.
  func pageSize(_ level: Int) -> UInt64 { 1 << shift(level) }

  // MARK: One address

  struct Step: Equatable {
    var level: Int
    var table: UInt64
    var index: UInt64
    /// Where the entry lies.
    var address: UInt64
    /// Nil: nothing is there.
    var entry: Entry?
  }

  enum End: Equatable {
    /// Translation is off.
    case bare
    case page(physical: UInt64, size: UInt64, Entry)
    /// The address's upper bits are not copies of its topmost translated one.
    case notCanonical
    /// No memory where the table should be.
    case noTable
    case invalid
    /// W without R (§12.3.1), or bits that must be zero.
    case reserved(String)
    /// The last level points on.
    case endless
    case misalignedPage
  }

  /// All steps to `virtual`'s page, and how they end. Whether the access is allowed is another question.
  func walk(_ virtual: UInt64) -> (steps: [Step], end: End) {
    guard translates else { return ([], .bare) }
    if !isNarrow {
      let unused = UInt64(64 - 12 - 9 * levels)
      let canonical = UInt64(bitPattern: Int64(bitPattern: virtual << unused) >> Int64(unused))
      guard canonical == virtual else { return ([], .notCanonical) }
    }
    var steps: [Step] = []
    var table = root
    for level in (0..<levels).reversed() {
      let index = virtual >> shift(level) & (1 << indexBits - 1)
      let address = table &+ index * UInt64(entrySize)
      let entry = read(address, entrySize).map { Entry(bits: Self.little($0), isNarrow: isNarrow) }
      steps.append(Step(level: level, table: table, index: index, address: address, entry: entry))
      guard let entry else { return (steps, .noTable) }
      guard entry.isValid else { return (steps, .invalid) }
      if entry.isWritable, !entry.isReadable { return (steps, .reserved("W is set and R is not")) }
      if !isNarrow, entry.bits >> 54 & 0x7f != 0 {
        return (steps, .reserved("bits 54 to 60 are reserved and not zero"))
      }
      guard entry.isLeaf else {
        table = entry.page << 12
        continue
      }
      // Svnapot: 64 KiB, whose low page-number bits hold the size.
      if entry.isContiguous, level == 0 {
        return (
          steps, .page(physical: (entry.page & ~0xf) << 12 | virtual & 0xffff, size: 1 << 16, entry)
        )
      }
      let offset = pageSize(level) - 1
      guard entry.page << 12 & offset == 0 else { return (steps, .misalignedPage) }
      return (steps, .page(physical: entry.page << 12 | virtual & offset, size: offset + 1, entry))
    }
    return (steps, .endless)
  }

  /// Where `virtual` leads; nil where it is not mapped.
  package func physicalAddress(of virtual: UInt64) -> UInt64? {
    switch walk(virtual).end {
    case .bare: virtual
    case .page(let physical, _, _): physical
    default: nil
    }
  }

  // MARK: All of them

  /// A run of one table's pages that lie side by side, virtual and physical, with the same attributes.
  struct Mapping: Equatable {
    var virtual: UInt64
    var physical: UInt64
    var size: UInt64
    var entry: Entry
    /// How many pages of which size, in order.
    var pages: [(size: UInt64, count: Int)]

    static func == (a: Mapping, b: Mapping) -> Bool {
      a.virtual == b.virtual && a.physical == b.physical && a.size == b.size && a.entry == b.entry
        && a.pages.elementsEqual(b.pages, by: ==)
    }
  }

  /// Tables that are looked at, at most: a table that contains itself has no end.
  static let mostTables = 1 << 15

  /// What is mapped, in the order of the tables; false where there was no end to it.
  func mappings() -> (rows: [Mapping], isComplete: Bool) {
    var rows: [Mapping] = []
    var tables = 0
    // As in QEMU's listing a run ends with its table.
    var startsRun = true
    func add(_ virtual: UInt64, _ physical: UInt64, _ size: UInt64, _ entry: Entry) {
      defer { startsRun = false }
      if !startsRun, var last = rows.last, last.virtual &+ last.size == virtual,
        last.physical &+ last.size == physical,
        last.entry.bits & 0xff == entry.bits & 0xff, last.entry.memoryType == entry.memoryType
      {
        last.size &+= size
        if last.pages[last.pages.count - 1].size == size {
          last.pages[last.pages.count - 1].count += 1
        } else {
          last.pages.append((size, 1))
        }
        rows[rows.count - 1] = last
      } else {
        rows.append(
          Mapping(virtual: virtual, physical: physical, size: size, entry: entry, pages: [(size, 1)]))
      }
    }
    func visit(_ table: UInt64, _ level: Int, _ base: UInt64) {
      tables += 1
      startsRun = true
      defer { startsRun = true }
      guard tables <= Self.mostTables, let bytes = read(table, 4096) else { return }
      for index in 0..<4096 / entrySize {
        let entry = Entry(
          bits: Self.little(bytes[index * entrySize..<(index + 1) * entrySize]), isNarrow: isNarrow)
        guard entry.isValid else { continue }
        var virtual = base | UInt64(index) << shift(level)
        if !isNarrow, level == levels - 1, index >= 256 { virtual |= .max << (12 + 9 * UInt64(levels)) }
        guard entry.isLeaf else {
          if level > 0 { visit(entry.page << 12, level - 1, virtual) }
          continue
        }
        let contiguous = entry.isContiguous && level == 0
        let page = contiguous ? entry.page & ~0xf | UInt64(index) & 0xf : entry.page
        add(virtual, page << 12, pageSize(level), entry)
      }
    }
    if translates { visit(root, levels - 1, 0) }
    return (rows, tables <= Self.mostTables)
  }

  private static func little(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
    bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }
}

/// "4 KiB", "2 MiB": powers of two with the largest unit.
func sizeText(_ bytes: UInt64) -> String {
  for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")]
  where bytes >= 1 << UInt64(shift) && bytes & (1 << UInt64(shift) - 1) == 0 {
    return "\(bytes >> UInt64(shift)) \(unit)"
  }
  return "\(bytes) B"
}
