import RISCV

/// Guest code whose host code stands in a file.
struct GuestFragment {
  var name: String
  var code: [UInt8]
  /// Byte offsets at which regions begin, in the order in which they are translated; none: one instruction alone.
  var regions: [Int] = []

  init(_ instruction: UInt32) {
    name = ""
    code = bytes([instruction])
  }

  init(_ name: String, regions: Int..., write: (inout Assembly) -> Void) {
    self.name = name
    var assembly = Assembly(at: HostCodeListing.base)
    write(&assembly)
    code = assembly.finished
    self.regions = regions.isEmpty ? [0] : regions
  }
}

// MARK: Single instructions

extension GuestFragment {
  /// Which registers an instruction works on: such as live in host registers, or in memory.
  struct Registers {
    var (rd, rs1, rs2, rs3): (UInt32, UInt32, UInt32, UInt32)
    static let held = Registers(rd: 10, rs1: 11, rs2: 12, rs3: 13)
    static let inMemory = Registers(rd: 28, rs1: 29, rs2: 30, rs3: 31)
  }

  /// Every instruction that needs no more than `extensions`, and is none of `others`.
  static func all(
    of extensions: ExtensionSet, without others: ExtensionSet = [], _ registers: Registers = .held
  ) -> [GuestFragment] {
    let decoder = Decoder(extensions: extensions, xlen: 64)
    return Instruction.table.compactMap { row in
      guard row.requirement.isMet(by: extensions, xlen: 64),
        others.isEmpty || !row.requirement.isMet(by: others, xlen: 64), !privileged.contains(row.opcode),
        let word = encoded(row, registers),
        decoder.instruction(word)?.mnemonic == row.mnemonic
      else { return nil }
      return GuestFragment(word)
    }
  }

  /// What always leaves, and control registers, which have entries of their own.
  private static let privileged: Set<Opcode> = [
    .mret, .sret, .wfi, .sfence_vma, .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci,
  ]

  /// `row` with registers and small immediates.
  private static func encoded(_ row: Instruction, _ r: Registers) -> UInt32? {
    if row.length == 2 {
      // Both register fields as the long and the short formats have them: a0 and a1; immediates follow.
      let fields: UInt32 = 10 << 7 | 11 << 2
      for other in [0, 0x1000, 0x0400, 0x0060] as [UInt32] {
        let word = row.match | (fields | other) & ~row.mask & 0xffff
        if row.matches(word) { return word }
      }
      return nil
    }
    // Pairs begin with even registers.
    let second = row.opcode == .amocas_q ? r.rs2 & ~1 : r.rs2
    let (rd, rs1, rs2) = (r.rd << 7, r.rs1 << 15, second << 20)
    let immediate: UInt32 = 40
    let fields: UInt32 =
      switch row.operands {
      case .immediate, .load, .jumpRegister, .floatLoad: rd | rs1 | immediate << 20
      case .shift: rd | rs1 | 5 << 20
      case .store, .floatStore: rs1 | r.rd << 20 | (immediate & 31) << 7 | (immediate >> 5) << 25
      case .branch: rs1 | rs2 | Assembly.branchField(0x40)
      case .upper: rd | 0x12345 << 12
      case .jump: rd | Assembly.jumpField(0x40)
      case .fence: 0x033 << 20
      default: rd | rs1 | rs2 | r.rs3 << 27 | 7 << 12
      }
    return row.match | fields & ~row.mask & ~acquireAndRelease(row)
  }

  /// Orders that atomics may have change nothing on this host.
  private static func acquireAndRelease(_ row: Instruction) -> UInt32 {
    switch row.operands {
    case .atomic, .loadReserved, .compareAndSwap: 3 << 25
    default: 0
    }
  }

  /// Accesses to control and status registers.
  static let controlRegisters: [GuestFragment] = [
    Encoding.csr(1, 2, 0x140, 2), Encoding.csr(2, 10, 0x142, 0), Encoding.csr(2, 10, 0x141, 0),
    Encoding.csr(2, 10, 0x100, 0), Encoding.csr(7, 0, 0x100, 2), Encoding.csr(6, 0, 0x100, 2),
    Encoding.csr(1, 10, 0x340, 10), Encoding.csr(2, 10, 0xc02, 0), Encoding.csr(2, 10, 0x001, 0),
    Encoding.csr(2, 10, 0x180, 0), Encoding.csr(2, 0, 0x100, 5), Encoding.csr(3, 0, 0x100, 5),
    Encoding.csr(2, 10, 0xc01, 0),
  ].map { GuestFragment($0) }
}

// MARK: Functions and loops

extension GuestFragment {
  private typealias E = Encoding
  private static let (zero, ra, sp, t0, s0, s1): (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) =
    (0, 1, 2, 5, 8, 9)
  private static let (a0, a1, a2, a3, a4, a5): (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) =
    (10, 11, 12, 13, 14, 15)
  private static func addi(_ rd: UInt32, _ rs: UInt32, _ v: Int) -> UInt32 {
    E.i(0x13, 0, rd, rs, UInt32(truncatingIfNeeded: v))
  }
  private static func load(_ f3: UInt32, _ rd: UInt32, _ offset: UInt32, _ rs: UInt32) -> UInt32 {
    E.i(0x03, f3, rd, rs, offset)
  }
  private static func store(_ f3: UInt32, _ source: UInt32, _ offset: UInt32, _ rs: UInt32) -> UInt32 {
    E.s(0x23, f3, rs, source, offset)
  }

  static let programs: [GuestFragment] = [
    GuestFragment("sieve: mark multiples") { a in
      let again = a.placed()
      a.emit([store(0, zero, 0, a0), E.r(0x33, 0, 0, a0, a0, a1)])
      a.branch(6, a0, a2, again)
    },
    GuestFragment("memcpy: a word at a time") { a in
      let again = a.placed()
      a.emit([load(3, a4, 0, a1), addi(a1, a1, 8), store(3, a4, 0, a0), addi(a0, a0, 8)])
      a.branch(1, a1, a2, again)
    },
    GuestFragment("memcpy: four words at a time") { a in
      let again = a.placed()
      for i in 0..<4 as Range<UInt32> { a.emit(load(3, [a3, a4, a5, 16][Int(i)], 8 * i, a1)) }
      for i in 0..<4 as Range<UInt32> { a.emit(store(3, [a3, a4, a5, 16][Int(i)], 8 * i, a0)) }
      a.emit([addi(a1, a1, 32), addi(a0, a0, 32)])
      a.branch(1, a1, a2, again)
    },
    GuestFragment("strlen") { a in
      let again = a.placed()
      a.emit([load(4, a5, 0, a0), addi(a0, a0, 1)])
      a.branch(1, a5, zero, again)
    },
    GuestFragment("linked list: sum of its values") { a in
      let again = a.placed()
      a.emit([load(2, a5, 8, a0), E.r(0x3b, 0, 0, a4, a4, a5), load(3, a0, 0, a0)])
      a.branch(1, a0, zero, again)
    },
    GuestFragment("dot product") { a in
      let again = a.placed()
      a.emit([
        E.i(0x07, 3, 14, a0, 0), E.i(0x07, 3, 13, a1, 0), 15 << 27 | 1 << 25 | E.r(0x43, 7, 0, 15, 14, 13),
      ])
      a.emit([addi(a0, a0, 8), addi(a1, a1, 8)])
      a.branch(1, a0, a2, again)
    },
    GuestFragment("checksum: shifts and exclusive or") { a in
      let again = a.placed()
      a.emit([
        load(2, a5, 0, a0), E.r(0x33, 4, 0, a3, a3, a5), E.i(0x1b, 1, a4, a3, 5),
        E.i(0x1b, 5, a5, a3, 27), E.r(0x33, 6, 0, a3, a4, a5), addi(a0, a0, 4),
      ])
      a.branch(1, a0, a2, again)
    },
    GuestFragment("fibonacci: recursive", regions: 0, 36, 48, 68) { a in
      let (begin, leaf) = (a.placed(), a.label())
      a.emit(addi(a5, zero, 1))
      a.branch(7, a5, a0, leaf)
      a.emit([
        addi(sp, sp, -32), store(3, ra, 24, sp), store(3, s0, 16, sp), store(3, s1, 8, sp), addi(s0, a0, 0),
        addi(a0, a0, -1),
      ])
      a.jump(ra, begin)
      a.emit([addi(s1, a0, 0), addi(a0, s0, -2)])
      a.jump(ra, begin)
      a.emit([E.r(0x33, 0, 0, a0, a0, s1), load(3, ra, 24, sp), load(3, s0, 16, sp), load(3, s1, 8, sp)])
      a.emit(addi(sp, sp, 32))
      a.place(leaf)
      a.emit(E.i(0x67, 0, zero, ra, 0))
    },
    GuestFragment("switch: jump table") { a in
      a.emit([
        E.i(0x13, 1, a5, a5, 3), E.r(0x33, 0, 0, a5, a5, a4), load(3, a5, 0, a5), E.i(0x67, 0, zero, a5, 0),
      ])
    },
    GuestFragment("call by pointer") { a in
      a.emit([load(3, a5, 16, s0), addi(a0, s0, 0), E.i(0x67, 0, ra, a5, 0)])
    },
    GuestFragment("spinlock: take", regions: 0) { a in
      let again = a.placed()
      a.emit([addi(a5, zero, 1), E.r(0x2f, 2, 1 << 2 | 2, a5, a0, a5)])
      a.branch(1, a5, zero, again)
    },
    GuestFragment("trap entry of a kernel") { a in
      a.emit([E.csr(1, sp, 0x140, sp), addi(sp, sp, -256), store(3, ra, 8, sp), store(3, t0, 40, sp)])
      a.emit([E.csr(2, t0, 0x142, 0), store(3, t0, 0, sp)])
      a.emit(E.i(0x67, 0, zero, t0, 0))
    },
  ]
}
