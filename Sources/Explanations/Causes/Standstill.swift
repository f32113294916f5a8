import Logging
import RISCV

// Guests whose harts all stand still.
extension Explainer {
  enum Rest {
    /// Firmware has not started the hart, or has stopped it.
    case held
    case waits
    case spins(Rehearsal.Survey)
  }

  /// Why nothing goes on; empty where something does, or may.
  func standstill() -> [Explanation] {
    var rests: [(hart: HartScene, rest: Rest)] = []
    for hart in scene.harts {
      guard let rest = rest(of: hart) else { return [] }
      rests.append((hart, rest))
    }
    if let stuck = stuckAtPLIC() { return [stuck] }
    for (hart, rest) in rests {
      switch rest {
      case .held: continue
      case .waits: if canBeInterrupted(hart, isWaiting: true) { return [] }
      case .spins(let survey):
        if canBeInterrupted(hart, isWaiting: false) { return [] }
        // What a device has yet to write may be what it waits for.
        if survey.loopReadsMemory, scene.virtioSlots.contains(where: \.isActive) { return [] }
      }
    }
    guard let (hart, rest) = busiest(rests) else { return [] }
    if var found = lastException(of: hart) {
      found.evidence.append("the handler then stopped at \(at(hart.pc))")
      return [found]
    }
    if let found = silentDriver(hart) { return [found] }
    if let address = scene.storeToROM { return [storedToROM(hart, address)] }
    for (hart, rest) in rests {
      if case .held = rest { continue }
      if case .spins(let survey) = rest, !survey.loopWaits { continue }
      if let found = stuckLocally(hart) { return [found] }
    }
    for (hart, rest) in rests {
      if case .waits = rest, let found = timerIsNotSet(hart) { return [found] }
    }
    return [end(hart, rest, rests)]
  }

  private func rest(of hart: HartScene) -> Rest? {
    if hart.isHeld { return .held }
    if hart.isIdle { return isBehindWait(hart) ? .waits : nil }
    guard let survey = hart.rehearse?(Self.horizon) else { return nil }
    switch survey.end {
    case .recurrence where survey.loopReadsDevices: return nil
    case .recurrence: return survey.traps == 0 || survey.loopWaits ? .spins(survey) : nil
    case .waits: return .waits
    case .stepsSpent, .device, .firmware: return nil
    }
  }

  /// The instruction before the pc is WFI (or one of its kin, which wait no longer than the machine runs on).
  private func isBehindWait(_ hart: HartScene) -> Bool {
    instruction(at: hart.pc &- 4, hart, hart.privilege) == 0x1050_0073
  }

  /// The one that its author most likely looks at: it spins, or did the most.
  private func busiest(_ rests: [(hart: HartScene, rest: Rest)]) -> (hart: HartScene, rest: Rest)? {
    func rank(_ rest: Rest) -> Int {
      switch rest {
      case .held: 0
      case .waits: 1
      case .spins: 2
      }
    }
    return rests.filter { rank($0.rest) > 0 }.max {
      (rank($0.rest), $0.hart.instructions) < (rank($1.rest), $1.hart.instructions)
    }
  }

  /// The exception in whose handler the hart has stopped.
  private func lastException(of hart: HartScene) -> Explanation? {
    guard let trap = hart.traps.last(where: { !$0.isInterrupt }),
      !(8...11).contains(trap.cause) || trap.cause == 10,
      trap.handler == hart.privilege
    else { return nil }
    let epc = hart.csr(trap.handler == .machine ? CSR.mepc : CSR.sepc)
    // A handler that has stepped over the instruction serves it on purpose.
    guard epc == trap.pc else { return nil }
    return exception(hart, trap)
  }

  private func storedToROM(_ hart: HartScene, _ address: UInt64) -> Explanation {
    let region = scene.map.region(at: address).map { " (\($0.title))" } ?? ""
    return explain(
      .writeToROM, hart, hart.pc, from: hart.privilege,
      "a store to 0x\(hexadecimal(address)) was ignored: that is read-only memory\(region); the hart now waits at \(at(hart.pc))",
      csrs: [CSR.mstatus])
  }

  private func end(_ hart: HartScene, _ rest: Rest, _ rests: [(hart: HartScene, rest: Rest)]) -> Explanation {
    let csrs = [CSR.mstatus, CSR.mie, CSR.mcause, CSR.mepc]
    let count = rests.count
    let others = rests.filter { $0.hart.id != hart.id }
    guard case .spins(let survey) = rest else {
      let enabled = Self.names(hart.csr(CSR.mie))
      let what =
        enabled.isEmpty
        ? "no interrupt is enabled in mie" : "nothing can send the \(Self.list(enabled)) interrupt"
      return explain(
        .waitsForNothing, hart, hart.pc, from: hart.privilege,
        "\(count == 1 ? "the hart waits (wfi)" : "all \(count) harts wait (wfi)") and \(what): stopped on purpose?",
        csrs: csrs)
    }
    if survey.loopReadsMemory, !others.isEmpty {
      var found = explain(
        .waitsForHart, hart, hart.pc, from: hart.privilege,
        "the hart waits at \(at(hart.pc)) for memory to change, and no other hart runs", csrs: csrs)
      for (other, rest) in others.prefix(8) {
        switch rest {
        case .held:
          found.evidence.append(
            "hart \(other.id) was never started, or was stopped, by SBI's hart state calls")
        case .waits: found.evidence.append("hart \(other.id) waits (wfi) at \(at(other.pc))")
        case .spins: found.evidence.append("hart \(other.id) spins at \(at(other.pc))")
        }
      }
      return found
    }
    let size = survey.loop.count
    var found = explain(
      .spins, hart, hart.pc, from: hart.privilege,
      "the hart runs in a loop of \(size) instruction\(size == 1 ? "" : "s") at \(at(survey.loop.min() ?? hart.pc)) that nothing can end"
        + "\(takesNoInterrupt(hart)): stopped on purpose?",
      csrs: csrs)
    if let trap = hart.traps.last, !trap.isInterrupt {
      found.evidence.append("its last exception: \(describe(trap))")
    }
    return found
  }

  private func takesNoInterrupt(_ hart: HartScene) -> String {
    hart.csr(CSR.mie) == 0 ? ", no interrupt being enabled" : ", interrupts being off"
  }
}
