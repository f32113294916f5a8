import RISCV

/// Floating point on the host's SSE unit: double-precision arithmetic, loads, stores and moves. While
/// translated code runs, MXCSR holds the guest's rounding mode (where the host has it) and collects flags,
/// which the way out adds to `fflags`. NaNs are made canonical by a side exit.
extension Emitter {
  /// Where a floating-point value is.
  enum Real {
    case register(Int)
    /// xmm0, right after the operation that made it.
    case result(cursor: Int)
    /// A bit pattern.
    case bits(Term)
  }

  @inline(__always) private func leaveReal() -> Real { .bits(emission.pointee.leave()) }
  @inline(__always) private func leaveValue() -> Term { emission.pointee.leave() }

  @inline(__always) private func width<F: BinaryFormat>(_ format: F.Type) -> Int {
    1 + F.exponentBits + F.fractionBits
  }

  mutating func requireFloatingPoint() { emission.pointee.requireFloatingPoint() }

  @inline(__always) func real<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> Real {
    // Narrower values want their boxes checked.
    width(format) == 64 ? .register(register) : leaveReal()
  }

  @inline(__always) nonmutating func setReal<F: BinaryFormat>(
    _ format: F.Type, _ register: Int, _ value: Real
  ) {
    emission.pointee.setReal(register, value, width(format))
  }

  @inline(__always) func realBits<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> Term {
    let word = Term(Leaf(.guest, 40 + register), emission)
    switch width(format) {
    case 64: return word
    case 32: return extended(half(word))
    default: return leaveValue()
    }
  }

  @inline(__always) func realBits(of value: Term) -> Real { .bits(value) }

  @inline(__always) mutating func loadReal<F: BinaryFormat>(_ format: F.Type, _ address: Term) -> Real {
    switch width(format) {
    case 64: return .bits(load(UInt64.self, address))
    case 32: return .bits(load(UInt32.self, address))
    default: return leaveReal()
    }
  }

  @inline(__always) mutating func storeReal<F: BinaryFormat>(
    _ format: F.Type, _ register: Int, _ address: Term
  ) {
    emission.pointee.store(Leaf(.guest, 40 + register), 0, address, width(format) / 8)
  }

  @inline(__always) mutating func arithmetic<F: BinaryFormat>(
    _ operation: RealOperation, _ format: F.Type, _ a: Real, _ b: Real, _ rounding: Int
  ) -> Real {
    guard width(format) == 64, case .register(let first) = a, case .register(let second) = b else {
      return leaveReal()
    }
    return emission.pointee.arithmetic(operation, first, second, rounding)
  }

  // MARK: Left to the interpreter

  mutating func fused<F: BinaryFormat>(
    _ format: F.Type, _ a: Real, _ b: Real, _ c: Real, negateProduct: Bool, negateAddend: Bool,
    _ rounding: Int
  ) -> Real { leaveReal() }
  mutating func choose<F: BinaryFormat>(_ choice: RealChoice, _ format: F.Type, _ a: Real, _ b: Real) -> Real
  {
    leaveReal()
  }
  mutating func compare<F: BinaryFormat>(_ relation: RealRelation, _ format: F.Type, _ a: Real, _ b: Real)
    -> Term
  {
    leaveValue()
  }
  func classify<F: BinaryFormat>(_ format: F.Type, _ a: Real) -> Term { leaveValue() }
  func constant<F: BinaryFormat>(_ format: F.Type, _ number: Int) -> Real { leaveReal() }
  mutating func integer<F: BinaryFormat>(_ kind: IntegerKind, _ format: F.Type, _ a: Real, _ rounding: Int)
    -> Term
  {
    leaveValue()
  }
  mutating func integerModular(_ a: Real) -> Term { leaveValue() }
  mutating func real<F: BinaryFormat>(_ format: F.Type, from kind: IntegerKind, _ v: Term, _ rounding: Int)
    -> Real
  {
    leaveReal()
  }
  mutating func converted<F: BinaryFormat, G: BinaryFormat>(
    _ from: F.Type, _ to: G.Type, _ a: Real, _ rounding: Int
  )
    -> Real
  {
    leaveReal()
  }
  mutating func rounded<F: BinaryFormat>(_ format: F.Type, _ a: Real, signalInexact: Bool, _ rounding: Int)
    -> Real
  {
    leaveReal()
  }
  func highWord(_ register: Int) -> Term { leaveValue() }
  func pairedReal(_ low: Term, _ high: Term) -> Real { leaveReal() }
}

/// MXCSR (Intel SDM, volume 1, §10.2.3).
enum HostControl {
  /// All exceptions masked.
  static let masks = 0x1f80
  static let roundingMask = 0x6000
  static let flags = 0x3f

  /// The rounding field for the guest's modes 0–3 (RNE, RTZ, RDN, RUP).
  @inline(__always) static func rounding(_ mode: Int) -> Int {
    switch mode {
    case 1: 3 << 13
    case 2: 1 << 13
    case 3: 2 << 13
    default: 0
    }
  }

  /// The guest's `fflags` for MXCSR's: IE, ZE, OE, UE, PE to NV, DZ, OF, UF, NX.
  static func guestFlags(_ control: UInt32) -> UInt64 {
    let c = UInt64(control)
    return (c & 1) << 4 | (c >> 2 & 1) << 3 | (c >> 3 & 1) << 2 | (c >> 4 & 1) << 1 | c >> 5 & 1
  }
}

extension Emission {
  private static func realDisplacement(_ register: Int) -> Int { displacement(40 + register) }

  /// Once per region: only system instructions, which leave, change `FS`.
  @inline(never) mutating func requireFloatingPoint() {
    if checkedFloatingPoint { return }
    assembler.arithmetic(.compare, .rbp, HartState.Offset.fs - 128, immediate: 0)
    leave(if: .equal)
    checkedFloatingPoint = true
  }

  /// Once per region: `frm` holds a mode that the host has too.
  private mutating func requireHostRounding() {
    if checkedRounding { return }
    assembler.arithmetic(.compare, .rbp, HartState.Offset.frm - 128, immediate: 3)
    leave(if: .above)
    checkedRounding = true
  }

  @inline(never) mutating func setReal(_ register: Int, _ value: Emitter.Real, _ width: Int) {
    switch value {
    case .result(let cursor):
      if cursor != Int(bitPattern: assembler.cursor) { isLeft = true }
      assembler.scalar(0xf2, 0x11, .rbp, Self.realDisplacement(register))
    case .bits(let term):
      compute(term, .rax)
      if width == 32 {
        // Boxed: ones above.
        assembler.registers(Opcodes.load, .rax, .rax, wide: false)
        assembler.move(.rcx, immediate: -1 << 32)
        assembler.registers(Arithmetic.or.opcode, .rax, .rcx)
      } else if width != 64 {
        isLeft = true
      }
      assembler.memory(Opcodes.store, .rax, .rbp, Self.realDisplacement(register))
    case .register:
      isLeft = true
    }
    if markedDirty { return }
    assembler.memory(0xc7, HostRegister(0), .rbp, HartState.Offset.fs - 128)
    assembler.long(3)
    markedDirty = true
  }

  @inline(never) mutating func arithmetic(_ operation: RealOperation, _ a: Int, _ b: Int, _ rounding: Int)
    -> Emitter.Real
  {
    let opcode =
      switch operation {
      case .add: 0x58
      case .subtract: 0x5c
      case .multiply: 0x59
      case .divide: 0x5e
      case .squareRoot: 0x51
      }
    let operand = operation == .squareRoot ? a : b
    if operation != .squareRoot { assembler.scalar(0xf2, 0x10, .rbp, Self.realDisplacement(a)) }
    switch rounding {
    case 0...3:
      // MXCSR has the mode of `frm`: another one is switched to and back.
      assembler.arithmetic(.compare, .rbp, HartState.Offset.frm - 128, immediate: rounding)
      let site = assembler.jump(.notEqual)
      assembler.scalar(0xf2, opcode, .rbp, Self.realDisplacement(operand))
      rares[rareCount] = Rare(
        site: site, resume: assembler.address, rounding: rounding, opcode: opcode, register: operand)
      rareCount += 1
    case 7:
      requireHostRounding()
      assembler.scalar(0xf2, opcode, .rbp, Self.realDisplacement(operand))
    default:
      isLeft = true
    }
    // ucomisd xmm0, xmm0
    assembler.byte(0x66)
    assembler.registers(0x0f2e, HostRegister(0), HostRegister(0), wide: false)
    let site = assembler.jump(.parity)
    rares[rareCount] = Rare(site: site, resume: assembler.address, rounding: -1, opcode: 0, register: 0)
    rareCount += 1
    return .result(cursor: Int(bitPattern: assembler.cursor))
  }

  mutating func emit(_ rare: Rare) {
    assembler.completeHere(rare.site)
    if rare.rounding < 0 {
      assembler.move(.rax, immediate: 0x7ff8 << 48)
      // movq xmm0, rax
      assembler.byte(0x66)
      assembler.registers(0x0f6e, HostRegister(0), .rax)
    } else {
      assembler.storeControl(.rbp, Frame.control)
      assembler.memory(Opcodes.load, .rax, .rbp, Frame.control, wide: false)
      assembler.arithmetic(.and, .rax, immediate: ~HostControl.roundingMask, wide: false)
      assembler.arithmetic(.or, .rax, immediate: HostControl.rounding(rare.rounding), wide: false)
      assembler.memory(Opcodes.store, .rax, .rbp, Frame.otherControl, wide: false)
      assembler.loadControl(.rbp, Frame.otherControl)
      assembler.scalar(0xf2, rare.opcode, .rbp, Self.realDisplacement(rare.register))
      assembler.storeControl(.rbp, Frame.otherControl)
      assembler.memory(Opcodes.load, .rax, .rbp, Frame.otherControl, wide: false)
      assembler.arithmetic(.and, .rax, immediate: HostControl.flags, wide: false)
      assembler.memory(0x09, .rax, .rbp, Frame.control, wide: false)
      assembler.loadControl(.rbp, Frame.control)
    }
    assembler.jump(to: rare.resume)
  }
}
