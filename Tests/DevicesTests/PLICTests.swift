import Dispatch
import Machine
import RISCV
import Testing

import Devices

private let machineExternal: UInt64 = 1 << 11
private let supervisorExternal: UInt64 = 1 << 9

/// A PLIC for some harts, spoken to as a guest does.
private struct Bench {
  let ports: [InterruptPort]
  let plic: PLIC

  init(harts: Int = 1, requestInputs: Set<Int> = []) {
    ports = (0..<harts).map { _ in InterruptPort() }
    plic = PLIC(ports: ports, requestInputs: requestInputs)
  }

  func priority(_ source: Int, _ value: UInt64) { plic.write(UInt64(source) * 4, width: 4, value) }
  func priority(_ source: Int) -> UInt64 { plic.read(UInt64(source) * 4, width: 4) }
  func enable(_ context: Int, word: Int = 0, _ bits: UInt64) {
    plic.write(0x2000 + UInt64(context) * 0x80 + UInt64(word) * 4, width: 4, bits)
  }
  func enabled(_ context: Int, word: Int = 0) -> UInt64 {
    plic.read(0x2000 + UInt64(context) * 0x80 + UInt64(word) * 4, width: 4)
  }
  func threshold(_ context: Int, _ value: UInt64) {
    plic.write(0x20_0000 + UInt64(context) * 0x1000, width: 4, value)
  }
  func claim(_ context: Int = 0) -> UInt64 { plic.read(0x20_0004 + UInt64(context) * 0x1000, width: 4) }
  func complete(_ source: UInt64, _ context: Int = 0) {
    plic.write(0x20_0004 + UInt64(context) * 0x1000, width: 4, source)
  }
  var pending: UInt64 { plic.read(0x1000, width: 4) }
}

@Suite("PLIC")
struct PLICTests {
  @Test func prioritiesKeepThreeBits() {
    let bench = Bench()
    for (written, expected) in [(0, 0), (1, 1), (7, 7), (8, 0), (9, 1), (15, 7), (0xffff_ffff, 7)]
      as [(UInt64, UInt64)]
    {
      bench.priority(1, written)
      #expect(bench.priority(1) == expected)
    }
  }

  @Test func sourceZeroAndSourcesPastTheLastDoNotExist() {
    let bench = Bench()
    for source in [0, 96, 97, 128] {
      bench.priority(source, 7)
      #expect(bench.priority(source) == 0, "priority of \(source)")
    }
    bench.priority(95, 7)
    #expect(bench.priority(95) == 7)
    for word in 0..<3 { bench.enable(0, word: word, 0xffff_ffff) }
    #expect(bench.enabled(0) == 0xffff_fffe)
    #expect(bench.enabled(0, word: 2) == 0xffff_ffff)
    bench.enable(0, word: 3, 0xffff_ffff)
    #expect(bench.enabled(0, word: 3) == 0)
    for input in [-1, 0, 96, 1 << 40] { bench.plic.setInput(input, true) }
    #expect(bench.claim() == 0)
  }

  @Test func contextsPastTheLastHartDoNotExist() {
    let bench = Bench(harts: 2)
    bench.enable(3, 2)
    #expect(bench.enabled(3) == 2)
    bench.enable(4, 2)
    #expect(bench.enabled(4) == 0)
    bench.threshold(4, 3)
    #expect(bench.plic.read(0x20_4000, width: 4) == 0)
    #expect(bench.plic.read(0x5f_fffc, width: 4) == 0)
  }

  @Test func pendingBitsAreReadOnly() {
    let bench = Bench()
    bench.plic.write(0x1000, width: 4, 0xffff_ffff)
    #expect(bench.pending == 0)
    bench.plic.setInput(5, true)
    bench.plic.write(0x1000, width: 4, 0)
    #expect(bench.pending == 0x20)
  }

  @Test func contextsAreMachineThenSupervisorOfEachHart() {
    let bench = Bench(harts: 2)
    bench.priority(40, 1)
    bench.plic.setInput(40, true)
    for (context, hart, bit) in [
      (0, 0, machineExternal), (1, 0, supervisorExternal), (2, 1, machineExternal),
      (3, 1, supervisorExternal),
    ] {
      bench.enable(context, word: 1, 1 << 8)
      #expect(bench.ports[hart].pending == bit)
      #expect(bench.ports[1 - hart].pending == 0)
      bench.enable(context, word: 1, 0)
      #expect(bench.ports[hart].pending == 0)
    }
  }

  @Test func claimsGoByPriorityThenByLowestNumber() {
    let bench = Bench()
    bench.priority(5, 1)
    bench.priority(6, 3)
    bench.priority(7, 3)
    bench.priority(80, 2)
    bench.enable(0, 0xe0)
    bench.enable(0, word: 2, 1 << 16)
    for source in [80, 5, 7, 6] { bench.plic.setInput(source, true) }
    #expect(bench.ports[0].pending == machineExternal)
    #expect((0..<3).map { _ in bench.claim() } == [6, 7, 80])
    #expect(bench.ports[0].pending == machineExternal)
    #expect(bench.claim() == 5)
    #expect(bench.ports[0].pending == 0)
    #expect(bench.claim() == 0)
  }

  @Test func priorityZeroNeverInterrupts() {
    let bench = Bench()
    bench.enable(0, 1 << 5)
    bench.plic.setInput(5, true)
    #expect(bench.ports[0].pending == 0)
    #expect(bench.claim() == 0)
    bench.priority(5, 1)
    #expect(bench.ports[0].pending == machineExternal)
  }

  @Test func thresholdHidesInterruptsButNotClaims() {
    let bench = Bench()
    bench.priority(5, 3)
    bench.enable(0, 1 << 5)
    bench.threshold(0, 0xf)
    #expect(bench.plic.read(0x20_0000, width: 4) == 7)
    bench.plic.setInput(5, true)
    for (threshold, level) in [(3, false), (2, true), (7, false), (0, true), (4, false)] as [(UInt64, Bool)] {
      bench.threshold(0, threshold)
      #expect((bench.ports[0].pending != 0) == level, "threshold \(threshold)")
    }
    #expect(bench.claim() == 5)
  }

  @Test func aRequestOutlivesItsLevel() {
    let bench = Bench()
    bench.priority(6, 1)
    bench.enable(0, 1 << 6)
    bench.plic.setInput(6, true)
    bench.plic.setInput(6, false)
    #expect(bench.pending == 0x40)
    #expect(bench.ports[0].pending == machineExternal)
    #expect(bench.claim() == 6)
  }

  @Test func completionAsksAgainWhileTheLevelIsHigh() {
    let bench = Bench()
    bench.priority(6, 1)
    bench.enable(0, 1 << 6)
    bench.plic.setInput(6, true)
    #expect(bench.claim() == 6)
    #expect(bench.pending == 0)
    bench.complete(6)
    #expect(bench.pending == 0x40)
    #expect(bench.claim() == 6)
    bench.plic.setInput(6, false)
    bench.complete(6)
    #expect(bench.pending == 0)
    #expect(bench.ports[0].pending == 0)
  }

  @Test func aLevelGatewayIsClosedWhileInService() {
    let bench = Bench()
    bench.priority(6, 1)
    bench.enable(0, 1 << 6)
    bench.plic.setInput(6, true)
    #expect(bench.claim() == 6)
    bench.plic.setInput(6, false)
    bench.plic.setInput(6, true)
    #expect(bench.pending == 0)
    bench.plic.setInput(6, false)
    bench.complete(6)
    #expect(bench.pending == 0)
  }

  /// Measured on QEMU 7.2 and 10.0, where all gateways are of this kind.
  @Test func aRequestGatewayCountsCallsAndNotLevels() {
    let bench = Bench(requestInputs: [6])
    bench.priority(6, 1)
    bench.enable(0, 1 << 6)
    bench.plic.setInput(6, true)
    #expect(bench.claim() == 6)
    bench.complete(6)
    #expect(bench.claim() == 0, "a level that stays is no request")
    bench.plic.setInput(6, true)
    #expect(bench.claim() == 6, "a call while the level is high is one")
    bench.plic.setInput(6, true)
    bench.plic.setInput(6, false)
    #expect(bench.pending == 0x40, "one in service is remembered")
    #expect(bench.ports[0].pending == 0, "but not told before completion")
    bench.complete(6)
    #expect(bench.ports[0].pending == machineExternal)
    #expect(bench.claim() == 6)
  }

  @Test func completionsOfWhatIsNotEnabledOrInServiceAreIgnored() {
    let bench = Bench(harts: 2)
    bench.priority(5, 1)
    bench.enable(0, 1 << 5)
    bench.plic.setInput(5, true)
    #expect(bench.claim() == 5)
    for source in [0, 6, 50, 96, 1000, 0xffff_ffff] as [UInt64] { bench.complete(source) }
    bench.complete(5, 2)
    #expect(bench.pending == 0, "context 2 has not enabled it")
    bench.enable(2, 1 << 5)
    bench.complete(5, 2)
    #expect(bench.pending == 0x20, "any context that has enabled it may complete")
    #expect(bench.ports.map(\.pending) == [machineExternal, machineExternal])
    #expect(bench.claim(2) == 5)
    #expect(bench.ports.map(\.pending) == [0, 0])
  }

  @Test func oneClaimWinsAmongHarts() {
    let bench = Bench(harts: 4)
    bench.priority(9, 1)
    for context in 0..<8 { bench.enable(context, 1 << 9) }
    let won = Atomics()
    for _ in 0..<200 {
      bench.plic.setInput(9, true)
      bench.plic.setInput(9, false)
      DispatchQueue.concurrentPerform(iterations: 4) { hart in
        if bench.claim(hart * 2 + 1) == 9 { won.increment() }
      }
      bench.complete(9)
    }
    #expect(won.count == 200)
    #expect(bench.ports.allSatisfy { $0.pending == 0 })
  }

  @Test func aSnapshotBringsRegistersAndHartInputsBack() {
    let bench = Bench(harts: 2)
    bench.priority(5, 4)
    bench.priority(6, 2)
    bench.enable(3, 0x60)
    bench.threshold(3, 1)
    bench.plic.setInput(5, true)
    bench.plic.setInput(6, true)
    #expect(bench.claim(3) == 5)
    let saved = bench.plic.state
    bench.plic.reset()
    #expect(bench.ports[1].pending == 0)
    #expect(bench.priority(5) == 0)
    bench.plic.state = saved
    #expect(bench.plic.state == saved)
    #expect(bench.ports[1].pending == supervisorExternal)
    #expect(bench.claim(3) == 6)
    bench.complete(5, 3)
    #expect(bench.claim(3) == 5)
  }

  @Test func aForeignSnapshotIsCutToSize() {
    let bench = Bench()
    var state = PLIC.State()
    state.priorities = Array(repeating: 255, count: 1000)
    state.pending = [.max]
    state.enables = Array(repeating: .max, count: 2)
    state.thresholds = [255]
    bench.plic.state = state
    #expect(bench.priority(0) == 0)
    #expect(bench.priority(95) == 7)
    #expect(bench.pending == 0xffff_fffe)
    #expect(bench.plic.read(0x20_0000, width: 4) == 7)
    #expect(bench.claim() == 1)
  }

  @Test func noAccessCrashesIt() {
    let bench = Bench(harts: 2, requestInputs: [3])
    for input in 1...95 { bench.plic.setInput(input, true) }
    bench.plic.hammer(seed: 4, window: PLIC.windowSize, count: 50_000)
  }
}

/// A counter for many threads.
private final class Atomics: Sendable {
  private let lock = MachineLock()
  private nonisolated(unsafe) var value = 0
  var count: Int { lock.withLock { value } }
  func increment() { lock.withLock { value += 1 } }
}
