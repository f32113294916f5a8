import RISCV

extension BuiltinFirmware {
  /// "Apus" is not among the implementations that the specification numbers (SBI 2.0, table 4): ASCII instead.
  static let implementation: UInt64 = 0x4170_7573
  static let implementationVersion: UInt64 = 1

  /// Base extension (SBI 2.0, chapter 4).
  func base(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    let hart = call.hart
    switch call.function {
    case 0: return .value(2 << 24)
    case 1: return .value(Self.implementation)
    case 2: return .value(Self.implementationVersion)
    case 3: return .value(isThere(call[0]) ? 1 : 0)
    case 4: return .value(hart.peekCSR(CSR.mvendorid) ?? 0)
    case 5: return .value(hart.peekCSR(CSR.marchid) ?? 0)
    case 6: return .value(hart.peekCSR(CSR.mimpid) ?? 0)
    default: throw .notSupported
    }
  }

  private func isThere(_ number: UInt64) -> Bool {
    if number == SBIExtension.debugConsole { return console != nil }
    return SBIExtension.legacy.contains(number) || SBIExtension.all.contains(number)
  }
}
