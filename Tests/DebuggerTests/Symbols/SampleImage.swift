/// ELF files made by hand.
enum SampleImage {
  struct Symbol {
    var name: String
    var value: UInt64
    var size: UInt64
    /// STT_ and, in the upper half, STB_.
    var info: UInt8 = 0x12
    var section: UInt16 = 1
  }

  /// A kernel linked for `virtual` and loaded at 0x80200000, with 0x100 bytes of code and as many of data.
  static func file(
    _ symbols: [Symbol], virtual: UInt64 = 0xffff_ffff_8000_0000, is64Bit: Bool = true
  ) -> [UInt8] {
    let word = is64Bit ? 8 : 4
    func bytes(_ fields: [(value: UInt64, size: Int)]) -> [UInt8] {
      fields.flatMap { field in (0..<field.size).map { UInt8(truncatingIfNeeded: field.value >> (8 * $0)) } }
    }
    let (headerSize, segmentSize) = is64Bit ? (64, 56) : (52, 32)
    let code = [UInt8](repeating: 0x13, count: 0x200)
    let codeOffset = UInt64(headerSize + segmentSize)

    var names: [UInt8] = [0]
    var table = [UInt8](repeating: 0, count: is64Bit ? 24 : 16)
    for symbol in symbols {
      let name = UInt64(names.count)
      if is64Bit {
        table += bytes([
          (name, 4), (UInt64(symbol.info), 1), (0, 1), (UInt64(symbol.section), 2), (symbol.value, 8),
          (symbol.size, 8),
        ])
      } else {
        table += bytes([
          (name, 4), (symbol.value, 4), (symbol.size, 4), (UInt64(symbol.info), 1), (0, 1),
          (UInt64(symbol.section), 2),
        ])
      }
      names += Array(symbol.name.utf8) + [0]
    }
    let tableOffset = codeOffset + UInt64(code.count)
    let namesOffset = tableOffset + UInt64(table.count)
    let headersOffset = namesOffset + UInt64(names.count)
    var headers: [UInt8] = []
    // Nothing, code, data, symbols, names: type, flags, address, offset, size, link.
    for row: [UInt64] in [
      [0, 0, 0, 0, 0, 0], [1, 6, virtual, codeOffset, 0x100, 0],
      [1, 3, virtual + 0x100, codeOffset + 0x100, 0x100, 0],
      [2, 0, 0, tableOffset, UInt64(table.count), 4], [3, 0, 0, namesOffset, UInt64(names.count), 0],
    ] {
      headers += bytes([(0, 4), (row[0], 4)] + row[1...4].map { ($0, word) } + [(row[5], 4), (0, 4)])
      headers += bytes([(8, word), (is64Bit ? 24 : 16, word)])
    }
    let start =
      [0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, 1, 1] + [UInt8](repeating: 0, count: 9)
      + bytes([
        (2, 2), (243, 2), (1, 4), (virtual, word), (UInt64(headerSize), word), (headersOffset, word), (0, 4),
        (UInt64(headerSize), 2), (UInt64(segmentSize), 2), (1, 2), (is64Bit ? 64 : 40, 2), (5, 2), (0, 2),
      ])
    let size = UInt64(code.count)
    let segment =
      is64Bit
      ? bytes([
        (1, 4), (7, 4), (codeOffset, 8), (virtual, 8), (0x8020_0000, 8), (size, 8), (size, 8), (4096, 8),
      ])
      : bytes([
        (1, 4), (codeOffset, 4), (virtual, 4), (0x8020_0000, 4), (size, 4), (size, 4), (7, 4), (4096, 4),
      ])
    return start + segment + code + table + names + headers
  }
}
