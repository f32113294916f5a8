import CHost
import Glibc

/// Files and descriptors.
extension SystemCalls {
  typealias Arguments = SystemCall.Arguments

  // MARK: Reading and writing

  /// An iovec (readv(2)) with the host's addresses.
  static func vector(_ thread: LinuxThread, _ address: UInt64, _ count: UInt64) throws(Errno) -> [UInt64] {
    guard count <= 1024 else { throw .invalid }
    var words = try thread.memory.words(at: address, count: 2 * Int(count))
    for i in stride(from: 0, to: words.count, by: 2) {
      words[i] = UInt64(bitPattern: Int64(thread.memory.hostAddress(words[i])))
    }
    return words
  }

  private static func withVector(
    _ thread: LinuxThread, _ address: UInt64, _ count: UInt64, writes: Bool,
    _ body: (Int) throws(Errno) -> Int
  ) throws(Errno) -> Int {
    let words: [UInt64]
    do throws(Errno) {
      words = try vector(thread, address, count)
    } catch {
      throw thread.first(error, body)
    }
    let moved = try thread.withWords(words, body)
    if writes { try noteWrites(thread, address, count, moved) }
    return moved
  }

  /// `moved` bytes were written to the buffers of an iovec.
  static func noteWrites(_ thread: LinuxThread, _ address: UInt64, _ count: UInt64, _ moved: Int)
    throws(Errno)
  {
    var left = moved
    let words = try thread.memory.words(at: address, count: 2 * Int(min(count, 1024)))
    for i in stride(from: 0, to: words.count, by: 2) where left > 0 {
      let part = Int(min(UInt64(left), words[i + 1]))
      thread.memory.didWrite(words[i], part)
      left -= part
    }
  }

  static func readVector(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try withVector(t, a[1], a[2], writes: true) { vector throws(Errno) in
      try t.waiting(Int(SYS_readv), a.word(0), vector, a.word(2))
    }
  }
  static func writeVector(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try withVector(t, a[1], a[2], writes: false) { vector throws(Errno) in
      try t.waiting(Int(SYS_writev), a.word(0), vector, a.word(2))
    }
  }
  static func readVectorAt(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try withVector(t, a[1], a[2], writes: true) { vector throws(Errno) in
      try t.waiting(Int(SYS_preadv), a.word(0), vector, a.word(2), a.word(3), 0)
    }
  }
  static func writeVectorAt(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try withVector(t, a[1], a[2], writes: false) { vector throws(Errno) in
      try t.waiting(Int(SYS_pwritev), a.word(0), vector, a.word(2), a.word(3), 0)
    }
  }
  static func readVectorAt2(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try withVector(t, a[1], a[2], writes: true) { vector throws(Errno) in
      try t.waiting(Int(SYS_preadv2), a.word(0), vector, a.word(2), a.word(3), 0, a.word(5))
    }
  }
  static func writeVectorAt2(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try withVector(t, a[1], a[2], writes: false) { vector throws(Errno) in
      try t.waiting(Int(SYS_pwritev2), a.word(0), vector, a.word(2), a.word(3), 0, a.word(5))
    }
  }
  static func spliceVector(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try withVector(t, a[1], a[2], writes: false) { vector throws(Errno) in
      try t.waiting(Int(SYS_vmsplice), a.word(0), vector, a.word(2), a.word(3))
    }
  }

  // MARK: Opening

  /// The path at `address`, or what `call` finds wrong before it.
  private static func path(_ thread: LinuxThread, _ address: UInt64, _ call: (Int) throws(Errno) -> Int)
    throws(Errno) -> [UInt8]
  {
    do throws(Errno) {
      return try thread.memory.string(at: address, limit: Int(PATH_MAX) - 1)
    } catch {
      throw thread.first(error, call)
    }
  }

  // Flags of open(2) are the same on RISC-V as on x86-64: both have asm-generic/fcntl.h's.

  static func openAt(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let path = try thread.memory.string(at: a[1], limit: Int(PATH_MAX) - 1)
    if let file = thread.process.ownFile(thread, path) {
      return try OwnFile.open(thread, file, flags: a.int(2))
    }
    return try thread.withPath(thread.process.paths.resolved(path)) { path throws(Errno) in
      try thread.waiting(Int(SYS_openat), a.word(0), path, a.word(2), a.word(3))
    }
  }

  static func openAt2(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let path = try path(thread, a[1]) { path throws(Errno) in
      try thread.waiting(Int(SYS_openat2), a.word(0), path, thread.memory.hostPointer(a[2]), a.word(3))
    }
    if let file = thread.process.ownFile(thread, path) {
      let flags = try thread.memory.load(UInt64.self, at: a[2])
      return try OwnFile.open(thread, file, flags: Int32(truncatingIfNeeded: flags))
    }
    return try thread.withPath(thread.process.paths.resolved(path)) { path throws(Errno) in
      try thread.waiting(Int(SYS_openat2), a.word(0), path, thread.memory.hostPointer(a[2]), a.word(3))
    }
  }

  static func readLinkAt(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let path = try path(thread, a[1]) { path throws(Errno) in
      try thread.waiting(Int(SYS_readlinkat), a.word(0), path, thread.memory.hostAddress(a[2]), a.word(3))
    }
    if LinuxProcess.isOwn(path, "exe") {
      guard a.int(3) > 0 else { throw .invalid }
      let target = Array(thread.process.executable.utf8).prefix(Int(a.int(3)))
      try thread.memory.store(Array(target), at: a[2])
      return target.count
    }
    return try thread.withPath(thread.process.paths.resolved(path)) { path throws(Errno) in
      try thread.waiting(
        Int(SYS_readlinkat), a.word(0), path, thread.memory.hostAddress(a[2]), a.word(3))
    }
  }

  // MARK: Status

  /// struct stat as RISC-V has it (asm-generic/stat.h): 128 bytes.
  private static func store(_ status: stat, _ thread: LinuxThread, at address: UInt64) throws(Errno) {
    var bytes = [UInt8](repeating: 0, count: 128)
    bytes.withUnsafeMutableBytes { raw in
      raw.storeBytes(of: UInt64(status.st_dev), toByteOffset: 0, as: UInt64.self)
      raw.storeBytes(of: UInt64(status.st_ino), toByteOffset: 8, as: UInt64.self)
      raw.storeBytes(of: status.st_mode, toByteOffset: 16, as: UInt32.self)
      raw.storeBytes(of: UInt32(truncatingIfNeeded: status.st_nlink), toByteOffset: 20, as: UInt32.self)
      raw.storeBytes(of: status.st_uid, toByteOffset: 24, as: UInt32.self)
      raw.storeBytes(of: status.st_gid, toByteOffset: 28, as: UInt32.self)
      raw.storeBytes(of: UInt64(status.st_rdev), toByteOffset: 32, as: UInt64.self)
      raw.storeBytes(of: Int64(status.st_size), toByteOffset: 48, as: Int64.self)
      raw.storeBytes(of: Int32(status.st_blksize), toByteOffset: 56, as: Int32.self)
      raw.storeBytes(of: Int64(status.st_blocks), toByteOffset: 64, as: Int64.self)
      for (i, time) in [status.st_atim, status.st_mtim, status.st_ctim].enumerated() {
        raw.storeBytes(of: Int64(time.tv_sec), toByteOffset: 72 + 16 * i, as: Int64.self)
        raw.storeBytes(of: UInt64(time.tv_nsec), toByteOffset: 80 + 16 * i, as: UInt64.self)
      }
    }
    try thread.memory.store(bytes, at: address)
  }

  static func status(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    var status = stat()
    let place = withUnsafeMutablePointer(to: &status) { Int(bitPattern: $0) }
    _ = try thread.waiting(Int(SYS_fstat), a.word(0), place)
    try store(status, thread, at: a[1])
    return 0
  }

  static func statusAt(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let path = try path(thread, a[1]) { path throws(Errno) in
      try thread.waiting(Int(SYS_newfstatat), a.word(0), path, LinuxThread.nowhere, a.word(3))
    }
    let status = UnsafeMutablePointer<stat>.allocate(capacity: 1)
    defer { status.deallocate() }
    _ = try thread.withPath(thread.process.statusPath(path)) { path throws(Errno) in
      try thread.waiting(Int(SYS_newfstatat), a.word(0), path, Int(bitPattern: status), a.word(3))
    }
    try store(status.pointee, thread, at: a[2])
    return 0
  }

  static func extendedStatus(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let result = thread.memory.hostPointer(a[4])
    // Without a path the descriptor itself is meant (Linux 6.11).
    if a[1] == 0 { return try thread.waiting(Int(SYS_statx), a.word(0), 0, a.word(2), a.word(3), result) }
    func call(_ path: Int) throws(Errno) -> Int {
      try thread.waiting(Int(SYS_statx), a.word(0), path, a.word(2), a.word(3), result)
    }
    let path = try path(thread, a[1], call)
    return try thread.withPath(thread.process.statusPath(path), call)
  }

  // MARK: Control

  static func fileControl(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    // F_GETLK…F_SETLKW, F_SETOWN_EX, F_GETOWN_EX, open-file locks, hints: these take addresses.
    let takesAddress: Set<Int32> = [5, 6, 7, 15, 16, 17, 36, 37, 38, 1035, 1036, 1037, 1038]
    let argument = takesAddress.contains(a.int(1)) ? thread.memory.hostPointer(a[2]) : a.word(2)
    return try thread.waiting(Int(SYS_fcntl), a.word(0), a.word(1), argument)
  }

  // MARK: Waiting for files

  /// struct epoll_event: RISC-V aligns its data, x86-64 does not.
  static func epollControl(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a[3] != 0 else { return try thread.waiting(Int(SYS_epoll_ctl), a.word(0), a.word(1), a.word(2), 0) }
    var event: [UInt8] = []
    // EPOLL_CTL_DEL does not look at it.
    if a.int(1) != 2 {
      let bytes = try thread.memory.bytes(at: a[3], count: 16)
      event = Array(bytes[0..<4] + bytes[8..<16])
    } else {
      event = [UInt8](repeating: 0, count: 12)
    }
    return try thread.withBytes(&event) { event throws(Errno) in
      try thread.waiting(Int(SYS_epoll_ctl), a.word(0), a.word(1), a.word(2), event)
    }
  }

  private static func epoll(
    _ thread: LinuxThread, _ a: Arguments, _ body: (Int, Int) throws(Errno) -> Int
  ) throws(Errno) -> Int {
    // As many as Linux allows; fewer at a time are allowed, too.
    guard a.int(2) > 0, a.int(2) <= Int32.max / 16 else {
      // What else is wrong the host says.
      _ = try body(LinuxThread.nowhere, a.word(2))
      throw .invalid
    }
    let count = min(Int(a.int(2)), 1024)
    var packed = [UInt8](repeating: 0, count: 12 * count)
    let got = try thread.withBytes(&packed) { events throws(Errno) in try body(events, count) }
    var events: [UInt8] = []
    for i in 0..<got {
      events += packed[12 * i..<12 * i + 4] + [0, 0, 0, 0] + packed[12 * i + 4..<12 * i + 12]
    }
    try thread.memory.store(events, at: a[1])
    return got
  }

  static func epollWait(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try epoll(thread, a) { events, count throws(Errno) in
      try thread.waiting(
        Int(SYS_epoll_pwait), a.word(0), events, count, a.word(3), thread.memory.hostPointer(a[4]),
        a.word(5))
    }
  }

  static func epollWait2(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try epoll(thread, a) { events, count throws(Errno) in
      try thread.waiting(
        Int(SYS_epoll_pwait2), a.word(0), events, count, thread.memory.hostPointer(a[3]),
        thread.memory.hostPointer(a[4]), a.word(5))
    }
  }

  static func poll(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try thread.waiting(
      Int(SYS_ppoll), thread.memory.hostPointer(a[0]), a.word(1), thread.memory.hostPointer(a[2]),
      thread.memory.hostPointer(a[3]), a.word(4))
  }

  /// The last argument is the address of an address and a size.
  static func select(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let memory = thread.memory
    var pair: [UInt8] = []
    if a[5] != 0 {
      var words = try memory.words(at: a[5], count: 2)
      words[0] = UInt64(bitPattern: Int64(memory.hostPointer(words[0])))
      pair = words.withUnsafeBytes { Array($0) }
    }
    let isThere = a[5] != 0
    return try thread.withBytes(&pair) { pair throws(Errno) in
      try thread.waiting(
        Int(SYS_pselect6), a.word(0), memory.hostPointer(a[1]), memory.hostPointer(a[2]),
        memory.hostPointer(a[3]),
        memory.hostPointer(a[4]), isThere ? pair : 0)
    }
  }
}
