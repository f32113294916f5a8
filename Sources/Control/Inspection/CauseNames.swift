import RISCV

/// What the manual calls causes of traps (RISC-V Privileged 1.13, table 14; Smdbltrp and Zicfi's causes too).
enum CauseNames {
  private static let exceptions = [
    "instruction address misaligned", "instruction access fault", "illegal instruction", "breakpoint",
    "load address misaligned", "load access fault", "store/AMO address misaligned", "store/AMO access fault",
    "environment call from U-mode", "environment call from S-mode", "environment call from VS-mode",
    "environment call from M-mode", "instruction page fault", "load page fault", "reserved",
    "store/AMO page fault", "double trap", "reserved", "software check", "hardware error",
  ]

  static func text(_ cause: UInt64, isInterrupt: Bool) -> String {
    if isInterrupt {
      let names = Interrupt.names + [(13, "counter-overflow")]
      return names.first { $0.number == cause }.map { "\($0.name) interrupt" } ?? "interrupt \(cause)"
    }
    return cause < UInt64(exceptions.count) ? exceptions[Int(cause)] : "exception \(cause)"
  }

  /// Bits of `mip` and `mie`.
  static let interruptBits: [(bit: UInt64, name: String)] = [
    (1, "SSI"), (3, "MSI"), (5, "STI"), (7, "MTI"), (9, "SEI"), (11, "MEI"), (13, "LCOFI"),
  ]

  static func interrupts(in word: UInt64) -> String {
    let names = interruptBits.filter { word >> $0.bit & 1 != 0 }.map(\.name)
    return names.isEmpty ? "none" : names.joined(separator: " ")
  }
}

extension Privilege {
  /// "M".
  var letter: String {
    switch self {
    case .user: "U"
    case .supervisor: "S"
    case .machine: "M"
    }
  }
}
