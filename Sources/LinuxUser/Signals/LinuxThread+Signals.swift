// Unsafe pointers: the records of `signals` are read while the host keeps their signals blocked.
import CHost
import Glibc
import RISCV

/// Delivering signals: handlers get a frame on the guest's stack, as Linux for RISC-V lays it out
/// (arch/riscv/include/uapi/asm/ucontext.h, sigcontext.h).
extension LinuxThread {
  /// Whether a system call was interrupted, and goes on behind a handler that allows that.
  struct Interruption {
    /// a0 as it was.
    var argument: UInt64
    /// The call is one that SA_RESTART concerns.
    var mayRestart: Bool
  }

  static func bit(_ number: Int32) -> UInt64 { 1 << UInt64(number - 1) }
  static let unblockable = bit(SIGKILL) | bit(SIGSTOP)

  /// Delivers what was recorded, until nothing is. True where a handler was entered.
  @discardableResult
  func deliverSignals(_ interruption: Interruption? = nil) -> Bool {
    var interruption = interruption
    var delivered = false
    while let signal = nextSignal() {
      if deliver(signal, interruption) {
        delivered = true
        interruption = nil
      }
      // What came meanwhile is recorded now.
      host_signal_mask(mask)
    }
    if let interruption {
      // No handler ran: Linux would have gone on with the call.
      restart(interruption)
    }
    return delivered
  }

  /// Changes the mask, here and on the host. What may come now comes before the next instruction.
  func setMask(_ new: UInt64) {
    let before = mask
    mask = new & ~Self.unblockable
    updateHostMask(since: before)
  }

  /// Gives the host the thread's mask, which was `before`.
  private func updateHostMask(since before: UInt64) {
    // The host never blocks these.
    if (mask ^ before) & ~(Self.bit(SIGSEGV) | Self.bit(SIGBUS)) != 0 { host_signal_mask(mask) }
  }

  /// Some signal may have to be delivered.
  @inline(__always) var hasSignals: Bool { signals.pointee.recorded != 0 || !deferred.isEmpty }

  private func nextSignal() -> PendingSignal? {
    if let index = deferred.firstIndex(where: { mask & Self.bit($0.number) == 0 }) {
      return deferred.remove(at: index)
    }
    for kind in 0..<Int(HOST_SIGNAL_KINDS) {
      let bit = UInt32(1) << UInt32(kind)
      guard signals.pointee.recorded & bit != 0 else { continue }
      let signal = recorded(kind)
      signals.pointee.recorded &= ~bit
      if kind > 0, mask & Self.bit(signal.number) != 0 {
        deferred.append(signal)
        continue
      }
      return signal
    }
    return nil
  }

  /// The thread ends: what was recorded for the process is somebody else's to handle.
  func passOnSignals() {
    for kind in 0..<Int(HOST_SIGNAL_KINDS) where signals.pointee.recorded & UInt32(1) << UInt32(kind) != 0 {
      let signal = recorded(kind)
      let code = signal.information.withUnsafeBytes { $0.load(fromByteOffset: 8, as: Int32.self) }
      // SI_TKILL: it was meant for this thread.
      guard code != -6 else { continue }
      signal.information.withUnsafeBytes {
        _ = Host.call(
          SYS_rt_sigqueueinfo, Int(getpid()), Int(signal.number), Int(bitPattern: $0.baseAddress))
      }
    }
  }

  private func recorded(_ kind: Int) -> PendingSignal {
    let base = UnsafeRawPointer(signals)
    let numbers = MemoryLayout<host_signals>.offset(of: \.numbers) ?? 4
    let information = MemoryLayout<host_signals>.offset(of: \.information) ?? 16
    let number = base.load(fromByteOffset: numbers + 4 * kind, as: Int32.self)
    return PendingSignal(
      number: number,
      information: [UInt8](UnsafeRawBufferPointer(start: base + information + 128 * kind, count: 128)))
  }

  private func restart(_ interruption: Interruption) {
    hart.state.pointee.pc &-= 4
    hart[x: 10] = interruption.argument
  }

  /// What a debugger makes of a signal; nil where it takes it away.
  private func shownToDebugger(_ signal: PendingSignal) -> PendingSignal? {
    guard let debugger = process.debugger, !debugger.passed.withLock({ $0.contains(signal.number) }) else {
      return signal
    }
    let number = debugger.park(self, .signal(signal.number, information: signal.information))
    guard number > 0 else { return nil }
    // Another one is as if kill(2) had sent it.
    return number == signal.number ? signal : PendingSignal(number: number, code: 0, address: 0)
  }

  /// True where a handler was entered.
  private func deliver(_ signal: PendingSignal, _ interruption: Interruption?) -> Bool {
    guard let signal = shownToDebugger(signal) else { return false }
    let action = actions[signal.number]
    trace(signal, action)
    switch action.handler {
    case SignalAction.ignored: return false
    case SignalAction.byDefault:
      // Where the host does not do this itself, or the handler was taken away meanwhile.
      guard SignalActions.kills(signal.number) else { return false }
      die(signal)
    default: break
    }
    if let interruption {
      if interruption.mayRestart && action.flags & SignalAction.Flag.restart != 0 { restart(interruption) }
    }
    enter(action, signal)
    return true
  }

  /// The process ends as Linux's would.
  func die(_ signal: PendingSignal) -> Never {
    // What is only sent to end it needs no explanation.
    if Self.coreSignals.contains(signal.number) {
      report(signal)
      dumpCore(signal)
    }
    _ = process.debugger?.park(self, .killed(signal.number))
    traceDeath(signal.number)
    process.flushPerfMap()
    process.releaseRobustMutexes(self)
    host_die_by(signal.number)
  }

  // MARK: The frame

  /// Offsets in the frame: siginfo_t, then ucontext_t with its registers.
  private enum Frame {
    static let context = 128
    static let link = context + 8
    static let stack = context + 16
    static let mask = context + 40
    static let registers = context + 176
    static let floats = registers + 256
    static let control = floats + 256
    /// 528 bytes of floating-point state, the largest that there is (Q).
    static let size = floats + 528
  }

  /// AT_MINSIGSTKSZ.
  static let signalFrameSize = (Frame.size + 15) & ~15

  private func enter(_ action: SignalAction, _ signal: PendingSignal) {
    var sp = hart[x: 2]
    let wasOnStack = alternateStack.holds(sp)
    if action.flags & SignalAction.Flag.onStack != 0, !alternateStack.isDisabled, !wasOnStack {
      sp = alternateStack.start &+ alternateStack.size
    }
    let frame = (sp &- UInt64(Frame.size)) & ~15
    if wasOnStack, !alternateStack.holds(frame) {
      die(PendingSignal(number: SIGSEGV, code: 0x80, address: 0))
    }
    var bytes = [UInt8](repeating: 0, count: Frame.size)
    bytes.replaceSubrange(0..<128, with: signal.information)
    bytes.withUnsafeMutableBytes { raw in
      raw.storeBytes(of: alternateStack.start, toByteOffset: Frame.stack, as: UInt64.self)
      raw.storeBytes(of: stackFlags(hart[x: 2]), toByteOffset: Frame.stack + 8, as: Int32.self)
      raw.storeBytes(of: alternateStack.size, toByteOffset: Frame.stack + 16, as: UInt64.self)
      raw.storeBytes(of: mask, toByteOffset: Frame.mask, as: UInt64.self)
      raw.storeBytes(of: hart.state.pointee.pc, toByteOffset: Frame.registers, as: UInt64.self)
      for i in 1..<32 {
        raw.storeBytes(of: hart[x: i], toByteOffset: Frame.registers + 8 * i, as: UInt64.self)
      }
      for i in 0..<32 { raw.storeBytes(of: hart[f: i], toByteOffset: Frame.floats + 8 * i, as: UInt64.self) }
      raw.storeBytes(
        of: UInt32(truncatingIfNeeded: hart.floatingPointControl), toByteOffset: Frame.control,
        as: UInt32.self)
    }
    do throws(Errno) {
      try memory.store(bytes, at: frame)
    } catch {
      // No room for the frame: Linux kills the process.
      die(PendingSignal(number: SIGSEGV, code: 1, address: frame))
    }
    if UInt32(bitPattern: alternateStack.flags) & AlternateStack.autodisarm != 0 {
      alternateStack = AlternateStack()
    }
    hart.loseReservation()
    hart[x: 1] = process.signalReturn
    hart[x: 2] = frame
    hart[x: 10] = UInt64(signal.number)
    hart[x: 11] = frame
    hart[x: 12] = frame + UInt64(Frame.context)
    hart.state.pointee.pc = action.handler & ~1
    var blocked = action.mask
    if action.flags & SignalAction.Flag.noDefer == 0 { blocked |= Self.bit(signal.number) }
    mask |= blocked & ~Self.unblockable
    if action.flags & SignalAction.Flag.resetHandler != 0 {
      try? actions.set(signal.number, SignalAction())
    }
  }

  func stackFlags(_ pointer: UInt64) -> Int32 {
    if alternateStack.isDisabled { return Int32(bitPattern: AlternateStack.disabled) }
    let state = alternateStack.holds(pointer) ? AlternateStack.onStack : 0
    return Int32(bitPattern: UInt32(bitPattern: alternateStack.flags) & AlternateStack.autodisarm | state)
  }

  /// rt_sigreturn(2): goes on where the handler came in. A frame that is not there kills the process.
  func returnFromSignal() {
    let frame = hart[x: 2]
    do throws(Errno) {
      let bytes = try memory.bytes(at: frame, count: Frame.size)
      let saved = bytes.withUnsafeBytes { raw -> UInt64 in
        for i in 1..<32 {
          hart[x: i] = raw.loadUnaligned(fromByteOffset: Frame.registers + 8 * i, as: UInt64.self)
        }
        for i in 0..<32 {
          hart[f: i] = raw.loadUnaligned(fromByteOffset: Frame.floats + 8 * i, as: UInt64.self)
        }
        hart.floatingPointControl = UInt64(raw.loadUnaligned(fromByteOffset: Frame.control, as: UInt32.self))
        hart.state.pointee.pc = raw.loadUnaligned(fromByteOffset: Frame.registers, as: UInt64.self) & ~1
        alternateStack.start = raw.loadUnaligned(fromByteOffset: Frame.stack, as: UInt64.self)
        alternateStack.flags =
          raw.loadUnaligned(fromByteOffset: Frame.stack + 8, as: Int32.self)
          & ~Int32(bitPattern: AlternateStack.onStack)
        alternateStack.size = raw.loadUnaligned(fromByteOffset: Frame.stack + 16, as: UInt64.self)
        return raw.loadUnaligned(fromByteOffset: Frame.mask, as: UInt64.self)
      }
      hart.loseReservation()
      setMask(saved)
    } catch {
      raise(PendingSignal(number: SIGSEGV, code: 1, address: frame))
    }
  }

  // MARK: Exceptions

  /// Raises the signal of an exception (Privileged 1.13, table 14), as Linux for RISC-V does.
  func raiseException(_ cause: UInt64, _ value: UInt64) {
    let pc = hart.state.pointee.pc
    typealias Cause = Hart.UserCause
    switch cause {
    case Cause.illegalInstruction: raise(PendingSignal(number: SIGILL, code: 1, address: pc))
    case Cause.breakpoint: raise(PendingSignal(number: SIGTRAP, code: 1, address: pc))
    case Cause.instructionMisaligned, Cause.loadMisaligned, Cause.storeMisaligned:
      raise(PendingSignal(number: SIGBUS, code: 1, address: value))
    case Cause.instructionAccess, Cause.loadAccess, Cause.storeAccess:
      raise(PendingSignal(number: SIGBUS, code: 2, address: value))
    default:
      let isMapped = memory.mappings[holding: value] != nil
      raise(PendingSignal(number: SIGSEGV, code: isMapped ? 2 : 1, address: value))
    }
  }

  /// Delivers a signal that the thread itself has raised: where it cannot be handled, the process dies by it.
  func raise(_ signal: PendingSignal) {
    guard let signal = shownToDebugger(signal) else { return }
    let action = actions[signal.number]
    trace(signal, action)
    guard action.handler > SignalAction.ignored, mask & Self.bit(signal.number) == 0 else { die(signal) }
    let before = mask
    enter(action, signal)
    updateHostMask(since: before)
  }
}
