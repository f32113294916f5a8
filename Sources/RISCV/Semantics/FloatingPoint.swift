/// RISC-V Unprivileged, chapters 20 (F), 21 (D), 24 (Zfh) and 25 (Zfa), once for all formats.
///
/// Not inlined by force: three formats times all operations would be most of the module's compile time.
extension Executor {
  @inlinable @inline(__always) public mutating func fl<F: BinaryFormat>(_ f: F.Type, _ i: Operation)
    throws(Trap)
  {
    try requireFloatingPoint()
    setReal(f, Int(i.a), try loadReal(f, address(i)))
  }
  @inlinable @inline(__always) public mutating func fs<F: BinaryFormat>(_ f: F.Type, _ i: Operation)
    throws(Trap)
  {
    try requireFloatingPoint()
    try storeReal(f, i.stored, address(i))
  }
  @inlinable public mutating func fop<F: BinaryFormat>(_ op: RealOperation, _ f: F.Type, _ i: Operation)
    throws(Trap)
  {
    try requireFloatingPoint()
    setReal(f, Int(i.a), try arithmetic(op, f, real(f, Int(i.rs1)), real(f, i.rs2), i.rounding))
  }
  @inlinable public mutating func fma<F: BinaryFormat>(
    _ f: F.Type, _ i: Operation, negateProduct: Bool, negateAddend: Bool
  ) throws(Trap) {
    try requireFloatingPoint()
    setReal(
      f, Int(i.a),
      try fused(
        f, real(f, Int(i.rs1)), real(f, i.rs2), real(f, i.rs3), negateProduct: negateProduct,
        negateAddend: negateAddend, i.rounding))
  }
  @inlinable public mutating func fchoose<F: BinaryFormat>(_ c: RealChoice, _ f: F.Type, _ i: Operation)
    throws(Trap)
  {
    try requireFloatingPoint()
    setReal(f, Int(i.a), choose(c, f, real(f, Int(i.rs1)), real(f, i.rs2)))
  }
  @inlinable public mutating func fcompare<F: BinaryFormat>(_ r: RealRelation, _ f: F.Type, _ i: Operation)
    throws(Trap)
  {
    try requireFloatingPoint()
    self[x: i.rd] = compare(r, f, real(f, Int(i.rs1)), real(f, i.rs2))
  }
  @inlinable public mutating func fclass<F: BinaryFormat>(_ f: F.Type, _ i: Operation) throws(Trap) {
    try requireFloatingPoint()
    self[x: i.rd] = classify(f, real(f, Int(i.rs1)))
  }
  @inlinable public mutating func fli<F: BinaryFormat>(_ f: F.Type, _ i: Operation) throws(Trap) {
    try requireFloatingPoint()
    setReal(f, Int(i.a), constant(f, Int(i.rs1)))
  }
  @inlinable public mutating func fcvt<F: BinaryFormat>(_ k: IntegerKind, from f: F.Type, _ i: Operation)
    throws(Trap)
  {
    try requireFloatingPoint()
    self[x: i.rd] = try integer(k, f, real(f, Int(i.rs1)), i.rounding)
  }
  @inlinable public mutating func fcvtmod(_ i: Operation) throws(Trap) {
    try requireFloatingPoint()
    self[x: i.rd] = integerModular(real(Binary64.self, Int(i.rs1)))
  }
  @inlinable public mutating func fcvt<F: BinaryFormat>(_ f: F.Type, from k: IntegerKind, _ i: Operation)
    throws(Trap)
  {
    try requireFloatingPoint()
    setReal(f, Int(i.a), try real(f, from: k, a(i), i.rounding))
  }
  @inlinable public mutating func fcvt<F: BinaryFormat, G: BinaryFormat>(
    _ g: G.Type, from f: F.Type, _ i: Operation
  )
    throws(Trap)
  {
    try requireFloatingPoint()
    setReal(g, Int(i.a), try converted(f, g, real(f, Int(i.rs1)), i.rounding))
  }
  @inlinable public mutating func fround<F: BinaryFormat>(_ f: F.Type, _ i: Operation, signalInexact: Bool)
    throws(Trap)
  {
    try requireFloatingPoint()
    setReal(f, Int(i.a), try rounded(f, real(f, Int(i.rs1)), signalInexact: signalInexact, i.rounding))
  }
  @inlinable public mutating func fmvToInteger<F: BinaryFormat>(_ f: F.Type, _ i: Operation) throws(Trap) {
    try requireFloatingPoint()
    self[x: i.rd] = realBits(f, Int(i.rs1))
  }
  @inlinable public mutating func fmvFromInteger<F: BinaryFormat>(_ f: F.Type, _ i: Operation) throws(Trap) {
    try requireFloatingPoint()
    setReal(f, Int(i.a), realBits(of: a(i)))
  }
  @inlinable public mutating func fmvh(_ i: Operation) throws(Trap) {
    try requireFloatingPoint()
    self[x: i.rd] = highWord(Int(i.rs1))
  }
  @inlinable public mutating func fmvp(_ i: Operation) throws(Trap) {
    try requireFloatingPoint()
    setReal(Binary64.self, Int(i.a), pairedReal(a(i), b(i)))
  }
}
