import RISCV
import Testing
import Translator

/// A debugger's breakpoints, watchpoints and steps in random systems, which map their pages at several addresses,
/// rewrite their code and switch privileges: translated code and the interpreter stop at the same places, no stop is
/// missed, and what the guest computes is what it computes alone.
@Suite struct DebuggingTests {
  private static let most = 6_000

  private struct Stop: Equatable {
    var event: DebugEvent
    var instructions: UInt64
    var pc: UInt64
  }

  private static func systems(_ seed: UInt64) throws -> (plain: SystemGuest, translated: SystemGuest, Random)
  {
    var random = Random(seed: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
    let freedom: SystemProgram.Freedom = random.below(2) == 0 ? [] : .odd
    let program = SystemProgram(seed: seed, freedom: freedom)
    let plain = try SystemGuest(program.image)
    var translated = try SystemGuest(program.image)
    try translated.translate(
      codeSize: TranslatedHart.smallestCodeSize, regionLimit: random.pick([1, 3, 16, 100]), features: .current
    )
    for engine in translated.engines { engine.slicesForTrace = 1 }
    return (plain, translated, random)
  }

  /// The instructions of a system's run that were begun, one after the other.
  private static func path(_ seed: UInt64) throws -> [UInt64] {
    let hart = try systems(seed).plain.harts[0]
    var path: [UInt64] = []
    for i in 0..<most {
      let (pc, before) = (hart.state.pointee.pc, hart.traps.total)
      let outcome = hart.run(1, isContinued: i > 0)
      // An interrupt came first, and the handler's first instruction ran, or trapped.
      let taken = hart.traps.all.suffix(Int(hart.traps.total - before))
      path.append(taken.first?.isInterrupt == true ? taken.first?.target ?? pc : pc)
      if outcome == .waiting { break }
    }
    return path
  }

  /// Runs until the next stop, or the budget is spent (nil).
  private static func run(_ hart: Hart, _ budget: inout Int) -> DebugEvent? {
    hart.prepareToGoOn()
    switch hart.run(budget, isContinued: true) {
    case .debug(let event):
      budget = hart.unspent
      return event
    default:
      budget = 0
      return nil
    }
  }

  @Test(arguments: SystemProgramTests.seeds(40))
  func breakpointsStopWhereverTheyAreReached(_ seed: UInt64) throws {
    let path = try Self.path(seed)
    var (plain, translated, random) = try Self.systems(seed)
    var wanted: Set<UInt64> = [Guest.base + 0x123456]
    for _ in 0..<4 { wanted.insert(random.pick(path)) }
    for machine in [plain, translated] {
      for pc in wanted { _ = machine.memory.code.insertBreakpoint(pc) }
      machine.harts[0].lookForBreakpoints()
    }
    let alone = try Self.systems(seed).plain
    let expected = path.indices.filter { wanted.contains(path[$0]) }
    var met = 0
    var (left, leftTranslated) = (path.count, path.count)
    while left > 0 {
      let event = Self.run(plain.harts[0], &left)
      let other = Self.run(translated.harts[0], &leftTranslated)
      try #require(event == other && left == leftTranslated, "seed \(seed): stop \(met)")
      try #require(plain.state == translated.state, "seed \(seed): state at stop \(met)")
      guard let event else { break }
      try #require(met < expected.count, "seed \(seed): a stop too many")
      #expect(event == .breakpoint(path[expected[met]]))
      #expect(path.count - left == expected[met], "seed \(seed): stop \(met)")
      met += 1
      // Some come and go while the machine stands still.
      if random.below(8) == 0 {
        let pc = random.pick(wanted.sorted())
        for machine in [plain, translated] {
          machine.memory.code.removeBreakpoint(pc)
          if machine.memory.code.insertBreakpoint(pc) { machine.harts[0].lookForBreakpoints() }
        }
      }
    }
    #expect(met == expected.count, "seed \(seed)")
    for i in path.indices { _ = alone.harts[0].run(1, isContinued: i > 0) }
    #expect(
      alone.state == plain.state && alone.memory.contentHash == plain.memory.contentHash, "seed \(seed)")
  }

  @Test(arguments: SystemProgramTests.seeds(20))
  func removedBreakpointsAreForgotten(_ seed: UInt64) throws {
    let path = try Self.path(seed)
    var (plain, translated, random) = try Self.systems(seed)
    let wanted = (0..<4).map { _ in random.pick(path) }
    for machine in [plain, translated] {
      for pc in wanted { _ = machine.memory.code.insertBreakpoint(pc) }
      machine.harts[0].lookForBreakpoints()
    }
    var (left, leftTranslated) = (path.count, path.count)
    _ = Self.run(plain.harts[0], &left)
    _ = Self.run(translated.harts[0], &leftTranslated)
    for machine in [plain, translated] {
      for pc in machine.memory.code.breakpointPCs { machine.memory.code.removeBreakpoint(pc) }
      machine.memory.code.dropRemovedBreakpoints()
    }
    while left > 0 { #expect(Self.run(plain.harts[0], &left) == nil) }
    while leftTranslated > 0 { #expect(Self.run(translated.harts[0], &leftTranslated) == nil) }
    let alone = try Self.systems(seed).plain
    for i in path.indices { _ = alone.harts[0].run(1, isContinued: i > 0) }
    #expect(alone.state == plain.state && alone.state == translated.state, "seed \(seed)")
  }

  @Test(arguments: SystemProgramTests.seeds(20))
  func otherBreakpointsStayWhenSomeAreRemoved(_ seed: UInt64) throws {
    let path = try Self.path(seed)
    var (plain, translated, random) = try Self.systems(seed)
    let (kept, removed) = (random.pick(path), random.pick(path))
    for machine in [plain, translated] {
      for pc in [kept, removed] { _ = machine.memory.code.insertBreakpoint(pc) }
      machine.harts[0].lookForBreakpoints()
    }
    for machine in [plain, translated] {
      var left = path.count
      var stops = 0
      var seen = 0
      while left > 0, let event = Self.run(machine.harts[0], &left) {
        if case .breakpoint(kept) = event { seen += 1 }
        stops += 1
        // GDB takes all away at each stop, and brings back what it wants.
        for pc in [kept, removed] { machine.memory.code.removeBreakpoint(pc) }
        if machine.memory.code.insertBreakpoint(kept) { machine.harts[0].lookForBreakpoints() }
        machine.memory.code.dropRemovedBreakpoints()
      }
      #expect(seen == path.count { $0 == kept }, "seed \(seed): \(stops) stops")
    }
  }

  /// Where data is written is found by comparing memory after each instruction.
  @Test(arguments: SystemProgramTests.seeds(40))
  func watchpointsSeeEveryStore(_ seed: UInt64) throws {
    let path = try Self.path(seed)
    var (plain, translated, random) = try Self.systems(seed)
    let address = SystemProgram.base + 0x20000 + random.next() % 0x1000 & ~7
    let points = [
      Watchpoint(address: address, length: 8, kind: .write),
      Watchpoint(
        address: SystemProgram.base + 0x1000 + random.next() % 0x100, length: 1 + random.next() % 4,
        kind: random.pick([.read, .access])),
    ]
    for machine in [plain, translated] { for point in points { machine.harts[0].insert(point) } }
    let alone = try Self.systems(seed).plain
    var (left, leftTranslated, done) = (path.count, path.count, 0)
    while left > 0 {
      let before = left
      let event = Self.run(plain.harts[0], &left)
      let other = Self.run(translated.harts[0], &leftTranslated)
      try #require(event == other && left == leftTranslated, "seed \(seed)")
      try #require(plain.state == translated.state, "seed \(seed)")
      for _ in 0..<before - left {
        let old = alone.memory.copyOut(address, count: 8)
        _ = alone.harts[0].run(1, isContinued: done > 0)
        done += 1
        try #require(
          alone.memory.copyOut(address, count: 8) == old, "seed \(seed): a store at step \(done) was not seen"
        )
      }
      guard event != nil else { break }
      try #require(plain.state == alone.state, "seed \(seed): before step \(done)")
      // The access is yet to be made.
      for hart in [plain.harts[0], translated.harts[0]] {
        points.forEach(hart.remove)
        _ = hart.run(1, isContinued: true)
        points.forEach(hart.insert)
      }
      _ = alone.harts[0].run(1, isContinued: done > 0)
      done += 1
      left -= 1
      leftTranslated -= 1
    }
    #expect(plain.memory.contentHash == translated.memory.contentHash, "seed \(seed)")
  }

  @Test(arguments: SystemProgramTests.seeds(10))
  func stepsAreWhatRunsAre(_ seed: UInt64) throws {
    let path = try Self.path(seed)
    let (plain, translated, _) = try Self.systems(seed)
    let hart = translated.harts[0]
    for i in path.indices {
      try #require(
        hart.state.pointee.pc == plain.harts[0].state.pointee.pc, "seed \(seed), step \(i)")
      _ = plain.harts[0].run(1, isContinued: i > 0)
      let before = hart.traps.total
      _ = hart.step(takingInterrupts: true)
      // A run takes an interrupt and goes on; a step shows the handler.
      if hart.traps.total != before, hart.traps.last?.isInterrupt == true {
        _ = hart.step(takingInterrupts: false)
      }
    }
    #expect(plain.state == translated.state, "seed \(seed)")
  }
}
