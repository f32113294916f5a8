/// Where an SSE instruction finds an operand.
enum RealPlace: Equatable {
  case xmm(Int)
  /// At a displacement from rbp.
  case state(Int)
  /// At a host address as `Emission.look` finds it: base plus rcx plus displacement.
  case found(base: Int, displacement: Int)
  /// Without rcx.
  case direct(base: Int, displacement: Int)
  /// At an address in the code memory.
  case constant(Int)
}

/// The constants beside the stubs, 16 bytes each; all but the first eight are zero.
enum RealConstant: Int, CaseIterable {
  // By format, in the order of `RealFormat`.
  case nan64 = 0
  case nan32, nan16
  case sign64, sign32, sign16
  case magnitude64, magnitude32, magnitude16
  case box64, box32, box16
  // For permutations of bytes.
  case nibbles, outOfTable

  var bits: UInt64 {
    switch self {
    case .nan64: 0x7ff8 << 48
    case .nan32: .max << 32 | 0x7fc0_0000
    case .nan16: .max << 16 | 0x7e00
    case .sign64: 1 << 63
    case .sign32: 1 << 31
    case .sign16: 1 << 15
    case .magnitude64: ~(1 << 63)
    case .magnitude32: ~(1 << 31)
    case .magnitude16: ~(1 << 15)
    case .box64: 0
    case .box32: .max << 32
    case .box16: .max << 16
    case .nibbles: 0x0f0f_0f0f_0f0f_0f0f
    case .outOfTable: 0x7070_7070_7070_7070
    }
  }
}

/// Opcodes behind the escape 0f.
enum RealOpcodes {
  static let load = 0x10
  static let store = 0x11
  static let move = 0x28
  static let fromInteger = 0x2a
  static let truncate = 0x2c
  static let toInteger = 0x2d
  static let compareQuiet = 0x2e
  static let compareSignaling = 0x2f
  static let squareRoot = 0x51
  static let and = 0x54
  static let andNot = 0x55
  static let or = 0x56
  static let exclusiveOr = 0x57
  static let add = 0x58
  static let multiply = 0x59
  static let convert = 0x5a
  static let subtract = 0x5c
  static let minimum = 0x5d
  static let divide = 0x5e
  static let maximum = 0x5f
  static let fromGeneral = 0x6e
  static let allOnes = 0x76
  static let toGeneral = 0x7e
  static let compareMask = 0xc2
}

/// SSE, AVX, FMA and F16C instructions (Intel SDM, volume 2, §2.1–2.3).
extension Assembler {
  enum Map: Int {
    case base = 1
    case x38 = 2
    case x3a = 3
  }

  /// `prefix` is 0, 0x66, 0xf2 or 0xf3; `trailing` the bytes of an immediate that the caller appends.
  mutating func sse(
    _ prefix: Int, _ opcode: Int, _ reg: Int, _ place: RealPlace, map: Map = .base, wide: Bool = false,
    trailing: Int = 0
  ) {
    if prefix != 0 { byte(prefix) }
    let rex = 0x40 | (wide ? 8 : 0) | (reg >> 3) << 2 | highBit(place)
    if rex != 0x40 { byte(rex) }
    byte(0x0f)
    if map != .base { byte(map == .x38 ? 0x38 : 0x3a) }
    byte(opcode)
    operand(reg, place, trailing)
  }

  /// With the second source `first`.
  mutating func avx(
    _ prefix: Int, _ opcode: Int, _ reg: Int, _ first: Int, _ place: RealPlace, map: Map = .base,
    wide: Bool = false, trailing: Int = 0
  ) {
    let selector: Int =
      switch prefix {
      case 0x66: 1
      case 0xf3: 2
      case 0xf2: 3
      default: 0
      }
    let high = highBit(place)
    let last = (~first & 15) << 3 | selector
    if map == .base && !wide && high == 0 {
      byte(0xc5)
      byte((~reg >> 3 & 1) << 7 | last)
    } else {
      byte(0xc4)
      byte((~reg >> 3 & 1) << 7 | 0x40 | (high ^ 1) << 5 | map.rawValue)
      byte((wide ? 0x80 : 0) | last)
    }
    byte(opcode)
    operand(reg, place, trailing)
  }

  private func highBit(_ place: RealPlace) -> Int {
    switch place {
    case .xmm(let number), .found(base: let number, displacement: _),
      .direct(base: let number, displacement: _):
      number >> 3
    default: 0
    }
  }

  private mutating func operand(_ reg: Int, _ place: RealPlace, _ trailing: Int) {
    let field = (reg & 7) << 3
    switch place {
    case .xmm(let number): byte(0xc0 | field | number & 7)
    case .found(let base, let displacement):
      indexedOperand(reg, HostRegister(base), .rcx, 0, displacement)
    case .direct(let base, let displacement): operand(reg, HostRegister(base), displacement)
    case .state(let displacement):
      let isShort = displacement >= -128 && displacement < 128
      byte((isShort ? 0x45 : 0x85) | field)
      if isShort { byte(displacement) } else { long(displacement) }
    case .constant(let target):
      byte(0x05 | field)
      long(target &- (address &+ 4 &+ trailing))
    }
  }

  // MARK: Moves

  /// All of a register, or eight bytes.
  mutating func load(_ xmm: Int, _ place: RealPlace) {
    if case .xmm(let source) = place {
      if source != xmm { sse(0, RealOpcodes.move, xmm, place) }
    } else {
      sse(0xf2, RealOpcodes.load, xmm, place)
    }
  }

  /// movq, movd: the low half's upper part becomes zero where not `wide`.
  mutating func move(xmm: Int, from general: HostRegister, wide: Bool) {
    sse(0x66, RealOpcodes.fromGeneral, xmm, .xmm(general.number), wide: wide)
  }
  mutating func move(_ general: HostRegister, fromXMM xmm: Int, wide: Bool) {
    sse(0x66, RealOpcodes.toGeneral, xmm, .xmm(general.number), wide: wide)
  }

  /// movq: zeros above.
  mutating func moveAlone(_ xmm: Int, _ source: Int) { sse(0xf3, 0x7e, xmm, .xmm(source)) }

  mutating func clear(xmm: Int) { sse(0, RealOpcodes.exclusiveOr, xmm, .xmm(xmm)) }
  mutating func setOnes(xmm: Int) { sse(0x66, RealOpcodes.allOnes, xmm, .xmm(xmm)) }

  /// Four halves to singles.
  mutating func widen(_ xmm: Int, _ place: RealPlace) { avx(0x66, 0x13, xmm, 0, place, map: .x38) }

  /// Four singles to halves; `rounding` as the instruction has it, 4 for MXCSR's.
  mutating func narrow(_ xmm: Int, _ source: Int, rounding: Int) {
    avx(0x66, 0x1d, source, 0, .xmm(xmm), map: .x3a, trailing: 1)
    byte(rounding)
  }

  /// The constants' table; its address.
  mutating func emitRealConstants() -> Int {
    while address & 15 != 0 { byte(0xcc) }
    let table = address
    for constant in RealConstant.allCases {
      quad(Int64(bitPattern: constant.bits))
      quad(0)
    }
    return table
  }
}
