import Glibc
import Synchronization

/// What is behind a handle. The last user of a host file closes it, so that a hart may close what another one is
/// just reading.
package enum SemihostingFile: Sendable {
  case host(HostFile)
  /// The debugger's, by its number there; `isOwned` as a `HostFile`'s.
  case debugger(UInt64, isOwned: Bool)
  /// `:semihosting-features`, read up to here.
  case features(offset: Int)
}

/// A file descriptor of the host's.
package final class HostFile: Sendable {
  let descriptor: Int32
  private let isOwned: Bool

  /// `isOwned`: to be closed at the end, which standard input and output are not.
  init(_ descriptor: Int32, isOwned: Bool) {
    self.descriptor = descriptor
    self.isOwned = isOwned
  }

  deinit { if isOwned { close(descriptor) } }
}

/// The handles of `SYS_OPEN`, from 1 on; those closed are given out again, the lowest first.
package final class FileTable: Sendable {
  /// A guest that opens and never closes meets this before the emulator runs out of descriptors.
  package static let capacity = 256
  private let files = Mutex<[SemihostingFile?]>([nil])

  package init() {}

  /// Nil where the table is full.
  package func add(_ file: SemihostingFile) -> UInt64? {
    files.withLock { files in
      if let free = files.indices.dropFirst().first(where: { files[$0] == nil }) {
        files[free] = file
        return UInt64(free)
      }
      guard files.count <= Self.capacity else { return nil }
      files.append(file)
      return UInt64(files.count - 1)
    }
  }

  package subscript(handle: UInt64) -> SemihostingFile? {
    files.withLock { handle < UInt64($0.count) ? $0[Int(handle)] : nil }
  }

  /// False where there is no such handle.
  package func remove(_ handle: UInt64) -> Bool {
    files.withLock { files in
      guard handle < UInt64(files.count), files[Int(handle)] != nil else { return false }
      files[Int(handle)] = nil
      return true
    }
  }

  /// The place in the features that is read next.
  func seekFeatures(_ handle: UInt64, to offset: Int) {
    files.withLock { files in
      guard handle < UInt64(files.count), case .features? = files[Int(handle)] else { return }
      files[Int(handle)] = .features(offset: offset)
    }
  }
}
