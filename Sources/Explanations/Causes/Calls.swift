import Logging
import RISCV

// Calls to whoever stands below: firmware, debuggers.
extension Explainer {
  func breakpoint(_ hart: HartScene, _ trap: TrapRecord) -> Explanation {
    let csrs = Self.handlerCSRs(trap.handler)
    let sequence = [trap.pc &- 4, trap.pc, trap.pc &+ 4].map { instruction(at: $0, hart, trap.from) }
    if sequence == [0x01f0_1013, 0x0010_0073, 0x4070_5013] {
      return explain(
        .semihostingOff, hart, trap.pc, from: trap.from,
        "\(at(trap.pc)) makes a semihosting call (operation 0x\(hexadecimal(hart.x[10]))), and semihosting is off",
        csrs: csrs)
    }
    return explain(
      .breakpoint, hart, trap.pc, from: trap.from,
      "ebreak at \(at(trap.pc)) raises a breakpoint exception, and no debugger is there to take it",
      csrs: csrs)
  }

  /// An ecall whose handler is none.
  func call(_ hart: HartScene, _ trap: TrapRecord) -> Explanation {
    let csrs = Self.handlerCSRs(trap.handler)
    let extensionID = hart.x[17]
    if trap.cause == 9, trap.handler == .machine, !scene.hasFirmware {
      return explain(
        .noFirmware, hart, trap.pc, from: trap.from,
        "supervisor mode makes an SBI call (\(Self.sbiName(extensionID))) at \(at(trap.pc)), and there is no firmware to serve it "
          + "(-bios none)",
        csrs: csrs)
    }
    return explain(
      .noFirmware, hart, trap.pc, from: trap.from,
      "the \(Self.name(of: trap)) at \(at(trap.pc)) goes to \(trap.handler.name), where no handler serves it",
      csrs: csrs,
      advice: "Write the handler, or leave -bios none out if firmware is to serve the call.")
  }

  // MARK: SBI

  /// What all firmware of today serves (RISC-V SBI 2.0): extension IDs and their names.
  private static let extensions: [UInt64: String] = [
    0x10: "base", 0x5449_4d45: "timer", 0x73_5049: "IPI", 0x5246_4e43: "remote fence",
    0x48_534d: "hart state",
    0x5352_5354: "system reset", 0x50_4d55: "performance counters", 0x4442_434e: "debug console",
  ]

  static func sbiName(_ id: UInt64) -> String {
    let name = extensions[id] ?? (id < 9 ? "legacy" : nil)
    return "extension 0x\(hexadecimal(id))" + (name.map { ", \($0)" } ?? "")
  }

  private static let notSupported = UInt64(bitPattern: -2)

  /// The same call is made again and again, and firmware does not know it; nil where that is not so.
  func unknownCall(_ hart: HartScene, _ trap: TrapRecord) -> Explanation? {
    guard let rehearsal = hart.rehearsal?() else { return nil }
    var steps = 0
    func run(until reached: () -> Bool) -> Bool {
      while steps < Self.horizon, rehearsal.end == nil {
        if reached() { return true }
        rehearsal.step()
        steps += 1
      }
      return false
    }
    func isAtCall() -> Bool {
      rehearsal.pc == trap.pc && rehearsal.hart.state.pointee.privilege == .supervisor
    }
    guard run(until: isAtCall) else { return nil }
    let asked = (rehearsal.hart[x: 17], rehearsal.hart[x: 16])
    rehearsal.step()
    if rehearsal.end == .firmware {
      guard asked.0 > 8, Self.extensions[asked.0] == nil else { return nil }
    } else {
      guard
        run(until: { rehearsal.pc == trap.pc &+ 4 && rehearsal.hart.state.pointee.privilege == .supervisor }),
        rehearsal.hart[x: 10] == Self.notSupported & hart.mask, run(until: isAtCall),
        asked == (rehearsal.hart[x: 17], rehearsal.hart[x: 16])
      else { return nil }
    }
    return explain(
      .unknownSBI, hart, trap.pc, from: trap.from,
      "the SBI call at \(at(trap.pc)) (\(Self.sbiName(asked.0)), function \(asked.1)) is made again and again, and the firmware "
        + "does not have it")
  }
}
