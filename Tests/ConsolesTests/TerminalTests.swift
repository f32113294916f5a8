import Glibc
import Testing

/// Runs the built program on a terminal of its own.
private final class Session {
  let primary: Int32
  let secondary: Int32
  let process: pid_t
  let original: termios

  /// Nil where the program has not been built beside the tests.
  init?(_ arguments: [String]) {
    var ends: (Int32, Int32) = (-1, -1)
    guard openpty(&ends.0, &ends.1, nil, nil, nil) == 0 else { return nil }
    (primary, secondary) = ends
    var settings = termios()
    tcgetattr(secondary, &settings)
    original = settings

    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return nil }
    let tests = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = tests.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    let program = "\(folder)/apus-system-riscv64"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    for target: Int32 in 0...2 { posix_spawn_file_actions_adddup2(&actions, secondary, target) }
    // The signals that the test runner blocks or ignores are not the program's business.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    // Swift's own crash reporter would ask questions on the terminal, and wait.
    var environment: [UnsafeMutablePointer<CChar>?] = [strdup("SWIFT_BACKTRACE=enable=no"), nil]
    defer { for word in environment { free(word) } }
    var child = pid_t()
    guard posix_spawn(&child, program, &actions, &attributes, &words, &environment) == 0 else { return nil }
    process = child
  }

  deinit {
    kill(process, SIGKILL)
    close(primary)
    close(secondary)
  }

  var settings: termios {
    var settings = termios()
    tcgetattr(secondary, &settings)
    return settings
  }

  var isRaw: Bool { settings.c_lflag & tcflag_t(ICANON) == 0 }

  var isRestored: Bool {
    let now = settings
    return now.c_lflag == original.c_lflag && now.c_iflag == original.c_iflag
      && now.c_oflag == original.c_oflag
      && now.c_cflag == original.c_cflag
  }

  func type(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(primary, $0.baseAddress, $0.count) }
  }

  /// What the terminal shows until `text` appears, or too much time has passed.
  func read(until text: String) -> String {
    var shown = ""
    var buffer = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<200 where !shown.contains(text) {
      var item = pollfd(fd: primary, events: Int16(POLLIN), revents: 0)
      guard poll(&item, 1, 50) > 0 else { continue }
      let count = Glibc.read(primary, &buffer, buffer.count)
      if count > 0 { shown += String(decoding: buffer[..<count], as: UTF8.self) }
    }
    return shown
  }

  static func wait(_ condition: () -> Bool) -> Bool {
    for _ in 0..<500 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }

  /// How the program ended: its wait status.
  func ended() -> Int32? {
    var status: Int32 = 0
    return Self.wait { waitpid(process, &status, WNOHANG) == process } ? status : nil
  }
}

/// A machine that stands still: these tests are about the terminal.
private let machine = ["-M", "virt", "-bios", "none", "-nographic", "-S"]

@Suite("The terminal is given back", .serialized)
struct TerminalTests {
  @Test("after Ctrl-a x, which says what QEMU says and exits with 0")
  func controlA() throws {
    let session = try #require(Session(machine))
    #expect(Session.wait { session.isRaw })
    #expect(session.settings.c_lflag & tcflag_t(ISIG) == 0)
    #expect(session.settings.c_oflag & tcflag_t(OPOST) != 0)
    session.type("\u{1}x")
    #expect(session.read(until: "Terminated").contains("QEMU: Terminated\r\n"))
    #expect(session.ended() == 0)
    #expect(session.isRestored)
  }

  @Test("after quit in the monitor")
  func quit() throws {
    let session = try #require(Session(machine))
    #expect(Session.wait { session.isRaw })
    session.type("\u{1}c")
    #expect(session.read(until: "(qemu) ").contains("monitor - type 'help' for more information"))
    session.type("info status\r")
    #expect(session.read(until: "prelaunch").contains("VM status: paused (prelaunch)"))
    session.type("quit\r")
    #expect(session.ended() == 0)
    #expect(session.isRestored)
  }

  @Test("after signals that ask the program to end", arguments: [SIGINT, SIGTERM, SIGHUP])
  func signals(_ signal: Int32) throws {
    let session = try #require(Session(machine))
    #expect(Session.wait { session.isRaw })
    kill(session.process, signal)
    #expect(
      session.read(until: "terminating").contains("terminating on signal \(signal) from pid \(getpid())"))
    #expect(session.ended() == 0)
    #expect(session.isRestored)
  }

  @Test(
    "after crashes, which stay crashes",
    arguments: [SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP])
  func crashes(_ signal: Int32) throws {
    let session = try #require(Session(machine))
    #expect(Session.wait { session.isRaw })
    kill(session.process, signal)
    let status = try #require(session.ended())
    #expect(status & 0x7f == signal)
    #expect(session.isRestored)
  }

  @Test("while it is suspended, and taken again after")
  func suspension() throws {
    let session = try #require(Session(machine))
    #expect(Session.wait { session.isRaw })
    kill(session.process, SIGTSTP)
    #expect(Session.wait { session.isRestored })
    kill(session.process, SIGCONT)
    #expect(Session.wait { session.isRaw })
  }

  @Test("untouched where the configuration is wrong")
  func configurationError() throws {
    let session = try #require(Session(["-M", "virt", "-nographic", "-bios", "/nonexistent"]))
    let status = try #require(session.ended())
    #expect(status >> 8 == 1)
    #expect(session.isRestored)
  }

  @Test("with Ctrl-C still a signal on -serial stdio")
  func plainSerial() throws {
    let session = try #require(
      Session(["-M", "virt", "-bios", "none", "-display", "none", "-serial", "stdio", "-S"]))
    #expect(Session.wait { session.isRaw })
    #expect(session.settings.c_lflag & tcflag_t(ISIG) != 0)
  }
}
