import RISCV

extension BuiltinFirmware {
  /// SRST (SBI 2.0, chapter 10).
  func systemReset(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    guard call.function == 0 else { throw .notSupported }
    let kind = try call.narrow(0)
    // No reason, or a failure of the system: the exit code is the same, as it is with OpenSBI.
    guard try call.narrow(1) <= 1 else { throw .invalidParameter }
    switch kind {
    case 0: return shutDown(call.hart)
    case 1, 2:
      power.requestReset()
      return end(call.hart)
    default: throw .invalidParameter
    }
  }

  func shutDown(_ hart: Hart) -> SBIOutcome {
    power.shutDown(exitCode: 0)
    return end(hart)
  }

  /// The call does not return.
  private func end(_ hart: Hart) -> SBIOutcome {
    record(of: hart).hold = .ended
    hart.hold()
    return .done
  }
}
