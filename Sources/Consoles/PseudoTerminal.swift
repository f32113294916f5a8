import Glibc
import Machine

/// `-chardev pty`: a terminal device of its own, for screen, minicom or a script to open (pty(7)).
package final class PseudoTerminal: Endpoint {
  /// "/dev/pts/3".
  package let path: String
  private let primary: Int32

  package init() throws(BackEndError) {
    var ends: (primary: Int32, secondary: Int32) = (-1, -1)
    var name = [CChar](repeating: 0, count: 128)
    guard openpty(&ends.primary, &ends.secondary, &name, nil, nil) == 0 else {
      throw BackEndError("Failed to create PTY: \(HostSocket.reason)")
    }
    primary = ends.primary
    path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    HostSocket.stopBlocking(primary)
    HostSocket.closeOnExec(primary)
    // Keys reach the guest as they are, and nothing is echoed but by it.
    var settings = termios()
    tcgetattr(ends.secondary, &settings)
    cfmakeraw(&settings)
    tcsetattr(ends.secondary, TCSAFLUSH, &settings)
    close(ends.secondary)
  }

  /// Makes a symbolic link to the device, which goes away with the program.
  package func link(at path: String) throws(BackEndError) {
    guard symlink(self.path, path) == 0 else {
      let isThere = errno == EEXIST
      throw BackEndError(
        "Failed to create PTY symlink: \(HostSocket.reason)"
          + (isThere ? "\nA link that an earlier run left at '\(path)' may be deleted." : ""))
    }
    HostPaths.removeAtExit(path)
  }

  package var name: String { "pty:\(path)" }

  package func first() -> Connection? { nil }

  /// Nobody has the device open: the kernel says so as a hang-up.
  package func connect() -> Connection? {
    var item = pollfd(fd: primary, events: Int16(POLLIN), revents: 0)
    // What somebody wrote who has gone already is still to be read.
    guard poll(&item, 1, 0) >= 0, Int32(item.revents) & POLLHUP == 0 || Int32(item.revents) & POLLIN != 0
    else {
      return nil
    }
    return Connection(input: primary, output: primary, end: .leaves)
  }

  package var watched: [Int32] { [] }
  /// The kernel does not tell when somebody comes.
  package var retry: Int32? { 100 }
}
