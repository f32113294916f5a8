import RISCV

extension BuiltinFirmware {
  /// RFENCE (SBI 2.0, chapter 8). The hypervisor's are for harts that have the extension, which there are none of.
  func remoteFence(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    let targets = harts(mask: call[0], base: call[1], of: call)
    switch call.function {
    case 0: fence(.instructions, on: targets, from: call.hart, .fenceSent, .fenceReceived)
    case 1:
      fence(
        .addresses(range(call[2], call[3], call)), on: targets, from: call.hart, .addressFenceSent,
        .addressFenceReceived)
    case 2:
      // Address spaces are not told apart: the lookaside has no identifiers.
      fence(
        .addresses(range(call[2], call[3], call)), on: targets, from: call.hart, .spaceFenceSent,
        .spaceFenceReceived)
    default: throw .notSupported
    }
    return .success
  }

  /// Nil stands for all addresses.
  func range(_ start: UInt64, _ size: UInt64, _ call: SBICall) -> Range<UInt64>? {
    let (end, overflow) = start.addingReportingOverflow(size)
    guard start != 0 || size != 0, size != call.ones, !overflow, end <= call.ones else { return nil }
    return start..<end
  }

  func fence(
    _ fence: RemoteFence, on targets: [Hart], from sender: Hart, _ sent: FirmwareEvent,
    _ received: FirmwareEvent
  ) {
    for target in targets where target !== sender {
      record(of: sender).count(sent)
      record(of: target).count(received)
    }
    sender.fence(fence, on: targets)
  }
}
