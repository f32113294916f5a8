import Foundation
import Machine
import TestSupport
import Testing

import Devices

/// Random drivers: configuration spaces, base addresses that move while requests are under way, registers of every
/// interface, rings of rubbish. The claim is that the process survives, and that a reset brings everything back.
@Suite(.serialized) struct HostilePCIDriverTests {
  /// `APUS_FUZZ_SEED` and `APUS_FUZZ_STEPS` for longer runs by hand.
  private static let steps = environment("APUS_FUZZ_STEPS") ?? 60_000
  private static func environment(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  @Test(arguments: [true, false], [1, 2, 3]) func survives(isDeterministic: Bool, seed: UInt64) throws {
    let rig = try PCIRig(isDeterministic: isDeterministic) { settings in
      settings.hasNotifyPort = seed != 1
      settings.hasPagePerQueue = seed == 3
      settings.vectors = [2, 0, 300][Int(seed) - 1]
    }
    var random = SeededNumbers(seed: seed &+ UInt64(Self.environment("APUS_FUZZ_SEED") ?? 0) << 8)
    for slot in 1...4 { rig.place(slot) }
    var answers = 0
    for step in 0..<Self.steps {
      let slot = Int.random(in: 0...5, using: &random)
      switch Int.random(in: 0..<20, using: &random) {
      case 0...4: pokeConfiguration(rig, slot, &random)
      case 5: rig.place(slot)
      case 6: rig.start(slot, features: random.next() & random.next() | 1 << 32)
      case 7...9:
        rubbish(rig, &random)
        rig.notify(slot, queue: UInt64.random(in: 0...5, using: &random))
      case 10:
        rig.publishRead(sector: UInt64.random(in: 0...70, using: &random))
        rig.notify(slot)
      case 11 where step % 8 == 0: rig.lock.withLock { rig.line.frontEnd?.receive([1, 2, 3][...]) }
      case 13 where step % 8 == 0:
        rig.network.deliver([[UInt8](repeating: 0xff, count: 14 + step % 1500)], rig.lock)
      case 12 where step % 64 == 0 && (1...4).contains(slot):
        rig.lock.withLock {
          let function = rig.functions[slot - 1]
          let state = function.state
          function.reset()
          function.state = state
        }
      default: if pokeRanges(rig, slot, &random) != .max { answers += 1 }
      }
    }
    #expect(answers > Self.steps / 20, "hardly anything was mapped")

    rig.lock.withLock { for function in rig.functions { function.reset() } }
    #expect(!rig.interrupts.level)
    rig.place(PCIRig.diskSlot)
    rig.start(PCIRig.diskSlot)
    rig.publishRead(sector: 9)
    rig.notify(PCIRig.diskSlot)
    for _ in 0..<2000 where rig.lock.withLock({ rig.usedIndex }) == 0 { usleep(1000) }
    #expect(rig.usedIndex == 1)
    #expect(rig.bytes(1, at: 528) == [0])
  }

  private func width(_ random: inout SeededNumbers) -> Int {
    [1, 2, 4, 8].randomElement(using: &random) ?? 4
  }

  private func value(_ random: inout SeededNumbers) -> UInt64 {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: 0
    case 1: .max
    case 2: PCIRig.low + UInt64.random(in: 0...0xff, using: &random) << 12
    case 3: UInt64.random(in: 0...16, using: &random)
    case 4: PCIRig.high + UInt64.random(in: 0...0xff, using: &random) << 12
    default: random.next()
    }
  }

  private func pokeConfiguration(_ rig: PCIRig, _ slot: Int, _ random: inout SeededNumbers) {
    let width = width(&random)
    let function = UInt64.random(in: 0..<16, using: &random) == 0 ? UInt64(1) << 12 : 0
    let offset: UInt64 =
      switch Int.random(in: 0..<6, using: &random) {
      case 0: 4
      case 1: UInt64.random(in: 0x10...0x27, using: &random)
      case 2: 0x84 + UInt64.random(in: 0...19, using: &random)
      case 3: 0x98
      default: UInt64.random(in: 0...0xfff, using: &random)
      }
    let address = rig.register(slot, offset + function)
    // Mostly on, or nothing would be reached.
    let value = offset == 4 ? random.next() | 3 : value(&random)
    if Bool.random(using: &random) { rig.write(address, value, width) }
    _ = rig.read(address, width)
  }

  /// Ones where nobody answered.
  private func pokeRanges(_ rig: PCIRig, _ slot: Int, _ random: inout SeededNumbers) -> UInt64 {
    let width = width(&random)
    let address: UInt64 =
      switch Int.random(in: 0..<5, using: &random) {
      case 0: rig.legacy(slot) + UInt64.random(in: 0...0x7f, using: &random)
      case 1: rig.messages(slot) + UInt64.random(in: 0...0x1fff, using: &random)
      case 2: PCIRig.low + UInt64.random(in: 0...0x10_0000, using: &random)
      case 3: rig.modern(slot) + UInt64.random(in: 0...0x40, using: &random)
      default: rig.modern(slot) + UInt64.random(in: 0...0x4000, using: &random)
      }
    if Bool.random(using: &random) { rig.write(address, value(&random), width) }
    let answer = rig.read(address, width)
    return answer == .max >> UInt64(64 - 8 * width) ? .max : answer
  }

  /// Descriptors of anything, and an available ring that names them.
  private func rubbish(_ rig: PCIRig, _ random: inout SeededNumbers) {
    for index in 0..<PCIRig.size {
      let at = PCIRig.descriptors + 16 * index
      let address =
        Bool.random(using: &random)
        ? PCIRig.ram + UInt64.random(in: 0x6_0000...0xf_0000, using: &random) : random.next()
      rig.memory.store(at, address)
      rig.memory.store(
        at + 8, UInt32.random(in: 0...(Bool.random(using: &random) ? 1024 : .max), using: &random))
      rig.memory.store(at + 12, UInt16.random(in: 0...7, using: &random))
      rig.memory.store(at + 14, UInt16.random(in: 0...9, using: &random))
      rig.memory.store(PCIRig.available + 4 + 2 * index, UInt16.random(in: 0...8, using: &random))
    }
    let index: UInt16 = rig.memory.load(PCIRig.available + 2) ?? 0
    rig.memory.store(PCIRig.available + 2, index &+ UInt16.random(in: 0...4, using: &random))
  }
}
