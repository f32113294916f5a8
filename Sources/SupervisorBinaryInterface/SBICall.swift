import RISCV

/// Extensions by their identifiers (SBI 2.0, chapters 4 to 13). The legacy ones are 0 to 8.
enum SBIExtension {
  static let base: UInt64 = 0x10
  static let time: UInt64 = 0x5449_4d45
  static let ipi: UInt64 = 0x73_5049
  static let remoteFence: UInt64 = 0x5246_4e43
  static let hartState: UInt64 = 0x48_534d
  static let systemReset: UInt64 = 0x5352_5354
  static let performance: UInt64 = 0x50_4d55
  static let debugConsole: UInt64 = 0x4442_434e
  static let systemSuspend: UInt64 = 0x5355_5350
  static let legacy: ClosedRange<UInt64> = 0...8

  static let all = [
    base, time, ipi, remoteFence, hartState, systemReset, performance, debugConsole, systemSuspend,
  ]
}

/// Standard errors (SBI 2.0, table 1).
enum SBIError: Int64, Error {
  case failed = -1
  case notSupported = -2
  case invalidParameter = -3
  case denied = -4
  case invalidAddress = -5
  case alreadyAvailable = -6
  case alreadyStarted = -7
  case alreadyStopped = -8
  case noSharedMemory = -9
}

/// What a call leaves behind.
enum SBIOutcome {
  /// SBI_SUCCESS with a value.
  case value(UInt64)
  /// a0 alone, as legacy calls answer.
  case legacy(Int64)
  /// The hart goes on elsewhere, or not at all: its registers are what they have to be.
  case done

  static let success = SBIOutcome.value(0)
}

/// A call as the registers have it (SBI 2.0, chapter 3).
struct SBICall {
  let hart: Hart
  /// a7.
  var `extension`: UInt64 { hart[x: 17] }
  /// a6.
  var function: UInt64 { hart[x: 16] }
  /// a0 to a5.
  subscript(index: Int) -> UInt64 { hart[x: 10 + index] }

  /// An argument that is 32 bits wide: more than that is no value of it.
  func narrow(_ index: Int) throws(SBIError) -> UInt32 {
    let value = self[index]
    // Callers may extend it by its sign.
    guard
      let narrow = UInt32(exactly: value)
        ?? Int32(exactly: Int64(bitPattern: value)).map(UInt32.init(bitPattern:))
    else { throw .invalidParameter }
    return narrow
  }

  /// 64 bits, which take two registers of RV32.
  func wide(_ index: Int) -> UInt64 {
    hart.features.xlen == 32 ? self[index] | self[index + 1] << 32 : self[index]
  }

  /// XLEN ones.
  var ones: UInt64 { hart.features.xlen == 32 ? 0xffff_ffff : .max }
}
