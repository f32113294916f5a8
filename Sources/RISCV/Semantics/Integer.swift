/// RISC-V Unprivileged, chapters 2 (RV32I), 4 (RV64I), 13 (M) and the conditional operations of 12.3.
extension Executor {
  @inlinable @inline(__always) public func immediate(_ i: Operation) -> Value {
    Value(immediate: Int64(i.immediate))
  }
  @inlinable @inline(__always) public func address(_ i: Operation) -> Value {
    self[x: Int(i.rs1)] &+ immediate(i)
  }
  @inlinable @inline(__always) public func a(_ i: Operation) -> Value { self[x: Int(i.rs1)] }
  @inlinable @inline(__always) public func b(_ i: Operation) -> Value { self[x: i.rs2] }
  @inlinable @inline(__always) public func ah(_ i: Operation) -> Half { half(self[x: Int(i.rs1)]) }
  @inlinable @inline(__always) public func bh(_ i: Operation) -> Half { half(self[x: i.rs2]) }
  @inlinable @inline(__always) public func ih(_ i: Operation) -> Half { Half(immediate: Int64(i.immediate)) }

  @inlinable @inline(__always) public mutating func lui(_ i: Operation) { self[x: i.rd] = immediate(i) }
  @inlinable @inline(__always) public mutating func auipc(_ i: Operation) {
    self[x: i.rd] = pc(plus: i.immediate)
  }
  @inlinable @inline(__always) public mutating func mv(_ i: Operation) { self[x: i.rd] = b(i) }

  @inlinable @inline(__always) public mutating func addi(_ i: Operation) {
    self[x: i.rd] = a(i) &+ immediate(i)
  }
  @inlinable @inline(__always) public mutating func slti(_ i: Operation) {
    self[x: i.rd] = Value(a(i).less(immediate(i)))
  }
  @inlinable @inline(__always) public mutating func sltiu(_ i: Operation) {
    self[x: i.rd] = Value(a(i).lessUnsigned(immediate(i)))
  }
  @inlinable @inline(__always) public mutating func xori(_ i: Operation) {
    self[x: i.rd] = a(i) ^ immediate(i)
  }
  @inlinable @inline(__always) public mutating func ori(_ i: Operation) {
    self[x: i.rd] = a(i) | immediate(i)
  }
  @inlinable @inline(__always) public mutating func andi(_ i: Operation) {
    self[x: i.rd] = a(i) & immediate(i)
  }
  @inlinable @inline(__always) public mutating func slli(_ i: Operation) {
    self[x: i.rd] = a(i) &<< immediate(i)
  }
  @inlinable @inline(__always) public mutating func srli(_ i: Operation) {
    self[x: i.rd] = a(i) &>> immediate(i)
  }
  @inlinable @inline(__always) public mutating func srai(_ i: Operation) {
    self[x: i.rd] = a(i).arithmeticShift(immediate(i))
  }

  @inlinable @inline(__always) public mutating func add(_ i: Operation) { self[x: i.rd] = a(i) &+ b(i) }
  @inlinable @inline(__always) public mutating func sub(_ i: Operation) { self[x: i.rd] = a(i) &- b(i) }
  @inlinable @inline(__always) public mutating func sll(_ i: Operation) { self[x: i.rd] = a(i) &<< b(i) }
  @inlinable @inline(__always) public mutating func slt(_ i: Operation) {
    self[x: i.rd] = Value(a(i).less(b(i)))
  }
  @inlinable @inline(__always) public mutating func sltu(_ i: Operation) {
    self[x: i.rd] = Value(a(i).lessUnsigned(b(i)))
  }
  @inlinable @inline(__always) public mutating func xor(_ i: Operation) { self[x: i.rd] = a(i) ^ b(i) }
  @inlinable @inline(__always) public mutating func srl(_ i: Operation) { self[x: i.rd] = a(i) &>> b(i) }
  @inlinable @inline(__always) public mutating func sra(_ i: Operation) {
    self[x: i.rd] = a(i).arithmeticShift(b(i))
  }
  @inlinable @inline(__always) public mutating func or(_ i: Operation) { self[x: i.rd] = a(i) | b(i) }
  @inlinable @inline(__always) public mutating func and(_ i: Operation) { self[x: i.rd] = a(i) & b(i) }

  @inlinable @inline(__always) public mutating func addiw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i) &+ ih(i))
  }
  @inlinable @inline(__always) public mutating func slliw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i) &<< ih(i))
  }
  @inlinable @inline(__always) public mutating func srliw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i) &>> ih(i))
  }
  @inlinable @inline(__always) public mutating func sraiw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i).arithmeticShift(ih(i)))
  }
  @inlinable @inline(__always) public mutating func addw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i) &+ bh(i))
  }
  @inlinable @inline(__always) public mutating func subw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i) &- bh(i))
  }
  @inlinable @inline(__always) public mutating func sllw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i) &<< bh(i))
  }
  @inlinable @inline(__always) public mutating func srlw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i) &>> bh(i))
  }
  @inlinable @inline(__always) public mutating func sraw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i).arithmeticShift(bh(i)))
  }

  @inlinable @inline(__always) public mutating func load<T: FixedWidthInteger>(_ t: T.Type, _ i: Operation)
    throws(Trap)
  {
    self[x: i.rd] = try load(t, address(i))
  }
  @inlinable @inline(__always) public mutating func store<T: FixedWidthInteger>(_ t: T.Type, _ i: Operation)
    throws(Trap)
  {
    try store(t, self[x: i.stored], address(i))
  }

  @inlinable @inline(__always) public func stored(_ i: Operation) -> Value { self[x: i.stored] }
  @inlinable @inline(__always) public mutating func beq(_ i: Operation) throws(Trap) {
    try branch(if: a(i).equals(stored(i)), by: i.immediate)
  }
  @inlinable @inline(__always) public mutating func bne(_ i: Operation) throws(Trap) {
    try branch(if: Value.not(a(i).equals(stored(i))), by: i.immediate)
  }
  @inlinable @inline(__always) public mutating func blt(_ i: Operation) throws(Trap) {
    try branch(if: a(i).less(stored(i)), by: i.immediate)
  }
  @inlinable @inline(__always) public mutating func bge(_ i: Operation) throws(Trap) {
    try branch(if: Value.not(a(i).less(stored(i))), by: i.immediate)
  }
  @inlinable @inline(__always) public mutating func bltu(_ i: Operation) throws(Trap) {
    try branch(if: a(i).lessUnsigned(stored(i)), by: i.immediate)
  }
  @inlinable @inline(__always) public mutating func bgeu(_ i: Operation) throws(Trap) {
    try branch(if: Value.not(a(i).lessUnsigned(stored(i))), by: i.immediate)
  }
  @inlinable @inline(__always) public mutating func jal(_ i: Operation) throws(Trap) {
    try jump(by: i.immediate, link: i.rd)
  }
  @inlinable @inline(__always) public mutating func jalr(_ i: Operation) throws(Trap) {
    try jump(to: address(i), link: i.rd)
  }

  // MARK: M

  @inlinable @inline(__always) public mutating func mul(_ i: Operation) { self[x: i.rd] = a(i) &* b(i) }
  @inlinable @inline(__always) public mutating func mulh(_ i: Operation) {
    self[x: i.rd] = a(i).highProduct(b(i))
  }
  @inlinable @inline(__always) public mutating func mulhu(_ i: Operation) {
    self[x: i.rd] = a(i).highProductUnsigned(b(i))
  }
  /// The unsigned product, less b where a is negative.
  @inlinable @inline(__always) public mutating func mulhsu(_ i: Operation) {
    let a = a(i)
    let b = b(i)
    self[x: i.rd] = a.highProductUnsigned(b) &- (a.arithmeticShift(Value(immediate: -1)) & b)
  }
  @inlinable @inline(__always) public mutating func mulw(_ i: Operation) {
    self[x: i.rd] = extended(ah(i) &* bh(i))
  }
  @inlinable @inline(__always) public mutating func div(_ i: Operation) {
    self[x: i.rd] = Division.quotient(a(i), b(i))
  }
  @inlinable @inline(__always) public mutating func divu(_ i: Operation) {
    self[x: i.rd] = Division.quotientUnsigned(a(i), b(i))
  }
  @inlinable @inline(__always) public mutating func rem(_ i: Operation) {
    self[x: i.rd] = Division.remainder(a(i), b(i))
  }
  @inlinable @inline(__always) public mutating func remu(_ i: Operation) {
    self[x: i.rd] = Division.remainderUnsigned(a(i), b(i))
  }
  @inlinable @inline(__always) public mutating func divw(_ i: Operation) {
    self[x: i.rd] = extended(Division.quotient(ah(i), bh(i)))
  }
  @inlinable @inline(__always) public mutating func divuw(_ i: Operation) {
    self[x: i.rd] = extended(Division.quotientUnsigned(ah(i), bh(i)))
  }
  @inlinable @inline(__always) public mutating func remw(_ i: Operation) {
    self[x: i.rd] = extended(Division.remainder(ah(i), bh(i)))
  }
  @inlinable @inline(__always) public mutating func remuw(_ i: Operation) {
    self[x: i.rd] = extended(Division.remainderUnsigned(ah(i), bh(i)))
  }

  // MARK: Zicond

  @inlinable @inline(__always) public mutating func czeroEqz(_ i: Operation) {
    self[x: i.rd] = Value.either(b(i).equals(Value(immediate: 0)), Value(immediate: 0), a(i))
  }
  @inlinable @inline(__always) public mutating func czeroNez(_ i: Operation) {
    self[x: i.rd] = Value.either(b(i).equals(Value(immediate: 0)), a(i), Value(immediate: 0))
  }
}

/// Division never traps (RISC-V Unprivileged §13.2, table of results for zero and overflow).
@usableFromInline enum Division {
  @inlinable @inline(__always) static func quotient<W: Word>(_ a: W, _ b: W) -> W {
    let zero = W(immediate: 0)
    let ones = W(immediate: -1)
    return .either(b.equals(zero), ones, .either(b.equals(ones), zero &- a, a.quotient(b)))
  }
  @inlinable @inline(__always) static func quotientUnsigned<W: Word>(_ a: W, _ b: W) -> W {
    .either(b.equals(W(immediate: 0)), W(immediate: -1), a.quotientUnsigned(b))
  }
  @inlinable @inline(__always) static func remainder<W: Word>(_ a: W, _ b: W) -> W {
    let zero = W(immediate: 0)
    return .either(b.equals(zero), a, .either(b.equals(W(immediate: -1)), zero, a.remainder(b)))
  }
  @inlinable @inline(__always) static func remainderUnsigned<W: Word>(_ a: W, _ b: W) -> W {
    .either(b.equals(W(immediate: 0)), a, a.remainderUnsigned(b))
  }
}
