import CHost
import Glibc
import RISCV

/// What the system and the process are.
extension SystemCalls {
  /// struct utsname: six fields of 65 bytes.
  static func systemName(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    var bytes = [UInt8](repeating: 0, count: 6 * 65)
    _ = try thread.withBytes(&bytes) { place throws(Errno) in try thread.host(Int(SYS_uname), place) }
    func set(_ field: Int, _ text: String) {
      let text = Array(text.utf8.prefix(64))
      bytes.replaceSubrange(
        65 * field..<65 * (field + 1), with: text + [UInt8](repeating: 0, count: 65 - text.count))
    }
    if let release = thread.process.request.release { set(2, release) }
    set(4, "riscv64")
    try thread.memory.store(bytes, at: a[0])
    return 0
  }

  // MARK: Time

  /// The host's C library asks its vDSO, without a system call.
  static func clockTime(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    var time = timespec()
    guard clock_gettime(a.int(0), &time) == 0 else { throw Errno(errno) }
    try thread.memory.copyOut(&time, to: a[1], count: 16)
    return 0
  }

  static func timeOfDay(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    // The obsolete time zone is the kernel's to tell.
    guard a[1] == 0 else {
      return try thread.host(
        Int(SYS_gettimeofday), thread.memory.hostPointer(a[0]), thread.memory.hostPointer(a[1]))
    }
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    if a[0] != 0 {
      var result = timeval(tv_sec: time.tv_sec, tv_usec: time.tv_nsec / 1000)
      try thread.memory.copyOut(&result, to: a[0], count: 16)
    }
    return 0
  }

  // MARK: Limits

  /// Limits of address space are the guest's: the emulator's own tables would not fit in them.
  private static func isOurs(_ resource: Int32) -> Bool {
    [Int32(RLIMIT_AS.rawValue), Int32(RLIMIT_DATA.rawValue), Int32(RLIMIT_STACK.rawValue)].contains(resource)
  }

  private static func limit(_ thread: LinuxThread, _ resource: Int32) throws(Errno) -> (UInt64, UInt64) {
    if let kept = thread.attributes.limits.withLock({ $0[resource] }) { return (kept.soft, kept.hard) }
    var bytes = [UInt8](repeating: 0, count: 16)
    _ = try thread.withBytes(&bytes) { place throws(Errno) in
      try thread.host(Int(SYS_getrlimit), Int(resource), place)
    }
    let words = bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }
    if resource == Int32(RLIMIT_STACK.rawValue) {
      return (min(max(thread.process.request.stackSize, 128 << 10), words[1]), words[1])
    }
    return (words[0], words[1])
  }

  private static func setLimit(_ thread: LinuxThread, _ resource: Int32, from address: UInt64) throws(Errno) {
    let words = try thread.memory.words(at: address, count: 2)
    guard words[0] <= words[1] else { throw .invalid }
    if isOurs(resource) {
      guard try limit(thread, resource).1 >= words[1] || geteuid() == 0 else { throw Errno(EPERM) }
      thread.attributes.limits.withLock { $0[resource] = (words[0], words[1]) }
      return
    }
    _ = try thread.host(Int(SYS_setrlimit), Int(resource), thread.memory.hostAddress(address))
  }

  /// The soft limits of the whole address space and of data, where the program has set any.
  static func limits(_ thread: LinuxThread) -> (space: UInt64, data: UInt64)? {
    thread.attributes.limits.withLock { limits in
      let space = limits[Int32(RLIMIT_AS.rawValue)]?.soft ?? .max
      let data = limits[Int32(RLIMIT_DATA.rawValue)]?.soft ?? .max
      return space == .max && data == .max ? nil : (space, data)
    }
  }

  static func getLimit(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let limit = try limit(thread, a.int(0))
    try thread.memory.store(limit.0, at: a[1])
    try thread.memory.store(limit.1, at: a[1] &+ 8)
    return 0
  }

  static func setLimit(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try setLimit(thread, a.int(0), from: a[1])
    return 0
  }

  static func processLimit(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let isSelf = a.int(0) == 0 || a.int(0) == getpid()
    guard isSelf, isOurs(a.int(1)) else {
      return try thread.host(
        Int(SYS_prlimit64), a.word(0), a.word(1), thread.memory.hostPointer(a[2]),
        thread.memory.hostPointer(a[3]))
    }
    let old = try limit(thread, a.int(1))
    if a[2] != 0 { try setLimit(thread, a.int(1), from: a[2]) }
    if a[3] != 0 {
      try thread.memory.store(old.0, at: a[3])
      try thread.memory.store(old.1, at: a[3] &+ 8)
    }
    return 0
  }

  // MARK: The process

  /// personality(2): PER_LINUX with the flags that change nothing of what the emulator does itself are the host's.
  static func personality(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    // ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT, SHORT_INODE, WHOLE_SECONDS, STICKY_TIMEOUTS, UNAME26
    let passed: UInt64 = 0x0004_0000 | 0x0020_0000 | 0x0100_0000 | 0x0200_0000 | 0x0400_0000 | 0x0002_0000
    let value = a[0] & 0xffff_ffff
    guard value == 0xffff_ffff || value & ~passed == 0 else { throw .invalid }
    return try thread.host(Int(SYS_personality), Int(value))
  }

  /// restart_syscall(2): only Linux itself has it go on with something.
  static func restartCall(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int { throw .interrupted }

  static func processControl(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let memory = thread.memory
    func pass(_ isAddress: Bool = false) throws(Errno) -> Int {
      try thread.host(
        Int(SYS_prctl), a.word(0), isAddress ? memory.hostPointer(a[1]) : a.word(1), a.word(2), a.word(3),
        a.word(4))
    }
    switch a.int(0) {
    // PR_SET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_GET_KEEPCAPS, PR_SET_KEEPCAPS, PR_GET_TIMING,
    // PR_GET_SECUREBITS, PR_SET_SECUREBITS, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_TIMERSLACK, PR_GET_TIMERSLACK,
    // PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_SET_THP_DISABLE, PR_GET_THP_DISABLE,
    // PR_CAP_AMBIENT, PR_SET_IO_FLUSHER, PR_GET_IO_FLUSHER, PR_SET_PTRACER, PR_SET_TIMING, PR_MCE_KILL, PR_MCE_KILL_GET,
    // PR_TASK_PERF_EVENTS_DISABLE, PR_TASK_PERF_EVENTS_ENABLE, PR_SET_MEMORY_MERGE, PR_GET_MEMORY_MERGE
    case 1, 3, 4, 7, 8, 13, 27, 28, 23, 24, 29, 30, 36, 38, 39, 41, 42, 47, 57, 58, 0x5961_6d61, 14, 33, 34,
      31, 32,
      67, 68:
      return try pass()
    // PR_GET_TID_ADDRESS
    case 40:
      try memory.store(thread.clearedAddress, at: a[1])
      return 0
    // PR_SCHED_CORE: the cookie's place is last.
    case 62:
      return try thread.host(
        Int(SYS_prctl), a.word(0), a.word(1), a.word(2), a.word(3), memory.hostPointer(a[4]))
    // PR_RISCV_SET_ICACHE_FLUSH_CTX: fence.i may be used; it always may.
    case 71:
      guard a[1] <= 1, a[2] <= 1 else { throw .invalid }
      return 0
    // PR_GET_AUXV
    case 0x4155_5856:
      guard a[3] == 0, a[4] == 0 else { throw .invalid }
      let auxiliary = thread.process.stack.auxiliary
      try memory.store(Array(auxiliary.prefix(Int(min(a[2], UInt64(auxiliary.count))))), at: a[1])
      return auxiliary.count
    // PR_SET_VMA, of whose kinds there is one, PR_SET_VMA_ANON_NAME.
    case 0x5356_4d41:
      return try thread.host(
        Int(SYS_prctl), a.word(0), a.word(1), memory.hostAddress(a[2]), a.word(3), memory.hostPointer(a[4]))
    // PR_GET_PDEATHSIG, PR_SET_NAME, PR_GET_NAME, PR_GET_CHILD_SUBREAPER
    case 2, 15, 16, 37: return try pass(true)
    default: throw .invalid
    }
  }
}
