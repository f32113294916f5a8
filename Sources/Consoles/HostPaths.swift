import Glibc
import Synchronization

/// Files of the host's that go away with the program: sockets' names, links to pseudoterminals.
package enum HostPaths {
  private static let paths = Mutex<[String]>([])

  static func removeAtExit(_ path: String) {
    let isFirst = paths.withLock { paths in
      paths.append(path)
      return paths.count == 1
    }
    if isFirst { atexit { HostPaths.remove() } }
  }

  /// For ways out that exit(3) knows nothing of.
  package static func remove() {
    for path in paths.withLock({ $0 }) { unlink(path) }
  }
}
