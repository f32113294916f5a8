/// Which operands an instruction has, where its encoding holds them, and how they are written.
package enum Operands: UInt8, Sendable {
  /// Nothing; the operation carries no register.
  case none
  case register, unary, immediate, shift, load, store, branch, upper, jump, jumpRegister
  case csr, csrImmediate, fence
  case atomic, loadReserved, compareAndSwap
  /// `(rs1)`, `imm(rs1)` without a destination, and `rs1,rs2` of the fences on address spaces.
  case address, prefetch, addressSpace
  case mayBe, mayBePair
  case floatLoad, floatStore
  /// Floating-point destination and sources; `Rounded` has an `rm` field.
  case float, floatRounded, floatFused, floatUnaryRounded
  /// Integer destination, floating-point sources.
  case floatCompare, floatClassify, floatToInteger, floatToIntegerTowardZero
  /// Floating-point destination, integer sources, or the number of a constant.
  case integerToFloat, integerMoveToFloat, integerPairToFloat, floatConstant
  // Compressed: RISC-V Unprivileged, §27 "C" and §28 "Zc*", named after the operands.
  case compressedNone, compressedNop, compressedImmediate, compressedLoadUpper
  case compressedStackAdjust, compressedStackAddress
  case compressedMove, compressedRegister, compressedShift
  case compressedShortShift, compressedShortImmediate, compressedShortRegister, compressedShortUnary
  case compressedNot, compressedZeroExtendByte
  case compressedJump, compressedJumpAndLink, compressedJumpRegister, compressedJumpAndLinkRegister
  case compressedBranch
  case compressedLoadWord, compressedLoadDouble, compressedStoreWord, compressedStoreDouble
  case compressedFloatLoadWord, compressedFloatLoadDouble
  case compressedFloatStoreWord, compressedFloatStoreDouble
  case compressedStackLoadWord, compressedStackLoadDouble
  case compressedStackStoreWord, compressedStackStoreDouble
  case compressedStackFloatLoadWord, compressedStackFloatLoadDouble
  case compressedStackFloatStoreWord, compressedStackFloatStoreDouble
  case compressedLoadByte, compressedLoadHalf, compressedStoreByte, compressedStoreHalf
  case compressedMayBe
  /// No instruction: the operation carries the raw bits.
  case raw
}

/// What a hart must have for a row of the table to exist.
package struct Requirement: Equatable, Sendable {
  /// All of these,
  package var all: ExtensionSet = []
  /// one of these where there are any,
  package var any: ExtensionSet = []
  /// and this width where it is not nil.
  package var xlen: Int?

  package func isMet(by extensions: ExtensionSet, xlen: Int) -> Bool {
    if let wanted = self.xlen, wanted != xlen { return false }
    return extensions.isSuperset(of: all) && (any.isEmpty || !extensions.intersection(any).isEmpty)
  }

  static let base = Requirement()
  static let rv64 = Requirement(xlen: 64)
  static func all(_ names: Extension..., xlen: Int? = nil) -> Requirement {
    Requirement(all: ExtensionSet(names), xlen: xlen)
  }
  static func any(_ names: Extension..., xlen: Int? = nil) -> Requirement {
    Requirement(any: ExtensionSet(names), xlen: xlen)
  }
}

/// One row of the table of instructions: from it follow the decoder, the disassembler and the
/// extension checks.
package struct Instruction: Sendable {
  package let mnemonic: String
  /// What executes it.
  package let opcode: Opcode
  /// The word is this instruction where `word & mask == match`,
  package let match: UInt32
  package let mask: UInt32
  /// and one of these bits is set, where there are any: a field that must not be zero.
  package let nonzero: UInt32
  package let operands: Operands
  package let requirement: Requirement

  package var length: Int { match & 3 == 3 ? 4 : 2 }

  init(
    _ mnemonic: String, _ opcode: Opcode, _ match: UInt32, _ mask: UInt32, _ operands: Operands,
    _ requirement: Requirement, nonzero: UInt32 = 0
  ) {
    self.mnemonic = mnemonic
    self.opcode = opcode
    self.match = match
    self.mask = mask
    self.nonzero = nonzero
    self.operands = operands
    self.requirement = requirement
  }

  /// Whether `word` is this instruction, on a hart that has it.
  package func matches(_ word: UInt32) -> Bool {
    word & mask == match && (nonzero == 0 || word & nonzero != 0)
  }
}

extension Instruction {
  /// Every instruction. A word is the first row that matches and whose requirement is met, so that
  /// a special case (`pause` among the fences) stands before the general one.
  ///
  /// Encodings: RISC-V Unprivileged, "RV32/64G Instruction Set Listings" and each extension's
  /// chapter; RISC-V Privileged, "Instruction Set Listings".
  package static let table: [Instruction] = groups.flatMap { $0 }

  /// The table as it is written down.
  static var groups: [[Instruction]] {
    [integer, system, multiplication, atomics, floats, bits, compressed]
  }
}

extension Instruction {
  /// RV32I and RV64I.
  private static let integer: [Instruction] = [
    .init("lui", .lui, 0x00000037, 0x0000007f, .upper, .base),
    .init("auipc", .auipc, 0x00000017, 0x0000007f, .upper, .base),
    .init("jal", .jal, 0x0000006f, 0x0000007f, .jump, .base),
    .init("jalr", .jalr, 0x00000067, 0x0000707f, .jumpRegister, .base),
    .init("beq", .beq, 0x00000063, 0x0000707f, .branch, .base),
    .init("bne", .bne, 0x00001063, 0x0000707f, .branch, .base),
    .init("blt", .blt, 0x00004063, 0x0000707f, .branch, .base),
    .init("bge", .bge, 0x00005063, 0x0000707f, .branch, .base),
    .init("bltu", .bltu, 0x00006063, 0x0000707f, .branch, .base),
    .init("bgeu", .bgeu, 0x00007063, 0x0000707f, .branch, .base),
    .init("lb", .lb, 0x00000003, 0x0000707f, .load, .base),
    .init("lh", .lh, 0x00001003, 0x0000707f, .load, .base),
    .init("lw", .lw, 0x00002003, 0x0000707f, .load, .base),
    .init("ld", .ld, 0x00003003, 0x0000707f, .load, .rv64),
    .init("lbu", .lbu, 0x00004003, 0x0000707f, .load, .base),
    .init("lhu", .lhu, 0x00005003, 0x0000707f, .load, .base),
    .init("lwu", .lwu, 0x00006003, 0x0000707f, .load, .rv64),
    .init("sb", .sb, 0x00000023, 0x0000707f, .store, .base),
    .init("sh", .sh, 0x00001023, 0x0000707f, .store, .base),
    .init("sw", .sw, 0x00002023, 0x0000707f, .store, .base),
    .init("sd", .sd, 0x00003023, 0x0000707f, .store, .rv64),
    .init("addi", .addi, 0x00000013, 0x0000707f, .immediate, .base),
    .init("slti", .slti, 0x00002013, 0x0000707f, .immediate, .base),
    .init("sltiu", .sltiu, 0x00003013, 0x0000707f, .immediate, .base),
    .init("xori", .xori, 0x00004013, 0x0000707f, .immediate, .base),
    .init("prefetch.i", .prefetch, 0x00006013, 0x01f07fff, .prefetch, .all(.zicbop)),
    .init("prefetch.r", .prefetch, 0x00106013, 0x01f07fff, .prefetch, .all(.zicbop)),
    .init("prefetch.w", .prefetch, 0x00306013, 0x01f07fff, .prefetch, .all(.zicbop)),
    .init("ori", .ori, 0x00006013, 0x0000707f, .immediate, .base),
    .init("andi", .andi, 0x00007013, 0x0000707f, .immediate, .base),
    .init("slli", .slli, 0x00001013, 0xfc00707f, .shift, .rv64),
    .init("slli", .slli, 0x00001013, 0xfe00707f, .shift, .all(xlen: 32)),
    .init("srli", .srli, 0x00005013, 0xfc00707f, .shift, .rv64),
    .init("srli", .srli, 0x00005013, 0xfe00707f, .shift, .all(xlen: 32)),
    .init("srai", .srai, 0x40005013, 0xfc00707f, .shift, .rv64),
    .init("srai", .srai, 0x40005013, 0xfe00707f, .shift, .all(xlen: 32)),
    .init("add", .add, 0x00000033, 0xfe00707f, .register, .base),
    .init("sub", .sub, 0x40000033, 0xfe00707f, .register, .base),
    .init("sll", .sll, 0x00001033, 0xfe00707f, .register, .base),
    .init("slt", .slt, 0x00002033, 0xfe00707f, .register, .base),
    .init("sltu", .sltu, 0x00003033, 0xfe00707f, .register, .base),
    .init("xor", .xor, 0x00004033, 0xfe00707f, .register, .base),
    .init("srl", .srl, 0x00005033, 0xfe00707f, .register, .base),
    .init("sra", .sra, 0x40005033, 0xfe00707f, .register, .base),
    .init("or", .or, 0x00006033, 0xfe00707f, .register, .base),
    .init("and", .and, 0x00007033, 0xfe00707f, .register, .base),
    .init("addiw", .addiw, 0x0000001b, 0x0000707f, .immediate, .rv64),
    .init("slliw", .slliw, 0x0000101b, 0xfe00707f, .shift, .rv64),
    .init("srliw", .srliw, 0x0000501b, 0xfe00707f, .shift, .rv64),
    .init("sraiw", .sraiw, 0x4000501b, 0xfe00707f, .shift, .rv64),
    .init("addw", .addw, 0x0000003b, 0xfe00707f, .register, .rv64),
    .init("subw", .subw, 0x4000003b, 0xfe00707f, .register, .rv64),
    .init("sllw", .sllw, 0x0000103b, 0xfe00707f, .register, .rv64),
    .init("srlw", .srlw, 0x0000503b, 0xfe00707f, .register, .rv64),
    .init("sraw", .sraw, 0x4000503b, 0xfe00707f, .register, .rv64),
  ]
}

extension Instruction {
  /// Fences, environment, control and status, hints, cache blocks, the privileged level.
  private static let system: [Instruction] = [
    .init("pause", .pause, 0x0100000f, 0xffffffff, .none, .all(.zihintpause)),
    .init("fence", .fence, 0x0000000f, 0x0000707f, .fence, .base),
    .init("fence.i", .fence_i, 0x0000100f, 0x0000707f, .none, .all(.zifencei)),
    .init("cbo.inval", .cbo_inval, 0x0000200f, 0xfff07fff, .address, .all(.zicbom)),
    .init("cbo.clean", .cbo_clean, 0x0010200f, 0xfff07fff, .address, .all(.zicbom)),
    .init("cbo.flush", .cbo_flush, 0x0020200f, 0xfff07fff, .address, .all(.zicbom)),
    .init("cbo.zero", .cbo_zero, 0x0040200f, 0xfff07fff, .address, .all(.zicboz)),
    .init("ecall", .ecall, 0x00000073, 0xffffffff, .none, .base),
    .init("ebreak", .ebreak, 0x00100073, 0xffffffff, .none, .base),
    .init("wrs.nto", .wrs_nto, 0x00d00073, 0xffffffff, .none, .all(.zawrs)),
    .init("wrs.sto", .wrs_sto, 0x01d00073, 0xffffffff, .none, .all(.zawrs)),
    .init("sret", .sret, 0x10200073, 0xffffffff, .none, .base),
    .init("mret", .mret, 0x30200073, 0xffffffff, .none, .base),
    .init("wfi", .wfi, 0x10500073, 0xffffffff, .none, .base),
    .init("sfence.vma", .sfence_vma, 0x12000073, 0xfe007fff, .addressSpace, .base),
    .init("sinval.vma", .sinval_vma, 0x16000073, 0xfe007fff, .addressSpace, .all(.svinval)),
    .init("sfence.w.inval", .sfence_w_inval, 0x18000073, 0xffffffff, .none, .all(.svinval)),
    .init("sfence.inval.ir", .sfence_inval_ir, 0x18100073, 0xffffffff, .none, .all(.svinval)),
    .init("csrrw", .csrrw, 0x00001073, 0x0000707f, .csr, .all(.zicsr)),
    .init("csrrs", .csrrs, 0x00002073, 0x0000707f, .csr, .all(.zicsr)),
    .init("csrrc", .csrrc, 0x00003073, 0x0000707f, .csr, .all(.zicsr)),
    .init("csrrwi", .csrrwi, 0x00005073, 0x0000707f, .csrImmediate, .all(.zicsr)),
    .init("csrrsi", .csrrsi, 0x00006073, 0x0000707f, .csrImmediate, .all(.zicsr)),
    .init("csrrci", .csrrci, 0x00007073, 0x0000707f, .csrImmediate, .all(.zicsr)),
    .init("mop.r", .mop_r, 0x81c04073, 0xb3c0707f, .mayBe, .all(.zimop)),
    .init("mop.rr", .mop_rr, 0x82004073, 0xb200707f, .mayBePair, .all(.zimop)),
  ]
}

extension Instruction {
  /// M and Zmmul.
  private static let multiplication: [Instruction] = [
    .init("mul", .mul, 0x02000033, 0xfe00707f, .register, .all(.zmmul)),
    .init("mulh", .mulh, 0x02001033, 0xfe00707f, .register, .all(.zmmul)),
    .init("mulhsu", .mulhsu, 0x02002033, 0xfe00707f, .register, .all(.zmmul)),
    .init("mulhu", .mulhu, 0x02003033, 0xfe00707f, .register, .all(.zmmul)),
    .init("div", .div, 0x02004033, 0xfe00707f, .register, .all(.m)),
    .init("divu", .divu, 0x02005033, 0xfe00707f, .register, .all(.m)),
    .init("rem", .rem, 0x02006033, 0xfe00707f, .register, .all(.m)),
    .init("remu", .remu, 0x02007033, 0xfe00707f, .register, .all(.m)),
    .init("mulw", .mulw, 0x0200003b, 0xfe00707f, .register, .all(.zmmul, xlen: 64)),
    .init("divw", .divw, 0x0200403b, 0xfe00707f, .register, .all(.m, xlen: 64)),
    .init("divuw", .divuw, 0x0200503b, 0xfe00707f, .register, .all(.m, xlen: 64)),
    .init("remw", .remw, 0x0200603b, 0xfe00707f, .register, .all(.m, xlen: 64)),
    .init("remuw", .remuw, 0x0200703b, 0xfe00707f, .register, .all(.m, xlen: 64)),
  ]
}

extension Instruction {
  /// Zalrsc, Zaamo, Zabha and Zacas.
  private static let atomics: [Instruction] = [
    .init("lr.w", .lr_w, 0x1000202f, 0xf9f0707f, .loadReserved, .all(.zalrsc)),
    .init("sc.w", .sc_w, 0x1800202f, 0xf800707f, .atomic, .all(.zalrsc)),
    .init("lr.d", .lr_d, 0x1000302f, 0xf9f0707f, .loadReserved, .all(.zalrsc, xlen: 64)),
    .init("sc.d", .sc_d, 0x1800302f, 0xf800707f, .atomic, .all(.zalrsc, xlen: 64)),
    .init("amoswap.w", .amoswap_w, 0x0800202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amoadd.w", .amoadd_w, 0x0000202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amoxor.w", .amoxor_w, 0x2000202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amoand.w", .amoand_w, 0x6000202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amoor.w", .amoor_w, 0x4000202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amomin.w", .amomin_w, 0x8000202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amomax.w", .amomax_w, 0xa000202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amominu.w", .amominu_w, 0xc000202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amomaxu.w", .amomaxu_w, 0xe000202f, 0xf800707f, .atomic, .all(.zaamo)),
    .init("amoswap.d", .amoswap_d, 0x0800302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amoadd.d", .amoadd_d, 0x0000302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amoxor.d", .amoxor_d, 0x2000302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amoand.d", .amoand_d, 0x6000302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amoor.d", .amoor_d, 0x4000302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amomin.d", .amomin_d, 0x8000302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amomax.d", .amomax_d, 0xa000302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amominu.d", .amominu_d, 0xc000302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amomaxu.d", .amomaxu_d, 0xe000302f, 0xf800707f, .atomic, .all(.zaamo, xlen: 64)),
    .init("amoswap.b", .amoswap_b, 0x0800002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoadd.b", .amoadd_b, 0x0000002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoxor.b", .amoxor_b, 0x2000002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoand.b", .amoand_b, 0x6000002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoor.b", .amoor_b, 0x4000002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amomin.b", .amomin_b, 0x8000002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amomax.b", .amomax_b, 0xa000002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amominu.b", .amominu_b, 0xc000002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amomaxu.b", .amomaxu_b, 0xe000002f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoswap.h", .amoswap_h, 0x0800102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoadd.h", .amoadd_h, 0x0000102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoxor.h", .amoxor_h, 0x2000102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoand.h", .amoand_h, 0x6000102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amoor.h", .amoor_h, 0x4000102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amomin.h", .amomin_h, 0x8000102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amomax.h", .amomax_h, 0xa000102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amominu.h", .amominu_h, 0xc000102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amomaxu.h", .amomaxu_h, 0xe000102f, 0xf800707f, .atomic, .all(.zabha)),
    .init("amocas.w", .amocas_w, 0x2800202f, 0xf800707f, .compareAndSwap, .all(.zacas)),
    .init("amocas.d", .amocas_d, 0x2800302f, 0xf800707f, .compareAndSwap, .all(.zacas, xlen: 64)),
    // A pair of registers begins at an even one.
    .init("amocas.d", .amocas_d, 0x2800302f, 0xf81070ff, .compareAndSwap, .all(.zacas, xlen: 32)),
    .init("amocas.q", .amocas_q, 0x2800402f, 0xf81070ff, .compareAndSwap, .all(.zacas, xlen: 64)),
    .init("amocas.b", .amocas_b, 0x2800002f, 0xf800707f, .compareAndSwap, .all(.zabha, .zacas)),
    .init("amocas.h", .amocas_h, 0x2800102f, 0xf800707f, .compareAndSwap, .all(.zabha, .zacas)),
  ]
}

extension Instruction {
  /// F, D, Zfhmin, Zfh and Zfa.
  private static let floats: [Instruction] = [
    .init("flw", .flw, 0x00002007, 0x0000707f, .floatLoad, .all(.f)),
    .init("fsw", .fsw, 0x00002027, 0x0000707f, .floatStore, .all(.f)),
    .init("fmadd.s", .fmadd_s, 0x00000043, 0x0600007f, .floatFused, .all(.f)),
    .init("fmsub.s", .fmsub_s, 0x00000047, 0x0600007f, .floatFused, .all(.f)),
    .init("fnmsub.s", .fnmsub_s, 0x0000004b, 0x0600007f, .floatFused, .all(.f)),
    .init("fnmadd.s", .fnmadd_s, 0x0000004f, 0x0600007f, .floatFused, .all(.f)),
    .init("fadd.s", .fadd_s, 0x00000053, 0xfe00007f, .floatRounded, .all(.f)),
    .init("fsub.s", .fsub_s, 0x08000053, 0xfe00007f, .floatRounded, .all(.f)),
    .init("fmul.s", .fmul_s, 0x10000053, 0xfe00007f, .floatRounded, .all(.f)),
    .init("fdiv.s", .fdiv_s, 0x18000053, 0xfe00007f, .floatRounded, .all(.f)),
    .init("fsqrt.s", .fsqrt_s, 0x58000053, 0xfff0007f, .floatUnaryRounded, .all(.f)),
    .init("fsgnj.s", .fsgnj_s, 0x20000053, 0xfe00707f, .float, .all(.f)),
    .init("fsgnjn.s", .fsgnjn_s, 0x20001053, 0xfe00707f, .float, .all(.f)),
    .init("fsgnjx.s", .fsgnjx_s, 0x20002053, 0xfe00707f, .float, .all(.f)),
    .init("fmin.s", .fmin_s, 0x28000053, 0xfe00707f, .float, .all(.f)),
    .init("fmax.s", .fmax_s, 0x28001053, 0xfe00707f, .float, .all(.f)),
    .init("fminm.s", .fminm_s, 0x28002053, 0xfe00707f, .float, .all(.zfa)),
    .init("fmaxm.s", .fmaxm_s, 0x28003053, 0xfe00707f, .float, .all(.zfa)),
    .init("fle.s", .fle_s, 0xa0000053, 0xfe00707f, .floatCompare, .all(.f)),
    .init("flt.s", .flt_s, 0xa0001053, 0xfe00707f, .floatCompare, .all(.f)),
    .init("feq.s", .feq_s, 0xa0002053, 0xfe00707f, .floatCompare, .all(.f)),
    .init("fleq.s", .fleq_s, 0xa0004053, 0xfe00707f, .floatCompare, .all(.zfa)),
    .init("fltq.s", .fltq_s, 0xa0005053, 0xfe00707f, .floatCompare, .all(.zfa)),
    .init("fcvt.w.s", .fcvt_w_s, 0xc0000053, 0xfff0007f, .floatToInteger, .all(.f)),
    .init("fcvt.wu.s", .fcvt_wu_s, 0xc0100053, 0xfff0007f, .floatToInteger, .all(.f)),
    .init("fcvt.l.s", .fcvt_l_s, 0xc0200053, 0xfff0007f, .floatToInteger, .all(.f, xlen: 64)),
    .init("fcvt.lu.s", .fcvt_lu_s, 0xc0300053, 0xfff0007f, .floatToInteger, .all(.f, xlen: 64)),
    .init("fcvt.s.w", .fcvt_s_w, 0xd0000053, 0xfff0007f, .integerToFloat, .all(.f)),
    .init("fcvt.s.wu", .fcvt_s_wu, 0xd0100053, 0xfff0007f, .integerToFloat, .all(.f)),
    .init("fcvt.s.l", .fcvt_s_l, 0xd0200053, 0xfff0007f, .integerToFloat, .all(.f, xlen: 64)),
    .init("fcvt.s.lu", .fcvt_s_lu, 0xd0300053, 0xfff0007f, .integerToFloat, .all(.f, xlen: 64)),
    .init("fclass.s", .fclass_s, 0xe0001053, 0xfff0707f, .floatClassify, .all(.f)),
    .init("fmv.x.w", .fmv_x_w, 0xe0000053, 0xfff0707f, .floatClassify, .all(.f)),
    .init("fmv.w.x", .fmv_w_x, 0xf0000053, 0xfff0707f, .integerMoveToFloat, .all(.f)),
    .init("fli.s", .fli_s, 0xf0100053, 0xfff0707f, .floatConstant, .all(.zfa)),
    .init("fround.s", .fround_s, 0x40400053, 0xfff0007f, .floatUnaryRounded, .all(.zfa)),
    .init("froundnx.s", .froundnx_s, 0x40500053, 0xfff0007f, .floatUnaryRounded, .all(.zfa)),
    .init("fld", .fld, 0x00003007, 0x0000707f, .floatLoad, .all(.d)),
    .init("fsd", .fsd, 0x00003027, 0x0000707f, .floatStore, .all(.d)),
    .init("fmadd.d", .fmadd_d, 0x02000043, 0x0600007f, .floatFused, .all(.d)),
    .init("fmsub.d", .fmsub_d, 0x02000047, 0x0600007f, .floatFused, .all(.d)),
    .init("fnmsub.d", .fnmsub_d, 0x0200004b, 0x0600007f, .floatFused, .all(.d)),
    .init("fnmadd.d", .fnmadd_d, 0x0200004f, 0x0600007f, .floatFused, .all(.d)),
    .init("fadd.d", .fadd_d, 0x02000053, 0xfe00007f, .floatRounded, .all(.d)),
    .init("fsub.d", .fsub_d, 0x0a000053, 0xfe00007f, .floatRounded, .all(.d)),
    .init("fmul.d", .fmul_d, 0x12000053, 0xfe00007f, .floatRounded, .all(.d)),
    .init("fdiv.d", .fdiv_d, 0x1a000053, 0xfe00007f, .floatRounded, .all(.d)),
    .init("fsqrt.d", .fsqrt_d, 0x5a000053, 0xfff0007f, .floatUnaryRounded, .all(.d)),
    .init("fsgnj.d", .fsgnj_d, 0x22000053, 0xfe00707f, .float, .all(.d)),
    .init("fsgnjn.d", .fsgnjn_d, 0x22001053, 0xfe00707f, .float, .all(.d)),
    .init("fsgnjx.d", .fsgnjx_d, 0x22002053, 0xfe00707f, .float, .all(.d)),
    .init("fmin.d", .fmin_d, 0x2a000053, 0xfe00707f, .float, .all(.d)),
    .init("fmax.d", .fmax_d, 0x2a001053, 0xfe00707f, .float, .all(.d)),
    .init("fminm.d", .fminm_d, 0x2a002053, 0xfe00707f, .float, .all(.zfa, .d)),
    .init("fmaxm.d", .fmaxm_d, 0x2a003053, 0xfe00707f, .float, .all(.zfa, .d)),
    .init("fle.d", .fle_d, 0xa2000053, 0xfe00707f, .floatCompare, .all(.d)),
    .init("flt.d", .flt_d, 0xa2001053, 0xfe00707f, .floatCompare, .all(.d)),
    .init("feq.d", .feq_d, 0xa2002053, 0xfe00707f, .floatCompare, .all(.d)),
    .init("fleq.d", .fleq_d, 0xa2004053, 0xfe00707f, .floatCompare, .all(.zfa, .d)),
    .init("fltq.d", .fltq_d, 0xa2005053, 0xfe00707f, .floatCompare, .all(.zfa, .d)),
    .init("fcvt.w.d", .fcvt_w_d, 0xc2000053, 0xfff0007f, .floatToInteger, .all(.d)),
    .init("fcvt.wu.d", .fcvt_wu_d, 0xc2100053, 0xfff0007f, .floatToInteger, .all(.d)),
    .init("fcvt.l.d", .fcvt_l_d, 0xc2200053, 0xfff0007f, .floatToInteger, .all(.d, xlen: 64)),
    .init("fcvt.lu.d", .fcvt_lu_d, 0xc2300053, 0xfff0007f, .floatToInteger, .all(.d, xlen: 64)),
    .init("fcvt.d.w", .fcvt_d_w, 0xd2000053, 0xfff0007f, .integerToFloat, .all(.d)),
    .init("fcvt.d.wu", .fcvt_d_wu, 0xd2100053, 0xfff0007f, .integerToFloat, .all(.d)),
    .init("fcvt.d.l", .fcvt_d_l, 0xd2200053, 0xfff0007f, .integerToFloat, .all(.d, xlen: 64)),
    .init("fcvt.d.lu", .fcvt_d_lu, 0xd2300053, 0xfff0007f, .integerToFloat, .all(.d, xlen: 64)),
    .init("fclass.d", .fclass_d, 0xe2001053, 0xfff0707f, .floatClassify, .all(.d)),
    .init("fmv.x.d", .fmv_x_d, 0xe2000053, 0xfff0707f, .floatClassify, .all(.d, xlen: 64)),
    .init("fmv.d.x", .fmv_d_x, 0xf2000053, 0xfff0707f, .integerMoveToFloat, .all(.d, xlen: 64)),
    .init("fli.d", .fli_d, 0xf2100053, 0xfff0707f, .floatConstant, .all(.zfa, .d)),
    .init("fround.d", .fround_d, 0x42400053, 0xfff0007f, .floatUnaryRounded, .all(.zfa, .d)),
    .init("froundnx.d", .froundnx_d, 0x42500053, 0xfff0007f, .floatUnaryRounded, .all(.zfa, .d)),
    .init("fcvt.d.s", .fcvt_d_s, 0x42000053, 0xfff0007f, .floatUnaryRounded, .all(.d)),
    .init("fcvt.s.d", .fcvt_s_d, 0x40100053, 0xfff0007f, .floatUnaryRounded, .all(.d)),
    .init("fcvtmod.w.d", .fcvtmod_w_d, 0xc2801053, 0xfff0707f, .floatToIntegerTowardZero, .all(.zfa, .d)),
    .init("fmvh.x.d", .fmvh_x_d, 0xe2100053, 0xfff0707f, .floatClassify, .all(.zfa, .d, xlen: 32)),
    .init("fmvp.d.x", .fmvp_d_x, 0xb2000053, 0xfe00707f, .integerPairToFloat, .all(.zfa, .d, xlen: 32)),
    .init("flh", .flh, 0x00001007, 0x0000707f, .floatLoad, .all(.zfhmin)),
    .init("fsh", .fsh, 0x00001027, 0x0000707f, .floatStore, .all(.zfhmin)),
    .init("fmadd.h", .fmadd_h, 0x04000043, 0x0600007f, .floatFused, .all(.zfh)),
    .init("fmsub.h", .fmsub_h, 0x04000047, 0x0600007f, .floatFused, .all(.zfh)),
    .init("fnmsub.h", .fnmsub_h, 0x0400004b, 0x0600007f, .floatFused, .all(.zfh)),
    .init("fnmadd.h", .fnmadd_h, 0x0400004f, 0x0600007f, .floatFused, .all(.zfh)),
    .init("fadd.h", .fadd_h, 0x04000053, 0xfe00007f, .floatRounded, .all(.zfh)),
    .init("fsub.h", .fsub_h, 0x0c000053, 0xfe00007f, .floatRounded, .all(.zfh)),
    .init("fmul.h", .fmul_h, 0x14000053, 0xfe00007f, .floatRounded, .all(.zfh)),
    .init("fdiv.h", .fdiv_h, 0x1c000053, 0xfe00007f, .floatRounded, .all(.zfh)),
    .init("fsqrt.h", .fsqrt_h, 0x5c000053, 0xfff0007f, .floatUnaryRounded, .all(.zfh)),
    .init("fsgnj.h", .fsgnj_h, 0x24000053, 0xfe00707f, .float, .all(.zfh)),
    .init("fsgnjn.h", .fsgnjn_h, 0x24001053, 0xfe00707f, .float, .all(.zfh)),
    .init("fsgnjx.h", .fsgnjx_h, 0x24002053, 0xfe00707f, .float, .all(.zfh)),
    .init("fmin.h", .fmin_h, 0x2c000053, 0xfe00707f, .float, .all(.zfh)),
    .init("fmax.h", .fmax_h, 0x2c001053, 0xfe00707f, .float, .all(.zfh)),
    .init("fminm.h", .fminm_h, 0x2c002053, 0xfe00707f, .float, .all(.zfa, .zfh)),
    .init("fmaxm.h", .fmaxm_h, 0x2c003053, 0xfe00707f, .float, .all(.zfa, .zfh)),
    .init("fle.h", .fle_h, 0xa4000053, 0xfe00707f, .floatCompare, .all(.zfh)),
    .init("flt.h", .flt_h, 0xa4001053, 0xfe00707f, .floatCompare, .all(.zfh)),
    .init("feq.h", .feq_h, 0xa4002053, 0xfe00707f, .floatCompare, .all(.zfh)),
    .init("fleq.h", .fleq_h, 0xa4004053, 0xfe00707f, .floatCompare, .all(.zfa, .zfh)),
    .init("fltq.h", .fltq_h, 0xa4005053, 0xfe00707f, .floatCompare, .all(.zfa, .zfh)),
    .init("fcvt.w.h", .fcvt_w_h, 0xc4000053, 0xfff0007f, .floatToInteger, .all(.zfh)),
    .init("fcvt.wu.h", .fcvt_wu_h, 0xc4100053, 0xfff0007f, .floatToInteger, .all(.zfh)),
    .init("fcvt.l.h", .fcvt_l_h, 0xc4200053, 0xfff0007f, .floatToInteger, .all(.zfh, xlen: 64)),
    .init("fcvt.lu.h", .fcvt_lu_h, 0xc4300053, 0xfff0007f, .floatToInteger, .all(.zfh, xlen: 64)),
    .init("fcvt.h.w", .fcvt_h_w, 0xd4000053, 0xfff0007f, .integerToFloat, .all(.zfh)),
    .init("fcvt.h.wu", .fcvt_h_wu, 0xd4100053, 0xfff0007f, .integerToFloat, .all(.zfh)),
    .init("fcvt.h.l", .fcvt_h_l, 0xd4200053, 0xfff0007f, .integerToFloat, .all(.zfh, xlen: 64)),
    .init("fcvt.h.lu", .fcvt_h_lu, 0xd4300053, 0xfff0007f, .integerToFloat, .all(.zfh, xlen: 64)),
    .init("fclass.h", .fclass_h, 0xe4001053, 0xfff0707f, .floatClassify, .all(.zfh)),
    .init("fmv.x.h", .fmv_x_h, 0xe4000053, 0xfff0707f, .floatClassify, .all(.zfhmin)),
    .init("fmv.h.x", .fmv_h_x, 0xf4000053, 0xfff0707f, .integerMoveToFloat, .all(.zfhmin)),
    .init("fli.h", .fli_h, 0xf4100053, 0xfff0707f, .floatConstant, .all(.zfa, .zfh)),
    .init("fround.h", .fround_h, 0x44400053, 0xfff0007f, .floatUnaryRounded, .all(.zfa, .zfh)),
    .init("froundnx.h", .froundnx_h, 0x44500053, 0xfff0007f, .floatUnaryRounded, .all(.zfa, .zfh)),
    .init("fcvt.s.h", .fcvt_s_h, 0x40200053, 0xfff0007f, .floatUnaryRounded, .all(.zfhmin)),
    .init("fcvt.h.s", .fcvt_h_s, 0x44000053, 0xfff0007f, .floatUnaryRounded, .all(.zfhmin)),
    .init("fcvt.d.h", .fcvt_d_h, 0x42200053, 0xfff0007f, .floatUnaryRounded, .all(.zfhmin, .d)),
    .init("fcvt.h.d", .fcvt_h_d, 0x44100053, 0xfff0007f, .floatUnaryRounded, .all(.zfhmin, .d)),
  ]
}

extension Instruction {
  /// Zba, Zbb, Zbc, Zbs, Zbkb, Zbkc, Zbkx and Zicond.
  private static let bits: [Instruction] = [
    .init("sh1add", .sh1add, 0x20002033, 0xfe00707f, .register, .all(.zba)),
    .init("sh2add", .sh2add, 0x20004033, 0xfe00707f, .register, .all(.zba)),
    .init("sh3add", .sh3add, 0x20006033, 0xfe00707f, .register, .all(.zba)),
    .init("add.uw", .add_uw, 0x0800003b, 0xfe00707f, .register, .all(.zba, xlen: 64)),
    .init("sh1add.uw", .sh1add_uw, 0x2000203b, 0xfe00707f, .register, .all(.zba, xlen: 64)),
    .init("sh2add.uw", .sh2add_uw, 0x2000403b, 0xfe00707f, .register, .all(.zba, xlen: 64)),
    .init("sh3add.uw", .sh3add_uw, 0x2000603b, 0xfe00707f, .register, .all(.zba, xlen: 64)),
    .init("slli.uw", .slli_uw, 0x0800101b, 0xfc00707f, .shift, .all(.zba, xlen: 64)),
    .init("andn", .andn, 0x40007033, 0xfe00707f, .register, .any(.zbb, .zbkb)),
    .init("orn", .orn, 0x40006033, 0xfe00707f, .register, .any(.zbb, .zbkb)),
    .init("xnor", .xnor, 0x40004033, 0xfe00707f, .register, .any(.zbb, .zbkb)),
    .init("clz", .clz, 0x60001013, 0xfff0707f, .unary, .all(.zbb)),
    .init("ctz", .ctz, 0x60101013, 0xfff0707f, .unary, .all(.zbb)),
    .init("cpop", .cpop, 0x60201013, 0xfff0707f, .unary, .all(.zbb)),
    .init("clzw", .clzw, 0x6000101b, 0xfff0707f, .unary, .all(.zbb, xlen: 64)),
    .init("ctzw", .ctzw, 0x6010101b, 0xfff0707f, .unary, .all(.zbb, xlen: 64)),
    .init("cpopw", .cpopw, 0x6020101b, 0xfff0707f, .unary, .all(.zbb, xlen: 64)),
    .init("max", .max, 0x0a006033, 0xfe00707f, .register, .all(.zbb)),
    .init("maxu", .maxu, 0x0a007033, 0xfe00707f, .register, .all(.zbb)),
    .init("min", .min, 0x0a004033, 0xfe00707f, .register, .all(.zbb)),
    .init("minu", .minu, 0x0a005033, 0xfe00707f, .register, .all(.zbb)),
    .init("sext.b", .sext_b, 0x60401013, 0xfff0707f, .unary, .all(.zbb)),
    .init("sext.h", .sext_h, 0x60501013, 0xfff0707f, .unary, .all(.zbb)),
    .init("zext.h", .zext_h, 0x0800403b, 0xfff0707f, .unary, .all(.zbb, xlen: 64)),
    .init("zext.h", .zext_h, 0x08004033, 0xfff0707f, .unary, .all(.zbb, xlen: 32)),
    .init("rol", .rol, 0x60001033, 0xfe00707f, .register, .any(.zbb, .zbkb)),
    .init("ror", .ror, 0x60005033, 0xfe00707f, .register, .any(.zbb, .zbkb)),
    .init("rori", .rori, 0x60005013, 0xfc00707f, .shift, .any(.zbb, .zbkb, xlen: 64)),
    .init("rori", .rori, 0x60005013, 0xfe00707f, .shift, .any(.zbb, .zbkb, xlen: 32)),
    .init("rolw", .rolw, 0x6000103b, 0xfe00707f, .register, .any(.zbb, .zbkb, xlen: 64)),
    .init("rorw", .rorw, 0x6000503b, 0xfe00707f, .register, .any(.zbb, .zbkb, xlen: 64)),
    .init("roriw", .roriw, 0x6000501b, 0xfe00707f, .shift, .any(.zbb, .zbkb, xlen: 64)),
    .init("orc.b", .orc_b, 0x28705013, 0xfff0707f, .unary, .all(.zbb)),
    .init("rev8", .rev8, 0x6b805013, 0xfff0707f, .unary, .any(.zbb, .zbkb, xlen: 64)),
    .init("rev8", .rev8, 0x69805013, 0xfff0707f, .unary, .any(.zbb, .zbkb, xlen: 32)),
    .init("clmul", .clmul, 0x0a001033, 0xfe00707f, .register, .any(.zbc, .zbkc)),
    .init("clmulr", .clmulr, 0x0a002033, 0xfe00707f, .register, .all(.zbc)),
    .init("clmulh", .clmulh, 0x0a003033, 0xfe00707f, .register, .any(.zbc, .zbkc)),
    .init("bclr", .bclr, 0x48001033, 0xfe00707f, .register, .all(.zbs)),
    .init("bclri", .bclri, 0x48001013, 0xfc00707f, .shift, .all(.zbs, xlen: 64)),
    .init("bclri", .bclri, 0x48001013, 0xfe00707f, .shift, .all(.zbs, xlen: 32)),
    .init("bext", .bext, 0x48005033, 0xfe00707f, .register, .all(.zbs)),
    .init("bexti", .bexti, 0x48005013, 0xfc00707f, .shift, .all(.zbs, xlen: 64)),
    .init("bexti", .bexti, 0x48005013, 0xfe00707f, .shift, .all(.zbs, xlen: 32)),
    .init("binv", .binv, 0x68001033, 0xfe00707f, .register, .all(.zbs)),
    .init("binvi", .binvi, 0x68001013, 0xfc00707f, .shift, .all(.zbs, xlen: 64)),
    .init("binvi", .binvi, 0x68001013, 0xfe00707f, .shift, .all(.zbs, xlen: 32)),
    .init("bset", .bset, 0x28001033, 0xfe00707f, .register, .all(.zbs)),
    .init("bseti", .bseti, 0x28001013, 0xfc00707f, .shift, .all(.zbs, xlen: 64)),
    .init("bseti", .bseti, 0x28001013, 0xfe00707f, .shift, .all(.zbs, xlen: 32)),
    .init("brev8", .brev8, 0x68705013, 0xfff0707f, .unary, .all(.zbkb)),
    .init("pack", .pack, 0x08004033, 0xfe00707f, .register, .all(.zbkb)),
    .init("packh", .packh, 0x08007033, 0xfe00707f, .register, .all(.zbkb)),
    .init("packw", .packw, 0x0800403b, 0xfe00707f, .register, .all(.zbkb, xlen: 64)),
    .init("zip", .zip, 0x08f01013, 0xfff0707f, .unary, .all(.zbkb, xlen: 32)),
    .init("unzip", .unzip, 0x08f05013, 0xfff0707f, .unary, .all(.zbkb, xlen: 32)),
    .init("xperm4", .xperm4, 0x28002033, 0xfe00707f, .register, .all(.zbkx)),
    .init("xperm8", .xperm8, 0x28004033, 0xfe00707f, .register, .all(.zbkx)),
    .init("czero.eqz", .czero_eqz, 0x0e005033, 0xfe00707f, .register, .all(.zicond)),
    .init("czero.nez", .czero_nez, 0x0e007033, 0xfe00707f, .register, .all(.zicond)),
  ]
}

extension Instruction {
  /// Zca, Zcd, Zcf, Zcb and Zcmop.
  private static let compressed: [Instruction] = [
    .init("c.addi4spn", .c_addi, 0x0000, 0xe003, .compressedStackAddress, .all(.zca), nonzero: 0x1fe0),
    .init("c.fld", .c_fld, 0x2000, 0xe003, .compressedFloatLoadDouble, .all(.zcd)),
    .init("c.lw", .c_lw, 0x4000, 0xe003, .compressedLoadWord, .all(.zca)),
    .init("c.flw", .c_flw, 0x6000, 0xe003, .compressedFloatLoadWord, .all(.zcf, xlen: 32)),
    .init("c.ld", .c_ld, 0x6000, 0xe003, .compressedLoadDouble, .all(.zca, xlen: 64)),
    .init("c.lbu", .c_lbu, 0x8000, 0xfc03, .compressedLoadByte, .all(.zcb)),
    .init("c.lhu", .c_lhu, 0x8400, 0xfc43, .compressedLoadHalf, .all(.zcb)),
    .init("c.lh", .c_lh, 0x8440, 0xfc43, .compressedLoadHalf, .all(.zcb)),
    .init("c.sb", .c_sb, 0x8800, 0xfc03, .compressedStoreByte, .all(.zcb)),
    .init("c.sh", .c_sh, 0x8c00, 0xfc43, .compressedStoreHalf, .all(.zcb)),
    .init("c.fsd", .c_fsd, 0xa000, 0xe003, .compressedFloatStoreDouble, .all(.zcd)),
    .init("c.sw", .c_sw, 0xc000, 0xe003, .compressedStoreWord, .all(.zca)),
    .init("c.fsw", .c_fsw, 0xe000, 0xe003, .compressedFloatStoreWord, .all(.zcf, xlen: 32)),
    .init("c.sd", .c_sd, 0xe000, 0xe003, .compressedStoreDouble, .all(.zca, xlen: 64)),
    .init("c.nop", .c_addi, 0x0001, 0xef83, .compressedNop, .all(.zca)),
    .init("c.addi", .c_addi, 0x0001, 0xe003, .compressedImmediate, .all(.zca)),
    .init("c.jal", .c_jal, 0x2001, 0xe003, .compressedJumpAndLink, .all(.zca, xlen: 32)),
    .init("c.addiw", .c_addiw, 0x2001, 0xe003, .compressedImmediate, .all(.zca, xlen: 64), nonzero: 0x0f80),
    .init("c.li", .c_li, 0x4001, 0xe003, .compressedImmediate, .all(.zca)),
    .init("c.addi16sp", .c_addi, 0x6101, 0xef83, .compressedStackAdjust, .all(.zca), nonzero: 0x107c),
    .init("c.mop", .c_mop, 0x6081, 0xf8ff, .compressedMayBe, .all(.zcmop)),
    .init("c.lui", .c_lui, 0x6001, 0xe003, .compressedLoadUpper, .all(.zca), nonzero: 0x107c),
    .init("c.srli", .c_srli, 0x8001, 0xec03, .compressedShortShift, .all(.zca, xlen: 64)),
    .init("c.srli", .c_srli, 0x8001, 0xfc03, .compressedShortShift, .all(.zca, xlen: 32)),
    .init("c.srai", .c_srai, 0x8401, 0xec03, .compressedShortShift, .all(.zca, xlen: 64)),
    .init("c.srai", .c_srai, 0x8401, 0xfc03, .compressedShortShift, .all(.zca, xlen: 32)),
    .init("c.andi", .c_andi, 0x8801, 0xec03, .compressedShortImmediate, .all(.zca)),
    .init("c.sub", .c_sub, 0x8c01, 0xfc63, .compressedShortRegister, .all(.zca)),
    .init("c.xor", .c_xor, 0x8c21, 0xfc63, .compressedShortRegister, .all(.zca)),
    .init("c.or", .c_or, 0x8c41, 0xfc63, .compressedShortRegister, .all(.zca)),
    .init("c.and", .c_and, 0x8c61, 0xfc63, .compressedShortRegister, .all(.zca)),
    .init("c.subw", .c_subw, 0x9c01, 0xfc63, .compressedShortRegister, .all(.zca, xlen: 64)),
    .init("c.addw", .c_addw, 0x9c21, 0xfc63, .compressedShortRegister, .all(.zca, xlen: 64)),
    .init("c.mul", .c_mul, 0x9c41, 0xfc63, .compressedShortRegister, .all(.zcb, .zmmul)),
    .init("c.zext.b", .c_andi, 0x9c61, 0xfc7f, .compressedZeroExtendByte, .all(.zcb)),
    .init("c.sext.b", .c_sext_b, 0x9c65, 0xfc7f, .compressedShortUnary, .all(.zcb, .zbb)),
    .init("c.zext.h", .c_zext_h, 0x9c69, 0xfc7f, .compressedShortUnary, .all(.zcb, .zbb)),
    .init("c.sext.h", .c_sext_h, 0x9c6d, 0xfc7f, .compressedShortUnary, .all(.zcb, .zbb)),
    .init("c.zext.w", .c_zext_w, 0x9c71, 0xfc7f, .compressedShortUnary, .all(.zcb, .zba, xlen: 64)),
    .init("c.not", .c_xori, 0x9c75, 0xfc7f, .compressedNot, .all(.zcb)),
    .init("c.j", .c_jal, 0xa001, 0xe003, .compressedJump, .all(.zca)),
    .init("c.beqz", .c_beq, 0xc001, 0xe003, .compressedBranch, .all(.zca)),
    .init("c.bnez", .c_bne, 0xe001, 0xe003, .compressedBranch, .all(.zca)),
    .init("c.slli", .c_slli, 0x0002, 0xe003, .compressedShift, .all(.zca, xlen: 64)),
    .init("c.slli", .c_slli, 0x0002, 0xf003, .compressedShift, .all(.zca, xlen: 32)),
    .init("c.fldsp", .c_fld, 0x2002, 0xe003, .compressedStackFloatLoadDouble, .all(.zcd)),
    .init("c.lwsp", .c_lw, 0x4002, 0xe003, .compressedStackLoadWord, .all(.zca), nonzero: 0x0f80),
    .init("c.flwsp", .c_flw, 0x6002, 0xe003, .compressedStackFloatLoadWord, .all(.zcf, xlen: 32)),
    .init("c.ldsp", .c_ld, 0x6002, 0xe003, .compressedStackLoadDouble, .all(.zca, xlen: 64), nonzero: 0x0f80),
    .init("c.jr", .c_jalr, 0x8002, 0xf07f, .compressedJumpRegister, .all(.zca), nonzero: 0x0f80),
    .init("c.mv", .c_mv, 0x8002, 0xf003, .compressedMove, .all(.zca), nonzero: 0x007c),
    .init("c.ebreak", .c_ebreak, 0x9002, 0xffff, .compressedNone, .all(.zca)),
    .init("c.jalr", .c_jalr, 0x9002, 0xf07f, .compressedJumpAndLinkRegister, .all(.zca), nonzero: 0x0f80),
    .init("c.add", .c_add, 0x9002, 0xf003, .compressedRegister, .all(.zca), nonzero: 0x007c),
    .init("c.fsdsp", .c_fsd, 0xa002, 0xe003, .compressedStackFloatStoreDouble, .all(.zcd)),
    .init("c.swsp", .c_sw, 0xc002, 0xe003, .compressedStackStoreWord, .all(.zca)),
    .init("c.fswsp", .c_fsw, 0xe002, 0xe003, .compressedStackFloatStoreWord, .all(.zcf, xlen: 32)),
    .init("c.sdsp", .c_sd, 0xe002, 0xe003, .compressedStackStoreDouble, .all(.zca, xlen: 64)),
  ]
}
