import CHost
import Glibc
import Synchronization

/// sigaction(2) as RISC-V's Linux has it.
struct SignalAction: Equatable, Sendable {
  var handler: UInt64 = 0
  var flags: UInt64 = 0
  var mask: UInt64 = 0

  static let byDefault: UInt64 = 0
  static let ignored: UInt64 = 1

  enum Flag {
    static let noChildStop: UInt64 = 1
    static let noChildWait: UInt64 = 2
    static let information: UInt64 = 4
    static let exposeTagBits: UInt64 = 0x800
    static let onStack: UInt64 = 0x0800_0000
    static let restart: UInt64 = 0x1000_0000
    static let noDefer: UInt64 = 0x4000_0000
    static let resetHandler: UInt64 = 0x8000_0000
    /// All that there are: programs ask for others to learn that they are not (sigaction(2)).
    static let known =
      noChildStop | noChildWait | information | exposeTagBits | onStack | restart | noDefer | resetHandler
  }
}

/// What a process does with each signal.
///
/// The host does what it can do itself: a signal's default and ignoring it. A signal with a handler is recorded for
/// the thread that the host chose, and so is one whose default leaves a core file, which must be the program's. SIGSEGV
/// and SIGBUS are always recorded, because copies that fault come as these. A process that shares memory with others
/// records whatever would kill it, so that it can release the robust mutexes that it holds there.
final class SignalActions: Sendable {
  static let count: Int32 = 64
  /// What kills by default is recorded, too.
  private let recordsDeaths = Atomic<Bool>(false)
  private let actions: Mutex<[SignalAction]>

  init() { actions = Mutex([SignalAction](repeating: SignalAction(), count: Int(Self.count) + 1)) }

  /// A child's of vfork(2), whose host has them, too.
  init(copying other: SignalActions) {
    recordsDeaths.store(other.recordsDeaths.load(ordering: .relaxed), ordering: .relaxed)
    let all = other.actions.withLock { $0 }
    actions = Mutex(all)
  }

  /// What the process was started with: ignored signals stay ignored.
  func inherit() {
    for number in 1...Self.count where number != SIGKILL && number != SIGSTOP {
      if host_signal_is_ignored(number) == 1 {
        actions.withLock { $0[Int(number)].handler = SignalAction.ignored }
      }
    }
    for number in LinuxThread.coreSignals
    where self[number].handler == SignalAction.byDefault || number == SIGSEGV || number == SIGBUS {
      _ = host_signal_disposition(number, 2, 0)
    }
  }

  /// The process may hold what others wait for.
  func recordDeaths() {
    guard !recordsDeaths.exchange(true, ordering: .sequentiallyConsistent) else { return }
    for number in 1...Self.count where Self.kills(number) && self[number].handler == SignalAction.byDefault {
      _ = host_signal_disposition(number, 2, 0)
    }
  }

  /// The host does not do by itself what the signal does by default.
  func recordsDefault(of number: Int32) -> Bool {
    LinuxThread.coreSignals.contains(number) || Self.kills(number) && recordsDeaths.load(ordering: .relaxed)
  }

  /// By default (signal(7)).
  static func kills(_ number: Int32) -> Bool {
    ![SIGKILL, SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU].contains(number)
  }

  subscript(number: Int32) -> SignalAction { actions.withLock { $0[Int(number)] } }

  func set(_ number: Int32, _ action: SignalAction) throws(Errno) {
    var action = action
    action.flags &= SignalAction.Flag.known
    // These cannot be blocked.
    action.mask &= ~(1 << UInt64(SIGKILL - 1) | 1 << UInt64(SIGSTOP - 1))
    actions.withLock { $0[Int(number)] = action }
    if number == SIGSEGV || number == SIGBUS { return }
    let disposition: Int32 =
      switch action.handler {
      case SignalAction.byDefault: recordsDefault(of: number) ? 2 : 0
      case SignalAction.ignored: 1
      default: 2
      }
    let kept = SignalAction.Flag.noChildStop | SignalAction.Flag.noChildWait
    let result = host_signal_disposition(number, disposition, UInt(action.flags & kept))
    if result < 0 { throw Errno(-result) }
  }

  /// Signals that have handlers get their defaults back.
  func clearHandlers() {
    for number in 1...Self.count where self[number].handler > SignalAction.ignored {
      try? set(number, SignalAction())
    }
  }
}

/// sigaltstack(2).
struct AlternateStack: Sendable {
  var start: UInt64 = 0
  var size: UInt64 = 0
  var flags: Int32 = Int32(bitPattern: disabled)

  static let onStack: UInt32 = 1
  static let disabled: UInt32 = 2
  static let autodisarm: UInt32 = 1 << 31
  /// MINSIGSTKSZ.
  static let smallest: UInt64 = 2048

  var isDisabled: Bool { size == 0 }
  func holds(_ pointer: UInt64) -> Bool { size > 0 && pointer > start && pointer - start <= size }
}

/// A signal with what Linux tells about it.
struct PendingSignal: Sendable {
  var number: Int32
  /// siginfo_t, 128 bytes, the same on RISC-V as on x86-64.
  var information: [UInt8]

  /// An instruction raised it (si_code).
  var isException: Bool { information.withUnsafeBytes { $0.load(fromByteOffset: 8, as: Int32.self) } > 0 }

  init(number: Int32, information: [UInt8]) {
    self.number = number
    self.information = information
  }

  /// One that an instruction raised.
  init(number: Int32, code: Int32, address: UInt64) {
    self.number = number
    information = [UInt8](repeating: 0, count: 128)
    information.withUnsafeMutableBytes {
      $0.storeBytes(of: number, toByteOffset: 0, as: Int32.self)
      $0.storeBytes(of: code, toByteOffset: 8, as: Int32.self)
      $0.storeBytes(of: address, toByteOffset: 16, as: UInt64.self)
    }
  }
}
