/// Registers as a debugger reaches them: without regard to privilege, and to whether the floating-point unit
/// is on. Only while the hart rests.
extension Hart {
  /// nil where the hart has no such register.
  package func debuggerCSR(_ number: Int) -> UInt64? {
    guard (CSR.fflags...CSR.fcsr).contains(number), features.extensions.contains(.f) else {
      return peekCSR(number)
    }
    return switch number {
    case CSR.fflags: state.pointee.fflags
    case CSR.frm: state.pointee.frm
    default: state.pointee.frm << 5 | state.pointee.fflags
    }
  }

  /// False where the hart has no such register, or it can only be read.
  package func setDebuggerCSR(_ number: Int, _ value: UInt64) -> Bool {
    guard (CSR.fflags...CSR.fcsr).contains(number), features.extensions.contains(.f) else {
      // Numbers whose two upper bits are ones are read-only (RISC-V Privileged 1.13, §2.1).
      return number >> 10 != 3 && pokeCSR(number, value)
    }
    if number != CSR.frm { state.pointee.fflags = value & 31 }
    if number == CSR.frm { state.pointee.frm = value & 7 }
    if number == CSR.fcsr { state.pointee.frm = value >> 5 & 7 }
    return true
  }

  package func setDebuggerPC(_ pc: UInt64) { state.pointee.pc = pc & widthMask & ~alignment }

  /// By its encoding in `mstatus.MPP`; false where the hart has no such level.
  package func setDebuggerPrivilege(_ level: UInt64) -> Bool {
    guard let privilege = Privilege(rawValue: level),
      privilege != .supervisor || features.hasSupervisor, privilege != .user || features.hasUser
    else { return false }
    state.pointee.privilege = privilege
    updateViews()
    return true
  }

  /// Loads and stores now go through page tables, and these are the ones.
  package var debuggerTranslation: UInt64? {
    dataPrivilege == .machine || features.largestTranslation == 0 ? nil : state.pointee.satp
  }

  /// Waits for an interrupt: the instruction before is `wfi`, and nothing has come.
  package var seemsToWait: Bool {
    // Another page is not looked at: that could set its A bit.
    isHeld
      || state.pointee.pc & 0xfff >= 4 && !hasEnabledInterrupt
        && instructionBits(at: state.pointee.pc &- 4) == 0x1050_0073
  }
}
