/// Floating-point arithmetic on bit patterns, computed with integers alone: the result and
/// flags are the same on every host, and no host rounding mode or status is touched.
///
/// Operands and results stand in the low bits; the bits above the format are ignored in
/// operands and zero in results (NaN boxing is the register file's affair). As RISC-V demands,
/// every NaN result is ``canonicalNaN`` and tininess is judged after rounding
/// (RISC-V Unprivileged, "F", NaN Generation and Propagation; Subnormal Arithmetic).
///
/// Every operation has three steps, and this file holds the first and the last: the operand is
/// *unpacked* to sign, exponent and a 64-bit significand; the family's own file computes a
/// result of 64 significant bits, the lowest of which stands for everything beneath it; that
/// is *rounded* once and packed. Sixty-four bits leave binary64, the widest format, eleven bits
/// under its last place, so one form serves all formats, and converting between them is
/// merely unpacking as one and rounding as another.
///
/// The large operations are kept out of line, so that the interpreter's switch stays small. The
/// compiler specialises them for the formats that this module calls them with; from another
/// module they run unspecialised, seven times slower, so a hot caller belongs in here. (Declaring
/// the specialisations would mend that, but sends every caller through a dispatcher: 1-2 ns of 3-6.)
package enum SoftFloat<F: BinaryFormat> {
  /// The only NaN that operations deliver: positive, quiet, otherwise zero
  /// (RISC-V Unprivileged, "F", NaN Generation and Propagation).
  package static var canonicalNaN: UInt64 { F.infinity | F.quietBit }
}

// MARK: - Questions to a bit pattern

extension SoftFloat {
  /// The pattern without its sign. Magnitudes order like the integers that encode them.
  @inline(__always)
  static func magnitude(_ a: UInt64) -> UInt64 { a & (F.signMask &- 1) }

  @inline(__always)
  static func isNegative(_ a: UInt64) -> Bool { a & F.signMask != 0 }

  @inline(__always)
  static func isZero(_ a: UInt64) -> Bool { magnitude(a) == 0 }

  @inline(__always)
  static func isFinite(_ a: UInt64) -> Bool { magnitude(a) < F.infinity }

  @inline(__always)
  static func isInfinite(_ a: UInt64) -> Bool { magnitude(a) == F.infinity }

  @inline(__always)
  static func isNaN(_ a: UInt64) -> Bool { magnitude(a) > F.infinity }

  @inline(__always)
  static func isSignalingNaN(_ a: UInt64) -> Bool { isNaN(a) && a & F.quietBit == 0 }
}

// MARK: - Results that need no rounding

extension SoftFloat {
  /// Zero, infinity or another magnitude with the given sign.
  @inline(__always)
  static func signed(_ magnitude: UInt64, negative: Bool) -> UInt64 {
    negative ? magnitude | F.signMask : magnitude
  }

  /// The zero that an exact cancellation leaves (IEEE 754-2019, §6.3).
  @inline(__always)
  static func cancelled(_ rounding: RoundingMode) -> UInt64 {
    signed(0, negative: rounding == .down)
  }

  /// The result of an operation without a defined one (IEEE 754-2019, §7.2).
  static func invalid(_ flags: inout FloatFlags) -> UInt64 {
    flags.insert(.invalid)
    return canonicalNaN
  }

  /// The result of an operation with a NaN among its operands: invalid only when one of them
  /// signals (IEEE 754-2019, §6.2).
  static func fromNaNs(_ a: UInt64, _ b: UInt64, _ flags: inout FloatFlags) -> UInt64 {
    if isSignalingNaN(a) || isSignalingNaN(b) {
      flags.insert(.invalid)
    }
    return canonicalNaN
  }
}

// MARK: - Unpacking

/// A finite number as (-1)^negative * significand / 2^63 * 2^exponent.
///
/// The significand has its top bit set, for subnormal operands too, unless the number is zero.
struct Unpacked {
  var negative: Bool
  var exponent: Int
  var significand: UInt64

  /// The exponent of zero: below any that arithmetic on the formats can reach, so that aligning
  /// a zero to another number moves the zero.
  static var zeroExponent: Int { -0x10_0000 }
}

extension SoftFloat {
  /// Takes a finite pattern apart (IEEE 754-2019, §3.4).
  @inline(__always)
  static func unpack(_ a: UInt64) -> Unpacked {
    let negative = isNegative(a)
    let field = Int(truncatingIfNeeded: magnitude(a) &>> UInt64(F.fractionBits))
    let fraction = (a & F.fractionMask) &<< UInt64(63 &- F.fractionBits)
    if field != 0 {
      return Unpacked(
        negative: negative, exponent: field &- F.bias, significand: fraction | 1 &<< 63)
    }
    if fraction == 0 {
      return Unpacked(negative: negative, exponent: Unpacked.zeroExponent, significand: 0)
    }
    let shift = fraction.leadingZeroBitCount
    return Unpacked(
      negative: negative, exponent: 1 &- F.bias &- shift, significand: fraction &<< UInt64(shift))
  }
}

// MARK: - Rounding and packing

/// `value` divided by 2^distance, with bit 0 set when anything but zeros fell off the end.
///
/// Whoever rounds the result at a higher bit cannot tell it from the exact quotient.
@inline(__always)
func shiftRightSticky(_ value: UInt64, _ distance: Int) -> UInt64 {
  guard distance < 64 else { return value == 0 ? 0 : 1 }
  let shift = UInt64(truncatingIfNeeded: distance)
  let lost = value & ((1 &<< shift) &- 1)
  return value &>> shift | (lost == 0 ? 0 : 1)
}

extension SoftFloat {
  /// Rounds a nonzero number to the format: the last step of all arithmetic
  /// (IEEE 754-2019, §4.3, §7.4-7.6).
  ///
  /// - Parameters:
  ///   - exponent: as in ``Unpacked``; may lie far outside the format's range.
  ///   - significand: with its top bit set, and bit 0 standing for all that is beneath it.
  @inline(__always)
  static func round(
    negative: Bool, exponent: Int, significand: UInt64, _ rounding: RoundingMode,
    _ flags: inout FloatFlags
  ) -> UInt64 {
    let fractionBits = UInt64(F.fractionBits)
    let droppedBits = 63 &- fractionBits
    var significand = significand
    var field = exponent &+ F.bias
    var tiny = false
    if field < 1 {
      tiny = isTiny(field: field, significand: significand, negative: negative, rounding)
      significand = shiftRightSticky(significand, 1 &- field)
      field = 1
    }
    let kept = significand &>> droppedBits
    let fraction = significand &<< (64 &- droppedBits)
    let carry = rounding.carry(fraction: fraction, negative: negative, odd: kept & 1 != 0)
    // The leading one of a normal number adds 1 to the field beneath which it is stored; a
    // subnormal has none and gets field 0. A carry out of the fraction needs no special care
    // either: it leaves zeros and raises the exponent, be it to the least normal number or to
    // infinity.
    let lowered = UInt64(truncatingIfNeeded: field &- 1)
    let result = (lowered &<< fractionBits) &+ kept &+ carry
    if fraction != 0 {
      flags.insert(tiny ? [.inexact, .underflow] : .inexact)
    }
    if result >= F.infinity {
      flags.insert([.overflow, .inexact])
      let infinite = rounding.overflowsToInfinity(negative: negative)
      return signed(infinite ? F.infinity : F.infinity &- 1, negative: negative)
    }
    return signed(result, negative: negative)
  }

  /// Whether a number below the least normal one stays there when it is rounded as though the
  /// exponent had no lower bound: tininess "after rounding" (IEEE 754-2019, §7.5).
  private static func isTiny(
    field: Int, significand: UInt64, negative: Bool, _ rounding: RoundingMode
  ) -> Bool {
    guard field == 0 else { return true }
    // Within a factor of two of the least normal number only an all-ones significand that
    // carries gets there.
    let droppedBits = UInt64(63 &- F.fractionBits)
    let kept = significand &>> droppedBits
    guard kept == UInt64.max &>> droppedBits else { return true }
    let fraction = significand &<< (64 &- droppedBits)
    return rounding.carry(fraction: fraction, negative: negative, odd: true) == 0
  }

  /// Rounds a nonzero number whose leading one may stand anywhere.
  @inline(__always)
  static func normalizeAndRound(
    negative: Bool, exponent: Int, significand: UInt64, _ rounding: RoundingMode,
    _ flags: inout FloatFlags
  ) -> UInt64 {
    let shift = significand.leadingZeroBitCount
    return round(
      negative: negative, exponent: exponent &- shift,
      significand: significand &<< UInt64(shift), rounding, &flags)
  }
}
