import Testing

import Boot

/// Names of guest code, for logs and profiles.
@Suite struct SymbolTableTests {
  private struct Symbol {
    var name: String
    var value: UInt64
    var size: UInt64
    /// STT_ and, in the upper half, STB_.
    var info: UInt8 = 0x12
    var section: UInt16 = 1
  }

  /// A kernel linked for `virtual` and loaded at 0x80200000, with 0x100 bytes of code and as many of data.
  private static func file(_ symbols: [Symbol], virtual: UInt64 = 0xffff_ffff_8000_0000) -> [UInt8] {
    var file = Samples.elf64(
      entry: virtual,
      [.init(virtual: virtual, physical: 0x8020_0000, bytes: [UInt8](repeating: 0x13, count: 0x200))])
    var names: [UInt8] = [0]
    var table = [UInt8](repeating: 0, count: 24)
    for symbol in symbols {
      table.append(little: UInt32(names.count))
      table += [symbol.info, 0]
      table.append(little: symbol.section)
      table.append(little: symbol.value)
      table.append(little: symbol.size)
      names += Array(symbol.name.utf8) + [0]
    }
    let tableOffset = UInt64(file.count)
    file += table
    let namesOffset = UInt64(file.count)
    file += names
    let headers = UInt64(file.count)
    // Nothing, code, data, symbols, names: type, flags, address, offset, size, link.
    for row: [UInt64] in [
      [0, 0, 0, 0, 0, 0], [1, 6, virtual, 0, 0x100, 0], [1, 3, virtual + 0x100, 0, 0x100, 0],
      [2, 0, 0, tableOffset, UInt64(table.count), 4], [3, 0, 0, namesOffset, UInt64(names.count), 0],
    ] {
      file.append(little: UInt32(0))
      file.append(little: UInt32(row[0]))
      for field in row[1...4] { file.append(little: field) }
      file.append(little: UInt32(row[5]))
      file.append(little: UInt32(0))
      for field: UInt64 in [8, 24] { file.append(little: field) }
    }
    func put(_ bytes: [UInt8], at offset: Int) {
      file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    put((0..<8).map { UInt8(truncatingIfNeeded: headers >> (8 * $0)) }, at: 40)
    put([64, 0, 5, 0], at: 58)
    return file
  }

  private static let base: UInt64 = 0xffff_ffff_8000_0000
  private static let kernel = file([
    Symbol(name: "second", value: base + 0x20, size: 0x10),
    Symbol(name: "first", value: base + 8, size: 0x10),
    Symbol(name: "alias", value: base + 8, size: 0x10, info: 0x10),
    Symbol(name: "inside", value: base + 0x24, size: 0, info: 0),
    Symbol(name: "$x", value: base, size: 0, info: 0),
    Symbol(name: ".L1", value: base, size: 0, info: 0),
    Symbol(name: "label", value: base + 0x80, size: 0, info: 0x10),
    Symbol(name: "object", value: base + 0x120, size: 8, info: 0x11, section: 2),
    Symbol(name: "elsewhere", value: 0x1234, size: 8),
    Symbol(name: "beyond", value: base + 0xf8, size: .max / 4),
  ])

  private func text(_ table: SymbolTable, _ address: UInt64) -> String? {
    table.place(of: address).map { "\($0.name)+\($0.offset)" }
  }

  @Test func functionsAndLabelsCoverTheirCode() {
    let table = SymbolTable(ImageSource(name: "k", bytes: Self.kernel))
    let expected: [(UInt64, String?)] = [
      (0, nil), (8, "first+0"), (0x17, "first+15"), (0x18, nil), (0x20, "second+0"), (0x26, "second+6"),
      (0x30, nil), (0x80, "label+0"), (0xf0, "label+112"), (0xff, "label+127"), (0x100, nil), (0x120, nil),
    ]
    for (offset, name) in expected { #expect(text(table, Self.base + offset) == name, "\(offset)") }
    #expect(text(table, 0x1234) == nil)
  }

  @Test func codeThatRunsBeforeTranslationIsOnHasItsNamesToo() {
    let table = SymbolTable(ImageSource(name: "k", bytes: Self.kernel))
    #expect(text(table, 0x8020_0024) == "second+4")
    #expect(text(table, 0x8030_0000) == nil)
  }

  @Test func damagedFilesHaveFewerSymbolsAndNeverTrap() {
    var state: UInt64 = 1
    for round in 0..<1500 {
      var bytes = Self.kernel
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let at = Int(state >> 33) % bytes.count
      switch round % 3 {
      case 0: bytes[at] = UInt8(truncatingIfNeeded: state >> 20)
      case 1: for i in at..<min(at + 8, bytes.count) { bytes[i] = 0xff }
      default: bytes = Array(bytes.prefix(at))
      }
      let table = SymbolTable(ImageSource(name: "k", bytes: bytes))
      for offset in stride(from: UInt64(0), to: 0x140, by: 4) { _ = table.place(of: Self.base &+ offset) }
      _ = table.place(of: .max)
    }
    #expect(SymbolTable(path: "/nonexistent").isEmpty)
  }
}
