import Logging
import RISCV

// Interrupts that never end, and interrupts that never come.
extension Explainer {
  /// The handler returns and the interrupt is there again.
  func storm(_ hart: HartScene, _ trap: TrapRecord, _ count: UInt64) -> Explanation {
    let csrs = Self.handlerCSRs(trap.handler) + [CSR.mie]
    let what =
      "the \(Self.name(of: trap)) comes again as soon as its handler has returned, so that \(at(trap.pc)) is never executed"
    var found: Explanation
    switch trap.cause {
    case 5, 7:
      found = explain(.timerStorm, hart, trap.pc, from: trap.from, what, csrs: csrs)
      found.evidence.append(
        hart.nextTimer <= scene.clock
          ? "the timer is set to \(hart.nextTimer), and the time is \(scene.clock) ticks"
          : "the pending bit of the timer stays set")
    case 1, 3: found = explain(.softwareStorm, hart, trap.pc, from: trap.from, what, csrs: csrs)
    default:
      found = explain(.externalStorm, hart, trap.pc, from: trap.from, what, csrs: csrs)
      for source in scene.interruptController?.sources ?? [] where source.isPending {
        found.evidence.append("PLIC source \(source.number) is pending and was not claimed")
      }
    }
    found.evidence.append("\(count) times up to now, without anything in between")
    return found
  }

  private enum Bits {
    static let supervisorExternal: UInt64 = 1 << 9
    static let machineExternal: UInt64 = 1 << 11
    static let external = supervisorExternal | machineExternal
    static let timers: UInt64 = 1 << 5 | 1 << 7
    static let supervisor: UInt64 = 0x222
  }

  /// Some interrupt that is enabled can still come from outside of the harts.
  func canBeInterrupted(_ hart: HartScene, isWaiting: Bool) -> Bool {
    let enabled = hart.csr(CSR.mie)
    // WFI does not ask for the global enables.
    guard isWaiting || takesInterrupts(hart, enabled) else { return false }
    // Machine mode's timer ticks below a supervisor whose own interrupts are off: its handler returns to the loop.
    if !isWaiting, isDeaf(hart, enabled) { return false }
    if hart.hasTimer { return true }
    return enabled & Bits.external != 0
  }

  /// A supervisor that takes no interrupts itself, whatever machine mode takes meanwhile.
  private func isDeaf(_ hart: HartScene, _ enabled: UInt64) -> Bool {
    hart.privilege == .supervisor
      && (hart.csr(CSR.mstatus) & 2 == 0 || enabled & hart.csr(CSR.mideleg) == 0)
  }

  private func takesInterrupts(_ hart: HartScene, _ enabled: UInt64) -> Bool {
    let status = hart.csr(CSR.mstatus)
    let delegated = hart.csr(CSR.mideleg)
    if enabled & ~delegated != 0, hart.privilege != .machine || status & 8 != 0 { return true }
    guard enabled & delegated != 0 else { return false }
    return hart.privilege == .user || hart.privilege == .supervisor && status & 2 != 0
  }

  /// A device's interrupt that is stuck at the PLIC; nil where none is, or the guest wants none.
  func stuckAtPLIC() -> Explanation? {
    guard let plic = scene.interruptController else { return nil }
    for source in plic.sources {
      let name = "PLIC source \(source.number)"
      let title = "\(name)\(Self.sourceName(source.number).map { " (\($0))" } ?? "")"
      if source.contexts.isEmpty {
        // Somebody who waits for external interrupts, and enabled none of them at the PLIC.
        guard source.isPending,
          let hart = scene.harts.first(where: { !$0.isHeld && $0.csr(CSR.mie) & Bits.external != 0 })
        else { continue }
        return stuck(.plicDisabled, hart, "\(title) is pending, and enabled for no context")
      }
      if source.isInService, source.isPending {
        guard let hart = hart(ofContext: source.contexts[0]) else { continue }
        return stuck(
          .notCompleted, hart,
          "\(title) is pending again, and was claimed before and never completed, so that it is not passed on"
        )
      }
      guard source.isPending else { continue }
      for context in source.contexts {
        guard let hart = hart(ofContext: context), context < plic.thresholds.count, !hart.isHeld else {
          continue
        }
        let isMachine = context & 1 == 0
        let mode = isMachine ? "machine" : "supervisor"
        let bit = isMachine ? Bits.machineExternal : Bits.supervisorExternal
        if source.priority <= plic.thresholds[context] {
          return stuck(
            .plicThreshold, hart,
            "\(title) is pending with priority \(source.priority), and context \(context) (hart \(hart.id), \(mode) mode) has "
              + "the threshold \(plic.thresholds[context]), which it must exceed")
        }
        if hart.csr(CSR.mie) & bit == 0 {
          if !isMachine, hart.privilege != .machine, hart.csr(CSR.mideleg) & bit == 0 {
            return stuck(
              .notDelegated, hart,
              "\(title) is signalled to supervisor mode, and mideleg (0x\(hexadecimal(hart.csr(CSR.mideleg)))) does not "
                + "delegate the supervisor external interrupt")
          }
          return stuck(
            .notInLocalEnables, hart,
            "\(title) is pending, enabled and signalled, and \(isMachine ? "mie.MEIE" : "sie.SEIE") is clear")
        }
      }
    }
    return nil
  }

  private func stuck(_ cause: Cause, _ hart: HartScene, _ sentence: String) -> Explanation {
    explain(
      cause, hart, hart.pc, from: hart.privilege, sentence, csrs: [CSR.mstatus, CSR.mie, CSR.mideleg])
  }

  private func hart(ofContext context: Int) -> HartScene? { scene.harts.first { $0.id == context / 2 } }

  /// On `virt`.
  private static func sourceName(_ number: Int) -> String? {
    switch number {
    case 1...8: "virtio slot \(number - 1)"
    case 10: "the UART"
    case 11: "the real-time clock"
    case 32...35: "PCI"
    default: nil
    }
  }

  /// A timer, or another interrupt of the hart itself, that is pending and not taken.
  func stuckLocally(_ hart: HartScene) -> Explanation? {
    let enabled = hart.csr(CSR.mie)
    let pending = hart.pending
    let csrs = [CSR.mstatus, CSR.mie, CSR.mideleg]
    func found(_ cause: Cause, _ sentence: String) -> Explanation {
      var result = explain(cause, hart, hart.pc, from: hart.privilege, sentence, csrs: csrs)
      result.evidence.append("pending interrupts (mip): 0x\(hexadecimal(pending))")
      return result
    }
    if pending & enabled != 0 {
      let names = Self.list(Self.names(pending & enabled))
      let isMachine = pending & enabled & ~hart.csr(CSR.mideleg) != 0
      return found(
        .globallyOff,
        "the hart waits while the \(names) interrupt is pending and enabled in mie, and \(isMachine ? "mstatus.MIE" : "sstatus.SIE") is clear"
      )
    }
    let undelegated = pending & Bits.supervisor & ~hart.csr(CSR.mideleg)
    if hart.privilege == .supervisor, undelegated != 0 {
      return found(
        .notDelegated,
        "the \(Self.list(Self.names(undelegated))) interrupt is pending, and mideleg does not give it to supervisor mode"
      )
    }
    let timer = pending & Bits.timers & ~enabled
    // After a reset mtimecmp is 0, and its interrupt pending.
    if timer & 1 << 5 != 0 || timer != 0 && hart.nextTimer != 0 {
      let name = timer & 1 << 7 != 0 ? "mie.MTIE" : "sie.STIE"
      // Firmware that has passed the interrupt on has switched it off in mie.
      if !(timer == 1 << 7 && hart.privilege != .machine) {
        return found(.timerNotEnabled, "the timer's time has come, and \(name) is clear")
      }
    }
    return nil
  }

  /// The hart waits for a timer that nobody has set.
  func timerIsNotSet(_ hart: HartScene) -> Explanation? {
    let enabled = hart.csr(CSR.mie)
    guard enabled & Bits.timers != 0, enabled & Bits.external == 0, !hart.hasTimer,
      hart.pending & enabled == 0
    else { return nil }
    let isMachine = enabled & 1 << 7 != 0
    return explain(
      .timerNeverSet, hart, hart.pc, from: hart.privilege,
      "the hart waits for a timer interrupt (\(isMachine ? "mie.MTIE" : "sie.STIE") is set), and \(isMachine ? "mtimecmp" : "the timer") was not set",
      csrs: [CSR.mstatus, CSR.mie, CSR.mideleg])
  }

  static func names(_ bits: UInt64) -> [String] {
    Interrupt.names.filter { bits >> $0.number & 1 != 0 }.map(\.name)
  }
}
