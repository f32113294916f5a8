import Debugger
import Glibc
import RISCV

/// A program as GDB sees it. On the debugger's thread.
final class ProgramTarget: DebugTarget {
  private let debugger: ProgramDebugger
  private var process: LinuxProcess { debugger.process }
  /// The thread that was told of last.
  private var current: ThreadID?
  /// Stops to be reported when the session has said all else.
  private(set) var stops: [DebugStop] = []
  /// GDB has let the program go.
  private(set) var hasDetached = false
  private var files: Set<Int32> = []
  /// The child of fork(2) that GDB has not decided about: its parent's thread has its registers but for a0.
  private var newborn: (process: Int, parent: LinuxThread, answer: Int32)?
  /// The child of vfork(2) that GDB has not decided about, or follows. It has its parent's thread, whose own registers
  /// are put away (`LinuxThread.lender`).
  private var borrower: (process: Int, thread: LinuxThread)?
  /// A process that GDB has yet to leave, and that is gone: the parent in vfork(2) of who executed this program.
  private var departed: Int?
  /// The thread is about to execute a program, which is to have the connection.
  var executing: LinuxThread?

  init(_ debugger: ProgramDebugger) { self.debugger = debugger }

  /// A child of vfork(2) that has the thread is not meant.
  private func name(_ thread: LinuxThread) -> ThreadID {
    ThreadID(process: Int(getpid()), thread: Int(thread.lender?.id ?? thread.id))
  }

  /// Who stopped: the child that has the thread, if GDB follows it.
  private func stopped(_ thread: LinuxThread) -> ThreadID {
    thread.control.isFollowed ? ThreadID(process: Int(thread.id), thread: Int(thread.id)) : name(thread)
  }

  private func thread(_ id: ThreadID) -> LinuxThread? {
    if let borrower, id.process == borrower.process { return borrower.thread }
    return debugger.threads.first { name($0) == id }
  }

  // MARK: Stops

  /// Looks for what threads have to tell; brings the others to rest then.
  func lookForStops() {
    guard stops.isEmpty, executing == nil, let thread = debugger.nextParked() else { return }
    if thread.control.stop == .executing {
      executing = thread
      return
    }
    debugger.stop()
    if borrower?.thread.isBorrowed == false { borrower = nil }
    let reason: DebugStop.Reason =
      switch thread.control.stop {
      case .began, .executing, nil: .signal(GDBSignal.trap)
      case .event(.breakpoint): .breakpoint
      case .event(.watchpoint(let point, let address)): .watchpoint(point.kind, address: address)
      case .event(.step): .step
      case .event(.request(let text)): .request(text)
      case .signal(let number, _): .signal(SignalNumbers.ofGDB(number))
      case .systemCall(let number, let isEntry):
        isEntry ? .systemCallEntry(Int(number)) : .systemCallReturn(Int(number))
      case .forked(let child, _): .fork(child: ThreadID(process: Int(child), thread: Int(child)))
      case .vforked(let child): .vfork(child: ThreadID(process: Int(child), thread: Int(child)))
      case .vforkDone: .vforkDone
      case .executed(let path): .exec(path: path)
      case .left(let path): .left(path: path)
      case .exited(let code): .exited(code: Int(code))
      case .killed(let number): .killed(signal: SignalNumbers.ofGDB(number))
      }
    if case .forked(let child, let answer) = thread.control.stop {
      newborn = (Int(child), thread, answer)
    }
    if case .vforked(let child) = thread.control.stop { borrower = (Int(child), thread) }
    stops.append(DebugStop(stopped(thread), reason))
  }

  /// What is to be reported next.
  func nextStop() -> DebugStop? {
    guard !stops.isEmpty else { return nil }
    let stop = stops.removeFirst()
    current = stop.thread
    return stop
  }

  // MARK: Threads and registers

  var threads: [ThreadID] {
    let others = [newborn?.process, borrower?.process, departed].compactMap { $0 }
    return (debugger.threads.map(name) + others.map { ThreadID(process: $0, thread: $0) }).sorted()
  }

  func description(of thread: ThreadID) -> ThreadDescription {
    ThreadDescription(
      name: process.executableName, state: self.thread(thread)?.control.stop == nil ? "running" : "stopped")
  }

  let registers = RegisterLayout(
    width: 64, floatWidth: 64, controls: [(1, "fflags"), (2, "frm"), (3, "fcsr")], system: "GNU/Linux")

  func read(_ register: DebugRegister, of thread: ThreadID) -> UInt64? {
    let isChild = newborn?.process == thread.process
    if let lender = self.thread(thread)?.lender, thread.process == Int(getpid()) {
      return lender.value(register)
    }
    guard let hart = (isChild ? newborn?.parent : self.thread(thread))?.hart else { return nil }
    switch register {
    case .integer(10) where isChild: return 0
    case .integer(let number): return hart[x: number]
    case .pc: return hart.state.pointee.pc
    case .float(let number): return hart[f: number]
    case .privilege: return 0
    case .control(let number): return hart.peekCSR(number)
    }
  }

  func write(_ register: DebugRegister, _ value: UInt64, of thread: ThreadID) -> Bool {
    guard let owner = self.thread(thread), owner.lender == nil || thread.process != Int(getpid()) else {
      return false
    }
    let hart = owner.hart
    switch register {
    case .integer(let number): hart[x: number] = value
    case .pc: hart.state.pointee.pc = value & ~1
    case .float(let number): hart[f: number] = value
    case .privilege: return false
    case .control(let number): return hart.pokeCSR(number, value)
    }
    return true
  }

  // MARK: Memory

  func readMemory(_ address: UInt64, count: Int, of thread: ThreadID) -> [UInt8] {
    debugger.read(address, count: count, of: thread.process)
  }

  func writeMemory(_ address: UInt64, _ bytes: [UInt8], of thread: ThreadID) -> Bool {
    debugger.write(bytes, at: address, of: thread.process)
  }

  func insertBreakpoint(_ address: UInt64) { debugger.insertBreakpoint(address) }
  func removeBreakpoint(_ address: UInt64) { debugger.removeBreakpoint(address) }
  func insert(_ watchpoint: Watchpoint) -> Bool {
    debugger.insert(watchpoint)
    return true
  }
  func remove(_ watchpoint: Watchpoint) { debugger.remove(watchpoint) }
  func removeAllBreakpoints() { debugger.removeAllPoints() }

  // MARK: Running

  func resume(_ plan: ResumePlan) {
    if let newborn, plan.actions.keys.contains(where: { $0.process == newborn.process }) {
      // GDB keeps both (`set detach-on-fork off`); only one is debugged here.
      answer(.leave)
    }
    if let borrower, plan.actions.keys.contains(where: { $0.process == borrower.process }) {
      borrower.thread.control.isFollowed = true
    }
    var actions: [Int32: ProgramDebugger.Action] = [:]
    for (name, action) in plan.actions {
      // A parent in vfork(2) whose child is followed waits for it.
      guard let thread = thread(name), !thread.control.isFollowed || name.process == borrower?.process else {
        continue
      }
      let id = thread.id
      switch action {
      case .run(let signal): actions[id] = .go(signal: signal.map(SignalNumbers.ofLinux) ?? 0)
      case .step(let signal): actions[id] = .step(signal: signal.map(SignalNumbers.ofLinux) ?? 0)
      }
    }
    if !debugger.resume(actions) { lookForStops() }
  }

  func answer(_ reply: DebuggerReply, of thread: ThreadID, then plan: ResumePlan?) {
    self.thread(thread)?.hart.answer(reply)
    if let plan { resume(plan) }
  }

  func interrupt() {
    debugger.stop()
    lookForStops()
    guard stops.isEmpty, executing == nil, let thread = current.flatMap(thread) ?? debugger.threads.first
    else {
      return
    }
    stops.append(DebugStop(stopped(thread), .signal(GDBSignal.interrupt)))
  }

  func attach() {
    debugger.stop()
    // The first thread waits for this, before its first instruction.
    if let thread = debugger.nextParked() { current = name(thread) }
  }

  private func answer(_ answer: ProgramDebugger.Answer) {
    guard let newborn else { return }
    var byte = answer.rawValue
    _ = Glibc.write(newborn.answer, &byte, 1)
    self.newborn = nil
  }

  func detach(process: Int) {
    if newborn?.process == process { return answer(.leave) }
    if process == departed {
      departed = nil
      return
    }
    if let borrower, process == borrower.process {
      debugger.leave(borrower.thread)
      self.borrower = nil
      return
    }
    // The connection is its child's then.
    answer(.follow)
    closeFiles()
    debugger.detach()
    hasDetached = true
  }

  func kill() {
    if let borrower { Glibc.kill(pid_t(borrower.process), SIGKILL) }
    Glibc.kill(getpid(), SIGKILL)
  }

  var wasAttachedTo: Bool { false }
  var program: (any DebuggedProgram)? { self }
}

extension ProgramTarget: DebuggedProgram {
  func auxiliaryVector(of process: Int) -> [UInt8] { self.process.stack.auxiliary }
  func executable(of process: Int) -> String? { self.process.executable }
  func sectionOffset(of process: Int) -> UInt64 { self.process.symbols.bias(of: self.process.program.entry) }

  func signalInformation(of thread: ThreadID) -> [UInt8]? {
    guard let thread = self.thread(thread), let stop = thread.control.stop else { return nil }
    // As ptrace(2) shows its own stops: TRAP_BRKPT, TRAP_TRACE, TRAP_HWBKPT.
    let code: Int32
    var address = thread.hart.state.pointee.pc
    switch stop {
    case .signal(_, let information): return information
    case .event(.watchpoint(_, let place)): (code, address) = (4, place)
    case .event(.step): code = 2
    default: code = 1
    }
    return PendingSignal(number: SIGTRAP, code: code, address: address).information
  }

  func report(_ events: ProcessEvents) { debugger.events = events }
  func isNewborn(_ process: Int) -> Bool { newborn?.process == process || departed == process }

  /// This process is the child that GDB follows.
  func becomeChild() {
    newborn = nil
    borrower = nil
    departed = nil
    stops = []
    current = nil
    hasDetached = false
    files = []
  }

  /// The program was executed by one that had the debugger.
  func inherit(_ inheritance: DebuggerInheritance) {
    departed = inheritance.parent == 0 ? nil : Int(inheritance.parent)
    debugger.events = ProcessEvents(rawValue: inheritance.events)
    debugger.passed.withLock { $0 = Set(inheritance.passed) }
    debugger.caught.withLock { $0 = inheritance.caught.map { Set($0) } }
  }

  func catchSystemCalls(_ numbers: [Int]?) {
    debugger.caught.withLock { caught in
      caught = numbers.map { $0.isEmpty ? nil : Set($0.map { UInt64(clamping: $0) }) } ?? []
    }
  }

  func passSignals(_ signals: [Int]) {
    debugger.passed.withLock { $0 = Set(signals.map(SignalNumbers.ofLinux)) }
  }

  // MARK: Files, to be read

  private func failure<T>(_ number: Int32) -> Result<T, FileError> {
    // Up to EROFS they are Linux's ("Debugging with GDB", Errno Values).
    .failure(FileError(number <= EROFS ? Int(number) : number == ENAMETOOLONG ? 91 : 9999))
  }

  func openFile(_ path: String, flags: Int, mode: Int) -> Result<Int, FileError> {
    guard flags == 0 else { return failure(EACCES) }
    let file = open(process.paths.resolved(path), O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return failure(errno) }
    files.insert(file)
    return .success(Int(file))
  }

  func readFile(_ descriptor: Int, count: Int, offset: UInt64) -> Result<[UInt8], FileError> {
    guard let file = Int32(exactly: descriptor), files.contains(file) else { return failure(EBADF) }
    var bytes = [UInt8](repeating: 0, count: count)
    let got = pread(file, &bytes, count, off_t(clamping: offset))
    return got < 0 ? failure(errno) : .success(Array(bytes.prefix(got)))
  }

  func closeFile(_ descriptor: Int) -> Result<Int, FileError> {
    guard let file = Int32(exactly: descriptor), files.remove(file) != nil else { return failure(EBADF) }
    close(file)
    return .success(0)
  }

  func readLink(_ path: String) -> Result<[UInt8], FileError> {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(process.paths.resolved(path), &bytes, bytes.count)
    return count < 0 ? failure(errno) : .success(bytes.prefix(count).map { UInt8(bitPattern: $0) })
  }

  func closeFiles() {
    for file in files { close(file) }
    files = []
  }
}

/// GDB numbers signals by itself (GDB's include/gdb/signals.def documents them; signal(7)).
enum SignalNumbers {
  /// By Linux's number: GDB's.
  private static let first: [Int] = [
    0, 1, 2, 3, 4, 5, 6, 10, 8, 9, 30, 11, 31, 13, 14, 15, 143, 20, 19, 17, 18, 21, 22, 16, 24, 25, 26, 27,
    28,
    23, 32, 12, 77,
  ]

  static func ofGDB(_ linux: Int32) -> Int {
    switch linux {
    case 0...32: first[Int(linux)]
    // 33 to 63 lie together, 64 was forgotten.
    case 33...63: 45 + Int(linux) - 33
    default: 78
    }
  }

  static func ofLinux(_ gdb: Int) -> Int32 {
    if let number = first.firstIndex(of: gdb) { return Int32(number) }
    if (45...75).contains(gdb) { return Int32(gdb - 45 + 33) }
    return gdb == 78 ? 64 : 0
  }
}
