/// Instructions as people write them: compressed ones by what they expand to, and the
/// pseudoinstructions of the RISC-V Assembly Programmer's Manual.
extension Disassembler {
  static func readable(
    _ row: Instruction, _ o: Operation, _ bits: UInt32, _ address: UInt64, _ xlen: Int
  ) -> Line {
    let length = row.length
    func line(_ mnemonic: String, _ operands: String...) -> Line {
      Line(mnemonic: mnemonic, operands: operands.joined(separator: ","), length: length)
    }
    // The sink prints as the register that it stands for.
    let rd = x(o.a == Operation.sink ? 0 : o.a)
    let rs1 = x(o.rs1)
    let rs2 = x(UInt8(o.rs2 & 31))
    let place = target(address, o.immediate, xlen)
    let memory = "\(o.immediate)(\(rs1))"
    let sink = o.a == Operation.sink
    switch o.opcode {
    case .addi, .c_addi:
      if sink && o.rs1 == 0 && (length == 2 || o.immediate == 0) { return line("nop") }
      if length == 4 && o.rs1 == 0 { return line("li", rd, "\(o.immediate)") }
      if length == 4 && o.immediate == 0 { return line("mv", rd, rs1) }
      return line("addi", rd, rs1, "\(o.immediate)")
    case .c_li: return line("li", rd, "\(o.immediate)")
    case .c_lui: return line("lui", rd, hex(UInt32(bitPattern: o.immediate) >> 12))
    case .c_mv: return line("mv", rd, rs2)
    case .add where sink && o.rs1 == 0 && (2...5).contains(o.rs2):
      return line("ntl." + ["p1", "pall", "s1", "all"][o.rs2 - 2])
    case .c_add:
      if sink, (2...5).contains(o.rs2) { return line("ntl." + ["p1", "pall", "s1", "all"][o.rs2 - 2]) }
      return line("add", rd, rd, rs2)
    case .c_sub, .c_xor, .c_or, .c_and, .c_addw, .c_subw, .c_mul:
      return line(String(row.mnemonic.dropFirst(2)), rd, rs1, rs2)
    case .andi where o.immediate == 255, .c_andi where o.immediate == 255: return line("zext.b", rd, rs1)
    case .c_andi: return line("andi", rd, rs1, "\(o.immediate)")
    case .xori where o.immediate == -1, .c_xori: return line("not", rd, rs1)
    case .c_slli, .c_srli, .c_srai:
      return line(String(row.mnemonic.dropFirst(2)), rd, rd, hex(o.immediate))
    case .addiw where o.immediate == 0, .c_addiw where o.immediate == 0: return line("sext.w", rd, rs1)
    case .c_addiw: return line("addiw", rd, rs1, "\(o.immediate)")
    case .c_sext_b, .c_sext_h, .c_zext_h, .c_zext_w:
      return line(String(row.mnemonic.dropFirst(2)), rd, rs1)
    case .add_uw where o.rs2 == 0: return line("zext.w", rd, rs1)
    case .sub where o.rs1 == 0: return line("neg", rd, rs2)
    case .subw where o.rs1 == 0: return line("negw", rd, rs2)
    case .sltiu where o.immediate == 1: return line("seqz", rd, rs1)
    case .sltu where o.rs1 == 0: return line("snez", rd, rs2)
    case .slt where o.rs2 == 0: return line("sltz", rd, rs1)
    case .slt where o.rs1 == 0: return line("sgtz", rd, rs2)
    case .c_lw, .c_ld, .c_sw, .c_sd, .c_lbu, .c_lh, .c_lhu, .c_sb, .c_sh:
      return line(base(row), rd, memory)
    case .c_flw, .c_fld, .c_fsw, .c_fsd: return line(base(row), f(o.a), memory)
    case .beq where o.a == 0: return line("beqz", rs1, place)
    case .bne where o.a == 0: return line("bnez", rs1, place)
    case .bge where o.rs1 == 0: return line("blez", x(o.a), place)
    case .bge where o.a == 0: return line("bgez", rs1, place)
    case .blt where o.a == 0: return line("bltz", rs1, place)
    case .blt where o.rs1 == 0: return line("bgtz", x(o.a), place)
    case .c_beq: return line("beqz", rs1, place)
    case .c_bne: return line("bnez", rs1, place)
    case .jal, .c_jal:
      return sink ? line("j", place) : o.a == 1 ? line("jal", place) : line("jal", rd, place)
    case .jalr, .c_jalr:
      if sink && o.rs1 == 1 && o.immediate == 0 { return line("ret") }
      let to = o.immediate == 0 ? rs1 : memory
      return sink ? line("jr", to) : o.a == 1 ? line("jalr", to) : line("jalr", rd, to)
    case .c_ebreak: return line("ebreak")
    case .csrrw where bits == 0xc000_1073: return line("unimp")
    case .csrrw, .csrrs, .csrrc:
      return control(o, line, rd: sink ? nil : rd, value: rs1, immediate: "")
    case .csrrwi, .csrrsi, .csrrci:
      return control(o, line, rd: sink ? nil : rd, value: "\(o.rs1)", immediate: "i")
    case .fence where bits == 0x0ff0_000f: return line("fence")
    case .sfence_vma where o.rs1 == 0 && o.rs2 == 0: return line("sfence.vma")
    case .sfence_vma where o.rs2 == 0: return line("sfence.vma", rs1)
    case .fsgnj_s, .fsgnj_d, .fsgnj_h, .fsgnjn_s, .fsgnjn_d, .fsgnjn_h, .fsgnjx_s, .fsgnjx_d, .fsgnjx_h:
      guard o.rs1 == UInt8(o.rs2) else { break }
      let width = row.mnemonic.suffix(2)
      let name = ["fsgnj": "fmv", "fsgnjn": "fneg", "fsgnjx": "fabs"][row.mnemonic.dropLast(2)] ?? "fmv"
      return line(name + width, f(o.a), f(o.rs1))
    default: break
    }
    let (suffix, operands) = canonical(row, bits, address, xlen)
    return Line(mnemonic: row.mnemonic + suffix, operands: operands, length: length)
  }

  /// `lw` of `c.lw` and `c.lwsp`.
  private static func base(_ row: Instruction) -> String {
    let name = row.mnemonic.dropFirst(2)
    return String(name.hasSuffix("sp") ? name.dropLast(2) : name)
  }

  private static func control(
    _ o: Operation, _ line: (String, String...) -> Line, rd: String?, value: String, immediate: String
  ) -> Line {
    let kind =
      switch o.opcode {
      case .csrrw, .csrrwi: "w"
      case .csrrs, .csrrsi: "s"
      default: "c"
      }
    let name = csr(o.csr)
    if immediate.isEmpty {
      if kind == "s", o.rs1 == 0 {
        let rd = rd ?? x(0)
        switch name {
        case "cycle", "time", "instret", "cycleh", "timeh", "instreth": return line("rd" + name, rd)
        case "fcsr": return line("frcsr", rd)
        case "frm": return line("frrm", rd)
        case "fflags": return line("frflags", rd)
        default: return line("csrr", rd, name)
        }
      }
      if kind == "w", let short = ["fcsr": "fscsr", "frm": "fsrm", "fflags": "fsflags"][name] {
        if let rd { return line(short, rd, value) }
        return line(short, value)
      }
    } else if kind == "w", let short = ["frm": "fsrmi", "fflags": "fsflagsi"][name] {
      if let rd { return line(short, rd, value) }
      return line(short, value)
    }
    if let rd { return line("csrr" + kind + immediate, rd, name, value) }
    return line("csr" + kind + immediate, name, value)
  }
}
