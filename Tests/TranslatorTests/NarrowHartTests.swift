import Machine
import RISCV
import Testing
import Translator

/// Random code of 32-bit harts leaves the same behind by translated code and by the interpreter: registers with
/// nothing above their 32 bits, memory, counters.
///
/// APUS_TRANSLATOR_SYSTEMS and APUS_TRANSLATOR_SEED ask for more and for others, as in `SystemProgramTests`.
@Suite struct NarrowHartTests {
  private static let features = Result {
    try CPUModel.configure(model, among: CPUModel.all(of: .riscv32)).features
  }
  private static let model =
    "rv32,zacas=on,zabha=on,zfh=on,zbkb=on,zbkx=on,zicond=on,zcb=on,zimop=on,zcmop=on"

  /// Machine mode without translation, or supervisor mode with Sv32.
  enum Mode: CaseIterable { case machine, supervisor }

  /// A program with what it begins with. Where the last and the first address meet there is memory, too.
  private struct Program {
    static let ram: UInt64 = 0x8000_0000
    static let size: UInt64 = 8 << 20
    static let code = ram + 0x1000
    static let codeSize = 0x1800
    static let data = ram + 0x4000
    static let tables = ram + 0x20_0000
    /// x3 and x9 point to data, x4 to the last addresses, x6 to the first ones, x8 to code.
    static let bases: [UInt32] = [3, 4, 6, 8, 9]

    var words: [UInt32] = []
    var registers: [UInt64] = []
    var reals: [UInt64] = []
    let mode: Mode

    init(seed: UInt64, mode: Mode, features: HartFeatures) {
      var random = Random(seed: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
      for _ in 0..<4 { _ = random.next() }
      self.mode = mode
      let decoder = Decoder(extensions: features.extensions, xlen: 32)
      let excluded: Set<Opcode> = [.mret, .sret, .wfi, .wrs_nto, .wrs_sto]
      let rows = Instruction.table.filter {
        $0.requirement.isMet(by: features.extensions, xlen: 32) && !excluded.contains($0.opcode)
      }
      var size = 0
      while size < Self.codeSize {
        let row = random.pick(rows)
        guard let word = Self.instruction(row, &random), let made = decoder.instruction(word),
          made.mnemonic == row.mnemonic
        else { continue }
        let rd = UInt32(decoder.decode(word).rd)
        if row.operands != .store, row.operands != .branch, Self.bases.contains(rd) { continue }
        words.append(word)
        size += word & 3 == 3 ? 4 : 2
      }
      registers = (0..<32).map { _ in random.integer() & 0xffff_ffff }
      registers[3] = Self.data + UInt64(random.bits(11))
      registers[9] = Self.data + 0x1000
      registers[4] = 0xffff_ffff - UInt64(random.bits(random.pick([3, 11])))
      registers[6] = UInt64(random.bits(random.pick([3, 11])))
      registers[8] = Self.code + UInt64(random.bits(11)) & ~1
      reals = (0..<32).map { _ in random.real() }
    }

    private static func instruction(_ row: Instruction, _ random: inout Random) -> UInt32? {
      var word = row.match | UInt32(truncatingIfNeeded: random.next() >> 8) & ~row.mask
      if row.length == 2 { return word & 0xffff }
      func set(_ low: UInt32, _ count: UInt32, _ value: UInt32) {
        let field: UInt32 = (1 << count - 1) << low
        word = word & ~field | value << low & field
      }
      switch row.operands {
      case .load, .floatLoad, .store, .floatStore, .atomic, .compareAndSwap, .address:
        if random.bits(5) != 0 { set(15, 5, random.pick([3, 3, 3, 9, 9, 9, 4, 6])) }
      case .branch:
        // Forward or back by less than 64 bytes.
        set(25, 7, random.bits(1) == 0 ? 0 : 0x7f)
        set(7, 1, word >> 31)
      case .jump: word = row.match | random.pick([0, 1, 5]) << 7 | random.bits(5) << 21
      case .csr, .csrImmediate: set(20, 12, random.pick([1, 2, 3, 0x340, 0xc00, 0xc02, 0xc80, 0x100, 0x144]))
      default: break
      }
      if row.opcode == .jalr {
        if random.bits(2) != 0 { return nil }
        set(15, 5, random.pick([1, 5, 8, 8]))
      }
      return word
    }

    /// Goes on behind the instruction that trapped, or at the beginning where there is none.
    static let handler: [UInt32] = [
      Encoding.csr(1, 31, 0x340, 31),  // csrrw x31, mscratch, x31
      Encoding.csr(2, 31, 0x342, 0),  // csrr  x31, mcause
      Encoding.i(0x13, 0, 31, 31, 0xfff),  // addi  x31, x31, -1
      Encoding.b(0, 31, 0, 20),  // beqz  x31, 1f: no instruction there
      Encoding.i(0x13, 0, 31, 31, 0xff5),  // addi  x31, x31, -11
      Encoding.b(0, 31, 0, 12),  // beqz  x31, 1f
      Encoding.csr(2, 31, 0x341, 0),  // csrr  x31, mepc
      Encoding.b(0, 0, 0, 12),  // j     2f
      0x8000_2fb7,  // 1: lui x31, 0x80002: the code's second half
      Encoding.i(0x13, 0, 31, 31, 0xffc),  // addi  x31, x31, -4
      Encoding.i(0x13, 0, 31, 31, 4),  // 2: addi x31, x31, 4
      Encoding.csr(1, 0, 0x341, 31),  // csrw  mepc, x31
      Encoding.csr(1, 31, 0x340, 31),  // csrrw x31, mscratch, x31
      Encoding.mret,
    ]

    /// Superpages of Sv32: RAM at its place, and its upper half at both ends of the addresses.
    static let rootTable: [(index: UInt64, physical: UInt64)] = [
      (0x200, ram), (0x201, ram + (4 << 20)), (0x3ff, ram + (4 << 20)), (0, ram + (4 << 20)),
    ]
  }

  private struct System {
    let memory: AddressSpace
    let hart: Hart

    init(_ program: Program, _ features: HartFeatures) throws {
      memory = AddressSpace(lock: MachineLock())
      try memory.addRAM("ram", base: Program.ram, size: Program.size)
      try memory.addRAM("first", base: 0, size: 0x2000)
      try memory.addRAM("last", base: 0xffff_e000, size: 0x2000)
      memory.copyIn(bytes(program.words), to: Program.code)
      memory.copyIn(bytes(Program.handler), to: Program.ram)
      for (index, physical) in Program.rootTable {
        let entry = UInt32(truncatingIfNeeded: (physical >> 12) << 10) | 0xcf
        memory.copyIn(bytes([entry]), to: Program.tables + 4 * index)
      }
      hart = Hart(id: 0, features: features, memory: memory, time: Standstill(), port: InterruptPort())
      hart.resetPC = Program.ram + 0x800
      hart.reset()
      // mtvec, PMP, mstatus, satp and mepc; then to the program.
      var start: [UInt32] = []
      func set(_ csr: UInt32, _ value: UInt64) {
        start.append(UInt32(truncatingIfNeeded: value &+ 0x800) & 0xffff_f000 | 0x2b7)
        start.append(Encoding.i(0x13, 0, 5, 5, UInt32(truncatingIfNeeded: value) & 0xfff))
        start.append(Encoding.csr(1, 0, csr, 5))
      }
      set(0x305, Program.ram)
      set(0x3b0, 0xffff_ffff)
      set(0x3a0, 0x1f)
      set(0x306, 7)
      set(0x300, program.mode == .machine ? 0x7800 : 0x6800)
      if program.mode == .supervisor { set(0x180, (1 << 31) | (Program.tables >> 12)) }
      set(0x341, Program.code)
      start.append(Encoding.mret)
      memory.copyIn(bytes(start), to: Program.ram + 0x800)
      _ = hart.run(start.count)
      for i in 1..<32 { hart[x: i] = program.registers[i] }
      for i in 0..<32 { hart[f: i] = program.reals[i] }
    }

    var isNarrow: Bool { (0..<32).allSatisfy { hart[x: $0] >> 32 == 0 } && hart.state.pointee.pc >> 32 == 0 }
  }

  @Test(arguments: Mode.allCases)
  func aNarrowHartEndsUpTheSame(mode: Mode) throws {
    let features = try Self.features.get()
    var (translated, executed, regions) = (0, UInt64(0), 0)
    for seed in SystemProgramTests.seeds(150) {
      let program = Program(seed: seed, mode: mode, features: features)
      let (plain, guest) = (try System(program, features), try System(program, features))
      #expect(plain.hart.state.pointee.privilege == (mode == .machine ? .machine : .supervisor))
      var random = Random(seed: seed | 1 << 40)
      let limit = random.pick([1, 2, 5, 100, 100, 100])
      let host = random.pick([.current, .current, .sse41, []] as [HostFeatures])
      let engine = try TranslatedHart(guest.hart, codeSize: 1 << 20, regionLimit: limit, features: host)
      engine.slicesForTrace = 1
      for slice in 0..<60 {
        let budget = 1 + random.below(random.pick([10, 300]))
        if slice > 0, random.bits(1) == 0 {
          // Out of loops without end.
          let place = Program.code + 2 * UInt64(random.below(Program.codeSize / 2))
          for hart in [plain.hart, guest.hart] { hart.state.pointee.pc = place }
        }
        let before = (0..<32).map { plain.hart[x: $0] }
        let pc = plain.hart.state.pointee.pc
        let outcomes = (plain.hart.run(budget), guest.hart.run(budget))
        guard outcomes.0 == outcomes.1, plain.hart.stateHash == guest.hart.stateHash, guest.isNarrow else {
          let differing = (0..<32).filter { plain.hart[x: $0] != guest.hart[x: $0] }.map {
            "x\($0) \(String(plain.hart[x: $0], radix: 16)) and \(String(guest.hart[x: $0], radix: 16))"
          }
          let from = before.enumerated().map { "x\($0)=\(String($1, radix: 16))" }.joined(separator: " ")
          let disassembler = Disassembler(extensions: features.extensions, xlen: 32)
          var place = pc
          var listing = ""
          for _ in 0..<20 {
            let word = plain.memory.load(place, as: UInt32.self) ?? 0
            let line = disassembler.line(word, at: place)
            listing += "\(String(place, radix: 16)) \(line.text)\n"
            place += UInt64(line.length)
          }
          Issue.record(
            """
            seed \(seed), regions of \(limit), slice \(slice) of \(budget) from \(String(pc, radix: 16)): \
            pc \(String(plain.hart.state.pointee.pc, radix: 16)) and \
            \(String(guest.hart.state.pointee.pc, radix: 16)), \(differing)
            \(from)
            \(listing)
            """)
          return
        }
      }
      try #require(plain.memory.contentHash == guest.memory.contentHash, "seed \(seed): memory")
      translated += engine.translator.instructionCount
      regions += engine.translator.regionCount
      executed += plain.hart.instructionsRetired
    }
    print("narrow harts, \(mode): \(executed) instructions, \(translated) translated in \(regions) regions")
    #expect(executed > 100_000 && translated > 20_000)
  }
}
