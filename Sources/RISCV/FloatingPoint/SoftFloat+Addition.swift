extension SoftFloat {
  /// a + b: FADD (RISC-V Unprivileged, "F", Single-Precision Floating-Point Computational
  /// Instructions; IEEE 754-2019, §5.4.1).
  @inline(never)
  package static func add(
    _ a: UInt64, _ b: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    guard isFinite(a), isFinite(b) else {
      return addNonFinite(a, b, &flags)
    }
    // With the larger magnitude first the result has its sign and no difference is negative.
    let swap = magnitude(a) < magnitude(b)
    let large = unpack(swap ? b : a)
    let small = unpack(swap ? a : b)
    let aligned = shiftRightSticky(small.significand, large.exponent &- small.exponent)

    if large.negative == small.negative {
      let (sum, carried) = large.significand.addingReportingOverflow(aligned)
      if carried {
        return round(
          negative: large.negative, exponent: large.exponent &+ 1,
          significand: sum &>> 1 | sum & 1 | 1 &<< 63, rounding, &flags)
      }
      if sum == 0 { return signed(0, negative: large.negative) }
      return round(
        negative: large.negative, exponent: large.exponent, significand: sum, rounding, &flags)
    }

    // The sticky bit survives cancellation: bits are only lost by an alignment of more than
    // ten places, and after one of two or more the difference loses at most its top bit.
    let difference = large.significand &- aligned
    if difference == 0 { return cancelled(rounding) }
    return normalizeAndRound(
      negative: large.negative, exponent: large.exponent, significand: difference, rounding,
      &flags)
  }

  /// a - b: FSUB. Changing b's sign is exact, and the sign of a NaN has no meaning.
  @inline(__always)
  package static func subtract(
    _ a: UInt64, _ b: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    add(a, b ^ F.signMask, rounding, &flags)
  }

  @inline(never)
  private static func addNonFinite(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> UInt64 {
    if isNaN(a) || isNaN(b) { return fromNaNs(a, b, &flags) }
    if isInfinite(a), isInfinite(b), isNegative(a) != isNegative(b) { return invalid(&flags) }
    return signed(F.infinity, negative: isNegative(isInfinite(a) ? a : b))
  }
}
