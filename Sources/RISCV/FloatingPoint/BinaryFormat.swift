/// An IEEE 754 binary interchange format: one sign bit, a biased exponent, a fraction
/// (IEEE 754-2019, §3.4). Everything else about a format follows from the two widths.
///
/// A conformer is a type without values: it only chooses the specialisation of ``SoftFloat``.
public protocol BinaryFormat {
  /// Width of the biased exponent *E* (w in IEEE 754-2019, table 3.5).
  static var exponentBits: Int { get }
  /// Width of the trailing significand *T* (t = p - 1 in the same table).
  static var fractionBits: Int { get }
}

/// Half precision: the "H" operand format (RISC-V Unprivileged, "Zfh").
public enum Binary16: BinaryFormat {
  public static var exponentBits: Int { 5 }
  public static var fractionBits: Int { 10 }
}

/// Single precision: the "S" operand format (RISC-V Unprivileged, "F").
public enum Binary32: BinaryFormat {
  public static var exponentBits: Int { 8 }
  public static var fractionBits: Int { 23 }
}

/// Double precision: the "D" operand format (RISC-V Unprivileged, "D").
public enum Binary64: BinaryFormat {
  public static var exponentBits: Int { 11 }
  public static var fractionBits: Int { 52 }
}

extension BinaryFormat {
  /// What the stored exponent exceeds the true one by; also emax, and 1 - emin.
  static var bias: Int { (1 &<< (exponentBits &- 1)) &- 1 }

  /// Only the sign bit.
  static var signMask: UInt64 { 1 &<< UInt64(exponentBits &+ fractionBits) }

  /// All bits of the fraction.
  static var fractionMask: UInt64 { (1 &<< UInt64(fractionBits)) &- 1 }

  /// The bit that tells a quiet NaN from a signaling one (IEEE 754-2019, §6.2.1).
  static var quietBit: UInt64 { 1 &<< UInt64(fractionBits &- 1) }

  /// Positive infinity: all exponent bits. Patterns above it, sign aside, are NaNs.
  static var infinity: UInt64 { signMask &- (1 &<< UInt64(fractionBits)) }

  /// The smallest positive normal number; nonzero patterns below it are subnormal.
  static var leastNormal: UInt64 { 1 &<< UInt64(fractionBits) }
}
