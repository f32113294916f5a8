// MARK: - To integers

extension SoftFloat {
  /// FCVT.W: to a signed 32-bit integer, sign-extended (RISC-V Unprivileged, "F",
  /// Single-Precision Floating-Point Conversion and Move Instructions; IEEE 754-2019, §5.8).
  ///
  /// What does not fit after rounding is invalid, not inexact, and becomes the nearest integer
  /// that fits; a NaN becomes the largest.
  @inline(never)
  package static func toSigned32(
    _ a: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    toInteger(a, least: 1 << 31, greatest: (1 << 31) - 1, rounding, &flags)
  }

  /// FCVT.WU: to an unsigned 32-bit integer, but sign-extended like every 32-bit result on
  /// RV64 (same section).
  @inline(never)
  package static func toUnsigned32(
    _ a: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    let integer = toInteger(a, least: 0, greatest: (1 << 32) - 1, rounding, &flags)
    return signExtended32(integer)
  }

  /// FCVT.L: to a signed 64-bit integer (same section).
  @inline(never)
  package static func toSigned64(
    _ a: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    toInteger(a, least: 1 << 63, greatest: (1 << 63) - 1, rounding, &flags)
  }

  /// FCVT.LU: to an unsigned 64-bit integer (same section).
  @inline(never)
  package static func toUnsigned64(
    _ a: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    toInteger(a, least: 0, greatest: .max, rounding, &flags)
  }

  /// FCVTMOD.W.D: truncates, and takes the low 32 bits of the integer however large it is,
  /// sign-extended (RISC-V Unprivileged, "Zfa", Modular Convert-to-Integer Instruction).
  ///
  /// Infinities and NaNs give zero. Flags are those of FCVT.W.D.
  @inline(never)
  package static func toSigned32Modular(_ a: UInt64, _ flags: inout FloatFlags) -> UInt64 {
    _ = toSigned32(a, .towardZero, &flags)
    guard isFinite(a) else { return 0 }
    let x = unpack(a)
    let whole: UInt64
    if x.exponent <= 63 {
      whole = parts(x).whole
    } else {
      // A multiple of 2^64 has nothing but zeros in its low bits.
      whole = x.exponent < 127 ? x.significand &<< UInt64(x.exponent &- 63) : 0
    }
    return signExtended32(x.negative ? 0 &- whole : whole)
  }

  /// - Parameters:
  ///   - least: the magnitude of the least integer that fits, which is not positive.
  ///   - greatest: the greatest integer that fits.
  @inline(__always)
  private static func toInteger(
    _ a: UInt64, least: UInt64, greatest: UInt64, _ rounding: RoundingMode,
    _ flags: inout FloatFlags
  ) -> UInt64 {
    if isNaN(a) {
      flags.insert(.invalid)
      return greatest
    }
    let negative = isNegative(a)
    let limit = negative ? least : greatest
    if isFinite(a) {
      let x = unpack(a)
      if x.exponent <= 63 {
        let (whole, fraction) = parts(x)
        let carry = rounding.carry(fraction: fraction, negative: negative, odd: whole & 1 != 0)
        let (integer, overflow) = whole.addingReportingOverflow(carry)
        if !overflow, integer <= limit {
          if fraction != 0 { flags.insert(.inexact) }
          return negative ? 0 &- integer : integer
        }
      }
    }
    flags.insert(.invalid)
    return negative ? 0 &- limit : limit
  }

  /// The integer part of a magnitude below 2^64, and the rest in units of 2^-64.
  ///
  /// A rest below that unit counts as one of it, which rounds the same.
  @inline(__always)
  private static func parts(_ x: Unpacked) -> (whole: UInt64, fraction: UInt64) {
    if x.exponent < 0 {
      return (0, shiftRightSticky(x.significand, -1 &- x.exponent))
    }
    let wholeBits = UInt64(x.exponent &+ 1)
    // Shifts by 64 must give zero here, not leave the value as the masking shifts would.
    return (x.significand >> (64 &- wholeBits), x.significand << wholeBits)
  }

  @inline(__always)
  private static func signExtended32(_ value: UInt64) -> UInt64 {
    UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
  }
}

// MARK: - From integers

extension SoftFloat {
  /// FCVT from W, when sign-extended, and L (RISC-V Unprivileged, "F", Single-Precision
  /// Floating-Point Conversion and Move Instructions; IEEE 754-2019, §5.4.1). Zero gives +0.
  @inline(never)
  package static func fromSigned64(
    _ value: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    if value == 0 { return 0 }
    let negative = Int64(bitPattern: value) < 0
    return normalizeAndRound(
      negative: negative, exponent: 63, significand: negative ? 0 &- value : value, rounding,
      &flags)
  }

  /// FCVT from WU, when zero-extended, and LU (same section).
  @inline(never)
  package static func fromUnsigned64(
    _ value: UInt64, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    if value == 0 { return 0 }
    return normalizeAndRound(
      negative: false, exponent: 63, significand: value, rounding, &flags)
  }
}

// MARK: - Between formats and to integral values

extension SoftFloat {
  /// FCVT between floating-point formats (RISC-V Unprivileged, "D", Double-Precision
  /// Floating-Point Conversion and Move Instructions; IEEE 754-2019, §5.4.2).
  @inline(never)
  package static func convert<G: BinaryFormat>(
    _ a: UInt64, to format: G.Type, _ rounding: RoundingMode, _ flags: inout FloatFlags
  ) -> UInt64 {
    let negative = isNegative(a)
    guard isFinite(a) else {
      if isInfinite(a) { return SoftFloat<G>.signed(G.infinity, negative: negative) }
      _ = fromNaNs(a, a, &flags)
      return SoftFloat<G>.canonicalNaN
    }
    if isZero(a) { return SoftFloat<G>.signed(0, negative: negative) }
    let x = unpack(a)
    return SoftFloat<G>.round(
      negative: negative, exponent: x.exponent, significand: x.significand, rounding, &flags)
  }

  /// The nearest integral value in the same format: FROUND, and FROUNDNX when `signalInexact`
  /// (RISC-V Unprivileged, "Zfa", Round-to-Integer Instructions; IEEE 754-2019, §5.9).
  @inline(never)
  package static func roundToIntegral(
    _ a: UInt64, _ rounding: RoundingMode, signalInexact: Bool, _ flags: inout FloatFlags
  ) -> UInt64 {
    if isNaN(a) { return fromNaNs(a, a, &flags) }
    let negative = isNegative(a)
    let x = unpack(a)
    // From here on every number is integral, and infinity, which has the greatest exponent,
    // stays what it is too.
    if x.exponent >= F.fractionBits { return signed(magnitude(a), negative: negative) }
    let (whole, fraction) = parts(x)
    if fraction != 0, signalInexact { flags.insert(.inexact) }
    let carry = rounding.carry(fraction: fraction, negative: negative, odd: whole & 1 != 0)
    let integer = whole &+ carry
    if integer == 0 { return signed(0, negative: negative) }
    // At most 2^fractionBits, so exact: this raises nothing.
    return normalizeAndRound(
      negative: negative, exponent: 63, significand: integer, rounding, &flags)
  }
}
