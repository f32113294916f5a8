// Unsafe pointers: `emission` is the emitter's state, which outlives every term.
import RISCV

/// Something that needs no computing: a constant, a word of the hart's state, a slot of the frame, or a
/// host register that no later operation has touched.
struct Leaf {
  enum Kind: UInt8 {
    case constant = 0
    case guest
    case slot
    case host
  }

  var bits: UInt64

  @inline(__always) init(bits: UInt64) { self.bits = bits & 0xffff }
  @inline(__always) init(_ kind: Kind, _ number: Int = 0) {
    bits = UInt64(kind.rawValue) | UInt64(number) << 8
  }
  @inline(__always) var kind: Kind { unsafeBitCast(UInt8(truncatingIfNeeded: bits & 3), to: Kind.self) }
  @inline(__always) var number: Int { Int(UInt8(truncatingIfNeeded: bits >> 8)) }
  /// x0.
  @inline(__always) var isZero: Bool { bits == 1 }
}

/// The operations of a term on two leaves.
enum Operator: UInt8 {
  case add = 0
  case subtract, multiply, and, or, exclusiveOr
  case shiftLeft, shiftRight, shiftArithmetic, rotateLeft, rotateRight
  // The left leaf plus 2, 4 or 8 times the right one.
  case addDouble, addQuadruple, addOctuple
  // rax and rdx are their operands.
  case highProduct, highProductUnsigned, quotient, quotientUnsigned, remainder, remainderUnsigned
  // On the left leaf alone.
  case leadingZeros, trailingZeros, population, byteReversal, byteCombination, bitReversal
  /// The low byte or halfword with its sign; all ones but the bit that the leaf names.
  case signedByte, signedHalf, allBut
  // The right leaf inverted, or the bit that it names.
  case andNot, orNot, exclusiveNor, setBit, clearBit, invertBit, testBit
  /// The left leaf's low half without its sign, shifted.
  case shiftHalfLeft
  // In vector registers.
  case carrylessProduct, carrylessHighProduct, carrylessReversedProduct, permutation4, permutation8

  @inline(__always) var isWide: Bool {
    rawValue >= Operator.highProduct.rawValue && rawValue < Operator.leadingZeros.rawValue
  }
  @inline(__always) var isUnary: Bool {
    rawValue >= Operator.leadingZeros.rawValue && rawValue <= Operator.allBut.rawValue
  }
  @inline(__always) var isBitwise: Bool { rawValue > Operator.allBut.rawValue }
  @inline(__always) var isVector: Bool { rawValue >= Operator.carrylessProduct.rawValue }
  @inline(__always) var isShift: Bool {
    rawValue >= Operator.shiftLeft.rawValue && rawValue <= Operator.rotateRight.rawValue
  }
  @inline(__always) var isUnsignedDivision: Bool { self == .quotientUnsigned || self == .remainderUnsigned }
  @inline(__always) var isSignedDivision: Bool { self == .quotient || self == .remainder }
  @inline(__always) var commutes: Bool {
    switch self {
    case .add, .multiply, .and, .or, .exclusiveOr: true
    default: false
    }
  }
  /// The group that has immediate forms; nil for the others.
  @inline(__always) var arithmetic: Arithmetic? {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .and: .and
    case .or: .or
    case .exclusiveOr: .exclusiveOr
    default: nil
    }
  }
  /// The opcode with a register or memory operand.
  @inline(__always) var opcode: Int { arithmetic?.opcode ?? Opcodes.multiply }
  /// The digit that selects a shift, or an operation on rax.
  @inline(__always) var digit: Int {
    switch self {
    case .rotateLeft: 0
    case .rotateRight: 1
    case .shiftLeft, .highProductUnsigned: 4
    case .shiftRight, .highProduct: 5
    case .quotientUnsigned, .remainderUnsigned: 6
    default: 7
    }
  }
}

/// The description of a word: a leaf, or one operation on leaves. Deeper trees are computed into slots of
/// the frame, so no host register lives between two operations.
struct Term: Word {
  enum Form: UInt8 {
    case leaf = 0
    case operation
    /// A comparison as 1 or 0.
    case condition
    /// What lies at the host address rax + rcx; only right after `load`.
    case memory
  }

  /// Form 0–7, operator 8–15, wide 16, sign extension 17, zero extension 18, left leaf 24–39, right leaf
  /// 40–55, condition code 56–63; `memory` has its opcode at 40–55.
  var bits: UInt64
  /// The constant among the leaves; of `memory` and host leaves, the cursor that they are good for.
  var immediate: Int64
  var emission: UnsafeMutablePointer<Emission>?

  static var wideBit: UInt64 { @inline(__always) get { 1 << 16 } }
  static var signBit: UInt64 { @inline(__always) get { 1 << 17 } }
  static var zeroBit: UInt64 { @inline(__always) get { 1 << 18 } }

  @inline(__always) init(bits: UInt64, immediate: Int64, emission: UnsafeMutablePointer<Emission>?) {
    self.bits = bits
    self.immediate = immediate
    self.emission = emission
  }
  @inline(__always) init(_ leaf: Leaf, immediate: Int64 = 0, _ emission: UnsafeMutablePointer<Emission>) {
    self.init(bits: Self.wideBit | leaf.bits << 24, immediate: immediate, emission: emission)
  }
  @inline(__always) init(immediate v: Int64) { self.init(bits: Self.wideBit, immediate: v, emission: nil) }
  @inline(__always) init(_ c: Condition) {
    let flags = UInt64(Form.condition.rawValue) | (c.isWide ? Self.wideBit : 0)
    bits = flags | c.left.bits << 24 | c.right.bits << 40 | UInt64(c.host.code) << 56
    immediate = c.immediate
    emission = c.emission
  }

  @inline(__always) var form: Form { unsafeBitCast(UInt8(truncatingIfNeeded: bits & 3), to: Form.self) }
  @inline(__always) var op: Operator {
    unsafeBitCast(UInt8(truncatingIfNeeded: bits >> 8), to: Operator.self)
  }
  @inline(__always) var isWide: Bool { bits & Self.wideBit != 0 }
  @inline(__always) var isSignExtended: Bool { bits & Self.signBit != 0 }
  @inline(__always) var isZeroExtended: Bool { bits & Self.zeroBit != 0 }
  @inline(__always) var left: Leaf { Leaf(bits: bits >> 24) }
  @inline(__always) var right: Leaf { Leaf(bits: bits >> 40) }
  @inline(__always) var isConstant: Bool { bits & 0xff == 0 && left.kind == .constant }
  @inline(__always) var memoryOpcode: Int { Int(bits >> 40 & 0xffff) }

  /// As wide as a register: not the low half of one.
  @inline(__always) var widthOfValue: UInt64 {
    bits & (Self.wideBit | Self.signBit | Self.zeroBit) == 0 ? 0 : Self.wideBit
  }

  /// Of an operation on halves: its result has its sign in all 64 bits as it is computed.
  @inline(__always) var isSmall: Bool {
    switch op {
    case .shiftRight: right.kind == .constant && immediate & 31 != 0
    case .leadingZeros, .trailingZeros, .population, .signedByte, .signedHalf: true
    default: false
    }
  }

  /// Itself where it is a leaf that stays good, else a slot with its value.
  @inline(__always) var leaf: Leaf {
    bits & (0xff | Self.signBit | Self.zeroBit) == 0 && left.kind != .host ? left : computed
  }

  /// The low half.
  @inline(__always) var narrowed: Term {
    Term(bits: leaf.bits << 24, immediate: immediate, emission: emission)
  }

  @inline(never) private var computed: Leaf {
    guard let emission else { preconditionFailure("only constants come without an emission") }
    return emission.pointee.spill(self)
  }

  // MARK: Operations

  @inline(__always) static func operation(_ op: Operator, _ a: Term, _ b: Term) -> Term {
    if a.isConstant && b.isConstant { return folded(op, a.immediate, b.immediate) }
    if op == .shiftLeft, a.isZeroExtended, a.form == .leaf, b.isConstant {
      return Term(
        bits: UInt64(Form.operation.rawValue) | UInt64(Operator.shiftHalfLeft.rawValue) << 8 | wideBit
          | a.left.bits << 24 | b.left.bits << 40, immediate: b.immediate, emission: a.emission)
    }
    if a.form == .operation || b.form == .operation, let fused = fused(op, a, b) { return fused }
    let left = a.leaf
    let right = b.leaf
    let one = a.isConstant ? b : a
    return Term(
      bits: UInt64(Form.operation.rawValue) | UInt64(op.rawValue) << 8 | one.widthOfValue | left.bits << 24
        | right.bits << 40,
      immediate: right.kind == .constant ? b.immediate : a.immediate, emission: one.emission)
  }

  /// One operation for two, where the host has it; for the bit-manipulation extensions.
  @inline(never) private static func fused(_ op: Operator, _ a: Term, _ b: Term) -> Term? {
    func isPlain(_ t: Term, _ op: Operator) -> Bool {
      t.form == .operation && t.op == op && !t.isSignExtended && !t.isZeroExtended
    }
    /// With one of the leaves that `t` has.
    func term(_ op: Operator, _ left: Leaf, _ right: Leaf, _ immediate: Int64, _ t: Term) -> Term {
      Term(
        bits: UInt64(Form.operation.rawValue) | UInt64(op.rawValue) << 8 | t.widthOfValue | left.bits << 24
          | right.bits << 40, immediate: immediate, emission: t.emission)
    }
    if isPlain(a, .shiftLeft), op == .shiftArithmetic, a.widthOfValue == 0, b.isConstant,
      a.right.kind == .constant, a.immediate == b.immediate, b.immediate == 24 || b.immediate == 16
    {
      return term(b.immediate == 24 ? .signedByte : .signedHalf, a.left, Leaf(.constant), 0, a)
    }
    // The others count bits, or invert them, in all 64.
    if (a.form == .operation ? a : b).widthOfValue == 0 { return nil }
    let isInversion = op == .exclusiveOr && b.isConstant && b.immediate == -1
    if isPlain(a, .exclusiveOr), isInversion, a.right.kind == .guest {
      return term(.exclusiveNor, a.left, a.right, 0, a)
    }
    if isPlain(a, .shiftLeft), isInversion, a.left.kind == .constant, a.immediate == 1 {
      return term(.allBut, a.right, Leaf(.constant), 0, a)
    }
    if isPlain(a, .shiftRight), op == .and, b.isConstant, b.immediate == 1 {
      return term(.testBit, a.left, a.right, a.immediate, a)
    }
    guard a.form == .leaf, a.leaf.kind == .guest else { return nil }
    if isPlain(b, .exclusiveOr), b.right.kind == .constant, b.immediate == -1, op == .and || op == .or {
      return term(op == .and ? .andNot : .orNot, a.leaf, b.left, 0, b)
    }
    if isPlain(b, .allBut), op == .and { return term(.clearBit, a.leaf, b.left, 0, b) }
    if isPlain(b, .shiftLeft), b.left.kind == .constant, b.immediate == 1, op == .or || op == .exclusiveOr {
      return term(op == .or ? .setBit : .invertBit, a.leaf, b.right, 0, b)
    }
    return nil
  }

  @inline(never) private static func folded(_ op: Operator, _ a: Int64, _ b: Int64) -> Term {
    let (x, y) = (UInt64(bitPattern: a), UInt64(bitPattern: b))
    let v: UInt64 =
      switch op {
      case .add: x &+ y
      case .subtract: x &- y
      case .and: x & y
      case .or: x | y
      case .exclusiveOr: x ^ y
      case .shiftLeft: x &<< y
      case .shiftRight: x &>> y
      default: preconditionFailure("no instruction computes this from constants alone")
      }
    return Term(immediate: Int64(bitPattern: v))
  }

  @inline(__always) static func &+ (a: Term, b: Term) -> Term { operation(.add, a, b) }
  @inline(__always) static func &- (a: Term, b: Term) -> Term { operation(.subtract, a, b) }
  @inline(__always) static func &* (a: Term, b: Term) -> Term { operation(.multiply, a, b) }
  @inline(__always) static func & (a: Term, b: Term) -> Term { operation(.and, a, b) }
  @inline(__always) static func | (a: Term, b: Term) -> Term { operation(.or, a, b) }
  @inline(__always) static func ^ (a: Term, b: Term) -> Term { operation(.exclusiveOr, a, b) }
  @inline(__always) static func &<< (a: Term, b: Term) -> Term { operation(.shiftLeft, a, b) }
  @inline(__always) static func &>> (a: Term, b: Term) -> Term { operation(.shiftRight, a, b) }
  @inline(__always) func adding(_ b: Term, scaledBy n: Int64) -> Term {
    .operation(n == 1 ? .addDouble : n == 2 ? .addQuadruple : .addOctuple, self, b)
  }
  @inline(__always) func arithmeticShift(_ b: Term) -> Term { .operation(.shiftArithmetic, self, b) }
  @inline(__always) func rotatedLeft(_ b: Term) -> Term { .operation(.rotateLeft, self, b) }
  @inline(__always) func rotatedRight(_ b: Term) -> Term { .operation(.rotateRight, self, b) }
  @inline(__always) func highProduct(_ b: Term) -> Term { .operation(.highProduct, self, b) }
  @inline(__always) func highProductUnsigned(_ b: Term) -> Term { .operation(.highProductUnsigned, self, b) }
  @inline(__always) func quotient(_ b: Term) -> Term { .operation(.quotient, self, b) }
  @inline(__always) func quotientUnsigned(_ b: Term) -> Term { .operation(.quotientUnsigned, self, b) }
  @inline(__always) func remainder(_ b: Term) -> Term { .operation(.remainder, self, b) }
  @inline(__always) func remainderUnsigned(_ b: Term) -> Term { .operation(.remainderUnsigned, self, b) }

  @inline(never) private func unary(_ op: Operator) -> Term {
    Term(
      bits: UInt64(Form.operation.rawValue) | UInt64(op.rawValue) << 8 | widthOfValue | leaf.bits << 24,
      immediate: 0, emission: emission)
  }
  var leadingZeros: Term { unary(.leadingZeros) }
  var trailingZeros: Term { unary(.trailingZeros) }
  var population: Term { unary(.population) }
  var bytesReversed: Term { unary(.byteReversal) }
  var bytesOrCombined: Term { unary(.byteCombination) }
  var bitsInBytesReversed: Term { unary(.bitReversal) }

  // MARK: Conditions

  struct Condition {
    var host: HostCondition
    var left: Leaf
    var right: Leaf
    var isWide: Bool
    var immediate: Int64
    var emission: UnsafeMutablePointer<Emission>?
  }

  @inline(__always) private func compared(_ condition: HostCondition, _ b: Term) -> Condition {
    let one = isConstant ? b : self
    let left = leaf
    let right = b.leaf
    return Condition(
      host: condition, left: left, right: right, isWide: one.widthOfValue != 0,
      immediate: right.kind == .constant ? b.immediate : immediate, emission: one.emission)
  }
  @inline(__always) func equals(_ b: Term) -> Condition { compared(.equal, b) }
  @inline(__always) func less(_ b: Term) -> Condition { compared(.less, b) }
  @inline(__always) func lessUnsigned(_ b: Term) -> Condition { compared(.below, b) }
  @inline(__always) static func not(_ c: Condition) -> Condition {
    var opposite = c
    opposite.host = c.host.negated
    return opposite
  }

  /// Both ways end in a store to one slot.
  static func either(_ c: Condition, _ yes: @autoclosure () -> Term, _ no: @autoclosure () -> Term) -> Term {
    guard let emission = c.emission else { preconditionFailure("no instruction compares two constants") }
    let before = (emission.pointee.assembler.cursor, emission.pointee.slotsUsed)
    if let chosen = emission.pointee.choose(c, yes(), no(), emission) { return chosen }
    (emission.pointee.assembler.cursor, emission.pointee.slotsUsed) = before
    emission.pointee.forgetPassing()
    let slot = emission.pointee.slot()
    emission.pointee.compare(c)
    let toYes = emission.pointee.assembler.jump(c.host)
    let other = no()
    emission.pointee.store(other, slot)
    let toEnd = emission.pointee.assembler.jump()
    emission.pointee.assembler.completeHere(toYes)
    let one = yes()
    emission.pointee.store(one, slot)
    emission.pointee.assembler.completeHere(toEnd)
    let wide = (other.isConstant ? one : other).widthOfValue
    return Term(bits: wide | slot.bits << 24, immediate: 0, emission: emission)
  }

  func carrylessProduct(_ b: Term) -> Term { .operation(.carrylessProduct, self, b) }
  func carrylessHighProduct(_ b: Term) -> Term { .operation(.carrylessHighProduct, self, b) }
  func carrylessReversedProduct(_ b: Term) -> Term { .operation(.carrylessReversedProduct, self, b) }
  func permuted4(by b: Term) -> Term { .operation(.permutation4, self, b) }
  func permuted8(by b: Term) -> Term { .operation(.permutation8, self, b) }

  // MARK: RV32 only

  /// Gives up the instruction.
  @inline(never) private var givenUp: Term {
    guard let emission else { preconditionFailure("no instruction computes this from a constant") }
    return emission.pointee.leave()
  }
  var unzipped: Term { givenUp }
  var zipped: Term { givenUp }
}
