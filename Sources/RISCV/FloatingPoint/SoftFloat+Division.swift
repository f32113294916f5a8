extension SoftFloat {
  /// a / b: FDIV (RISC-V Unprivileged, "F", Single-Precision Floating-Point Computational
  /// Instructions; IEEE 754-2019, §5.4.1, §7.3).
  @inline(never)
  package static func divide(
    _ a: UInt64, _ b: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    let negative = isNegative(a) != isNegative(b)
    guard isFinite(a), isFinite(b) else {
      if isNaN(a) || isNaN(b) { return fromNaNs(a, b, &flags) }
      if isFinite(b) { return signed(F.infinity, negative: negative) }
      return isInfinite(a) ? invalid(&flags) : signed(0, negative: negative)
    }
    if isZero(b) {
      if isZero(a) { return invalid(&flags) }
      flags.insert(.divideByZero)
      return signed(F.infinity, negative: negative)
    }
    if isZero(a) { return signed(0, negative: negative) }
    let x = unpack(a)
    let y = unpack(b)
    // Halving the dividend keeps the quotient, a number in (1/2, 2) scaled by 2^63, within 64
    // bits. Of those at least 63 are significant.
    let (quotient, remainder) = y.significand.dividingFullWidth(
      (x.significand &>> 1, x.significand &<< 63))
    return normalizeAndRound(
      negative: negative, exponent: x.exponent &- y.exponent,
      significand: quotient | (remainder == 0 ? 0 : 1), rounding, &flags)
  }

  /// The square root of a: FSQRT (RISC-V Unprivileged, "F", Single-Precision Floating-Point
  /// Computational Instructions; IEEE 754-2019, §5.4.1). The root of -0 is -0.
  @inline(never)
  package static func squareRoot(
    _ a: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    if isNaN(a) { return fromNaNs(a, a, &flags) }
    if isZero(a) { return signed(0, negative: isNegative(a)) }
    if isNegative(a) { return invalid(&flags) }
    if isInfinite(a) { return F.infinity }
    let x = unpack(a)

    // An odd exponent gives its odd factor of two to the radicand, which is then v in [1, 4)
    // with two bits before the point. Its root is in [1, 2).
    let odd = UInt64(truncatingIfNeeded: x.exponent & 1)
    let radicand = x.significand &>> (1 &- odd)
    let estimate = rootEstimate(radicand)

    // The estimate is never below the root, and above by less than a unit of the digits kept
    // here: the leading one, the fraction, and one to tell which half of the last place. So the
    // kept digits are right or one too large, and squaring them tells which.
    let unit: UInt64 = 1 &<< UInt64(62 &- F.fractionBits)
    var root = estimate & ~(unit &- 1)
    var square = root.multipliedFullWidth(by: root)
    if square.high > radicand || (square.high == radicand && square.low > 0) {
      root &-= unit
      square = root.multipliedFullWidth(by: root)
    }
    let exact = square.high == radicand && square.low == 0
    return round(
      negative: false, exponent: x.exponent &>> 1, significand: root | (exact ? 0 : 1), rounding,
      &flags)
  }

  /// The square root of v in [1, 4) with one bit before the point, by Heron's method: the mean
  /// of y and v / y is a root with twice as many right digits as y, and in integers never less
  /// than the root rounded down.
  @inline(__always)
  private static func rootEstimate(_ v: UInt64) -> UInt64 {
    // The line (v + 2) / 3 meets the root at 1 and 4 and in between is at most 6 % off: four
    // digits. Three steps make that 32.
    var y = (v &>> 31 &+ 1 &<< 32) / 3
    y = (y &+ v / y) &>> 1
    y = (y &+ v / y) &>> 1
    y = (y &+ v / y) &>> 1
    // The root is below 2, though its estimate may not be. Ones below keep it from being less.
    let wide = min(y, UInt64(UInt32.max)) &<< 32 | UInt64(UInt32.max)
    guard F.fractionBits > 28 else { return wide }
    let (quotient, _) = wide.dividingFullWidth((v, 0))
    return (wide & quotient) &+ (wide ^ quotient) &>> 1  // their mean, without the 65th bit
  }
}
