import Synchronization

/// The symbols of a program's files, by addresses of its memory: for logs, profiles and what is said of its end.
package final class ProgramSymbols: Sendable {
  private struct Image: Sendable {
    var path: String
    var range: Range<UInt64>
    /// By how much addresses are not as linked.
    var bias: UInt64
  }

  private struct State: Sendable {
    var images: [Image] = []
    var mapped: [MappedRange] = []
    var files: [String: FileSymbols] = [:]
  }

  private let state = Mutex(State())
  private let memorySlot = Mutex<GuestMemory?>(nil)

  package init() {}

  /// Where other files are mapped is asked of it.
  var memory: GuestMemory? {
    get { memorySlot.withLock { $0 } }
    set { memorySlot.withLock { $0 = newValue } }
  }

  /// The program, or its loader, lies in `range`.
  func note(_ path: String, _ range: Range<UInt64>, _ bias: UInt64) {
    state.withLock { $0.images.append(Image(path: path, range: range, bias: bias)) }
  }

  /// The symbol that covers `address`, and how far behind its beginning that is.
  package func place(of address: UInt64) -> (name: String, offset: UInt64)? {
    if let image = state.withLock({ $0.images.first { $0.range.contains(address) } }) {
      return file(image.path).place(of: address &- image.bias)
    }
    guard let range = mapping(of: address), range.path.hasPrefix("/") else { return nil }
    let file = file(range.path)
    guard let linked = file.linkedAddress(ofOffset: address - range.start + range.offset) else { return nil }
    return file.place(of: linked)
  }

  private func mapping(of address: UInt64) -> MappedRange? {
    if let known = state.withLock({ $0.mapped.first { $0.start <= address && address < $0.end } }) {
      return known
    }
    guard let mapped = memory?.mappedRanges() else { return nil }
    state.withLock { $0.mapped = mapped }
    return mapped.first { $0.start <= address && address < $0.end }
  }

  private func file(_ path: String) -> FileSymbols {
    if let known = state.withLock({ $0.files[path] }) { return known }
    let file = FileSymbols(path)
    state.withLock { $0.files[path] = file }
    return file
  }
}

/// The functions and objects of one ELF file (System V ABI, "Symbol Table"); none where it is damaged or stripped.
struct FileSymbols: Sendable {
  private struct Symbol {
    var address: UInt64
    var size: UInt64
    var name: Int
  }
  private var symbols: [Symbol] = []
  private var names: [UInt8] = []
  private var segments: [ProgramImage.Segment] = []

  /// Tables larger than this are not read.
  private static let mostBytes: UInt64 = 1 << 28

  init(_ path: String) {
    guard let file = try? ProgramFile(path) else { return }
    defer { file.close() }
    guard let image = try? file.image() else { return }
    segments = image.segments
    let header = file.bytes(0, 64)
    let (start, count) = (Self.word(header, 40), Int(Self.word(header, 60) & 0xffff))
    let sections = file.bytes(start, 64 * count)
    guard sections.count == 64 * count else { return }
    // SHT_SYMTAB has all, SHT_DYNSYM what is left in a stripped file.
    for kind in [2, 11] as [UInt64] {
      guard let i = (0..<count).first(where: { Self.word(sections, 64 * $0 + 4) & 0xffff_ffff == kind })
      else { continue }
      let link = Int(Self.word(sections, 64 * i + 40) & 0xffff_ffff)
      guard link < count else { continue }
      let (symbolSize, nameSize) = (Self.word(sections, 64 * i + 32), Self.word(sections, 64 * link + 32))
      guard symbolSize < Self.mostBytes, nameSize < Self.mostBytes else { continue }
      names = file.bytes(Self.word(sections, 64 * link + 24), Int(nameSize))
      read(file.bytes(Self.word(sections, 64 * i + 24), Int(symbolSize)))
      if !symbols.isEmpty { break }
    }
    symbols.sort { ($0.address, $0.size) < ($1.address, $1.size) }
  }

  private mutating func read(_ table: [UInt8]) {
    for at in stride(from: 0, to: table.count - 23, by: 24) {
      let name = Int(Self.word(table, at) & 0xffff_ffff)
      // STT_NOTYPE, STT_OBJECT, STT_FUNC of some section; the assembler's own names begin with a dollar or a dot.
      guard table[at + 4] & 15 <= 2, table[at + 6] != 0 || table[at + 7] != 0, name > 0, name < names.count,
        names[name] != 0x24, names[name] != 0x2e, names[name] != 0
      else { continue }
      symbols.append(
        Symbol(address: Self.word(table, at + 8), size: Self.word(table, at + 16), name: name))
    }
  }

  /// 8 bytes, zeros where there are fewer.
  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    var word: UInt64 = 0
    for i in (0..<8).reversed() where offset + i < bytes.count {
      word = word << 8 | UInt64(bytes[offset + i])
    }
    return word
  }

  func linkedAddress(ofOffset offset: UInt64) -> UInt64? {
    // Mappings are whole pages, segments are not.
    segments.first { $0.offset & ~4095 <= offset && offset < ($0.offset + $0.fileSize + 4095) & ~4095 }
      .map { offset &- $0.offset &+ $0.address }
  }

  /// `address` as linked.
  func place(of address: UInt64) -> (name: String, offset: UInt64)? {
    var (low, high) = (0, symbols.count)
    while low < high {
      let middle = (low + high) / 2
      if symbols[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    // Of several at one place the largest is the last.
    guard low > 0 else { return nil }
    let symbol = symbols[low - 1]
    let offset = address - symbol.address
    guard symbol.size == 0 || offset < symbol.size else { return nil }
    let name = names[symbol.name...].prefix { $0 != 0 }
    return (String(decoding: name, as: UTF8.self), offset)
  }
}
