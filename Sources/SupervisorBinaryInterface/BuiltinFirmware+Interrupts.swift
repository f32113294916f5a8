import RISCV

/// Timers and interrupts between harts.
extension BuiltinFirmware {
  // MARK: TIME (SBI 2.0, chapter 6)

  func time(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    guard call.function == 0 else { throw .notSupported }
    setTimer(call)
    return .success
  }

  /// Has the supervisor's timer interrupt become pending at the time in a0; until then it is not.
  func setTimer(_ call: SBICall) {
    let hart = call.hart
    record(of: hart).count(.setTimer)
    let ticks = call.wide(0)
    guard !hart.features.extensions.contains(.sstc) else { return setCompare(hart, ticks) }
    hart.setPending(Interrupt.supervisorTimer, false)
    hart.setMachineTimer(ticks, isEnabled: true)
  }

  private func setCompare(_ hart: Hart, _ ticks: UInt64) {
    guard hart.features.xlen == 32 else {
      hart.pokeCSR(CSR.stimecmp, ticks)
      return
    }
    // Not due between the two writes.
    hart.pokeCSR(CSR.stimecmp, 0xffff_ffff)
    hart.pokeCSR(CSR.stimecmph, ticks >> 32)
    hart.pokeCSR(CSR.stimecmp, ticks)
  }

  func disableTimer(_ hart: Hart) {
    if hart.features.extensions.contains(.sstc) { setCompare(hart, .max) }
  }

  /// Without `stimecmp`: the machine's timer becomes the supervisor's.
  func timerIsDue(_ hart: Hart) {
    hart.setMachineTimer(.max, isEnabled: false)
    hart.setPending(Interrupt.supervisorTimer, true)
  }

  // MARK: IPI (SBI 2.0, chapter 7)

  func interProcessorInterrupt(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    guard call.function == 0 else { throw .notSupported }
    interrupt(harts(mask: call[0], base: call[1], of: call), from: call.hart)
    return .success
  }

  func interrupt(_ targets: [Hart], from sender: Hart) {
    for target in targets {
      let record = record(of: target)
      guard record.life.withLock({ $0.state == .started || $0.state == .suspended }) else { continue }
      self.record(of: sender).count(.interruptSent)
      record.count(.interruptReceived)
      target.port.set(Interrupt.supervisorSoftware, true)
    }
  }

  /// The harts of a mask (SBI 2.0, §3.1). Like OpenSBI this passes over those that are not there.
  func harts(mask: UInt64, base: UInt64, of call: SBICall) -> [Hart] {
    if base == call.ones { return harts }
    return harts.filter { hart in
      let bit = hart.id &- base
      return hart.id >= base && bit < UInt64(call.hart.features.xlen) && mask >> bit & 1 != 0
    }
  }
}
