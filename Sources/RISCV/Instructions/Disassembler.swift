/// From instruction bits to text, in the style of binutils.
package struct Disassembler: Sendable {
  /// How an instruction is named.
  package enum Style: Sendable {
    /// By its row of the table: `c.addi a0,1`, `jalr zero,0(ra)`.
    case canonical
    /// As people write it: `addi a0,a0,1`, `ret`.
    case readable
  }

  /// One instruction as text.
  package struct Line: Equatable, Sendable {
    package var mnemonic: String
    package var operands: String
    /// Bytes that the instruction takes.
    package var length: Int
    /// Mnemonic and operands with a tab between, as objdump has them.
    package var text: String { operands.isEmpty ? mnemonic : mnemonic + "\t" + operands }
  }

  package let decoder: Decoder
  package let style: Style

  package init(extensions: ExtensionSet, xlen: Int, style: Style = .readable) {
    decoder = Decoder(extensions: extensions, xlen: xlen)
    self.style = style
  }

  /// The instruction `word` at `address`, which branches and jumps count from. What the hart does
  /// not have is written as `.insn` with its length and bits.
  package func line(_ word: UInt32, at address: UInt64 = 0) -> Line {
    let length = Decoder.length(of: UInt16(truncatingIfNeeded: word))
    let bits = length == 4 ? word : word & 0xffff
    guard let row = decoder.instruction(bits) else {
      let raw = Self.hex(bits, digits: length * 2)
      return Line(mnemonic: ".insn", operands: "\(length), \(raw)", length: length)
    }
    if style == .readable {
      return Self.readable(row, decoder.decode(bits), bits, address, decoder.xlen)
    }
    let (suffix, operands) = Self.canonical(row, bits, address, decoder.xlen)
    return Line(mnemonic: row.mnemonic + suffix, operands: operands, length: length)
  }
}

extension Disassembler {
  package static func hex(_ value: some BinaryInteger, digits: Int = 1) -> String {
    let text = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
  }

  static func x(_ register: UInt8) -> String { RegisterNames.integer[Int(register & 31)] }
  static func f(_ register: UInt8) -> String { RegisterNames.float[Int(register & 31)] }

  /// A rounding mode as the last operand, nothing where it is the dynamic one.
  static func rounding(_ mode: UInt8) -> String {
    [",rne", ",rtz", ",rdn", ",rup", ",rmm", ",unknown", ",unknown", ""][Int(mode & 7)]
  }

  static func csr(_ number: Int) -> String { RegisterNames.csr(number) ?? hex(number) }

  static func target(_ address: UInt64, _ offset: Int32, _ xlen: Int) -> String {
    let sum = address &+ UInt64(bitPattern: Int64(offset))
    return hex(xlen == 32 ? sum & 0xffff_ffff : sum)
  }

  private static func fence(_ set: Int32) -> String {
    let letters = zip("iorw", [8, 4, 2, 1] as [Int32]).filter { set & $0.1 != 0 }.map { $0.0 }
    return letters.isEmpty ? "unknown" : String(letters)
  }

  /// The constants of `fli`: RISC-V Unprivileged, Zfa, "Load-Immediate Instructions".
  static let constants: [String] = [
    "-0x1p+0", "min", "0x1p-16", "0x1p-15", "0x1p-8", "0x1p-7", "0x1p-4", "0x1p-3", "0x1p-2",
    "0x1.4p-2", "0x1.8p-2", "0x1.cp-2", "0x1p-1", "0x1.4p-1", "0x1.8p-1", "0x1.cp-1", "0x1p+0",
    "0x1.4p+0", "0x1.8p+0", "0x1.cp+0", "0x1p+1", "0x1.4p+1", "0x1.8p+1", "0x1p+2", "0x1p+3",
    "0x1p+4", "0x1p+7", "0x1p+8", "0x1p+15", "0x1p+16", "inf", "nan",
  ]

  private static let orderings = ["", ".rl", ".aq", ".aqrl"]

  /// What follows a row's mnemonic, and the operands.
  static func canonical(
    _ row: Instruction, _ bits: UInt32, _ address: UInt64, _ xlen: Int
  ) -> (suffix: String, operands: String) {
    let i = InstructionFields(bits)
    let upper = { (value: Int32) in hex(UInt32(bitPattern: value) >> 12) }
    func memory(_ offset: Int32, _ base: UInt8) -> String { "\(offset)(\(x(base)))" }
    let ordering = orderings[Int(bits >> 25 & 3)]
    switch row.operands {
    case .none where row.opcode == .fence_i: return ("", "")
    case .none, .raw, .compressedNone, .compressedNop: return ("", "")
    case .register: return ("", "\(x(i.rd)),\(x(i.rs1)),\(x(i.rs2))")
    case .unary: return ("", "\(x(i.rd)),\(x(i.rs1))")
    case .immediate: return ("", "\(x(i.rd)),\(x(i.rs1)),\(i.immediateI)")
    case .shift: return ("", "\(x(i.rd)),\(x(i.rs1)),\(hex(i.shift))")
    case .load, .jumpRegister: return ("", "\(x(i.rd)),\(memory(i.immediateI, i.rs1))")
    case .store: return ("", "\(x(i.rs2)),\(memory(i.immediateS, i.rs1))")
    case .branch: return ("", "\(x(i.rs1)),\(x(i.rs2)),\(target(address, i.immediateB, xlen))")
    case .upper: return ("", "\(x(i.rd)),\(upper(i.immediateU))")
    case .jump: return ("", "\(x(i.rd)),\(target(address, i.immediateJ, xlen))")
    case .csr: return ("", "\(x(i.rd)),\(csr(Int(bits >> 20))),\(x(i.rs1))")
    case .csrImmediate: return ("", "\(x(i.rd)),\(csr(Int(bits >> 20))),\(i.rs1)")
    case .fence:
      if bits == 0x8330_000f { return (".tso", "") }
      return ("", "\(fence(i.immediateI >> 4 & 15)),\(fence(i.immediateI & 15))")
    case .atomic, .compareAndSwap: return (ordering, "\(x(i.rd)),\(x(i.rs2)),(\(x(i.rs1)))")
    case .loadReserved: return (ordering, "\(x(i.rd)),(\(x(i.rs1)))")
    case .address: return ("", "(\(x(i.rs1)))")
    case .prefetch: return ("", memory(i.immediateS & ~31, i.rs1))
    case .addressSpace: return ("", "\(x(i.rs1)),\(x(i.rs2))")
    case .mayBe: return (".\(i.mayBe)", "\(x(i.rd)),\(x(i.rs1))")
    case .mayBePair: return (".\(i.mayBePair)", "\(x(i.rd)),\(x(i.rs1)),\(x(i.rs2))")
    case .floatLoad: return ("", "\(f(i.rd)),\(memory(i.immediateI, i.rs1))")
    case .floatStore: return ("", "\(f(i.rs2)),\(memory(i.immediateS, i.rs1))")
    case .float: return ("", "\(f(i.rd)),\(f(i.rs1)),\(f(i.rs2))")
    case .floatRounded: return ("", "\(f(i.rd)),\(f(i.rs1)),\(f(i.rs2))\(rounding(i.rounding))")
    case .floatFused:
      return ("", "\(f(i.rd)),\(f(i.rs1)),\(f(i.rs2)),\(f(i.rs3))\(rounding(i.rounding))")
    case .floatUnaryRounded: return ("", "\(f(i.rd)),\(f(i.rs1))\(conversionRounding(row, i.rounding))")
    case .floatCompare: return ("", "\(x(i.rd)),\(f(i.rs1)),\(f(i.rs2))")
    case .floatClassify: return ("", "\(x(i.rd)),\(f(i.rs1))")
    case .floatToInteger, .floatToIntegerTowardZero:
      return ("", "\(x(i.rd)),\(f(i.rs1))\(rounding(i.rounding))")
    case .integerToFloat: return ("", "\(f(i.rd)),\(x(i.rs1))\(conversionRounding(row, i.rounding))")
    case .integerMoveToFloat: return ("", "\(f(i.rd)),\(x(i.rs1))")
    case .integerPairToFloat: return ("", "\(f(i.rd)),\(x(i.rs1)),\(x(i.rs2))")
    case .floatConstant: return ("", "\(f(i.rd)),\(constants[Int(i.rs1)])")

    case .compressedImmediate: return ("", "\(x(i.rd)),\(i.immediateCI)")
    case .compressedLoadUpper: return ("", "\(x(i.rd)),\(hex(UInt32(bitPattern: i.immediateCI) & 0xfffff))")
    case .compressedStackAdjust: return ("", "sp,\(i.stackAdjust)")
    case .compressedStackAddress: return ("", "\(x(i.shortRs2)),sp,\(i.stackAddress)")
    case .compressedMove, .compressedRegister: return ("", "\(x(i.rd)),\(x(i.compressedRs2))")
    case .compressedShift: return ("", "\(x(i.rd)),\(hex(i.shiftCI))")
    case .compressedShortShift: return ("", "\(x(i.shortRd)),\(hex(i.shiftCI))")
    case .compressedShortImmediate: return ("", "\(x(i.shortRd)),\(i.immediateCI)")
    case .compressedShortRegister: return ("", "\(x(i.shortRd)),\(x(i.shortRs2))")
    case .compressedShortUnary, .compressedNot, .compressedZeroExtendByte: return ("", x(i.shortRd))
    case .compressedJump, .compressedJumpAndLink: return ("", target(address, i.offsetCJ, xlen))
    case .compressedJumpRegister, .compressedJumpAndLinkRegister: return ("", x(i.rd))
    case .compressedBranch: return ("", "\(x(i.shortRd)),\(target(address, i.offsetCB, xlen))")
    case .compressedLoadWord, .compressedStoreWord:
      return ("", "\(x(i.shortRs2)),\(memory(i.offsetCLW, i.shortRd))")
    case .compressedLoadDouble, .compressedStoreDouble:
      return ("", "\(x(i.shortRs2)),\(memory(i.offsetCLD, i.shortRd))")
    case .compressedFloatLoadWord, .compressedFloatStoreWord:
      return ("", "\(f(i.shortRs2)),\(memory(i.offsetCLW, i.shortRd))")
    case .compressedFloatLoadDouble, .compressedFloatStoreDouble:
      return ("", "\(f(i.shortRs2)),\(memory(i.offsetCLD, i.shortRd))")
    case .compressedStackLoadWord: return ("", "\(x(i.rd)),\(memory(i.offsetLWSP, 2))")
    case .compressedStackLoadDouble: return ("", "\(x(i.rd)),\(memory(i.offsetLDSP, 2))")
    case .compressedStackFloatLoadWord: return ("", "\(f(i.rd)),\(memory(i.offsetLWSP, 2))")
    case .compressedStackFloatLoadDouble: return ("", "\(f(i.rd)),\(memory(i.offsetLDSP, 2))")
    case .compressedStackStoreWord: return ("", "\(x(i.compressedRs2)),\(memory(i.offsetSWSP, 2))")
    case .compressedStackStoreDouble: return ("", "\(x(i.compressedRs2)),\(memory(i.offsetSDSP, 2))")
    case .compressedStackFloatStoreWord: return ("", "\(f(i.compressedRs2)),\(memory(i.offsetSWSP, 2))")
    case .compressedStackFloatStoreDouble: return ("", "\(f(i.compressedRs2)),\(memory(i.offsetSDSP, 2))")
    case .compressedLoadByte, .compressedStoreByte:
      return ("", "\(x(i.shortRs2)),\(memory(i.offsetCLB, i.shortRd))")
    case .compressedLoadHalf, .compressedStoreHalf:
      return ("", "\(x(i.shortRs2)),\(memory(i.offsetCLH, i.shortRd))")
    case .compressedMayBe: return (".\(i.compressedMayBe)", "")
    }
  }

  /// Conversions that are exact whatever the mode have `rne` there and do not show it.
  private static func conversionRounding(_ row: Instruction, _ mode: UInt8) -> String {
    switch row.opcode {
    case .fcvt_d_w, .fcvt_d_wu, .fcvt_d_s, .fcvt_s_h, .fcvt_d_h: mode == 0 ? "" : rounding(mode)
    default: rounding(mode)
    }
  }
}
