// MARK: - Comparisons

extension SoftFloat {
  /// a = b: FEQ, which is quiet: invalid only for signaling NaNs (RISC-V Unprivileged, "F",
  /// Single-Precision Floating-Point Compare Instructions; IEEE 754-2019, §5.11).
  @inline(__always)
  package static func equal(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> Bool {
    areOrdered(a, b, signaling: false, &flags) && ordinal(a) == ordinal(b)
  }

  /// a < b: FLT, which signals: invalid for any NaN (same section).
  @inline(__always)
  package static func less(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> Bool {
    areOrdered(a, b, signaling: true, &flags) && ordinal(a) < ordinal(b)
  }

  /// a <= b: FLE, which signals (same section).
  @inline(__always)
  package static func lessOrEqual(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> Bool {
    areOrdered(a, b, signaling: true, &flags) && ordinal(a) <= ordinal(b)
  }

  /// a < b without complaint about quiet NaNs: FLTQ (RISC-V Unprivileged, "Zfa", Comparison
  /// Instructions).
  @inline(__always)
  package static func lessQuiet(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> Bool {
    areOrdered(a, b, signaling: false, &flags) && ordinal(a) < ordinal(b)
  }

  /// a <= b without complaint about quiet NaNs: FLEQ (same section).
  @inline(__always)
  package static func lessOrEqualQuiet(
    _ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags
  ) -> Bool {
    areOrdered(a, b, signaling: false, &flags) && ordinal(a) <= ordinal(b)
  }

  /// Whether neither operand is a NaN: every comparison with one is false.
  @inline(__always)
  private static func areOrdered(
    _ a: UInt64, _ b: UInt64, signaling: Bool, _ flags: inout FloatFlags
  ) -> Bool {
    guard isNaN(a) || isNaN(b) else { return true }
    if signaling || isSignalingNaN(a) || isSignalingNaN(b) {
      flags.insert(.invalid)
    }
    return false
  }

  /// An integer that orders like the number; both zeros give 0.
  @inline(__always)
  private static func ordinal(_ a: UInt64) -> Int64 {
    let magnitude = Int64(truncatingIfNeeded: magnitude(a))
    return isNegative(a) ? 0 &- magnitude : magnitude
  }
}

// MARK: - Minimum and maximum

extension SoftFloat {
  /// minimumNumber, which prefers a number to a NaN: FMIN since version 2.2 (RISC-V
  /// Unprivileged, "F", Single-Precision Floating-Point Computational Instructions;
  /// IEEE 754-2019, §9.6).
  package static func minimum(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> UInt64 {
    guard isNaN(a) || isNaN(b) else { return precedes(a, b) ? own(a) : own(b) }
    return number(a, b, &flags)
  }

  /// maximumNumber: FMAX (same sections).
  package static func maximum(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> UInt64 {
    guard isNaN(a) || isNaN(b) else { return precedes(a, b) ? own(b) : own(a) }
    return number(a, b, &flags)
  }

  /// minimum, which is NaN when either operand is: FMINM (RISC-V Unprivileged, "Zfa", Minimum
  /// and Maximum Instructions).
  package static func minimumNaN(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> UInt64 {
    guard isNaN(a) || isNaN(b) else { return precedes(a, b) ? own(a) : own(b) }
    return fromNaNs(a, b, &flags)
  }

  /// maximum, which is NaN when either operand is: FMAXM (same section).
  package static func maximumNaN(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> UInt64 {
    guard isNaN(a) || isNaN(b) else { return precedes(a, b) ? own(b) : own(a) }
    return fromNaNs(a, b, &flags)
  }

  /// The operand that is a number, if there is one; invalid when the other signals.
  private static func number(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> UInt64 {
    let nan = fromNaNs(a, b, &flags)
    return isNaN(a) ? (isNaN(b) ? nan : own(b)) : own(a)
  }

  /// Whether a comes before b in an order that, unlike comparison, has -0 before +0.
  @inline(__always)
  private static func precedes(_ a: UInt64, _ b: UInt64) -> Bool {
    let x = Int64(truncatingIfNeeded: magnitude(a))
    let y = Int64(truncatingIfNeeded: magnitude(b))
    return (isNegative(a) ? ~x : x) < (isNegative(b) ? ~y : y)
  }

  /// The format's own bits of an operand that becomes a result.
  @inline(__always)
  private static func own(_ a: UInt64) -> UInt64 {
    a & (F.signMask | (F.signMask &- 1))
  }
}
