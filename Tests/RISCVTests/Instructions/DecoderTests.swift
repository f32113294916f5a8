import Testing

import RISCV

private let rich = Decoder(extensions: ExtensionSet.available.subtracting([.zcf]), xlen: 64)
private let narrow = Decoder(extensions: .available, xlen: 32)

/// A decoder of `rv64i` with these extensions and what they imply.
private func decoder(_ extensions: ExtensionSet, xlen: Int = 64) -> Decoder {
  Decoder(extensions: extensions.union([.i]).closed(xlen: xlen), xlen: xlen)
}

@Suite("Decoding")
struct DecoderTests {
  @Test("An operation takes eight bytes and an all-zero one is undecoded")
  func layout() {
    #expect(MemoryLayout<Operation>.stride == 8)
    #expect(Opcode.undecoded.rawValue == 0)
  }

  @Test("Immediates, sources and the sink are where the manual has them")
  func integerOperands() {
    // addi a0,a1,-1
    #expect(rich.decode(0xfff5_8513) == Operation(opcode: .addi, a: 10, rs1: 11, immediate: -1))
    // addi zero,a1,0: a write to x0 goes to the sink.
    #expect(rich.decode(0x0005_8013) == Operation(opcode: .addi, a: 32, rs1: 11, immediate: 0))
    // sw a2,-4(sp) and beq a0,zero,-8: the second source is `stored`, 0–31.
    #expect(rich.decode(0xfec1_2e23) == Operation(opcode: .sw, a: 12, rs1: 2, immediate: -4))
    #expect(rich.decode(0xfe05_0ce3) == Operation(opcode: .beq, a: 0, rs1: 10, immediate: -8))
    // lui a0,0xfffff; jal ra,-4; srai a0,a0,63
    #expect(rich.decode(0xffff_f537) == Operation(opcode: .lui, a: 10, immediate: -4096))
    #expect(rich.decode(0xffdf_f0ef) == Operation(opcode: .jal, a: 1, immediate: -4))
    #expect(rich.decode(0x43f5_5513) == Operation(opcode: .srai, a: 10, rs1: 10, immediate: 63))
    // csrrwi zero,0x7c0,3
    let control = rich.decode(0x7c01_d073)
    #expect(control == Operation(opcode: .csrrwi, a: 32, rs1: 3, immediate: 0x7c0) && control.csr == 0x7c0)
  }

  @Test("A fused operation carries its third source and the rounding mode, which may be reserved")
  func floatOperands() {
    // fmadd.d fa0,fa1,fa2,fa3,rtz
    let fused = rich.decode(0x6ac5_9543)
    #expect(fused.opcode == .fmadd_d && fused.a == 10 && fused.rs1 == 11)
    #expect(fused.rs2 == 12 && fused.rs3 == 13 && fused.rounding == 1)
    // fadd.s with rm = 5 decodes; execution refuses it. A floating-point f0 is no sink.
    let reserved = rich.decode(0x00c5_d053)
    #expect(reserved.opcode == .fadd_s && reserved.a == 0 && reserved.rounding == 5)
    // feq.s zero,fa1,fa2 writes an integer register.
    #expect(rich.decode(0xa0c5_a053) == Operation(opcode: .feq_s, a: 32, rs1: 11, immediate: 12))
    #expect(rich.decode(0xf01f_0553) == Operation(opcode: .fli_s, a: 10, rs1: 30))
  }

  @Test("Atomics carry aq and rl; amocas names the compare register even where rd is the sink")
  func atomicOperands() {
    let add = rich.decode(0x04c5_a52f)
    #expect(add.opcode == .amoadd_w && add.rs2 == 12 && add.acquire && !add.release)
    let swap = rich.decode(0x2ac5_a02f)
    #expect(swap.opcode == .amocas_w && swap.a == 32 && swap.compared == 0 && swap.release)
    let pair = rich.decode(0x28c5_c52f)
    #expect(pair.opcode == .amocas_q && pair.a == 10 && pair.compared == 10 && pair.rs2 == 12)
    #expect(rich.decode(0x28c5_c5af).opcode == .illegal, "an odd rd begins no pair")
    #expect(rich.decode(0x28d5_c52f).opcode == .illegal, "nor does an odd rs2")
  }

  @Test("Compressed operands are expanded")
  func compressed() {
    #expect(rich.decode(0x713d) == Operation(opcode: .c_addi, a: 2, rs1: 2, immediate: -32))
    #expect(rich.decode(0x0808) == Operation(opcode: .c_addi, a: 10, rs1: 2, immediate: 16))
    #expect(rich.decode(0x4512) == Operation(opcode: .c_lw, a: 10, rs1: 2, immediate: 4))
    #expect(rich.decode(0x41c8) == Operation(opcode: .c_lw, a: 10, rs1: 11, immediate: 4))
    #expect(rich.decode(0x8082) == Operation(opcode: .c_jalr, a: 32, rs1: 1))
    #expect(rich.decode(0x9082) == Operation(opcode: .c_jalr, a: 1, rs1: 1))
    #expect(rich.decode(0xa001) == Operation(opcode: .c_jal, a: 32))
    #expect(narrow.decode(0x2001) == Operation(opcode: .c_jal, a: 1))
    #expect(rich.decode(0xc101) == Operation(opcode: .c_beq, a: 0, rs1: 10))
    #expect(rich.decode(0x9d75) == Operation(opcode: .c_xori, a: 10, rs1: 10, immediate: -1))
    #expect(rich.decode(0x9d61) == Operation(opcode: .c_andi, a: 10, rs1: 10, immediate: 255))
    // The upper half of the word is the next instruction.
    #expect(rich.decode(0xffff_8082) == rich.decode(0x8082))
  }

  @Test(
    "Hints do nothing, reserved encodings are illegal and keep their bits",
    arguments: [
      (0x0001, Opcode.c_addi), (0x0005, .c_addi), (0x4005, .c_li), (0x6005, .c_lui), (0x8006, .c_mv),
      (0x9006, .c_add), (0x0006, .c_slli), (0x0000, .illegal), (0x0004, .illegal), (0x6101, .illegal),
      (0x4002, .illegal), (0x6002, .illegal), (0x8002, .illegal), (0x2001, .illegal), (0x6081, .c_mop),
      (0x6181, .c_mop), (0x6201, .illegal), (0x9c41, .c_mul), (0x9c79, .illegal),
    ] as [(UInt32, Opcode)])
  func hintsAndReserved(word: UInt32, opcode: Opcode) {
    let operation = rich.decode(word)
    #expect(operation.opcode == opcode)
    if opcode == .illegal {
      #expect(operation.immediate == Int32(word))
    } else if opcode != .c_mul {
      #expect(operation.a == Operation.sink)
    }
  }

  @Test("RV32 has no sixth bit in a shift")
  func narrowShifts() {
    #expect(rich.decode(0x0205_1513).opcode == .slli)
    #expect(narrow.decode(0x0205_1513).opcode == .illegal)
    #expect(rich.decode(0x1502).opcode == .c_slli)
    #expect(narrow.decode(0x1502).opcode == .illegal)
  }

  @Test("Fields that a fence reserves are ignored; pause is a fence without Zihintpause")
  func fences() {
    #expect(rich.decode(0x0ff0_000f) == Operation(opcode: .fence, a: 32, immediate: 0xff))
    #expect(rich.decode(0x8330_000f) == Operation(opcode: .fence, a: 32, immediate: 0x833 - 0x1000 & 0xfff))
    #expect(rich.decode(0xfa0b_100f).opcode == .fence_i)
    #expect(rich.decode(0x0100_000f).opcode == .pause)
    #expect(decoder([]).decode(0x0100_000f).opcode == .fence)
    #expect(rich.decode(0x0215_6013).opcode == .prefetch)
    #expect(decoder([]).decode(0x0215_6013).opcode == .ori)
  }

  @Test(
    "An instruction exists exactly where one of its extensions does",
    arguments: [
      (0x40b5_7533, [.zbb], [.zbkb], .andn), (0x0ab5_1533, [.zbc], [.zbkc], .clmul),
      (0x02b5_0533, [.m], [.zmmul], .mul), (0x00b5_7553, [.f], [.d], .fadd_s),
      (0x04b5_7553, [.zfh], [.zfh, .d], .fadd_h),
      (0x2200_8553 & 0x53 | 0x4200_8553, [.d], [.d, .zfa], .fcvt_d_s),
      (0x0e05_d533 | 0x0000_0000, [.zicond], [.zicond, .m], .czero_eqz),
      (0x0000_4501, [.zca], [.c], .c_li), (0x2588, [.c, .d], [.zcd, .d], .c_fld),
    ] as [(UInt32, ExtensionSet, ExtensionSet, Opcode)])
  func requirement(word: UInt32, one: ExtensionSet, other: ExtensionSet, opcode: Opcode) {
    #expect(decoder([]).decode(word).opcode == .illegal)
    #expect(decoder(one).decode(word).opcode == opcode)
    #expect(decoder(other).decode(word).opcode == opcode)
  }

  @Test("Some need two extensions")
  func twoExtensions() {
    // c.mul, c.sext.b, amocas.b, fround.d
    #expect(decoder([.zcb]).decode(0x9c41).opcode == .illegal)
    #expect(decoder([.zcb, .zmmul]).decode(0x9c41).opcode == .c_mul)
    #expect(decoder([.zcb]).decode(0x9c65).opcode == .illegal)
    #expect(decoder([.zcb, .zbb]).decode(0x9c65).opcode == .c_sext_b)
    #expect(decoder([.zacas]).decode(0x28c5_852f).opcode == .illegal)
    #expect(decoder([.zacas, .zabha]).decode(0x28c5_852f).opcode == .amocas_b)
    #expect(decoder([.zfa]).decode(0x4245_f553).opcode == .illegal)
    #expect(decoder([.zfa, .d]).decode(0x4245_f553).opcode == .fround_d)
  }

  @Test("Longer formats and what has no row are illegal")
  func illegal() {
    for word: UInt32 in [0x0000_001f, 0xffff_ffff, 0x0000_007f, 0x0000_0057, 0x6200_4073 & 0x6000_0073] {
      #expect(rich.decode(word) == Operation(opcode: .illegal, a: 32, immediate: Int32(bitPattern: word)))
    }
    #expect(
      Decoder.length(of: 0x4501) == 2 && Decoder.length(of: 0x0013) == 4 && Decoder.length(of: 0x001f) == 4)
  }
}
