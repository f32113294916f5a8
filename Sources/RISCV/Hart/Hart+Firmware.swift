/// Machine-mode software that the host provides in the place of guest code. A hart that has it runs in supervisor and
/// user mode only.
///
/// Called by the hart's own thread, or with all harts at rest.
package protocol HartFirmware: AnyObject, Sendable {
  /// The hart has been reset: gives it the state in which it begins, or holds it.
  func start(_ hart: Hart)
  /// Takes an exception or an interrupt that would enter machine mode.
  func take(_ cause: UInt64, _ value: UInt64, isInterrupt: Bool, on hart: Hart)
  /// Lets a hart go on that it holds, where there is a reason to; says whether.
  func release(_ hart: Hart) -> Bool
}

/// What firmware does to a hart.
extension Hart {
  /// Exceptions that firmware takes, by their numbers (RISC-V Privileged 1.13, table 14).
  package enum FirmwareCause {
    package static let illegalInstruction = Cause.illegalInstruction
    package static let loadMisaligned = Cause.loadMisaligned
    package static let loadAccess = Cause.loadAccess
    package static let storeMisaligned = Cause.storeMisaligned
    package static let storeAccess = Cause.storeAccess
    package static let callFromSupervisor = Cause.callFromUser + 1
    /// An interrupt.
    package static let machineTimer: UInt64 = 7
  }

  /// The hart runs nothing until `HartFirmware.release` says so.
  package func hold() { isHeld = true }

  package func endHold() { isHeld = false }

  /// Has the hart go on in supervisor mode at `address`, without translation and with interrupts disabled.
  package func enterSupervisor(at address: UInt64) {
    pokeCSR(CSR.satp, 0)
    pokeCSR(CSR.sstatus, (peekCSR(CSR.sstatus) ?? 0) & ~Status.sie)
    pokeCSR(CSR.sie, 0)
    pokeCSR(CSR.sscratch, 0)
    pokeCSR(CSR.stvec, address & ~3)
    state.pointee.privilege = .supervisor
    state.pointee.reservation = .max
    state.pointee.pc = address & widthMask & ~alignment
    updateViews()
  }

  /// Has the supervisor take an exception as if it were delegated.
  package func redirectToSupervisor(_ cause: UInt64, _ value: UInt64) {
    enterHandler(of: .supervisor, cause, value, isInterrupt: false)
  }

  /// Behind an `ecall`.
  package func skipCall() { state.pointee.pc = (state.pointee.pc &+ 4) & widthMask }

  /// A word at a virtual address, as the supervisor sees memory now; nil, with the supervisor's exception taken, where
  /// it sees nothing there.
  package func loadForSupervisor(_ virtual: UInt64, width: Int) -> UInt64? {
    do throws(Exit) {
      return try loadSlow(virtual, width)
    } catch {
      redirectToSupervisor(state.pointee.trapCause, state.pointee.trapValue)
      return nil
    }
  }

  /// The machine timer, in ticks, and whether the hart takes its interrupt.
  package func setMachineTimer(_ ticks: UInt64, isEnabled: Bool) {
    let enabled = (peekCSR(CSR.mie) ?? 0) & ~Interrupt.machineTimer
    pokeCSR(CSR.mie, isEnabled ? enabled | Interrupt.machineTimer : enabled)
    port.setMachineTimeCompare(ticks)
    updateTimers()
  }

  /// Supervisor interrupts that machine-mode software makes pending, or takes back.
  package func setPending(_ bits: UInt64, _ isPending: Bool) {
    // A pulse that is on its way is one of them.
    _ = port.take(bits)
    let now = state.pointee.mip
    state.pointee.mip = isPending ? now | bits : now & ~bits
  }
}
