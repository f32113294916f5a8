import Machine
import RISCV
import Testing
import Translator

/// Instructions that are translated together, or that use what the one before left in flags and rax, do what they do
/// one by one.
@Suite struct FusionTests {
  private typealias E = Encoding
  private static let registers: [UInt32] = [5, 6, 10, 11, 12, 20]

  /// A register's new value by one or two instructions, mostly such as are fused.
  private static func step(_ random: inout Random) -> [UInt32] {
    let d = random.pick(registers)
    let s = random.pick(registers)
    let t = random.pick(registers + [0])
    // The second may read what the first did not write.
    let own = random.below(8) == 0 ? t : d
    func either(_ f3: UInt32, _ f7: UInt32) -> UInt32 {
      random.below(2) == 0 ? E.r(0x33, f3, f7, d, own, t) : E.r(0x33, f3, f7, d, t, own)
    }
    switch random.below(10) {
    case 0: return [E.i(0x13, 1, d, s, UInt32(random.below(5))), either(0, 0)]
    case 1:
      let distance = random.pick([32, 32, 48, 56, 40] as [UInt32])
      let back = random.pick([distance, distance, 32, 31, 30, 29, 8])
      return [E.i(0x13, 1, d, s, distance), E.i(0x13, 5, d, own, back | (random.below(3) == 0 ? 0x400 : 0))]
    case 2:
      let distance = random.pick([16, 24, 8] as [UInt32])
      return [E.i(0x1b, 1, d, s, distance), E.i(0x1b, 5, d, own, distance | 0x400)]
    case 3:
      let high = random.pick([0x7ffff, 0x80000, 0xfffff, 0, random.bits(20)])
      return [
        high << 12 | d << 7 | random.pick([0x37, 0x17]),
        E.i(random.pick([0x13, 0x1b]), 0, d, own, random.bits(12)),
      ]
    case 4: return [E.i(0x13, 4, d, s, 0xfff), either(random.pick([6, 7]), 0)]
    case 5:
      // c.slli and c.add, c.li and c.addi
      return random.below(2) == 0
        ? [
          0x0002 | d << 7 | (1 + UInt32(random.below(3))) << 2, 0x9002 | d << 7 | random.pick(registers) << 2,
        ]
        : [0x4001 | d << 7 | random.bits(5) << 2, 0x0001 | d << 7 | (random.bits(4) | 1) << 2]
    case 6: return [E.r(0x33, random.pick([0, 4, 6, 7]), 0, d, s, t)]
    case 7: return [E.i(random.pick([0x13, 0x1b]), 0, d, s, random.bits(12))]
    // sext.w of all 64 bits
    case 8: return [E.r(0x33, random.pick([0, 4, 6, 7]), 0, d, s, t), E.i(0x1b, 0, d, d, 0)]
    default: return [E.r(0x3b, 0, random.pick([0, 0x20]), d, s, t)]
    }
  }

  private static func program(_ random: inout Random) -> [UInt8] {
    var code: [UInt8] = []
    for _ in 0..<30 {
      code += bytes(step(&random))
      guard random.below(2) == 0 else { continue }
      // A branch on some register against zero, over one instruction.
      let condition = random.pick([0, 1, 4, 5, 6, 7] as [UInt32])
      code += bytes([
        E.b(condition, random.pick(registers), random.below(4) == 0 ? random.pick(registers) : 0, 8),
        E.i(0x13, 0, 13, 13, random.bits(11)),
      ])
    }
    return code + bytes([E.wfi])
  }

  @Test func pairsDoWhatTheirInstructionsDo() throws {
    var random = Random(seed: 20_261_123)
    var fused = 0
    for round in 0..<400 {
      let image = Self.program(&random)
      let plain = try Guest(image)
      let guest = try Guest(image)
      for i in 5..<32 {
        // Some have nothing in one half.
        let value =
          switch random.below(6) {
          case 0, 1: UInt64(random.below(2))
          case 2: random.integer() << 32
          default: random.integer()
          }
        plain.hart[x: i] = value
        guest.hart[x: i] = value
      }
      let translated = try TranslatedHart(guest.hart, codeSize: 1 << 20)
      translated.translator.layout = RegionLayout()
      #expect(plain.hart.run(10_000) == .waiting)
      #expect(guest.hart.run(10_000) == .waiting)
      try #require(plain.result == guest.result, "program \(round)")
      fused += translated.translator.layout?.instructions.count { $0.code.isEmpty } ?? 0
    }
    #expect(fused > 400)
  }

  /// Calls by two instructions link behind both and are found like those by one.
  @Test func aFarCallIsACall() throws {
    // auipc ra, 0; jalr ra, 16(ra); wfi; nop; addi a0, a0, 1; ret
    let image = bytes([
      1 << 7 | 0x17, E.i(0x67, 0, 1, 1, 16), E.wfi, E.i(0x13, 0, 0, 0, 0), E.i(0x13, 0, 10, 10, 1),
      E.i(0x67, 0, 0, 1, 0),
    ])
    let guest = try Guest(image)
    let translated = try TranslatedHart(guest.hart, codeSize: 1 << 20)
    #expect(guest.hart.run(100) == .waiting)
    #expect(guest.hart[x: 10] == 1)
    #expect(guest.hart[x: 1] == Guest.base + 8)
    #expect(translated.translator.left[Int(Opcode.jalr.rawValue)] == 0)
  }
}
