// Unsafe pointers: `stopping` lives as long as the process, by pointer because futex(2) wants an address.
import CHost
import Glibc
import Logging
import RISCV
import Semihosting
import Synchronization
import Translator

/// What is to be run, and how.
package struct ProgramRequest: Sendable {
  /// The program's file.
  package var path: String
  /// With the name that the program is called by.
  package var arguments: [[UInt8]]
  package var environment: [[UInt8]]
  /// -L: absolute paths are looked for below this folder first.
  package var prefix: String?
  /// Bytes.
  package var stackSize: UInt64 = 8 << 20
  package var cpu = "max"
  /// uname(2)'s release; nil for the host's.
  package var release: String?
  package var traces = false
  /// Says on standard error why a signal has killed the program.
  package var explains = false
  /// Says on standard error, once each, which system call is asked for and not there.
  package var reportsRefusals = false
  /// Translated code; false for the interpreter alone.
  package var isTranslated = true
  /// Nothing is interpreted first: for tests.
  package var translatesAtOnce = false
  /// Guest instructions of a region at most; nil for the translator's own limit.
  package var regionLimit: Int?
  /// Bytes of host code for each thread.
  package var codeSize = 32 << 20
  /// -B: where on the host the program's address zero is; nil for anywhere.
  package var guestBase: UInt64?
  /// -R: behind the last address that the program has.
  package var reserved: UInt64 = GuestMemory.end
  /// -seed: what AT_RANDOM's bytes are made from; nil for the host's.
  package var seed: UInt64?
  /// -g: the port, or the path of a socket, where a debugger is waited for before anything runs.
  package var debugger: String?
  /// The debugger's connection, of the program that has executed this one.
  package var inheritance: DebuggerInheritance?
  /// Names translated code for Linux perf.
  package var mapsForPerf = false
  /// What another program that is executed is given before its path, so that it runs as this one.
  package var ownOptions: [String] = []
  package init(path: String, arguments: [[UInt8]], environment: [[UInt8]]) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
  }
}

/// A Linux process whose program is for RISC-V: address space, threads, and what they share.
package final class LinuxProcess: Sendable {
  package let request: ProgramRequest
  let memory: GuestMemory
  let paths: GuestPaths
  let features: HartFeatures
  let hardware: UInt64
  let log: Log
  let time = HostTime()
  let attributes = ProcessAttributes()
  /// The absolute path of the program's file.
  let executable: String
  /// Where the emulator itself can be executed; nil where that is not known.
  let ownPath: String?
  let cpu: CPUConfiguration
  let symbols: ProgramSymbols
  /// Where the program is and what its first stack held.
  let program: LoadedProgram
  let stack: InitialStack.Written
  let perfMap: Mutex<PerfMap?>
  /// /proc/self/mem was opened, and as which files.
  nonisolated(unsafe) var hasOwnMemory = false
  let ownMemory = Mutex<[OwnMemory.Identity]>([])
  let brk: Mutex<ProgramBreak>
  let vdsoStart: UInt64
  /// Where a signal handler returns to: in the vDSO.
  let signalReturn: UInt64
  /// Made at the first call.
  let semihosting = Mutex<SemihostingServer?>(nil)
  /// Attached segments of shared memory: sizes by address.
  let segments = Mutex<[UInt64: UInt64]>([:])
  /// Rings of asynchronous requests: sizes by address.
  let rings = Mutex<[UInt64: UInt64]>([:])
  /// mseal(2).
  let seals = Mutex<[Range<UInt64>]>([])
  /// mlockall(2) with MCL_FUTURE.
  nonisolated(unsafe) var locksNewMappings = false

  /// Changed while its threads rest.
  nonisolated(unsafe) var debugger: ProgramDebugger?

  /// It has had children, or is one.
  nonisolated(unsafe) var hasForked = false

  /// There are threads, or were, or memory that other processes have, too. Set before anybody can see it.
  nonisolated(unsafe) var isParallel = false

  private let threads = Mutex<[LinuxThread]>([])
  /// Not 0: some thread is alone, or wants to be.
  nonisolated(unsafe) let stopping: UnsafeMutablePointer<Atomic<UInt32>>
  private let soloist = Atomic<Bool>(false)

  /// Loads the program; nothing runs yet.
  package init(
    _ request: ProgramRequest, log: Log = Log(), symbols: ProgramSymbols = ProgramSymbols()
  ) throws(ProgramError) {
    guard host_user_available() != 0 else {
      throw ProgramError("this host's processor is not supported yet; programs run on x86-64")
    }
    paths = GuestPaths(prefix: request.prefix)
    self.log = log
    self.symbols = symbols
    // Before the first copy into memory that may not be there: a file may end before its segments do.
    attributes.actions.inherit()
    let cpu: CPUConfiguration
    do throws(CPUError) {
      cpu = try CPUModel.configure(request.cpu)
    } catch {
      throw ProgramError("\(error)", exitCode: 1)
    }
    var features = cpu.features
    features.pmpCount = 0
    guard features.xlen == 64 else {
      throw ProgramError("-cpu \(request.cpu) is a 32-bit hart; this program runs 64-bit ones", exitCode: 1)
    }
    let request = try Self.withoutScripts(request, paths)
    self.request = request
    self.features = features
    hardware = Self.hardware(cpu.extensions)
    self.cpu = cpu
    stopping = .allocate(capacity: 1)
    stopping.initialize(to: Atomic(0))
    memory = try GuestMemory(log: log, at: request.guestBase, limit: request.reserved)
    let file = try Self.open(request.path)
    defer { file.close() }
    executable = Self.absolute(request.path)
    ownPath = Self.ownPath()
    let stackSize = max(request.stackSize, 128 << 10) & ~4095
    // Room for the stack to grow, as Linux leaves it, where there is.
    let gap = max(stackSize, min(128 << 20, memory.limit / 8)) + (1 << 20)
    guard gap < memory.limit else {
      throw ProgramError(
        "requires more than reserved virtual address space (0x\(String(gap, radix: 16))"
          + " for the stack > 0x\(String(memory.limit, radix: 16)))")
    }
    memory.mapLimit = memory.limit - gap
    symbols.memory = memory
    perfMap = Mutex(try Self.perfMap(request))
    program = try Loader(memory: memory, paths: paths, symbols: symbols).load(file)
    do throws(Errno) {
      brk = Mutex(ProgramBreak(start: program.end))
      var protection: PagePermissions = [.read, .write]
      if program.hasExecutableStack { protection.insert(.execute) }
      _ = try memory.map(
        .exactly(memory.limit - stackSize), size: stackSize, protection, GuestMemory.Backing())
      let vdso = VDSO()
      vdsoStart = try Self.map(vdso, memory)
      signalReturn = vdsoStart + vdso.signalReturn
      stack = try InitialStack(memory: memory, top: memory.limit).write(
        arguments: request.arguments, environment: request.environment, path: Array(request.path.utf8),
        random: Self.random(request.seed), program: program, hardware: hardware, vdso: vdsoStart)
      let thread = try LinuxThread(self, id: Int32(getpid()))
      thread.hart[x: 2] = stack.pointer
      thread.hart.state.pointee.pc = program.start
      add(thread)
      thread.mask = host_signal_current_mask()
      hasForked = request.traces && Self.isChildOfProgram
    } catch {
      throw ProgramError("\(request.path): cannot make its first stack: \(error.sentence)")
    }
  }

  /// Another program that this emulator runs has made this process, and then had it execute.
  private static var isChildOfProgram: Bool {
    absolute("/proc/\(getppid())/exe") == absolute("/proc/self/exe")
  }

  private static func open(_ path: String) throws(ProgramError) -> ProgramFile {
    do throws(Errno) {
      return try ProgramFile(path)
    } catch {
      throw ProgramError("Error while loading \(path): \(error.sentence)", exitCode: 1)
    }
  }

  /// The request with a script's interpreter in its place, which may be a script, too (execve(2)).
  private static func withoutScripts(_ request: ProgramRequest, _ paths: GuestPaths) throws(ProgramError)
    -> ProgramRequest
  {
    var request = request
    for _ in 0..<5 {
      let file = try open(request.path)
      defer { file.close() }
      guard let script = file.script else { return request }
      request.arguments =
        [Array(script.interpreter.utf8)] + (script.argument.map { [Array($0.utf8)] } ?? [])
        + [Array(request.path.utf8)] + request.arguments.dropFirst()
      request.path = paths.resolved(script.interpreter)
    }
    throw ProgramError("Error while loading \(request.path): \(Errno(ELOOP).sentence)", exitCode: 1)
  }

  /// The 16 bytes of AT_RANDOM: by SplitMix64 (Steele, Lea, Flood, 2014) where there is a seed.
  private static func random(_ seed: UInt64?) -> [UInt8] {
    var random = [UInt8](repeating: 0, count: 16)
    random.withUnsafeMutableBytes { bytes in
      guard var state = seed else {
        _ = Host.call(SYS_getrandom, Int(bitPattern: bytes.baseAddress), bytes.count)
        return
      }
      for i in 0..<2 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        bytes.storeBytes(of: word ^ word >> 31, toByteOffset: 8 * i, as: UInt64.self)
      }
    }
    return random
  }

  /// perf's file for this process, where it is wanted.
  private static func perfMap(_ request: ProgramRequest) throws(ProgramError) -> PerfMap? {
    guard request.mapsForPerf else { return nil }
    do throws(PerfMap.Failure) {
      return try PerfMap()
    } catch {
      throw ProgramError("\(error)", exitCode: 1)
    }
  }

  /// A child of fork(2) has translations of its own, and so a file.
  func renewPerfMap() {
    guard request.mapsForPerf else { return }
    let map = try? Self.perfMap(request)
    perfMap.withLock { $0 = map }
  }

  /// To be called before the process ends or forks.
  func flushPerfMap() { perfMap.withLock { $0?.flush() } }

  /// AT_HWCAP: a bit for each single-letter extension.
  private static func hardware(_ extensions: ExtensionSet) -> UInt64 {
    let letters: [(Extension, Character)] = [
      (.i, "i"), (.m, "m"), (.a, "a"), (.f, "f"), (.d, "d"), (.c, "c"), (.v, "v"),
    ]
    return letters.reduce(0) { word, entry in
      guard extensions.contains(entry.0), let letter = entry.1.asciiValue else { return word }
      return word | 1 << UInt64(letter - 0x61)
    }
  }

  /// Where there is no /proc, the name by which the host has executed this program (AT_EXECFN).
  private static func ownPath() -> String? {
    if access("/proc/self/exe", X_OK) == 0 { return "/proc/self/exe" }
    guard let name = UnsafePointer<CChar>(bitPattern: host_auxiliary(UInt(AT_EXECFN))) else { return nil }
    let path = absolute(String(cString: name))
    return path.hasPrefix("/") && access(path, X_OK) == 0 ? path : nil
  }

  private static func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The address of the vDSO.
  private static func map(_ vdso: VDSO, _ memory: GuestMemory) throws(Errno) -> UInt64 {
    let size = UInt64(vdso.image.count)
    let start = try memory.map(.anywhere(near: 0), size: size, [.read, .write], GuestMemory.Backing())
    try memory.store(vdso.image, at: start)
    try memory.protect(start, size: size, [.read, .execute])
    return start
  }

  /// Runs the program on the calling thread, which never comes back.
  package func run() -> Never {
    guard let thread = threads.withLock({ $0.first }) else { preconditionFailure("a process has a thread") }
    // Threads do not keep it.
    _ = Unmanaged.passRetained(self)
    // PR_SET_NAME, proc_pid_comm(5): the program's name, not the emulator's.
    let name = Array(executableName.utf8.prefix(15)) + [0]
    name.withUnsafeBytes { _ = Host.call(Int32(SYS_prctl), 15, Int(bitPattern: $0.baseAddress)) }
    if let place = request.debugger {
      do throws(ProgramError) {
        try DebuggerThread(self, place).start(place)
      } catch {
        Self.say("apus-riscv64: \(error)\n")
        exit(error.exitCode)
      }
      _ = debugger?.park(thread, .began)
    } else if let inheritance = request.inheritance {
      do throws(ProgramError) {
        try DebuggerThread(self, inheritance).startWithConnection()
      } catch {
        Self.say("apus-riscv64: \(error)\n")
        exit(error.exitCode)
      }
      _ = debugger?.park(thread, .executed(executable))
    }
    thread.run()
    flushPerfMap()
    Self.endThread(thread.exitCode)
  }

  var executableName: String { String(executable.split(separator: "/").last ?? "") }

  /// Ends the calling thread and nothing else: a process goes on without its first.
  static func endThread(_ code: Int32) -> Never {
    while true { _ = Host.call(SYS_exit, Int(code)) }
  }

  /// Ends the process.
  func end(_ code: Int32, of thread: LinuxThread) -> Never {
    _ = debugger?.park(thread, .exited(code))
    flushPerfMap()
    while true { _ = Host.call(SYS_exit_group, Int(code)) }
  }

  // MARK: Threads

  func add(_ thread: LinuxThread) { threads.withLock { $0.append(thread) } }

  func remove(_ thread: LinuxThread) { threads.withLock { $0.removeAll { $0 === thread } } }

  var allThreads: [LinuxThread] { threads.withLock { $0 } }
  var hasOneThread: Bool { threads.withLock { $0.count == 1 } }

  /// Threads that have ended as the guest's, while the host's may still give back their stacks.
  private let ended = Mutex<[Int32]>([])

  func noteEnd(of id: Int32) {
    ended.withLock { ended in
      if ended.count >= 32 { ended.removeAll { Host.call(SYS_tgkill, Int(getpid()), Int($0), 0) < 0 } }
      ended.append(id)
    }
  }

  /// Until no thread of the host is in its C library, where it might hold a lock.
  func awaitEndedThreads() {
    ended.withLock { ended in
      for id in ended where id != getpid() {
        while Host.call(SYS_tgkill, Int(getpid()), Int(id), 0) == 0 { _ = sched_yield() }
      }
      ended = []
    }
  }

  /// Only `thread` has survived a fork.
  func keepOnly(_ thread: LinuxThread) {
    threads.withLock { threads in
      for other in threads where other !== thread { other.hart.retire() }
      threads = [thread]
    }
    // Their translations are in memory that the parent has, too.
    spareHarts.withLock { $0 = [] }
  }

  // MARK: Harts

  /// Of threads that have ended: their tables are dear to make, and their translations are of use to others.
  private let spareHarts = Mutex<[Hart]>([])
  private static let mostSpareHarts = 32

  func makeHart() -> Hart {
    if let spare = spareHarts.withLock({ $0.popLast() }) {
      spare.revive()
      return spare
    }
    return Hart(id: 0, features: features, memory: memory, time: time, port: InterruptPort(), log: log)
  }

  /// Takes back the hart of a thread that ends.
  func takeBack(_ hart: Hart) {
    hart.retire()
    spareHarts.withLock { if $0.count < Self.mostSpareHarts { $0.append(hart) } }
  }

  /// Runs `body` while every other thread stands still: outside of the guest's code and of ours, in system calls of
  /// the host at most. Not with a lock held.
  func alone<R, E>(_ thread: LinuxThread, _ body: () throws(E) -> R) throws(E) -> R {
    if hasOneThread || thread.stopsOthers { return try body() }
    beginAlone(thread)
    defer { endAlone() }
    return try body()
  }

  func beginAlone(_ thread: LinuxThread) {
    while soloist.exchange(true, ordering: .sequentiallyConsistent) {
      // Whoever is alone waits for us.
      thread.rest { _ = sched_yield() }
    }
    stopping.pointee.store(1, ordering: .sequentiallyConsistent)
    for other in allThreads where other !== thread { other.waitUntilResting() }
  }

  /// For who is no thread of the program.
  func beginAloneFromOutside() {
    while soloist.exchange(true, ordering: .sequentiallyConsistent) { usleep(100) }
    stopping.pointee.store(1, ordering: .sequentiallyConsistent)
    for thread in allThreads { thread.waitUntilResting() }
  }

  func endAlone() {
    stopping.pointee.store(0, ordering: .sequentiallyConsistent)
    soloist.store(false, ordering: .sequentiallyConsistent)
    host_futex_wake(UnsafeRawPointer(stopping).assumingMemoryBound(to: UInt32.self))
  }

  /// Changes mappings of `size` bytes at `start` that harts may know, and has all harts forget them.
  func changeMappings<R>(
    _ thread: LinuxThread, _ start: UInt64, _ size: UInt64, _ body: () throws(Errno) -> R
  ) throws(Errno) -> R {
    let first = start & ~4095
    let count = Int((min(size, GuestMemory.size) + (start - first) + 4095) >> 12)
    return try alone(thread) { () throws(Errno) -> R in
      defer { for other in allThreads { other.hart.forgetPages(at: first, count: count) } }
      return try body()
    }
  }
}

/// The end of a program's data (brk(2)).
struct ProgramBreak: Sendable {
  let start: UInt64
  var end: UInt64
  init(start: UInt64) {
    self.start = start
    end = start
  }
}

/// The `time` CSR: the host's monotonic clock, 10 MHz. And the host's clocks, for the vDSO.
final class HostTime: TimeSource {
  static let frequency: UInt64 = 10_000_000
  var ticks: UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * Self.frequency + UInt64(now.tv_nsec) / 100
  }

  func clock(_ number: Int) -> UInt64? {
    var now = timespec()
    guard clock_gettime(clockid_t(number), &now) == 0 else { return nil }
    return UInt64(bitPattern: Int64(now.tv_sec &* 1_000_000_000 &+ now.tv_nsec))
  }
}
