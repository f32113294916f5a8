import RISCV
import Testing
import Translator

/// Programs of functions that call each other across pages, so that nearly all of them runs along traces: calls of
/// each kind, returns to elsewhere than behind the call, branches that go another way at times, code that is
/// rewritten while a trace leads through it.
@Suite struct TraceTests {
  private typealias E = Encoding
  private static let (ra, sp, t1, t2, s0, counter): (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (
    1, 2, 6, 7, 8, 18
  )
  private static let base = SystemProgram.base
  private static let data = base + 0x40_000

  private static func addi(_ rd: UInt32, _ rs: UInt32, _ v: Int) -> UInt32 {
    E.i(0x13, 0, rd, rs, UInt32(truncatingIfNeeded: v))
  }
  private static func andi(_ rd: UInt32, _ rs: UInt32, _ v: UInt32) -> UInt32 { E.i(0x13, 7, rd, rs, v) }

  /// One function, in a page of its own or in one with others.
  private struct Function {
    var address: UInt64
    /// What it returns by.
    var link: UInt32
    /// An instruction of it that others rewrite.
    var patched: UInt64 { address + 8 }
  }

  private struct Program {
    private var random: Random
    private(set) var pieces: [Assembly] = []
    private var functions: [Function] = []

    init(seed: UInt64) {
      random = Random(seed: seed)
      var address = base + 0x1000
      for _ in 0..<6 {
        functions.append(Function(address: address, link: random.below(4) == 0 ? 5 : 1))
        // The next page, one that is far away, or the same page.
        address += random.pick([0x1000, 0x1000, 0x3000, 0x400])
      }
      var main = Assembly(at: base)
      main.load(s0, data)
      main.load(sp, data + 0x8000)
      main.load(counter, 0)
      let loop = main.placed()
      call(0, &main)
      main.emit(addi(counter, counter, 1))
      main.load(t1, 1500)
      main.branch(1, counter, t1, loop)
      main.emit(E.wfi)
      pieces = [main]
      for i in functions.indices { pieces.append(function(i)) }
    }

    /// Behind it stands an instruction that some functions skip.
    private mutating func call(_ callee: Int, _ code: inout Assembly) {
      let function = functions[callee]
      switch random.below(3) {
      case 0: code.jump(function.link, to: function.address)
      case 1:
        let distance = UInt32(truncatingIfNeeded: function.address &- code.here)
        code.emit((distance &+ 0x800) & 0xffff_f000 | function.link << 7 | 0x17)
        code.emit(E.i(0x67, 0, function.link, function.link, distance))
      default:
        code.address(t2, of: function.address)
        code.emit(E.i(0x67, 0, function.link, t2, 0))
      }
      code.emit(addi(10, 10, 1))
    }

    private mutating func function(_ index: Int) -> Assembly {
      let me = functions[index]
      var code = Assembly(at: me.address)
      code.emit(addi(sp, sp, -16))
      code.emit(E.s(0x23, 3, sp, me.link, 0))
      code.emit(addi(11, 11, 1))
      let isLeaf = index == functions.count - 1 || random.below(4) == 0
      for _ in 0..<(2 + random.below(5)) {
        switch random.below(isLeaf ? 5 : 8) {
        case 0: for _ in 0..<(1 + random.below(4)) { code.emit(operation()) }
        case 1: code.emit(E.i(0x03, 3, reg(), s0, UInt32(8 * random.below(8))))
        case 2: code.emit(E.s(0x23, 3, s0, reg(), UInt32(8 * random.below(8))))
        case 3:
          // Another way at times.
          let skip = code.label()
          if random.below(2) == 0 {
            code.emit(andi(t1, counter, UInt32(random.pick([1, 3, 7, 31]))))
            code.branch(random.pick([0, 1]), t1, 0, skip)
          } else {
            code.branch(random.pick([0, 1, 4, 5, 6, 7]), reg(), random.below(4) == 0 ? 0 : reg(), skip)
          }
          for _ in 0..<(1 + random.below(3)) { code.emit(E.r(0x33, 0, 0, reg(), reg(), reg())) }
          code.place(skip)
        case 4:
          code.emit(addi(t2, 0, 1 + random.below(3)))
          let loop = code.placed()
          code.emit(E.r(0x33, 0, 0, reg(), reg(), t2))
          code.emit(addi(t2, t2, -1))
          code.branch(1, t2, 0, loop)
        default: call(index + 1 + random.below(functions.count - index - 1), &code)
        }
      }
      if random.below(3) == 0 { rewrite(&code) }
      code.emit(E.i(0x03, 3, me.link, sp, 0))
      if random.below(3) == 0 {
        let skip = code.label()
        code.emit(andi(t1, counter, 15))
        code.branch(1, t1, 0, skip)
        code.emit(addi(me.link, me.link, 4))
        code.place(skip)
      }
      code.emit(addi(sp, sp, 16))
      code.emit(E.i(0x67, 0, 0, me.link, 0))
      return code
    }

    private mutating func rewrite(_ code: inout Assembly) {
      let skip = code.label()
      code.emit(andi(t1, counter, UInt32(random.pick([31, 127]))))
      code.branch(1, t1, 0, skip)
      code.address(t1, of: functions[random.below(functions.count)].patched)
      code.load(t2, UInt64(addi(11, 11, random.below(100))))
      code.emit(E.s(0x23, 2, t1, t2, 0))
      if random.below(2) == 0 { code.emit(0x0000_100f) }
      code.place(skip)
    }

    /// Of 64 bits, or of 32 with its sign in those above, or a move; most often one after another on the same.
    private mutating func operation() -> UInt32 {
      switch random.below(6) {
      case 0: E.r(0x33, random.pick([0, 4, 6, 7]), 0, reg(), reg(), reg())
      case 1: E.r(0x3b, 0, random.pick([0, 0x20]), reg(), reg(), reg())
      case 2: E.i(0x1b, random.pick([1, 5]), reg(), reg(), UInt32(1 + random.below(31)))
      case 3: E.i(0x1b, 0, reg(), reg(), UInt32(random.pick([0, 0, 1, 0x800])))
      case 4: E.i(0x13, random.pick([0, 4, 6, 7]), reg(), reg(), UInt32(random.pick([0, 0, 0xff, 0xfff])))
      default: E.r(0x3b, random.pick([0, 1, 5]), 0, reg(), reg(), reg())
      }
    }

    private mutating func reg() -> UInt32 { UInt32(random.pick([10, 11, 12, 13, 14, 15, 28, 29])) }
  }

  @Test func callsAndReturnsAlongTracesEndUpTheSame() throws {
    var (programs, traces) = (0, 0)
    for seed in SystemProgramTests.seeds(60) {
      let program = Program(seed: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
      let plain = try SystemGuest([])
      var guest = try SystemGuest([])
      try guest.translate(codeSize: 1 << 20, regionLimit: seed % 3 == 0 ? 30 : 100, features: .current)
      guest.engines[0].slicesForTrace = 1
      for piece in program.pieces {
        for machine in [plain, guest] { machine.memory.copyIn(piece.finished, to: piece.base) }
      }
      var random = Random(seed: seed &* 0xd134_2543_de82_ef95 | 1)
      var outcome = Hart.Outcome.budgetSpent
      while outcome == .budgetSpent {
        let budget = 1 + random.below(600)
        outcome = plain.harts[0].run(budget)
        let other = guest.harts[0].run(budget)
        try #require(outcome == other && plain.state == guest.state, "seed \(seed)")
      }
      #expect(outcome == .waiting)
      #expect(plain.memory.contentHash == guest.memory.contentHash)
      #expect(plain.harts[0].instructionsRetired > 10_000)
      traces += guest.engines[0].traceCount
      programs += 1
    }
    print("traces: \(traces) in \(programs) programs")
    #expect(traces > 8 * programs)
  }
}
