import RISCV

/// Harts that start, stop and sleep.
extension BuiltinFirmware {
  // MARK: HSM (SBI 2.0, chapter 9)

  func hartState(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    switch call.function {
    case 0: return try startHart(call)
    case 1: return stopHart(call.hart)
    case 2: return .value(try record(named: call[0]).life.withLock { $0.state.rawValue })
    case 3: return try suspendHart(call)
    default: throw .notSupported
    }
  }

  private func record(named id: UInt64) throws(SBIError) -> HartRecord {
    guard id < UInt64(records.count) else { throw .invalidParameter }
    return records[Int(id)]
  }

  /// Instructions can come from there.
  private func requireMemory(_ address: UInt64) throws(SBIError) {
    guard memory.hostPage(at: address) != nil else { throw .invalidAddress }
  }

  private func startHart(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    let record = try record(named: call[0])
    let entry = HartRecord.Entry(address: call[1], opaque: call[2])
    let isStopped = record.life.withLock { $0.state == .stopped }
    guard isStopped else { throw .alreadyAvailable }
    try requireMemory(entry.address)
    // Of several harts that want it started one is the first.
    let isFirst = record.life.withLock { life in
      guard life.state == .stopped else { return false }
      life.state = .startPending
      life.entry = entry
      return true
    }
    guard isFirst else { throw .alreadyAvailable }
    harts[Int(call[0])].port.bell.ring()
    return .success
  }

  private func stopHart(_ hart: Hart) -> SBIOutcome {
    let record = record(of: hart)
    record.hold = .stopped
    hart.hold()
    disableTimer(hart)
    hart.setMachineTimer(.max, isEnabled: false)
    record.life.withLock { $0.state = .stopped }
    return .done
  }

  private func suspendHart(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    let isRetentive: Bool
    switch try call.narrow(0) {
    case 0: isRetentive = true
    case 0x8000_0000: isRetentive = false
    // The platform's own, of which there are none.
    case 0x1000_0000...0x7fff_ffff, 0x9000_0000...0xffff_ffff: throw .notSupported
    default: throw .invalidParameter
    }
    guard isRetentive else {
      try requireMemory(call[1])
      return suspend(call.hart, HartRecord.Entry(address: call[1], opaque: call[2]))
    }
    return suspend(call.hart, nil)
  }

  private func suspend(_ hart: Hart, _ entry: HartRecord.Entry?) -> SBIOutcome {
    let record = record(of: hart)
    record.hold = .suspended(entry)
    hart.hold()
    record.life.withLock { $0.state = .suspended }
    return .done
  }

  // MARK: SUSP (SBI 2.0, chapter 13)

  func systemSuspend(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    guard call.function == 0 else { throw .notSupported }
    // Suspend to RAM is the only type there is.
    guard try call.narrow(0) == 0 else { throw .invalidParameter }
    try requireMemory(call[1])
    for (index, record) in records.enumerated() where index != Int(call.hart.id) {
      guard record.life.withLock({ $0.state == .stopped }) else { throw .denied }
    }
    return suspend(call.hart, HartRecord.Entry(address: call[1], opaque: call[2]))
  }

  // MARK: Going on

  package func release(_ hart: Hart) -> Bool {
    let record = record(of: hart)
    switch record.hold {
    case .stopped:
      let entry = record.life.withLock { life -> HartRecord.Entry? in
        guard life.state == .startPending else { return nil }
        life.state = .started
        return life.entry
      }
      guard let entry else { return false }
      // Nothing is left of what it was.
      hart.setPending(Interrupt.supervisorSoftware | Interrupt.supervisorTimer, false)
      enter(hart, entry)
      hart.fence(.instructions, on: [hart])
      return true
    case .suspended(let entry):
      guard hart.hasEnabledInterrupt else { return false }
      record.life.withLock { $0.state = .started }
      guard let entry else {
        hart[x: 10] = 0
        hart[x: 11] = 0
        hart.skipCall()
        hart.endHold()
        return true
      }
      enter(hart, entry)
      return true
    case .ended: return false
    }
  }
}
