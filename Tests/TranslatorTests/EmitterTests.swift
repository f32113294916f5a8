import Machine
import RISCV
import Testing
import Translator

/// Each claim runs a program twice: by the interpreter and by translated code.
@Suite struct EmitterTests {
  /// Gives both guests the same registers and data.
  private func prepare(_ guests: [Guest], _ random: inout Random) {
    let integers = (0..<32).map { _ in random.integer() }
    let reals = (0..<32).map { _ in random.real() }
    let data = (0..<1024).flatMap { _ in withUnsafeBytes(of: random.integer()) { [UInt8]($0) } }
    for guest in guests {
      for i in 1..<32 { guest.hart[x: i] = integers[i] }
      for i in 0..<32 { guest.hart[f: i] = reals[i] }
      guest.hart[x: 3] = Guest.data + 4096
      guest.hart[x: 9] = Guest.data + 4096
      guest.memory.copyIn(data, to: Guest.data)
    }
  }

  /// A program with `mtvec` at the handler in front.
  private func programWithHandler(_ code: [UInt32]) -> [UInt8] {
    // lui x5, handler; csrw mtvec, x5 — the upper bits of lui's result are no address: slli, srli.
    let high = UInt32(truncatingIfNeeded: Guest.handler) & 0xffff_f000
    return bytes(
      [
        high | 5 << 7 | 0x37, Encoding.i(0x13, 1, 5, 5, 32), Encoding.i(0x13, 5, 5, 5, 32),
        Encoding.csr(1, 0, 0x305, 5),
      ] + code)
  }

  @Test func randomProgramsLeaveTheSameStateInSlicesOfAnyLength() throws {
    var random = Random(seed: 20_240_417)
    var translatedCount = 0
    for round in 0..<250 {
      let program = RandomProgram(seed: random.next() | 1, length: 48)
      let image = programWithHandler(program.code)
      let plain = try Guest(image)
      let guest = try Guest(image)
      prepare([plain, guest], &random)
      let translated = try TranslatedHart(guest.hart, codeSize: 1 << 20)
      var outcome = Hart.Outcome.budgetSpent
      var slices = 0
      while outcome == .budgetSpent && slices < 200 {
        let budget = random.below(3) == 0 ? 1 + random.below(7) : 100
        outcome = plain.hart.run(budget)
        let other = translated.run(budget)
        try #require(outcome == other && plain.result == guest.result, "program \(round), slice \(slices)")
        slices += 1
      }
      #expect(outcome == .waiting)
      try #require(
        plain.contents(Guest.data, 12288) == guest.contents(Guest.data, 12288), "data of program \(round)")
      translatedCount += translated.translator.instructionCount
    }
    // The comparison means something only where code was emitted.
    #expect(translatedCount > 5000)
  }
}
