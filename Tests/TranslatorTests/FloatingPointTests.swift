import Foundation
import Machine
import RISCV
import Testing
import Translator

/// An instruction that computes with floating-point registers, all formats.
struct RealInstruction: CustomStringConvertible {
  enum Operands { case reals, integers }

  var description: String
  /// Without registers and rounding mode.
  var encoding: UInt32
  var operands = Operands.reals
  var hasIntegerResult = false
  /// The field is not part of the encoding.
  var isRounded = false
  var sourceCount = 2
  /// The format of the sources: 0 single, 1 double, 2 half.
  var format: UInt32

  static let all: [RealInstruction] = [0, 1, 2].flatMap(instructions)

  private static func op(_ f5: UInt32, _ fmt: UInt32, _ f3: UInt32 = 0, _ rs2: UInt32 = 0) -> UInt32 {
    Encoding.r(0x53, f3, f5 << 2 | fmt, 0, 0, rs2)
  }

  private static func instructions(_ fmt: UInt32) -> [RealInstruction] {
    let suffix = ["s", "d", "h"][Int(fmt)]
    var all: [RealInstruction] = []
    func add(
      _ name: String, _ encoding: UInt32, sources: Int = 2, rounded: Bool = false, toInteger: Bool = false,
      fromInteger: Bool = false
    ) {
      all.append(
        RealInstruction(
          description: name + "." + suffix, encoding: encoding, operands: fromInteger ? .integers : .reals,
          hasIntegerResult: toInteger, isRounded: rounded, sourceCount: sources, format: fmt))
    }
    for (i, name) in ["fadd", "fsub", "fmul", "fdiv"].enumerated() {
      add(name, op(UInt32(i), fmt), rounded: true)
    }
    add("fsqrt", op(0x0b, fmt), sources: 1, rounded: true)
    for (i, name) in ["fmadd", "fmsub", "fnmsub", "fnmadd"].enumerated() {
      add(name, 0x43 + 4 * UInt32(i) | fmt << 25, sources: 3, rounded: true)
    }
    for (i, name) in ["fsgnj", "fsgnjn", "fsgnjx"].enumerated() { add(name, op(4, fmt, UInt32(i))) }
    for (i, name) in ["fmin", "fmax", "fminm", "fmaxm"].enumerated() { add(name, op(5, fmt, UInt32(i))) }
    for (f3, name) in [(0, "fle"), (1, "flt"), (2, "feq"), (4, "fleq"), (5, "fltq")] as [(UInt32, String)] {
      add(name, op(0x14, fmt, f3), toInteger: true)
    }
    add("fclass", op(0x1c, fmt, 1), sources: 1, toInteger: true)
    add("fmv.x", op(0x1c, fmt, 0), sources: 1, toInteger: true)
    add("fmv.f", op(0x1e, fmt, 0), sources: 1, fromInteger: true)
    for (i, name) in ["w", "wu", "l", "lu"].enumerated() {
      add("fcvt." + name, op(0x18, fmt, 0, UInt32(i)), sources: 1, rounded: true, toInteger: true)
      add("fcvt.from." + name, op(0x1a, fmt, 0, UInt32(i)), sources: 1, rounded: true, fromInteger: true)
    }
    for to in [0, 1, 2] as [UInt32] where to != fmt {
      add("fcvt.to.\(["s", "d", "h"][Int(to)])", op(0x08, to, 0, fmt), sources: 1, rounded: true)
    }
    add("fround", op(0x08, fmt, 0, 4), sources: 1, rounded: true)
    add("froundnx", op(0x08, fmt, 0, 5), sources: 1, rounded: true)
    if fmt == 1 { add("fcvtmod.w", op(0x18, 1, 1, 8), sources: 1, toInteger: true) }
    for constant in [0, 1, 9, 29, 30, 31] as [UInt32] {
      // The constant's number is where the first source would be.
      add("fli.\(constant)", op(0x1e, fmt, 0, 1) | constant << 15, sources: 0)
    }
    return all
  }

  /// A conversion to an integer.
  var isToInteger: Bool { hasIntegerResult && isRounded }

  func encoded(rd: UInt32, rs1: UInt32, rs2: UInt32, rs3: UInt32, rounding: UInt32) -> UInt32 {
    var code = encoding | rd << 7
    if sourceCount > 0 { code |= rs1 << 15 }
    if sourceCount > 1 { code |= rs2 << 20 }
    if sourceCount > 2 { code |= rs3 << 27 }
    if isRounded { code |= rounding << 12 }
    return code
  }
}

extension Random {
  private static let integers: [UInt64] = [
    0, 1, .max, 1 << 63, 1 << 31, 0xffff_ffff_8000_0000, 0x7fff_ffff, 0xffff_ffff, .max >> 1, 1 << 24,
    1 << 53,
    (1 << 24) + 1, (1 << 53) + 1, 2048, 2049, 65504, 65519, 65520, 0x8000_0000_0000_0400,
    0x7fff_ffff_ffff_fc00, .max << 11, .max << 10,
  ]

  /// An integer of any size, or at a limit.
  mutating func conversionInteger() -> UInt64 {
    let limit = pick(Self.integers)
    switch below(4) {
    case 0: return limit
    case 1: return limit &+ next() % 5 &- 2
    case 2: return UInt64(bitPattern: Int64(bitPattern: next()) >> Int64(below(64)))
    default: return next() >> UInt64(below(64))
    }
  }

  /// Bits of a format: special, near an integer limit, near one, of any exponent; sometimes badly boxed.
  mutating func real(_ format: UInt32) -> UInt64 {
    let (exponentBits, fractionBits): (UInt64, UInt64) = [(8, 23), (11, 52), (5, 10)][Int(format)]
    let bias = UInt64(1) << (exponentBits - 1) - 1
    let fraction = UInt64(1) << fractionBits - 1
    let top = (UInt64(1) << exponentBits - 1) << fractionBits
    let one = bias << fractionBits
    var v: UInt64
    switch below(8) {
    case 0:
      v = pick([0, 1, fraction, fraction + 1, top - 1, top, top + 1, top | (fraction >> 1) + 1, one])
    case 1: v = pick([0, top, one]) + next() & fraction
    case 2:
      // About a power of two, as limits of integers are.
      let exponent = min(bias + pick([31, 32, 63, 64, UInt64(below(66))]), 2 * bias)
      v = exponent << fractionBits &+ next() % 5 &- 2
    case 3:
      let exponent = min(bias + UInt64(below(66)), 2 * bias)
      // Halves and wholes.
      v = exponent << fractionBits | (next() & fraction) & ~(fraction >> UInt64(below(12)))
    case 4, 5: v = (bias - 2 + next() % 5) << fractionBits | next() & fraction
    default: v = next() & (top | fraction)
    }
    v &= top | fraction
    if bits(1) == 0 { v |= 1 << (exponentBits + fractionBits) }
    let width = 1 + exponentBits + fractionBits
    if width == 64 { return v }
    switch below(16) {
    case 0: return v
    case 1: return v | next() << width
    default: return v | .max << width
    }
  }
}

/// Each claim is about translated code against the interpreter, whose arithmetic is by integers.
@Suite struct FloatingPointTests {
  private static let operandArea = Guest.data
  private static let resultArea = Guest.data + 0x60_000

  /// A loop over operand triples, which stores result, first source and flags for each rounding mode.
  private func program(_ i: RealInstruction, _ roundings: [UInt32], dynamic: UInt32, _ random: inout Random)
    -> [UInt32]
  {
    // Registers with a host register, and without; the same one twice.
    let choices: [UInt32] = [15, 14, 9, 1, 4, 5, 31, 20]
    let isInteger = i.operands == .integers
    var body: [UInt32] = []
    for rounding in roundings {
      let (d, s1, s2) = (random.pick(choices), random.pick(choices), random.pick(choices))
      let s3 = random.bits(1) == 0 ? d : random.pick(choices)
      let loads =
        isInteger
        ? [Encoding.i(0x03, 3, 10, 9, 0)]
        : [(s1, 0), (s2, 8), (s3, 16)].map { Encoding.i(0x07, 3, $0.0, 9, $0.1) }
      let one = i.encoded(
        rd: i.hasIntegerResult ? 11 : d, rs1: isInteger ? 10 : s1, rs2: s2, rs3: s3, rounding: rounding)
      body += loads + [one]
      body.append(i.hasIntegerResult ? Encoding.s(0x23, 3, 3, 11, 0) : Encoding.s(0x27, 3, 3, d, 0))
      body += [
        Encoding.s(0x27, 3, 3, s1, 8), Encoding.csr(5, 12, 0x001, 0), Encoding.s(0x23, 3, 3, 12, 16),
        Encoding.i(0x13, 0, 3, 3, 24),
      ]
    }
    body += [Encoding.i(0x13, 0, 9, 9, 24), Encoding.i(0x13, 0, 8, 8, 0xfff)]
    // bne x8, x0, the loop
    let back = UInt32(bitPattern: Int32(-4 * body.count))
    let branch =
      (back >> 12 & 1) << 31 | (back >> 5 & 0x3f) << 25 | 8 << 15 | 1 << 12 | (back >> 1 & 15) << 8
      | (back >> 11 & 1) << 7 | 0x63
    return [0x0000_62b7, Encoding.csr(2, 0, 0x300, 5), Encoding.csr(5, 0, 0x002, dynamic)] + body
      + [branch, Encoding.wfi]
  }

  /// Nil where interpreter and translated code make the same of the same operands; else the first that differ.
  private func difference(
    _ i: RealInstruction, dynamic: UInt32, count: Int, _ features: HostFeatures, _ random: inout Random
  ) throws -> String? {
    let roundings: [UInt32] = i.isRounded ? [0, 1, 2, 3, 4, 7] : [0]
    let image = bytes(program(i, roundings, dynamic: dynamic, &random))
    let operands = (0..<3 * count).map { _ in
      i.operands == .integers ? random.conversionInteger() : random.real(i.format)
    }
    let guests = [try Guest(image), try Guest(image)]
    for guest in guests {
      guest.hart[x: 8] = UInt64(count)
      guest.hart[x: 9] = Self.operandArea
      guest.hart[x: 3] = Self.resultArea
      for (n, v) in operands.enumerated() { guest.memory.store(Self.operandArea + 8 * UInt64(n), v) }
    }
    _ = try TranslatedHart(guests[1].hart, codeSize: 1 << 18, features: features)
    let outcomes = guests.map { $0.hart.run(100 * count + 100) }
    let size = 3 * roundings.count * count
    let results = guests.map { guest in
      (0..<size).map { guest.memory.load(Self.resultArea + 8 * UInt64($0), as: UInt64.self) ?? 0 }
    }
    if let place = (0..<size).first(where: { results[0][$0] != results[1][$0] }) {
      let n = place / 3 / roundings.count
      let values = operands[3 * n..<3 * n + 3].map { String($0, radix: 16) }
      let one = place / 3 * 3
      let texts = results.map { r in r[one..<one + 3].map { String($0, radix: 16) } }
      return "rm \(roundings[place / 3 % roundings.count]), frm \(dynamic): \(values): \(texts)"
    }
    return outcomes[0] == outcomes[1] && guests[0].result == guests[1].result ? nil : "registers"
  }

  private static let environment = ProcessInfo.processInfo.environment
  /// Operand triples for each instruction and `frm`.
  private static let count = min(environment["APUS_TRANSLATOR_OPERANDS"].flatMap { Int($0) } ?? 12, 2000)
  private static let seed = environment["APUS_TRANSLATOR_SEED"].flatMap { UInt64($0) } ?? 1

  @Test(.enabled(if: HostFeatures.current.isSuperset(of: [.sse41, .avx, .fma, .f16c])))
  func floatingPointIsLeftToTheInterpreterOnlyInRoundingModesTheHostLacks() throws {
    for i in RealInstruction.all {
      for rounding in i.isRounded ? [0, 1, 2, 3, 4, 7] : [0] as [UInt32] {
        let one = i.encoded(rd: i.hasIntegerResult ? 11 : 2, rs1: 10, rs2: 11, rs3: 12, rounding: rounding)
        // FS is on; the operands are one.
        let moves = (10...12).map { Encoding.r(0x53, 0, [0x78, 0x79, 0x7a][Int(i.format)], $0, 10, 0) }
        let guest = try Guest(
          bytes([0x0000_62b7, Encoding.csr(2, 0, 0x300, 5)] + moves + [one, Encoding.wfi]))
        guest.hart[x: 10] = [0x3f80_0000, 0x3ff0 << 48, 0x3c00][Int(i.format)]
        if i.description == "fcvt.from.l.h" || i.description == "fcvt.from.lu.h" { guest.hart[x: 10] = 1 }
        let translated = try TranslatedHart(guest.hart, codeSize: 1 << 18)
        #expect(guest.hart.run(100) == .waiting)
        let interpreted = translated.interpreted.enumerated().filter { $0.element > 0 }
          .compactMap { Opcode(rawValue: UInt16($0.offset)) }.filter { $0 != .csrrs && $0 != .wfi }
        // Where a mode matters, RMM is none of the host's.
        let isExact =
          i.description.hasPrefix("fcvt.from.w") && i.format == 1
          || ["fcvt.to.d.s", "fcvt.to.d.h", "fcvt.to.s.h"].contains(i.description)
        let leaves = rounding == 4 && !isExact && !i.isToInteger
        #expect(interpreted.isEmpty != leaves, "\(i), rm \(rounding): \(interpreted)")
      }
    }
  }

  @Test(arguments: [.current, .sse41, []] as [HostFeatures])
  func everyOperationInEveryRoundingMode(features: HostFeatures) throws {
    var random = Random(seed: 0x5eed_0000 + Self.seed)
    for i in RealInstruction.all {
      for dynamic in 0...4 as ClosedRange<UInt32> {
        let difference = try difference(i, dynamic: dynamic, count: Self.count, features, &random)
        #expect(difference == nil, "\(i)")
      }
    }
  }
}
