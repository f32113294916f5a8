import RISCV

/// A thread as GDB names it: a hart of a machine, or a thread of a program. Both numbers are 1 at least.
package struct ThreadID: Sendable, Hashable, Comparable {
  package var process: Int
  package var thread: Int

  package init(process: Int, thread: Int) {
    self.process = process
    self.thread = thread
  }

  package static func < (a: ThreadID, b: ThreadID) -> Bool {
    (a.process, a.thread) < (b.process, b.thread)
  }
}

/// What is debugged: a whole machine, or a program. A `GDBSession` asks it, on one thread.
///
/// The target stops by itself (breakpoints), or is stopped; whoever owns both hands the stop to
/// `GDBSession.report`. Requests for registers and memory come only while it stands still.
package protocol DebugTarget: AnyObject {
  /// All threads, sorted; never empty while there is something to debug.
  var threads: [ThreadID] { get }
  /// For people: "CPU#0", and what it does: "running".
  func description(of thread: ThreadID) -> ThreadDescription
  var registers: RegisterLayout { get }
  /// nil: there is no such register, or not now.
  func read(_ register: DebugRegister, of thread: ThreadID) -> UInt64?
  /// False: it cannot be written.
  func write(_ register: DebugRegister, _ value: UInt64, of thread: ThreadID) -> Bool
  /// The bytes from `address` on, as the thread sees memory: as many of `count` as there are, maybe none.
  func readMemory(_ address: UInt64, count: Int, of thread: ThreadID) -> [UInt8]
  /// False where something of it cannot be written.
  func writeMemory(_ address: UInt64, _ bytes: [UInt8], of thread: ThreadID) -> Bool

  /// Stops whoever comes to `address`, which need not be mapped yet.
  func insertBreakpoint(_ address: UInt64)
  func removeBreakpoint(_ address: UInt64)
  /// False where the target has no watchpoints.
  func insert(_ watchpoint: Watchpoint) -> Bool
  func remove(_ watchpoint: Watchpoint)
  func removeAllBreakpoints()

  /// Lets threads go on. Each call is answered by one stop.
  func resume(_ plan: ResumePlan)
  /// The answer to the request for which the thread stopped. Then threads go on by the plan, whose step the answered
  /// call is; without a plan they stand still.
  func answer(_ reply: DebuggerReply, of thread: ThreadID, then plan: ResumePlan?)
  /// Stops all threads; the stop is reported as any other. Nothing happens where they stand still already.
  func interrupt()
  /// A debugger has come, and wants everything to stand still.
  func attach()
  /// The debugger has gone: what is left of the process goes on without it.
  func detach(process: Int)
  /// Ends everything.
  func kill()
  /// From the beginning, standing still. False where that cannot be.
  func restart() -> Bool

  // MARK: What not every target has

  /// It was there before its debugger.
  var wasAttachedTo: Bool { get }
  /// The address space, for GDB; nil: GDB may look anywhere.
  var memoryMap: [DebugMemoryRange]? { get }
  /// A line of GDB's `monitor`; nil where there is no monitor. Lines of the answer end in \r\n.
  func command(_ line: String) -> String?
  /// What single steps leave out; nil where that cannot be chosen.
  var stepMask: StepMask? { get set }
  /// Addresses of memory are physical ones; nil where that cannot be chosen.
  var usesPhysicalAddresses: Bool? { get set }
  /// What only programs have.
  var program: (any DebuggedProgram)? { get }
}

extension DebugTarget {
  package func answer(_ reply: DebuggerReply, of thread: ThreadID, then plan: ResumePlan?) {
    if let plan { resume(plan) }
  }
  package func insert(_ watchpoint: Watchpoint) -> Bool { false }
  package func remove(_ watchpoint: Watchpoint) {}
  package func restart() -> Bool { false }
  package var wasAttachedTo: Bool { true }
  package var memoryMap: [DebugMemoryRange]? { nil }
  package func command(_ line: String) -> String? { nil }
  package var stepMask: StepMask? {
    get { nil }
    set {}
  }
  package var usesPhysicalAddresses: Bool? {
    get { nil }
    set {}
  }
  package var program: (any DebuggedProgram)? { nil }
}

package struct ThreadDescription: Sendable, Equatable {
  package var name: String
  package var state: String
  /// The host's or machine's core that it is on.
  package var core: Int?

  package init(name: String, state: String, core: Int? = nil) {
    self.name = name
    self.state = state
    self.core = core
  }
}

package struct DebugMemoryRange: Sendable, Equatable {
  package enum Kind: String, Sendable { case ram, rom }
  package var first: UInt64
  package var last: UInt64
  package var kind: Kind

  package init(first: UInt64, last: UInt64, kind: Kind) {
    self.first = first
    self.last = last
    self.kind = kind
  }
}

/// QEMU's bits of `qqemu.sstep` (QEMU, "GDB usage").
package struct StepMask: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  /// Single steps are single steps.
  package static let enable = StepMask(rawValue: 1)
  /// No interrupts meanwhile.
  package static let noInterrupts = StepMask(rawValue: 2)
  /// No timers meanwhile.
  package static let noTimers = StepMask(rawValue: 4)
}

/// Who goes on, and how. Threads that are not named stand still.
package struct ResumePlan: Sendable, Equatable {
  /// The signal is one of GDB's numbers, for a program's thread.
  package enum Action: Sendable, Equatable {
    case run(signal: Int?)
    case step(signal: Int?)

    package var isStep: Bool { if case .step = self { true } else { false } }
  }

  package var actions: [ThreadID: Action]

  package init(_ actions: [ThreadID: Action]) { self.actions = actions }
}

package struct DebugStop: Sendable, Equatable {
  /// Signals are GDB's numbers ("GDB Remote Serial Protocol", Stop Reply Packets).
  package enum Reason: Sendable, Equatable {
    case signal(Int)
    case step
    /// The instruction has not run.
    case breakpoint
    /// The access has not been made: GDB makes the instruction's step itself, on RISC-V, and looks then.
    case watchpoint(WatchKind, address: UInt64)
    case systemCallEntry(Int)
    case systemCallReturn(Int)
    case fork(child: ThreadID)
    case vfork(child: ThreadID)
    case vforkDone
    case exec(path: String)
    /// The thread's process goes on as a program that cannot be debugged here.
    case left(path: String)
    /// A semihosting call wants this of GDB, in the words of its File-I/O protocol.
    case request(String)
    /// The thread's process has ended.
    case exited(code: Int)
    case killed(signal: Int)
  }

  package var thread: ThreadID
  package var reason: Reason

  package init(_ thread: ThreadID, _ reason: Reason) {
    self.thread = thread
    self.reason = reason
  }
}

/// What GDB wants to be told of processes.
package struct ProcessEvents: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static let forks = ProcessEvents(rawValue: 1)
  package static let vforks = ProcessEvents(rawValue: 2)
  package static let executions = ProcessEvents(rawValue: 4)
}

/// What a debugger asks of a Linux program beside its threads.
package protocol DebuggedProgram: AnyObject {
  /// As in /proc/PID/auxv.
  func auxiliaryVector(of process: Int) -> [UInt8]
  func executable(of process: Int) -> String?
  /// The `siginfo_t` of the signal that the thread stopped for.
  func signalInformation(of thread: ThreadID) -> [UInt8]?
  /// How far the sections were moved from where the file has them.
  func sectionOffset(of process: Int) -> UInt64
  /// Stop at these system calls, nil: at none, empty: at all.
  func catchSystemCalls(_ numbers: [Int]?)
  /// What GDB wants to be told of; of children it then says which process it leaves (`DebugTarget.detach`).
  func report(_ events: ProcessEvents)
  /// A process that GDB has yet to leave and that has no breakpoints: a child of fork(2) that it was told of, which
  /// stands still, and a parent in vfork(2) of a child that has executed another program.
  func isNewborn(_ process: Int) -> Bool
  /// Signals, by GDB's numbers, that go to the program without a stop.
  func passSignals(_ signals: [Int])
  /// Files that GDB wants from where the program is, by path; results as in the manual ("Host I/O Packets"),
  /// errors as GDB's errno numbers.
  func openFile(_ path: String, flags: Int, mode: Int) -> Result<Int, FileError>
  func readFile(_ descriptor: Int, count: Int, offset: UInt64) -> Result<[UInt8], FileError>
  func closeFile(_ descriptor: Int) -> Result<Int, FileError>
  func readLink(_ path: String) -> Result<[UInt8], FileError>
}

package struct FileError: Error, Sendable, Equatable {
  package let number: Int
  package init(_ number: Int) { self.number = number }
}
