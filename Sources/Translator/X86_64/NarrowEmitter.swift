// Unsafe pointers: `emission` is owned by `RegionTranslator`.
import RISCV

/// The `Executor` that emits the code of a 32-bit hart: operations on low halves, as the host has them for
/// itself, which leave zeros above. So registers hold what the interpreter has in them, values with zeros
/// above, and an address is its register's 64 bits plus an offset; one that leaves the 32 bits finds no page,
/// and the interpreter wraps it.
struct NarrowEmitter: Executor {
  typealias Value = Term
  typealias Half = Term
  typealias Trap = Never
  typealias Real = Emitter.Real
  static var width: Int { 32 }

  /// For what is the same at any width.
  private var wide: Emitter
  private var emission: UnsafeMutablePointer<Emission> { wide.emission }

  init(emission: UnsafeMutablePointer<Emission>) { wide = Emitter(emission: emission) }

  // MARK: Values

  subscript(x register: Int) -> Term {
    get { Term(bits: Leaf(.guest, register).bits << 24, immediate: 0, emission: emission) }
    nonmutating set {
      var value = newValue
      if value.isConstant { value.immediate &= 0xffff_ffff }
      emission.pointee.write(register, value)
    }
  }
  func half(_ v: Term) -> Term { v }
  func extended(_ v: Term) -> Term { v }
  func zeroExtended(_ v: Term) -> Term { v }

  /// The low half of what was made for a register of 64 bits.
  private func narrowed(_ v: Term) -> Term {
    switch v.form {
    // 1 or 0.
    case .condition: return v
    case .leaf where v.isConstant: return v
    case .leaf:
      // Also where it stays in its register.
      let bits = v.bits & ~(Term.wideBit | Term.signBit) | Term.zeroBit
      return Term(bits: bits, immediate: v.immediate, emission: emission)
    default: return v.narrowed
    }
  }

  /// An address as all 64 bits of its register and an offset.
  private func place(_ address: Term) -> Term {
    let isSum =
      address.form == .operation && address.op == .add && address.left.kind == .guest
      && address.right.kind == .constant
    guard isSum || address.form == .leaf && address.left.kind == .guest else { return address }
    return Term(bits: address.bits | Term.wideBit, immediate: address.immediate, emission: address.emission)
  }

  // MARK: Control

  @inline(never) mutating func rare(_ i: Operation) { performRare(i) }
  func pc(plus distance: Int32) -> Term {
    Term(immediate: (Int64(bitPattern: emission.pointee.pc) &+ Int64(distance)) & 0xffff_ffff)
  }
  mutating func shortForm() { wide.shortForm() }
  mutating func branch(if condition: Term.Condition, by distance: Int32) {
    wide.branch(if: condition, by: distance)
  }
  mutating func jump(by distance: Int32, link: Int) { wide.jump(by: distance, link: link) }
  mutating func jump(to address: Term, link: Int) { wide.jump(to: address, link: link) }
  mutating func fence(_ i: Operation) { wide.fence(i) }
  mutating func system(_ i: Operation) { wide.system(i) }
  mutating func control(_ i: Operation) { wide.control(i) }

  // MARK: Memory

  mutating func load<T: FixedWidthInteger>(_ type: T.Type, _ address: Term) -> Term {
    emission.pointee.look(up: place(address), T.bitWidth / 8, .load)
    let opcode =
      switch (T.bitWidth, T.isSigned) {
      case (8, true): Opcodes.loadSigned8
      case (8, false): Opcodes.loadUnsigned8
      case (16, true): Opcodes.loadSigned16
      case (16, false): Opcodes.loadUnsigned16
      default: Opcodes.load
      }
    return emission.pointee.loaded(opcode, wide: false, emission)
  }

  mutating func store<T: FixedWidthInteger>(_ type: T.Type, _ value: Term, _ address: Term) {
    wide.store(type, value, place(address))
  }

  mutating func exchange<T: FixedWidthInteger>(
    _ operation: AtomicOperation, _ type: T.Type, _ operand: Term, _ address: Term
  ) -> Term {
    narrowed(wide.exchange(operation, type, operand, place(address)))
  }
  mutating func loadReserved<T: FixedWidthInteger>(_ type: T.Type, _ address: Term) -> Term {
    narrowed(wide.loadReserved(type, place(address)))
  }
  mutating func storeConditional<T: FixedWidthInteger>(_ type: T.Type, _ value: Term, _ address: Term)
    -> Term
  {
    narrowed(wide.storeConditional(type, value, place(address)))
  }
  mutating func compareAndSwap<T: FixedWidthInteger>(
    _ type: T.Type, _ expected: Term, _ new: Term, _ address: Term
  ) -> Term {
    narrowed(wide.compareAndSwap(type, expected, new, place(address)))
  }
  /// amocas.d: left to the interpreter.
  mutating func compareAndSwapPair(_ i: Operation) { _ = emission.pointee.leave() }

  // MARK: Floating point

  mutating func requireFloatingPoint() { wide.requireFloatingPoint() }
  func real<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> Real { wide.real(format, register) }
  nonmutating func setReal<F: BinaryFormat>(_ format: F.Type, _ register: Int, _ value: Real) {
    wide.setReal(format, register, value)
  }
  func realBits<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> Term {
    narrowed(wide.realBits(format, register))
  }
  func realBits(of value: Term) -> Real { wide.realBits(of: value) }
  mutating func loadReal<F: BinaryFormat>(_ format: F.Type, _ address: Term) -> Real {
    wide.loadReal(format, place(address))
  }
  mutating func storeReal<F: BinaryFormat>(_ format: F.Type, _ register: Int, _ address: Term) {
    wide.storeReal(format, register, place(address))
  }
  mutating func arithmetic<F: BinaryFormat>(
    _ operation: RealOperation, _ format: F.Type, _ a: Real, _ b: Real, _ rounding: Int
  ) -> Real {
    wide.arithmetic(operation, format, a, b, rounding)
  }
  mutating func fused<F: BinaryFormat>(
    _ format: F.Type, _ a: Real, _ b: Real, _ c: Real, negateProduct: Bool, negateAddend: Bool,
    _ rounding: Int
  ) -> Real {
    wide.fused(
      format, a, b, c, negateProduct: negateProduct, negateAddend: negateAddend, rounding)
  }
  mutating func choose<F: BinaryFormat>(_ choice: RealChoice, _ format: F.Type, _ a: Real, _ b: Real)
    -> Real
  {
    wide.choose(choice, format, a, b)
  }
  mutating func compare<F: BinaryFormat>(_ relation: RealRelation, _ format: F.Type, _ a: Real, _ b: Real)
    -> Term
  {
    narrowed(wide.compare(relation, format, a, b))
  }
  func classify<F: BinaryFormat>(_ format: F.Type, _ a: Real) -> Term { narrowed(wide.classify(format, a)) }
  func constant<F: BinaryFormat>(_ format: F.Type, _ number: Int) -> Real { wide.constant(format, number) }
  mutating func integer<F: BinaryFormat>(_ kind: IntegerKind, _ format: F.Type, _ a: Real, _ rounding: Int)
    -> Term
  {
    narrowed(wide.integer(kind, format, a, rounding))
  }
  mutating func integerModular(_ a: Real) -> Term { narrowed(wide.integerModular(a)) }
  mutating func real<F: BinaryFormat>(
    _ format: F.Type, from kind: IntegerKind, _ v: Term, _ rounding: Int
  ) -> Real {
    wide.real(format, from: kind, v, rounding)
  }
  mutating func converted<F: BinaryFormat, G: BinaryFormat>(
    _ from: F.Type, _ to: G.Type, _ a: Real, _ rounding: Int
  ) -> Real {
    wide.converted(from, to, a, rounding)
  }
  mutating func rounded<F: BinaryFormat>(
    _ format: F.Type, _ a: Real, signalInexact: Bool, _ rounding: Int
  ) -> Real {
    wide.rounded(format, a, signalInexact: signalInexact, rounding)
  }
  func highWord(_ register: Int) -> Term { wide.highWord(register) }
  func pairedReal(_ low: Term, _ high: Term) -> Real { wide.pairedReal(low, high) }
}
