import CHost
import Glibc
import RISCV
import Synchronization

/// Why the machine is reset or ends, by the names that QAPI has for it (QEMU, qapi/run-state.json, "ShutdownCause").
package enum ShutdownCause: String, Sendable {
  case hostQMPQuit = "host-qmp-quit"
  case hostQMPSystemReset = "host-qmp-system-reset"
  case hostSignal = "host-signal"
  /// Ctrl-a x.
  case hostUI = "host-ui"
  case guestShutdown = "guest-shutdown"
  case guestReset = "guest-reset"
  case guestPanic = "guest-panic"

  package var isGuest: Bool { rawValue.hasPrefix("guest-") }
}

/// What the machine does when it is to be reset, and when the guest powers off: `-action`, `set-action`.
package struct EndActions: Sendable, Equatable {
  /// It ends, as if the guest had powered off.
  package var endsAtReset = false
  /// It stands still.
  package var stopsAtShutdown = false

  package init(endsAtReset: Bool = false, stopsAtShutdown: Bool = false) {
    self.endsAtReset = endsAtReset
    self.stopsAtShutdown = stopsAtShutdown
  }
}

/// Why the machine ended.
package enum MachineEnd: Sendable, Equatable {
  /// The guest powered off, or reset where `-no-reboot` forbids it.
  case guest(exitCode: Int32)
  /// The guest's program ended by a semihosting call, which ends the emulator whatever `-no-shutdown` says.
  case program(exitCode: Int32)
  /// Somebody outside said so: the monitor's quit, Ctrl-a x, a signal.
  case quit

  /// What the guest said; nil where it was not asked.
  package var exitCode: Int32? {
    switch self {
    case .guest(let code), .program(let code): code
    case .quit: nil
    }
  }
}

/// Runs the harts: a host thread for each, or one thread that runs them in turn.
///
/// One protocol brings them to rest: `atRest` raises every hart's attention and waits until all stand at a
/// safepoint, outside the machine lock. Resets, monitor commands and cache flushes happen there. Requests
/// that come from hart threads (a device's power-off) are carried out by the thread that called `run`.
package final class MachineRunner: PowerControl, InputGate {
  package struct Settings: Sendable {
    /// All harts on one host thread. Always so on deterministic machines.
    package var singleThread = false
    package var noReboot = false
    /// The machine stops at power-off instead of ending.
    package var noShutdown = false
    package var startPaused = false
    /// Deterministic: an idle machine sleeps until its next timer instead of jumping there at once.
    package var idleSleeps = true
    package init() {}
  }

  package let harts: [Hart]
  package let memory: AddressSpace
  package let clock: Clock
  package let timers: Timers
  package let lock: MachineLock
  package let settings: Settings
  /// Puts devices and memory into their state at power-on; called with harts at rest.
  private let resetBoard: @Sendable () -> Void

  /// Instructions between looks at timers and requests: some 10 µs of translated code, 50 of interpreted.
  private static let slice = 20_000
  /// Deterministic: what a trap takes, in instructions, where a hart does nothing else.
  private static let trapCost: UInt64 = 64
  /// A hart's turn on a shared thread.
  private static let turn = 10_000

  enum Request: Equatable {
    /// The cause is nil where the emulator is made to end as a program.
    case end(MachineEnd, ShutdownCause?)
    case reset(ShutdownCause)
    case dropCode
  }

  /// Guarded by `mutex`.
  struct Control {
    var requests: [Request] = []
    /// A request is being served.
    var isServing = false
    var actions = EndActions()
    /// Reasons to rest: callers of `atRest`, and one while stopped.
    var holds = 0
    var isStopped = false
    /// The guest has powered off and the machine stands still, to be reset.
    var isShutDown = false
    var resting = 0
    var isEnding = false
    /// Harts that rest though the machine runs: their debugger wants the others to go on alone.
    var suspended: Set<Int> = []
    /// Told of stops.
    var observers: [@Sendable (MachineStop) -> Void] = []
    /// The host's thread of each hart, as Linux numbers them; all the same where harts share one.
    var hostThreads: [Int: Int32] = [:]

    /// The machine stands still, and with it its clock. False where it did already.
    mutating func stop(_ clock: Clock) -> Bool {
      guard !isStopped else { return false }
      isStopped = true
      holds += 1
      clock.pause()
      return true
    }

    /// False where it did not stand still.
    mutating func goOn(_ clock: Clock) -> Bool {
      guard isStopped else { return false }
      isStopped = false
      holds -= 1
      clock.goOn()
      return true
    }
  }

  nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>
  nonisolated(unsafe) let changed: UnsafeMutablePointer<pthread_cond_t>
  nonisolated(unsafe) var control = Control()
  private nonisolated(unsafe) var threads: [pthread_t] = []
  /// Deterministic: input for between slices.
  private let inbox = Mutex<[@Sendable () -> Void]>([])
  private let inboxCount = Atomic<Int>(0)

  package init(
    harts: [Hart], memory: AddressSpace, clock: Clock, timers: Timers, lock: MachineLock, settings: Settings,
    resetBoard: @escaping @Sendable () -> Void
  ) {
    self.harts = harts
    self.memory = memory
    self.clock = clock
    self.timers = timers
    self.lock = lock
    self.settings = settings
    self.resetBoard = resetBoard
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    changed = .allocate(capacity: 1)
    changed.initialize(to: pthread_cond_t())
    pthread_cond_init(changed, nil)
    if isSingle, let first = harts.first {
      for hart in harts { hart.port.bell = first.port.bell }
    }
    timers.bell = harts.first?.port.bell
    if settings.startPaused {
      _ = control.stop(clock)
    }
    control.actions = EndActions(
      endsAtReset: settings.noReboot, stopsAtShutdown: settings.noShutdown)
  }

  private var isSingle: Bool { settings.singleThread || clock.mode != .host }
  private var threadCount: Int { isSingle ? 1 : harts.count }

  // MARK: Running

  /// Starts the harts and serves requests until the machine ends. Harts are at rest when it returns.
  package func run() -> MachineEnd {
    let end = runUntilEnd()
    tell(.ended(exitCode: end.exitCode))
    return end
  }

  private func runUntilEnd() -> MachineEnd {
    for index in 0..<threadCount { startThread(index) }
    while true {
      let request = nextRequest()
      defer {
        withControl { $0.isServing = false }
        release()
      }
      switch request {
      case .end(let end, let cause):
        if let cause { tell(.shutDown(cause)) }
        if case .guest = end, actions.stopsAtShutdown {
          withControl { $0.isShutDown = true }
          stop()
          continue
        }
        pthread_mutex_lock(mutex)
        control.isEnding = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
        demandAttention()
        for thread in threads { pthread_join(thread, nil) }
        return end
      case .reset(let cause):
        if actions.endsAtReset {
          post(.end(.guest(exitCode: 0), cause))
        } else {
          reset(cause)
        }
      case .dropCode:
        atRest { memory.code.removeAll() }
      }
    }
  }

  private func nextRequest() -> Request {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while control.requests.isEmpty { pthread_cond_wait(changed, mutex) }
    control.isServing = true
    return control.requests.removeFirst()
  }

  /// Hands a request to the thread in `run`. Harts rest from their next safepoint until it is served.
  private func post(_ request: Request) {
    pthread_mutex_lock(mutex)
    if !control.requests.contains(request) {
      control.requests.append(request)
      control.holds += 1
    }
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
    demandAttention()
  }

  /// Has the harts rest, whoever lets them go on, until a `release`.
  package func hold() {
    withControl { $0.holds += 1 }
    demandAttention()
  }

  /// Ends one hold.
  package func release() {
    pthread_mutex_lock(mutex)
    control.holds -= 1
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }

  func demandAttention() {
    for hart in harts { hart.port.demandAttention() }
  }

  // MARK: PowerControl, from devices under the machine lock

  package func shutDown(exitCode: Int32, isFailure: Bool) {
    post(.end(.guest(exitCode: exitCode), isFailure ? .guestPanic : .guestShutdown))
  }

  package func requestReset() { requestReset(.guestReset) }

  // MARK: From other threads

  package func quit(_ cause: ShutdownCause?) { post(.end(.quit, cause)) }

  /// The guest's program has ended.
  package func endProgram(exitCode: Int32) { post(.end(.program(exitCode: exitCode), nil)) }

  /// A reset, or what is to happen in its place.
  package func requestReset(_ cause: ShutdownCause) { post(.reset(cause)) }

  package var actions: EndActions {
    get { withControl { $0.actions } }
    set { withControl { $0.actions = newValue } }
  }

  /// Waits until what has been requested has happened. Not from a hart's thread, not under the machine lock.
  package func settle() {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !control.requests.isEmpty || control.isServing, !control.isEnding {
      pthread_cond_wait(changed, mutex)
    }
  }

  /// The host's thread of each hart, as Linux numbers them. Waits until they are started.
  package var hostThreads: [Int32] {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while control.hostThreads.count < threadCount, !control.isEnding { pthread_cond_wait(changed, mutex) }
    return harts.indices.map { control.hostThreads[isSingle ? 0 : $0] ?? 0 }
  }

  package var isRunning: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return !control.isStopped
  }

  /// With `noShutdown`: the guest has powered off, and nobody has reset the machine since.
  package var isShutDown: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return control.isShutDown
  }

  /// Stops the harts until `resume`.
  package func stop() {
    let wasRunning = withControl { $0.stop(clock) }
    demandAttention()
    atRest {}
    if wasRunning { tell(.stopped) }
  }

  package func resume() { resume(only: nil) }

  /// Lets these harts go on, nil: all.
  package func resume(only harts: Set<Int>?) {
    // `resume` while it runs changes nothing but who is suspended.
    if !isRunning { atRest { prepareToGoOn() } }
    let wasStopped = withControl { control in
      control.suspended = harts.map { Set(self.harts.indices).subtracting($0) } ?? []
      pthread_cond_broadcast(changed)
      return control.goOn(clock)
    }
    if wasStopped { tell(.resumed) }
  }

  /// Back to power-on.
  package func reset(_ cause: ShutdownCause) {
    atRest {
      lock.withLock { resetBoard() }
      clock.resetTicks()
      for hart in harts { hart.reset() }
    }
    pthread_mutex_lock(mutex)
    control.isShutDown = false
    pthread_mutex_unlock(mutex)
    tell(.reset(cause))
  }

  /// Runs `body` while every hart stands at a safepoint. Not from a hart's thread, not under the machine lock.
  package func atRest<R>(_ body: () -> R) -> R {
    pthread_mutex_lock(mutex)
    control.holds += 1
    pthread_mutex_unlock(mutex)
    demandAttention()
    pthread_mutex_lock(mutex)
    while control.resting < threads.count && !control.isEnding { pthread_cond_wait(changed, mutex) }
    pthread_mutex_unlock(mutex)
    defer { release() }
    return body()
  }

  // MARK: InputGate

  package var isDeterministic: Bool { clock.mode != .host }

  package func deliver(_ body: @escaping @Sendable () -> Void) {
    guard isDeterministic else { return lock.withLock(body) }
    inbox.withLock { $0.append(body) }
    inboxCount.add(1, ordering: .sequentiallyConsistent)
    harts.first?.port.bell.ring()
  }

  package func afterRelease(_ body: @escaping @Sendable () -> Void) -> Bool {
    lock.afterRelease(body)
    return true
  }

  private func takeInput() {
    guard inboxCount.load(ordering: .relaxed) > 0 else { return }
    let bodies = inbox.withLock { inbox in
      defer { inbox.removeAll() }
      return inbox
    }
    inboxCount.subtract(bodies.count, ordering: .sequentiallyConsistent)
    lock.withLock { for body in bodies { body() } }
  }

  // MARK: Hart threads

  private final class ThreadStart {
    let runner: MachineRunner
    let index: Int
    init(_ runner: MachineRunner, _ index: Int) {
      self.runner = runner
      self.index = index
    }
  }

  private func startThread(_ index: Int) {
    let start = Unmanaged.passRetained(ThreadStart(self, index))
    var thread = pthread_t()
    let failed = pthread_create(&thread, nil, MachineRunner.threadMain, start.toOpaque())
    guard failed == 0 else { fatalError("cannot start the thread of hart \(index): error \(failed)") }
    pthread_mutex_lock(mutex)
    threads.append(thread)
    pthread_mutex_unlock(mutex)
  }

  /// A global function's address: a closure literal would inherit the main actor's isolation.
  private static let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    context in
    guard let context else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    start.runner.register(host_thread(), start.index)
    if start.runner.isSingle {
      start.runner.runInTurn()
    } else {
      start.runner.runHart(start.index)
    }
    return nil
  }

  private func register(_ thread: Int32, _ index: Int) {
    withControl { control in
      control.hostThreads[index] = thread
      pthread_cond_broadcast(changed)
    }
  }

  /// Rests while anybody holds the machine; false where it ends.
  private func passSafepoint(_ ports: [InterruptPort], of hart: Int? = nil) -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while control.holds > 0 || hart.map(control.suspended.contains) == true, !control.isEnding {
      control.resting += 1
      pthread_cond_broadcast(changed)
      pthread_cond_wait(changed, mutex)
      control.resting -= 1
    }
    if control.isEnding { return false }
    for port in ports { port.attention.store(false, ordering: .sequentiallyConsistent) }
    return true
  }

  private func runHart(_ index: Int) {
    let hart = harts[index]
    hart.runsAreExact = false
    while passSafepoint([hart.port], of: index) {
      running: while true {
        if index == 0 { runTimers() }
        switch hart.run(Self.slice) {
        case .budgetSpent: continue
        case .attention: break running
        case .codeFull:
          post(.dropCode)
          break running
        case .debug(let event):
          report(event, of: index)
          break running
        case .waiting: sleep(hart, servesTimers: index == 0)
        }
      }
    }
  }

  private func runTimers() {
    if timers.nextDeadline != .max { timers.run(until: clock.nanoseconds, lock: lock) }
  }

  /// WFI: until something is pending and enabled, or attention is wanted.
  private func sleep(_ hart: Hart, servesTimers: Bool) {
    while true {
      let seen = hart.port.bell.rings
      if servesTimers { runTimers() }
      if hart.hasReasonToWake || hart.port.attention.load(ordering: .sequentiallyConsistent) { return }
      var left = clock.nanoseconds(untilTick: hart.nextTimer)
      if servesTimers, timers.nextDeadline != .max {
        let now = clock.nanoseconds
        left = min(left, timers.nextDeadline > now ? timers.nextDeadline - now : 0)
      }
      // Longer than an hour is as good as never, and safe from overflow.
      hart.port.bell.sleep(seen: seen, nanoseconds: left < 3_600_000_000_000 ? Int64(left) : nil)
    }
  }

  // MARK: All harts on one thread

  private func runInTurn() {
    while passSafepoint(harts.map(\.port)) {
      // A safepoint may end a WFI early, as anything may (§3.3.3).
      var isWaiting = [Bool](repeating: false, count: harts.count)
      let suspended = suspendedHarts
      running: while true {
        let seen = harts[0].port.bell.rings
        var ran = false
        for (index, hart) in harts.enumerated() where !suspended.contains(index) {
          takeInput()
          runTimers()
          if isWaiting[index] {
            guard hart.hasReasonToWake else { continue }
            isWaiting[index] = false
          }
          ran = true
          switch runTurn(hart) {
          case .budgetSpent, .codeFull: break
          case .attention: break running
          case .debug(let event):
            report(event, of: index)
            break running
          case .waiting: isWaiting[index] = true
          }
        }
        if harts[0].port.attention.load(ordering: .sequentiallyConsistent) { break running }
        if !ran { idle(seen) }
      }
    }
  }

  private func runTurn(_ hart: Hart) -> Hart.Outcome {
    guard let shift = clock.instructionShift else { return run(hart, Self.turn) }
    // The turn ends where the next timer is due, so that it fires at that very instruction.
    var nanoseconds = clock.nanoseconds(untilTick: hart.nextTimer)
    if timers.nextDeadline != .max {
      let now = clock.nanoseconds
      nanoseconds = min(nanoseconds, timers.nextDeadline > now ? timers.nextDeadline - now : 0)
    }
    let untilTimer = min(nanoseconds >> shift, UInt64(Self.turn))
    let budget = untilTimer == 0 ? Self.turn : Int(untilTimer)
    let before = hart.instructionsRetired
    let outcome = run(hart, budget)
    let retired = hart.instructionsRetired &- before
    // A hart that does nothing but trap retires nothing; time goes on all the same. A trap costs many instructions.
    clock.advance(
      instructions: retired == 0 && outcome == .budgetSpent ? UInt64(budget) * Self.trapCost : retired)
    clock.keepPace()
    return outcome
  }

  /// The guest does not notice how much decoded code there is room for: the turn goes on behind a `codeFull`.
  private func run(_ hart: Hart, _ budget: Int) -> Hart.Outcome {
    var left = budget
    var done: UInt64 = 0
    while true {
      let before = hart.instructionsRetired
      let outcome = clock.withSlice({ done + hart.instructionsInSlice }) {
        hart.run(left, isContinued: done > 0)
      }
      guard outcome == .codeFull else { return outcome }
      done += hart.instructionsRetired &- before
      left = hart.unspent
      memory.code.removeAll()
    }
  }

  /// Every hart waits.
  private func idle(_ seen: UInt32) {
    let bell = harts[0].port.bell
    var left = UInt64.max
    for hart in harts { left = min(left, clock.nanoseconds(untilTick: hart.nextTimer)) }
    if timers.nextDeadline != .max {
      let now = clock.nanoseconds
      left = min(left, timers.nextDeadline > now ? timers.nextDeadline - now : 0)
    }
    let isForever = left >= 3_600_000_000_000
    switch clock.mode {
    case .host:
      bell.sleep(seen: seen, nanoseconds: isForever ? nil : Int64(left))
    case .instructions:
      if isForever {
        bell.sleep(seen: seen, nanoseconds: nil)
      } else {
        if settings.idleSleeps {
          bell.sleep(seen: seen, nanoseconds: Int64(left))
          // Input came first: it is handled at the present virtual time.
          if inboxCount.load(ordering: .relaxed) > 0 { return }
        }
        clock.skip(nanoseconds: left)
      }
    }
  }
}
