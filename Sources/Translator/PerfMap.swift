import Glibc
import Synchronization

/// The file by which Linux perf names translated code: `START SIZE name` a line, numbers in hexadecimal
/// (Linux, tools/perf/Documentation/jit-interface.txt).
///
/// perf looks there for addresses in anonymous memory: see `CodeMemory`. Regions are only ever added; of two at
/// one place perf shows either.
package final class PerfMap: Sendable {
  package let path: String
  private let file: Int32
  /// What is not written yet.
  private let pending = Mutex("")
  private static let roomForPending = 16 << 10

  /// Why there is none.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  package init() throws(Failure) {
    path = "/tmp/perf-\(getpid()).map"
    // Not through somebody else's link: the folder is everybody's.
    unlink(path)
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      throw Failure(description: "Could not open \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit {
    flush()
    close(file)
  }

  func add(_ start: UInt, _ size: Int, _ name: String) {
    pending.withLock { pending in
      pending += "\(String(start, radix: 16)) \(String(size, radix: 16)) \(name)\n"
      if pending.utf8.count > Self.roomForPending { write(&pending) }
    }
  }

  /// Writes what was added. To be called when the machine ends.
  package func flush() { pending.withLock { write(&$0) } }

  private func write(_ text: inout String) {
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if errno != EINTR {
          break
        }
      }
    }
    text.removeAll(keepingCapacity: true)
  }
}
