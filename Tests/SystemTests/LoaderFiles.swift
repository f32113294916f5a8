import Foundation
import TestSupport

/// The files of the loader's cases: whole ones of each format, and what is wrong with others.
enum LoaderFiles {
  /// `li a0, 1; ecall; ebreak…`: eight bytes that are easy to know again.
  static let code: [UInt8] = [5, 0x45, 0x73, 0, 0x50, 0x10, 0x5f, 0xbf]

  static func write(to folder: TemporaryFolder) throws {
    for (name, bytes) in plain + elves + uImages + hexFiles { try folder.write(bytes, name) }
  }

  private static let plain: [(String, [UInt8])] = [
    ("k.bin", code), ("b.bin", Array(1...64)), ("with,comma", code), ("empty", []), ("colon", [0x3a]),
    ("k.srec", Array("S0030000FC\r\nS30D802000000545730050105FBF2C\r\n".utf8)),
  ]

  // MARK: ELF

  private struct Segment {
    var type: UInt32 = 1
    var virtual: UInt64 = 0x8020_0000
    var physical: UInt64 = 0x8020_0000
    var memorySize: UInt64 = 8
  }

  private static func elf(
    entry: UInt64 = 0x8020_0004, _ segments: [Segment] = [Segment()], machine: UInt16 = 243, type: UInt16 = 2,
    isBigEndian: Bool = false
  ) -> [UInt8] {
    var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, isBigEndian ? 2 : 1, 1] + [UInt8](repeating: 0, count: 9)
    func append<T: FixedWidthInteger>(_ value: T) {
      withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { file += $0 }
    }
    append(type)
    append(machine)
    append(UInt32(1))
    for word in [entry, 64, 0] as [UInt64] { append(word) }
    append(UInt32(0))
    for half in [64, 56, segments.count, 64, 0, 0] { append(UInt16(half)) }
    for (index, segment) in segments.enumerated() {
      append(segment.type)
      append(UInt32(5))
      let offset = UInt64(64 + 56 * segments.count + 8 * index)
      for word in [offset, segment.virtual, segment.physical, 8, segment.memorySize, 4096] as [UInt64] {
        append(word)
      }
    }
    return file + segments.flatMap { _ in code }
  }

  private static func elf32(machine: UInt16 = 243) -> [UInt8] {
    var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
    func append<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { file += $0 } }
    append(UInt16(2))
    append(machine)
    for word in [1, 0x8040_0004, 52, 0, 0] as [UInt32] { append(word) }
    for half in [52, 32, 1, 40, 0, 0] as [UInt16] { append(half) }
    for word in [1, 84, 0x8040_0000, 0x8040_0000, 8, 8, 5, 4096] as [UInt32] { append(word) }
    return file + code
  }

  private static let elves: [(String, [UInt8])] = [
    ("64.elf", elf()), ("32.elf", elf32()), ("position-independent.elf", elf(type: 3)),
    ("virtual.elf", elf(entry: 0xffff_ffff_8020_0004, [Segment(virtual: 0xffff_ffff_8020_0000)])),
    (
      "two.elf",
      elf([Segment(), Segment(virtual: 0x8030_0000, physical: 0x8030_0000, memorySize: 64)])
    ),
    // Within one file segments may overlap.
    (
      "overlapping.elf",
      elf([Segment(memorySize: 256), Segment(virtual: 0x8020_0008, physical: 0x8020_0008)])
    ),
    ("entry-elsewhere.elf", elf(entry: 0x9000_0000)),
    ("elsewhere.elf", elf([Segment(virtual: 0x9000_0000, physical: 0x9000_0000)])),
    (
      "beyond.elf",
      elf([Segment(), Segment(virtual: ~0 << 12, physical: ~0 << 12, memorySize: 0x2000)])
    ),
    ("x86-64.elf", elf(machine: 62)), ("x86.elf", elf32(machine: 3)),
    ("big-endian.elf", elf(isBigEndian: true)), ("object.elf", elf(type: 1)), ("core.elf", elf(type: 4)),
    ("no-segments.elf", elf([])), ("note.elf", elf([Segment(type: 4)])),
    ("magic.elf", Array(elf().prefix(4))),
    ("header.elf", Array(elf().prefix(40))), ("table.elf", Array(elf().prefix(100))),
    ("cut.elf", Array(elf().dropLast(4))),
    ("class.elf", Array(elf().prefix(4)) + [7] + Array(elf().dropFirst(5))),
  ]

  // MARK: U-Boot

  private static func uImage(
    _ data: [UInt8] = code, size: Int? = nil, compression: UInt8 = 0, architecture: UInt8 = 26,
    type: UInt8 = 2,
    system: UInt8 = 5
  ) -> [UInt8] {
    var file: [UInt8] = []
    let words: [UInt32] = [
      0x2705_1956, 0, 0, UInt32(size ?? data.count), 0x8040_0000, 0x8040_0004, 0,
    ]
    for word in words { withUnsafeBytes(of: word.bigEndian) { file += $0 } }
    return file + [system, architecture, type, compression] + [UInt8](repeating: 0, count: 32) + data
  }

  /// `code` by gzip and by xz's `--format=lzma`.
  private static let gzip: [UInt8] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x63, 0x75, 0x2d, 0x66, 8, 0x10, 0x88, 0xdf, 0x0f, 0, 0xe8, 0xb7,
    0x91, 7, 8, 0, 0, 0,
  ]
  private static let lzma: [UInt8] = [
    0x5d, 0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 2, 0x92, 0x4e, 0x0c, 0x6a, 0xc4,
    0xa8, 0xf3, 0x4a, 0x50, 0x84, 0x68, 0xff, 0xff, 0xb1, 0xca, 0, 0,
  ]

  private static let wholeUImages: [(String, [UInt8])] = [
    ("kernel.img", uImage()), ("gzip.img", uImage(gzip, compression: 1)),
    ("lzma.img", uImage(lzma, compression: 3)), ("netbsd.img", uImage(system: 2)),
    ("cut-gzip.img", uImage(Array(gzip.dropLast(12)), compression: 1)), ("arm.img", uImage(architecture: 2)),
    ("cut.img", uImage(size: 100)), ("header.img", Array(uImage().prefix(30))), ("no-data.img", uImage([])),
  ]

  private static var uImages: [(String, [UInt8])] {
    var files = wholeUImages
    for number: UInt8 in [2, 4, 5] {
      files.append(("compression-\(number).img", uImage(compression: number)))
    }
    for number: UInt8 in [1, 3, 4, 5, 6, 7, 8, 14] {
      files.append(("type-\(number).img", uImage(type: number)))
    }
    return files
  }

  // MARK: Intel HEX

  private static func record(_ type: UInt8, _ data: [UInt8], at address: UInt16 = 0) -> String {
    let bytes =
      [UInt8(data.count), UInt8(address >> 8), UInt8(truncatingIfNeeded: address), type] + data
    let digits = (bytes + [0 &- bytes.reduce(0, &+)]).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
    return ":" + digits.joined()
  }

  private static let upper = record(4, [0x80, 0x20])
  private static let data = record(0, code)
  private static let start = record(5, [0x80, 0x20, 0, 4])
  private static let end = record(1, [])

  private static let hexLines: [(String, [String])] = [
    ("k.hex", [upper, data, start, end]),
    ("lower-case.hex", [upper, data, start, end].map { $0.lowercased() }),
    ("no-start.hex", [upper, data, end]), ("gap.hex", [upper, data, record(0, code, at: 256), end]),
    ("backwards.hex", [upper, record(0, code, at: 256), data, end]), ("twice.hex", [upper, data, data, end]),
    ("segments.hex", [record(2, [0x80, 0]), data, record(3, [0x80, 0, 0, 4]), end]),
    ("blank-line.hex", ["", upper, data, start, end]), ("indented.hex", [upper, " " + data, end]),
    ("more-behind.hex", [upper, data, start, end, "and so on"]), ("end-only.hex", [end]),
    ("comment.hex", ["; comment", upper, data, end]), ("no-end.hex", [upper, data, start]),
    ("checksum.hex", [upper, String(data.dropLast(2)) + "00", end]),
    ("first-checksum.hex", [String(upper.dropLast(2)) + "00", data, end]),
    ("cut.hex", [upper, String(data.prefix(9))]),
    ("unknown.hex", [upper, record(7, [0, 0]), data, end]), ("length.hex", [record(4, [0x80]), data, end]),
  ]

  private static var hexFiles: [(String, [UInt8])] {
    hexLines.map { name, lines in (name, Array(lines.map { $0 + "\r\n" }.joined().utf8)) }
  }
}
