/// The direction in which an inexact result is rounded, encoded as `frm` and the `rm` field
/// (RISC-V Unprivileged, "F", Rounding mode encoding; IEEE 754-2019, §4.3).
///
/// Encodings 5 and 6 are reserved and 7 in `rm` means "take `frm`": resolving them is the
/// decoder's affair, no operation sees them.
package enum RoundingMode: UInt8, Sendable {
  /// RNE: to nearest, ties to even.
  case nearestEven = 0
  /// RTZ: towards zero.
  case towardZero = 1
  /// RDN: towards minus infinity.
  case down = 2
  /// RUP: towards plus infinity.
  case up = 3
  /// RMM: to nearest, ties away from zero.
  case nearestMaxMagnitude = 4
}

extension RoundingMode {
  /// 1 when a magnitude must grow by one unit in its last place, else 0.
  ///
  /// - Parameters:
  ///   - fraction: the part to be dropped, as a fraction of that unit: 2^63 is a half.
  ///   - odd: whether the last kept bit is set.
  @inline(__always)
  func carry(fraction: UInt64, negative: Bool, odd: Bool) -> UInt64 {
    // Each mode is an amount which, added to the fraction, reaches a whole unit exactly when
    // the mode rounds away from zero. That leaves no data-dependent branch to mispredict.
    let half: UInt64 = 1 << 63
    let amount: UInt64
    switch self {
    case .nearestEven: amount = half &- (odd ? 0 : 1)
    case .towardZero: amount = 0
    case .down: amount = negative ? .max : 0
    case .up: amount = negative ? 0 : .max
    case .nearestMaxMagnitude: amount = half
    }
    return fraction.addingReportingOverflow(amount).overflow ? 1 : 0
  }

  /// Whether a result too large for its format becomes infinite rather than the largest
  /// finite number (IEEE 754-2019, §7.4).
  func overflowsToInfinity(negative: Bool) -> Bool {
    switch self {
    case .nearestEven, .nearestMaxMagnitude: true
    case .towardZero: false
    case .down: negative
    case .up: !negative
    }
  }
}
