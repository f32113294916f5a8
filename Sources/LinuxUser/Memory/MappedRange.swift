import Glibc
import RISCV

/// A range of the program's memory with what the host's kernel knows of it (proc_pid_maps(5)).
struct MappedRange: Sendable {
  var start: UInt64
  var end: UInt64
  var protection: PagePermissions
  var isShared: Bool
  /// In the file, in bytes.
  var offset: UInt64
  /// `fe:01`
  var device: String
  var inode: String
  /// Of the file; empty where there is none.
  var path: String
  var isAnonymous: Bool { inode == "0" }
}

extension GuestMemory {
  /// The host's lines for the program's window, with the program's addresses and permissions. Without /proc: what is
  /// known without it, and no files.
  func mappedRanges() -> [MappedRange] {
    let first = UInt64(UInt(bitPattern: base))
    let mappings = mappings
    guard let text = HostFile.text("/proc/self/maps") else {
      return mappings.all.map {
        MappedRange(
          start: $0.start, end: $0.end, protection: $0.protection, isShared: $0.isShared, offset: 0,
          device: "00:00", inode: "0", path: "")
      }
    }
    var ranges: [MappedRange] = []
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      guard fields.count >= 5 else { continue }
      let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard ends.count == 2, ends[0] >= first, ends[1] <= first + Self.size,
        let offset = UInt64(fields[2], radix: 16)
      else { continue }
      let isAnonymous = fields[4] == "0"
      for part in mappings.parts(in: ends[0] - first..<ends[1] - first) {
        ranges.append(
          MappedRange(
            start: part.start, end: part.end, protection: part.protection, isShared: part.isShared,
            offset: isAnonymous ? 0 : offset + part.start - (ends[0] - first), device: String(fields[3]),
            inode: String(fields[4]),
            path: isAnonymous || fields.count < 6 ? "" : String(fields[5].drop { $0 == " " })))
      }
    }
    return ranges
  }
}

/// Files of the host's that are read whole.
enum HostFile {
  /// Nil where it cannot be opened.
  static func text(_ path: String) -> String? {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
