extension SoftFloat {
  /// One bit of ten, by the kind of number: FCLASS (RISC-V Unprivileged, "F", Single-Precision
  /// Floating-Point Classify Instruction). Raises nothing.
  package static func classify(_ a: UInt64) -> UInt64 {
    let magnitude = magnitude(a)
    if magnitude > F.infinity {
      return isSignalingNaN(a) ? 1 << 8 : 1 << 9
    }
    // Bits 0 to 3 are minus infinity, normal, subnormal and zero; 4 to 7 mirror them.
    let negative = isNegative(a)
    if magnitude == F.infinity { return negative ? 1 << 0 : 1 << 7 }
    if magnitude >= F.leastNormal { return negative ? 1 << 1 : 1 << 6 }
    if magnitude != 0 { return negative ? 1 << 2 : 1 << 5 }
    return negative ? 1 << 3 : 1 << 4
  }
}
