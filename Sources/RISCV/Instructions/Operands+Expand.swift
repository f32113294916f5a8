/// An instruction's bits as the formats of the manual slice them: RISC-V Unprivileged, §2.2, §2.3
/// ("Base Instruction Formats", "Immediate Encoding Variants") and §27.2 (compressed formats).
package struct InstructionFields {
  package let word: UInt32

  package init(_ word: UInt32) { self.word = word }

  private var signed: Int32 { Int32(bitPattern: word) }

  /// `count` bits from `low` on, moved to `place`.
  private func bits(_ low: Int32, _ count: Int32, _ place: Int32) -> Int32 {
    Int32(bitPattern: (word >> UInt32(low) & (1 << UInt32(count) - 1)) << UInt32(place))
  }

  /// All ones from `place` up where bit 12, the sign of compressed immediates, is set.
  private func sign(_ place: Int32) -> Int32 { word & 0x1000 != 0 ? -1 << place : 0 }

  package var rd: UInt8 { UInt8(word >> 7 & 31) }
  package var rs1: UInt8 { UInt8(word >> 15 & 31) }
  package var rs2: UInt8 { UInt8(word >> 20 & 31) }
  package var rs3: UInt8 { UInt8(word >> 27) }
  package var rounding: UInt8 { UInt8(word >> 12 & 7) }
  /// The destination as an operation has it: the sink in place of `x0`.
  package var destination: UInt8 { rd == 0 ? Operation.sink : rd }

  package var immediateI: Int32 { signed >> 20 }
  package var immediateS: Int32 { (signed >> 25) << 5 | bits(7, 5, 0) }
  package var immediateB: Int32 { (signed >> 31) << 12 | bits(7, 1, 11) | bits(25, 6, 5) | bits(8, 4, 1) }
  package var immediateU: Int32 { signed & ~0xfff }
  package var immediateJ: Int32 {
    (signed >> 31) << 20 | bits(12, 8, 12) | bits(20, 1, 11) | bits(21, 10, 1)
  }
  package var shift: Int32 { bits(20, 6, 0) }

  // Compressed.
  package var shortRd: UInt8 { UInt8(word >> 7 & 7) + 8 }
  package var shortRs2: UInt8 { UInt8(word >> 2 & 7) + 8 }
  package var compressedRs2: UInt8 { UInt8(word >> 2 & 31) }
  package var immediateCI: Int32 { sign(5) | bits(2, 5, 0) }
  package var shiftCI: Int32 { bits(12, 1, 5) | bits(2, 5, 0) }
  package var stackAdjust: Int32 { sign(9) | bits(3, 2, 7) | bits(5, 1, 6) | bits(2, 1, 5) | bits(6, 1, 4) }
  package var stackAddress: Int32 { bits(7, 4, 6) | bits(11, 2, 4) | bits(5, 1, 3) | bits(6, 1, 2) }
  package var offsetCLW: Int32 { bits(5, 1, 6) | bits(10, 3, 3) | bits(6, 1, 2) }
  package var offsetCLD: Int32 { bits(5, 2, 6) | bits(10, 3, 3) }
  package var offsetCLB: Int32 { bits(5, 1, 1) | bits(6, 1, 0) }
  package var offsetCLH: Int32 { bits(5, 1, 1) }
  package var offsetLWSP: Int32 { bits(2, 2, 6) | bits(12, 1, 5) | bits(4, 3, 2) }
  package var offsetLDSP: Int32 { bits(2, 3, 6) | bits(12, 1, 5) | bits(5, 2, 3) }
  package var offsetSWSP: Int32 { bits(7, 2, 6) | bits(9, 4, 2) }
  package var offsetSDSP: Int32 { bits(7, 3, 6) | bits(10, 3, 3) }
  package var offsetCB: Int32 { sign(8) | bits(5, 2, 6) | bits(2, 1, 5) | bits(10, 2, 3) | bits(3, 2, 1) }
  package var offsetCJ: Int32 {
    sign(11) | bits(8, 1, 10) | bits(9, 2, 8) | bits(6, 1, 7) | bits(7, 1, 6) | bits(2, 1, 5)
      | bits(11, 1, 4) | bits(3, 3, 1)
  }

  /// The number in the name of `mop.r.n`, `mop.rr.n` and `c.mop.n`.
  package var mayBe: Int32 { bits(30, 1, 4) | bits(26, 2, 2) | bits(20, 2, 0) }
  package var mayBePair: Int32 { bits(30, 1, 2) | bits(26, 2, 0) }
  package var compressedMayBe: Int32 { bits(8, 3, 1) | 1 }
}

extension Operation {
  /// The operation of `opcode` with the operands that `bits` hold.
  init(_ opcode: Opcode, _ operands: Operands, _ bits: UInt32) {
    let f = InstructionFields(bits)
    let sink = Operation.sink
    let (sp, ra): (UInt8, UInt8) = (2, 1)
    self.init(opcode: opcode, a: sink)
    func set(_ a: UInt8, _ rs1: UInt8, _ immediate: Int32) {
      self.a = a
      self.rs1 = rs1
      self.immediate = immediate
    }
    switch operands {
    case .none, .compressedNone: break
    case .raw: immediate = Int32(bitPattern: bits)
    case .register: set(f.destination, f.rs1, Int32(f.rs2))
    case .unary, .floatClassify: set(f.destination, f.rs1, 0)
    case .immediate, .load, .jumpRegister: set(f.destination, f.rs1, f.immediateI)
    case .shift: set(f.destination, f.rs1, f.shift)
    case .store, .floatStore: set(f.rs2, f.rs1, f.immediateS)
    case .branch: set(f.rs2, f.rs1, f.immediateB)
    case .upper: set(f.destination, 0, f.immediateU)
    case .jump: set(f.destination, 0, f.immediateJ)
    case .csr, .csrImmediate: set(f.destination, f.rs1, f.immediateI & 0xfff)
    case .fence: set(sink, 0, f.immediateI & 0xfff)
    case .atomic: set(f.destination, f.rs1, Int32(f.rs2) | Int32(bits >> 25 & 3) << 8)
    case .loadReserved: set(f.destination, f.rs1, Int32(bits >> 25 & 3) << 8)
    case .compareAndSwap:
      set(f.destination, f.rs1, Int32(f.rs2) | Int32(bits >> 25 & 3) << 8 | Int32(f.rd) << 16)
    case .address: set(sink, f.rs1, 0)
    case .prefetch: set(sink, f.rs1, f.immediateS & ~31)
    case .addressSpace: set(sink, f.rs1, Int32(f.rs2))
    case .mayBe: set(f.destination, f.rs1, 0)
    case .mayBePair: set(f.destination, f.rs1, Int32(f.rs2))
    case .floatLoad: set(f.rd, f.rs1, f.immediateI)
    case .float: set(f.rd, f.rs1, Int32(f.rs2))
    case .floatRounded: set(f.rd, f.rs1, Int32(f.rs2) | Int32(f.rounding) << 16)
    case .floatFused:
      set(f.rd, f.rs1, Int32(f.rs2) | Int32(f.rs3) << 8 | Int32(f.rounding) << 16)
    case .floatUnaryRounded, .integerToFloat: set(f.rd, f.rs1, Int32(f.rounding) << 16)
    case .floatCompare: set(f.destination, f.rs1, Int32(f.rs2))
    case .floatToInteger, .floatToIntegerTowardZero:
      set(f.destination, f.rs1, Int32(f.rounding) << 16)
    case .integerMoveToFloat, .floatConstant: set(f.rd, f.rs1, 0)
    case .integerPairToFloat: set(f.rd, f.rs1, Int32(f.rs2))

    case .compressedNop: set(sink, 0, f.immediateCI)
    case .compressedImmediate: set(f.destination, f.rd, f.immediateCI)
    case .compressedLoadUpper: set(f.destination, 0, f.immediateCI << 12)
    case .compressedStackAdjust: set(sp, sp, f.stackAdjust)
    case .compressedStackAddress: set(f.shortRs2, sp, f.stackAddress)
    case .compressedMove: set(f.destination, f.compressedRs2, Int32(f.compressedRs2))
    case .compressedRegister: set(f.destination, f.rd, Int32(f.compressedRs2))
    case .compressedShift: set(f.destination, f.rd, f.shiftCI)
    case .compressedShortShift: set(f.shortRd, f.shortRd, f.shiftCI)
    case .compressedShortImmediate: set(f.shortRd, f.shortRd, f.immediateCI)
    case .compressedShortRegister: set(f.shortRd, f.shortRd, Int32(f.shortRs2))
    case .compressedShortUnary: set(f.shortRd, f.shortRd, 0)
    case .compressedNot: set(f.shortRd, f.shortRd, -1)
    case .compressedZeroExtendByte: set(f.shortRd, f.shortRd, 0xff)
    case .compressedJump: set(sink, 0, f.offsetCJ)
    case .compressedJumpAndLink: set(ra, 0, f.offsetCJ)
    case .compressedJumpRegister: set(sink, f.rd, 0)
    case .compressedJumpAndLinkRegister: set(ra, f.rd, 0)
    case .compressedBranch: set(0, f.shortRd, f.offsetCB)
    case .compressedLoadWord, .compressedFloatLoadWord, .compressedStoreWord, .compressedFloatStoreWord:
      set(f.shortRs2, f.shortRd, f.offsetCLW)
    case .compressedLoadDouble, .compressedFloatLoadDouble, .compressedStoreDouble,
      .compressedFloatStoreDouble:
      set(f.shortRs2, f.shortRd, f.offsetCLD)
    case .compressedStackLoadWord: set(f.destination, sp, f.offsetLWSP)
    case .compressedStackLoadDouble: set(f.destination, sp, f.offsetLDSP)
    case .compressedStackFloatLoadWord: set(f.rd, sp, f.offsetLWSP)
    case .compressedStackFloatLoadDouble: set(f.rd, sp, f.offsetLDSP)
    case .compressedStackStoreWord, .compressedStackFloatStoreWord:
      set(f.compressedRs2, sp, f.offsetSWSP)
    case .compressedStackStoreDouble, .compressedStackFloatStoreDouble:
      set(f.compressedRs2, sp, f.offsetSDSP)
    case .compressedLoadByte, .compressedStoreByte: set(f.shortRs2, f.shortRd, f.offsetCLB)
    case .compressedLoadHalf, .compressedStoreHalf: set(f.shortRs2, f.shortRd, f.offsetCLH)
    case .compressedMayBe: break
    }
  }
}
