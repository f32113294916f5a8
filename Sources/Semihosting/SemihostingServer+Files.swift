import CHost
import Glibc
import RISCV

/// Calls about files and programs of the host.
extension SemihostingServer {
  /// The feature bits: `SYS_EXIT_EXTENDED`, and that `:tt` is standard error where it is opened for appending (§8).
  private static let features: [UInt8] = Array("SHFB".utf8) + [0b11]

  /// By the modes of C's fopen: r rb r+ r+b w wb w+ w+b a ab a+ a+b.
  private static let flags: [Int32] = [
    O_RDONLY, O_RDWR, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT | O_TRUNC,
    O_WRONLY | O_CREAT | O_APPEND, O_RDWR | O_CREAT | O_APPEND,
  ]

  func open(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let mode = try arguments[1]
    let name = try arguments.text(0, length: 2)
    guard mode < 12 else { throw SemihostingFailure(EINVAL) }
    let file: SemihostingFile
    switch name {
    case ":tt":
      file =
        host.fileServer(for: arguments.hart) == .host
        ? .host(HostFile(Int32(mode / 4), isOwned: false)) : .debugger(mode / 4, isOwned: false)
    case ":semihosting-features":
      guard mode < 2 else { throw SemihostingFailure(EACCES) }
      file = .features(offset: 0)
    default:
      let descriptor = Glibc.open(name, Self.flags[Int(mode / 2)] | O_CLOEXEC | O_NOCTTY, 0o644)
      guard descriptor >= 0 else { throw .ofHost }
      file = .host(HostFile(descriptor, isOwned: true))
    }
    guard let handle = files.add(file) else { throw SemihostingFailure(EMFILE) }
    return handle
  }

  func close(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    guard files.remove(try arguments[0]) else { throw SemihostingFailure(EBADF) }
    return 0
  }

  /// The file of the handle in word 0.
  func file(_ arguments: Arguments) throws(SemihostingFailure) -> SemihostingFile {
    guard let file = files[try arguments[0]] else { throw SemihostingFailure(EBADF) }
    return file
  }

  private static let piece = 1 << 16
  /// More than that is never transferred at once, as in Linux itself.
  private static let mostBytes: UInt64 = 0x7fff_ffff

  /// How many bytes were not written.
  func write(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let (address, count) = (try arguments[1], try arguments[2])
    let all = min(count, Self.mostBytes)
    var done: UInt64 = 0
    do throws(SemihostingFailure) {
      guard case .host(let file) = try self.file(arguments) else { throw SemihostingFailure(EBADF) }
      while done < all {
        let size = min(all - done, UInt64(Self.piece))
        guard let bytes = arguments.hart.bytes(at: address &+ done, count: Int(size)) else {
          throw SemihostingFailure(EFAULT)
        }
        let written = host.wait(arguments.hart) {
          let written = Glibc.write(file.descriptor, bytes, bytes.count)
          return written < 0 ? -Int(errno) : written
        }
        if written == -Int(EINTR) { continue }
        guard written >= 0 else { throw SemihostingFailure(Int32(-written)) }
        done += UInt64(written)
        if UInt64(written) < size { break }
      }
    } catch {
      throw SemihostingFailure(error.number, result: count - done)
    }
    return count - done
  }

  /// How many bytes were not read.
  func read(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let (address, count) = (try arguments[1], try arguments[2])
    let all = min(count, Self.mostBytes)
    var done: UInt64 = 0
    do throws(SemihostingFailure) {
      switch try self.file(arguments) {
      case .features(let offset):
        let bytes = Array(Self.features.dropFirst(offset).prefix(Int(min(all, 16))))
        try arguments.store(bytes, at: address)
        done = UInt64(bytes.count)
        files.seekFeatures(try arguments[0], to: offset + bytes.count)
      case .host(let file):
        var buffer = [UInt8](repeating: 0, count: Int(min(all, UInt64(Self.piece))))
        while done < all {
          let size = Int(min(all - done, UInt64(Self.piece)))
          let got = host.wait(arguments.hart) {
            let got = Glibc.read(file.descriptor, &buffer, size)
            return got < 0 ? -Int(errno) : got
          }
          if got == -Int(EINTR) { continue }
          guard got >= 0 else { throw SemihostingFailure(Int32(-got)) }
          try arguments.store(Array(buffer[..<got]), at: address &+ done)
          done += UInt64(got)
          if got < size { break }
        }
      case .debugger: throw SemihostingFailure(EIO)
      }
    } catch {
      throw SemihostingFailure(error.number, result: count - done)
    }
    return count - done
  }

  func isTerminal(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    switch try file(arguments) {
    case .host(let file): return isatty(file.descriptor) == 1 ? 1 : 0
    case .features: return 0
    case .debugger: throw SemihostingFailure(EIO)
    }
  }

  func seek(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let place = try arguments[1]
    switch try file(arguments) {
    case .host(let file):
      guard lseek(file.descriptor, off_t(truncatingIfNeeded: place), SEEK_SET) >= 0 else { throw .ofHost }
    case .features:
      guard place <= UInt64(Self.features.count) else { throw SemihostingFailure(EINVAL) }
      files.seekFeatures(try arguments[0], to: Int(place))
    case .debugger: throw SemihostingFailure(EIO)
    }
    return 0
  }

  func length(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    switch try file(arguments) {
    case .features: return UInt64(Self.features.count)
    case .host(let file):
      var status = stat()
      guard fstat(file.descriptor, &status) == 0 else { throw .ofHost }
      return UInt64(truncatingIfNeeded: status.st_size)
    case .debugger: throw SemihostingFailure(EIO)
    }
  }

  /// A name for the number in word 1, of which the low eight bits count. Too little room is no host's error.
  func temporaryName(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let (buffer, number, room) = (try arguments[0], try arguments[1] & 0xff, try arguments[2])
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let digits = String(number, radix: 16)
    let name = "\(folder)/apus-\(String(getpid(), radix: 16))" + (digits.utf8.count < 2 ? "0" : "") + digits
    let bytes = Array(name.utf8) + [0]
    guard UInt64(bytes.count) <= room else { throw SemihostingFailure(nil) }
    try arguments.store(bytes, at: buffer)
    return 0
  }

  func remove(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    guard Glibc.remove(try arguments.text(0)) == 0 else { throw .ofHost }
    return 0
  }

  func rename(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let (old, new) = (try arguments.text(0), try arguments.text(2))
    guard Glibc.rename(old, new) == 0 else { throw .ofHost }
    return 0
  }

  /// Runs a command by the host's shell, as C's system does, and waits. The result is its wait status.
  func system(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let command = try arguments.text(0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // It is not to inherit which signals the emulator takes by a thread of its own, or ignores.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let words: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(command), nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let failure = posix_spawn(&child, "/bin/sh", nil, &attributes, words, environ)
    guard failure == 0 else { throw SemihostingFailure(failure) }
    var status: Int32 = 0
    let failed = host.wait(arguments.hart) {
      while waitpid(child, &status, 0) < 0 { if errno != EINTR { return Int(errno) } }
      return 0
    }
    guard failed == 0 else { throw SemihostingFailure(Int32(failed)) }
    return UInt64(bitPattern: Int64(status))
  }
}
