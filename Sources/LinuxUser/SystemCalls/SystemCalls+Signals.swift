import CHost
import Glibc

extension SystemCalls {
  private static func checkSize(_ size: UInt64) throws(Errno) {
    guard size == 8 else { throw .invalid }
  }

  /// struct sigaction on RISC-V: handler, flags, mask; no restorer.
  static func signalAction(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try checkSize(a[3])
    let number = a.int(0)
    let words = a[1] == 0 ? [] : try thread.memory.words(at: a[1], count: 3)
    guard number >= 1, number <= SignalActions.count else { throw .invalid }
    let old = thread.actions[number]
    if a[1] != 0 {
      guard number != SIGKILL, number != SIGSTOP else { throw .invalid }
      try thread.actions.set(
        number, SignalAction(handler: words[0], flags: words[1], mask: words[2]))
    }
    if a[2] != 0 {
      for (i, word) in [old.handler, old.flags, old.mask].enumerated() {
        try thread.memory.store(word, at: a[2] &+ UInt64(8 * i))
      }
    }
    return 0
  }

  static func signalMask(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try checkSize(a[3])
    let old = thread.mask
    if a[1] != 0 {
      let set = try thread.memory.load(UInt64.self, at: a[1])
      if a[2] != 0 { try thread.memory.store(old, at: a[2]) }
      switch a.int(0) {
      case 0: thread.setMask(old | set)
      case 1: thread.setMask(old & ~set)
      case 2: thread.setMask(set)
      default: throw .invalid
      }
      return 0
    }
    if a[2] != 0 { try thread.memory.store(old, at: a[2]) }
    return 0
  }

  // MARK: Signals with a story

  /// rt_sigqueueinfo(2) and its kin. A process may tell itself anything, an instruction's exception, too: of the signals
  /// that exceptions of the emulator come as, that is not the host's to deliver.
  private static func queue(
    _ thread: LinuxThread, _ process: Int32, _ number: Int32, _ story: UInt64, _ call: () throws(Errno) -> Int
  ) throws(Errno) -> Int {
    guard story != 0, [SIGSEGV, SIGBUS, SIGILL].contains(number), thread.process.isOwn(process) else {
      return try call()
    }
    let signal = PendingSignal(number: number, information: try thread.memory.bytes(at: story, count: 128))
    guard signal.isException else { return try call() }
    var told = signal
    // As Linux does it.
    told.information.withUnsafeMutableBytes { $0.storeBytes(of: number, toByteOffset: 0, as: Int32.self) }
    thread.deferred.append(told)
    return 0
  }

  static func queueSignal(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try queue(t, a.int(0), a.int(1), a[2]) { () throws(Errno) in
      try t.waiting(Int(SYS_rt_sigqueueinfo), a.word(0), a.word(1), t.memory.hostPointer(a[2]))
    }
  }

  static func queueThreadSignal(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try queue(t, a.int(0), a.int(2), a[3]) { () throws(Errno) in
      try t.waiting(Int(SYS_rt_tgsigqueueinfo), a.word(0), a.word(1), a.word(2), t.memory.hostPointer(a[3]))
    }
  }

  /// Whose descriptor it is does not matter: what claims to be an exception only the process itself may send.
  static func sendByDescriptor(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try queue(t, t.id, a.int(1), a[2]) { () throws(Errno) in
      try t.waiting(Int(SYS_pidfd_send_signal), a.word(0), a.word(1), t.memory.hostPointer(a[2]), a.word(3))
    }
  }

  static func signalReturn(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    thread.returnFromSignal()
    return 0
  }

  static func alternateStack(_ thread: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let pointer = thread.hart[x: 2]
    let old = thread.alternateStack
    let oldFlags = thread.stackFlags(pointer)
    if a[0] != 0 {
      let words = try thread.memory.words(at: a[0], count: 3)
      guard !old.holds(pointer) || UInt32(bitPattern: old.flags) & AlternateStack.autodisarm != 0
      else { throw Errno(EPERM) }
      let flags = UInt32(truncatingIfNeeded: words[1])
      let mode = flags & ~AlternateStack.autodisarm
      switch mode {
      case AlternateStack.disabled:
        thread.alternateStack = AlternateStack()
      case 0, AlternateStack.onStack:
        guard words[2] >= AlternateStack.smallest else { throw .noMemory }
        thread.alternateStack = AlternateStack(
          start: words[0], size: words[2], flags: Int32(bitPattern: flags & AlternateStack.autodisarm))
      default: throw .invalid
      }
    }
    if a[1] != 0 {
      try thread.memory.store(old.start, at: a[1])
      try thread.memory.store(UInt64(UInt32(bitPattern: oldFlags)), at: a[1] &+ 8)
      try thread.memory.store(old.size, at: a[1] &+ 16)
    }
    return 0
  }
}
