import Glibc

/// A file that a command writes.
struct OutputFile {
  private let descriptor: Int32
  private let name: String

  init(_ name: String) throws(MonitorError) {
    descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    self.name = name
    guard descriptor >= 0 else {
      throw MonitorError("Error: Could not open '\(name)': \(String(cString: strerror(errno)))")
    }
  }

  func close() { _ = Glibc.close(descriptor) }

  func write(_ bytes: [UInt8]) throws(MonitorError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw MonitorError("Error: writing '\(name)' failed: \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Leaves a hole of `count` zeros, which takes no room.
  func skip(_ count: Int) { lseek(descriptor, count, SEEK_CUR) }

  /// The file has `size` bytes, also where a hole is last.
  func end(at size: UInt64) throws(MonitorError) {
    // Devices and pipes have no size.
    guard ftruncate(descriptor, Int(size)) == 0 || errno == EINVAL else {
      throw MonitorError("Error: writing '\(name)' failed: \(String(cString: strerror(errno)))")
    }
  }
}
