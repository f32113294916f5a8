import Logging
import RISCV

// Drivers of virtio devices that take a slot for what it is not.
extension Explainer {
  /// What is wrong whether the guest goes on or not.
  func driverFaults() -> [Explanation] {
    for slot in scene.virtioSlots {
      if let register = slot.modernWrite, slot.isLegacy, let device = slot.device {
        return [mismatch(.modernDriver, slot, device, register)]
      }
      if let register = slot.legacyWrite, !slot.isLegacy, let device = slot.device {
        return [mismatch(.legacyDriver, slot, device, register)]
      }
      if let register = slot.writeToEmpty {
        return [empty(slot, "it has written register 0x\(hexadecimal(register))")]
      }
    }
    return []
  }

  /// The program has stopped, and the last thing of interest that it did was to look at a virtio slot.
  func silentDriver(_ hart: HartScene) -> Explanation? {
    let asked = scene.virtioSlots.filter { $0.hasReadVersion || $0.hasReadDeviceID }
    // Who scans them all knows that most are empty.
    guard !asked.isEmpty, asked.count <= 2, !asked.contains(where: \.isActive) else { return nil }
    if let slot = asked.first(where: { $0.device != nil }) {
      guard slot.hasReadVersion else { return nil }
      var found = Explanation(
        slot.isLegacy ? .modernDriver : .legacyDriver, hart: hart.id, pc: hart.pc,
        "the driver asked virtio slot \(slot.number) at 0x\(hexadecimal(slot.base)) (\(slot.device ?? "")) for its version, "
          + "which is \(slot.isLegacy ? "1, the legacy interface" : "2, the modern interface"), and went no further: it stopped at \(at(hart.pc))"
      )
      found.symbol = scene.places.symbol(at: hart.pc)
      found.line = scene.places.line(at: hart.pc)
      return found
    }
    return empty(asked[0], "it then stopped at \(at(hart.pc))")
  }

  private func mismatch(_ cause: Cause, _ slot: VirtIOSlotScene, _ device: String, _ register: UInt64)
    -> Explanation
  {
    let (ours, theirs) = slot.isLegacy ? ("1 (legacy)", "2 (modern)") : ("2 (modern)", "1 (legacy)")
    return Explanation(
      cause,
      "the driver of virtio slot \(slot.number) at 0x\(hexadecimal(slot.base)) (\(device)) writes register "
        + "0x\(hexadecimal(register)) of version \(theirs), and the slot has version \(ours): the write is ignored"
    )
  }

  private func empty(_ slot: VirtIOSlotScene, _ what: String) -> Explanation {
    let filled = scene.virtioSlots.filter { $0.device != nil }
    var found = Explanation(
      .emptySlot,
      "a driver looks at virtio slot \(slot.number) at 0x\(hexadecimal(slot.base)), which is empty: \(what)")
    found.evidence =
      filled.isEmpty
      ? ["no slot has a device: -device virtio-blk-device,drive=ID adds one"]
      : filled.map { "slot \($0.number) at 0x\(hexadecimal($0.base)): \($0.device ?? "")" }
    return found
  }
}
