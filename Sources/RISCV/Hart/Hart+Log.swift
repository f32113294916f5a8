import Logging

/// What a hart logs. The lines have QEMU's shapes where QEMU has such lines: people and scripts read them.
extension Hart {
  // MARK: Address translation: `-d mmu`

  private func translationHead(_ virtual: UInt64, _ access: Access) -> String {
    let kind =
      switch access {
      case .load: 0
      case .store: 1
      case .fetch: 2
      }
    let privilege = access == .fetch ? state.pointee.privilege : dataPrivilege
    let address = hexadecimal(virtual)
    return "riscv_cpu_tlb_fill ad \(address) rw \(kind) mmu_idx \(privilege.rawValue)\n"
      + "riscv_cpu_tlb_fill address=\(address)"
  }

  /// A page enters the lookaside.
  @inline(never)
  func logTranslation(
    _ virtual: UInt64, _ access: Access, to physical: UInt64, readable: Bool, writable: Bool
  ) {
    let permissions = (readable ? 1 : 0) | (writable ? 2 : 0) | (access == .fetch ? 4 : 0)
    log.write(
      translationHead(virtual, access) + " ret 0 physical \(hexadecimal(physical, 16)) prot \(permissions)\n")
  }

  /// An access faults. `fault`: 1 by the page table, 2 by PMP or because nothing is there.
  @inline(never)
  func logTranslation(_ virtual: UInt64, _ access: Access, fault: Int) {
    log.write(
      translationHead(virtual, access) + " ret \(fault) physical \(hexadecimal(0, 16)) prot 0\n")
  }

  // MARK: Execution: `-d exec`, `-d cpu`

  /// The hart goes on at its pc, by the code at the host address `code`, 0 where the interpreter runs it.
  package func logEntry(_ code: UInt) {
    let pc = state.pointee.pc
    guard log.filter.contains(pc) else { return }
    var text = ""
    if log.has(.execution) {
      text =
        "Trace \(id): 0x\(hexadecimal(code)) [\(hexadecimal(0, 16))/\(hexadecimal(pc, 16))/"
        + "\(hexadecimal(state.pointee.privilege.rawValue, 8))/00000000] \(log.symbol(at: pc))\n"
    }
    if log.has(.registers) { text += RegisterDump(self, withFloats: log.has(.floats)).text }
    log.write(text)
  }

  /// Runs the budget by the interpreter, each instruction logged.
  func interpretLogged() -> Exit? {
    while state.pointee.budget > 0 {
      logEntry(0)
      if let exit = interpret(1) { return exit }
    }
    return nil
  }

  func logReset() {
    log.write("CPU Reset (CPU \(id))\n" + RegisterDump(self, withFloats: log.has(.floats)).text)
  }

  // MARK: Instructions

  /// The instruction at `pc` as a line of a listing, and its length; its bits are read as the hart fetches now.
  package func listing(of pc: UInt64) -> (line: String, length: Int) {
    let bits = instructionBits(at: pc)
    let line = Disassembler(extensions: features.extensions, xlen: features.xlen).line(bits, at: pc)
    func padded(_ text: String, _ count: Int) -> String {
      text + String(repeating: " ", count: max(1, count - text.utf8.count))
    }
    let shown = hexadecimal(line.length == 2 ? bits & 0xffff : bits, 2 * line.length)
    let operands = line.operands.isEmpty ? line.mnemonic : padded(line.mnemonic, 24) + line.operands
    return ("0x\(hexadecimal(pc, 16)):  \(padded(shown, 18))\(operands)\n", line.length)
  }
}
