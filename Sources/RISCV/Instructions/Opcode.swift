/// What a decoded instruction does: the interpreter's and the translator's switch.
///
/// Several rows of the instruction table may share one opcode, because a compressed instruction's
/// operands are expanded at decode. A case is the mnemonic with its dots as underscores.
public enum Opcode: UInt16, CaseIterable, Sendable {
  // MARK: Decoded-page states

  /// The slot was never decoded: an all-zero slot.
  case undecoded = 0
  /// No instruction of the hart's extensions; `immediate` holds the raw bits, for `tval`.
  case illegal
  /// The slot behind a page's last instruction.
  case pageEnd
  /// A four-byte instruction that begins in a page's last two bytes.
  case straddle
  /// An instruction with a debugger's breakpoint.
  case halt

  // MARK: RV32I and RV64I

  case lui, auipc, jal, jalr
  case beq, bne, blt, bge, bltu, bgeu
  case lb, lh, lw, ld, lbu, lhu, lwu
  case sb, sh, sw, sd
  case addi, slti, sltiu, xori, ori, andi, slli, srli, srai
  case add, sub, sll, slt, sltu, xor, srl, sra, or, and
  case addiw, slliw, srliw, sraiw, addw, subw, sllw, srlw, sraw
  case fence, ecall, ebreak

  // MARK: Zifencei, Zicsr, Zihintpause, Zawrs

  case fence_i
  case csrrw, csrrs, csrrc, csrrwi, csrrsi, csrrci
  case pause, wrs_nto, wrs_sto

  // MARK: Privileged, Svinval

  case mret, sret, wfi, sfence_vma
  case sinval_vma, sfence_w_inval, sfence_inval_ir

  // MARK: M, Zmmul

  case mul, mulh, mulhsu, mulhu, div, divu, rem, remu
  case mulw, divw, divuw, remw, remuw

  // MARK: Zalrsc, Zaamo, Zabha, Zacas

  case lr_w, sc_w, lr_d, sc_d
  case amoswap_w, amoadd_w, amoxor_w, amoand_w, amoor_w, amomin_w, amomax_w, amominu_w, amomaxu_w
  case amoswap_d, amoadd_d, amoxor_d, amoand_d, amoor_d, amomin_d, amomax_d, amominu_d, amomaxu_d
  case amoswap_b, amoadd_b, amoxor_b, amoand_b, amoor_b, amomin_b, amomax_b, amominu_b, amomaxu_b
  case amoswap_h, amoadd_h, amoxor_h, amoand_h, amoor_h, amomin_h, amomax_h, amominu_h, amomaxu_h
  case amocas_w, amocas_d, amocas_q, amocas_b, amocas_h

  // MARK: F

  case flw, fsw
  case fmadd_s, fmsub_s, fnmsub_s, fnmadd_s
  case fadd_s, fsub_s, fmul_s, fdiv_s, fsqrt_s
  case fsgnj_s, fsgnjn_s, fsgnjx_s, fmin_s, fmax_s
  case feq_s, flt_s, fle_s, fclass_s
  case fcvt_w_s, fcvt_wu_s, fcvt_l_s, fcvt_lu_s
  case fcvt_s_w, fcvt_s_wu, fcvt_s_l, fcvt_s_lu
  case fmv_x_w, fmv_w_x

  // MARK: D

  case fld, fsd
  case fmadd_d, fmsub_d, fnmsub_d, fnmadd_d
  case fadd_d, fsub_d, fmul_d, fdiv_d, fsqrt_d
  case fsgnj_d, fsgnjn_d, fsgnjx_d, fmin_d, fmax_d
  case feq_d, flt_d, fle_d, fclass_d
  case fcvt_w_d, fcvt_wu_d, fcvt_l_d, fcvt_lu_d
  case fcvt_d_w, fcvt_d_wu, fcvt_d_l, fcvt_d_lu
  case fcvt_s_d, fcvt_d_s, fmv_x_d, fmv_d_x

  // MARK: Zfhmin

  case flh, fsh, fmv_x_h, fmv_h_x
  case fcvt_s_h, fcvt_h_s, fcvt_d_h, fcvt_h_d

  // MARK: Zfh

  case fmadd_h, fmsub_h, fnmsub_h, fnmadd_h
  case fadd_h, fsub_h, fmul_h, fdiv_h, fsqrt_h
  case fsgnj_h, fsgnjn_h, fsgnjx_h, fmin_h, fmax_h
  case feq_h, flt_h, fle_h, fclass_h
  case fcvt_w_h, fcvt_wu_h, fcvt_l_h, fcvt_lu_h
  case fcvt_h_w, fcvt_h_wu, fcvt_h_l, fcvt_h_lu

  // MARK: Zfa

  case fli_s, fminm_s, fmaxm_s, fround_s, froundnx_s, fleq_s, fltq_s
  case fli_d, fminm_d, fmaxm_d, fround_d, froundnx_d, fleq_d, fltq_d
  case fli_h, fminm_h, fmaxm_h, fround_h, froundnx_h, fleq_h, fltq_h
  case fcvtmod_w_d, fmvh_x_d, fmvp_d_x

  // MARK: Zba, Zbb, Zbc, Zbs, Zbkb, Zbkx, Zicond

  case sh1add, sh2add, sh3add, add_uw, sh1add_uw, sh2add_uw, sh3add_uw, slli_uw
  case andn, orn, xnor, clz, ctz, cpop, clzw, ctzw, cpopw, max, maxu, min, minu, sext_b, sext_h
  case zext_h
  case rol, ror, rori, rolw, rorw, roriw, orc_b, rev8
  case clmul, clmulh, clmulr
  case bclr, bclri, bext, bexti, binv, binvi, bset, bseti
  case brev8, pack, packh, packw, zip, unzip, xperm4, xperm8
  case czero_eqz, czero_nez

  // MARK: Zicbom, Zicboz, Zicbop

  case cbo_inval, cbo_clean, cbo_flush, cbo_zero
  case prefetch

  // MARK: Zimop: both write zero

  case mop_r, mop_rr

  // MARK: Compressed: the length differs, the operands are expanded

  case c_addi, c_li, c_lui, c_mv, c_add, c_sub, c_xor, c_or, c_and, c_andi, c_slli, c_srli, c_srai
  case c_addiw, c_addw, c_subw
  case c_lw, c_ld, c_sw, c_sd, c_flw, c_fsw, c_fld, c_fsd
  case c_beq, c_bne, c_jal, c_jalr, c_ebreak
  case c_lbu, c_lh, c_lhu, c_sb, c_sh, c_mul, c_xori, c_sext_b, c_sext_h, c_zext_h, c_zext_w, c_mop

  /// From here on instructions are two bytes long.
  static var firstShort: Opcode { .c_addi }
}
