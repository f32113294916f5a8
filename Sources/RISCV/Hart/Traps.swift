/// Traps, interrupts and returns from them (RISC-V Privileged 1.13, §3.1.6–3.1.15, §3.3, chapter 12).
extension Hart {
  /// Records an exception; the caller throws what comes back.
  func trap(_ cause: UInt64, _ value: UInt64 = 0) -> Exit {
    state.pointee.trapCause = cause
    state.pointee.trapValue = value & widthMask
    return .trap
  }

  /// An illegal-instruction exception for the instruction at `pc`, whose bits become `tval`.
  func illegal() -> Exit { trap(Cause.illegalInstruction, UInt64(instructionBits(at: state.pointee.pc))) }

  /// All pending interrupts, enabled or not.
  var pendingInterrupts: UInt64 {
    state.pointee.mip | port.pending | state.pointee.timerPending
  }

  /// Looks at the time: MTIP, and STIP where `stimecmp` drives it.
  func updateTimers() {
    // An SSWI pulse becomes the writable bit.
    if port.pending & Interrupt.supervisorSoftware != 0 {
      state.pointee.mip |= port.take(Interrupt.supervisorSoftware)
    }
    let now = time.ticks
    var due: UInt64 = 0
    if port.machineTimeCompare.load(ordering: .relaxed) <= now { due |= Interrupt.machineTimer }
    if state.pointee.menvcfg & Environment.stce != 0, state.pointee.stimecmp <= now {
      due |= Interrupt.supervisorTimer
    }
    state.pointee.timerPending = due
  }

  /// The tick at which the next timer interrupt of this hart is due; all ones for none.
  package var nextTimer: UInt64 {
    var next = port.machineTimeCompare.load(ordering: .relaxed)
    if state.pointee.menvcfg & Environment.stce != 0 { next = min(next, state.pointee.stimecmp) }
    return next
  }

  /// True where a sleeping hart must wake: something is pending and locally enabled, whatever the global
  /// enables say (§3.3.3).
  package var hasReasonToWake: Bool {
    if isHeld { return firmware?.release(self) == true }
    return hasEnabledInterrupt || awaitsInput && semihost?.hasInput == true
  }

  /// Something is pending and locally enabled.
  package var hasEnabledInterrupt: Bool {
    updateTimers()
    return pendingInterrupts & state.pointee.mie != 0
  }

  /// Takes the most urgent interrupt that is enabled now, if any.
  func takeInterrupt() {
    let pending = pendingInterrupts & state.pointee.mie
    guard pending != 0, !masksInterrupts else { return }
    let status = state.pointee.mstatus
    let privilege = state.pointee.privilege
    let forMachine = pending & ~state.pointee.mideleg
    let forSupervisor = pending & state.pointee.mideleg
    var candidates: UInt64 = 0
    if privilege != .machine || status & Status.mie != 0 { candidates = forMachine }
    if candidates == 0 {
      let enabled = privilege == .user || privilege == .supervisor && status & Status.sie != 0
      if enabled { candidates = forSupervisor }
    }
    guard candidates != 0 else { return }
    // §3.1.9: MEI, MSI, MTI, SEI, SSI, STI.
    for number: UInt64 in [11, 3, 7, 9, 1, 5] where candidates >> number & 1 != 0 {
      enterHandler(number, 0, isInterrupt: true)
      return
    }
  }

  /// Takes the exception that the current instruction raised.
  func takeTrap(_ cause: UInt64, _ value: UInt64) { enterHandler(cause, value, isInterrupt: false) }

  private func enterHandler(_ cause: UInt64, _ value: UInt64, isInterrupt: Bool) {
    if log.has(.interrupts) { logTrap(cause, value, isInterrupt: isInterrupt) }
    if log.has(.instructionTrace) { traceTrap(cause, value, isInterrupt: isInterrupt) }
    let from = state.pointee.privilege
    let pc = state.pointee.pc
    let delegations = isInterrupt ? state.pointee.mideleg : state.pointee.medeleg
    let handler: Privilege = from != .machine && delegations >> cause & 1 != 0 ? .supervisor : .machine
    if handler == .machine, let firmware {
      firmware.take(cause, value, isInterrupt: isInterrupt, on: self)
    } else {
      enterHandler(of: handler, cause, value, isInterrupt: isInterrupt)
    }
    traps.add(
      TrapRecord(
        pc: pc, cause: cause, isInterrupt: isInterrupt, value: value, from: from, handler: handler,
        target: state.pointee.pc, instructions: instructionsRetired))
  }

  func enterHandler(of privilege: Privilege, _ cause: UInt64, _ value: UInt64, isInterrupt: Bool) {
    let s = state
    let causeValue = isInterrupt ? cause | 1 << UInt64(features.xlen - 1) : cause
    var status = s.pointee.mstatus
    let vector: UInt64
    if privilege == .supervisor {
      s.pointee.scause = causeValue
      s.pointee.sepc = s.pointee.pc
      s.pointee.stval = value
      status = Self.move(status, Status.sie, to: Status.spie) & ~(Status.sie | Status.spp)
      if s.pointee.privilege == .supervisor { status |= Status.spp }
      s.pointee.privilege = .supervisor
      vector = s.pointee.stvec
    } else {
      s.pointee.mcause = causeValue
      s.pointee.mepc = s.pointee.pc
      s.pointee.mtval = value
      status = Self.move(status, Status.mie, to: Status.mpie) & ~(Status.mie | Status.mpp)
      status |= s.pointee.privilege.rawValue << 11
      s.pointee.privilege = .machine
      vector = s.pointee.mtvec
    }
    s.pointee.mstatus = status
    let base = vector & ~3
    s.pointee.pc = (isInterrupt && vector & 1 != 0 ? base &+ 4 &* cause : base) & widthMask
    updateViews()
  }

  private static func move(_ status: UInt64, _ from: UInt64, to: UInt64) -> UInt64 {
    status & from != 0 ? status | to : status & ~to
  }

  /// §3.3.2. The caller continues at the new pc.
  func returnFromMachine() throws(Exit) {
    guard state.pointee.privilege == .machine else { throw illegal() }
    var status = state.pointee.mstatus
    let previous = Privilege(rawValue: status >> 11 & 3) ?? .user
    status = Self.move(status, Status.mpie, to: Status.mie) | Status.mpie
    status &= ~Status.mpp
    if !features.hasUser { status |= Status.mpp }
    if previous != .machine { status &= ~Status.mprv }
    state.pointee.mstatus = status
    state.pointee.privilege = previous
    state.pointee.pc = state.pointee.mepc
    updateViews()
  }

  func returnFromSupervisor() throws(Exit) {
    var status = state.pointee.mstatus
    let privilege = state.pointee.privilege
    guard features.hasSupervisor, privilege != .user,
      privilege == .machine || status & Status.tsr == 0
    else { throw illegal() }
    let previous: Privilege = status & Status.spp != 0 ? .supervisor : .user
    status = Self.move(status, Status.spie, to: Status.sie) | Status.spie
    status &= ~(Status.spp | Status.mprv)
    state.pointee.mstatus = status
    state.pointee.privilege = previous
    state.pointee.pc = state.pointee.sepc
    updateViews()
  }
}
