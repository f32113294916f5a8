import Consoles
import Glibc
import Synchronization

/// How the program ends from outside: SIGINT, SIGTERM, SIGHUP, Ctrl-a x, the monitor's quit.
///
/// The signals are blocked everywhere and taken by one thread with sigwaitinfo(2), so that what follows is
/// ordinary code.
final class Ending: Sendable {
  private let reporter: Reporter
  private let quitMachine = Mutex<(@Sendable () -> Void)?>(nil)
  /// The machine is over, or has been told to end: the next signal does not wait.
  private let isUnderWay = Atomic<Bool>(false)

  init(_ reporter: Reporter) { self.reporter = reporter }

  /// To be called before any thread is started: threads inherit what is blocked.
  func catchSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    HostThread.start { [self, signals] in waitForSignals(signals) }
  }

  func connect(_ quitMachine: @escaping @Sendable () -> Void) {
    self.quitMachine.withLock { $0 = quitMachine }
  }

  /// The machine is over.
  func begin() { isUnderWay.store(true, ordering: .sequentiallyConsistent) }

  /// Somebody wants out. The second time at once.
  func quit() {
    let quitMachine = quitMachine.withLock { $0 }
    let isSecond = isUnderWay.exchange(true, ordering: .sequentiallyConsistent)
    guard let quitMachine, !isSecond else { leave(0) }
    quitMachine()
  }

  private func waitForSignals(_ signals: sigset_t) {
    var signals = signals
    while true {
      var info = siginfo_t()
      let signal = sigwaitinfo(&signals, &info)
      guard signal > 0 else { continue }
      let sender = info._sifields._kill.si_pid
      let isSent = info.si_code == SI_USER || info.si_code == SI_QUEUE || info.si_code == Self.sentToThread
      // Senders often signal twice, a process and its group.
      let isFirst = !isUnderWay.load(ordering: .sequentiallyConsistent)
      if isFirst { reporter.report("terminating on signal \(signal)" + (isSent ? " from pid \(sender) (\(Self.name(of: sender)))" : "")) }
      quit()
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
    _exit(code)
  }
}
