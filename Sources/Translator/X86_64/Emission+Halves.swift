import RISCV

/// Words of 32 bits in registers of 64: RISC-V keeps them extended by their sign, which takes the host an
/// instruction each time. It is put off until somebody looks at all 64 bits; most look at the low half, and many
/// results are overwritten before anybody looks.
struct Halves {
  /// Guest registers whose values have their sign in all bits from 31 on.
  var small: UInt32 = 0
  /// Those of which the host register has but the low half: they are small, too.
  var owed: UInt32 = 0

  func isSmall(_ register: Int) -> Bool {
    register == 0 || register < 32 && small >> UInt32(register) & 1 != 0
  }
  func isOwed(_ register: Int) -> Bool { register < 32 && owed >> UInt32(register) & 1 != 0 }

  mutating func note(_ register: Int, isSmall: Bool, isOwed: Bool = false) {
    guard register < 32 else { return }
    let bit: UInt32 = 1 << UInt32(register)
    small = isSmall ? small | bit : small & ~bit
    owed = isOwed ? owed | bit : owed & ~bit
  }
}

extension Term {
  /// Plus zero.
  var isCopy: Bool { op == .add && right.kind == .constant && immediate == 0 }
}

extension Emission {
  /// Makes the registers whole of which `operation`, which comes next, wants more than the low half; what is to be
  /// emitted for it.
  @inline(__always) mutating func prepared(_ operation: Operation) -> Operation {
    isHalf = false
    if halves.owed == 0 && operation.opcode != .addiw && operation.opcode != .c_addiw { return operation }
    return prepare(operation)
  }

  @inline(never) private mutating func prepare(_ i: Operation) -> Operation {
    let (first, second) = (Int(i.rs1), i.rs2)
    switch i.opcode {
    case .lui, .c_lui, .c_li, .auipc, .c_jal: break
    case .jal where i.rd == Int(Operation.sink): break
    case .addiw where i.immediate == 0 && halves.isSmall(first),
      .c_addiw where i.immediate == 0 && halves.isSmall(first):
      // sext.w of what is so already: a move.
      let isShort = i.opcode == .c_addiw
      return prepare(Operation(opcode: isShort ? .c_addi : .addi, a: i.a, rs1: i.rs1))
    case .addiw, .c_addiw, .slliw, .srliw, .sraiw, .addw, .subw, .c_addw, .c_subw, .sllw, .srlw, .sraw, .mulw:
      break
    case .divw, .divuw, .remw, .remuw, .rolw, .rorw, .roriw, .clzw, .ctzw, .cpopw: break
    case .sext_b, .sext_h, .zext_h, .c_sext_b, .c_sext_h, .c_zext_h, .c_zext_w, .slli_uw: break
    case .sb, .sh, .sw, .c_sb, .c_sh, .c_sw: settle(first)
    case .andi where i.immediate >= 0, .c_andi where i.immediate >= 0: break
    case .andi, .c_andi, .xori, .c_xori, .ori: isHalf = halves.isOwed(first)
    case .and, .or, .xor, .c_and, .c_or, .c_xor:
      if halves.isSmall(first), halves.isSmall(second) {
        isHalf = halves.isOwed(first) || halves.isOwed(second)
      } else {
        settle(first)
        settle(second)
      }
    case .c_mv: copy(i, from: second)
    case .addi where i.immediate == 0, .c_addi where i.immediate == 0: copy(i, from: first)
    case .beq, .bne, .blt, .bge, .bltu, .bgeu, .c_beq, .c_bne:
      if halves.isSmall(first), halves.isSmall(i.stored) {
        isHalf = halves.isOwed(first) || halves.isOwed(i.stored)
      } else {
        settle(first)
        settle(i.stored)
      }
    case .addi, .c_addi, .slti, .sltiu, .slli, .srli, .srai, .c_slli, .c_srli, .c_srai,
      .lb, .lh, .lw, .ld, .lbu, .lhu, .lwu, .c_lw, .c_ld, .c_lbu, .c_lh, .c_lhu:
      settle(first)
    case .add, .sub, .sll, .slt, .sltu, .srl, .sra, .c_add, .c_sub, .sh1add, .sh2add, .sh3add, .mul, .c_mul:
      settle(first)
      settle(second)
    case .sd, .c_sd:
      settle(first)
      settle(i.stored)
    default: settle()
    }
    return i
  }

  /// A copy of the low half is as good where there is a host register for it.
  private mutating func copy(_ i: Operation, from register: Int) {
    if i.rd < 32, places[i.rd] >= 0 { isHalf = halves.isOwed(register) } else { settle(register) }
  }

  /// Makes a register whole.
  private mutating func settle(_ register: Int) {
    if halves.isOwed(register) { settle(only: 1 << UInt32(register)) }
  }

  /// Makes all registers whole.
  @inline(__always) mutating func settle() {
    if halves.owed != 0 { settle(only: halves.owed) }
  }

  @inline(never) private mutating func settle(only registers: UInt32) {
    let before = assembler.cursor
    makeWhole(registers)
    halves.owed &= ~registers
    // What the instruction before left is there still.
    if flagsCursor == before { flagsCursor = assembler.cursor }
    if accumulatorCursor == before { accumulatorCursor = assembler.cursor }
    if deltaCursor == before { deltaCursor = assembler.cursor }
  }

  /// The same for code behind the region.
  mutating func makeWhole(_ registers: UInt32) {
    var rest = registers
    while rest != 0 {
      let host = HostRegister(Int(places[rest.trailingZeroBitCount]))
      assembler.registers(Opcodes.loadSigned32, host, host)
      rest &= rest - 1
    }
  }

  // Mutating, so that a structure as large as this is not copied for them.

  /// A term's value may stay the low half in the host register that is to have it.
  mutating func canOwe(_ t: Term) -> Bool {
    guard !isCareful, linksRegions else { return false }
    guard t.isSignExtended else { return false }
    switch t.form {
    case .leaf: return t.left.kind == .guest && place(t.left) != nil
    case .operation:
      if t.isCopy { return t.left.kind == .guest && place(t.left) != nil }
      return !t.isSmall && !t.op.isWide
    default: return false
    }
  }

  /// What is written has its sign in all bits from 31 on.
  mutating func isSmall(_ t: Term) -> Bool {
    if t.isSignExtended { return true }
    if t.isZeroExtended { return false }
    switch t.form {
    case .condition: return true
    case .memory:
      switch t.memoryOpcode {
      case Opcodes.loadSigned8, Opcodes.loadSigned16, Opcodes.loadSigned32: return t.isWide
      case Opcodes.loadUnsigned8, Opcodes.loadUnsigned16: return true
      default: return false
      }
    case .leaf:
      switch t.left.kind {
      case .constant: return t.immediate == Int64(Int32(truncatingIfNeeded: t.immediate))
      case .guest: return halves.isSmall(t.left.number)
      default: return false
      }
    case .operation:
      if t.isCopy { return t.isWide && isSmall(t.left, 0) }
      guard t.isWide, t.op == .and || t.op == .or || t.op == .exclusiveOr else { return false }
      return isSmall(t.left, t.immediate) && isSmall(t.right, t.immediate)
        || t.op == .and && t.right.kind == .constant && 0...0x7fff_ffff ~= t.immediate
    }
  }

  private mutating func isSmall(_ leaf: Leaf, _ immediate: Int64) -> Bool {
    switch leaf.kind {
    case .constant: immediate == Int64(Int32(truncatingIfNeeded: immediate))
    case .guest: halves.isSmall(leaf.number)
    default: false
    }
  }
}
