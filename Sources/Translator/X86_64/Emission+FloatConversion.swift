import RISCV

/// Conversions between numbers. Where the host signals what the guest does not, or saturates differently, the
/// operand's range is looked at before, or the result behind.
extension Emission {
  // MARK: To integers

  @inline(never) mutating func integer(
    _ kind: IntegerKind, _ register: Int, _ format: RealFormat, _ rounding: Int,
    _ emission: UnsafeMutablePointer<Emission>
  ) -> Term {
    requireBox(register, format)
    let s = inRegister(operand(register, format, 1), 1)
    switch kind {
    case .signed32, .signed64:
      let isWide = kind == .signed64
      let isRounded = toInteger(s, format, rounding, wide: isWide)
      // Of the least integer alone: the host's answer to what does not fit.
      assembler.arithmetic(.compare, .rax, immediate: 1, wide: isWide)
      let site: UnsafeMutableRawPointer = assembler.jump(.overflow)
      let signaling = assembler.address
      if isRounded { signalInexact(format) }
      addRare(site, .saturate(s, format, wide: isWide, signaling: isRounded ? signaling : nil))
    case .unsigned32:
      // Up to 2^32 - 1, which no mode rounds further up.
      leave(s, format, above: 0x41ef_ffff_ffe0_0000, single: 0x4f7f_ffff)
      if toInteger(s, format, rounding, wide: true) { signalInexact(format) }
    case .unsigned64:
      // Below 2^64; from 2^63 on the significand is the integer.
      leave(s, format, above: 0x43ef_ffff_ffff_ffff, single: 0x5f7f_ffff)
      compare(format, with: 0x43df_ffff_ffff_ffff, single: 0x5eff_ffff)
      let site: UnsafeMutableRawPointer = assembler.jump(.above)
      if toInteger(s, format, rounding, wide: true) { signalInexact(format) }
      addRare(site, .largeInteger(format))
    }
    return accumulator(emission, signExtended: kind == .signed32 || kind == .unsigned32)
  }

  /// To rax. True where the value was rounded before: xmm0 has the integral value, xmm2 what was rounded off.
  private mutating func toInteger(_ s: Int, _ format: RealFormat, _ rounding: Int, wide: Bool) -> Bool {
    var (source, opcode) = (s, RealOpcodes.truncate)
    switch rounding {
    case 1: break
    case 0, 2, 3, 4:
      guard host.contains(.sse41) else { fallthrough }
      roundQuietly(s, format, rounding)
      source = 0
    default:
      opcode = RealOpcodes.toInteger
      beginRounding(rounding)
    }
    assembler.sse(format.prefix, opcode, 0, .xmm(source), wide: wide)
    if opcode == RealOpcodes.toInteger { endRounding(rounding) }
    return source == 0
  }

  /// The integral value in xmm0, what was rounded off in xmm2. The latter is exact but for values near zero,
  /// which are inexact themselves.
  private mutating func roundQuietly(_ s: Int, _ format: RealFormat, _ mode: Int) {
    let isAway = mode == 4
    integral(0, s, format, HostControl.roundingField(isAway ? 1 : mode) | 8)
    assembler.load(2, .xmm(s))
    assembler.sse(format.prefix, RealOpcodes.subtract, 2, .xmm(0))
    if isAway {
      // A half or more goes away from zero: that is one when doubled and truncated.
      assembler.load(3, .xmm(2))
      assembler.sse(format.prefix, RealOpcodes.add, 3, .xmm(3))
      integral(3, 3, format, HostControl.roundingField(1) | 8)
      assembler.sse(format.prefix, RealOpcodes.add, 0, .xmm(3))
    }
  }

  /// Truncating what was rounded off is inexact, unless that is nothing.
  private mutating func signalInexact(_ format: RealFormat) {
    assembler.sse(format.prefix, RealOpcodes.truncate, HostRegister.rcx.number, .xmm(2))
  }

  /// roundsd, roundss.
  private mutating func integral(_ d: Int, _ s: Int, _ format: RealFormat, _ mode: Int) {
    assembler.sse(0x66, format == .double ? 0x0b : 0x0a, d, .xmm(s), map: .x3a, trailing: 1)
    assembler.byte(mode)
  }

  /// Leaves to the interpreter what is negative, a NaN or above a limit: bit patterns in order.
  private mutating func leave(_ s: Int, _ format: RealFormat, above limit: Int64, single: Int) {
    assembler.move(.rax, fromXMM: s, wide: format == .double)
    compare(format, with: limit, single: single)
    leave(if: .above)
  }

  private mutating func compare(_ format: RealFormat, with limit: Int64, single: Int) {
    if format == .double {
      assembler.move(.rcx, immediate: limit)
      assembler.registers(Arithmetic.compare.opcode, .rax, .rcx)
    } else {
      assembler.arithmetic(.compare, .rax, immediate: single, wide: false)
    }
  }

  @inline(never) mutating func integerModular(_ register: Int, _ emission: UnsafeMutablePointer<Emission>)
    -> Term
  {
    let s = source(real: register, 1)
    assembler.sse(RealFormat.double.prefix, RealOpcodes.truncate, 0, .xmm(s))
    // What does not fit is invalid here too; its value is the interpreter's.
    assembler.arithmetic(.compare, .rax, immediate: 1, wide: false)
    leave(if: .overflow)
    return accumulator(emission, signExtended: true)
  }

  // MARK: From integers

  mutating func convert(_ d: Int, _ format: RealFormat, from kind: IntegerKind, _ v: Term, _ rounding: Int) {
    compute(v, .rax)
    if kind == .unsigned32 { assembler.registers(Opcodes.load, .rax, .rax, wide: false) }
    let wide = kind != .signed32
    if format == .half {
      convertHalf(d, kind, rounding)
      return
    }
    let isExact = format == .double && (kind == .signed32 || kind == .unsigned32)
    if isExact { checkRounding(rounding) } else { beginRounding(rounding) }
    // What is above a single becomes its box; neither waits for what was there.
    if format == .single { assembler.setOnes(xmm: d) } else { assembler.clear(xmm: d) }
    var large: UnsafeMutableRawPointer?
    if kind == .unsigned64 {
      assembler.registers(Opcodes.test, .rax, .rax)
      large = assembler.jump(.sign)
    }
    assembler.sse(format.prefix, RealOpcodes.fromInteger, d, .xmm(0), wide: wide)
    if let large { addRare(large, .largeReal(d, format)) }
    if !isExact { endRounding(rounding) }
  }

  /// By way of a single, which has room for 24 bits: more is the interpreter's.
  private mutating func convertHalf(_ d: Int, _ kind: IntegerKind, _ rounding: Int) {
    if !host.contains(.f16c) { isLeft = true }
    let wide = kind != .signed32
    if kind == .signed32 || kind == .signed64 {
      assembler.memory(Opcodes.address, .rcx, .rax, 1 << 24, wide: wide)
      assembler.arithmetic(.compare, .rcx, immediate: 1 << 25, wide: wide)
    } else {
      assembler.arithmetic(.compare, .rax, immediate: 1 << 24, wide: wide)
    }
    leave(if: .above)
    beginRounding(rounding)
    assembler.clear(xmm: 0)
    assembler.sse(RealFormat.single.prefix, RealOpcodes.fromInteger, 0, .xmm(0), wide: wide)
    assembler.narrow(d, 0, rounding: 4)
    endRounding(rounding)
    box(d, .half)
  }

  // MARK: Between formats

  mutating func convert(_ d: Int, _ format: RealFormat, from: RealFormat, _ a: Int, _ rounding: Int) {
    requireBox(a, from)
    switch (from, format) {
    case (.single, .double), (.half, .double):
      checkRounding(rounding)
      let s = operand(a, from, 0)
      if host.contains(.avx) {
        let first = inRegister(s, 0)
        assembler.avx(RealFormat.single.prefix, RealOpcodes.convert, d, first, .xmm(first))
      } else {
        assembler.sse(RealFormat.single.prefix, RealOpcodes.convert, d, s)
      }
      canonicalize(d, .double)
    case (.half, .single):
      checkRounding(rounding)
      assembler.widen(d, place(real: a))
      box(d, .single)
      canonicalize(d, .single)
    case (.double, .single):
      beginRounding(rounding)
      let s = place(real: a)
      let result = s == .xmm(d) ? 0 : d
      assembler.setOnes(xmm: result)
      assembler.sse(RealFormat.double.prefix, RealOpcodes.convert, result, s)
      endRounding(rounding)
      canonicalize(result, .single)
      assembler.load(d, .xmm(result))
    case (.single, .half):
      if !host.contains(.f16c) { isLeft = true }
      beginRounding(rounding)
      // Nothing above, which would be converted too.
      assembler.moveAlone(0, source(real: a, 0))
      assembler.narrow(1, 0, rounding: 4)
      endRounding(rounding)
      finishHalf(d)
    case (.double, .half):
      if !host.contains(.f16c) { isLeft = true }
      beginRounding(rounding)
      assembler.load(0, place(real: a))
      narrowDouble()
      endRounding(rounding)
      finishHalf(d)
    default: isLeft = true
    }
  }

  // MARK: To integral values

  mutating func round(_ d: Int, _ format: RealFormat, _ a: Int, signalInexact: Bool, _ rounding: Int) {
    guard host.contains(.sse41) else {
      isLeft = true
      return
    }
    requireBox(a, format)
    var mode = 4
    switch rounding {
    case 0...3: mode = HostControl.roundingField(rounding)
    case 7: break
    default: isLeft = true
    }
    if !signalInexact { mode |= 8 }
    let s = operand(a, format, 0)
    let result = format == .half ? 0 : d
    assembler.load(result, s)
    integral(result, result, format, mode)
    if format == .half {
      assembler.narrow(1, 0, rounding: 0)
      finishHalf(d)
    } else {
      canonicalize(d, format)
    }
  }
}
