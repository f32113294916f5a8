/// Floating point on bit patterns by integer code (`SoftFloat`): exact, flags included.
extension Interpreter {
  @inline(__always) private var f: UnsafeMutablePointer<UInt64> { x + 40 }

  @inline(__always) mutating func requireFloatingPoint() throws(Exit) {
    if state.pointee.fs == 0 { throw illegal() }
  }

  @inline(never) private func illegal() -> Exit {
    state.pointee.pc = pc
    return block.pointee.hart.takeUnretainedValue().illegal()
  }

  /// A register's value in a format: the canonical NaN where it is not properly boxed (§20.2).
  @inline(__always) func real<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> UInt64 {
    let bits = f[register]
    let width = F.width
    if width == 64 { return bits }
    return bits >> UInt64(width) == ~0 >> UInt64(width)
      ? bits & (1 << UInt64(width) - 1) : SoftFloat<F>.canonicalNaN
  }

  @inline(__always) nonmutating func setReal<F: BinaryFormat>(
    _ format: F.Type, _ register: Int, _ value: UInt64
  ) {
    f[register] = F.width == 64 ? value : value | ~0 << UInt64(F.width)
    state.pointee.fs = 3
  }

  @inline(__always) func realBits<F: BinaryFormat>(_ format: F.Type, _ register: Int) -> W {
    let unused = UInt64(64 - F.width)
    return W(truncatingIfNeeded: Int64(bitPattern: f[register] << unused) >> Int64(unused))
  }

  @inline(__always) func realBits(of value: W) -> UInt64 { UInt64(value) }

  @inline(__always) mutating func loadReal<F: BinaryFormat>(_ format: F.Type, _ address: W) throws(Exit)
    -> UInt64
  {
    // Doubles are wider than an RV32 word: the load is always made on 64 bits.
    let virtual = UInt64(address)
    let entry = block.entry(of: virtual)
    if entry.pointee.readTag == (virtual &+ UInt64(F.width / 8 - 1)) | 0xfff,
      let host = UnsafeRawPointer(bitPattern: UInt(virtual &+ entry.pointee.delta))
    {
      switch F.width {
      case 16: return UInt64(host.loadUnaligned(as: UInt16.self))
      case 32: return UInt64(host.loadUnaligned(as: UInt32.self))
      default: return host.loadUnaligned(as: UInt64.self)
      }
    }
    state.pointee.budget = budget
    return try SlowPath.load(block, virtual, F.width / 8)
  }

  @inline(__always) mutating func storeReal<F: BinaryFormat>(_ format: F.Type, _ register: Int, _ address: W)
    throws(Exit)
  {
    let virtual = UInt64(address)
    let entry = block.entry(of: virtual)
    if entry.pointee.writeTag == (virtual &+ UInt64(F.width / 8 - 1)) | 0xfff,
      let host = UnsafeMutableRawPointer(bitPattern: UInt(virtual &+ entry.pointee.delta))
    {
      switch F.width {
      case 16: host.storeBytes(of: UInt16(truncatingIfNeeded: f[register]), as: UInt16.self)
      case 32: host.storeBytes(of: UInt32(truncatingIfNeeded: f[register]), as: UInt32.self)
      default: host.storeBytes(of: f[register], as: UInt64.self)
      }
      return
    }
    state.pointee.budget = budget
    if try SlowPath.store(block, virtual, F.width / 8, f[register]) { throw .device }
  }

  /// The rounding mode of an `rm` field; reserved ones are illegal instructions.
  @inline(__always) private func mode(_ field: Int) throws(Exit) -> RoundingMode {
    let code = field == 7 ? UInt8(truncatingIfNeeded: state.pointee.frm) : UInt8(truncatingIfNeeded: field)
    guard let mode = RoundingMode(rawValue: code) else { throw illegal() }
    return mode
  }

  @inline(__always) private func accrue(_ flags: FloatFlags) {
    if !flags.isEmpty {
      state.pointee.fflags |= UInt64(flags.rawValue)
      state.pointee.fs = 3
    }
  }

  @inline(__always) mutating func arithmetic<F: BinaryFormat>(
    _ operation: RealOperation, _ format: F.Type, _ a: UInt64, _ b: UInt64, _ rounding: Int
  ) throws(Exit) -> UInt64 {
    let mode = try mode(rounding)
    var flags = FloatFlags()
    let result =
      switch operation {
      case .add: SoftFloat<F>.add(a, b, mode, &flags)
      case .subtract: SoftFloat<F>.subtract(a, b, mode, &flags)
      case .multiply: SoftFloat<F>.multiply(a, b, mode, &flags)
      case .divide: SoftFloat<F>.divide(a, b, mode, &flags)
      case .squareRoot: SoftFloat<F>.squareRoot(a, mode, &flags)
      }
    accrue(flags)
    return result
  }

  @inline(__always) mutating func fused<F: BinaryFormat>(
    _ format: F.Type, _ a: UInt64, _ b: UInt64, _ c: UInt64, negateProduct: Bool, negateAddend: Bool,
    _ rounding: Int
  ) throws(Exit) -> UInt64 {
    let mode = try mode(rounding)
    let sign = UInt64(1) << UInt64(F.width - 1)
    var flags = FloatFlags()
    let result = SoftFloat<F>.fusedMultiplyAdd(
      negateProduct ? a ^ sign : a, b, negateAddend ? c ^ sign : c, mode, &flags)
    accrue(flags)
    return result
  }

  @inline(__always) mutating func choose<F: BinaryFormat>(
    _ choice: RealChoice, _ format: F.Type, _ a: UInt64, _ b: UInt64
  ) -> UInt64 {
    let sign = UInt64(1) << UInt64(F.width - 1)
    var flags = FloatFlags()
    let result =
      switch choice {
      case .minimum: SoftFloat<F>.minimum(a, b, &flags)
      case .maximum: SoftFloat<F>.maximum(a, b, &flags)
      case .minimumNaN: SoftFloat<F>.minimumNaN(a, b, &flags)
      case .maximumNaN: SoftFloat<F>.maximumNaN(a, b, &flags)
      case .copySign: a & ~sign | b & sign
      case .copyNegatedSign: a & ~sign | ~b & sign
      case .xorSign: a ^ b & sign
      }
    accrue(flags)
    return result
  }

  @inline(__always) mutating func compare<F: BinaryFormat>(
    _ relation: RealRelation, _ format: F.Type, _ a: UInt64, _ b: UInt64
  ) -> W {
    var flags = FloatFlags()
    let holds =
      switch relation {
      case .equal: SoftFloat<F>.equal(a, b, &flags)
      case .less: SoftFloat<F>.less(a, b, &flags)
      case .lessOrEqual: SoftFloat<F>.lessOrEqual(a, b, &flags)
      case .lessQuiet: SoftFloat<F>.lessQuiet(a, b, &flags)
      case .lessOrEqualQuiet: SoftFloat<F>.lessOrEqualQuiet(a, b, &flags)
      }
    accrue(flags)
    return holds ? 1 : 0
  }

  @inline(__always) func classify<F: BinaryFormat>(_ format: F.Type, _ a: UInt64) -> W {
    W(truncatingIfNeeded: SoftFloat<F>.classify(a))
  }

  @inline(__always) func constant<F: BinaryFormat>(_ format: F.Type, _ number: Int) -> UInt64 {
    SoftFloat<F>.immediate(UInt8(truncatingIfNeeded: number))
  }

  @inline(__always) mutating func integer<F: BinaryFormat>(
    _ kind: IntegerKind, _ format: F.Type, _ a: UInt64, _ rounding: Int
  ) throws(Exit) -> W {
    let mode = try mode(rounding)
    var flags = FloatFlags()
    let result =
      switch kind {
      case .signed32: SoftFloat<F>.toSigned32(a, mode, &flags)
      case .unsigned32: SoftFloat<F>.toUnsigned32(a, mode, &flags)
      case .signed64: SoftFloat<F>.toSigned64(a, mode, &flags)
      case .unsigned64: SoftFloat<F>.toUnsigned64(a, mode, &flags)
      }
    accrue(flags)
    return W(truncatingIfNeeded: result)
  }

  @inline(__always) mutating func integerModular(_ a: UInt64) -> W {
    var flags = FloatFlags()
    let result = SoftFloat<Binary64>.toSigned32Modular(a, &flags)
    accrue(flags)
    return W(truncatingIfNeeded: result)
  }

  @inline(__always) mutating func real<F: BinaryFormat>(
    _ format: F.Type, from kind: IntegerKind, _ v: W, _ rounding: Int
  ) throws(Exit) -> UInt64 {
    let mode = try mode(rounding)
    var flags = FloatFlags()
    let result =
      switch kind {
      case .signed32:
        SoftFloat<F>.fromSigned64(UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: v))), mode, &flags)
      case .unsigned32: SoftFloat<F>.fromUnsigned64(UInt64(UInt32(truncatingIfNeeded: v)), mode, &flags)
      case .signed64: SoftFloat<F>.fromSigned64(UInt64(v), mode, &flags)
      case .unsigned64: SoftFloat<F>.fromUnsigned64(UInt64(v), mode, &flags)
      }
    accrue(flags)
    return result
  }

  @inline(__always) mutating func converted<F: BinaryFormat, G: BinaryFormat>(
    _ from: F.Type, _ to: G.Type, _ a: UInt64, _ rounding: Int
  ) throws(Exit) -> UInt64 {
    let mode = try mode(rounding)
    var flags = FloatFlags()
    let result = SoftFloat<F>.convert(a, to: G.self, mode, &flags)
    accrue(flags)
    return result
  }

  @inline(__always) mutating func rounded<F: BinaryFormat>(
    _ format: F.Type, _ a: UInt64, signalInexact: Bool, _ rounding: Int
  ) throws(Exit) -> UInt64 {
    let mode = try mode(rounding)
    var flags = FloatFlags()
    let result = SoftFloat<F>.roundToIntegral(a, mode, signalInexact: signalInexact, &flags)
    accrue(flags)
    return result
  }

  @inline(__always) func highWord(_ register: Int) -> W {
    W(truncatingIfNeeded: Int64(bitPattern: f[register]) >> 32)
  }

  @inline(__always) func pairedReal(_ low: W, _ high: W) -> UInt64 {
    UInt64(high) << 32 | UInt64(low) & 0xffff_ffff
  }
}

extension BinaryFormat {
  /// Bits of the whole format.
  @inline(__always) static var width: Int { 1 + exponentBits + fractionBits }
}
