import CHost
import Glibc

/// Sockets: messages hold addresses.
extension SystemCalls {
  static func receiveFrom(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let m = t.memory
    let count = try t.waiting(
      Int(SYS_recvfrom), a.word(0), m.hostAddress(a[1]), a.word(2), a.word(3), m.hostPointer(a[4]),
      m.hostPointer(a[5]))
    m.didWrite(a[1], min(count, a.word(2)))
    return count
  }

  // MARK: Options

  /// struct sock_fprog: the address of a filter, which is about packets and so the same on every machine.
  private static func isFilter(_ level: Int32, _ name: Int32) -> Bool {
    let (attachFilter, attachReusedPortFilter, fanoutData): (Int32, Int32, Int32) = (26, 51, 22)
    return level == SOL_SOCKET && (name == attachFilter || name == attachReusedPortFilter)
      || level == SOL_PACKET && name == fanoutData
  }

  /// Options whose structures hold addresses and are not converted: tables of iptables, arptables and ebtables
  /// (nftables' go by messages), and TCP_ZEROCOPY_RECEIVE.
  private static func isRefused(_ level: Int32, _ name: Int32) -> Bool {
    let (zeroCopy, tables): (Int32, Set<Int32>) = (35, [64, 96, 128])
    return (level == SOL_IP || level == SOL_IPV6) && tables.contains(name)
      || level == Int32(IPPROTO_TCP) && name == zeroCopy
  }

  static func setSocketOption(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let (level, name) = (a.int(1), a.int(2))
    guard !isRefused(level, name) else { throw Errno(ENOPROTOOPT) }
    func pass(_ value: Int) throws(Errno) -> Int {
      try t.waiting(Int(SYS_setsockopt), a.word(0), a.word(1), a.word(2), value, a.word(4))
    }
    guard isFilter(level, name), a[4] == 16 else { return try pass(t.memory.hostPointer(a[3])) }
    var program = try t.memory.words(at: a[3], count: 2)
    program[1] = UInt64(bitPattern: Int64(t.memory.hostPointer(program[1])))
    return try t.withWords(program, pass)
  }

  static func socketOption(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a.int(1) != Int32(IPPROTO_TCP) || !isRefused(a.int(1), a.int(2)) else { throw Errno(ENOPROTOOPT) }
    return try t.waiting(
      Int(SYS_getsockopt), a.word(0), a.word(1), a.word(2), t.memory.hostPointer(a[3]),
      t.memory.hostPointer(a[4]))
  }

  // MARK: Messages

  /// struct msghdr: 56 bytes, with the host's addresses, and its iovec.
  private struct Message {
    var header: [UInt64]
    var vector: [UInt64]

    init(_ thread: LinuxThread, at address: UInt64) throws(Errno) {
      header = try thread.memory.words(at: address, count: 7)
      guard header[3] <= 1024 else { throw Errno(EMSGSIZE) }
      vector = try SystemCalls.vector(thread, header[2], header[3])
      for i in [0, 4] { header[i] = UInt64(bitPattern: Int64(thread.memory.hostPointer(header[i]))) }
    }
  }

  private static func pass(
    _ thread: LinuxThread, _ number: Int32, _ address: UInt64, _ descriptor: Int, _ flags: Int, receives: Bool
  ) throws(Errno) -> Int {
    var message: Message
    do throws(Errno) {
      message = try Message(thread, at: address)
    } catch {
      throw thread.first(error) { nowhere throws(Errno) in
        try thread.waiting(Int(number), descriptor, nowhere, flags)
      }
    }
    let (vectorAddress, vectorCount) = (
      try thread.memory.load(UInt64.self, at: address + 16), message.header[3]
    )
    let result = message.vector.withUnsafeBytes { vector -> Result<Int, Errno> in
      message.header[2] = UInt64(UInt(bitPattern: vector.baseAddress))
      return message.header.withUnsafeMutableBytes { header -> Result<Int, Errno> in
        do throws(Errno) {
          return .success(
            try thread.waiting(Int(number), descriptor, Int(bitPattern: header.baseAddress), flags))
        } catch {
          return .failure(error)
        }
      }
    }
    let moved = try result.get()
    if receives {
      // Sizes of name and control data, and flags.
      try thread.memory.store(UInt32(truncatingIfNeeded: message.header[1]), at: address + 8)
      try thread.memory.store(message.header[5], at: address + 40)
      try thread.memory.store(UInt32(truncatingIfNeeded: message.header[6]), at: address + 48)
      try noteWrites(thread, vectorAddress, vectorCount, moved)
    }
    return moved
  }

  static func sendMessage(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try pass(t, Int32(SYS_sendmsg), a[1], a.word(0), a.word(2), receives: false)
  }

  static func receiveMessage(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try pass(t, Int32(SYS_recvmsg), a[1], a.word(0), a.word(2), receives: true)
  }

  /// struct mmsghdr: a message and a count, 64 bytes. One after the other, as Linux does it.
  static func sendMessages(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    var done = 0
    func check(_ messages: Int) throws(Errno) -> Int {
      try t.host(Int(SYS_sendmmsg), a.word(0), messages, a.word(2), a.word(3))
    }
    if a[2] & 0xffff_ffff == 0 { return try check(LinuxThread.nowhere) }
    for i in 0..<min(a[2] & 0xffff_ffff, 1024) {
      let at = a[1] &+ 64 * i
      do throws(Errno) {
        let count = try pass(t, Int32(SYS_sendmsg), at, a.word(0), a.word(3), receives: false)
        try t.memory.store(UInt32(truncatingIfNeeded: count), at: at &+ 56)
      } catch {
        if done == 0 { throw t.first(error, check) }
        break
      }
      done += 1
    }
    return done
  }

  static func receiveMessages(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let waitForOne: UInt64 = 0x10000
    let doNotWait: UInt64 = 0x40
    func check(_ messages: Int) throws(Errno) -> Int {
      try t.host(
        Int(SYS_recvmmsg), a.word(0), messages, a.word(2), Int(truncatingIfNeeded: a[3] | doNotWait),
        t.memory.hostPointer(a[4]))
    }
    // MSG_CMSG_COMPAT is the kernel's own.
    if a[2] & 0xffff_ffff == 0 || a[3] & 0x8000_0000 != 0 { return try check(LinuxThread.nowhere) }
    var deadline: (Int, Int)?
    if a[4] != 0 {
      let limit = try t.memory.words(at: a[4], count: 2)
      var now = timespec()
      clock_gettime(CLOCK_MONOTONIC, &now)
      deadline = (
        now.tv_sec &+ Int(truncatingIfNeeded: limit[0]), now.tv_nsec &+ Int(truncatingIfNeeded: limit[1])
      )
    }
    var flags = a[3] & ~waitForOne
    var done = 0
    for i in 0..<min(a[2] & 0xffff_ffff, 1024) {
      let at = a[1] &+ 64 * i
      do throws(Errno) {
        let count = try pass(
          t, Int32(SYS_recvmsg), at, a.word(0), Int(truncatingIfNeeded: flags), receives: true)
        try t.memory.store(UInt32(truncatingIfNeeded: count), at: at &+ 56)
      } catch {
        if done == 0 { throw error == .badAddress ? t.first(error, check) : error }
        break
      }
      done += 1
      if a[3] & waitForOne != 0 { flags |= doNotWait }
      if let deadline {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        if (now.tv_sec, now.tv_nsec) >= deadline { break }
      }
    }
    return done
  }
}
