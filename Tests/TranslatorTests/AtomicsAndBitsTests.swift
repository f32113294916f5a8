import RISCV
import Testing
import Translator

/// Atomics of every width, and bit manipulation, on hosts that have much and on such that have little.
@Suite struct AtomicsAndBitsTests {
  private typealias E = Encoding
  private static let hosts: [HostFeatures] = [.current, [.sse41, .popcnt, .bmi1], []]
  /// Such as live in host registers, and such as do not; x0.
  private static let registers: [UInt32] = [0, 10, 11, 12, 13, 14, 2, 28, 29, 30]

  /// The translator of a guest that ended up as the interpreter's did.
  private func compare(_ code: [UInt32], _ features: HostFeatures, _ random: inout Random) throws
    -> TranslatedHart
  {
    let image = bytes(code + [Encoding.wfi])
    let (plain, guest) = (try Guest(image), try Guest(image))
    let translated = try TranslatedHart(guest.hart, codeSize: 1 << 20, features: features)
    let data = (0..<512).flatMap { _ in withUnsafeBytes(of: random.integer()) { [UInt8]($0) } }
    let values = (0..<32).map { _ in random.integer() }
    for guest in [plain, guest] {
      for i in 1..<32 { guest.hart[x: i] = values[i] }
      guest.hart[x: 9] = Guest.data + 2048
      guest.hart[x: 6] = 31
      guest.memory.copyIn(data, to: Guest.data)
      try #require(guest.hart.run(100_000) == .waiting)
    }
    #expect(plain.result == guest.result)
    #expect(plain.contents(Guest.data, 4096) == guest.contents(Guest.data, 4096))
    return translated
  }

  /// Adds a register to what x5 sums up.
  private static func note(_ register: UInt32) -> [UInt32] {
    [E.r(0x33, 0, 1, 5, 5, 6), E.r(0x33, 0, 0, 5, 5, register)]
  }

  @Test(arguments: hosts) func atomicsOfEveryWidth(features: HostFeatures) throws {
    var random = Random(seed: 0xa70_31c5)
    for width in 0...4 as ClosedRange<UInt32> {
      for operation in (width == 4 ? [5] : [0, 1, 4, 5, 8, 12, 16, 20, 24, 28]) as [UInt32] {
        var code: [UInt32] = []
        for _ in 0..<60 {
          let even: UInt32 = width == 4 ? ~1 : ~0
          let (rd, rs2) = (random.pick(Self.registers) & even, random.pick(Self.registers) & even)
          let address = random.pick([15, 31] as [UInt32])
          let offset = (random.bits(11) & ~((1 << width) - 1)) &- 1024
          code.append(E.i(0x13, 0, address, 9, offset))
          // Half of all comparisons hold.
          if operation == 5, random.bits(1) == 0 {
            code.append(E.i(0x03, min(width, 3), rd, address, 0))
            if width == 4, rd != 0 { code.append(E.i(0x03, 3, rd + 1, address, 8)) }
          }
          code.append(E.r(0x2f, width, operation << 2, rd, address, rs2))
          code += Self.note(rd) + (width == 4 ? Self.note(rd + 1) : [])
          // New operands.
          code.append(E.i(0x03, 3, random.pick([10, 12, 13, 28, 29]), 9, offset &+ 64))
        }
        let translated = try compare(code, features, &random)
        // What the page's first access brings is no more than one.
        let count = translated.interpreted.enumerated().filter {
          Opcode(rawValue: UInt16($0.offset)).map { "\($0)".hasPrefix("amo") } == true
        }.reduce(0) { $0 + $1.element }
        if features == .current, features.contains(.cx16) { #expect(count <= 1) }
      }
    }
  }

  @Test(arguments: hosts) func bitManipulation(features: HostFeatures) throws {
    var random = Random(seed: 0xb175)
    for instruction in BitInstruction.all {
      for _ in 0..<12 {
        var code: [UInt32] = []
        for _ in 0..<30 {
          let rd = random.pick(Self.registers)
          code.append(
            instruction.encoded(
              rd: rd, rs1: random.pick(Self.registers), rs2: random.pick(Self.registers)))
          code += Self.note(rd)
          code.append(E.i(0x03, 3, random.pick([10, 11, 12, 13, 28, 29, 30]), 9, random.bits(10) & ~7))
        }
        let translated = try compare(code, features, &random)
        if features.isSuperset(of: [.ssse3, .pclmul, .popcnt]) {
          // The `wfi` at the end.
          #expect(translated.translator.left.reduce(0, +) == 1)
        }
      }
    }
  }
}
