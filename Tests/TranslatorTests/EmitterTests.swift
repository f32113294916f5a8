import Foundation
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
    let environment = ProcessInfo.processInfo.environment
    let rounds = environment["APUS_TRANSLATOR_PROGRAMS"].flatMap { Int($0) } ?? 250
    var random = Random(seed: environment["APUS_TRANSLATOR_SEED"].flatMap { UInt64($0) } ?? 20_240_417)
    var translatedCount = 0
    for round in 0..<rounds {
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
        let other = guest.hart.run(budget)
        try #require(outcome == other && plain.result == guest.result, "program \(round), slice \(slices)")
        slices += 1
      }
      #expect(outcome == .waiting)
      try #require(
        plain.contents(Guest.data, 12288) == guest.contents(Guest.data, 12288), "data of program \(round)")
      translatedCount += translated.translator.instructionCount
    }
    // The comparison means something only where code was emitted.
    #expect(translatedCount > 20 * rounds)
  }

  @Test func integerCodeIsNeverLeftToTheInterpreter() throws {
    let firstOfRV64I = Opcode.lui.rawValue
    let lastOfRV64I = Opcode.fence.rawValue
    let own =
      Opcode.allCases.filter { $0.rawValue >= firstOfRV64I && $0.rawValue <= lastOfRV64I }
      + Opcode.allCases.filter { $0.rawValue >= Opcode.mul.rawValue && $0.rawValue <= Opcode.remuw.rawValue }
      + [.c_addi, .c_li, .c_mv, .c_lw, .c_sd, .c_subw, .amoadd_w, .amoadd_d]
    var random = Random(seed: 7)
    var left = [Int](repeating: 0, count: Opcode.allCases.count)
    for _ in 0..<40 {
      let guest = try Guest(programWithHandler(RandomProgram(seed: random.next() | 1, length: 48).code))
      prepare([guest], &random)
      let translated = try TranslatedHart(guest.hart, codeSize: 1 << 20)
      #expect(guest.hart.run(1000) == .waiting)
      for i in left.indices { left[i] += translated.translator.left[i] }
    }
    for opcode in own { #expect(left[Int(opcode.rawValue)] == 0, "\(opcode)") }
    #expect(left[Int(Opcode.csrrs.rawValue)] > 0)
  }

  @Test(arguments: 0...4) func additionRoundsAndRaisesFlagsAsTheInterpreterDoes(dynamic: UInt32) throws {
    for rounding in [0, 1, 2, 3, 4, 7] as [UInt32] {
      // FS on, frm; then for each pair the sum's bits and the flags go into x11.
      var code: [UInt32] = [0x0000_62b7, Encoding.csr(2, 0, 0x300, 5), Encoding.csr(5, 0, 0x002, dynamic)]
      for a in 0..<15 as Range<UInt32> {
        for b in 0..<15 as Range<UInt32> {
          code += [
            Encoding.faddD(31, a, b, rounding), Encoding.r(0x53, 0, 0x71, 10, 31, 0),
            Encoding.r(0x33, 0, 1, 11, 11, 13), Encoding.r(0x33, 0, 0, 11, 11, 10),
            Encoding.csr(1, 12, 0x001, 0), Encoding.r(0x33, 0, 1, 11, 11, 13),
            Encoding.r(0x33, 0, 0, 11, 11, 12),
          ]
        }
      }
      let image = bytes(code + [Encoding.wfi])
      let guests = [try Guest(image), try Guest(image)]
      for guest in guests {
        for (i, bits) in Random.reals.enumerated() { guest.hart[f: i] = bits }
        guest.hart[x: 13] = 31
      }
      let translated = try TranslatedHart(guests[1].hart, codeSize: 1 << 20)
      #expect(guests[0].hart.run(10_000) == .waiting)
      #expect(guests[1].hart.run(10_000) == .waiting)
      #expect(guests[0].result == guests[1].result, "frm \(dynamic), rm \(rounding)")
      let isHost = rounding != 4 && dynamic < 4
      #expect((translated.translator.left[Int(Opcode.fadd_d.rawValue)] == 0) == (rounding != 4))
      #expect((translated.interpreted[Int(Opcode.fadd_d.rawValue)] == 0) == isHost)
    }
  }

  @Test func aPageFaultIsTakenAtItsInstruction() throws {
    let virtual: UInt64 = 0x4000_0000
    // The handler reads mepc, mcause, mtval and minstret.
    let handler: [UInt32] = [
      Encoding.csr(2, 20, 0x341, 0), Encoding.csr(2, 21, 0x342, 0), Encoding.csr(2, 22, 0x343, 0),
      Encoding.csr(2, 23, 0xb02, 0), Encoding.wfi,
    ]
    // In machine mode: satp, mepc, mstatus, PMP over everything, mtvec; then to supervisor mode.
    let entry: [UInt32] = [
      Encoding.csr(1, 0, 0x180, 5), Encoding.csr(1, 0, 0x341, 6), Encoding.csr(1, 0, 0x300, 7),
      Encoding.csr(1, 0, 0x3b0, 28), Encoding.csr(1, 0, 0x3a0, 29), Encoding.csr(1, 0, 0x305, 30),
      Encoding.mret,
    ]
    // Loads from a mapped page and, three additions later, from an unmapped one.
    let load = { (rd: UInt32, rs1: UInt32) in Encoding.i(0x03, 3, rd, rs1, 0) }
    let add = Encoding.i(0x13, 0, 12, 12, 1)
    let body = [load(10, 11), add, load(10, 11), add, add, load(13, 14), add, Encoding.wfi]
    let guests = [try Guest(bytes(entry)), try Guest(bytes(entry))]
    for guest in guests {
      guest.memory.copyIn(bytes(handler), to: Guest.handler)
      guest.memory.copyIn(bytes(body), to: Guest.base + 0x1000)
      let (root, middle, leaves) = (Guest.base + 0x80000, Guest.base + 0x81000, Guest.base + 0x82000)
      guest.memory.store(root + 8, (middle >> 12) << 10 | 1)
      guest.memory.store(middle, (leaves >> 12) << 10 | 1)
      guest.memory.store(leaves, ((Guest.base + 0x1000) >> 12) << 10 | 0xcb)
      guest.memory.store(leaves + 8, (Guest.data >> 12) << 10 | 0xc7)
      guest.memory.store(Guest.data, UInt64(0x1234))
      let values: [(Int, UInt64)] = [
        (5, 8 << 60 | root >> 12), (6, virtual), (7, 0x800), (28, .max >> 10), (29, 0x1f),
        (30, Guest.handler),
        (11, virtual + 0x1000), (12, 0), (14, virtual + 0x2000),
      ]
      for (register, value) in values { guest.hart[x: register] = value }
    }
    let translated = try TranslatedHart(guests[1].hart, codeSize: 1 << 20)
    #expect(guests[0].hart.run(100) == .waiting)
    #expect(guests[1].hart.run(100) == .waiting)
    #expect(guests[0].result == guests[1].result)
    let hart = guests[1].hart
    #expect([hart[x: 10], hart[x: 12]] == [0x1234, 3])
    #expect([hart[x: 20], hart[x: 21], hart[x: 22]] == [virtual + 20, 13, virtual + 0x2000])
    // The first load had its page entered into the lookaside; only the one that faults was left.
    #expect(translated.interpreted[Int(Opcode.ld.rawValue)] == 1)
  }

  /// A supervisor lets itself into user pages for single accesses, as kernels do, and once too seldom.
  @Test func userMemoryIsOpenAsLongAsStatusSaysSo() throws {
    let virtual: UInt64 = 0x4000_0000
    let handler: [UInt32] = [
      Encoding.csr(2, 20, 0x341, 0), Encoding.csr(2, 21, 0x342, 0), Encoding.csr(2, 22, 0x343, 0),
      Encoding.wfi,
    ]
    let entry: [UInt32] = [
      Encoding.csr(1, 0, 0x180, 5), Encoding.csr(1, 0, 0x341, 6), Encoding.csr(1, 0, 0x300, 7),
      Encoding.csr(1, 0, 0x3b0, 28), Encoding.csr(1, 0, 0x3a0, 29), Encoding.csr(1, 0, 0x305, 30),
      Encoding.mret,
    ]
    let load = { (rd: UInt32, rs1: UInt32, offset: UInt32) in Encoding.i(0x03, 3, rd, rs1, offset) }
    let store = { (rs2: UInt32, rs1: UInt32, offset: UInt32) in Encoding.s(0x23, 3, rs1, rs2, offset) }
    // x16: SUM; x11 a supervisor's page, x14 a user's. Both are accessed before, with, and behind SUM.
    let (set, clear) = (Encoding.csr(2, 17, 0x100, 16), Encoding.csr(3, 18, 0x100, 16))
    let round: [UInt32] = [
      load(10, 11, 0), set, load(12, 14, 0), store(12, 11, 8), load(13, 14, 8), store(10, 14, 16), clear,
      load(10, 11, 8), Encoding.i(0x13, 0, 10, 10, 1), store(10, 11, 0),
    ]
    var body = round
    // addi x15, x15, -1; bne x15, x0, to the beginning
    body.append(Encoding.i(0x13, 0, 15, 15, 0xfff))
    var loop = Assembly(at: virtual)
    let again = loop.placed()
    loop.emit(body)
    loop.branch(1, 15, 0, again)
    loop.emit([load(12, 14, 24), Encoding.wfi])
    let guests = [try Guest(bytes(entry)), try Guest(bytes(entry))]
    for guest in guests {
      guest.memory.copyIn(bytes(handler), to: Guest.handler)
      guest.memory.copyIn(loop.finished, to: Guest.base + 0x1000)
      let (root, middle, leaves) = (Guest.base + 0x80000, Guest.base + 0x81000, Guest.base + 0x82000)
      guest.memory.store(root + 8, (middle >> 12) << 10 | 1)
      guest.memory.store(middle, (leaves >> 12) << 10 | 1)
      guest.memory.store(leaves, ((Guest.base + 0x1000) >> 12) << 10 | 0xcb)
      guest.memory.store(leaves + 8, (Guest.data >> 12) << 10 | 0xc7)
      guest.memory.store(leaves + 16, ((Guest.data + 4096) >> 12) << 10 | 0xd7)
      for i in 0..<8 as Range<UInt64> { guest.memory.store(Guest.data + 4096 + 8 * i, 0x1111 * i) }
      let values: [(Int, UInt64)] = [
        (5, 8 << 60 | root >> 12), (6, virtual), (7, 0x800), (28, .max >> 10), (29, 0x1f),
        (30, Guest.handler), (11, virtual + 0x1000), (14, virtual + 0x2000), (15, 100), (16, 1 << 18),
      ]
      for (register, value) in values { guest.hart[x: register] = value }
    }
    let translated = try TranslatedHart(guests[1].hart, codeSize: 1 << 20)
    #expect(guests[0].hart.run(3000) == .waiting)
    #expect(guests[1].hart.run(3000) == .waiting)
    #expect(guests[0].result == guests[1].result)
    #expect(guests[0].contents(Guest.data, 8192) == guests[1].contents(Guest.data, 8192))
    let hart = guests[1].hart
    #expect([hart[x: 20], hart[x: 21], hart[x: 22]] == [virtual + 48, 13, virtual + 0x2018])
    // Of all accesses to status registers only those around the supervisor were left.
    #expect(translated.interpreted[Int(Opcode.csrrc.rawValue)] == 0)
  }

  @Test func theTimeIsReadWithoutTheInterpreter() throws {
    let read = Encoding.csr(2, 10, 0xc01, 0)
    for isOpen in [false, true] {
      let enables = isOpen ? [Encoding.csr(5, 0, 0x306, 2), Encoding.csr(5, 0, 0x106, 2)] : []
      let guest = try Guest(bytes(enables + [read, read, read, Encoding.wfi]))
      let translated = try TranslatedHart(guest.hart, codeSize: 1 << 20)
      #expect(guest.hart.run(100) == .waiting)
      #expect(guest.hart[x: 10] == Standstill().ticks)
      #expect(translated.interpreted[Int(Opcode.csrrs.rawValue)] == (isOpen ? 0 : 3))
    }
  }

  @Test func atomicAdditionsOfTwoHartsLoseNothing() async throws {
    let count: UInt64 = 100_000
    // amoadd.d x0, x6, (x9); addi x5, x5, -1; bne x5, x0, -8; wfi
    let image = bytes([
      Encoding.amoaddD(0, 9, 6), Encoding.i(0x13, 0, 5, 5, 0xfff), 0xfe02_9ce3, Encoding.wfi,
    ])
    let guest = try Guest(image)
    let second = Hart(
      id: 1, features: guest.hart.features, memory: guest.memory, time: Standstill(), port: InterruptPort())
    second.state.pointee.pc = Guest.base
    try await withThrowingTaskGroup(of: Hart.Outcome.self) { group in
      for hart in [guest.hart, second] {
        hart[x: 5] = count
        hart[x: 6] = 3
        hart[x: 9] = Guest.data
        _ = try TranslatedHart(hart, codeSize: 1 << 20)
        group.addTask { hart.run(1_000_000) }
      }
      for try await outcome in group { #expect(outcome == .waiting) }
    }
    #expect(guest.memory.load(Guest.data) == 2 * 3 * count)
  }
}
