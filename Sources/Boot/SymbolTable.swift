/// The symbols of an ELF file's code, for people: logs and profiles.
///
/// System V ABI, "Symbol Table"; RISC-V ELF psABI, §8.
package struct SymbolTable: Sendable {
  private struct Symbol {
    var address: UInt64
    /// The first address behind it.
    var end: UInt64
    var name: UInt32
    /// Which of several at one address is told: functions, then sized ones, then global ones.
    var rank: UInt8
  }

  private var symbols: [Symbol] = []
  private var names: [UInt8] = []
  /// Where code lies before its addresses are translated: the segments that are linked for elsewhere.
  private var moved: [ELF.Segment] = []

  private enum Section {
    static let symbolTable: UInt32 = 2
    static let dynamicSymbols: UInt32 = 11
    static let executable: UInt64 = 4
  }

  package var isEmpty: Bool { symbols.isEmpty }

  /// Reads the file at `path`. What is no ELF file, or a damaged one, has no symbols: the boot plan has said so.
  package init(path: String) {
    self.init(try? ImageSource(opening: path))
  }

  package init(_ source: ImageSource?) {
    guard let source, let elf = try? ELF(source) else { return }
    moved = elf.segments.filter { $0.virtualAddress != $0.physicalAddress }
    read(source, is64Bit: elf.is64Bit)
  }

  /// The symbol that covers `address`, which may be a virtual one or a physical one.
  package func place(of address: UInt64) -> (name: String, offset: UInt64)? {
    if let found = symbol(at: address) { return found }
    for segment in moved where address &- segment.physicalAddress < segment.memorySize {
      if let found = symbol(at: address &- segment.physicalAddress &+ segment.virtualAddress) { return found }
    }
    return nil
  }

  private func symbol(at address: UInt64) -> (name: String, offset: UInt64)? {
    var low = 0
    var high = symbols.count
    while low < high {
      let middle = (low + high) / 2
      if symbols[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address < symbols[low - 1].end else { return nil }
    let symbol = symbols[low - 1]
    let name = names[Int(symbol.name)...].prefix { $0 != 0 }
    return (String(decoding: name, as: UTF8.self), address - symbol.address)
  }

  private struct Header {
    var type: UInt32
    var flags: UInt64
    var address: UInt64
    var offset: UInt64
    var size: UInt64
    var link: Int
  }

  private mutating func read(_ source: ImageSource, is64Bit: Bool) {
    let headers = Self.headers(source, is64Bit: is64Bit)
    guard
      let table = headers.first(where: { $0.type == Section.symbolTable })
        ?? headers.first(where: { $0.type == Section.dynamicSymbols }),
      headers.indices.contains(table.link),
      let rows = source.bytes(at: table.offset, count: Int(clamping: table.size)),
      let strings = source.bytes(
        at: headers[table.link].offset, count: Int(clamping: headers[table.link].size))
    else { return }
    names = [UInt8](strings)
    let bytes = [UInt8](rows)
    let stride = is64Bit ? 24 : 16
    var found: [Symbol] = []
    for at in Swift.stride(from: 0, to: bytes.count - stride + 1, by: stride) {
      guard let name = bytes.little(UInt32.self, at: at), Int(name) < names.count, names[Int(name)] != 0,
        let section = bytes.little(UInt16.self, at: at + (is64Bit ? 6 : 14)),
        headers.indices.contains(Int(section)),
        headers[Int(section)].flags & Section.executable != 0,
        let address = Self.word(bytes, at + (is64Bit ? 8 : 4), is64Bit),
        let size = Self.word(bytes, at + (is64Bit ? 16 : 8), is64Bit)
      else { continue }
      let info = bytes[at + (is64Bit ? 4 : 12)]
      // Functions, and labels of assembly; not the assembler's own marks ($x, .L1).
      guard [0, 2].contains(info & 15), names[Int(name)] != UInt8(ascii: "$"),
        names[Int(name)] != UInt8(ascii: ".")
      else { continue }
      let header = headers[Int(section)]
      let sectionEnd = header.address &+ header.size
      let (end, overflow) = address.addingReportingOverflow(size)
      guard address >= header.address, address < sectionEnd, !overflow else { continue }
      let rank: UInt8 = (info & 15 == 2 ? 4 : 0) | (size > 0 ? 2 : 0) | (info >> 4 != 0 ? 1 : 0)
      found.append(
        Symbol(address: address, end: size > 0 ? min(end, sectionEnd) : sectionEnd, name: name, rank: rank))
    }
    found.sort { ($0.address, $1.rank) < ($1.address, $0.rank) }
    for symbol in found where symbols.last?.address != symbol.address {
      // Labels inside of a function are parts of it.
      if symbol.rank < 4, let last = symbols.last, last.rank >= 4, symbol.address < last.end { continue }
      symbols.append(symbol)
    }
  }

  private static func word(_ bytes: [UInt8], _ offset: Int, _ is64Bit: Bool) -> UInt64? {
    is64Bit ? bytes.little(UInt64.self, at: offset) : bytes.little(UInt32.self, at: offset).map(UInt64.init)
  }

  private static func headers(_ source: ImageSource, is64Bit: Bool) -> [Header] {
    let header = source.prefix(64)
    let least = is64Bit ? 64 : 40
    guard let offset = word(header, is64Bit ? 40 : 32, is64Bit), offset != 0,
      let size = header.little(UInt16.self, at: is64Bit ? 58 : 46), Int(size) >= least,
      let count = header.little(UInt16.self, at: is64Bit ? 60 : 48),
      let table = source.bytes(at: offset, count: Int(size) * Int(count)).map({ [UInt8]($0) })
    else { return [] }
    var headers: [Header] = []
    for index in 0..<Int(count) {
      let at = index * Int(size)
      guard let type = table.little(UInt32.self, at: at + 4), let flags = word(table, at + 8, is64Bit),
        let address = word(table, at + (is64Bit ? 16 : 12), is64Bit),
        let offset = word(table, at + (is64Bit ? 24 : 16), is64Bit),
        let size = word(table, at + (is64Bit ? 32 : 20), is64Bit),
        let link = table.little(UInt32.self, at: at + (is64Bit ? 40 : 24))
      else { return [] }
      headers.append(
        Header(type: type, flags: flags, address: address, offset: offset, size: size, link: Int(link)))
    }
    return headers
  }
}
