import RISCV

/// Floating point on the host's vector unit. A value is described where it is made and computed by `setReal`,
/// which knows for which register.
extension Emitter {
  /// What a floating-point value is.
  enum Real {
    case register(Int)
    /// The bit pattern's low bits.
    case bits(Term)
    case constant(UInt64)
    case arithmetic(RealOperation, Int, Int, rounding: Int)
    /// The kind counts as FMA3's opcodes do.
    case fused(Int, Int, Int, kind: Int, rounding: Int)
    case choice(RealChoice, Int, Int)
    case integer(IntegerKind, Term, rounding: Int)
    case converted(RealFormat, Int, rounding: Int)
    case rounded(Int, signalInexact: Bool, rounding: Int)
    /// Left to the interpreter.
    case none
  }

  @inline(__always) private func leaveReal() -> Real {
    _ = emission.pointee.leave()
    return .none
  }
  @inline(__always) private func leaveValue() -> Term { emission.pointee.leave() }

  @inline(__always) private func format<F: BinaryFormat>(_ format: F.Type) -> RealFormat {
    switch F.fractionBits {
    case 52: .double
    case 23: .single
    default: .half
    }
  }

  /// The number of an operand, which is always a register.
  @inline(__always) private func register(_ value: Real) -> Int {
    if case .register(let number) = value { return number }
    _ = emission.pointee.leave()
    return 0
  }

  mutating func requireFloatingPoint() { emission.pointee.requireFloatingPoint() }

  @inline(__always) func real<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> Real {
    .register(register)
  }

  @inline(__always) nonmutating func setReal<F: BinaryFormat>(
    _ format: F.Type, _ register: Int, _ value: Real
  ) {
    emission.pointee.setReal(register, value, self.format(format))
  }

  @inline(__always) func realBits<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> Term {
    emission.pointee.bits(register, self.format(format), emission)
  }

  @inline(__always) func realBits(of value: Term) -> Real { .bits(value) }

  @inline(__always) mutating func loadReal<F: BinaryFormat>(_ format: F.Type, _ address: Term) -> Real {
    switch self.format(format) {
    case .double: .bits(load(UInt64.self, address))
    case .single: .bits(load(UInt32.self, address))
    case .half: .bits(load(UInt16.self, address))
    }
  }

  @inline(__always) mutating func storeReal<F: BinaryFormat>(
    _ format: F.Type, _ register: Int, _ address: Term
  ) {
    emission.pointee.storeReal(register, address, self.format(format))
  }

  @inline(__always) mutating func arithmetic<F: BinaryFormat>(
    _ operation: RealOperation, _ format: F.Type, _ a: Real, _ b: Real, _ rounding: Int
  ) -> Real {
    .arithmetic(operation, register(a), register(b), rounding: rounding)
  }

  @inline(__always) mutating func fused<F: BinaryFormat>(
    _ format: F.Type, _ a: Real, _ b: Real, _ c: Real, negateProduct: Bool, negateAddend: Bool,
    _ rounding: Int
  ) -> Real {
    .fused(
      register(a), register(b), register(c), kind: (negateProduct ? 4 : 0) + (negateAddend ? 2 : 0),
      rounding: rounding)
  }

  @inline(__always) mutating func choose<F: BinaryFormat>(
    _ choice: RealChoice, _ format: F.Type, _ a: Real, _ b: Real
  ) -> Real {
    .choice(choice, register(a), register(b))
  }

  @inline(__always) func constant<F: BinaryFormat>(_ format: F.Type, _ number: Int) -> Real {
    .constant(SoftFloat<F>.immediate(UInt8(truncatingIfNeeded: number)) | self.format(format).box)
  }

  @inline(__always) mutating func real<F: BinaryFormat>(
    _ format: F.Type, from kind: IntegerKind, _ v: Term, _ rounding: Int
  ) -> Real {
    .integer(kind, v, rounding: rounding)
  }

  @inline(__always) mutating func converted<F: BinaryFormat, G: BinaryFormat>(
    _ from: F.Type, _ to: G.Type, _ a: Real, _ rounding: Int
  ) -> Real {
    .converted(format(from), register(a), rounding: rounding)
  }

  @inline(__always) mutating func rounded<F: BinaryFormat>(
    _ format: F.Type, _ a: Real, signalInexact: Bool, _ rounding: Int
  ) -> Real {
    .rounded(register(a), signalInexact: signalInexact, rounding: rounding)
  }

  // MARK: To integer registers

  @inline(__always) mutating func compare<F: BinaryFormat>(
    _ relation: RealRelation, _ format: F.Type, _ a: Real, _ b: Real
  ) -> Term {
    emission.pointee.compare(relation, register(a), register(b), self.format(format), emission)
  }

  @inline(__always) func classify<F: BinaryFormat>(_ format: F.Type, _ a: Real) -> Term {
    emission.pointee.classify(register(a), self.format(format), emission)
  }

  @inline(__always) mutating func integer<F: BinaryFormat>(
    _ kind: IntegerKind, _ format: F.Type, _ a: Real, _ rounding: Int
  ) -> Term {
    emission.pointee.integer(kind, register(a), self.format(format), rounding, emission)
  }

  @inline(__always) mutating func integerModular(_ a: Real) -> Term {
    emission.pointee.integerModular(register(a), emission)
  }

  // MARK: RV32 only

  func highWord(_ register: Int) -> Term { leaveValue() }
  func pairedReal(_ low: Term, _ high: Term) -> Real { leaveReal() }
}

/// The formats, with what the host's instructions for them have in common.
enum RealFormat: Int {
  case double = 0
  case single
  case half

  @inline(__always) var width: Int { 64 >> rawValue }
  /// The ones above a value in its register.
  var box: UInt64 { constant(.box64).bits }
  /// The prefix of scalar instructions; halves are computed as singles.
  @inline(__always) var prefix: Int { self == .double ? 0xf2 : 0xf3 }
  /// The prefix of comparisons.
  @inline(__always) var comparePrefix: Int { self == .double ? 0x66 : 0 }

  /// The constant of this format, given that for doubles.
  func constant(_ first: RealConstant) -> RealConstant {
    RealConstant(rawValue: first.rawValue + rawValue) ?? first
  }
}

/// MXCSR (Intel SDM, volume 1, §10.2.3).
enum HostControl {
  /// All exceptions masked.
  static let masks = 0x1f80
  static let roundingMask = 0x6000
  static let flags = 0x3f
  static let invalid = 1

  /// The rounding field for the guest's modes 0–3 (RNE, RTZ, RDN, RUP).
  @inline(__always) static func rounding(_ mode: Int) -> Int { roundingField(mode) << 13 }

  /// The same as instructions have it in an immediate.
  @inline(__always) static func roundingField(_ mode: Int) -> Int {
    switch mode {
    case 1: 3
    case 2: 1
    case 3: 2
    default: 0
    }
  }

  /// The guest's `fflags` for MXCSR's: IE, ZE, OE, UE, PE to NV, DZ, OF, UF, NX.
  static func guestFlags(_ control: UInt32) -> UInt64 {
    let c = UInt64(control)
    return (c & 1) << 4 | (c >> 2 & 1) << 3 | (c >> 3 & 1) << 2 | (c >> 4 & 1) << 1 | c >> 5 & 1
  }
}
