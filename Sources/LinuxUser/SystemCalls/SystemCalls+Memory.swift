import CHost
import Glibc
import RISCV

/// The address space (mmap(2) and its family).
extension SystemCalls {
  private enum Flag {
    static let shared: UInt64 = 1
    static let kind: UInt64 = 3
    static let fixed: UInt64 = 0x10
    static let anonymous: UInt64 = 0x20
    static let fixedNoReplace: UInt64 = 0x10_0000
    /// MAP_NORESERVE, MAP_LOCKED, MAP_POPULATE, MAP_NONBLOCK, MAP_STACK, MAP_HUGETLB with its size, MAP_SYNC. What is
    /// not among them Linux ignores, too.
    static let passed: UInt64 = 0xfc0f_e000
  }

  private static func protection(_ value: UInt64) throws(Errno) -> PagePermissions {
    guard value & ~0x0f00_0007 == 0 else { throw .invalid }
    var protection: PagePermissions = []
    if value & 1 != 0 { protection.insert(.read) }
    // RISC-V has no pages that can only be written.
    if value & 2 != 0 { protection.formUnion([.read, .write]) }
    if value & 4 != 0 { protection.insert(.execute) }
    return protection
  }

  static func map(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let protection = try protection(a[2])
    let flags = a[3]
    var backing = GuestMemory.Backing()
    switch flags & Flag.kind {
    case 1, 3:
      backing.isShared = true
      thread.process.isParallel = true
    case 2: break
    default: throw .invalid
    }
    backing.isAnonymous = flags & Flag.anonymous != 0
    if !backing.isAnonymous {
      guard a[5] & 4095 == 0 else { throw .invalid }
      backing.descriptor = a.int(4)
      backing.offset = Int64(bitPattern: a[5])
      guard backing.offset >= 0 else { throw Errno(EOVERFLOW) }
    }
    backing.otherFlags = Int32(truncatingIfNeeded: flags & Flag.passed & ~Flag.fixedNoReplace)
    let memory = thread.memory
    if flags & Flag.fixedNoReplace != 0 {
      return Int(try memory.map(.onlyFree(a[0]), size: a[1], protection, backing))
    }
    guard flags & Flag.fixed != 0 else {
      return Int(try memory.map(.anywhere(near: a[0]), size: a[1], protection, backing))
    }
    let end = a[0].addingReportingOverflow((a[1] &+ 4095) & ~4095)
    if !end.overflow, end.partialValue >= a[0], memory.mappings.isFree(a[0]..<end.partialValue) {
      return Int(try memory.map(.exactly(a[0]), size: a[1], protection, backing))
    }
    return Int(
      try thread.process.changeMappings(thread, a[0], a[1]) { () throws(Errno) in
        try memory.map(.exactly(a[0]), size: a[1], protection, backing)
      })
  }

  static func unmap(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try thread.process.changeMappings(thread, a[0], a[1]) { () throws(Errno) in
      try thread.memory.unmap(a[0], size: a[1])
    }
    return 0
  }

  static func protect(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let protection = try protection(a[2])
    try thread.process.changeMappings(thread, a[0], a[1]) { () throws(Errno) in
      try thread.memory.protect(a[0], size: a[1], protection)
    }
    return 0
  }

  static func remap(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let (mayMove, fixed, keepsOld): (UInt64, UInt64, UInt64) = (1, 2, 4)
    guard a[3] & ~7 == 0, a[3] & (fixed | keepsOld) == 0 || a[3] & mayMove != 0,
      a[3] & keepsOld == 0 || (a[1] &+ 4095) & ~4095 == (a[2] &+ 4095) & ~4095
    else { throw .invalid }
    return Int(
      // The target, too, may have had mappings: all are forgotten where one is named.
      try thread.process.changeMappings(thread, a[0], a[3] & fixed != 0 ? .max : a[1]) { () throws(Errno) in
        try thread.memory.remap(
          a[0], oldSize: a[1], newSize: a[2], mayMove: a[3] & mayMove != 0,
          target: a[3] & fixed != 0 ? a[4] : nil, keepsOld: a[3] & keepsOld != 0)
      })
  }

  static func setBreak(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let wanted = a[0]
    var now = thread.process.brk.withLock { $0 }
    guard wanted >= now.start, wanted <= thread.memory.limit else { return Int(now.end) }
    let (old, new) = ((now.end + 4095) & ~4095, (wanted + 4095) & ~4095)
    do throws(Errno) {
      if new > old {
        _ = try thread.memory.map(.onlyFree(old), size: new - old, [.read, .write], GuestMemory.Backing())
      } else if new < old {
        try thread.process.changeMappings(thread, new, old - new) { () throws(Errno) in
          try thread.memory.unmap(new, size: old - new)
        }
      }
    } catch {
      // As Linux: the old end says that it failed.
      return Int(now.end)
    }
    now.end = wanted
    let result = now
    thread.process.brk.withLock { $0 = result }
    return Int(wanted)
  }

  static func advise(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a[0] & 4095 == 0 else { throw .invalid }
    let size = (a[1] &+ 4095) & ~4095
    guard size >= a[1], a[0] <= GuestMemory.end, size <= GuestMemory.end - a[0] else { throw .invalid }
    guard size > 0 else { return 0 }
    // Of what is not mapped Linux says ENOMEM; the host has our reservation there.
    guard thread.memory.mappings.covers(a[0]..<a[0] + size) else { throw .noMemory }
    let result = try thread.waiting(Int(SYS_madvise), thread.memory.hostAddress(a[0]), Int(size), a.word(2))
    // Contents may be others now.
    thread.memory.didWrite(a[0], Int(size))
    return result
  }

  /// riscv_flush_icache(2).
  static func flushInstructions(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a[2] & ~1 == 0 else { throw .invalid }
    thread.memory.code.fence(nil)
    return 0
  }
}
