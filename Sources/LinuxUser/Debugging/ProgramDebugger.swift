import CHost
import Debugger
import Glibc
import RISCV
import Synchronization

/// Why a thread of a program stands still for its debugger.
enum ProgramStop: Sendable, Equatable {
  /// Nothing has run yet.
  case began
  case event(DebugEvent)
  /// The signal comes next, if the debugger lets it: its number, and siginfo_t.
  case signal(Int32, information: [UInt8])
  case systemCall(UInt64, isEntry: Bool)
  /// A child of fork(2) waits for the answer on this pipe's end.
  case forked(child: Int32, answer: Int32)
  /// A child of vfork(2) has the thread, and has run nothing yet.
  case vforked(child: Int32)
  /// It has not any more.
  case vforkDone
  /// The thread is about to execute a program for RISC-V.
  case executing
  /// It has, as this file: nothing of it has run yet.
  case executed(String)
  /// The thread is about to execute a program that cannot be debugged.
  case left(String)
  /// The last of the process.
  case exited(Int32)
  case killed(Int32)

  var isVfork: Bool { if case .vforked = self { true } else { false } }
}

/// What a debugger sees of a program, and has it do. Threads that have something to tell park until they are let go on.
///
/// The debugger has a host thread of its own, which calls all of this but `park`.
final class ProgramDebugger: @unchecked Sendable {
  enum Action: Sendable, Equatable {
    case go(signal: Int32)
    case step(signal: Int32)
  }

  /// Lives as long as the process does.
  unowned let process: LinuxProcess
  private let parked = Mutex<[LinuxThread]>([])
  /// A pipe's ends: the first is readable where somebody has parked.
  private(set) var bell: Int32
  private var rope: Int32
  /// Whom the debugger's thread serves.
  var server: DebuggerThread?
  /// What GDB wants to be told of. Changed while all threads rest.
  var events: ProcessEvents = []
  private(set) var isStopped = false
  /// Only while all threads rest, or by those that begin.
  private(set) var watchpoints: [Watchpoint] = []
  /// System calls at which threads park; empty: none, nil: all.
  let caught = Mutex<Set<UInt64>?>([])
  /// Signals that are delivered without a stop.
  let passed = Mutex<Set<Int32>>([])
  /// The debugger's sockets, which are no child's.
  let descriptors = Mutex<[Int32]>([])

  init?(_ process: LinuxProcess) {
    self.process = process
    guard let ends = Self.pipe(O_NONBLOCK) else { return nil }
    (bell, rope) = ends
  }

  private static func pipe(_ flags: Int32) -> (Int32, Int32)? {
    var ends: [Int32] = [-1, -1]
    let made = ends.withUnsafeMutableBytes {
      Host.call(SYS_pipe2, Int(bitPattern: $0.baseAddress), Int(O_CLOEXEC | flags))
    }
    return made == 0 ? (ends[0], ends[1]) : nil
  }

  /// Until some thread has something to tell.
  func awaitParked() {
    var place = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
    while poll(&place, 1, -1) < 0 {}
  }

  /// Nobody asks for the moment.
  func silence() {
    var bytes = [UInt8](repeating: 0, count: 64)
    _ = Glibc.read(bell, &bytes, bytes.count)
  }

  private func ring() {
    var byte: UInt8 = 0
    _ = Glibc.write(rope, &byte, 1)
  }

  // MARK: On the guest's threads

  /// Parks the calling thread; the signal that it is to take, 0 for none.
  func park(_ thread: LinuxThread, _ stop: ProgramStop) -> Int32 {
    if thread.isBorrowed, !follows(thread), !stop.isVfork {
      if case .signal(let number, _) = stop { return number }
      return 0
    }
    thread.control.stop = stop
    thread.control.isHeld = true
    parked.withLock { $0.append(thread) }
    ring()
    thread.rest {}
    return thread.control.signal
  }

  /// False for a child of vfork(2) that has its parent's memory and not its debugger.
  func follows(_ thread: LinuxThread) -> Bool { !thread.isBorrowed || thread.control.isFollowed }

  func catches(_ number: UInt64) -> Bool { caught.withLock { $0?.contains(number) ?? true } }

  /// A thread has been made, which does not run yet.
  func greet(_ thread: LinuxThread) {
    guard thread.hart.watchpoints != watchpoints else { return }
    for point in thread.hart.watchpoints { thread.hart.remove(point) }
    for point in watchpoints { thread.hart.insert(point) }
    thread.forgetTranslations()
  }

  /// A child of vfork(2) has the thread, and GDB is not interested.
  func leave(_ thread: LinuxThread) {
    thread.control.isFollowed = false
    guard !thread.hart.watchpoints.isEmpty else { return }
    for point in thread.hart.watchpoints { thread.hart.remove(point) }
    thread.forgetTranslations()
  }

  // MARK: On the debugger's thread

  var threads: [LinuxThread] { process.allThreads }

  /// The next thread that has something to tell; nil where none has.
  func nextParked() -> LinuxThread? {
    silence()
    return parked.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }

  /// Brings all threads to rest: outside of the guest's code and of ours, in system calls of the host at most.
  func stop() {
    guard !isStopped else { return }
    process.beginAloneFromOutside()
    isStopped = true
  }

  /// Lets threads go on, by their numbers; those that are not named rest on. False where another thread has something
  /// to tell first: then nothing has changed, and `nextParked` gives it.
  func resume(_ actions: [Int32: Action]) -> Bool {
    let waiting = parked.withLock { threads -> [LinuxThread] in
      // Breakpoints are hit again, unless they are gone.
      for thread in threads {
        if case .event(.breakpoint) = thread.control.stop {
          thread.hart.forgetReported()
          thread.control.isHeld = false
        }
      }
      threads.removeAll { !$0.control.isHeld }
      return threads
    }
    if !waiting.isEmpty {
      ring()
      return false
    }
    process.memory.code.dropRemovedBreakpoints()
    for thread in threads {
      thread.hart.prepareToGoOn()
      switch actions[thread.id] {
      case .go(let signal):
        thread.control.signal = signal
        thread.control.steps = false
        thread.control.isHeld = false
      case .step(let signal):
        thread.control.signal = signal
        // Its step ends when its child of vfork(2) does, which is not stepped.
        thread.control.steps = follows(thread)
        thread.control.isHeld = false
      case nil: thread.control.isHeld = true
      }
      thread.control.stop = nil
    }
    isStopped = false
    process.endAlone()
    return true
  }

  /// Everything goes on, and nobody parks any more.
  func detach() {
    stop()
    process.debugger = nil
    removeAllPoints()
    for thread in threads {
      thread.hart.forgetReported()
      // What it was about to take it takes.
      if case .signal(let number, _) = thread.control.stop { thread.control.signal = number }
      thread.control.stop = nil
      thread.control.steps = false
      thread.control.isHeld = false
    }
    isStopped = false
    process.endAlone()
  }

  // MARK: execve

  /// On the guest's thread, which is about to execute the program at `path`: what that is to be told, so that its
  /// debugger goes on with it. Nil where it has none, or cannot have it.
  func inheritance(_ thread: LinuxThread, _ path: String, isDebuggable: Bool) -> DebuggerInheritance? {
    guard follows(thread) else { return nil }
    guard isDebuggable, events.contains(.executions) else {
      _ = park(thread, .left(path))
      return nil
    }
    _ = park(thread, .executing)
    return thread.control.inheritance
  }

  /// The connection is the executed program's: the thread goes on, and nobody serves the others.
  func release(_ thread: LinuxThread) {
    thread.control.stop = nil
    thread.control.isHeld = false
    guard isStopped else { return }
    isStopped = false
    process.endAlone()
  }

  // MARK: fork

  /// What GDB says of a child of fork(2), which waits for it: one byte.
  enum Answer: UInt8 {
    /// It goes on without a debugger.
    case leave = 0
    /// It is debugged from now on, in its parent's place.
    case follow = 1
  }

  /// Before a fork that GDB is to be told of: where the child waits for its answer, and where that is written.
  func prepareFork() -> (read: Int32, write: Int32)? { events.contains(.forks) ? Self.pipe(0) : nil }

  /// In a child of fork(2), whose only thread calls it: waits for GDB's answer where there is to be one.
  func beginChild(_ thread: LinuxThread, _ answer: (read: Int32, write: Int32)?) {
    var byte = Answer.leave.rawValue
    if let answer {
      close(answer.write)
      _ = Glibc.read(answer.read, &byte, 1)
      close(answer.read)
    }
    guard byte == Answer.follow.rawValue, let server, let ends = Self.pipe(O_NONBLOCK) else {
      return leaveChild()
    }
    close(bell)
    close(rope)
    (bell, rope) = ends
    parked.withLock { $0 = [] }
    removeAllPoints()
    thread.control.stop = nil
    thread.control.steps = false
    isStopped = false
    server.goOnInChild()
  }

  /// In a child of fork(2), whose only thread calls it.
  func leaveChild() {
    process.debugger = nil
    removeAllPoints()
    for thread in threads {
      thread.control.steps = false
      thread.control.isHeld = false
    }
    for descriptor in [bell, rope] + descriptors.withLock({ $0 }) { close(descriptor) }
  }

  // MARK: Breakpoints and watchpoints, while all threads rest

  func insertBreakpoint(_ pc: UInt64) {
    if process.memory.code.insertBreakpoint(pc) { for thread in threads { thread.hart.lookForBreakpoints() } }
  }

  func removeBreakpoint(_ pc: UInt64) { process.memory.code.removeBreakpoint(pc) }

  /// Programs access memory directly, where nobody sees it: as long as there are watchpoints they look first, as a
  /// machine's harts do.
  func insert(_ point: Watchpoint) {
    watchpoints.append(point)
    for thread in threads {
      thread.hart.insert(point)
      thread.forgetTranslations()
    }
  }

  func remove(_ point: Watchpoint) {
    watchpoints.removeAll { $0 == point }
    for thread in threads {
      thread.hart.remove(point)
      if thread.hart.watchpoints.isEmpty { thread.forgetTranslations() }
    }
  }

  func removeAllPoints() {
    for pc in process.memory.code.breakpointPCs { removeBreakpoint(pc) }
    process.memory.code.dropRemovedBreakpoints()
    for point in watchpoints { remove(point) }
  }

  // MARK: Memory

  /// As much of `count` bytes at `address` as there is, whatever the program itself may read.
  func read(_ address: UInt64, count: Int, of process: Int) -> [UInt8] {
    let count = mapped(address, count)
    var bytes = [UInt8](repeating: 0, count: count)
    guard count > 0, let file = memoryFile(of: process, O_RDONLY) else { return [] }
    defer { close(file) }
    let got = pread(file, &bytes, count, off_t(self.process.memory.hostAddress(address)))
    return Array(bytes.prefix(max(0, got)))
  }

  /// Also where the program itself must not write.
  func write(_ bytes: [UInt8], at address: UInt64, of process: Int) -> Bool {
    guard mapped(address, bytes.count) == bytes.count, let file = memoryFile(of: process, O_WRONLY) else {
      return false
    }
    defer { close(file) }
    let count = pwrite(file, bytes, bytes.count, off_t(self.process.memory.hostAddress(address)))
    self.process.memory.code.invalidate(address, count: bytes.count)
    return count == bytes.count
  }

  /// How many of `count` bytes the program has mapped. Others may be mapped for the emulator: it keeps the place.
  private func mapped(_ address: UInt64, _ count: Int) -> Int {
    var mapped = 0
    while mapped < count, let mapping = process.memory.mappings[holding: address &+ UInt64(mapped)] {
      mapped = Int(clamping: mapping.end &- address)
    }
    return min(count, mapped)
  }

  /// proc_pid_mem(5): it reads and writes whatever is mapped.
  private func memoryFile(of process: Int, _ flags: Int32) -> Int32? {
    let file = open("/proc/\(process)/mem", flags | O_CLOEXEC)
    return file < 0 ? nil : file
  }
}
