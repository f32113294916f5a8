import RISCV

/// Floating-point registers and what computes new ones.
///
/// xmm4–xmm15 hold guest registers (`realMap`), all 64 bits, boxes included; xmm0–xmm3 are scratch. They are
/// loaded by the first region that wants them, and then stored on the way out. MXCSR holds the guest's rounding
/// mode and collects flags, which the way out adds to `fflags`. As long as FS is not dirty, or `frm` has a mode
/// that the host has not, floating point is the interpreter's. Instructions that the host would do differently on some operands look
/// at these first: a NaN result is made canonical, a value that is not properly boxed is the interpreter's.
extension Emission {
  /// Which xmm register holds which guest register: those that compilers take first.
  static let realMap: [(guest: Int, xmm: Int)] = [
    (15, 4), (14, 5), (13, 6), (12, 7), (11, 8), (10, 9), (0, 10), (1, 11), (2, 12), (3, 13), (8, 14),
    (9, 15),
  ]
  /// Where the table `places` has the floating-point registers.
  static let realPlaces = 128

  static func realDisplacement(_ register: Int) -> Int { displacement(40 + register) }

  // MARK: What holds for a region

  /// Once per region: only system instructions, which leave, change what `Frame.reals` says.
  @inline(never) mutating func requireFloatingPoint() {
    if checkedFloatingPoint { return }
    // cmp dword [rbp + reals], 0
    assembler.memory(0x83, HostRegister(Arithmetic.compare.rawValue), .rbp, Frame.reals, wide: false)
    assembler.byte(0)
    addRare(assembler.jump(.notEqual), .notLoaded(pc: pc, executed: executed))
    checkedFloatingPoint = true
  }

  /// Leaves to the interpreter at this instruction, at run time, and does not come back: what the region takes
  /// for granted behind it does not hold.
  mutating func leaveRegion(if condition: HostCondition) {
    leave(if: condition)
    misses[missCount - 1].isFinal = true
  }

  // MARK: Rounding

  /// MXCSR rounds as the `rm` field says. Only scratch rcx is used.
  mutating func beginRounding(_ field: Int) {
    switch field {
    case 0...3:
      assembler.arithmetic(.compare, .rbp, HartState.Offset.frm - 128, immediate: field)
      addRare(assembler.jump(.notEqual), .switchRounding(field))
    case 7: break
    default: isLeft = true
    }
  }

  /// MXCSR rounds as `frm` says again.
  mutating func endRounding(_ field: Int) {
    if field > 3 { return }
    assembler.arithmetic(.compare, .rbp, HartState.Offset.frm - 128, immediate: field)
    addRare(assembler.jump(.notEqual), .restoreRounding)
  }

  /// An exact instruction: of its rounding mode only the validity matters.
  mutating func checkRounding(_ field: Int) {
    if field == 5 || field == 6 { isLeft = true }
  }

  // MARK: Operands

  func constant(_ c: RealConstant) -> RealPlace { .constant(stubs.constants + 16 * c.rawValue) }

  func place(real register: Int) -> RealPlace {
    let xmm = places[Self.realPlaces + register]
    return xmm < 0 ? .state(Self.realDisplacement(register)) : .xmm(Int(xmm))
  }

  /// The guest register in some xmm register, `scratch` where it has none.
  mutating func source(real register: Int, _ scratch: Int) -> Int {
    inRegister(place(real: register), scratch)
  }

  mutating func inRegister(_ place: RealPlace, _ scratch: Int) -> Int {
    if case .xmm(let xmm) = place { return xmm }
    assembler.load(scratch, place)
    return scratch
  }

  /// The operand as a scalar instruction of the format takes it: a half as a single in `scratch`.
  mutating func operand(_ register: Int, _ format: RealFormat, _ scratch: Int) -> RealPlace {
    if format != .half { return place(real: register) }
    assembler.widen(scratch, place(real: register))
    return .xmm(scratch)
  }

  /// The guest register holds a value of the format, or the region is left.
  mutating func requireBox(_ register: Int, _ format: RealFormat) {
    let bit = UInt32(1) << UInt32(register)
    switch format {
    case .double: return
    case .single:
      if boxedSingles & bit != 0 { return }
    case .half:
      if !host.contains(.f16c) { isLeft = true }
      if boxedHalves & bit != 0 { return }
    }
    let place = place(real: register)
    if case .state(let displacement) = place, format == .single {
      // cmp dword [upper half], -1
      assembler.memory(
        0x83, HostRegister(Arithmetic.compare.rawValue), .rbp, displacement + 4, wide: false)
      assembler.byte(-1)
      leaveRegion(if: .notEqual)
    } else if case .xmm(let xmm) = place, host.contains(.sse41) {
      // ptest: carry where the box is all ones
      assembler.sse(0x66, 0x17, xmm, constant(format.constant(.box64)), map: .x38)
      leaveRegion(if: .aboveOrEqual)
    } else {
      general(place, .rax)
      assembler.shift(7, .rax, immediate: format.width, wide: true)
      assembler.arithmetic(.compare, .rax, immediate: -1)
      leaveRegion(if: .notEqual)
    }
    noteBox(register, format)
  }

  private mutating func noteBox(_ register: Int, _ format: RealFormat) {
    let bit = UInt32(1) << UInt32(register)
    boxedSingles = format == .double ? boxedSingles & ~bit : boxedSingles | bit
    boxedHalves = format == .half ? boxedHalves | bit : boxedHalves & ~bit
  }

  /// All 64 bits into a general register.
  mutating func general(_ place: RealPlace, _ d: HostRegister) {
    switch place {
    case .xmm(let xmm): assembler.move(d, fromXMM: xmm, wide: true)
    case .state(let displacement): assembler.memory(Opcodes.load, d, .rbp, displacement)
    default: isLeft = true
    }
  }

  // MARK: Results

  /// Computes the value into the guest register.
  @inline(never) mutating func setReal(_ register: Int, _ value: Emitter.Real, _ format: RealFormat) {
    let d: Int
    if case .xmm(let xmm) = place(real: register) { d = xmm } else { d = 0 }
    switch value {
    case .bits(let term):
      setBits(d, term, format)
    case .constant(let bits):
      if bits == 0 {
        assembler.clear(xmm: d)
      } else {
        assembler.move(.rax, immediate: Int64(bitPattern: bits))
        assembler.move(xmm: d, from: .rax, wide: true)
      }
    case .arithmetic(let operation, let a, let b, let rounding):
      arithmetic(operation, format, d, a, operation == .squareRoot ? a : b, rounding)
    case .fused(let a, let b, let c, let kind, let rounding): fused(kind, format, d, a, b, c, rounding)
    case .choice(let choice, let a, let b):
      switch choice {
      case .minimum: choose(RealOpcodes.minimum, prefersNumber: true, format, d, a, b)
      case .maximum: choose(RealOpcodes.maximum, prefersNumber: true, format, d, a, b)
      case .minimumNaN: choose(RealOpcodes.minimum, prefersNumber: false, format, d, a, b)
      case .maximumNaN: choose(RealOpcodes.maximum, prefersNumber: false, format, d, a, b)
      case .copySign, .copyNegatedSign, .xorSign: injectSign(choice, format, d, a, b)
      }
    case .integer(let kind, let v, let rounding): convert(d, format, from: kind, v, rounding)
    case .converted(let from, let a, let rounding): convert(d, format, from: from, a, rounding)
    case .rounded(let a, let signalInexact, let rounding):
      round(d, format, a, signalInexact: signalInexact, rounding)
    case .register, .none: isLeft = true
    }
    if case .state = place(real: register) {
      assembler.sse(0xf2, RealOpcodes.store, d, .state(Self.realDisplacement(register)))
    }
    noteBox(register, format)
  }

  /// A bit pattern from memory or an integer register.
  private mutating func setBits(_ d: Int, _ term: Term, _ format: RealFormat) {
    if term.form == .memory && format != .half {
      if term.immediate != Int64(Int(bitPattern: assembler.cursor)) { isLeft = true }
      accessReal(format.prefix, RealOpcodes.load, d)
    } else {
      compute(term, .rax)
      if format == .half && term.form != .memory {
        assembler.registers(Opcodes.loadUnsigned16, .rax, .rax, wide: false)
      }
      assembler.move(xmm: d, from: .rax, wide: format == .double)
    }
    box(d, format)
  }

  /// Ones above the value, where that has zeros or ones.
  mutating func box(_ d: Int, _ format: RealFormat) {
    if format != .double { assembler.sse(0, RealOpcodes.or, d, constant(format.constant(.box64))) }
  }

  /// Replaces a NaN, as which the register has the result, by the canonical one.
  mutating func canonicalize(_ d: Int, _ format: RealFormat) {
    assembler.sse(format.comparePrefix, RealOpcodes.compareQuiet, d, .xmm(d))
    addRare(assembler.jump(.parity), .nan(d, format))
  }

  // MARK: Moves to integer registers and memory

  /// rax as a value that is good for the next operation.
  func accumulator(_ emission: UnsafeMutablePointer<Emission>, signExtended: Bool = false) -> Term {
    let term = Term(
      Leaf(.host, HostRegister.rax.number), immediate: Int64(Int(bitPattern: assembler.cursor)), emission)
    return signExtended
      ? Term(
        bits: term.bits & ~Term.wideBit | Term.signBit, immediate: term.immediate, emission: emission) : term
  }

  @inline(never) mutating func bits(
    _ register: Int, _ format: RealFormat, _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    switch (format, place(real: register)) {
    case (.double, .xmm(let xmm)): assembler.move(.rax, fromXMM: xmm, wide: true)
    case (_, .xmm(let xmm)): assembler.move(.rax, fromXMM: xmm, wide: false)
    case (.double, _): return Term(Leaf(.guest, 40 + register), emission)
    default:
      assembler.memory(Opcodes.load, .rax, .rbp, Self.realDisplacement(register), wide: false)
    }
    if format == .half { assembler.registers(Opcodes.loadSigned16, .rax, .rax) }
    return accumulator(emission, signExtended: format == .single)
  }

  @inline(never) mutating func storeReal(_ register: Int, _ address: Term, _ format: RealFormat) {
    guard case .xmm(let xmm) = place(real: register) else {
      store(Leaf(.guest, 40 + register), 0, address, format.width / 8)
      return
    }
    look(up: address, format.width / 8, .store)
    if format == .half {
      assembler.move(.rdx, fromXMM: xmm, wide: false)
      put(.rdx, 2)
    } else {
      accessReal(format.prefix, RealOpcodes.store, xmm)
    }
  }

  // MARK: Arithmetic

  private mutating func arithmetic(
    _ operation: RealOperation, _ format: RealFormat, _ d: Int, _ a: Int, _ b: Int, _ rounding: Int
  ) {
    requireBox(a, format)
    requireBox(b, format)
    beginRounding(rounding)
    let (opcode, commutes) =
      switch operation {
      case .add: (RealOpcodes.add, true)
      case .subtract: (RealOpcodes.subtract, false)
      case .multiply: (RealOpcodes.multiply, true)
      case .divide: (RealOpcodes.divide, false)
      case .squareRoot: (RealOpcodes.squareRoot, false)
      }
    let first = operand(a, format, 0)
    let second = a == b ? first : operand(b, format, 1)
    if format == .half {
      // With 24 bits for 11 the first rounding does not disturb the second (24 ≥ 2 × 11 + 2), and an inexact
      // single is an inexact half.
      combine(opcode, format, 0, first, second, commutes: commutes)
      assembler.narrow(1, 0, rounding: 4)
      endRounding(rounding)
      finishHalf(d)
    } else {
      combine(opcode, format, d, first, second, commutes: commutes)
      endRounding(rounding)
      canonicalize(d, format)
    }
  }

  /// The half in xmm1, narrowed from the single in xmm0, becomes the result.
  mutating func finishHalf(_ d: Int) {
    box(1, .half)
    assembler.sse(0, RealOpcodes.compareQuiet, 0, .xmm(0))
    addRare(assembler.jump(.parity), .nan(1, .half))
    assembler.load(d, .xmm(1))
  }

  /// `d` becomes a combined with b; what is above the value comes from either.
  private mutating func combine(
    _ opcode: Int, _ format: RealFormat, _ d: Int, _ a: RealPlace, _ b: RealPlace, commutes: Bool
  ) {
    if host.contains(.avx) {
      let first = inRegister(a, 0)
      assembler.avx(format.prefix, opcode, d, first, a == b ? .xmm(first) : b)
    } else if b != .xmm(d) || a == b {
      assembler.load(d, a)
      assembler.sse(format.prefix, opcode, d, a == b ? .xmm(d) : b)
    } else if commutes {
      // The box of a single is in d as well.
      assembler.sse(format.prefix, opcode, d, a)
    } else {
      assembler.load(2, a)
      assembler.sse(format.prefix, opcode, 2, b)
      assembler.load(d, .xmm(2))
    }
  }

  private mutating func fused(
    _ kind: Int, _ format: RealFormat, _ d: Int, _ a: Int, _ b: Int, _ c: Int, _ rounding: Int
  ) {
    if format == .half { return fusedHalf(kind, d, a, b, c, rounding) }
    guard host.contains(.fma) else {
      isLeft = true
      return
    }
    requireBox(a, format)
    requireBox(b, format)
    requireBox(c, format)
    beginRounding(rounding)
    let (first, second) = (place(real: a), place(real: b))
    // The factors stay what they are until the result is known not to be a NaN.
    let sum = first == .xmm(d) || second == .xmm(d) ? 0 : d
    assembler.load(sum, place(real: c))
    let factor = inRegister(first, 1)
    // vfmadd231 and its kin
    assembler.avx(
      0x66, 0xb9 + kind, sum, factor, a == b ? .xmm(factor) : second, map: .x38, wide: format == .double)
    endRounding(rounding)
    assembler.sse(format.comparePrefix, RealOpcodes.compareQuiet, sum, .xmm(sum))
    addRare(assembler.jump(.parity), .fusedNaN(sum, format, first, second))
    assembler.load(d, .xmm(sum))
  }

  /// By doubles, which hold the product exactly. A sum that they do not hold either overflows as a half (an addend's
  /// last place is 2^-24 at least), or is an addend with a product below 2^-30 of it, which only says to which side
  /// of the addend it lies, and that it is inexact: rounded in any mode, the sum says that, too.
  private mutating func fusedHalf(_ kind: Int, _ d: Int, _ a: Int, _ b: Int, _ c: Int, _ rounding: Int) {
    requireBox(a, .half)
    requireBox(b, .half)
    requireBox(c, .half)
    beginRounding(rounding)
    widenToDouble(0, a)
    widenToDouble(1, b)
    assembler.sse(RealFormat.double.prefix, RealOpcodes.multiply, 0, .xmm(1))
    widenToDouble(1, c)
    if kind & 4 != 0 { assembler.sse(0, RealOpcodes.exclusiveOr, 0, constant(.sign64)) }
    if kind & 2 != 0 { assembler.sse(0, RealOpcodes.exclusiveOr, 1, constant(.sign64)) }
    assembler.sse(RealFormat.double.prefix, RealOpcodes.add, 0, .xmm(1))
    narrowDouble()
    endRounding(rounding)
    finishHalf(d)
  }

  /// The half in a guest register as a double in `xmm`.
  private mutating func widenToDouble(_ xmm: Int, _ register: Int) {
    assembler.widen(xmm, place(real: register))
    assembler.sse(RealFormat.single.prefix, RealOpcodes.convert, xmm, .xmm(xmm))
  }

  /// The double in xmm0 becomes a half in xmm1, and a single in xmm0, as `finishHalf` wants them. On the way to a
  /// single it is rounded to odd: the last place says whether anything was lost, so that the second rounding is
  /// as good as the only one (24 ≥ 11 + 2). Beyond a single's range both overflow, or underflow. Uses rax and rcx.
  mutating func narrowDouble() {
    let lost = (1 << 29) - 1
    assembler.move(.rax, fromXMM: 0, wide: true)
    assembler.registers(Opcodes.load, .rcx, .rax, wide: false)
    assembler.arithmetic(.and, .rcx, immediate: lost, wide: false)
    assembler.arithmetic(.add, .rcx, immediate: lost, wide: false)
    assembler.registers(Arithmetic.or.opcode, .rax, .rcx)
    assembler.arithmetic(.and, .rax, immediate: ~lost)
    assembler.move(xmm: 2, from: .rax, wide: true)
    // Nothing above, which would be converted too.
    assembler.clear(xmm: 0)
    assembler.sse(RealFormat.double.prefix, RealOpcodes.convert, 0, .xmm(2))
    assembler.narrow(1, 0, rounding: 4)
  }

  // MARK: Choices

  /// The host's minimum and maximum know neither signed zeros nor the guest's NaNs: they get neither equal
  /// nor unordered operands.
  private mutating func choose(
    _ opcode: Int, prefersNumber: Bool, _ format: RealFormat, _ d: Int, _ a: Int, _ b: Int
  ) {
    requireBox(a, format)
    requireBox(b, format)
    assembler.load(0, operand(a, format, 0))
    let second = operand(b, format, 1)
    assembler.sse(format.comparePrefix, RealOpcodes.compareQuiet, 0, second)
    let unordered: UnsafeMutableRawPointer = assembler.jump(.parity)
    let equal: UnsafeMutableRawPointer = assembler.jump(.equal)
    assembler.sse(format.prefix, opcode, 0, second)
    addRare(unordered, .unordered(second, format, prefersNumber: prefersNumber))
    // Equal, they differ in the sign of zero at most.
    addRare(equal, .equal(second, opcode == RealOpcodes.minimum ? RealOpcodes.or : RealOpcodes.and))
    if format == .half {
      assembler.narrow(0, 0, rounding: 0)
      box(0, .half)
    }
    assembler.load(d, .xmm(0))
  }

  private mutating func injectSign(
    _ choice: RealChoice, _ format: RealFormat, _ d: Int, _ a: Int, _ b: Int
  ) {
    requireBox(a, format)
    requireBox(b, format)
    let sign = constant(format.constant(.sign64))
    let magnitude = constant(format.constant(.magnitude64))
    if a == b {
      assembler.load(d, place(real: a))
      switch choice {
      case .copyNegatedSign: assembler.sse(0, RealOpcodes.exclusiveOr, d, sign)
      case .xorSign: assembler.sse(0, RealOpcodes.and, d, magnitude)
      default: break
      }
      return
    }
    assembler.load(0, place(real: a))
    assembler.load(1, place(real: b))
    assembler.sse(0, choice == .copyNegatedSign ? RealOpcodes.andNot : RealOpcodes.and, 1, sign)
    if choice == .xorSign {
      assembler.sse(0, RealOpcodes.exclusiveOr, 0, .xmm(1))
    } else {
      assembler.sse(0, RealOpcodes.and, 0, magnitude)
      assembler.sse(0, RealOpcodes.or, 0, .xmm(1))
    }
    assembler.load(d, .xmm(0))
  }

  // MARK: Comparison and classification

  @inline(never) mutating func compare(
    _ relation: RealRelation, _ a: Int, _ b: Int, _ format: RealFormat,
    _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    requireBox(a, format)
    requireBox(b, format)
    let first = operand(a, format, 0)
    let second = operand(b, format, 1)
    if relation == .equal {
      // cmpeqsd makes a mask.
      assembler.load(0, first)
      assembler.sse(format.prefix, RealOpcodes.compareMask, 0, second, trailing: 1)
      assembler.byte(0)
      assembler.move(.rax, fromXMM: 0, wide: false)
      assembler.arithmetic(.and, .rax, immediate: 1, wide: false)
      return accumulator(emission)
    }
    // Turned around, unordered is among what does not hold.
    let isQuiet = relation == .lessQuiet || relation == .lessOrEqualQuiet
    let isStrict = relation == .less || relation == .lessQuiet
    assembler.sse(
      format.comparePrefix, isQuiet ? RealOpcodes.compareQuiet : RealOpcodes.compareSignaling,
      inRegister(second, 1), first)
    assembler.set(isStrict ? .above : .aboveOrEqual, .rax)
    return accumulator(emission)
  }

  @inline(never) mutating func classify(
    _ register: Int, _ format: RealFormat, _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    requireBox(register, format)
    let exponentBits = [11, 8, 5][format.rawValue]
    // rax: the sign on top; rcx: the exponent on top.
    general(place(real: register), .rax)
    if format != .double { assembler.shift(4, .rax, immediate: 64 - format.width, wide: true) }
    assembler.memory(Opcodes.address, .rcx, .rax, 0)
    assembler.shift(4, .rcx, immediate: 1, wide: true)
    var known: [UnsafeMutableRawPointer] = []
    assembler.move(.rdx, immediate: 4)
    assembler.registers(Opcodes.test, .rcx, .rcx)
    known.append(assembler.jump(.equal))
    // From zero to subnormal to normal to infinite.
    let leastNormal = UInt64(1) << UInt64(64 - exponentBits)
    let infinity = ~(leastNormal - 1)
    classifyNext(5, below: leastNormal, &known)
    classifyNext(6, below: infinity, &known)
    assembler.move(.rdx, immediate: 7)
    known.append(assembler.jump(.equal))
    // The quiet bit moves into the carry; 1 << 8 or 1 << 9.
    assembler.shift(4, .rcx, immediate: exponentBits + 1, wide: true)
    assembler.move(.rdx, immediate: 8)
    assembler.arithmetic(.addWithCarry, .rdx, immediate: 0, wide: false)
    let end: UnsafeMutableRawPointer = assembler.jump()
    for site in known { assembler.completeHere(site) }
    assembler.registers(Opcodes.test, .rax, .rax)
    let positive: UnsafeMutableRawPointer = assembler.jump(.notSign)
    assembler.arithmetic(.exclusiveOr, .rdx, immediate: 7, wide: false)
    assembler.completeHere(positive)
    assembler.completeHere(end)
    assembler.move(.rcx, .rdx)
    assembler.move(.rax, immediate: 1)
    assembler.registers(Opcodes.shift, HostRegister(4), .rax)
    return accumulator(emission)
  }

  private mutating func classifyNext(
    _ kind: Int64, below limit: UInt64, _ known: inout [UnsafeMutableRawPointer]
  ) {
    assembler.move(.rdx, immediate: Int64(bitPattern: limit))
    assembler.registers(Arithmetic.compare.opcode, .rcx, .rdx)
    // mov leaves the flags alone, but a zero would be made by xor.
    assembler.move(.rdx, immediate: kind)
    known.append(assembler.jump(.below))
  }
}
