import CHost
import Glibc

/// Calls with lists of addresses: of other processes, of futexes, of keys.
extension SystemCalls {
  // MARK: Memory of processes

  /// process_vm_readv(2): of this process, or of one that has its window at the same place, as most have.
  static func readProcess(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let count = try moveProcess(t, a, SYS_process_vm_readv)
    try noteWrites(t, a[1], a[2], count)
    return count
  }

  static func writeProcess(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let count = try moveProcess(t, a, SYS_process_vm_writev)
    if t.process.isOwn(a.int(0)) { try noteWrites(t, a[3], a[4], count) }
    return count
  }

  private static func moveProcess(_ t: LinuxThread, _ a: Arguments, _ call: Int32) throws(Errno) -> Int {
    guard a[5] == 0 else { throw .invalid }
    let local = try vector(t, a[1], a[2])
    // Without bytes nothing else is looked at.
    guard stride(from: 1, to: local.count, by: 2).contains(where: { local[$0] != 0 }) else { return 0 }
    let remote = try vector(t, a[3], a[4])
    try t.process.requireSameWindow(a.int(0), "process_vm_readv")
    return try t.withWords(local) { local throws(Errno) in
      try t.withWords(remote) { remote throws(Errno) in
        try t.waiting(Int(call), a.word(0), local, a.word(2), remote, a.word(4), a.word(5))
      }
    }
  }

  /// process_madvise(2): hints, which harm nobody.
  static func adviseProcess(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    func call(_ vector: Int) throws(Errno) -> Int {
      try t.waiting(Int(SYS_process_madvise), a.word(0), vector, a.word(2), a.word(3), a.word(4))
    }
    let words: [UInt64]
    do throws(Errno) {
      words = try vector(t, a[1], a[2])
    } catch {
      throw t.first(error, call)
    }
    return try t.withWords(words, call)
  }

  /// move_pages(2).
  static func movePages(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let memory = t.memory
    // What is wrong with the process and the flags; then with the list.
    _ = try t.host(Int(SYS_move_pages), a.word(0), 0, 0, 0, 0, a.word(5))
    if a[1] > 0 { _ = try memory.load(UInt64.self, at: a[2]) }
    // More pages than there are.
    guard a[1] <= 1 << 24 else { throw Errno(E2BIG) }
    if a.int(0) != 0 { try t.process.requireSameWindow(a.int(0), "move_pages") }
    let pages = try memory.words(at: a[2], count: Int(a[1])).map {
      UInt64(bitPattern: Int64(memory.hostAddress($0)))
    }
    return try t.withWords(pages) { pages throws(Errno) in
      try t.waiting(
        Int(SYS_move_pages), a.word(0), a.word(1), pages, memory.hostPointer(a[3]), memory.hostPointer(a[4]),
        a.word(5))
    }
  }

  /// kcmp(2): one of its kinds names a structure.
  static func compare(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let ofEpoll: Int32 = 7
    let last = a.int(2) == ofEpoll ? t.memory.hostPointer(a[4]) : a.word(4)
    return try t.host(Int(SYS_kcmp), a.word(0), a.word(1), a.word(2), a.word(3), last)
  }

  // MARK: Futexes

  /// struct futex_waitv (linux/futex.h): value, address, flags; 24 bytes.
  private static func futexes(_ t: LinuxThread, _ address: UInt64, _ count: UInt64) throws(Errno) -> [UInt64]
  {
    var words = try t.memory.words(at: address, count: 3 * Int(count))
    for i in stride(from: 1, to: words.count, by: 3) {
      words[i] = UInt64(bitPattern: Int64(t.memory.hostPointer(words[i])))
    }
    return words
  }

  static func waitForFutexes(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    // FUTEX_WAITV_MAX
    guard a[2] & 0xffff_ffff == 0, a[1] & 0xffff_ffff >= 1, a[1] & 0xffff_ffff <= 128, a[0] != 0 else {
      throw .invalid
    }
    return try t.withWords(try futexes(t, a[0], a[1] & 0xffff_ffff)) { futexes throws(Errno) in
      try t.waiting(
        Int(SYS_futex_waitv), futexes, a.word(1), a.word(2), t.memory.hostPointer(a[3]), a.word(4))
    }
  }

  static func requeueFutexes(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let call = 456
    guard a[1] & 0xffff_ffff == 0, a[0] != 0 else { throw .invalid }
    return try t.withWords(try futexes(t, a[0], 2)) { futexes throws(Errno) in
      try t.waiting(call, futexes, a.word(1), a.word(2), a.word(3))
    }
  }

  // MARK: Keys

  /// Which arguments of keyctl(2) are addresses, by operation.
  private static let keyAddresses: [Int32: Set<Int>] = [
    // JOIN_SESSION_KEYRING, UPDATE, DESCRIBE, SEARCH, READ, INSTANTIATE, GET_SECURITY
    1: [1], 2: [2], 6: [2], 10: [2, 3], 11: [2], 12: [2], 17: [2],
    // DH_COMPUTE, PKEY_QUERY, PKEY_ENCRYPT, PKEY_DECRYPT, PKEY_SIGN, PKEY_VERIFY, RESTRICT_KEYRING, CAPABILITIES
    23: [1, 2], 24: [3, 4], 25: [1, 2, 3, 4], 26: [1, 2, 3, 4], 27: [1, 2, 3, 4], 28: [1, 2, 3, 4],
    29: [2, 3],
    31: [1],
    // GET_KEYRING_ID, REVOKE, CHOWN, SETPERM, CLEAR, LINK, UNLINK, NEGATE, SET_REQKEY_KEYRING, SET_TIMEOUT,
    // ASSUME_AUTHORITY, SESSION_TO_PARENT, REJECT, INVALIDATE, GET_PERSISTENT, MOVE, WATCH_KEY: numbers.
    0: [], 3: [], 4: [], 5: [], 7: [], 8: [], 9: [], 13: [], 14: [], 15: [], 16: [], 18: [], 19: [], 21: [],
    22: [],
    30: [], 32: [],
  ]

  static func keyControl(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let (instantiateVector, exchange): (Int32, Int32) = (20, 23)
    func pass(_ values: [Int]) throws(Errno) -> Int {
      try t.waiting(Int(SYS_keyctl), a.word(0), values[0], values[1], values[2], values[3])
    }
    if a.int(0) == instantiateVector {
      guard a[2] != 0 else { return try pass([a.word(1), 0, a.word(3), a.word(4)]) }
      return try t.withWords(try vector(t, a[2], a[3])) { vector throws(Errno) in
        try pass([a.word(1), vector, a.word(3), a.word(4)])
      }
    }
    // What Linux has since then, and what does not exist.
    guard let addresses = keyAddresses[a.int(0)] else { throw Errno(EOPNOTSUPP) }
    var values = (1...4).map { addresses.contains($0) ? t.memory.hostPointer(a[$0]) : a.word($0) }
    guard a.int(0) == exchange, a[4] != 0 else { return try pass(values) }
    // struct keyctl_kdf_params: two addresses, and the rest.
    var parameters = try t.memory.words(at: a[4], count: 7)
    for i in 0..<2 { parameters[i] = UInt64(bitPattern: Int64(t.memory.hostPointer(parameters[i]))) }
    return try t.withWords(parameters) { parameters throws(Errno) in
      values[3] = parameters
      return try pass(values)
    }
  }
}
