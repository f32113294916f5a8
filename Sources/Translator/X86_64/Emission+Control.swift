import RISCV

/// The accesses to control and status registers that kernels live on and that have no effect but on a word of the
/// state: the registers of a trap, scratch registers, switching interrupts off.
extension Emission {
  /// False where the instruction is the interpreter's.
  mutating func accessControl(_ i: Operation) -> Bool {
    let isImmediate = i.opcode == .csrrwi || i.opcode == .csrrsi || i.opcode == .csrrci
    let isSwap = i.opcode == .csrrw || i.opcode == .csrrwi
    let writes = isSwap || i.rs1 != 0
    if i.csr == HartState.Control.sstatus, !writes || i.opcode == .csrrci && i.rs1 == 2 {
      guard features.hasSupervisor else { return false }
      requirePrivilege(1)
      readSupervisorStatus()
      if writes {
        assembler.arithmetic(.and, .rbp, HartState.Offset.mstatus - 128, immediate: ~2)
      }
    } else {
      guard let word = HartState.Control.plainWord(i.csr, features),
        !writes || word.isWritable && isSwap && !isImmediate
      else { return false }
      let displacement = word.offset - 128
      requirePrivilege(i.csr >> 8 & 3)
      assembler.memory(Opcodes.load, .rax, .rbp, displacement)
      if writes {
        let s = source(Leaf(.guest, Int(i.rs1)), 0, .rcx, true)
        assembler.memory(Opcodes.store, s, .rbp, displacement)
      }
    }
    let old = Leaf(.host, HostRegister.rax.number)
    write(
      i.rd,
      Term(
        bits: Term.wideBit | old.bits << 24, immediate: Int64(Int(bitPattern: assembler.cursor)),
        emission: nil))
    return true
  }

  private mutating func requirePrivilege(_ level: Int) {
    if level == 0 { return }
    assembler.arithmetic(.compare, .rbp, HartState.Offset.privilege - 128, immediate: level)
    leave(if: .below)
  }

  /// `sstatus` as read, into rax: FS and SD come from the field of their own.
  private mutating func readSupervisorStatus() {
    assembler.memory(Opcodes.load, .rax, .rbp, HartState.Offset.mstatus - 128)
    assembler.move(.rcx, immediate: Int64(HartState.Control.sstatusMask))
    assembler.registers(Arithmetic.and.opcode, .rax, .rcx)
    assembler.memory(Opcodes.load, .rcx, .rbp, HartState.Offset.fs - 128)
    assembler.shift(4, .rcx, immediate: 13, wide: true)
    assembler.registers(Arithmetic.or.opcode, .rax, .rcx)
    // SD where FS is 3: the carry out of adding one.
    assembler.arithmetic(.add, .rcx, immediate: 1 << 13)
    assembler.shift(5, .rcx, immediate: 15, wide: true)
    assembler.shift(4, .rcx, immediate: 63, wide: true)
    assembler.registers(Arithmetic.or.opcode, .rax, .rcx)
    if features.hasUser {
      assembler.move(.rcx, immediate: 2 << 32)
      assembler.registers(Arithmetic.or.opcode, .rax, .rcx)
    }
  }
}
