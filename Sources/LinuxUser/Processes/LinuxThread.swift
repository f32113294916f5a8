// Unsafe pointers: `signals` and `activity` live as long as the thread object, at fixed addresses: signal handlers
// write to the one, futex(2) waits on the other.
import CHost
import Glibc
import RISCV
import Synchronization
import Translator

/// A thread of a Linux process: a hart, run by a host thread of its own, and its signals.
package final class LinuxThread: @unchecked Sendable {
  /// Outlives its threads. Unsafe, because counting references costs more than a quick system call.
  unowned(unsafe) let process: LinuxProcess
  let memory: GuestMemory
  let hart: Hart
  /// -strace; and whether the line of the call that is under way is begun.
  let traces: Bool
  var isTraceBegun = false
  /// -L: paths may lead elsewhere.
  let hasPrefix: Bool
  /// gettid(2): the host's.
  var id: Int32
  /// The signals that are blocked, by bit number minus one.
  var mask: UInt64 = 0
  /// sigaltstack(2).
  var alternateStack = AlternateStack()
  /// SIGSEGV and SIGBUS that somebody sent while they were blocked.
  var deferred: [PendingSignal] = []
  /// set_tid_address(2), set_robust_list(2).
  var clearedAddress: UInt64 = 0
  var robustList: UInt64 = 0
  var childNamespace = ChildNamespace.own
  /// Its process's; a child's of vfork(2) while it has the thread.
  var attributes: ProcessAttributes
  var actions: SignalActions { attributes.actions }
  /// A child of vfork(2) has the thread: what it leaves behind in memory is its parent's and stays.
  var isBorrowed = false
  /// The thread's own registers meanwhile, where the debugger is told of the child.
  var lender: ThreadState?
  /// The child stops all other threads of its parent but where it waits: their locks and its own are never taken at
  /// once, and none is held by a process that is gone.
  var stopsOthers = false
  /// What execve(2) was last given, for the parent of such a child to free.
  var execution: UnsafeMutableRawPointer?
  func forgetExecution() {
    execution?.deallocate()
    execution = nil
  }
  /// exit(2) was called, with this code.
  var hasEnded = false
  var exitCode: Int32 = 0
  /// What the hart has retired when translation begins; nil: it has begun, or is not to.
  private var translationStart: UInt64?
  let signals: UnsafeMutablePointer<host_signals>
  let control = ThreadControl()
  /// 1 while the thread runs code of the guest or of ours, 0 in system calls of the host.
  private let activity: UnsafeMutablePointer<Atomic<UInt32>>

  /// Instructions between looks at signals: some 10 µs of translated code.
  private static let slice = 20_000

  init(_ process: LinuxProcess, id: Int32) throws(Errno) {
    self.process = process
    memory = process.memory
    attributes = process.attributes
    traces = process.request.traces
    hasPrefix = process.paths.prefix != nil
    self.id = id
    signals = .allocate(capacity: 1)
    signals.initialize(to: host_signals())
    activity = .allocate(capacity: 1)
    activity.initialize(to: Atomic(0))
    hart = process.makeHart()
    hart.enterUserMode(pages: process.memory)
    if process.request.translatesAtOnce {
      if hart.engine == nil { try translate() }
    } else if hart.engine == nil {
      interpretFirst()
    }
    process.debugger?.greet(self)
  }

  deinit {
    // One that has run has given its hart back.
    if !hasEnded { hart.retire() }
    signals.deallocate()
    activity.deallocate()
  }

  /// Gives the hart a fresh engine, where one is wanted.
  func translate() throws(Errno) {
    guard process.request.isTranslated, TranslatedHart.canRun else { return }
    do throws(CodeMemoryError) {
      hart.engine = nil
      hart.removeMarks()
      let engine = try TranslatedHart(
        hart, codeSize: process.request.codeSize,
        regionLimit: process.request.regionLimit ?? TranslatedHart.largestRegion,
        perfMap: process.perfMap.withLock { $0 })
      isAlone = !process.isParallel
      engine.isAlone = isAlone
      noteCode()
    } catch {
      throw .noMemory
    }
  }

  /// The hart's translations count on it that nobody else sees its memory.
  private var isAlone = false

  private func leaveAlone() {
    isAlone = false
    (hart.engine as? TranslatedHart)?.isAlone = false
  }

  /// Tells the host's signal handler where translated code is.
  private func noteCode() {
    // Only direct accesses have places of their own to go on.
    let places = hart.directBase == nil ? nil : (hart.engine as? TranslatedHart)?.faultPlaces
    signals.pointee.code_begin = places?.code.lowerBound ?? 0
    signals.pointee.code_end = places?.code.upperBound ?? 0
    signals.pointee.fault_exit = places?.exit ?? 0
  }

  // MARK: Resting

  private var activityWord: UnsafePointer<UInt32> {
    UnsafeRawPointer(activity).assumingMemoryBound(to: UInt32.self)
  }
  private var stoppingWord: UnsafePointer<UInt32> {
    UnsafeRawPointer(process.stopping).assumingMemoryBound(to: UInt32.self)
  }

  /// Begins, or goes on, unless some thread is alone.
  func activate() {
    while true {
      activity.pointee.store(1, ordering: .sequentiallyConsistent)
      let isStopping = process.stopping.pointee.load(ordering: .sequentiallyConsistent) != 0
      if !isStopping && !control.isHeld || stopsOthers { return }
      deactivate()
      if isStopping { _ = host_futex_wait(stoppingWord, 1, -1) } else { control.waitWhileHeld() }
    }
  }

  func deactivate() {
    activity.pointee.store(0, ordering: .sequentiallyConsistent)
    if process.stopping.pointee.load(ordering: .sequentiallyConsistent) != 0 { host_futex_wake(activityWord) }
  }

  /// Runs `body`, which touches nothing that threads share.
  @inline(__always) func rest<R>(_ body: () -> R) -> R {
    let stopped = stopsOthers
    if stopped { letOthersGoOn() }
    deactivate()
    defer {
      activate()
      if stopped { stopOthers() }
    }
    return body()
  }

  /// Until `letOthersGoOn`, all other threads stand still, as in `LinuxProcess.alone`.
  func stopOthers() {
    process.beginAlone(self)
    stopsOthers = true
  }

  func letOthersGoOn() {
    stopsOthers = false
    process.endAlone()
  }

  /// For a thread that wants to be alone.
  func waitUntilResting() {
    while activity.pointee.load(ordering: .sequentiallyConsistent) != 0 {
      _ = host_futex_wait(activityWord, 1, 1_000_000)
    }
  }

  // MARK: Running

  /// Runs until the thread ends.
  func run() {
    host_signals_use(signals)
    host_segment_use(UInt(bitPattern: memory.hostBase))
    signals.pointee.window_begin = UInt(bitPattern: memory.hostBase)
    signals.pointee.window_end = UInt(bitPattern: memory.hostBase) + UInt(GuestMemory.size)
    noteCode()
    activate()
    host_signal_mask(mask)
    while !hasEnded {
      let exit = control.steps ? hart.stepUser() : hart.runUser(Self.slice)
      if let translationStart, hart.instructionsRetired >= translationStart { translateFromNowOn() }
      switch exit {
      case .budgetSpent: break
      case .codeFull: process.alone(self) { memory.code.removeAll() }
      case .debug(let event): _ = process.debugger?.park(self, .event(event))
      case .trap(let cause, let value):
        if cause == Hart.UserCause.systemCall {
          systemCall()
        } else if cause != Hart.UserCause.breakpoint || !serveSemihosting() {
          raiseException(cause, value)
        }
      }
      if hasEnded { break }
      if isAlone && process.isParallel { leaveAlone() }
      if hasSignals { deliverSignals() }
      if control.steps { endStep() }
      if process.stopping.pointee.load(ordering: .relaxed) != 0, !stopsOthers { rest {} }
    }
    host_signals_block()
    passOnSignals()
    host_signals_use(nil)
    if let debugger = process.debugger, process.hasOneThread, !isBorrowed {
      _ = debugger.park(self, .exited(exitCode))
    }
    process.takeBack(hart)
    process.remove(self)
    process.noteEnd(of: id)
    deactivate()
  }

  /// A child of fork(2) begins without translated code: its parent's is in memory that both share. So does a thread
  /// whose accesses are watched from now on, or not any more (`Hart.directBase`). From its own thread, or while it rests.
  func forgetTranslations() {
    hart.engine = nil
    noteCode()
    hart.removeMarks()
    interpretFirst()
  }

  /// Many programs, threads and children of fork(2) end soon, or execute another program: what runs once is not worth
  /// translating.
  private func interpretFirst() {
    translationStart = process.request.isTranslated ? hart.instructionsRetired + Self.interpretedFirst : nil
  }
  private static let interpretedFirst: UInt64 = 100_000

  private func endStep() {
    control.steps = false
    _ = process.debugger?.park(self, .event(.step))
  }

  private func translateFromNowOn() {
    translationStart = nil
    try? translate()
  }

  // MARK: The host's system calls

  /// A system call of the host that does not wait; its result.
  func host(
    _ number: Int, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0, _ e: Int = 0, _ f: Int = 0
  ) throws(Errno) -> Int {
    let result = Host.call(Int32(number), a, b, c, d, e, f)
    if result < 0 && result > -4096 { throw Errno(Int32(-result)) }
    return result
  }

  /// A system call of the host that may wait. Signals of the guest interrupt it: `Errno.interrupted`, or
  /// `Errno.notStarted` where the signal came before.
  func waiting(
    _ number: Int, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0, _ e: Int = 0, _ f: Int = 0
  ) throws(Errno) -> Int {
    let result = waiting(number, [a, b, c, d, e, f])
    if result < 0 && result > -4096 { throw Errno(Int32(-result)) }
    return result
  }

  /// The same: the result, a negative error number, or `HOST_NOT_STARTED`.
  @inline(__always) func waiting(_ number: Int, _ arguments: InlineArray<6, Int>) -> Int {
    rest {
      withUnsafePointer(to: arguments) {
        host_interruptible_call(signals, number, UnsafeRawPointer($0).assumingMemoryBound(to: Int.self))
      }
    }
  }
}

/// The host's system calls, by number.
enum Host {
  /// The result, or a negative error number.
  static func call(
    _ number: Int32, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0, _ e: Int = 0, _ f: Int = 0
  ) -> Int {
    let arguments: InlineArray<6, Int> = [a, b, c, d, e, f]
    return withUnsafePointer(to: arguments) { pointer in
      host_system_call(Int(number), UnsafeRawPointer(pointer).assumingMemoryBound(to: Int.self))
    }
  }
}

extension Errno {
  /// A signal came before the system call began: the guest's handler runs first, and then the call.
  static let notStarted = Errno(512)
}
