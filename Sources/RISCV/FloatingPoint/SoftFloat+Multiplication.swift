extension SoftFloat {
  /// a * b: FMUL (RISC-V Unprivileged, "F", Single-Precision Floating-Point Computational
  /// Instructions; IEEE 754-2019, §5.4.1).
  @inline(never)
  package static func multiply(
    _ a: UInt64, _ b: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    let negative = isNegative(a) != isNegative(b)
    guard isFinite(a), isFinite(b) else {
      if isNaN(a) || isNaN(b) { return fromNaNs(a, b, &flags) }
      if isZero(a) || isZero(b) { return invalid(&flags) }
      return signed(F.infinity, negative: negative)
    }
    if isZero(a) || isZero(b) { return signed(0, negative: negative) }
    let x = unpack(a)
    let y = unpack(b)
    // Two numbers in [1, 2) have a product in [1, 4): its leading one is the top bit of the
    // 128, or the next. The low half is zeros but for a few bits that only binary64 fills.
    let (high, low) = x.significand.multipliedFullWidth(by: y.significand)
    return normalizeAndRound(
      negative: negative, exponent: x.exponent &+ y.exponent &+ 1,
      significand: high | (low == 0 ? 0 : 1), rounding, &flags)
  }

  /// a * b + c, rounded once: FMADD, and FMSUB, FNMSUB, FNMADD by signs flipped beforehand
  /// (RISC-V Unprivileged, "F", Single-Precision Floating-Point Computational Instructions;
  /// IEEE 754-2019, §5.4.1).
  @inline(never)
  package static func fusedMultiplyAdd(
    _ a: UInt64, _ b: UInt64, _ c: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    guard isFinite(a), isFinite(b), isFinite(c) else {
      return fusedMultiplyAddNonFinite(a, b, c, &flags)
    }
    let negative = isNegative(a) != isNegative(b)
    if isZero(a) || isZero(b) {
      let cancels = isZero(c) && isNegative(c) != negative
      return cancels ? cancelled(rounding) : signed(magnitude(c), negative: isNegative(c))
    }

    // The same as addition, in 128 bits: the exact product has at most 106, and the top bit is
    // made its leading one. The addend's significand becomes the high half of another 128.
    let x = unpack(a)
    let y = unpack(b)
    let addend = unpack(c)
    let (high, low) = x.significand.multipliedFullWidth(by: y.significand)
    let shift = high.leadingZeroBitCount  // 0 or 1
    let product = (UInt128(high) &<< 64 | UInt128(low)) &<< UInt128(shift)
    let productExponent = x.exponent &+ y.exponent &+ 1 &- shift
    let addendIsLarge =
      addend.exponent > productExponent
      || (addend.exponent == productExponent && UInt128(addend.significand) &<< 64 > product)

    let wideAddend = UInt128(addend.significand) &<< 64
    let large = addendIsLarge ? wideAddend : product
    let small = addendIsLarge ? product : wideAddend
    let exponent = addendIsLarge ? addend.exponent : productExponent
    let distance = exponent &- (addendIsLarge ? productExponent : addend.exponent)
    let aligned = shiftRightSticky(small, distance)
    let resultIsNegative = addendIsLarge ? addend.negative : negative

    if negative == addend.negative {
      let (sum, carried) = large.addingReportingOverflow(aligned)
      let carry: UInt128 = carried ? 1 : 0
      return round(
        negative: resultIsNegative, exponent: exponent &+ (carried ? 1 : 0),
        significand: narrowed(sum &>> carry | sum & 1 | carry &<< 127), rounding, &flags)
    }
    // At least 22 zeros end either operand, so that bits are only lost by an alignment after which
    // the difference loses at most its top bit: the sticky bit survives, as in addition.
    let difference = large &- aligned
    if difference == 0 { return cancelled(rounding) }
    let zeros = difference.leadingZeroBitCount
    return round(
      negative: resultIsNegative, exponent: exponent &- zeros,
      significand: narrowed(difference &<< UInt128(zeros)), rounding, &flags)
  }

  /// Infinity times zero is invalid even when a quiet NaN is added: IEEE 754 leaves that open,
  /// RISC-V does not (same section).
  @inline(never)
  private static func fusedMultiplyAddNonFinite(
    _ a: UInt64, _ b: UInt64, _ c: UInt64, _ flags: inout FloatFlags
  ) -> UInt64 {
    if (isInfinite(a) && isZero(b)) || (isZero(a) && isInfinite(b)) {
      return invalid(&flags)
    }
    if isNaN(a) || isNaN(b) || isNaN(c) {
      if isSignalingNaN(c) { flags.insert(.invalid) }
      return fromNaNs(a, b, &flags)
    }
    let negative = isNegative(a) != isNegative(b)
    guard isInfinite(a) || isInfinite(b) else {
      return signed(F.infinity, negative: isNegative(c))
    }
    if isInfinite(c), isNegative(c) != negative { return invalid(&flags) }
    return signed(F.infinity, negative: negative)
  }
}

/// The same as for 64 bits: bit 0 is set when anything but zeros fell off the end.
@inline(__always)
private func shiftRightSticky(_ value: UInt128, _ distance: Int) -> UInt128 {
  guard distance < 128 else { return value == 0 ? 0 : 1 }
  let shift = UInt128(truncatingIfNeeded: distance)
  let lost = value & ((1 &<< shift) &- 1)
  return value &>> shift | (lost == 0 ? 0 : 1)
}

/// The high half, with bit 0 set when the low half is not zero.
@inline(__always)
private func narrowed(_ value: UInt128) -> UInt64 {
  let low = UInt64(truncatingIfNeeded: value)
  return UInt64(truncatingIfNeeded: value &>> 64) | (low == 0 ? 0 : 1)
}
