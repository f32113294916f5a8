/// CSRs as they are, read without any effect, also by others while the hart waits or runs: then a hint.
extension Hart {
  /// The registers that tell why a hart stands still; nil for others, and for those that the hart does not have.
  package func glance(_ number: Int) -> UInt64? {
    let s = state
    switch number {
    case CSR.mstatus: return machineStatus & widthMask
    case CSR.mtvec: return s.pointee.mtvec
    case CSR.mepc: return s.pointee.mepc
    case CSR.mcause: return s.pointee.mcause
    case CSR.mtval: return s.pointee.mtval
    case CSR.mie: return s.pointee.mie
    case CSR.mscratch: return s.pointee.mscratch
    case CSR.mseccfg: return s.pointee.mseccfg
    case CSR.mip: return glanceAtPending()
    case CSR.mcounteren where features.hasUser: return s.pointee.mcounteren
    case CSR.menvcfg where features.hasUser: return s.pointee.menvcfg
    case CSR.pmpcfg0..<CSR.pmpaddr0: return glanceAtProtection(number - CSR.pmpcfg0)
    case CSR.pmpaddr0..<CSR.pmpaddr0 + features.pmpCount: return s.pointee.pmpaddr[number - CSR.pmpaddr0]
    default: break
    }
    guard features.hasSupervisor else { return nil }
    switch number {
    case CSR.medeleg: return s.pointee.medeleg
    case CSR.mideleg: return s.pointee.mideleg
    case CSR.stvec: return s.pointee.stvec
    case CSR.sepc: return s.pointee.sepc
    case CSR.scause: return s.pointee.scause
    case CSR.stval: return s.pointee.stval
    case CSR.sscratch: return s.pointee.sscratch
    case CSR.satp: return s.pointee.satp
    case CSR.scounteren: return s.pointee.scounteren
    default: return nil
    }
  }

  /// Instructions retired, about: the parts of the sum may be of different moments.
  package var instructionsAtAGlance: UInt64 {
    state.pointee.retired &+ UInt64(truncatingIfNeeded: state.pointee.slice &- state.pointee.budget)
  }

  /// A timer whose interrupt is enabled has been set.
  package var hasArmedTimer: Bool {
    let enabled = state.pointee.mie
    if enabled & Interrupt.machineTimer != 0, port.machineTimeCompare.load(ordering: .relaxed) != .max {
      return true
    }
    return enabled & Interrupt.supervisorTimer != 0 && state.pointee.menvcfg & Environment.stce != 0
      && state.pointee.stimecmp != .max
  }

  private func glanceAtProtection(_ index: Int) -> UInt64? {
    let isRV64 = features.xlen == 64
    guard index * 4 < features.pmpCount, !(isRV64 && index & 1 != 0) else { return nil }
    return (0..<(isRV64 ? 8 : 4)).reduce(UInt64(0)) {
      $0 | UInt64(state.pointee.pmpcfg[index * 4 + $1]) << UInt64(8 * $1)
    }
  }

  private func glanceAtPending() -> UInt64 {
    let now = time.ticks
    var due: UInt64 = 0
    if port.machineTimeCompare.load(ordering: .relaxed) <= now { due |= Interrupt.machineTimer }
    if state.pointee.menvcfg & Environment.stce != 0, state.pointee.stimecmp <= now {
      due |= Interrupt.supervisorTimer
    }
    return state.pointee.mip | port.pending | due
  }
}
