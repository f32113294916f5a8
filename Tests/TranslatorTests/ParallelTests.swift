import Foundation
import Machine
import RISCV
import Testing
import Translator

/// Harts on threads of their own run programs that notice by themselves when something went wrong.
@Suite(.serialized) struct ParallelTests {
  private typealias E = Encoding
  private static let (zero, ra, t0, t1, t2): (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 1, 5, 6, 7)
  private static let (s0, s1, a0, a1, a2): (UInt32, UInt32, UInt32, UInt32, UInt32) = (8, 9, 10, 11, 12)
  private static let (a3, a4, a5, a6, a7): (UInt32, UInt32, UInt32, UInt32, UInt32) = (13, 14, 15, 16, 17)
  private static func addi(_ rd: UInt32, _ rs: UInt32, _ v: Int) -> UInt32 {
    E.i(0x13, 0, rd, rs, UInt32(truncatingIfNeeded: v))
  }
  private static func add(_ rd: UInt32, _ a: UInt32, _ b: UInt32) -> UInt32 { E.r(0x33, 0, 0, rd, a, b) }
  private static func ld(_ rd: UInt32, _ offset: UInt32, _ rs: UInt32) -> UInt32 {
    E.i(0x03, 3, rd, rs, offset)
  }
  private static func sd(_ source: UInt32, _ offset: UInt32, _ rs: UInt32) -> UInt32 {
    E.s(0x23, 3, rs, source, offset)
  }
  private static func sw(_ source: UInt32, _ offset: UInt32, _ rs: UInt32) -> UInt32 {
    E.s(0x23, 2, rs, source, offset)
  }
  private static func atomic(_ operation: UInt32, _ rd: UInt32, _ source: UInt32, _ rs: UInt32) -> UInt32 {
    E.r(0x2f, 3, operation, rd, rs, source)
  }
  private static let (add64, swapAcquire, swapRelease, loadReserved, storeConditional):
    (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 1 << 2 | 2, 1 << 2 | 1, 2 << 2, 3 << 2)
  private static let (fence, fenceWrites, fenceReads, fenceCode): (UInt32, UInt32, UInt32, UInt32) = (
    0x0330_000f, 0x0110_000f, 0x0220_000f, 0x0000_100f
  )

  private static let base = SystemProgram.base
  private static let data = base + 0x40_000
  private static let environment = ProcessInfo.processInfo.environment
  /// Rounds of each loop; the variable counts thousands.
  private static let rounds = (environment["APUS_TRANSLATOR_ROUNDS"].flatMap { UInt64($0) } ?? 100) * 1000

  /// Runs each of the programs on a hart of its own until it waits for an interrupt. s0 holds `data` and a6
  /// the count of rounds; a7 counts mistakes.
  private static func run(_ programs: [Assembly], rounds: UInt64 = rounds) async throws -> SystemGuest {
    var guest = try SystemGuest([], harts: programs.count)
    try guest.translate(codeSize: 1 << 20, regionLimit: 100, features: .current)
    for (hart, program) in zip(guest.harts, programs) {
      guest.memory.copyIn(program.finished, to: program.base)
      hart.state.pointee.pc = program.base
      hart[x: Int(s0)] = data
      hart[x: Int(a6)] = rounds
    }
    let (harts, memory) = (guest.harts, guest.memory)
    await withTaskGroup(of: Void.self) { group in
      for hart in harts {
        group.addTask {
          // Slices as `MachineRunner`'s, and a chance for the other thread where there is but one core.
          let end = ContinuousClock.now + .seconds(60)
          var outcome = Hart.Outcome.budgetSpent
          while outcome == .budgetSpent, ContinuousClock.now < end {
            outcome = hart.run(20_000)
            sched_yield()
          }
          #expect(outcome == .waiting, "\(Self.summary(hart, memory))")
        }
      }
    }
    for (number, hart) in harts.enumerated() {
      #expect(hart[x: Int(a7)] == 0, "mistakes that hart \(number) found")
    }
    return guest
  }

  /// Where a hart is, and what it sees.
  private static func summary(_ hart: Hart, _ memory: AddressSpace) -> String {
    let words = [0, 64, 128].map { memory.load(data + $0, as: UInt64.self) ?? 0 }
    let registers = (1..<32).map { "x\($0) \(String(hart[x: $0], radix: 16))" }.joined(separator: " ")
    return "hart \(hart.id) at \(String(hart.state.pointee.pc, radix: 16)): \(registers), data \(words)"
  }

  @Test func countersAndLocksLoseNothing() async throws {
    // data: +0 amoadd, +8 LR/SC, +64 lock, +128 and +0x1000 what it guards.
    let programs = (0..<3).map { number in
      var a = Assembly(at: Self.base + UInt64(number) << 12)
      a.load(Self.s1, Self.data + 0x1000)
      a.emit([Self.addi(Self.t2, Self.s0, 8), Self.addi(Self.a5, Self.s0, 64), Self.addi(Self.a4, 0, 1)])
      let again = a.placed()
      a.emit(Self.atomic(Self.add64, 0, Self.a4, Self.s0))
      let retry = a.placed()
      a.emit([
        Self.atomic(Self.loadReserved, Self.t0, 0, Self.t2), Self.addi(Self.t0, Self.t0, 3),
        Self.atomic(Self.storeConditional, Self.t1, Self.t0, Self.t2),
      ])
      a.branch(1, Self.t1, 0, retry)
      let spin = a.placed()
      a.emit(Self.atomic(Self.swapAcquire, Self.t0, Self.a4, Self.a5))
      a.branch(1, Self.t0, 0, spin)
      let right = a.label()
      a.emit([Self.ld(Self.a0, 128, Self.s0), Self.ld(Self.a1, 0, Self.s1)])
      a.branch(0, Self.a0, Self.a1, right)
      a.emit(Self.addi(Self.a7, Self.a7, 1))
      a.place(right)
      a.emit([
        Self.addi(Self.a0, Self.a0, 1), Self.sd(Self.a0, 128, Self.s0), Self.addi(Self.a1, Self.a1, 1),
        Self.sd(Self.a1, 0, Self.s1), Self.atomic(Self.swapRelease, 0, 0, Self.a5),
        Self.addi(Self.a6, Self.a6, -1),
      ])
      a.branch(1, Self.a6, 0, again)
      a.emit(E.wfi)
      return a
    }
    let guest = try await Self.run(programs)
    let expected = 3 * Self.rounds
    #expect(guest.memory.load(Self.data, as: UInt64.self) == expected)
    #expect(guest.memory.load(Self.data + 8, as: UInt64.self) == 3 * expected)
    #expect(guest.memory.load(Self.data + 128, as: UInt64.self) == expected)
    #expect(guest.memory.load(Self.data + 0x1000, as: UInt64.self) == expected)
  }

  @Test func aMessageComesBehindItsData() async throws {
    var writer = Assembly(at: Self.base)
    let next = writer.placed()
    writer.emit([
      Self.addi(Self.a0, Self.a0, 1), Self.sd(Self.a0, 0, Self.s0), Self.fenceWrites,
      Self.sd(Self.a0, 128, Self.s0),
    ])
    writer.branch(1, Self.a0, Self.a6, next)
    writer.emit(E.wfi)
    var reader = Assembly(at: Self.base + 0x1000)
    let (again, right) = (reader.placed(), reader.label())
    reader.emit([Self.ld(Self.a0, 128, Self.s0), Self.fenceReads, Self.ld(Self.a1, 0, Self.s0)])
    reader.branch(7, Self.a1, Self.a0, right)
    reader.emit(Self.addi(Self.a7, Self.a7, 1))
    reader.place(right)
    reader.branch(1, Self.a0, Self.a6, again)
    reader.emit(E.wfi)
    _ = try await Self.run([writer, reader])
  }

  /// Peterson's lock: plain loads and stores, right only where a fence keeps a store before a later load.
  @Test func fencesOrderStoresBeforeLoads() async throws {
    // data: +0 and +64 who wants, +128 whose turn, +192 what it guards.
    let programs = (0..<2).map { number in
      var a = Assembly(at: Self.base + UInt64(number) << 12)
      let (mine, other) = (UInt32(64 * number), UInt32(64 - 64 * number))
      a.emit([Self.addi(Self.a4, 0, 1), Self.addi(Self.a3, 0, 1 - number)])
      let again = a.placed()
      a.emit([
        Self.sd(Self.a4, mine, Self.s0), Self.fence, Self.sd(Self.a3, 128, Self.s0), Self.fence,
      ])
      let (wait, enter) = (a.placed(), a.label())
      a.emit(Self.ld(Self.t0, other, Self.s0))
      a.branch(0, Self.t0, 0, enter)
      a.emit(Self.ld(Self.t0, 128, Self.s0))
      a.branch(0, Self.t0, Self.a3, wait)
      a.place(enter)
      a.emit([
        Self.fence, Self.ld(Self.a0, 192, Self.s0), Self.addi(Self.a0, Self.a0, 1),
        Self.sd(Self.a0, 192, Self.s0), Self.fence, Self.sd(0, mine, Self.s0),
        Self.addi(Self.a6, Self.a6, -1),
      ])
      a.branch(1, Self.a6, 0, again)
      a.emit(E.wfi)
      return a
    }
    let guest = try await Self.run(programs)
    #expect(guest.memory.load(Self.data + 192, as: UInt64.self) == 2 * Self.rounds)
  }

  /// One hart writes a function, and its number when it is done; others fetch it anew, call it and say so.
  /// The function begins at these bytes of its page: its middle; where its last instruction lies in the next
  /// page; where an instruction straddles.
  @Test(arguments: [0x800, 0xff8, 0xffa, 0xffe] as [UInt64])
  func aFunctionThatAnotherHartWroteIsRunAsItIs(place: UInt64) async throws {
    // data: +0 the function's number, +64 that of the one that was run.
    let function = Self.base + 0x10_000 + place
    var writer = Assembly(at: Self.base)
    writer.load(Self.s1, function)
    // addi a0, zero, number; addi a0, a0, 0; ret
    writer.load(Self.t1, 0x513)
    writer.load(Self.t2, 0x0005_0513)
    writer.load(Self.a5, 0x8067)
    let next = writer.placed()
    writer.emit([
      Self.addi(Self.a1, Self.a1, 1), E.i(0x13, 7, Self.a2, Self.a1, 0x3ff),
      E.i(0x13, 1, Self.a2, Self.a2, 20), E.r(0x33, 6, 0, Self.a2, Self.a2, Self.t1),
      Self.sw(Self.a5, 8, Self.s1), Self.sw(Self.t2, 4, Self.s1), Self.sw(Self.a2, 0, Self.s1), Self.fence,
      Self.sd(Self.a1, 0, Self.s0),
    ])
    let answer = writer.placed()
    writer.emit(Self.ld(Self.t0, 64, Self.s0))
    writer.branch(1, Self.t0, Self.a1, answer)
    writer.branch(1, Self.a1, Self.a6, next)
    writer.emit(E.wfi)

    var reader = Assembly(at: Self.base + 0x1000)
    reader.load(Self.s1, function)
    let again = reader.placed()
    reader.emit(Self.addi(Self.a1, Self.a1, 1))
    let wait = reader.placed()
    reader.emit(Self.ld(Self.t0, 0, Self.s0))
    reader.branch(1, Self.t0, Self.a1, wait)
    let right = reader.label()
    reader.emit([
      Self.fence, Self.fenceCode, E.i(0x67, 0, Self.ra, Self.s1, 0), E.i(0x13, 7, Self.a2, Self.a1, 0x3ff),
    ])
    reader.branch(0, Self.a0, Self.a2, right)
    reader.emit(Self.addi(Self.a7, Self.a7, 1))
    reader.place(right)
    reader.emit([Self.fence, Self.sd(Self.a1, 64, Self.s0)])
    reader.branch(1, Self.a1, Self.a6, again)
    reader.emit(E.wfi)
    _ = try await Self.run([writer, reader], rounds: Self.rounds / 50)
  }
}
