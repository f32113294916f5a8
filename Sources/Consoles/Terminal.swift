// Unsafe pointers: the memory behind `Terminal.shared` is allocated before the first handler is installed
// and never freed. Handlers read it; plain code writes what they read only before setting `isRaw`, the
// word that makes them look.
import Glibc

/// The user's terminal in raw mode, and its return to what it was on every way out: normal end, errors,
/// crashes, signals, suspension.
///
/// Handlers call tcsetattr, tcgetpgrp, getpgrp, sigaction and raise: all async-signal-safe (POSIX.1-2017,
/// XSH 2.4.3).
package enum Terminal {
  private struct Shared: @unchecked Sendable {
    let descriptor: UnsafeMutablePointer<Int32>
    let isRaw: UnsafeMutablePointer<Bool>
    let original: UnsafeMutablePointer<termios>
    let raw: UnsafeMutablePointer<termios>
    /// By signal number: what was installed before.
    let previous: UnsafeMutablePointer<sigaction>

    init() {
      descriptor = .allocate(capacity: 1)
      descriptor.initialize(to: -1)
      isRaw = .allocate(capacity: 1)
      isRaw.initialize(to: false)
      original = .allocate(capacity: 1)
      original.initialize(to: termios())
      raw = .allocate(capacity: 1)
      raw.initialize(to: termios())
      previous = .allocate(capacity: 65)
      previous.initialize(repeating: sigaction(), count: 65)
    }
  }

  /// Initialised by `enterRawMode`, long before a handler asks.
  private static let shared = Shared()

  /// The signals that end the process; its owner may take some of them out by blocking them.
  private static let deadly: [Int32] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGXCPU,
    SIGXFSZ,
  ]

  /// Puts the terminal behind `descriptor` into raw mode, so that every key reaches the guest at once
  /// and nothing is echoed; output still turns \n into \r\n. `signals`: Ctrl-C and its like keep their
  /// meaning. Does nothing, and gives false, where the descriptor is no terminal.
  @discardableResult
  package static func enterRawMode(descriptor: Int32 = STDIN_FILENO, signals: Bool) -> Bool {
    guard isatty(descriptor) == 1, !shared.isRaw.pointee else { return false }
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else { return false }
    shared.original.pointee = settings
    settings.c_iflag &= ~tcflag_t(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON)
    settings.c_oflag |= tcflag_t(OPOST)
    settings.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | IEXTEN)
    if !signals { settings.c_lflag &= ~tcflag_t(ISIG) }
    settings.c_cflag &= ~tcflag_t(CSIZE | PARENB)
    settings.c_cflag |= tcflag_t(CS8)
    withUnsafeMutableBytes(of: &settings.c_cc) {
      $0[Int(VMIN)] = 1
      $0[Int(VTIME)] = 0
    }
    shared.raw.pointee = settings
    shared.descriptor.pointee = descriptor
    for signal in deadly { install(deadlyHandler, for: signal, flags: SA_SIGINFO | SA_ONSTACK) }
    install(suspendHandler, for: SIGTSTP, flags: SA_SIGINFO | SA_NODEFER | SA_RESTART)
    install(resumeHandler, for: SIGCONT, flags: SA_SIGINFO | SA_RESTART)
    atexit { Terminal.restore() }
    shared.isRaw.pointee = true
    apply(shared.raw)
    return true
  }

  /// Gives the terminal back as it was. May be called any number of times.
  package static func restore() {
    guard shared.isRaw.pointee else { return }
    apply(shared.original)
    shared.isRaw.pointee = false
  }

  private typealias Handler =
    @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void

  private static func install(_ handler: @escaping Handler, for signal: Int32, flags: Int32) {
    var action = sigaction()
    action.__sigaction_handler.sa_sigaction = handler
    action.sa_flags = flags
    sigemptyset(&action.sa_mask)
    sigaction(signal, &action, shared.previous + Int(signal))
    // Who asked to survive a signal (nohup) keeps surviving it.
    let previous = unsafeBitCast(
      shared.previous[Int(signal)].__sigaction_handler.sa_handler, to: Int.self)
    if previous == 1 { sigaction(signal, shared.previous + Int(signal), nil) }
  }

  /// Changes the terminal unless the process is in the background, where the terminal is the shell's and
  /// touching it would stop the process.
  private static func apply(_ settings: UnsafeMutablePointer<termios>) {
    let foreground = tcgetpgrp(shared.descriptor.pointee)
    guard foreground == -1 || foreground == getpgrp() else { return }
    tcsetattr(shared.descriptor.pointee, TCSANOW, settings)
  }

  /// Restores the terminal and lets the signal have the effect that it would have had without us: a
  /// fault happens again on return, anything else is raised again.
  private static let deadlyHandler: Handler = { signal, info, _ in
    if Terminal.shared.isRaw.pointee { Terminal.apply(Terminal.shared.original) }
    sigaction(signal, Terminal.shared.previous + Int(signal), nil)
    let isFault = signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE
    if isFault, let info, info.pointee.si_code > 0 { return }
    raise(signal)
  }

  private static let suspendHandler: Handler = { signal, _, _ in
    if Terminal.shared.isRaw.pointee { Terminal.apply(Terminal.shared.original) }
    var ours = sigaction()
    sigaction(signal, Terminal.shared.previous + Int(signal), &ours)
    raise(signal)
    // Here the process has been continued.
    sigaction(signal, &ours, nil)
    if Terminal.shared.isRaw.pointee { Terminal.apply(Terminal.shared.raw) }
  }

  private static let resumeHandler: Handler = { _, _, _ in
    if Terminal.shared.isRaw.pointee { Terminal.apply(Terminal.shared.raw) }
  }
}
