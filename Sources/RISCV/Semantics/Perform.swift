extension Executor {
  /// Performs one decoded instruction: the switch that the interpreter runs and the translator emits from.
  /// It holds what programs execute most; the rest is `performRare`, so that an interpreter's loop stays
  /// small enough for the compiler to keep its variables in registers.
  @inlinable @inline(__always) public mutating func perform(_ i: Operation) throws(Trap) {
    switch i.opcode {

    // MARK: Slot states
    case .undecoded, .pageEnd, .straddle, .halt: try control(i)

    // MARK: I
    case .lui: lui(i)
    case .auipc: auipc(i)
    case .jal: try jal(i)
    case .jalr: try jalr(i)
    case .beq: try beq(i)
    case .bne: try bne(i)
    case .blt: try blt(i)
    case .bge: try bge(i)
    case .bltu: try bltu(i)
    case .bgeu: try bgeu(i)
    case .lb: try load(Int8.self, i)
    case .lh: try load(Int16.self, i)
    case .lw: try load(Int32.self, i)
    case .ld: try load(UInt64.self, i)
    case .lbu: try load(UInt8.self, i)
    case .lhu: try load(UInt16.self, i)
    case .lwu: try load(UInt32.self, i)
    case .sb: try store(UInt8.self, i)
    case .sh: try store(UInt16.self, i)
    case .sw: try store(UInt32.self, i)
    case .sd: try store(UInt64.self, i)
    case .addi: addi(i)
    case .slti: slti(i)
    case .sltiu: sltiu(i)
    case .xori: xori(i)
    case .ori: ori(i)
    case .andi: andi(i)
    case .slli: slli(i)
    case .srli: srli(i)
    case .srai: srai(i)
    case .add: add(i)
    case .sub: sub(i)
    case .sll: sll(i)
    case .slt: slt(i)
    case .sltu: sltu(i)
    case .xor: xor(i)
    case .srl: srl(i)
    case .sra: sra(i)
    case .or: or(i)
    case .and: and(i)
    case .addiw: addiw(i)
    case .slliw: slliw(i)
    case .srliw: srliw(i)
    case .sraiw: sraiw(i)
    case .addw: addw(i)
    case .subw: subw(i)
    case .sllw: sllw(i)
    case .srlw: srlw(i)
    case .sraw: sraw(i)
    case .fence: fence(i)

    // MARK: System
    case .prefetch: break

    // MARK: D's loads and stores
    case .fld: try fl(Binary64.self, i)
    case .fsd: try fs(Binary64.self, i)

    // MARK: M
    case .mul: mul(i)
    case .mulh: mulh(i)
    case .mulhsu: mulhsu(i)
    case .mulhu: mulhu(i)
    case .div: div(i)
    case .divu: divu(i)
    case .rem: rem(i)
    case .remu: remu(i)
    case .mulw: mulw(i)
    case .divw: divw(i)
    case .divuw: divuw(i)
    case .remw: remw(i)
    case .remuw: remuw(i)

    // MARK: Bit manipulation, Zicond, Zimop
    case .sh1add: shadd(i, 1)
    case .sh1add_uw: shaddUW(i, 1)
    case .sh2add: shadd(i, 2)
    case .sh2add_uw: shaddUW(i, 2)
    case .sh3add: shadd(i, 3)
    case .sh3add_uw: shaddUW(i, 3)
    case .add_uw: addUW(i)
    case .slli_uw: slliUW(i)
    case .sext_b: sextB(i)
    case .sext_h: sextH(i)
    case .zext_h: zextH(i)
    case .czero_eqz: czeroEqz(i)
    case .czero_nez: czeroNez(i)
    case .andn: andn(i)
    case .orn: orn(i)
    case .xnor: xnor(i)
    case .clz: clz(i)
    case .ctz: ctz(i)
    case .cpop: cpop(i)
    case .clzw: clzw(i)
    case .ctzw: ctzw(i)
    case .cpopw: cpopw(i)
    case .max: max(i)
    case .maxu: maxu(i)
    case .min: min(i)
    case .minu: minu(i)
    case .rol: rol(i)
    case .ror: ror(i)
    case .rori: rori(i)
    case .rolw: rolw(i)
    case .rorw: rorw(i)
    case .roriw: roriw(i)
    case .rev8: rev8(i)
    case .bclr: bclr(i)
    case .bclri: bclri(i)
    case .bext: bext(i)
    case .bexti: bexti(i)
    case .binv: binv(i)
    case .binvi: binvi(i)
    case .bset: bset(i)
    case .bseti: bseti(i)

    // MARK: Compressed
    case .c_addi:
      shortForm()
      addi(i)
    case .c_lui:
      shortForm()
      lui(i)
    case .c_mv:
      shortForm()
      mv(i)
    case .c_add:
      shortForm()
      add(i)
    case .c_sub:
      shortForm()
      sub(i)
    case .c_xor:
      shortForm()
      xor(i)
    case .c_or:
      shortForm()
      or(i)
    case .c_and:
      shortForm()
      and(i)
    case .c_andi:
      shortForm()
      andi(i)
    case .c_slli:
      shortForm()
      slli(i)
    case .c_srli:
      shortForm()
      srli(i)
    case .c_srai:
      shortForm()
      srai(i)
    case .c_addiw:
      shortForm()
      addiw(i)
    case .c_addw:
      shortForm()
      addw(i)
    case .c_subw:
      shortForm()
      subw(i)
    case .c_mul:
      shortForm()
      mul(i)
    case .c_xori:
      shortForm()
      xori(i)
    case .c_li:
      shortForm()
      lui(i)
    case .c_jal:
      shortForm()
      try jal(i)
    case .c_jalr:
      shortForm()
      try jalr(i)
    case .c_beq:
      shortForm()
      try beq(i)
    case .c_bne:
      shortForm()
      try bne(i)
    case .c_lw:
      shortForm()
      try load(Int32.self, i)
    case .c_ld:
      shortForm()
      try load(UInt64.self, i)
    case .c_lbu:
      shortForm()
      try load(UInt8.self, i)
    case .c_lh:
      shortForm()
      try load(Int16.self, i)
    case .c_lhu:
      shortForm()
      try load(UInt16.self, i)
    case .c_sw:
      shortForm()
      try store(UInt32.self, i)
    case .c_sd:
      shortForm()
      try store(UInt64.self, i)
    case .c_sb:
      shortForm()
      try store(UInt8.self, i)
    case .c_sh:
      shortForm()
      try store(UInt16.self, i)
    case .c_sext_b:
      shortForm()
      sextB(i)
    case .c_sext_h:
      shortForm()
      sextH(i)
    case .c_zext_h:
      shortForm()
      zextH(i)
    case .c_zext_w:
      shortForm()
      zextW(i)
    case .c_fld:
      shortForm()
      try fl(Binary64.self, i)
    case .c_fsd:
      shortForm()
      try fs(Binary64.self, i)
    case .c_flw, .c_fsw, .c_ebreak, .c_mop:
      shortForm()
      try rare(i)

    // MARK: The rest, named, so that the switch needs no check of its range
    case .illegal, .ecall, .ebreak, .fence_i, .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci, .pause,
      .wrs_nto, .wrs_sto, .mret, .sret, .wfi, .sfence_vma, .sinval_vma, .sfence_w_inval, .sfence_inval_ir,
      .cbo_inval, .cbo_clean, .cbo_flush, .cbo_zero, .lr_w, .sc_w, .lr_d, .sc_d, .amoswap_w, .amoadd_w,
      .amoxor_w, .amoand_w, .amoor_w, .amomin_w, .amomax_w, .amominu_w, .amomaxu_w, .amoswap_d, .amoadd_d,
      .amoxor_d, .amoand_d, .amoor_d, .amomin_d, .amomax_d, .amominu_d, .amomaxu_d, .amoswap_b, .amoadd_b,
      .amoxor_b, .amoand_b, .amoor_b, .amomin_b, .amomax_b, .amominu_b, .amomaxu_b, .amoswap_h, .amoadd_h,
      .amoxor_h, .amoand_h, .amoor_h, .amomin_h, .amomax_h, .amominu_h, .amomaxu_h, .amocas_w, .amocas_d,
      .amocas_q, .amocas_b, .amocas_h, .flw, .fsw, .fmadd_s, .fmsub_s, .fnmsub_s, .fnmadd_s, .fadd_s,
      .fsub_s, .fmul_s, .fdiv_s, .fsqrt_s, .fsgnj_s, .fsgnjn_s, .fsgnjx_s, .fmin_s, .fmax_s, .fminm_s,
      .fmaxm_s, .feq_s, .flt_s, .fle_s, .fltq_s, .fleq_s, .fclass_s, .fli_s, .fround_s, .froundnx_s,
      .fcvt_w_s, .fcvt_s_w, .fcvt_wu_s, .fcvt_s_wu, .fcvt_l_s, .fcvt_s_l, .fcvt_lu_s, .fcvt_s_lu,
      .fmadd_d, .fmsub_d, .fnmsub_d, .fnmadd_d, .fadd_d, .fsub_d, .fmul_d, .fdiv_d, .fsqrt_d, .fsgnj_d,
      .fsgnjn_d, .fsgnjx_d, .fmin_d, .fmax_d, .fminm_d, .fmaxm_d, .feq_d, .flt_d, .fle_d, .fltq_d,
      .fleq_d, .fclass_d, .fli_d, .fround_d, .froundnx_d, .fcvt_w_d, .fcvt_d_w, .fcvt_wu_d, .fcvt_d_wu,
      .fcvt_l_d, .fcvt_d_l, .fcvt_lu_d, .fcvt_d_lu, .flh, .fsh, .fmadd_h, .fmsub_h, .fnmsub_h, .fnmadd_h,
      .fadd_h, .fsub_h, .fmul_h, .fdiv_h, .fsqrt_h, .fsgnj_h, .fsgnjn_h, .fsgnjx_h, .fmin_h, .fmax_h,
      .fminm_h, .fmaxm_h, .feq_h, .flt_h, .fle_h, .fltq_h, .fleq_h, .fclass_h, .fli_h, .fround_h,
      .froundnx_h, .fcvt_w_h, .fcvt_h_w, .fcvt_wu_h, .fcvt_h_wu, .fcvt_l_h, .fcvt_h_l, .fcvt_lu_h,
      .fcvt_h_lu, .fmv_x_w, .fmv_w_x, .fmv_x_d, .fmv_d_x, .fmv_x_h, .fmv_h_x, .fcvt_s_d, .fcvt_d_s,
      .fcvt_s_h, .fcvt_h_s, .fcvt_d_h, .fcvt_h_d, .fcvtmod_w_d, .fmvh_x_d, .fmvp_d_x, .orc_b, .clmul,
      .clmulh, .clmulr, .brev8, .packh, .packw, .zip, .unzip, .xperm4, .xperm8, .pack, .mop_r, .mop_rr:
      try rare(i)
    }
  }

  /// Everything else: system instructions, atomics, floating point, the odd bit manipulations. None of it
  /// jumps.
  @inlinable @inline(__always) public mutating func performRare(_ i: Operation) throws(Trap) {
    switch i.opcode {

    // MARK: Slot states
    case .illegal: try system(i)

    // MARK: System
    case .ecall, .ebreak, .fence_i, .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci, .pause, .wrs_nto,
      .wrs_sto,
      .mret, .sret, .wfi, .sfence_vma, .sinval_vma, .sfence_w_inval, .sfence_inval_ir, .cbo_inval, .cbo_clean,
      .cbo_flush, .cbo_zero:
      try system(i)

    // MARK: A, Zabha, Zacas
    case .lr_w: try lr(Int32.self, i)
    case .sc_w: try sc(Int32.self, i)
    case .lr_d: try lr(Int64.self, i)
    case .sc_d: try sc(Int64.self, i)
    case .amoswap_w: try amo(.swap, Int32.self, i)
    case .amoadd_w: try amo(.add, Int32.self, i)
    case .amoxor_w: try amo(.xor, Int32.self, i)
    case .amoand_w: try amo(.and, Int32.self, i)
    case .amoor_w: try amo(.or, Int32.self, i)
    case .amomin_w: try amo(.min, Int32.self, i)
    case .amomax_w: try amo(.max, Int32.self, i)
    case .amominu_w: try amo(.minUnsigned, Int32.self, i)
    case .amomaxu_w: try amo(.maxUnsigned, Int32.self, i)
    case .amoswap_d: try amo(.swap, Int64.self, i)
    case .amoadd_d: try amo(.add, Int64.self, i)
    case .amoxor_d: try amo(.xor, Int64.self, i)
    case .amoand_d: try amo(.and, Int64.self, i)
    case .amoor_d: try amo(.or, Int64.self, i)
    case .amomin_d: try amo(.min, Int64.self, i)
    case .amomax_d: try amo(.max, Int64.self, i)
    case .amominu_d: try amo(.minUnsigned, Int64.self, i)
    case .amomaxu_d: try amo(.maxUnsigned, Int64.self, i)
    case .amoswap_b: try amo(.swap, Int8.self, i)
    case .amoadd_b: try amo(.add, Int8.self, i)
    case .amoxor_b: try amo(.xor, Int8.self, i)
    case .amoand_b: try amo(.and, Int8.self, i)
    case .amoor_b: try amo(.or, Int8.self, i)
    case .amomin_b: try amo(.min, Int8.self, i)
    case .amomax_b: try amo(.max, Int8.self, i)
    case .amominu_b: try amo(.minUnsigned, Int8.self, i)
    case .amomaxu_b: try amo(.maxUnsigned, Int8.self, i)
    case .amoswap_h: try amo(.swap, Int16.self, i)
    case .amoadd_h: try amo(.add, Int16.self, i)
    case .amoxor_h: try amo(.xor, Int16.self, i)
    case .amoand_h: try amo(.and, Int16.self, i)
    case .amoor_h: try amo(.or, Int16.self, i)
    case .amomin_h: try amo(.min, Int16.self, i)
    case .amomax_h: try amo(.max, Int16.self, i)
    case .amominu_h: try amo(.minUnsigned, Int16.self, i)
    case .amomaxu_h: try amo(.maxUnsigned, Int16.self, i)
    case .amocas_w: try amocas(Int32.self, i)
    case .amocas_d: try amocasDouble(i)
    case .amocas_q: try compareAndSwapPair(i)
    case .amocas_b: try amocas(Int8.self, i)
    case .amocas_h: try amocas(Int16.self, i)

    // MARK: F and its part of Zfa
    case .flw: try fl(Binary32.self, i)
    case .fsw: try fs(Binary32.self, i)
    case .fmadd_s: try fma(Binary32.self, i, negateProduct: false, negateAddend: false)
    case .fmsub_s: try fma(Binary32.self, i, negateProduct: false, negateAddend: true)
    case .fnmsub_s: try fma(Binary32.self, i, negateProduct: true, negateAddend: false)
    case .fnmadd_s: try fma(Binary32.self, i, negateProduct: true, negateAddend: true)
    case .fadd_s: try fop(.add, Binary32.self, i)
    case .fsub_s: try fop(.subtract, Binary32.self, i)
    case .fmul_s: try fop(.multiply, Binary32.self, i)
    case .fdiv_s: try fop(.divide, Binary32.self, i)
    case .fsqrt_s: try fop(.squareRoot, Binary32.self, i)
    case .fsgnj_s: try fchoose(.copySign, Binary32.self, i)
    case .fsgnjn_s: try fchoose(.copyNegatedSign, Binary32.self, i)
    case .fsgnjx_s: try fchoose(.xorSign, Binary32.self, i)
    case .fmin_s: try fchoose(.minimum, Binary32.self, i)
    case .fmax_s: try fchoose(.maximum, Binary32.self, i)
    case .fminm_s: try fchoose(.minimumNaN, Binary32.self, i)
    case .fmaxm_s: try fchoose(.maximumNaN, Binary32.self, i)
    case .feq_s: try fcompare(.equal, Binary32.self, i)
    case .flt_s: try fcompare(.less, Binary32.self, i)
    case .fle_s: try fcompare(.lessOrEqual, Binary32.self, i)
    case .fltq_s: try fcompare(.lessQuiet, Binary32.self, i)
    case .fleq_s: try fcompare(.lessOrEqualQuiet, Binary32.self, i)
    case .fclass_s: try fclass(Binary32.self, i)
    case .fli_s: try fli(Binary32.self, i)
    case .fround_s: try fround(Binary32.self, i, signalInexact: false)
    case .froundnx_s: try fround(Binary32.self, i, signalInexact: true)
    case .fcvt_w_s: try fcvt(.signed32, from: Binary32.self, i)
    case .fcvt_s_w: try fcvt(Binary32.self, from: .signed32, i)
    case .fcvt_wu_s: try fcvt(.unsigned32, from: Binary32.self, i)
    case .fcvt_s_wu: try fcvt(Binary32.self, from: .unsigned32, i)
    case .fcvt_l_s: try fcvt(.signed64, from: Binary32.self, i)
    case .fcvt_s_l: try fcvt(Binary32.self, from: .signed64, i)
    case .fcvt_lu_s: try fcvt(.unsigned64, from: Binary32.self, i)
    case .fcvt_s_lu: try fcvt(Binary32.self, from: .unsigned64, i)

    // MARK: D and its part of Zfa
    case .fmadd_d: try fma(Binary64.self, i, negateProduct: false, negateAddend: false)
    case .fmsub_d: try fma(Binary64.self, i, negateProduct: false, negateAddend: true)
    case .fnmsub_d: try fma(Binary64.self, i, negateProduct: true, negateAddend: false)
    case .fnmadd_d: try fma(Binary64.self, i, negateProduct: true, negateAddend: true)
    case .fadd_d: try fop(.add, Binary64.self, i)
    case .fsub_d: try fop(.subtract, Binary64.self, i)
    case .fmul_d: try fop(.multiply, Binary64.self, i)
    case .fdiv_d: try fop(.divide, Binary64.self, i)
    case .fsqrt_d: try fop(.squareRoot, Binary64.self, i)
    case .fsgnj_d: try fchoose(.copySign, Binary64.self, i)
    case .fsgnjn_d: try fchoose(.copyNegatedSign, Binary64.self, i)
    case .fsgnjx_d: try fchoose(.xorSign, Binary64.self, i)
    case .fmin_d: try fchoose(.minimum, Binary64.self, i)
    case .fmax_d: try fchoose(.maximum, Binary64.self, i)
    case .fminm_d: try fchoose(.minimumNaN, Binary64.self, i)
    case .fmaxm_d: try fchoose(.maximumNaN, Binary64.self, i)
    case .feq_d: try fcompare(.equal, Binary64.self, i)
    case .flt_d: try fcompare(.less, Binary64.self, i)
    case .fle_d: try fcompare(.lessOrEqual, Binary64.self, i)
    case .fltq_d: try fcompare(.lessQuiet, Binary64.self, i)
    case .fleq_d: try fcompare(.lessOrEqualQuiet, Binary64.self, i)
    case .fclass_d: try fclass(Binary64.self, i)
    case .fli_d: try fli(Binary64.self, i)
    case .fround_d: try fround(Binary64.self, i, signalInexact: false)
    case .froundnx_d: try fround(Binary64.self, i, signalInexact: true)
    case .fcvt_w_d: try fcvt(.signed32, from: Binary64.self, i)
    case .fcvt_d_w: try fcvt(Binary64.self, from: .signed32, i)
    case .fcvt_wu_d: try fcvt(.unsigned32, from: Binary64.self, i)
    case .fcvt_d_wu: try fcvt(Binary64.self, from: .unsigned32, i)
    case .fcvt_l_d: try fcvt(.signed64, from: Binary64.self, i)
    case .fcvt_d_l: try fcvt(Binary64.self, from: .signed64, i)
    case .fcvt_lu_d: try fcvt(.unsigned64, from: Binary64.self, i)
    case .fcvt_d_lu: try fcvt(Binary64.self, from: .unsigned64, i)

    // MARK: Zfh and its part of Zfa
    case .flh: try fl(Binary16.self, i)
    case .fsh: try fs(Binary16.self, i)
    case .fmadd_h: try fma(Binary16.self, i, negateProduct: false, negateAddend: false)
    case .fmsub_h: try fma(Binary16.self, i, negateProduct: false, negateAddend: true)
    case .fnmsub_h: try fma(Binary16.self, i, negateProduct: true, negateAddend: false)
    case .fnmadd_h: try fma(Binary16.self, i, negateProduct: true, negateAddend: true)
    case .fadd_h: try fop(.add, Binary16.self, i)
    case .fsub_h: try fop(.subtract, Binary16.self, i)
    case .fmul_h: try fop(.multiply, Binary16.self, i)
    case .fdiv_h: try fop(.divide, Binary16.self, i)
    case .fsqrt_h: try fop(.squareRoot, Binary16.self, i)
    case .fsgnj_h: try fchoose(.copySign, Binary16.self, i)
    case .fsgnjn_h: try fchoose(.copyNegatedSign, Binary16.self, i)
    case .fsgnjx_h: try fchoose(.xorSign, Binary16.self, i)
    case .fmin_h: try fchoose(.minimum, Binary16.self, i)
    case .fmax_h: try fchoose(.maximum, Binary16.self, i)
    case .fminm_h: try fchoose(.minimumNaN, Binary16.self, i)
    case .fmaxm_h: try fchoose(.maximumNaN, Binary16.self, i)
    case .feq_h: try fcompare(.equal, Binary16.self, i)
    case .flt_h: try fcompare(.less, Binary16.self, i)
    case .fle_h: try fcompare(.lessOrEqual, Binary16.self, i)
    case .fltq_h: try fcompare(.lessQuiet, Binary16.self, i)
    case .fleq_h: try fcompare(.lessOrEqualQuiet, Binary16.self, i)
    case .fclass_h: try fclass(Binary16.self, i)
    case .fli_h: try fli(Binary16.self, i)
    case .fround_h: try fround(Binary16.self, i, signalInexact: false)
    case .froundnx_h: try fround(Binary16.self, i, signalInexact: true)
    case .fcvt_w_h: try fcvt(.signed32, from: Binary16.self, i)
    case .fcvt_h_w: try fcvt(Binary16.self, from: .signed32, i)
    case .fcvt_wu_h: try fcvt(.unsigned32, from: Binary16.self, i)
    case .fcvt_h_wu: try fcvt(Binary16.self, from: .unsigned32, i)
    case .fcvt_l_h: try fcvt(.signed64, from: Binary16.self, i)
    case .fcvt_h_l: try fcvt(Binary16.self, from: .signed64, i)
    case .fcvt_lu_h: try fcvt(.unsigned64, from: Binary16.self, i)
    case .fcvt_h_lu: try fcvt(Binary16.self, from: .unsigned64, i)
    case .fmv_x_w: try fmvToInteger(Binary32.self, i)
    case .fmv_w_x: try fmvFromInteger(Binary32.self, i)
    case .fmv_x_d: try fmvToInteger(Binary64.self, i)
    case .fmv_d_x: try fmvFromInteger(Binary64.self, i)
    case .fmv_x_h: try fmvToInteger(Binary16.self, i)
    case .fmv_h_x: try fmvFromInteger(Binary16.self, i)
    case .fcvt_s_d: try fcvt(Binary32.self, from: Binary64.self, i)
    case .fcvt_d_s: try fcvt(Binary64.self, from: Binary32.self, i)
    case .fcvt_s_h: try fcvt(Binary32.self, from: Binary16.self, i)
    case .fcvt_h_s: try fcvt(Binary16.self, from: Binary32.self, i)
    case .fcvt_d_h: try fcvt(Binary64.self, from: Binary16.self, i)
    case .fcvt_h_d: try fcvt(Binary16.self, from: Binary64.self, i)
    case .fcvtmod_w_d: try fcvtmod(i)
    case .fmvh_x_d: try fmvh(i)
    case .fmvp_d_x: try fmvp(i)

    // MARK: Bit manipulation, Zicond, Zimop
    case .orc_b: orcB(i)
    case .clmul: clmul(i)
    case .clmulh: clmulh(i)
    case .clmulr: clmulr(i)
    case .brev8: brev8(i)
    case .packh: packh(i)
    case .packw: packw(i)
    case .zip: zip(i)
    case .unzip: unzip(i)
    case .xperm4: xperm4(i)
    case .xperm8: xperm8(i)
    case .pack: pack(i)
    case .mop_r, .mop_rr: self[x: i.rd] = Value(immediate: 0)

    // MARK: Compressed
    case .c_flw: try fl(Binary32.self, i)
    case .c_fsw: try fs(Binary32.self, i)
    case .c_ebreak: try system(i)
    case .c_mop: break

    default: try system(i)
    }
  }
}
