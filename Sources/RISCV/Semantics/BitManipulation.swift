/// RISC-V Unprivileged, chapters 30 (Zba, Zbb, Zbc, Zbs) and 31 (Zbkb, Zbkc, Zbkx).
extension Executor {
  @inline(__always) private func constant(_ v: Int64) -> Value { Value(immediate: v) }
  /// One bit at `place`.
  @inline(__always) private func bit(_ place: Value) -> Value { constant(1) &<< place }
  @inline(__always) private func inverted(_ v: Value) -> Value { v ^ constant(-1) }

  // MARK: Zba
  @inline(__always) mutating func shadd(_ i: Operation, _ n: Int64) { self[x: i.rd] = (a(i) &<< constant(n)) &+ b(i) }
  @inline(__always) mutating func shaddUW(_ i: Operation, _ n: Int64) {
    self[x: i.rd] = (zeroExtended(ah(i)) &<< constant(n)) &+ b(i)
  }
  @inline(__always) mutating func addUW(_ i: Operation) { self[x: i.rd] = zeroExtended(ah(i)) &+ b(i) }
  @inline(__always) mutating func slliUW(_ i: Operation) { self[x: i.rd] = zeroExtended(ah(i)) &<< immediate(i) }

  // MARK: Zbb
  @inline(__always) mutating func andn(_ i: Operation) { self[x: i.rd] = a(i) & inverted(b(i)) }
  @inline(__always) mutating func orn(_ i: Operation) { self[x: i.rd] = a(i) | inverted(b(i)) }
  @inline(__always) mutating func xnor(_ i: Operation) { self[x: i.rd] = inverted(a(i) ^ b(i)) }
  @inline(__always) mutating func clz(_ i: Operation) { self[x: i.rd] = a(i).leadingZeros }
  @inline(__always) mutating func ctz(_ i: Operation) { self[x: i.rd] = a(i).trailingZeros }
  @inline(__always) mutating func cpop(_ i: Operation) { self[x: i.rd] = a(i).population }
  @inline(__always) mutating func clzw(_ i: Operation) { self[x: i.rd] = extended(ah(i).leadingZeros) }
  @inline(__always) mutating func ctzw(_ i: Operation) { self[x: i.rd] = extended(ah(i).trailingZeros) }
  @inline(__always) mutating func cpopw(_ i: Operation) { self[x: i.rd] = extended(ah(i).population) }
  @inline(__always) mutating func max(_ i: Operation) { self[x: i.rd] = Value.either(a(i).less(b(i)), b(i), a(i)) }
  @inline(__always) mutating func min(_ i: Operation) { self[x: i.rd] = Value.either(a(i).less(b(i)), a(i), b(i)) }
  @inline(__always) mutating func maxu(_ i: Operation) {
    self[x: i.rd] = Value.either(a(i).lessUnsigned(b(i)), b(i), a(i))
  }
  @inline(__always) mutating func minu(_ i: Operation) {
    self[x: i.rd] = Value.either(a(i).lessUnsigned(b(i)), a(i), b(i))
  }
  @inline(__always) mutating func sextB(_ i: Operation) {
    self[x: i.rd] = extended((ah(i) &<< Half(immediate: 24)).arithmeticShift(Half(immediate: 24)))
  }
  @inline(__always) mutating func sextH(_ i: Operation) {
    self[x: i.rd] = extended((ah(i) &<< Half(immediate: 16)).arithmeticShift(Half(immediate: 16)))
  }
  @inline(__always) mutating func zextH(_ i: Operation) { self[x: i.rd] = a(i) & constant(0xffff) }
  @inline(__always) mutating func zextW(_ i: Operation) { self[x: i.rd] = zeroExtended(ah(i)) }
  @inline(__always) mutating func rol(_ i: Operation) { self[x: i.rd] = a(i).rotatedLeft(b(i)) }
  @inline(__always) mutating func ror(_ i: Operation) { self[x: i.rd] = a(i).rotatedRight(b(i)) }
  @inline(__always) mutating func rori(_ i: Operation) { self[x: i.rd] = a(i).rotatedRight(immediate(i)) }
  @inline(__always) mutating func rolw(_ i: Operation) { self[x: i.rd] = extended(ah(i).rotatedLeft(bh(i))) }
  @inline(__always) mutating func rorw(_ i: Operation) { self[x: i.rd] = extended(ah(i).rotatedRight(bh(i))) }
  @inline(__always) mutating func roriw(_ i: Operation) { self[x: i.rd] = extended(ah(i).rotatedRight(ih(i))) }
  @inline(__always) mutating func orcB(_ i: Operation) { self[x: i.rd] = a(i).bytesOrCombined }
  @inline(__always) mutating func rev8(_ i: Operation) { self[x: i.rd] = a(i).bytesReversed }

  // MARK: Zbc, Zbkc
  @inline(__always) mutating func clmul(_ i: Operation) { self[x: i.rd] = a(i).carrylessProduct(b(i)) }
  @inline(__always) mutating func clmulh(_ i: Operation) { self[x: i.rd] = a(i).carrylessHighProduct(b(i)) }
  @inline(__always) mutating func clmulr(_ i: Operation) { self[x: i.rd] = a(i).carrylessReversedProduct(b(i)) }

  // MARK: Zbs
  @inline(__always) mutating func bclr(_ i: Operation) { self[x: i.rd] = a(i) & inverted(bit(b(i))) }
  @inline(__always) mutating func bclri(_ i: Operation) { self[x: i.rd] = a(i) & inverted(bit(immediate(i))) }
  @inline(__always) mutating func bext(_ i: Operation) { self[x: i.rd] = (a(i) &>> b(i)) & constant(1) }
  @inline(__always) mutating func bexti(_ i: Operation) { self[x: i.rd] = (a(i) &>> immediate(i)) & constant(1) }
  @inline(__always) mutating func binv(_ i: Operation) { self[x: i.rd] = a(i) ^ bit(b(i)) }
  @inline(__always) mutating func binvi(_ i: Operation) { self[x: i.rd] = a(i) ^ bit(immediate(i)) }
  @inline(__always) mutating func bset(_ i: Operation) { self[x: i.rd] = a(i) | bit(b(i)) }
  @inline(__always) mutating func bseti(_ i: Operation) { self[x: i.rd] = a(i) | bit(immediate(i)) }

  // MARK: Zbkb, Zbkx
  @inline(__always) mutating func brev8(_ i: Operation) { self[x: i.rd] = a(i).bitsInBytesReversed }
  /// The low halves of both, `b`'s on top: half the width of the register, on both RV32 and RV64.
  @inline(__always) mutating func pack(_ i: Operation) {
    let half = Int64(Self.width / 2)
    self[x: i.rd] = (a(i) & constant((1 << half) - 1)) | (b(i) &<< constant(half))
  }
  @inline(__always) mutating func packh(_ i: Operation) {
    self[x: i.rd] = (a(i) & constant(0xff)) | ((b(i) & constant(0xff)) &<< constant(8))
  }
  @inline(__always) mutating func packw(_ i: Operation) {
    self[x: i.rd] = extended((ah(i) & Half(immediate: 0xffff)) | (bh(i) &<< Half(immediate: 16)))
  }
  @inline(__always) mutating func zip(_ i: Operation) { self[x: i.rd] = a(i).zipped }
  @inline(__always) mutating func unzip(_ i: Operation) { self[x: i.rd] = a(i).unzipped }
  @inline(__always) mutating func xperm4(_ i: Operation) { self[x: i.rd] = a(i).permuted4(by: b(i)) }
  @inline(__always) mutating func xperm8(_ i: Operation) { self[x: i.rd] = a(i).permuted8(by: b(i)) }
}
