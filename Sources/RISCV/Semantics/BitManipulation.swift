/// RISC-V Unprivileged, chapters 30 (Zba, Zbb, Zbc, Zbs) and 31 (Zbkb, Zbkc, Zbkx).
extension Executor {
  @inlinable @inline(__always) public func constant(_ v: Int64) -> Value { Value(immediate: v) }
  /// One bit at `place`.
  @inlinable @inline(__always) public func bit(_ place: Value) -> Value { constant(1) &<< place }
  @inlinable @inline(__always) public func inverted(_ v: Value) -> Value { v ^ constant(-1) }

  // MARK: Zba
  @inlinable @inline(__always) public mutating func shadd(_ i: Operation, _ n: Int64) {
    self[x: i.rd] = b(i).adding(a(i), scaledBy: n)
  }
  @inlinable @inline(__always) public mutating func shaddUW(_ i: Operation, _ n: Int64) {
    self[x: i.rd] = b(i).adding(zeroExtended(ah(i)), scaledBy: n)
  }
  @inlinable @inline(__always) public mutating func addUW(_ i: Operation) {
    self[x: i.rd] = zeroExtended(ah(i)) &+ b(i)
  }
  @inlinable @inline(__always) public mutating func slliUW(_ i: Operation) {
    self[x: i.rd] = zeroExtended(ah(i)) &<< immediate(i)
  }

  // MARK: Zbb
  @inlinable @inline(__always) public mutating func andn(_ i: Operation) {
    self[x: i.rd] = a(i) & inverted(b(i))
  }
  @inlinable @inline(__always) public mutating func orn(_ i: Operation) {
    self[x: i.rd] = a(i) | inverted(b(i))
  }
  @inlinable @inline(__always) public mutating func xnor(_ i: Operation) {
    self[x: i.rd] = inverted(a(i) ^ b(i))
  }
  @inlinable @inline(__always) public mutating func clz(_ i: Operation) { self[x: i.rd] = a(i).leadingZeros }
  @inlinable @inline(__always) public mutating func ctz(_ i: Operation) { self[x: i.rd] = a(i).trailingZeros }
  @inlinable @inline(__always) public mutating func cpop(_ i: Operation) { self[x: i.rd] = a(i).population }
  @inlinable @inline(__always) public mutating func clzw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i).leadingZeros)
  }
  @inlinable @inline(__always) public mutating func ctzw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i).trailingZeros)
  }
  @inlinable @inline(__always) public mutating func cpopw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i).population)
  }
  @inlinable @inline(__always) public mutating func max(_ i: Operation) {
    self[x: i.rd] = Value.either(a(i).less(b(i)), b(i), a(i))
  }
  @inlinable @inline(__always) public mutating func min(_ i: Operation) {
    self[x: i.rd] = Value.either(a(i).less(b(i)), a(i), b(i))
  }
  @inlinable @inline(__always) public mutating func maxu(_ i: Operation) {
    self[x: i.rd] = Value.either(a(i).lessUnsigned(b(i)), b(i), a(i))
  }
  @inlinable @inline(__always) public mutating func minu(_ i: Operation) {
    self[x: i.rd] = Value.either(a(i).lessUnsigned(b(i)), a(i), b(i))
  }
  @inlinable @inline(__always) public mutating func sextB(_ i: Operation) {
    self[x: i.rd] = extended((ah(i) &<< Half(immediate: 24)).arithmeticShift(Half(immediate: 24)))
  }
  @inlinable @inline(__always) public mutating func sextH(_ i: Operation) {
    self[x: i.rd] = extended((ah(i) &<< Half(immediate: 16)).arithmeticShift(Half(immediate: 16)))
  }
  @inlinable @inline(__always) public mutating func zextH(_ i: Operation) {
    self[x: i.rd] = a(i) & constant(0xffff)
  }
  @inlinable @inline(__always) public mutating func zextW(_ i: Operation) {
    self[x: i.rd] = zeroExtended(ah(i))
  }
  @inlinable @inline(__always) public mutating func rol(_ i: Operation) {
    self[x: i.rd] = a(i).rotatedLeft(b(i))
  }
  @inlinable @inline(__always) public mutating func ror(_ i: Operation) {
    self[x: i.rd] = a(i).rotatedRight(b(i))
  }
  @inlinable @inline(__always) public mutating func rori(_ i: Operation) {
    self[x: i.rd] = a(i).rotatedRight(immediate(i))
  }
  @inlinable @inline(__always) public mutating func rolw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i).rotatedLeft(bh(i)))
  }
  @inlinable @inline(__always) public mutating func rorw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i).rotatedRight(bh(i)))
  }
  @inlinable @inline(__always) public mutating func roriw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i).rotatedRight(ih(i)))
  }
  @inlinable @inline(__always) public mutating func orcB(_ i: Operation) {
    self[x: i.rd] = a(i).bytesOrCombined
  }
  @inlinable @inline(__always) public mutating func rev8(_ i: Operation) {
    self[x: i.rd] = a(i).bytesReversed
  }

  // MARK: Zbc, Zbkc
  @inlinable @inline(__always) public mutating func clmul(_ i: Operation) {
    self[x: i.rd] = a(i).carrylessProduct(b(i))
  }
  @inlinable @inline(__always) public mutating func clmulh(_ i: Operation) {
    self[x: i.rd] = a(i).carrylessHighProduct(b(i))
  }
  @inlinable @inline(__always) public mutating func clmulr(_ i: Operation) {
    self[x: i.rd] = a(i).carrylessReversedProduct(b(i))
  }

  // MARK: Zbs
  @inlinable @inline(__always) public mutating func bclr(_ i: Operation) {
    self[x: i.rd] = a(i) & inverted(bit(b(i)))
  }
  @inlinable @inline(__always) public mutating func bclri(_ i: Operation) {
    self[x: i.rd] = a(i) & inverted(bit(immediate(i)))
  }
  @inlinable @inline(__always) public mutating func bext(_ i: Operation) {
    self[x: i.rd] = (a(i) &>> b(i)) & constant(1)
  }
  @inlinable @inline(__always) public mutating func bexti(_ i: Operation) {
    self[x: i.rd] = (a(i) &>> immediate(i)) & constant(1)
  }
  @inlinable @inline(__always) public mutating func binv(_ i: Operation) { self[x: i.rd] = a(i) ^ bit(b(i)) }
  @inlinable @inline(__always) public mutating func binvi(_ i: Operation) {
    self[x: i.rd] = a(i) ^ bit(immediate(i))
  }
  @inlinable @inline(__always) public mutating func bset(_ i: Operation) { self[x: i.rd] = a(i) | bit(b(i)) }
  @inlinable @inline(__always) public mutating func bseti(_ i: Operation) {
    self[x: i.rd] = a(i) | bit(immediate(i))
  }

  // MARK: Zbkb, Zbkx
  @inlinable @inline(__always) public mutating func brev8(_ i: Operation) {
    self[x: i.rd] = a(i).bitsInBytesReversed
  }
  /// The low halves of both, `b`'s on top: half the width of the register, on both RV32 and RV64.
  @inlinable @inline(__always) public mutating func pack(_ i: Operation) {
    let half = Int64(Self.width / 2)
    self[x: i.rd] = (a(i) & constant((1 << half) - 1)) | (b(i) &<< constant(half))
  }
  @inlinable @inline(__always) public mutating func packh(_ i: Operation) {
    self[x: i.rd] = (a(i) & constant(0xff)) | ((b(i) & constant(0xff)) &<< constant(8))
  }
  @inlinable @inline(__always) public mutating func packw(_ i: Operation) {
    self[x: i.rd] = extended((ah(i) & Half(immediate: 0xffff)) | (bh(i) &<< Half(immediate: 16)))
  }
  @inlinable @inline(__always) public mutating func zip(_ i: Operation) { self[x: i.rd] = a(i).zipped }
  @inlinable @inline(__always) public mutating func unzip(_ i: Operation) { self[x: i.rd] = a(i).unzipped }
  @inlinable @inline(__always) public mutating func xperm4(_ i: Operation) {
    self[x: i.rd] = a(i).permuted4(by: b(i))
  }
  @inlinable @inline(__always) public mutating func xperm8(_ i: Operation) {
    self[x: i.rd] = a(i).permuted8(by: b(i))
  }
}
