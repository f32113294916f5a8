import CHost
import Glibc
import RISCV

/// System V's shared memory and semaphores, and POSIX's message queues. Messages of System V's are passed: their
/// structures are the same on RISC-V as on x86-64.
extension SystemCalls {
  // MARK: Shared memory

  private enum Attach {
    static let readOnly: UInt64 = 0o10000
    static let round: UInt64 = 0o20000
    static let replace: UInt64 = 0o40000
    static let execute: UInt64 = 0o100000
  }

  /// shmat(2): the host attaches the segment at a place that was chosen for it in the window.
  static func attach(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let flags = a[2]
    var address = a[1]
    if address & 4095 != 0 {
      guard flags & Attach.round != 0 else { throw .invalid }
      address &= ~4095
    }
    guard address != 0 || flags & Attach.replace == 0 else { throw .invalid }
    let size = try sizeOfSegment(thread, a.word(0))
    try thread.process.limitGrowth(thread, by: size, isData: false)
    let memory = thread.memory
    var protection: PagePermissions = flags & Attach.readOnly != 0 ? [.read] : [.read, .write]
    if flags & Attach.execute != 0 { protection.insert(.execute) }
    // What is executed is read by us; and the place is taken by our reservation, which has to go.
    let hostFlags = Int(flags & Attach.readOnly | Attach.replace)
    func attach(_ placement: GuestMemory.Placement) throws(Errno) -> UInt64 {
      try memory.map(placement, size: size, protection, isShared: true) { place in
        Host.call(SYS_shmat, a.word(0), place, hostFlags)
      }
    }
    let start: UInt64
    if address == 0 {
      start = try attach(.anywhere(near: 0))
    } else if flags & Attach.replace == 0 {
      do throws(Errno) {
        start = try attach(.onlyFree(address))
      } catch {
        throw error == Errno(EEXIST) ? .invalid : error
      }
    } else {
      start = try thread.process.changeMappings(thread, address, size) { () throws(Errno) in
        try attach(.exactly(address))
      }
    }
    thread.process.segments.withLock { $0[start] = size }
    thread.actions.recordDeaths()
    thread.process.isParallel = true
    return Int(start)
  }

  /// struct shmid64_ds (asm-generic/shmbuf.h): the size comes behind 48 bytes of permissions.
  private static func sizeOfSegment(_ thread: LinuxThread, _ id: Int) throws(Errno) -> UInt64 {
    var bytes = [UInt8](repeating: 0, count: 112)
    _ = try thread.withBytes(&bytes) { place throws(Errno) in
      try thread.host(Int(SYS_shmctl), id, Int(IPC_STAT), place)
    }
    let size = bytes.withUnsafeBytes { $0.load(fromByteOffset: 48, as: UInt64.self) }
    return (size + 4095) & ~4095
  }

  static func detach(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard let size = thread.process.segments.withLock({ $0[a[0]] }) else { throw .invalid }
    try thread.process.checkSeals(a[0], size)
    thread.process.forgetSegments(a[0], size)
    try thread.process.changeMappings(thread, a[0], size) { () throws(Errno) in
      try thread.memory.unmap(a[0], size: size)
    }
    return 0
  }

  // MARK: Semaphores

  /// semctl(2). struct semid64_ds has two words more on x86-64, behind each time.
  static func semaphoreControl(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let (set, status, getAll, information, setAll) = (1, 2, 13, 3, 17)
    let (statusByIndex, informationByIndex, anyStatus) = (18, 19, 20)
    let memory = thread.memory
    let (guestSize, hostSize) = (88, 104)
    /// Offsets of words: guest's, host's.
    let words = [(48, 48), (56, 64), (64, 80)]
    func call(_ last: Int) throws(Errno) -> Int {
      try thread.host(Int(SYS_semctl), a.word(0), a.word(1), a.word(2), last)
    }
    switch Int(a.int(2)) {
    case status, statusByIndex, anyStatus:
      var theirs = [UInt8](repeating: 0, count: hostSize)
      let result = try thread.withBytes(&theirs, call)
      var ours = [UInt8](repeating: 0, count: guestSize)
      ours.replaceSubrange(0..<48, with: theirs[0..<48])
      for (to, from) in words { ours.replaceSubrange(to..<to + 8, with: theirs[from..<from + 8]) }
      try memory.store(ours, at: a[3])
      return result
    case set:
      let ours = try memory.bytes(at: a[3], count: guestSize)
      var theirs = [UInt8](repeating: 0, count: hostSize)
      theirs.replaceSubrange(0..<48, with: ours[0..<48])
      return try thread.withBytes(&theirs, call)
    case getAll, setAll, information, informationByIndex: return try call(memory.hostPointer(a[3]))
    default: return try call(a.word(3))
    }
  }

  // MARK: Message queues

  /// mq_notify(2): struct sigevent, which for SIGEV_THREAD names a cookie by its address.
  static func notifyOfMessages(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a[1] != 0 else { return try thread.host(Int(SYS_mq_notify), a.word(0), 0) }
    var event = try thread.memory.words(at: a[1], count: 8)
    let (byThread, kind) = (UInt64(2), event[1] >> 32)
    if kind == byThread { event[0] = UInt64(bitPattern: Int64(thread.memory.hostPointer(event[0]))) }
    return try thread.withWords(event) { event throws(Errno) in
      try thread.host(Int(SYS_mq_notify), a.word(0), event)
    }
  }
}
