// Unsafe pointers: contexts of host threads are retained until these have taken them; a start's word lives as long as
// the start, which both threads hold.
import CHost
import Glibc
import RISCV
import Synchronization

/// Threads and processes.
extension SystemCalls {
  // MARK: Ends

  static func exitThread(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    thread.releaseRobustMutexes()
    thread.clearAddress()
    // What is left is the parent's.
    if thread.isBorrowed {
      _ = thread.process.debugger?.park(thread, .exited(a.int(0)))
      LinuxProcess.endThread(a.int(0))
    }
    thread.exitCode = a.int(0)
    thread.hasEnded = true
    return 0
  }

  static func exitProcess(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    thread.process.releaseRobustMutexes(thread)
    thread.process.end(a.int(0), of: thread)
  }

  // MARK: Thread state

  static func setThreadAddress(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    thread.clearedAddress = a[0]
    return Int(thread.id)
  }

  static func setRobustList(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a[1] == 24 else { throw .invalid }
    thread.robustList = a[0]
    return 0
  }

  static func getRobustList(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let wanted = a.int(0)
    guard
      let other = thread.process.allThreads.first(where: { $0.id == wanted || wanted == 0 && $0 === thread })
    else {
      // Another process's list is not the host's to tell; that there is none, and that it is another's, is.
      var nowhere = [UInt8](repeating: 0, count: 16)
      _ = try thread.withBytes(&nowhere) { place throws(Errno) in
        try thread.host(Int(SYS_get_robust_list), Int(wanted), place, place + 8)
      }
      throw Errno(EPERM)
    }
    try thread.memory.store(other.robustList, at: a[1])
    try thread.memory.store(UInt64(24), at: a[2])
    return 0
  }

  // MARK: clone

  fileprivate enum Clone {
    static let signalMask: UInt64 = 0xff
    static let vm: UInt64 = 0x100
    static let fs: UInt64 = 0x200
    static let files: UInt64 = 0x400
    static let signalHandlers: UInt64 = 0x800
    static let processDescriptor: UInt64 = 0x1000
    static let untracedParent: UInt64 = 0x2000
    static let vfork: UInt64 = 0x4000
    static let parent: UInt64 = 0x8000
    static let thread: UInt64 = 0x1_0000
    static let semaphores: UInt64 = 0x4_0000
    static let setTLS: UInt64 = 0x8_0000
    static let parentSetsID: UInt64 = 0x10_0000
    static let childClearsID: UInt64 = 0x20_0000
    static let detached: UInt64 = 0x40_0000
    static let untraced: UInt64 = 0x80_0000
    static let childSetsID: UInt64 = 0x100_0000
    static let io: UInt64 = 0x8000_0000
    static let clearHandlers: UInt64 = 0x1_0000_0000
    static let intoCgroup: UInt64 = 0x2_0000_0000
    static let newProcessIDs: UInt64 = 0x2000_0000
    /// CLONE_NEWTIME, CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET
    static let namespaces: UInt64 =
      0x80 | 0x2_0000 | 0x200_0000 | 0x400_0000 | 0x800_0000 | 0x1000_0000 | newProcessIDs | 0x4000_0000
    /// What a new thread may ask for.
    static let ofThreads =
      vm | fs | files | signalHandlers | thread | semaphores | setTLS | parentSetsID | childClearsID
      | childSetsID | detached | io | untraced | processDescriptor
    /// What of a new process is done here.
    static let ofProcesses =
      setTLS | parentSetsID | childClearsID | childSetsID | vm | vfork | detached | clearHandlers
    /// What of a new process is the host's to do.
    static let ofHost =
      fs | files | processDescriptor | parent | semaphores | untraced | io | intoCgroup | namespaces
  }

  static func clone(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let flags = a[0] & 0xffff_ffff & ~Clone.signalMask
    let conflict = Clone.processDescriptor | Clone.parentSetsID
    // Both would go to the same place.
    guard flags & conflict != conflict, flags & Clone.processDescriptor == 0 || flags & Clone.detached == 0
    else { throw .invalid }
    return try clone(
      thread,
      CloneRequest(
        flags: flags, exitSignal: a[0] & Clone.signalMask, stack: a[1], parentID: a[2], descriptor: a[2],
        tls: a[3], childID: a[4]))
  }

  /// struct clone_args: 64 bytes, and since then 80 with thread numbers, 88 with a cgroup.
  static func clone3(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a[1] >= 64 else { throw .invalid }
    guard a[1] <= 4096 else { throw Errno(E2BIG) }
    let bytes = try thread.memory.bytes(at: a[0], count: Int(a[1]))
    guard bytes.dropFirst(88).allSatisfy({ $0 == 0 }) else { throw Errno(E2BIG) }
    let words = (bytes + [UInt8](repeating: 0, count: 24)).withUnsafeBytes { raw in
      (0..<11).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
    }
    let (flags, ids, idCount, cgroup) = (words[0], words[8], words[9], words[10])
    // Numbers of 32 namespaces at most.
    guard flags & (Clone.detached | Clone.signalMask & ~Clone.namespaces) == 0, words[4] <= 64,
      (words[5] == 0) == (words[6] == 0), (ids == 0) == (idCount == 0), idCount <= 32,
      words[4] == 0 || flags & (Clone.thread | Clone.parent) == 0,
      flags & Clone.intoCgroup == 0 || cgroup <= UInt64(Int32.max)
    else { throw .invalid }
    return try clone(
      thread,
      CloneRequest(
        flags: flags, exitSignal: words[4], stack: words[5] == 0 ? 0 : words[5] &+ words[6],
        parentID: words[3],
        descriptor: words[1], tls: words[7], childID: words[2], ids: ids, idCount: idCount, cgroup: cgroup))
  }

  fileprivate struct CloneRequest: Sendable {
    var flags: UInt64
    /// The signal that tells the parent of its end.
    var exitSignal: UInt64
    /// The child's stack pointer; 0 for the parent's.
    var stack: UInt64
    var parentID: UInt64
    /// Where a descriptor of the child's process goes.
    var descriptor: UInt64
    var tls: UInt64
    var childID: UInt64
    /// The numbers that it is to have (set_tid), innermost namespace first.
    var ids: UInt64 = 0
    var idCount: UInt64 = 0
    var cgroup: UInt64 = 0

    /// What the host is asked for. CLONE_PTRACE is nobody's, as nobody traces.
    var ofHost: UInt64 { flags & Clone.ofHost }
    /// A plain copy, as fork(2) makes it.
    var isPlain: Bool { ofHost == 0 && exitSignal == UInt64(SIGCHLD) && idCount == 0 }
  }

  private static func clone(_ thread: LinuxThread, _ request: CloneRequest) throws(Errno) -> Int {
    if request.flags & Clone.thread != 0 { return try startThread(thread, request) }
    thread.process.hasForked = true
    let known = Clone.ofProcesses | Clone.ofHost | Clone.untracedParent | Clone.signalHandlers
    // Handlers in common want memory in common (clone(2)).
    guard request.flags & ~known == 0,
      request.flags & Clone.signalHandlers == 0 || request.flags & Clone.vm != 0
    else { throw .invalid }
    if request.flags & Clone.vm != 0,
      request.flags & Clone.vfork == 0 || request.flags & Clone.signalHandlers != 0
    {
      thread.process.reportClone(request.flags)
      throw .invalid
    }
    // The host's clone(2) has no numbers, cgroup or time.
    let isBorrowable = request.idCount == 0 && request.ofHost & (Clone.intoCgroup | Clone.signalMask) == 0
    if request.flags & Clone.vm != 0, isBorrowable, thread.childNamespace == .own {
      return try vfork(thread, request)
    }
    return try fork(thread, request)
  }

  // MARK: Threads

  /// Between a thread and the one that it starts.
  private final class Start: @unchecked Sendable {
    let thread: LinuxThread
    let unshared: Int32
    /// Written before the word says so.
    var id: Int32 = 0
    var failure: Int32 = 0
    /// False where the thread is not to run after all.
    var isWanted = true
    /// By pointer, because futex(2) wants an address.
    private let word: UnsafeMutablePointer<Atomic<UInt32>>

    enum Step: UInt32 {
      case made = 0
      case numbered
      case released
    }

    init(_ thread: LinuxThread, unshared: Int32) {
      self.thread = thread
      self.unshared = unshared
      word = .allocate(capacity: 1)
      word.initialize(to: Atomic(Step.made.rawValue))
    }

    deinit { word.deallocate() }

    private var address: UnsafePointer<UInt32> { UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self) }

    func reach(_ step: Step) {
      word.pointee.store(step.rawValue, ordering: .sequentiallyConsistent)
      host_futex_wake(address)
    }

    func wait(for step: Step) {
      while true {
        let now = word.pointee.load(ordering: .sequentiallyConsistent)
        if now >= step.rawValue { return }
        _ = host_futex_wait(address, now, -1)
      }
    }
  }

  private static func startThread(_ parent: LinuxThread, _ request: CloneRequest) throws(Errno) -> Int {
    let needed = Clone.vm | Clone.signalHandlers
    guard request.flags & needed == needed else { throw .invalid }
    guard request.flags & ~Clone.ofThreads == 0 else {
      parent.process.reportClone(request.flags)
      throw .invalid
    }
    // As Linux: threads are not in other namespaces than their process.
    guard request.idCount == 0, parent.childNamespace == .own else {
      if request.idCount > 0 { parent.process.reportClone(request.flags) }
      throw .invalid
    }
    parent.process.isParallel = true
    let child = try LinuxThread(parent.process, id: 0)
    child.hart.copyUserState(of: parent.hart)
    child.hart[x: 10] = 0
    if request.stack != 0 { child.hart[x: 2] = request.stack }
    if request.flags & Clone.setTLS != 0 { child.hart[x: 4] = request.tls }
    child.mask = parent.mask
    if request.flags & Clone.childClearsID != 0 { child.clearedAddress = request.childID }
    // What it does not share it gets copies of.
    let unshared = (Clone.fs | Clone.files) & ~request.flags
    let start = Start(child, unshared: Int32(truncatingIfNeeded: unshared))
    let context = Unmanaged.passRetained(start)
    var handle = pthread_t()
    // Signals come when the guest's thread is there to take them.
    host_signals_block()
    let failed = pthread_create(&handle, nil, threadMain, context.toOpaque())
    guard failed == 0 else {
      host_signal_mask(parent.mask)
      context.release()
      throw Errno(EAGAIN)
    }
    pthread_detach(handle)
    start.wait(for: .numbered)
    guard start.failure == 0 else {
      host_signal_mask(parent.mask)
      throw Errno(start.failure)
    }
    let id = start.id
    child.id = id
    parent.process.add(child)
    if request.flags & Clone.parentSetsID != 0 { try? parent.memory.store(id, at: request.parentID) }
    if request.flags & Clone.childSetsID != 0 { try? parent.memory.store(id, at: request.childID) }
    if request.flags & Clone.processDescriptor != 0 {
      // PIDFD_THREAD
      let descriptor = Host.call(SYS_pidfd_open, Int(id), Int(O_EXCL))
      guard descriptor >= 0 else {
        start.isWanted = false
        start.reach(.released)
        parent.process.remove(child)
        host_signal_mask(parent.mask)
        throw Errno(Int32(-descriptor))
      }
      try? parent.memory.store(Int32(truncatingIfNeeded: descriptor), at: request.descriptor)
    }
    // Only now does it run.
    start.reach(.released)
    host_signal_mask(parent.mask)
    return Int(id)
  }

  /// A global function's address: a closure literal would inherit the caller's isolation.
  private static let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    context in
    guard let context else { return nil }
    let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
    host_signals_block()
    let failure = start.unshared == 0 ? 0 : Host.call(SYS_unshare, Int(start.unshared))
    if failure < 0 {
      start.failure = Int32(-failure)
      start.reach(.numbered)
      return nil
    }
    start.id = Int32(Host.call(SYS_gettid))
    start.reach(.numbered)
    start.wait(for: .released)
    if start.isWanted { start.thread.run() }
    return nil
  }

  // MARK: fork

  /// Between a thread that forks and the host thread that does it for it.
  ///
  /// The host's own locks know threads by numbers that a thread asks for once. A child of fork(2) whose thread had
  /// asked before would have its parent's number, so a fresh host thread forks, and is the child's.
  private final class Fork: @unchecked Sendable {
    let thread: LinuxThread
    let request: CloneRequest
    var result = 0
    /// CLONE_PIDFD's result.
    var descriptor: Int32 = -1
    /// Where a debugger says whether it follows the child.
    let answer: (read: Int32, write: Int32)?
    init(_ thread: LinuxThread, _ request: CloneRequest) {
      self.thread = thread
      self.request = request
      answer = thread.process.debugger?.prepareFork()
    }

    /// vfork(2) without shared memory waits, too.
    var isPlain: Bool {
      request.isPlain && (request.flags & Clone.vfork == 0 || request.flags & Clone.vm != 0)
    }

    /// On a fresh host thread; as fork(2).
    func run() -> Int {
      let entered = thread.childNamespace.enter()
      guard entered >= 0 else { return entered }
      if isPlain { return host_fork() }
      var call = host_clone()
      call.flags = request.ofHost
      if request.flags & Clone.vm == 0 { call.flags |= request.flags & Clone.vfork }
      call.exit_signal = request.exitSignal
      if request.idCount > 0 {
        call.ids = UInt64(UInt(bitPattern: thread.memory.hostAddress(request.ids)))
        call.id_count = request.idCount
      }
      call.cgroup = request.cgroup
      return withUnsafeMutablePointer(to: &descriptor) { descriptor in
        call.descriptor = UInt64(UInt(bitPattern: descriptor))
        return host_fork_as(&call)
      }
    }
  }

  private static func fork(_ thread: LinuxThread, _ request: CloneRequest) throws(Errno) -> Int {
    var request = request
    // Nobody is kept waiting for what others may have to do first.
    if !thread.process.hasOneThread { request.flags &= ~Clone.vfork }
    let fork = Fork(thread, request)
    host_signals_block()
    defer { host_signal_mask(thread.mask) }
    let result = thread.process.alone(thread) { () -> Int in
      thread.process.flushPerfMap()
      if !fork.isPlain { thread.process.awaitEndedThreads() }
      var handle = pthread_t()
      let context = Unmanaged.passRetained(fork)
      guard pthread_create(&handle, nil, forkMain, context.toOpaque()) == 0 else {
        context.release()
        return -Int(EAGAIN)
      }
      pthread_join(handle, nil)
      return fork.result
    }
    if result > 0 { thread.childNamespace.didFork(result) }
    if let answer = fork.answer {
      close(answer.read)
      if result > 0, let debugger = thread.process.debugger {
        _ = debugger.park(thread, .forked(child: Int32(result), answer: answer.write))
      }
      // A child that was not spoken of goes on.
      close(answer.write)
    }
    return try finish(thread, request, result, fork.descriptor)
  }

  /// What the parent of a new process does yet.
  fileprivate static func finish(
    _ thread: LinuxThread, _ request: CloneRequest, _ result: Int, _ descriptor: Int32
  ) throws(Errno) -> Int {
    if result < 0 { throw Errno(Int32(-result)) }
    if request.flags & Clone.parentSetsID != 0 {
      try? thread.memory.store(Int32(result), at: request.parentID)
    }
    if request.flags & Clone.processDescriptor != 0 {
      try? thread.memory.store(descriptor, at: request.descriptor)
    }
    return result
  }

  private static let forkMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    context in
    guard let context else { return nil }
    let fork = Unmanaged<Fork>.fromOpaque(context).takeRetainedValue()
    host_signals_block()
    let result = fork.run()
    guard result == 0 else {
      fork.result = result
      return nil
    }
    fork.thread.beginAsChild(
      stack: fork.request.stack, tls: fork.request.flags & Clone.setTLS != 0 ? fork.request.tls : nil,
      idAddress: fork.request.flags & Clone.childSetsID != 0 ? fork.request.childID : nil,
      clearedAddress: fork.request.flags & Clone.childClearsID != 0 ? fork.request.childID : 0,
      answer: fork.answer)
    if fork.request.flags & Clone.clearHandlers != 0 { fork.thread.actions.clearHandlers() }
    fork.thread.run()
    LinuxProcess.endThread(fork.thread.exitCode)
  }
}

/// vfork(2): a child that has its parent's memory until it executes a program or ends, and its parent waits.
extension SystemCalls {
  private final class Borrowing: @unchecked Sendable {
    let thread: LinuxThread
    let request: CloneRequest
    init(_ thread: LinuxThread, _ request: CloneRequest) {
      self.thread = thread
      self.request = request
    }
  }

  /// Bytes of the host's stack for the child.
  private static let borrowerStack = 1 << 20

  fileprivate static func vfork(_ thread: LinuxThread, _ request: CloneRequest) throws(Errno) -> Int {
    let process = thread.process
    let stack = mmap(nil, borrowerStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let stack, stack != MAP_FAILED else { throw .noMemory }
    defer { munmap(stack, borrowerStack) }
    // All that the child changes and does not share.
    let state = ThreadState(thread)
    let wasFollowed = thread.control.isFollowed
    let isTold = !thread.isBorrowed && process.debugger?.events.contains(.vforks) == true
    if isTold { thread.lender = state } else { process.debugger?.leave(thread) }
    thread.isBorrowed = true
    thread.attributes = ProcessAttributes(copying: thread.attributes)
    // A child of a child of vfork(2) finds them stopped.
    let stopsOthers = !process.hasOneThread && !thread.stopsOthers
    host_signals_block()
    if stopsOthers { thread.stopOthers() }
    let context = Unmanaged.passRetained(Borrowing(thread, request))
    var descriptor: Int32 = -1
    let flags = Int32(truncatingIfNeeded: request.ofHost | request.exitSignal)
    let result = host_vfork(borrowerMain, context.toOpaque(), stack + borrowerStack, flags, &descriptor)
    context.release()
    thread.forgetExecution()
    // The child may have been killed while it waited.
    thread.activate()
    if stopsOthers, thread.stopsOthers { thread.letOthersGoOn() }
    state.restore(thread)
    endLoan(thread, isTold: isTold, wasFollowed: wasFollowed)
    host_signal_mask(thread.mask)
    return try finish(thread, request, result, descriptor)
  }

  /// The thread is its parent's again.
  private static func endLoan(_ thread: LinuxThread, isTold: Bool, wasFollowed: Bool) {
    if isTold { thread.lender = nil }
    thread.control.isFollowed = wasFollowed
    guard let debugger = thread.process.debugger, debugger.follows(thread) else { return }
    debugger.greet(thread)
    if isTold { _ = debugger.park(thread, .vforkDone) }
  }

  private static let borrowerMain: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
    guard let context else { return 1 }
    let borrowing = Unmanaged<Borrowing>.fromOpaque(context).takeUnretainedValue()
    let (thread, request) = (borrowing.thread, borrowing.request)
    thread.begin(
      stack: request.stack, tls: request.flags & Clone.setTLS != 0 ? request.tls : nil,
      idAddress: request.flags & Clone.childSetsID != 0 ? request.childID : nil,
      clearedAddress: request.flags & Clone.childClearsID != 0 ? request.childID : 0)
    if request.flags & Clone.clearHandlers != 0 { thread.actions.clearHandlers() }
    // Nor does it die with one of the locks that it shares.
    if thread.stopsOthers { thread.actions.recordDeaths() }
    if thread.lender != nil { _ = thread.process.debugger?.park(thread, .vforked(child: thread.id)) }
    thread.run()
    LinuxProcess.endThread(thread.exitCode)
  }
}

extension LinuxProcess {
  /// For all threads, which end with `thread`'s process. A child of vfork(2) has its parent's, and they stay.
  func releaseRobustMutexes(_ thread: LinuxThread) {
    if thread.isBorrowed { return thread.releaseRobustMutexes() }
    guard allThreads.contains(where: \.holdsRobustMutexes) else { return }
    alone(thread) { for other in allThreads { other.releaseRobustMutexes() } }
  }

  func reportClone(_ flags: UInt64) {
    guard request.reportsRefusals || request.traces else { return }
    Self.say("apus-riscv64: clone with flags 0x\(String(flags, radix: 16)): not there yet\n")
  }
}

extension LinuxThread {
  /// The calling host thread is the only one of a new process, and this guest's thread its own.
  /// `answer`: where a debugger says whether it follows.
  func beginAsChild(
    stack: UInt64, tls: UInt64?, idAddress: UInt64?, clearedAddress: UInt64,
    answer: (read: Int32, write: Int32)?
  ) {
    process.keepOnly(self)
    process.renewPerfMap()
    process.endAlone()
    childNamespace = .own
    isBorrowed = false
    lender = nil
    control.isFollowed = false
    begin(stack: stack, tls: tls, idAddress: idAddress, clearedAddress: clearedAddress)
    forgetTranslations()
    if let debugger = process.debugger {
      debugger.beginChild(self, answer)
      // GDB has it go on.
      if process.debugger != nil { _ = debugger.park(self, .began) }
    }
  }

  /// The first thread of a new process, which goes on behind the call.
  func begin(stack: UInt64, tls: UInt64?, idAddress: UInt64?, clearedAddress: UInt64) {
    id = Int32(getpid())
    hart[x: 10] = 0
    if stack != 0 { hart[x: 2] = stack }
    if let tls { hart[x: 4] = tls }
    if let idAddress { try? memory.store(id, at: idAddress) }
    self.clearedAddress = clearedAddress
    robustList = 0
    hart.loseReservation()
  }

  /// The word that set_tid_address(2) names becomes zero, and who waits for it wakes.
  func clearAddress() {
    guard clearedAddress != 0 else { return }
    try? memory.store(UInt32(0), at: clearedAddress)
    _ = try? host(Int(SYS_futex), memory.hostAddress(clearedAddress), Int(Futex.wake), 1)
  }

  /// The list's head names another entry than itself, or one that is being taken.
  var holdsRobustMutexes: Bool {
    guard robustList != 0, let head = try? memory.words(at: robustList, count: 3) else { return false }
    return head[0] & ~1 != robustList || head[2] & ~1 != 0
  }

  /// set_robust_list(2): what the thread still holds is marked as its dead owner's.
  func releaseRobustMutexes() {
    guard robustList != 0 else { return }
    do throws(Errno) {
      let head = try memory.words(at: robustList, count: 3)
      var entry = head[0]
      // As many as Linux looks at.
      for _ in 0..<2048 where entry & ~1 != robustList {
        let next = try memory.load(UInt64.self, at: entry & ~1)
        if entry & ~1 != head[2] & ~1 { release(entry, head[1]) }
        entry = next
      }
      if head[2] & ~1 != 0 { release(head[2], head[1]) }
    } catch {
      // A broken list ends where it is broken.
    }
  }

  private func release(_ entry: UInt64, _ offset: UInt64) {
    let address = (entry & ~1) &+ offset
    guard address & 3 == 0, memory.permissions(at: address).contains(.write),
      let pointer = UnsafeMutableRawPointer(bitPattern: memory.hostAddress(address))
    else { return }
    let word = pointer.assumingMemoryBound(to: Atomic<UInt32>.self)
    while true {
      let old = word.pointee.load(ordering: .sequentiallyConsistent)
      guard old & 0x3fff_ffff == UInt32(bitPattern: id) else { return }
      let new = old & Futex.waiters | Futex.ownerDied
      guard
        word.pointee.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent).exchanged
      else { continue }
      // Waiters of priority-inheriting mutexes are woken by the host, when its thread ends.
      if old & Futex.waiters != 0, entry & 1 == 0 {
        _ = try? host(Int(SYS_futex), memory.hostAddress(address), Int(Futex.wake), 1)
      }
      return
    }
  }
}

/// futex(2).
enum Futex {
  static let wake: Int32 = 1
  static let waiters: UInt32 = 0x8000_0000
  static let ownerDied: UInt32 = 0x4000_0000

  /// FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2: the fourth argument is a
  /// time's address and no number.
  static func takesTimeout(_ operation: Int32) -> Bool { [0, 6, 9, 11, 13].contains(operation & 0x7f) }
}

extension SystemCalls {
  /// The host's futexes are at the host's addresses of the guest's words; both know the same thread numbers.
  static func futex(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let memory = thread.memory
    let fourth = Futex.takesTimeout(a.int(1)) ? memory.hostPointer(a[3]) : a.word(3)
    return try thread.waiting(
      Int(SYS_futex), memory.hostAddress(a[0]), a.word(1), a.word(2), fourth, memory.hostPointer(a[4]),
      a.word(5))
  }
}
