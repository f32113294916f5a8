import Glibc

/// What tests with random numbers begin with: `APUS_DEBUGGER_SEED=fresh` or a number,
/// `APUS_DEBUGGER_ROUNDS=` a factor.
enum Seed {
  private static func text(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  static var first: UInt64 {
    switch text("APUS_DEBUGGER_SEED") {
    case "fresh": .random(in: 1 ... .max)
    case let number?: UInt64(number) ?? 1
    case nil: 1
    }
  }

  static func rounds(_ usual: Int) -> Int {
    usual * max(1, text("APUS_DEBUGGER_ROUNDS").flatMap { Int($0) } ?? 1)
  }
}

/// Files as a crashed linker, a full disk or somebody hostile leaves them.
enum Damage {
  private static func next(_ state: inout UInt64) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33)
  }

  /// Changes a byte, a word or several, or the length, within `range` of `bytes`; `kind` says which, in turn.
  static func inflict(
    on bytes: inout [UInt8], _ state: inout UInt64, _ kind: Int, in range: Range<Int>? = nil
  ) {
    let range = range ?? 0..<bytes.count
    guard !range.isEmpty else { return }
    let at = range.lowerBound + next(&state) % range.count
    switch kind % 5 {
    case 0: bytes[at] = UInt8(truncatingIfNeeded: next(&state))
    case 1: for i in at..<min(at + 8, bytes.count) { bytes[i] = 0xff }
    case 2:
      for _ in 0..<8 {
        bytes[range.lowerBound + next(&state) % range.count] = UInt8(truncatingIfNeeded: next(&state))
      }
    case 3: bytes[at] = [0, 1, 0x7f, 0x80, 0xff][next(&state) % 5]
    default: bytes.removeSubrange(at...)
    }
  }
}
