import Foundation
import RISCV
import Testing
import Translator

/// Random systems (`SystemProgram`) end up the same by translated code and by the interpreter, wherever one
/// looks.
///
/// APUS_TRANSLATOR_SYSTEMS (a number of programs for each test) and APUS_TRANSLATOR_SEED (a number, or `fresh`)
/// ask for more and for others.
@Suite struct SystemProgramTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let firstSeed: UInt64 =
    switch environment["APUS_TRANSLATOR_SEED"] {
    case nil: 1
    case "fresh"?: UInt64.random(in: 0...UInt64.max >> 1)
    case let text?: UInt64(text) ?? 1
    }
  static func seeds(_ usual: UInt64) -> Range<UInt64> {
    let count = environment["APUS_TRANSLATOR_SYSTEMS"].flatMap { UInt64($0) } ?? usual
    return firstSeed..<firstSeed + count
  }

  /// What the programs of a test had in common with real ones.
  private struct Coverage {
    var programs = 0
    var instructions: UInt64 = 0
    var translated = 0
    var regions = 0
    var traces = 0
    var forgotten = 0
    var traps: UInt64 = 0
    /// Those that came to their end.
    var ended = 0
  }

  /// A program on two machines: one interprets, one translates.
  private struct Pair {
    let label: String
    let harts: Int
    let plain: SystemGuest
    private(set) var guest: SystemGuest
    private var random: Random
    private let longest: Int
    private(set) var slices = 0

    init(_ program: SystemProgram, _ seed: UInt64, harts: Int) throws {
      random = Random(seed: seed &* 0xd134_2543_de82_ef95 | 1)
      for _ in 0..<4 { _ = random.next() }
      self.harts = harts
      plain = try SystemGuest(program.image, harts: harts)
      guest = try SystemGuest(program.image, harts: harts)
      let limit = random.pick([1, 2, 3, 5, 16, 100, 100, 100])
      let size = random.pick([TranslatedHart.smallestCodeSize, TranslatedHart.smallestCodeSize, 1 << 20])
      let features = random.pick([.current, .current, .sse41, []] as [HostFeatures])
      try guest.translate(codeSize: size, regionLimit: limit, features: features)
      for engine in guest.engines { engine.slicesForTrace = seed % 4 == 0 ? 4 : 1 }
      longest = random.pick([7, 100, 2000, 2000, 2000])
      label = "seed \(seed), \(harts) harts, regions of \(limit), \(size >> 10) KiB"
    }

    /// The hart whose turn is next, and for how long.
    mutating func turn() -> (hart: Int, budget: Int) {
      defer { slices += 1 }
      return (slices % harts, 1 + random.below(longest))
    }

    /// What became of the hart; nil where the machines differ now.
    func run(_ hart: Int, _ budget: Int) -> Hart.Outcome? {
      let outcome = plain.harts[hart].run(budget)
      return guest.harts[hart].run(budget) == outcome && plain.state == guest.state ? outcome : nil
    }

    var haveSameMemory: Bool { plain.memory.contentHash == guest.memory.contentHash }
  }

  /// Runs a program twice and compares after each slice.
  private func compare(
    _ seed: UInt64, _ freedom: SystemProgram.Freedom, harts: Int, _ coverage: inout Coverage
  ) throws {
    let program = SystemProgram(seed: seed, freedom: freedom)
    var pair = try Pair(program, seed, harts: harts)
    var left = 40_000
    while left > 0 {
      let (hart, budget) = pair.turn()
      guard let outcome = pair.run(hart, budget) else {
        Issue.record(Comment(rawValue: try Self.explanation(program, seed, harts: harts, pair)))
        throw Difference()
      }
      left -= harts == 1 ? budget : max(budget, 20)
      if pair.slices % 16 == 0 {
        try #require(pair.haveSameMemory, "\(pair.label): memory after slice \(pair.slices)")
      }
      if outcome == .waiting, harts == 1 {
        coverage.ended += 1
        break
      }
    }
    try #require(pair.haveSameMemory, "\(pair.label): memory at the end")
    coverage.programs += 1
    for hart in 0..<harts {
      coverage.instructions += pair.plain.harts[hart].instructionsRetired
      coverage.translated += pair.guest.engines[hart].translator.instructionCount
      coverage.regions += pair.guest.engines[hart].translator.regionCount
      coverage.traces += pair.guest.engines[hart].traceCount
      coverage.forgotten += pair.guest.engines[hart].generation
    }
    coverage.traps &+= program.trapCount(pair.plain.memory)
  }

  private struct Difference: Error {}

  /// Where in the slice that ended differently the difference first shows, and what ran before.
  private static func explanation(
    _ program: SystemProgram, _ seed: UInt64, harts: Int, _ failed: Pair
  ) throws -> String {
    /// The machines before that slice.
    func again() throws -> (Pair, hart: Int, budget: Int) {
      var pair = try Pair(program, seed, harts: harts)
      for _ in 1..<failed.slices {
        let (hart, budget) = pair.turn()
        _ = pair.run(hart, budget)
      }
      let (hart, budget) = pair.turn()
      return (pair, hart, budget)
    }
    var (pair, hart, budget) = try again()
    var (same, different) = (0, budget)
    while different - same > 1 {
      let middle = (same + different) / 2
      (pair, hart, _) = try again()
      if pair.run(hart, middle) == nil { different = middle } else { same = middle }
    }
    (pair, hart, budget) = try again()
    var trace: [String] = []
    let plain = pair.plain.harts[hart]
    for step in 0..<different {
      if step >= different - 12 {
        let state = plain.state.pointee
        let physical = state.pc & 0x1f_ffff | SystemProgram.base
        let word = pair.plain.memory.load(physical, as: UInt32.self) ?? 0
        trace.append(
          "\(state.privilege) \(String(state.pc, radix: 16)) (by its window \(disassembler.line(word, at: state.pc).text))"
        )
      }
      _ = plain.run(1)
    }
    (pair, hart, budget) = try again()
    _ = pair.run(hart, different)
    return """
      \(pair.label): differs \(different) instructions into slice \(pair.slices) of \(budget), in \
      \(difference(pair.plain.harts[hart], pair.guest.harts[hart]))
      \(trace.joined(separator: "\n"))
      """
  }

  private static let disassembler = Disassembler(
    extensions: (try? SystemGuest.features.get().extensions) ?? [], xlen: 64)

  /// The first registers that differ.
  private static func difference(_ a: Hart, _ b: Hart) -> String {
    func named(_ hart: Hart) -> [(String, UInt64)] {
      let state = hart.state.pointee
      return (0..<32).map { ("x\($0)", hart[x: $0]) } + (0..<32).map { ("f\($0)", hart[f: $0]) } + [
        ("pc", state.pc), ("retired", state.instructionsRetired), ("privilege", state.privilege.rawValue),
        ("mstatus", state.mstatus), ("satp", state.satp), ("mepc", state.mepc), ("mcause", state.mcause),
        ("mtval", state.mtval),
      ]
    }
    let words = zip(named(a), named(b)).filter { $0.1 != $1.1 }.map {
      "\($0.0) \(String($0.1, radix: 16)) and \(String($1.1, radix: 16))"
    }
    return words.isEmpty ? "other state" : words.joined(separator: ", ")
  }

  @Test(
    arguments: [([], 80), ([.unfenced], 60), ([.unfenced, .odd], 100), ([.unfenced, .odd, .sweeps], 100)]
      as [(SystemProgram.Freedom, UInt64)])
  func aHartEndsUpTheSame(freedom: SystemProgram.Freedom, count: UInt64) throws {
    var coverage = Coverage()
    for seed in Self.seeds(count) { try compare(seed, freedom, harts: 1, &coverage) }
    print("systems: \(coverage)")
    // The comparison means something only where much was done.
    #expect(coverage.instructions > 4000 * UInt64(coverage.programs))
    #expect(coverage.traps > 100 * UInt64(coverage.programs))
    #expect(coverage.regions > 300 * coverage.programs)
    #expect(coverage.traces > coverage.programs)
  }

  /// What random seeds have found once.
  @Test(
    arguments: [
      // Page tables were walked again for stores beside code, and for fetches from pages that had become data.
      (649_203_885_522_820_480, 1), (7_673_843_996_680_010_250, 2),
    ] as [(UInt64, Int)])
  func whatWasMendedStaysSo(seed: UInt64, harts: Int) throws {
    var coverage = Coverage()
    try compare(seed, [.unfenced, .odd], harts: harts, &coverage)
    #expect(coverage.instructions > 4000)
  }

  @Test func hartsInTurnEndUpTheSame() throws {
    var coverage = Coverage()
    for seed in Self.seeds(40) { try compare(seed, [.unfenced, .odd], harts: 2 + Int(seed % 2), &coverage) }
    print("systems: \(coverage)")
    #expect(coverage.instructions > 8000 * UInt64(coverage.programs))
  }
}
