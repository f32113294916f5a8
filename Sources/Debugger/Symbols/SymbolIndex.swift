/// The symbols of an ELF file by address and by name (System V ABI, "Symbol Table").
struct SymbolIndex: Sendable {
  struct Symbol: Sendable {
    var address: UInt64
    /// The first address behind what it covers.
    var end: UInt64
    /// Where its name begins in the string table.
    var name: Int
    /// Which of several at one address is told: functions, then sized ones, then global ones.
    var rank: UInt8
  }

  /// STT_, and the section indices that are none (SHN_).
  private enum Kind {
    static let none: UInt8 = 0
    static let object: UInt8 = 1
    static let function: UInt8 = 2
  }
  private static let (undefined, common): (UInt64, UInt64) = (0, 0xfff2)

  /// Functions and labels, by address, none inside another function.
  private var code: [Symbol] = []
  /// Objects, and labels outside of code.
  private var data: [Symbol] = []
  /// All that have a name and a value, whatever they stand for: global ones first.
  private var named: [Symbol] = []
  private var names: [UInt8] = []

  var isEmpty: Bool { named.isEmpty }

  init(_ file: ELFSections) {
    // SHT_SYMTAB has all, SHT_DYNSYM what is left in a stripped file.
    for type: UInt32 in [2, 11] {
      guard let table = file.sections.first(where: { $0.type == type }),
        file.sections.indices.contains(table.link), let rows = file.bytes(of: table),
        let strings = file.bytes(of: file.sections[table.link])
      else { continue }
      names = strings
      read(rows, file)
      if !named.isEmpty { return }
    }
  }

  private mutating func read(_ rows: [UInt8], _ file: ELFSections) {
    let (stride, word) = file.is64Bit ? (24, 8) : (16, 4)
    var (foundCode, foundData): ([Symbol], [Symbol]) = ([], [])
    for at in Swift.stride(from: 0, through: rows.count - stride, by: stride) {
      func field(_ wide: Int, _ narrow: Int, _ size: Int) -> UInt64 {
        var reader = ByteReader(rows, from: at + (file.is64Bit ? wide : narrow))
        return reader.number(size) ?? 0
      }
      let name = Int(field(0, 0, 4))
      let info = UInt8(truncatingIfNeeded: field(4, 12, 1))
      let (kind, section) = (info & 15, field(6, 14, 2))
      // Not the assembler's own marks ($x, .L1), files and sections.
      guard kind <= Kind.function, section != Self.undefined, section != Self.common, name < names.count,
        ![0, UInt8(ascii: "$"), UInt8(ascii: ".")].contains(names[name])
      else { continue }
      let (address, size) = (field(8, 4, word), field(16, 8, word))
      let rank: UInt8 =
        (kind == Kind.function ? 4 : 0) | (size > 0 ? 2 : 0) | (info >> 4 != 0 ? 1 : 0)
      var symbol = Symbol(address: address, end: address, name: name, rank: rank)
      defer { named.append(symbol) }
      guard file.sections.indices.contains(Int(section)) else { continue }
      let home = file.sections[Int(section)]
      let (homeEnd, wraps) = home.address.addingReportingOverflow(home.size)
      let (end, overflow) = address.addingReportingOverflow(size)
      guard home.isAllocated, !wraps, !overflow, address >= home.address, address < homeEnd else { continue }
      // A label covers what follows it.
      symbol.end = size > 0 ? min(end, homeEnd) : homeEnd
      if home.isExecutable, kind != Kind.object {
        foundCode.append(symbol)
      } else {
        foundData.append(symbol)
      }
    }
    code = Self.sorted(foundCode)
    data = Self.sorted(foundData)
    named = named.filter { $0.rank & 1 != 0 } + named.filter { $0.rank & 1 == 0 }
  }

  private static func sorted(_ found: [Symbol]) -> [Symbol] {
    let found = found.sorted { ($0.address, $1.rank) < ($1.address, $0.rank) }
    var symbols: [Symbol] = []
    for symbol in found where symbols.last?.address != symbol.address {
      // Labels inside of a function are parts of it.
      if symbol.rank < 4, let last = symbols.last, last.rank >= 4, symbol.address < last.end { continue }
      symbols.append(symbol)
    }
    return symbols
  }

  /// The symbol that covers `address`, a virtual one: code first.
  func symbol(at address: UInt64) -> (name: String, offset: UInt64)? {
    (Self.find(address, in: code) ?? Self.find(address, in: data)).map { (text($0), address - $0.address) }
  }

  private static func find(_ address: UInt64, in symbols: [Symbol]) -> Symbol? {
    var (low, high) = (0, symbols.count)
    while low < high {
      let middle = (low + high) / 2
      if symbols[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address < symbols[low - 1].end else { return nil }
    return symbols[low - 1]
  }

  /// Of several of one name the first global one.
  func address(of name: String) -> UInt64? {
    let wanted = Array(name.utf8) + [0]
    return named.first { names[$0.name...].starts(with: wanted) }?.address
  }

  /// Names that begin with `prefix`, sorted, at most `limit`.
  func names(beginningWith prefix: String, limit: Int) -> [String] {
    let wanted = Array(prefix.utf8)
    var found: Set<String> = []
    for symbol in named where names[symbol.name...].starts(with: wanted) {
      found.insert(text(symbol))
      if found.count >= limit { break }
    }
    return found.sorted()
  }

  private func text(_ symbol: Symbol) -> String {
    String(decoding: names[symbol.name...].prefix { $0 != 0 }, as: UTF8.self)
  }
}
