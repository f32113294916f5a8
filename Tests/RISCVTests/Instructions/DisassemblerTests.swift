import Testing

import RISCV

private let extensions = ExtensionSet.available.subtracting([.zcf])
private let canonical = Disassembler(extensions: extensions, xlen: 64, style: .canonical)
private let readable = Disassembler(extensions: extensions, xlen: 64)

@Suite("Disassembly")
struct DisassemblerTests {
  @Test(
    "Canonical text is what binutils 2.44 writes with no-aliases",
    arguments: [
      (0xfff5_8513, "addi\ta0,a1,-1"), (0x0000_1517, "auipc\ta0,0x1"), (0x0045_8567, "jalr\ta0,4(a1)"),
      (0x3005_9573, "csrrw\ta0,mstatus,a1"), (0x7c01_d573, "csrrwi\ta0,0x7c0,3"),
      (0x0310_000f, "fence\trw,w"), (0x8330_000f, "fence.tso"), (0x1605_a52f, "lr.w.aqrl\ta0,(a1)"),
      (0x1ac5_b52f, "sc.d.rl\ta0,a2,(a1)"), (0x2ec5_c52f, "amocas.q.aqrl\ta0,a2,(a1)"),
      (0x0045_200f, "cbo.zero\t(a0)"), (0x0215_6013, "prefetch.r\t32(a0)"),
      (0x12b5_0073, "sfence.vma\ta0,a1"), (0x85d5_c573, "mop.r.5\ta0,a1"),
      (0x8ec5_c573, "mop.rr.3\ta0,a1,a2"), (0x00c5_9553, "fadd.s\tfa0,fa1,fa2,rtz"),
      (0x00c5_f553, "fadd.s\tfa0,fa1,fa2"), (0x4205_8553, "fcvt.d.s\tfa0,fa1"),
      (0xc285_9553, "fcvtmod.w.d\ta0,fa1,rtz"), (0xf018_0553, "fli.s\tfa0,0x1p+0"),
      (0x6ac5_f543, "fmadd.d\tfa0,fa1,fa2,fa3"), (0xfea5_2e27, "fsw\tfa0,-4(a0)"),
      (0x757d, "c.lui\ta0,0xfffff"), (0x713d, "c.addi16sp\tsp,-32"), (0x0808, "c.addi4spn\ta0,sp,16"),
      (0x4512, "c.lwsp\ta0,4(sp)"), (0x1506, "c.slli\ta0,0x21"), (0x6181, "c.mop.3"),
      (0x81e8, "c.lbu\ta0,3(a1)"), (0x2588, "c.fld\tfa0,8(a1)"),
      (0xffff_fffb, ".insn\t4, 0xfffffffb"), (0x0000, ".insn\t2, 0x0000"),
    ] as [(UInt32, String)])
  func canonicalText(word: UInt32, text: String) {
    #expect(canonical.line(word).text == text)
  }

  @Test(
    "Readable text is what binutils writes by itself",
    arguments: [
      (0x0000_0013, "nop"), (0x0050_0513, "li\ta0,5"), (0x0005_8513, "mv\ta0,a1"), (0x8082, "ret"),
      (0x0000_8067, "ret"), (0x852e, "mv\ta0,a1"), (0x0505, "addi\ta0,a0,1"), (0x41c8, "lw\ta0,4(a1)"),
      (0x4512, "lw\ta0,4(sp)"), (0x3000_2573, "csrr\ta0,mstatus"), (0x3005_1073, "csrw\tmstatus,a0"),
      (0xc010_2573, "rdtime\ta0"), (0x1200_0073, "sfence.vma"), (0x0ff0_000f, "fence"),
      (0x2005_8553 | 0xb << 20, "fmv.s\tfa0,fa1"), (0xfff5_4513, "not\ta0,a0"),
    ] as [(UInt32, String)])
  func readableText(word: UInt32, text: String) {
    #expect(readable.line(word).text == text)
  }

  @Test("Branches and jumps count from the instruction's address")
  func targets() {
    #expect(readable.line(0xfe05_0ce3, at: 0x8000_0010).text == "beqz\ta0,0x80000008")
    #expect(readable.line(0xa001, at: 0x8000_0000).text == "j\t0x80000000")
    let narrow = Disassembler(extensions: .available, xlen: 32)
    #expect(narrow.line(0xffdf_f0ef, at: 0).text == "jal\t0xfffffffc")
  }
}
