/// Xorshift with a fixed seed.
struct Random {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
  mutating func below(_ n: Int) -> Int { Int(next() >> 11) % n }
  mutating func bits(_ n: Int) -> UInt32 { UInt32(truncatingIfNeeded: next() >> 20) & (1 << UInt32(n) - 1) }
  mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

  /// A register value, half of the time one at an edge.
  mutating func integer() -> UInt64 {
    let edges: [UInt64] = [
      0, 1, .max, 1 << 63, 1 << 31, 0xffff_ffff_8000_0000, 0x7fff_ffff, 0xffff_ffff, 63, 64,
    ]
    return bits(1) == 0 ? pick(edges) : next()
  }

  /// Zeros, infinities, NaNs, subnormals, extremes, a boxed single.
  static let reals: [UInt64] = [
    0, 1 << 63, 0x3ff0_0000_0000_0000, 0xbff0_0000_0000_0001, 0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000, 0xfff8_0000_0000_1234, 0x7ff0_0000_0000_0001, 1, 0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000, 0x7fef_ffff_ffff_ffff, 0x3ca0_0000_0000_0000, 0xffff_ffff_3f80_0000,
  ]

  mutating func real() -> UInt64 {
    switch bits(3) {
    case 0: next()
    case 1...3: pick(Self.reals)
    default: real(UInt32(below(3)))
    }
  }
}

/// An instruction of the bit-manipulation extensions (Zba, Zbb, Zbc, Zbs, Zbkb, Zbkx).
struct BitInstruction {
  /// Without its registers.
  var word: UInt32
  var hasSecondSource: Bool

  func encoded(rd: UInt32, rs1: UInt32, rs2: UInt32) -> UInt32 {
    word | rd << 7 | rs1 << 15 | (hasSecondSource ? rs2 << 20 : 0)
  }

  /// By funct7 and funct3.
  private static let wide: [(UInt32, UInt32)] = [
    (0x20, 7), (0x20, 6), (0x20, 4), (0x10, 2), (0x10, 4), (0x10, 6), (0x30, 1), (0x30, 5), (5, 4), (5, 5),
    (5, 6), (5, 7), (0x24, 1), (0x24, 5), (0x34, 1), (0x14, 1), (4, 4), (4, 7), (5, 1), (5, 2), (5, 3),
    (0x14, 2), (0x14, 4),
  ]
  private static let narrow: [(UInt32, UInt32)] = [(0x30, 1), (0x30, 5), (4, 4), (4, 0), (0x10, 2)]
  /// By funct3 and what stands in the immediate's place: rev8, orc.b, brev8; clz, ctz, cpop, sext.b, sext.h.
  private static let single: [(UInt32, UInt32)] = [
    (5, 0x6b8), (5, 0x287), (5, 0x687), (1, 0x600), (1, 0x601), (1, 0x602), (1, 0x604), (1, 0x605),
  ]

  static let all: [BitInstruction] = {
    var all: [BitInstruction] = []
    for (f7, f3) in wide { all.append(.init(word: Encoding.r(0x33, f3, f7, 0, 0, 0), hasSecondSource: true)) }
    for (f7, f3) in narrow {
      all.append(.init(word: Encoding.r(0x3b, f3, f7, 0, 0, 0), hasSecondSource: true))
    }
    for (f3, code) in single {
      all.append(.init(word: Encoding.i(0x13, f3, 0, 0, code), hasSecondSource: false))
    }
    return all
  }()
}

/// Straight-line programs (with branches over one instruction) that end in `wfi`. x3 and x9 point to data
/// and are never written.
struct RandomProgram {
  private var random: Random
  private(set) var code: [UInt32] = []

  init(seed: UInt64, length: Int) {
    random = Random(seed: seed)
    // FS on, mostly; a rounding mode.
    if random.bits(4) != 0 { code += [0x0000_62b7, Encoding.csr(2, 0, 0x300, 5)] }
    code.append(Encoding.csr(5, 0, 0x002, random.pick([0, 0, 1, 2, 3, 4, 5])))
    // mcounteren, scounteren: all may read the time.
    if random.bits(2) != 0 { code += [Encoding.csr(5, 0, 0x306, 2), Encoding.csr(5, 0, 0x106, 2)] }
    for _ in 0..<length {
      let one = instruction()
      if random.below(12) == 0 {
        let distance: UInt32 = one & 3 == 3 ? 8 : 6
        code.append(Encoding.b(random.pick([0, 1, 4, 5, 6, 7]), source(), source(), distance))
      }
      code.append(one)
    }
    code.append(Encoding.wfi)
  }

  private static let registers: [UInt32] = [0, 1, 2, 5, 8, 10, 11, 12, 15, 16, 17, 20, 31]
  private mutating func target() -> UInt32 { random.pick(Self.registers) }
  private mutating func source() -> UInt32 { random.pick(Self.registers + [3, 9]) }
  private mutating func short() -> UInt32 { random.pick([0, 2, 3, 4, 7]) }
  /// With a host register and without.
  private mutating func real() -> UInt32 { random.pick([0, 1, 4, 5, 8, 14, 15, 31]) }
  /// Mostly one that points to data.
  private mutating func base() -> UInt32 { random.below(60) == 0 ? source() : random.pick([3, 9]) }
  /// Mostly aligned.
  private mutating func offset(_ width: UInt32) -> UInt32 {
    let offset = random.bits(12)
    return random.below(6) == 0 ? offset : offset & ~(width - 1)
  }

  private mutating func instruction() -> UInt32 {
    switch random.below(24) {
    case 0...4: return arithmetic()
    case 5...8: return immediate()
    case 9: return random.bits(20) << 12 | target() << 7 | random.pick([0x37, 0x17])
    case 10...12:
      let f3 = random.pick([0, 1, 2, 3, 4, 5, 6] as [UInt32])
      return Encoding.i(0x03, f3, target(), base(), offset(1 << (f3 & 3)))
    case 13, 14:
      let f3 = random.bits(2)
      return Encoding.s(0x23, f3, base(), source(), offset(1 << f3))
    case 15...18: return compressed()
    case 19...21: return floating()
    case 22:
      let f5 = random.pick([0, 0, 0, 1, 1, 4, 5, 8, 12, 16, 20, 24, 28] as [UInt32])
      if f5 == 5 && random.bits(2) == 0 {
        return Encoding.r(0x2f, 4, f5 << 2, target() & ~1, base(), source() & ~1)  // amocas.q
      }
      return Encoding.r(0x2f, random.bits(2), f5 << 2, target(), base(), source())
    default:
      // fflags, frm, fcsr, mscratch, instret, time
      let number = random.pick([0x001, 0x002, 0x003, 0x340, 0xc02, 0xc01] as [UInt32])
      if number >= 0xc00 { return Encoding.csr(2, target(), number, 0) }
      return Encoding.csr(random.pick([1, 2, 3, 5, 6, 7]), target(), number, random.bits(2))
    }
  }

  private mutating func arithmetic() -> UInt32 {
    let (f7, f3): (UInt32, UInt32) =
      switch random.below(4) {
      case 0: (1, random.bits(3))
      case 1: (0x20, random.pick([0, 5]))
      default: (0, random.bits(3))
      }
    let isNarrow = random.bits(1) == 0 && (f7 == 1 ? ![1, 2, 3].contains(f3) : [0, 1, 5].contains(f3))
    if random.below(7) == 0 {
      return random.pick(BitInstruction.all).encoded(rd: target(), rs1: source(), rs2: source())
    }
    return Encoding.r(isNarrow ? 0x3b : 0x33, f3, f7, target(), source(), source())
  }

  private mutating func immediate() -> UInt32 {
    let f3 = random.bits(3)
    let isNarrow = random.bits(2) == 0 && [0, 1, 5].contains(f3)
    var immediate = random.bits(12)
    if f3 == 1 { immediate &= isNarrow ? 31 : 63 }
    if f3 == 5 { immediate &= isNarrow ? 0x41f : 0x43f }
    return Encoding.i(isNarrow ? 0x1b : 0x13, f3, target(), source(), immediate)
  }

  private mutating func compressed() -> UInt32 {
    let rd = random.pick(Self.registers.filter { $0 != 0 && $0 != 2 })
    let immediate = random.bits(5) | 1
    let split = (random.bits(1) << 12) | immediate << 2
    switch random.below(12) {
    case 0: return 0x0001 | split | rd << 7  // c.addi
    case 1: return 0x2001 | split | rd << 7  // c.addiw
    case 2: return 0x4001 | split | rd << 7  // c.li
    case 3: return 0x6001 | split | rd << 7  // c.lui
    case 4: return 0x0002 | split | rd << 7  // c.slli
    case 5: return 0x8002 | rd << 7 | random.pick(Self.registers.filter { $0 != 0 }) << 2  // c.mv
    case 6: return 0x9002 | rd << 7 | random.pick(Self.registers.filter { $0 != 0 }) << 2  // c.add
    case 7: return 0x8001 | (random.bits(2) % 3) << 10 | split | short() << 7  // c.srli, c.srai, c.andi
    case 8: return 0x8c01 | random.bits(2) << 5 | short() << 7 | short() << 2  // c.sub, c.xor, c.or, c.and
    case 9: return 0x9c01 | random.bits(1) << 5 | short() << 7 | short() << 2  // c.subw, c.addw
    // c.lw, c.ld, c.sw, c.sd with x9
    case 10: return random.pick([0x4000, 0x6000]) | 1 << 7 | random.bits(3) << 10 | short() << 2
    default: return random.pick([0xc000, 0xe000]) | 1 << 7 | random.bits(3) << 10 | short() << 2
    }
  }

  private mutating func floating() -> UInt32 {
    let rounding = random.pick([7, 7, 7, 7, 7, 7, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5] as [UInt32])
    switch random.below(16) {
    case 0, 1: return Encoding.faddD(real(), real(), real(), rounding)
    case 2, 3: return Encoding.r(0x53, rounding, random.pick([0x05, 0x09, 0x0d]), real(), real(), real())
    case 4: return Encoding.r(0x53, rounding, 0x2d, real(), real(), 0)  // fsqrt.d
    case 5:  // fld, flw
      return Encoding.i(0x07, random.pick([2, 3]), real(), base(), offset(8))
    case 6:  // fsd, fsw
      return Encoding.s(0x27, random.pick([2, 3]), base(), real(), offset(8))
    case 7:  // fmv.x.d, fmv.x.w
      return Encoding.r(0x53, 0, random.pick([0x71, 0x70]), target(), real(), 0)
    case 8:  // fmv.d.x, fmv.w.x
      return Encoding.r(0x53, 0, random.pick([0x79, 0x78]), real(), source(), 0)
    default:
      let one = random.pick(RealInstruction.all)
      let isInteger = one.operands == .integers
      return one.encoded(
        rd: one.hasIntegerResult ? target() : real(), rs1: isInteger ? source() : real(), rs2: real(),
        rs3: real(), rounding: rounding)
    }
  }
}
