import CommandLineOptions
import Glibc

/// `-pidfile`: a file with the process's number, locked while the program runs so that a second one is told.
final class ProcessFile {
  private let path: String
  private let descriptor: Int32

  init(_ path: String) throws(CommandLineError) {
    func failure(_ what: String) -> CommandLineError {
      CommandLineError("cannot create PID file: \(what): \(String(cString: strerror(errno)))")
    }
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("Could not create '\(path)'") }
    guard lockf(descriptor, F_TLOCK, 0) == 0 else { throw failure("Cannot lock pid file") }
    let line = Array("\(getpid())\n".utf8)
    guard ftruncate(descriptor, 0) == 0, write(descriptor, line, line.count) == line.count else {
      throw failure("Failed to write pid file")
    }
  }

  deinit { close(descriptor) }

  func remove() { unlink(path) }
}
