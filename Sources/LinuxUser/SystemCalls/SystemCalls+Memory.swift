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
    if thread.process.locksNewMappings { backing.otherFlags |= MAP_LOCKED }
    if backing.isShared, protection.contains(.write) { thread.actions.recordDeaths() }
    let memory = thread.memory
    // What a mapping takes the place of it does not add.
    let replaced = flags & Flag.fixed != 0 ? memory.mappings.size(in: a[0], a[1]) : 0
    try thread.process.limitGrowth(
      thread, by: a[1] > replaced ? a[1] - replaced : 0,
      isData: protection.contains(.write) && !backing.isShared)
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
    try thread.process.checkSeals(a[0], a[1])
    thread.process.forgetSegments(a[0], a[1])
    return Int(
      try thread.process.changeMappings(thread, a[0], a[1]) { () throws(Errno) in
        try memory.map(.exactly(a[0]), size: a[1], protection, backing)
      })
  }

  static func unmap(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try thread.process.checkSeals(a[0], a[1])
    thread.process.forgetSegments(a[0], a[1])
    try thread.process.changeMappings(thread, a[0], a[1]) { () throws(Errno) in
      try thread.memory.unmap(a[0], size: a[1])
    }
    return 0
  }

  static func protect(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let protection = try protection(a[2])
    try thread.process.checkSeals(a[0], a[1])
    // What nobody could reach no hart knows, as a new thread's stack: nobody need stand still for it.
    let parts = thread.memory.mappings.parts(in: a[0]..<max(a[0], min(a[0] &+ a[1], GuestMemory.end)))
    if !parts.isEmpty, parts.allSatisfy({ $0.protection.isEmpty }) {
      try thread.memory.protect(a[0], size: a[1], protection)
      return 0
    }
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
    try thread.process.checkSeals(a[0], a[1])
    if a[3] & fixed != 0 { try thread.process.checkSeals(a[4], a[2]) }
    if a[2] > a[1], let mapping = thread.memory.mappings[holding: a[0]] {
      try thread.process.limitGrowth(
        thread, by: a[2] - a[1], isData: mapping.protection.contains(.write) && !mapping.isShared)
    }
    thread.process.forgetSegments(a[0], a[1])
    if a[3] & fixed != 0 { thread.process.forgetSegments(a[4], a[2]) }
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
        try thread.process.limitGrowth(thread, by: new - old, isData: true)
        var backing = GuestMemory.Backing()
        if thread.process.locksNewMappings { backing.otherFlags = MAP_LOCKED }
        _ = try thread.memory.map(.onlyFree(old), size: new - old, [.read, .write], backing)
      } else if new < old {
        try thread.process.checkSeals(new, old - new)
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
    let mappings = thread.memory.mappings
    guard mappings.covers(a[0]..<a[0] + size) else {
      throw thread.first(.noMemory) { _ throws(Errno) in try thread.host(Int(SYS_madvise), 0, 0, a.word(2)) }
    }
    // Advice that drops contents which could not be written (mm/mseal.c): MADV_DONTNEED, MADV_FREE, MADV_REMOVE,
    // MADV_DONTFORK, MADV_WIPEONFORK, MADV_DONTNEED_LOCKED.
    if [4, 8, 9, 10, 18, 24].contains(a.int(2)) {
      for part in mappings.parts(in: a[0]..<a[0] + size)
      where part.isAnonymous && !part.isShared && !part.protection.contains(.write) {
        try thread.process.checkSeals(part.start, part.end - part.start)
      }
    }
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

  /// mseal(2): whole mappings, which nothing changes from now on.
  static func seal(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard a[2] == 0 else { throw .invalid }
    let range = try range(a)
    guard !range.isEmpty else { return 0 }
    guard thread.memory.mappings.covers(range) else { throw .noMemory }
    thread.process.seals.withLock { $0.append(range) }
    return 0
  }

  /// The pages that a start and a size name.
  private static func range(_ a: Arguments) throws(Errno) -> Range<UInt64> {
    guard a[0] & 4095 == 0 else { throw .invalid }
    let size = (a[1] &+ 4095) & ~4095
    guard size >= a[1], a[0] <= UInt64.max - size else { throw .invalid }
    return a[0]..<a[0] + size
  }

  /// A call that the host does on pages: of those that are not mapped the host would not know it, because it has our
  /// reservation there.
  static func onMapped(_ thread: LinuxThread, _ a: Arguments, _ call: Int32) throws(Errno) -> Int {
    let first = a[0] & ~4095
    let size = (a[1] &+ (a[0] - first) &+ 4095) & ~4095
    // Whose end goes round is refused by the host for one reason or another.
    guard size >= a[1], first <= UInt64.max - size else {
      return try thread.host(Int(call), a.word(0), a.word(1), a.word(2))
    }
    guard size == 0 || first <= GuestMemory.end && size <= GuestMemory.end - first,
      thread.memory.mappings.covers(first..<first + size)
    else {
      // Of flags and a start that is not a page's the host knows.
      throw thread.first(.noMemory) { _ throws(Errno) in
        try thread.waiting(Int(call), Int(truncatingIfNeeded: a[0] & 4095), 0, a.word(2))
      }
    }
    return try thread.waiting(Int(call), thread.memory.hostAddress(a[0]), a.word(1), a.word(2))
  }

  static func resident(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let range = try range(a)
    guard range.upperBound <= GuestMemory.end, thread.memory.mappings.covers(range) else {
      // What comes before the gap is told, where it can be.
      if a[2] >= GuestMemory.end { throw .badAddress }
      if thread.memory.mappings[holding: range.lowerBound] != nil {
        try thread.memory.store(UInt8(0), at: a[2])
      }
      throw .noMemory
    }
    return try thread.waiting(
      Int(SYS_mincore), thread.memory.hostAddress(a[0]), a.word(1), thread.memory.hostPointer(a[2]))
  }

  // MARK: Locked memory

  /// mlockall(2): the program's mappings and not the emulator's.
  static func lockAll(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let (current, future, onFault): (Int32, Int32, Int32) = (1, 2, 4)
    let flags = a.int(0)
    guard flags != 0, flags & ~(current | future | onFault) == 0, flags != onFault else { throw .invalid }
    if flags & current != 0 {
      for mapping in thread.memory.mappings.all where !mapping.protection.isEmpty {
        _ = try thread.host(
          Int(SYS_mlock2), thread.memory.hostAddress(mapping.start), Int(mapping.end - mapping.start),
          flags & onFault != 0 ? 1 : 0)
      }
    }
    thread.process.locksNewMappings = flags & future != 0
    return 0
  }

  static func unlockAll(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    thread.process.locksNewMappings = false
    return try thread.host(Int(SYS_munlockall))
  }
}
