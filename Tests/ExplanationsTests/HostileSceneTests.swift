import Explanations
import Foundation
import RISCV
import TestSupport
import Testing

/// Scenes of random registers, traps and memory: whatever a guest does, it is looked at in peace.
///
/// `APUS_EXPLANATIONS_SEED=fresh` takes another seed, `APUS_EXPLANATIONS_SCENES` more scenes.
@Suite struct HostileSceneTests {
  @Test func noSceneIsTooStrange() {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["APUS_EXPLANATIONS_SCENES"].flatMap { Int($0) } ?? 1000
    let seed = environment["APUS_EXPLANATIONS_SEED"] == "fresh" ? UInt64.random(in: 0...(.max)) : 6
    var numbers = SeededNumbers(seed: seed)
    for scene in 0..<count {
      let explanations = Explainer.examine(Self.scene(&numbers))
      for explanation in explanations {
        #expect(!explanation.text.isEmpty, "seed \(seed), scene \(scene)")
        #expect(
          (try? JSONSerialization.jsonObject(with: Data(explanation.json.utf8))) != nil,
          "seed \(seed), scene \(scene): \(explanation.json)")
      }
      for trap in 0..<16 where trap != 14 {
        _ = Explainer.explainTrap(Self.trap(&numbers, UInt64(trap)), in: Self.scene(&numbers))
      }
    }
  }

  private static func trap(_ numbers: inout SeededNumbers, _ cause: UInt64) -> TrapRecord {
    let modes: [Privilege] = [.user, .supervisor, .machine]
    return TrapRecord(
      pc: numbers.address(), cause: cause, isInterrupt: numbers.next() % 4 == 0,
      value: numbers.next() % 3 == 0 ? numbers.next() : numbers.address(),
      from: modes[Int(numbers.next() % 3)],
      handler: modes[Int(numbers.next() % 2) + 1], target: numbers.address(), instructions: numbers.next(),
      count: numbers.next() % 5000)
  }

  private static func scene(_ numbers: inout SeededNumbers) -> Scene {
    let xlen = numbers.next() % 3 == 0 ? 32 : 64
    let ram: [UInt8] = (0..<0x10000).map { _ in 0 }
    var bytes = ram
    for _ in 0..<400 { bytes[Int(numbers.next() % 0x10000)] = UInt8(truncatingIfNeeded: numbers.next()) }
    let memory = bytes
    let read: (UInt64, Int) -> [UInt8]? = { address, count in
      guard address >= 0x8000_0000, address &- 0x8000_0000 <= UInt64(0x10000 - count) else { return nil }
      let start = Int(address - 0x8000_0000)
      return Array(memory[start..<start + count])
    }
    let harts = (0..<Int(1 + numbers.next() % 2)).map { id in
      var hart = HartScene(
        id: id, xlen: xlen, extensions: [.i, .m, .a, .f, .d, .c, .zicsr, .zca],
        privilege: [.user, .supervisor, .machine][Int(numbers.next() % 3)], pc: numbers.address())
      for register in 1..<32 { hart.x[register] = numbers.address() }
      for number in [
        CSR.mstatus, CSR.mtvec, CSR.mepc, CSR.mie, CSR.mideleg, CSR.stvec, CSR.sepc, CSR.satp, CSR.menvcfg,
      ] {
        hart.csrs[number] = numbers.next() % 2 == 0 ? numbers.address() : numbers.next()
      }
      if numbers.next() % 2 == 0 { hart.csrs[CSR.satp] = 8 << 60 | 0x80000 | numbers.next() % 16 }
      for entry in 0..<Int(numbers.next() % 4) {
        hart.pmp.add(entry, UInt8(truncatingIfNeeded: numbers.next()), numbers.next(), below: numbers.next())
      }
      hart.traps = (0..<Int(numbers.next() % 32)).map { _ in trap(&numbers, numbers.next() % 16) }
      hart.trapTotal = numbers.next() % 100_000
      hart.isIdle = numbers.next() % 2 == 0
      hart.pending = numbers.next() & 0xaaa
      return hart
    }
    let map = MemoryMap([
      .init(name: "riscv_virt_board.mrom", first: 0x1000, last: 0xffff, kind: .rom),
      .init(name: "serial", first: 0x1000_0000, last: 0x1000_00ff, kind: .device(widths: 1...8)),
      .init(name: "riscv_virt_board.ram", first: 0x8000_0000, last: 0x8000_ffff, kind: .ram),
    ])
    var scene = Scene(
      harts: harts, map: map, read: read, places: NoPlaces(), cpuModel: "rv64",
      hasFirmware: numbers.next() % 2 == 0)
    scene.interruptController = PLICScene(
      sources: (0..<Int(numbers.next() % 3)).map { _ in
        .init(
          number: Int(numbers.next() % 96), priority: Int(numbers.next() % 8),
          isPending: numbers.next() % 2 == 0,
          isInService: numbers.next() % 2 == 0, contexts: (0..<Int(numbers.next() % 3)).map { $0 })
      }, thresholds: [0, 3, 0, 7])
    scene.virtioSlots = [VirtIOSlotScene(number: 0, base: 0x1000_1000, isLegacy: true, device: nil)]
    return scene
  }
}

extension SeededNumbers {
  fileprivate mutating func address() -> UInt64 {
    switch next() % 6 {
    case 0: next()
    case 1: next() % 8192
    case 2: .max &- next() % 8192
    case 3: 0x1000_0000 &+ next() % 0x10000
    default: 0x8000_0000 &+ next() % 0x10000
    }
  }
}
