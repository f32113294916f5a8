extension SoftFloat {
  /// The constant that FLI loads for an `rs1` field of `index`, modulo 32 (RISC-V Unprivileged,
  /// "Zfa", Load-Immediate Instructions). Raises nothing.
  package static func immediate(_ index: UInt8) -> UInt64 {
    // Apart from the first and last entries each constant is a power of two and up to three
    // quarters of it.
    let exponent: Int
    var quarters: UInt64 = 0
    switch index & 31 {
    case 0: return signed(UInt64(F.bias) &<< UInt64(F.fractionBits), negative: true)
    case 1: return F.leastNormal
    case 2: exponent = -16
    case 3: exponent = -15
    case 4: exponent = -8
    case 5: exponent = -7
    case 6: exponent = -4
    case 7: exponent = -3
    case 8...22:  // 0.25 to 3 in steps of a quarter of the power of two below
      exponent = Int(index & 31) / 4 - 4
      quarters = UInt64(index & 3)
    case 23: exponent = 2
    case 24: exponent = 3
    case 25: exponent = 4
    case 26: exponent = 7
    case 27: exponent = 8
    case 28: exponent = 15
    case 29: exponent = 16
    case 30: return F.infinity
    default: return canonicalNaN
    }
    // Rounding makes of 2^-16 the subnormal and of 2^16 the infinity that the manual wants in
    // half precision; the flags are nobody's.
    var ignored: FloatFlags = []
    return round(
      negative: false, exponent: exponent, significand: (4 | quarters) &<< 61, .nearestEven,
      &ignored)
  }
}
