import RISCV

/// The accesses to control and status registers that kernels live on and that have no effect but on a word of the
/// state: the registers of a trap, scratch registers, switching interrupts off.
extension Emission {
  /// False where the instruction is the interpreter's.
  mutating func accessControl(_ i: Operation) -> Bool {
    let isImmediate = i.opcode == .csrrwi || i.opcode == .csrrsi || i.opcode == .csrrci
    let isSwap = i.opcode == .csrrw || i.opcode == .csrrwi
    let writes = isSwap || i.rs1 != 0
    let isNarrow = features.xlen == 32
    if i.csr == HartState.Control.sstatus {
      // The fields above 31 are what this is about.
      guard features.hasSupervisor, !isNarrow else { return false }
      requirePrivilege(1)
      readSupervisorStatus()
      if writes { writeSupervisorStatus(i, isImmediate: isImmediate) }
    } else if i.csr == HartState.Control.time {
      guard !writes, stubs.readTime != 0, features.extensions.contains(.zicntr) else { return false }
      readTime()
    } else if let clock = HartState.Control.clock(i.csr) {
      guard !writes, stubs.readClock != 0 else { return false }
      assembler.move(.rdx, immediate: Int64(clock))
      assembler.call(stubs.readClock)
    } else {
      guard let word = HartState.Control.plainWord(i.csr, features),
        !writes || word.isWritable && isSwap && !isImmediate
      else { return false }
      let displacement = word.offset - 128
      requirePrivilege(i.csr >> 8 & 3)
      assembler.memory(Opcodes.load, .rax, .rbp, displacement)
      if writes {
        var s = source(Leaf(.guest, Int(i.rs1)), 0, .rcx, true)
        if HartState.Control.holdsAddress(i.csr) {
          assembler.move(.rcx, s)
          assembler.arithmetic(.and, .rcx, immediate: hasShortInstructions ? ~1 : ~3)
          s = .rcx
        }
        assembler.memory(Opcodes.store, s, .rbp, displacement)
      }
    }
    let old = Leaf(.host, HostRegister.rax.number)
    write(
      i.rd,
      Term(
        bits: (isNarrow ? Term.zeroBit : Term.wideBit) | old.bits << 24,
        immediate: Int64(Int(bitPattern: assembler.cursor)),
        emission: nil))
    return true
  }

  private mutating func requirePrivilege(_ level: Int) {
    if level == 0 { return }
    assembler.arithmetic(.compare, .rbp, HartState.Offset.privilege - 128, immediate: level)
    leave(if: .below)
  }

  /// The time into rax, where all privileges may read it.
  private mutating func readTime() {
    for offset in HartState.Control.counterEnables {
      // test byte [rbp + offset], timeEnable
      assembler.memory(0xf6, HostRegister(0), .rbp, offset - 128, wide: false)
      assembler.byte(HartState.Control.timeEnable)
      leave(if: .equal)
    }
    assembler.call(stubs.readTime)
  }

  /// A write of `sstatus`, whose old value is in rax and stays there. What lets an interrupt in is the
  /// interpreter's.
  private mutating func writeSupervisorStatus(_ i: Operation, isImmediate: Bool) {
    typealias Offset = HartState.Offset
    // rdx: the bits that change.
    if isImmediate {
      assembler.move(.rdx, immediate: Int64(i.rs1))
    } else {
      assembler.move(.rdx, source(Leaf(.guest, Int(i.rs1)), 0, .rdx, true))
    }
    switch i.opcode {
    case .csrrs, .csrrsi:
      assembler.registers(Opcodes.load, .rcx, .rax)
      assembler.registers(Opcodes.unary, HostRegister(2), .rcx)
      assembler.registers(Arithmetic.and.opcode, .rdx, .rcx)
    case .csrrc, .csrrci: assembler.registers(Arithmetic.and.opcode, .rdx, .rax)
    default: assembler.registers(Arithmetic.exclusiveOr.opcode, .rdx, .rax)
    }
    // Floating-point registers that are loaded belong to FS = 3.
    test(.rdx, 3 << 13)
    let sameUnits: UnsafeMutableRawPointer = assembler.jump(.equal)
    assembler.arithmetic(.compare, .rbp, Frame.reals, immediate: 0)
    leave(if: .equal)
    assembler.completeHere(sameUnits)
    // Switched on by this: SIE changes and was off.
    assembler.registers(Opcodes.load, .rcx, .rax, wide: false)
    assembler.registers(Opcodes.unary, HostRegister(2), .rcx, wide: false)
    assembler.registers(Arithmetic.and.opcode, .rcx, .rdx, wide: false)
    test(.rcx, HartState.Control.interruptEnable)
    let closed: UnsafeMutableRawPointer = assembler.jump(.equal)
    assembler.memory(Opcodes.load, .rcx, .rbp, Frame.interruptLevels)
    assembler.memory(Opcodes.load, .rcx, .rcx, 0)
    assembler.memory(Arithmetic.or.opcode, .rcx, .rbp, Offset.mip - 128)
    assembler.memory(Arithmetic.or.opcode, .rcx, .rbp, Offset.timerPending - 128)
    assembler.memory(0x85, .rcx, .rbp, Offset.mie - 128)
    leave(if: .notEqual)
    assembler.completeHere(closed)
    if features.extensions.contains(.f) {
      assembler.registers(Opcodes.load, .rcx, .rdx, wide: false)
      assembler.shift(5, .rcx, immediate: 13, wide: false)
      assembler.arithmetic(.and, .rcx, immediate: 3, wide: false)
      assembler.memory(0x31, .rcx, .rbp, Offset.fs - 128)
      checkedFloatingPoint = false
    }
    // FS is not in the stored word.
    assembler.arithmetic(.and, .rdx, immediate: Int(HartState.Control.sstatusMask), wide: false)
    assembler.memory(0x31, .rdx, .rbp, Offset.mstatus - 128)
    // The immediate of csrrsi and csrrci does not reach to what says how the hart sees memory.
    if isImmediate && i.opcode != .csrrwi { return }
    test(.rdx, HartState.Control.viewBits)
    let sameView: UnsafeMutableRawPointer = assembler.jump(.equal)
    assembler.push(.rax)
    assembler.call(stubs.updateViews)
    assembler.pop(.rax)
    assembler.completeHere(sameView)
    closeAllGroups()
  }

  private mutating func test(_ register: HostRegister, _ bits: UInt64) {
    assembler.byte(0x40 | register.number >> 3)
    assembler.byte(0xf7)
    assembler.byte(0xc0 | register.number & 7)
    assembler.long(Int(bits))
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
