import RISCV

/// Pairs of instructions that compilers write for what one instruction of an extension does, or none can say: the
/// second overwrites the first's result, so that both are one operation.
extension Operation {
  var beginsPair: Bool {
    switch opcode {
    case .slli, .c_slli, .slliw, .lui, .c_lui, .c_li, .auipc, .xori, .c_xori: true
    default: false
    }
  }

  /// What this and the next instruction do together, if that is one operation. `jal` links behind both.
  func fused(with next: Operation) -> Operation? {
    guard next.a == a, a < 32 else { return nil }
    switch opcode {
    case .slli, .c_slli: return shifted(then: next)
    case .slliw: return next.opcode == .sraiw ? extended(next, 32) : nil
    case .lui, .c_lui, .c_li:
      guard next.rs1 == a else { return nil }
      switch next.opcode {
      case .addi, .c_addi: return sum(next, as: .lui)
      case .addiw, .c_addiw: return Operation(opcode: .lui, a: a, immediate: immediate &+ next.immediate)
      default: return nil
      }
    case .auipc:
      guard next.rs1 == a else { return nil }
      switch next.opcode {
      case .addi, .c_addi: return sum(next, as: .auipc)
      // The target's lowest bit is cleared.
      case .jalr: return (immediate &+ next.immediate) & 1 == 0 ? sum(next, as: .jal) : nil
      default: return nil
      }
    case .xori where immediate == -1, .c_xori where immediate == -1:
      guard let other = other(next) else { return nil }
      switch next.opcode {
      case .and, .c_and: return Operation(opcode: .andn, a: a, rs1: other, immediate: Int32(rs1))
      case .or, .c_or: return Operation(opcode: .orn, a: a, rs1: other, immediate: Int32(rs1))
      default: return nil
      }
    default: return nil
    }
  }

  /// The other source of an operation on two registers, one of which is this one's result.
  private func other(_ next: Operation) -> UInt8? {
    if next.rs1 == a { return next.rs2 == Int(a) ? nil : UInt8(next.rs2) }
    return next.rs2 == Int(a) ? next.rs1 : nil
  }

  private func sum(_ next: Operation, as opcode: Opcode) -> Operation? {
    let (sum, overflow) = immediate.addingReportingOverflow(next.immediate)
    return overflow ? nil : Operation(opcode: opcode, a: a, immediate: sum)
  }

  /// The sign of the low byte or halfword, of `width` bits.
  private func extended(_ next: Operation, _ width: Int32) -> Operation? {
    guard next.rs1 == a, next.immediate == immediate else { return nil }
    switch width - immediate {
    case 8: return Operation(opcode: .sext_b, a: a, rs1: rs1)
    case 16: return Operation(opcode: .sext_h, a: a, rs1: rs1)
    default: return nil
    }
  }

  private func shifted(then next: Operation) -> Operation? {
    switch next.opcode {
    case .srai, .c_srai: return extended(next, 64)
    case .srli, .c_srli:
      guard next.rs1 == a else { return nil }
      switch (immediate, next.immediate) {
      case (32, 32): return Operation(opcode: .c_zext_w, a: a, rs1: rs1)
      case (32, 0..<32): return Operation(opcode: .slli_uw, a: a, rs1: rs1, immediate: 32 - next.immediate)
      case (48, 48): return Operation(opcode: .zext_h, a: a, rs1: rs1)
      case (56, 56): return Operation(opcode: .andi, a: a, rs1: rs1, immediate: 0xff)
      default: return nil
      }
    case .add, .c_add:
      guard let other = other(next) else { return nil }
      switch immediate {
      case 1: return Operation(opcode: .sh1add, a: a, rs1: rs1, immediate: Int32(other))
      case 2: return Operation(opcode: .sh2add, a: a, rs1: rs1, immediate: Int32(other))
      case 3: return Operation(opcode: .sh3add, a: a, rs1: rs1, immediate: Int32(other))
      default: return nil
      }
    default: return nil
    }
  }
}
