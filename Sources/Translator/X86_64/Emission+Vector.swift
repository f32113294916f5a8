/// Bit manipulation that the host has in its vector unit only: xmm0–xmm3 are scratch there.
extension Emission {
  @inline(never) mutating func vector(_ t: Term, _ d: HostRegister) {
    if !host.contains(t.op == .permutation4 || t.op == .permutation8 ? .ssse3 : .pclmul) { isLeft = true }
    // A 32-bit hart's products and tables are others.
    if !t.isWide { isLeft = true }
    vectorOperand(0, t.left, t.immediate)
    vectorOperand(1, t.right, t.immediate)
    switch t.op {
    case .permutation4: permuteNibbles()
    case .permutation8: permuteBytes()
    default:
      // pclmulqdq: all 127 bits into xmm0.
      assembler.sse(0x66, 0x44, 0, .xmm(1), map: .x3a, trailing: 1)
      assembler.byte(0)
    }
    if t.op == .carrylessReversedProduct { assembler.move(.rax, fromXMM: 0, wide: true) }
    if t.op == .carrylessHighProduct || t.op == .carrylessReversedProduct {
      // movhlps
      assembler.sse(0, 0x12, 0, .xmm(0))
    }
    guard t.op == .carrylessReversedProduct else { return assembler.move(d, fromXMM: 0, wide: true) }
    // shld: bits 126–63.
    assembler.move(.rdx, fromXMM: 0, wide: true)
    assembler.registers(0x0fa4, .rax, .rdx)
    assembler.byte(1)
    assembler.move(d, .rdx)
  }

  /// A leaf with zeros above it.
  private mutating func vectorOperand(_ xmm: Int, _ leaf: Leaf, _ immediate: Int64) {
    if leaf.kind == .constant {
      assembler.move(.rax, immediate: immediate)
      assembler.move(xmm: xmm, from: .rax, wide: true)
    } else if case .xmm(let general) = operandPlace(leaf, .rax) {
      assembler.move(xmm: xmm, from: HostRegister(general), wide: true)
    } else {
      assembler.load(xmm, operandPlace(leaf, .rax))
    }
  }

  /// xperm8: xmm0's low half by xmm1's bytes.
  private mutating func permuteBytes() {
    // The table has zeros at 8–15. pshufb takes the low four bits of an index, and gives zero where the top one is
    // set: it is from 16 on after paddusb.
    assembler.sse(0x66, 0xdc, 1, constant(.outOfTable))
    assembler.sse(0x66, 0x00, 0, .xmm(1), map: .x38)
  }

  /// xperm4: xmm0's low half by xmm1's nibbles, none of which lies outside.
  private mutating func permuteNibbles() {
    splitNibbles(0, 2)
    // punpcklbw: a table of 16 bytes.
    assembler.sse(0x66, 0x60, 0, .xmm(2))
    splitNibbles(1, 2)
    assembler.load(3, .xmm(0))
    assembler.sse(0x66, 0x00, 0, .xmm(1), map: .x38)
    assembler.sse(0x66, 0x00, 3, .xmm(2), map: .x38)
    shiftHalves(6, 3)
    // por
    assembler.sse(0x66, 0xeb, 0, .xmm(3))
  }

  /// Each byte's low nibble stays, its high one goes to `other`.
  private mutating func splitNibbles(_ xmm: Int, _ other: Int) {
    assembler.load(other, .xmm(xmm))
    shiftHalves(2, other)
    // pand
    assembler.sse(0x66, 0xdb, xmm, constant(.nibbles))
    assembler.sse(0x66, 0xdb, other, constant(.nibbles))
  }

  /// psrlw (2), psllw (6): each halfword by four bits.
  private mutating func shiftHalves(_ digit: Int, _ xmm: Int) {
    assembler.sse(0x66, 0x71, digit, .xmm(xmm), trailing: 1)
    assembler.byte(4)
  }
}
