/// RISC-V Unprivileged, chapters 2 (RV32I), 4 (RV64I), 13 (M) and the conditional operations of 12.3.
extension Executor {
  @inline(__always) func immediate(_ i: Operation) -> Value { Value(immediate: Int64(i.immediate)) }
  @inline(__always) func address(_ i: Operation) -> Value { self[x: Int(i.rs1)] &+ immediate(i) }
  @inline(__always) func a(_ i: Operation) -> Value { self[x: Int(i.rs1)] }
  @inline(__always) func b(_ i: Operation) -> Value { self[x: i.rs2] }
  @inline(__always) func ah(_ i: Operation) -> Half { half(self[x: Int(i.rs1)]) }
  @inline(__always) func bh(_ i: Operation) -> Half { half(self[x: i.rs2]) }
  @inline(__always) func ih(_ i: Operation) -> Half { Half(immediate: Int64(i.immediate)) }

  @inline(__always) mutating func lui(_ i: Operation) { self[x: i.rd] = immediate(i) }
  @inline(__always) mutating func auipc(_ i: Operation) { self[x: i.rd] = pc(plus: i.immediate) }
  @inline(__always) mutating func mv(_ i: Operation) { self[x: i.rd] = b(i) }

  @inline(__always) mutating func addi(_ i: Operation) { self[x: i.rd] = a(i) &+ immediate(i) }
  @inline(__always) mutating func slti(_ i: Operation) { self[x: i.rd] = Value(a(i).less(immediate(i))) }
  @inline(__always) mutating func sltiu(_ i: Operation) { self[x: i.rd] = Value(a(i).lessUnsigned(immediate(i))) }
  @inline(__always) mutating func xori(_ i: Operation) { self[x: i.rd] = a(i) ^ immediate(i) }
  @inline(__always) mutating func ori(_ i: Operation) { self[x: i.rd] = a(i) | immediate(i) }
  @inline(__always) mutating func andi(_ i: Operation) { self[x: i.rd] = a(i) & immediate(i) }
  @inline(__always) mutating func slli(_ i: Operation) { self[x: i.rd] = a(i) &<< immediate(i) }
  @inline(__always) mutating func srli(_ i: Operation) { self[x: i.rd] = a(i) &>> immediate(i) }
  @inline(__always) mutating func srai(_ i: Operation) { self[x: i.rd] = a(i).arithmeticShift(immediate(i)) }

  @inline(__always) mutating func add(_ i: Operation) { self[x: i.rd] = a(i) &+ b(i) }
  @inline(__always) mutating func sub(_ i: Operation) { self[x: i.rd] = a(i) &- b(i) }
  @inline(__always) mutating func sll(_ i: Operation) { self[x: i.rd] = a(i) &<< b(i) }
  @inline(__always) mutating func slt(_ i: Operation) { self[x: i.rd] = Value(a(i).less(b(i))) }
  @inline(__always) mutating func sltu(_ i: Operation) { self[x: i.rd] = Value(a(i).lessUnsigned(b(i))) }
  @inline(__always) mutating func xor(_ i: Operation) { self[x: i.rd] = a(i) ^ b(i) }
  @inline(__always) mutating func srl(_ i: Operation) { self[x: i.rd] = a(i) &>> b(i) }
  @inline(__always) mutating func sra(_ i: Operation) { self[x: i.rd] = a(i).arithmeticShift(b(i)) }
  @inline(__always) mutating func or(_ i: Operation) { self[x: i.rd] = a(i) | b(i) }
  @inline(__always) mutating func and(_ i: Operation) { self[x: i.rd] = a(i) & b(i) }

  @inline(__always) mutating func addiw(_ i: Operation) { self[x: i.rd] = extended(ah(i) &+ ih(i)) }
  @inline(__always) mutating func slliw(_ i: Operation) { self[x: i.rd] = extended(ah(i) &<< ih(i)) }
  @inline(__always) mutating func srliw(_ i: Operation) { self[x: i.rd] = extended(ah(i) &>> ih(i)) }
  @inline(__always) mutating func sraiw(_ i: Operation) { self[x: i.rd] = extended(ah(i).arithmeticShift(ih(i))) }
  @inline(__always) mutating func addw(_ i: Operation) { self[x: i.rd] = extended(ah(i) &+ bh(i)) }
  @inline(__always) mutating func subw(_ i: Operation) { self[x: i.rd] = extended(ah(i) &- bh(i)) }
  @inline(__always) mutating func sllw(_ i: Operation) { self[x: i.rd] = extended(ah(i) &<< bh(i)) }
  @inline(__always) mutating func srlw(_ i: Operation) { self[x: i.rd] = extended(ah(i) &>> bh(i)) }
  @inline(__always) mutating func sraw(_ i: Operation) { self[x: i.rd] = extended(ah(i).arithmeticShift(bh(i))) }

  @inline(__always) mutating func load<T: FixedWidthInteger>(_ t: T.Type, _ i: Operation) throws(Trap) {
    self[x: i.rd] = try load(t, address(i))
  }
  @inline(__always) mutating func store<T: FixedWidthInteger>(_ t: T.Type, _ i: Operation) throws(Trap) {
    try store(t, self[x: i.stored], address(i))
  }

  @inline(__always) func stored(_ i: Operation) -> Value { self[x: i.stored] }
  @inline(__always) mutating func beq(_ i: Operation) throws(Trap) {
    try branch(if: a(i).equals(stored(i)), by: i.immediate)
  }
  @inline(__always) mutating func bne(_ i: Operation) throws(Trap) {
    try branch(if: Value.not(a(i).equals(stored(i))), by: i.immediate)
  }
  @inline(__always) mutating func blt(_ i: Operation) throws(Trap) {
    try branch(if: a(i).less(stored(i)), by: i.immediate)
  }
  @inline(__always) mutating func bge(_ i: Operation) throws(Trap) {
    try branch(if: Value.not(a(i).less(stored(i))), by: i.immediate)
  }
  @inline(__always) mutating func bltu(_ i: Operation) throws(Trap) {
    try branch(if: a(i).lessUnsigned(stored(i)), by: i.immediate)
  }
  @inline(__always) mutating func bgeu(_ i: Operation) throws(Trap) {
    try branch(if: Value.not(a(i).lessUnsigned(stored(i))), by: i.immediate)
  }
  @inline(__always) mutating func jal(_ i: Operation) throws(Trap) { try jump(by: i.immediate, link: i.rd) }
  @inline(__always) mutating func jalr(_ i: Operation) throws(Trap) { try jump(to: address(i), link: i.rd) }

  // MARK: M

  @inline(__always) mutating func mul(_ i: Operation) { self[x: i.rd] = a(i) &* b(i) }
  @inline(__always) mutating func mulh(_ i: Operation) { self[x: i.rd] = a(i).highProduct(b(i)) }
  @inline(__always) mutating func mulhu(_ i: Operation) { self[x: i.rd] = a(i).highProductUnsigned(b(i)) }
  /// The unsigned product, less b where a is negative.
  @inline(__always) mutating func mulhsu(_ i: Operation) {
    let a = a(i)
    let b = b(i)
    self[x: i.rd] = a.highProductUnsigned(b) &- (a.arithmeticShift(Value(immediate: -1)) & b)
  }
  @inline(__always) mutating func mulw(_ i: Operation) { self[x: i.rd] = extended(ah(i) &* bh(i)) }
  @inline(__always) mutating func div(_ i: Operation) { self[x: i.rd] = Division.quotient(a(i), b(i)) }
  @inline(__always) mutating func divu(_ i: Operation) { self[x: i.rd] = Division.quotientUnsigned(a(i), b(i)) }
  @inline(__always) mutating func rem(_ i: Operation) { self[x: i.rd] = Division.remainder(a(i), b(i)) }
  @inline(__always) mutating func remu(_ i: Operation) { self[x: i.rd] = Division.remainderUnsigned(a(i), b(i)) }
  @inline(__always) mutating func divw(_ i: Operation) { self[x: i.rd] = extended(Division.quotient(ah(i), bh(i))) }
  @inline(__always) mutating func divuw(_ i: Operation) {
    self[x: i.rd] = extended(Division.quotientUnsigned(ah(i), bh(i)))
  }
  @inline(__always) mutating func remw(_ i: Operation) { self[x: i.rd] = extended(Division.remainder(ah(i), bh(i))) }
  @inline(__always) mutating func remuw(_ i: Operation) {
    self[x: i.rd] = extended(Division.remainderUnsigned(ah(i), bh(i)))
  }

  // MARK: Zicond

  @inline(__always) mutating func czeroEqz(_ i: Operation) {
    self[x: i.rd] = Value.either(b(i).equals(Value(immediate: 0)), Value(immediate: 0), a(i))
  }
  @inline(__always) mutating func czeroNez(_ i: Operation) {
    self[x: i.rd] = Value.either(b(i).equals(Value(immediate: 0)), a(i), Value(immediate: 0))
  }
}

/// Division never traps (RISC-V Unprivileged §13.2, table of results for zero and overflow).
enum Division {
  @inline(__always) static func quotient<W: Word>(_ a: W, _ b: W) -> W {
    let zero = W(immediate: 0)
    let ones = W(immediate: -1)
    return .either(b.equals(zero), ones, .either(b.equals(ones), zero &- a, a.quotient(b)))
  }
  @inline(__always) static func quotientUnsigned<W: Word>(_ a: W, _ b: W) -> W {
    .either(b.equals(W(immediate: 0)), W(immediate: -1), a.quotientUnsigned(b))
  }
  @inline(__always) static func remainder<W: Word>(_ a: W, _ b: W) -> W {
    let zero = W(immediate: 0)
    return .either(b.equals(zero), a, .either(b.equals(W(immediate: -1)), zero, a.remainder(b)))
  }
  @inline(__always) static func remainderUnsigned<W: Word>(_ a: W, _ b: W) -> W {
    .either(b.equals(W(immediate: 0)), a, a.remainderUnsigned(b))
  }
}
