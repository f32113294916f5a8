import Machine

import Boot

/// Small files of every format, made by hand.
enum Samples {
  struct Segment {
    var type: UInt32 = 1
    var flags: UInt32 = 5
    var virtual: UInt64
    var physical: UInt64
    var bytes: [UInt8]
    var memorySize: UInt64?
  }

  static func elf64(entry: UInt64, _ segments: [Segment], machine: UInt16 = 243) -> [UInt8] {
    var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file.append(little: UInt16(2))
    file.append(little: machine)
    file.append(little: UInt32(1))
    file.append(little: entry)
    file.append(little: UInt64(64))
    file.append(little: UInt64(0))
    file.append(little: UInt32(0))
    for field: UInt16 in [64, 56, UInt16(segments.count), 64, 0, 0] { file.append(little: field) }
    var offset = UInt64(64 + 56 * segments.count)
    for segment in segments {
      file.append(little: segment.type)
      file.append(little: segment.flags)
      file.append(little: offset)
      file.append(little: segment.virtual)
      file.append(little: segment.physical)
      file.append(little: UInt64(segment.bytes.count))
      file.append(little: segment.memorySize ?? UInt64(segment.bytes.count))
      file.append(little: UInt64(4096))
      offset += UInt64(segment.bytes.count)
    }
    return file + segments.flatMap(\.bytes)
  }

  static func elf32(entry: UInt32, at address: UInt32, _ bytes: [UInt8]) -> [UInt8] {
    var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
    file.append(little: UInt16(2))
    file.append(little: UInt16(243))
    for field: UInt32 in [1, entry, 52, 0, 0] { file.append(little: field) }
    for field: UInt16 in [52, 32, 1, 40, 0, 0] { file.append(little: field) }
    for field: UInt32 in [1, 84, address, address, UInt32(bytes.count), UInt32(bytes.count), 5, 4096] {
      file.append(little: field)
    }
    return file + bytes
  }

  static func uImage(load: UInt32, entry: UInt32, _ data: [UInt8], compression: UInt8 = 0) -> [UInt8] {
    var file: [UInt8] = []
    for field: UInt32 in [0x2705_1956, 0, 0, UInt32(data.count), load, entry, 0] { file.append(big: field) }
    file += [5, 26, 2, compression]
    file += [UInt8](repeating: 0, count: 32)
    return file + data
  }

  static func linuxImage(textOffset: UInt64, imageSize: UInt64, count: Int) -> [UInt8] {
    var file: [UInt8] = []
    file.append(little: UInt64(0x0000_006f_0000_006f))
    file.append(little: textOffset)
    file.append(little: imageSize)
    file.append(little: UInt64(0))
    file.append(little: UInt32(2))
    file += [UInt8](repeating: 0, count: 12) + Array("RISCV\0\0\0".utf8)
    file += [0x52, 0x53, 0x43, 0x05, 0, 0, 0, 0]
    return file + [UInt8](repeating: 0xa5, count: max(0, count - 64))
  }

  static func zboot(_ compression: String, _ payload: [UInt8]) -> [UInt8] {
    var file: [UInt8] = Array("MZ\0\0zimg".utf8)
    file.append(little: UInt32(64))
    file.append(little: UInt32(payload.count))
    file += [UInt8](repeating: 0, count: 8)
    let name = Array(compression.utf8)
    file += name + [UInt8](repeating: 0, count: 32 - name.count)
    return file + [UInt8](repeating: 0, count: 64 - file.count) + payload
  }

  /// Eight bytes at 0x80200000, which is the entry too.
  static let hex = [
    ":0200000480205A", ":080000000545730050105FBFBD", ":040000058020000057", ":00000001FF", "",
  ]
  .joined(separator: "\r\n")

  /// "hello hello hello\n", packed by the programs of the same names.
  static let text: [UInt8] = Array("hello hello hello\n".utf8)
  static let gzip: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8,
    0x40, 0x90, 0x5c, 0x00, 0x3b, 0x7c, 0x8a, 0xdf, 0x12, 0x00, 0x00, 0x00,
  ]
  static let zstd: [UInt8] = [
    0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x12, 0x6d, 0x00, 0x00, 0x38, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x0a,
    0x01, 0x00, 0x31, 0x4a, 0x11, 0xa3, 0xaa, 0x74, 0xce,
  ]
  static let xz: [UInt8] = [
    0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x16,
    0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0xe0, 0x00, 0x11, 0x00, 0x0c, 0x5d, 0x00, 0x34, 0x19, 0x49,
    0xee, 0x8d, 0xe9, 0x4f, 0x7e, 0x21, 0x21, 0xb0, 0x00, 0x00, 0x1f, 0x01, 0xd9, 0xc8, 0x87, 0xc1, 0x43,
    0xc8, 0x00, 0x01, 0x28, 0x12, 0xc9, 0x6a, 0x62, 0x8e, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x04, 0x59, 0x5a,
  ]
  static let lzma: [UInt8] = [
    0x5d, 0x00, 0x00, 0x80, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x34, 0x19, 0x49,
    0xee, 0x8d, 0xe9, 0x4f, 0x7e, 0x21, 0xb6, 0x20, 0xb7, 0xff, 0xff, 0xba, 0x34, 0x00, 0x00,
  ]
}
