import CHost
import Glibc

/// Which process numbers a thread's children have: unshare(2) and setns(2) with CLONE_NEWPID.
///
/// On Linux this is the thread's own affair, and then it can start no threads; the emulator starts one to fork. So the
/// host's thread stays where it is, and the one that forks goes there.
enum ChildNamespace: Equatable, Sendable {
  case own
  /// One that the first child begins.
  case new
  /// That of a descriptor: a child's, or a namespace's file.
  case of(Int32)

  static let flag = 0x2000_0000

  /// For the host's thread that forks; a negative error number where the namespace is no more.
  func enter() -> Int {
    switch self {
    case .own: return 0
    case .new: return Host.call(SYS_unshare, Self.flag)
    case .of(let descriptor):
      // Whose first process has ended takes no others (pid_namespaces(7)).
      return Host.call(SYS_setns, Int(descriptor), Self.flag) < 0 ? -Int(ENOMEM) : 0
    }
  }

  /// The first child of a new namespace stands for it.
  mutating func didFork(_ process: Int) {
    guard self == .new else { return }
    self = .of(Int32(truncatingIfNeeded: Host.call(SYS_pidfd_open, process)))
  }

  mutating func set(_ new: ChildNamespace) {
    if case .of(let descriptor) = self { close(descriptor) }
    self = new
  }
}

extension SystemCalls {
  static func unshare(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let flags = a.word(0)
    let rest = flags & ~ChildNamespace.flag
    // The host is asked when the next child begins: too late to refuse.
    if flags & ChildNamespace.flag != 0, rest == 0, geteuid() != 0 { throw Errno(EPERM) }
    _ = try thread.host(Int(SYS_unshare), rest)
    if flags & ChildNamespace.flag != 0 { thread.childNamespace.set(.new) }
    return 0
  }

  static func setNamespace(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let kindOfFile: UInt = 0xb703
    let kind = Host.call(SYS_ioctl, a.word(0), Int(kindOfFile))
    guard kind == ChildNamespace.flag || kind < 0 && a.word(1) & ChildNamespace.flag != 0 else {
      return try thread.host(Int(SYS_setns), a.word(0), a.word(1))
    }
    guard a.word(1) == 0 || a.word(1) & ChildNamespace.flag != 0 else { throw .invalid }
    let rest = a.word(1) & ~ChildNamespace.flag
    if kind == -Int(EBADF) { throw Errno(EBADF) }
    // A descriptor of a process, where it is no namespace's; and the host would want privilege.
    if kind < 0 {
      guard Host.call(SYS_pidfd_send_signal, a.word(0), 0, 0, 0) != -Int(EBADF) else { throw .invalid }
    }
    guard geteuid() == 0 else { throw Errno(EPERM) }
    if rest != 0 { _ = try thread.host(Int(SYS_setns), a.word(0), rest) }
    let descriptor = try thread.host(Int(SYS_fcntl), a.word(0), Int(F_DUPFD_CLOEXEC), 3)
    thread.childNamespace.set(.of(Int32(truncatingIfNeeded: descriptor)))
    return 0
  }
}
