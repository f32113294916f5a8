import Glibc

/// Where the program's absolute paths lead: below a folder (`-L`) where that has such a file, else as they are.
package struct GuestPaths: Sendable {
  /// Without a slash at its end; nil where there is none.
  package let prefix: String?

  /// QEMU's folder where none is named.
  package static let defaultPrefix = "/usr/gnemul/qemu-riscv64"

  package init(prefix: String?) {
    guard var prefix = prefix ?? Optional(Self.defaultPrefix), !prefix.isEmpty, prefix != "/" else {
      self.prefix = nil
      return
    }
    while prefix.hasSuffix("/") { prefix.removeLast() }
    var status = stat()
    self.prefix = stat(prefix, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? prefix : nil
  }

  package func resolved(_ path: String) -> String {
    guard let prefix, path.hasPrefix("/") else { return path }
    let below = prefix + path
    return access(below, F_OK) == 0 ? below : path
  }

  /// The same for bytes, which need not be text.
  func resolved(_ path: [UInt8]) -> [UInt8] {
    guard let prefix, path.first == 0x2f else { return path }
    let below = Array(prefix.utf8) + path
    let exists = (below + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { access($0, F_OK) == 0 } ?? false }
    }
    return exists ? below : path
  }
}
