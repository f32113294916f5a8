import Consoles
import Glibc
import Machine
import Synchronization

/// How the program ends from outside: SIGINT, SIGTERM, SIGHUP, Ctrl-a x, the monitor's quit.
///
/// The signals are blocked everywhere and taken by one thread with sigwaitinfo(2), so that what follows is
/// ordinary code.
final class Ending: Sendable {
  private let reporter: Reporter
  private struct State {
    var quitMachine: (@Sendable (ShutdownCause?) -> Void)?
    /// When the end began.
    var since: UInt64?
  }

  private let state = Mutex(State())
  /// Senders often signal twice, a process and its group: that is one wish. Nanoseconds.
  private static let patience: UInt64 = 500_000_000

  init(_ reporter: Reporter) { self.reporter = reporter }

  /// To be called before any thread is started: threads inherit what is blocked.
  func catchSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    HostThread.start { [self, signals] in waitForSignals(signals) }
  }

  func connect(_ quitMachine: @escaping @Sendable (ShutdownCause?) -> Void) {
    state.withLock { $0.quitMachine = quitMachine }
  }

  /// The machine is over.
  func begin() { state.withLock { $0.since = $0.since ?? Clock.hostNanoseconds() } }

  /// Somebody wants out. Somebody who says so again, a while later, is not kept waiting.
  func quit(_ cause: ShutdownCause?) {
    let now = Clock.hostNanoseconds()
    let (quitMachine, isStuck) = state.withLock { state -> ((@Sendable (ShutdownCause?) -> Void)?, Bool) in
      guard let since = state.since else {
        state.since = now
        return (state.quitMachine, state.quitMachine == nil)
      }
      return (nil, now &- since > Self.patience)
    }
    if isStuck { leave(0) }
    quitMachine?(cause)
  }

  private func waitForSignals(_ signals: sigset_t) {
    var signals = signals
    while true {
      var info = siginfo_t()
      let signal = sigwaitinfo(&signals, &info)
      guard signal > 0 else { continue }
      let sender = info._sifields._kill.si_pid
      let isSent = info.si_code == SI_USER || info.si_code == SI_QUEUE || info.si_code == Self.sentToThread
      if state.withLock({ $0.since == nil }) {
        let origin = isSent ? " from pid \(sender) (\(Self.name(of: sender)))" : ""
        reporter.report("terminating on signal \(signal)\(origin)")
      }
      quit(.hostSignal)
    }
  }

  /// SI_TKILL, which the C headers spell as an enumerator that is not imported.
  private static let sentToThread: Int32 = -6

  /// The first word of a process's command line.
  private static func name(of process: pid_t) -> String {
    guard let file = fopen("/proc/\(process)/cmdline", "r") else { return "<unknown process>" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = fread(&bytes, 1, bytes.count, file)
    guard count > 0 else { return "<unknown process>" }
    return String(decoding: bytes[..<count].prefix { $0 != 0 }, as: UTF8.self)
  }

  private func leave(_ code: Int32) -> Never {
    Terminal.restore()
    HostPaths.remove()
    _exit(code)
  }
}
