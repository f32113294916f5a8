import RISCV

extension BuiltinFirmware {
  /// Legacy extensions (SBI 2.0, chapter 5): a0 alone is the answer, a6 says nothing.
  func legacy(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    let hart = call.hart
    switch call.extension {
    case 0: setTimer(call)
    case 1: console?.send(UInt8(truncatingIfNeeded: call[0]))
    case 2: return .legacy(console?.receive().map { Int64($0) } ?? -1)
    case 3: hart.setPending(Interrupt.supervisorSoftware, false)
    case 4:
      guard let targets = legacyHarts(call) else { return .done }
      interrupt(targets, from: hart)
    case 5:
      guard let targets = legacyHarts(call) else { return .done }
      fence(.instructions, on: targets, from: hart, .fenceSent, .fenceReceived)
    case 6:
      guard let targets = legacyHarts(call) else { return .done }
      fence(
        .addresses(range(call[1], call[2], call)), on: targets, from: hart, .addressFenceSent,
        .addressFenceReceived)
    case 7:
      guard let targets = legacyHarts(call) else { return .done }
      fence(
        .addresses(range(call[1], call[2], call)), on: targets, from: hart, .spaceFenceSent,
        .spaceFenceReceived)
    default: return shutDown(hart)
    }
    return .legacy(0)
  }

  /// The harts of the mask at the virtual address in a0; all for none. Nil: reading it has raised an exception, which
  /// the supervisor takes at its call. One word is read, as OpenSBI does.
  private func legacyHarts(_ call: SBICall) -> [Hart]? {
    guard call[0] != 0 else { return harts }
    guard let mask = call.hart.loadForSupervisor(call[0], width: call.hart.features.xlen / 8) else {
      return nil
    }
    return harts(mask: mask, base: 0, of: call)
  }
}
