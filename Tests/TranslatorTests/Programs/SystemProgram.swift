import Machine

/// A random program that is a small system: a machine-mode handler that skips what trapped, a dispatcher that
/// calls random functions for ever, and the handler's *actions*, one for each `ecall`, which change what the
/// functions run in: privilege, address space, page tables, permissions, code.
///
/// All code is position-independent and runs from several *windows*: physical addresses, pages of 4 KiB, 2 MiB
/// and 1 GiB, for the supervisor and for the user. Functions may do what they like but to x30 and x31 (the
/// handler's); the dispatcher gives them pointers anew each time.
struct SystemProgram {
  /// What it does that has one right outcome here but not everywhere.
  struct Freedom: OptionSet {
    let rawValue: Int
    /// Changed instructions run without `fence.i`, changed page tables without `sfence.vma`.
    static let unfenced = Freedom(rawValue: 1)
    /// Counters, interrupts, returns from traps that were none, devices with any width.
    static let odd = Freedom(rawValue: 2)
    /// Short loops that go through memory. (No freedom; but programs without it stay what they were.)
    static let sweeps = Freedom(rawValue: 4)
  }

  /// Offsets from `base`.
  private enum Place {
    static let handler: UInt64 = 0x100
    static let handlerData: UInt64 = 0x1000
    static let actions: UInt64 = 0x2000
    static let actionSize: UInt64 = 0x100
    static let actionCount: UInt64 = 32
    static let finish: UInt64 = 0x4000
    static let dispatcher: UInt64 = 0x8000
    static let supervisorHandler: UInt64 = 0x9000
    static let mailbox: UInt64 = 0xa000
    static let code: UInt64 = 0x10000
    static let codePages: UInt64 = 8
    /// The same code with some other instructions, to be mapped or copied instead.
    static let otherCode: UInt64 = 0x18000
    static let data: UInt64 = 0x20000
    static let stack: UInt64 = 0x30000
    /// Three address spaces: tables for 1 GiB, 2 MiB, two for pages, and roots for Sv48 and Sv57.
    static let tables: UInt64 = 0x40000
    static let tablesSize: UInt64 = 0x8000
    /// What PMP guards about them.
    static let guardedTables: UInt64 = 0x20000
    static let device: UInt64 = 0x1f0000
    static let end: UInt64 = 0x58000
  }
  private enum CSR {
    static let (sscratch, sepc, scause, stval, stvec, satp):
      (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) =
        (0x140, 0x141, 0x142, 0x143, 0x105, 0x180)
    static let (mstatus, medeleg, mie, mtvec): (UInt32, UInt32, UInt32, UInt32) = (0x300, 0x302, 0x304, 0x305)
    static let (mscratch, mepc, mcause, mtval, mip): (UInt32, UInt32, UInt32, UInt32, UInt32) =
      (0x340, 0x341, 0x342, 0x343, 0x344)
    static let (pmpcfg0, pmpaddr0, mhartid): (UInt32, UInt32, UInt32) = (0x3a0, 0x3b0, 0xf14)
  }
  /// Words of a hart's handler data, from x31.
  private enum Data {
    static let (x28, x29, status, hash): (UInt32, UInt32, UInt32, UInt32) = (0, 8, 16, 24)
    static let (count, random, dispatcher, privilege): (UInt32, UInt32, UInt32, UInt32) = (32, 40, 48, 56)
    /// Not 0: something was accessed where there may be a device on another board.
    static let outside: UInt32 = 64
    static let size: UInt64 = 0x400
    static let registers: UInt32 = 0x100
  }

  static let base: UInt64 = 0x8000_0000
  static let ramSize: UInt64 = 4 << 20
  static let deviceAddress: UInt64 = 0x1000_0000
  /// Ends QEMU's `virt`.
  static let finisherAddress: UInt64 = 0x10_0000

  /// What begins at `base`.
  private(set) var image: [UInt8] = []
  /// Pages of which the program prints a hash at its end, then registers.
  static let printedPages = Int(Place.end / 4096)
  static let printedWords = printedPages + 27 + 32 + 5

  private let freedom: Freedom
  private let printsResult: Bool
  /// Traps after which a hart ends.
  private let traps: UInt64
  private var random: Random
  private var functions: [UInt64] = []

  /// `printsResult`: at its end, the program writes what it did to the serial port.
  init(seed: UInt64, freedom: Freedom, traps: UInt64 = 400, printsResult: Bool = false) {
    random = Random(seed: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
    self.freedom = freedom
    self.printsResult = printsResult
    self.traps = traps
    for _ in 0..<4 { _ = random.next() }
    let seeds = (0..<4).map { _ in random.next() }
    var parts: [Assembly] = [handler(), handlerData(seeds), finish()]
    let code = functionCode()
    for number in 0..<Place.actionCount { parts.append(action(number)) }
    parts += [dispatcher(), supervisorHandler()]
    image = [UInt8](repeating: 0, count: Int(Place.end))
    for part in parts { put(part.finished, part.base - Self.base) }
    put(code, Place.code)
    put(otherCode(code), Place.otherCode)
    put(mailbox(seeds[3]), Place.mailbox)
    put((0..<0x1_0000).map { _ in UInt8(truncatingIfNeeded: random.next() >> 30) }, Place.data)
    for space in 0..<3 as Range<UInt64> { putTables(space) }
  }

  private mutating func put(_ bytes: [UInt8], _ offset: UInt64) {
    image.replaceSubrange(Int(offset)..<Int(offset) + bytes.count, with: bytes)
  }
  private mutating func put(_ word: UInt64, _ address: UInt64) {
    put((0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }, address - Self.base)
  }
  private mutating func mailbox(_ seed: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: (seed | 1) >> UInt64(8 * $0)) }
  }

  // MARK: Encoding

  private typealias E = Encoding
  private static func addi(_ rd: UInt32, _ rs: UInt32, _ v: Int) -> UInt32 {
    E.i(0x13, 0, rd, rs, UInt32(truncatingIfNeeded: v))
  }
  private static func andi(_ rd: UInt32, _ rs: UInt32, _ v: UInt32) -> UInt32 { E.i(0x13, 7, rd, rs, v) }
  private static func slli(_ rd: UInt32, _ rs: UInt32, _ v: UInt32) -> UInt32 { E.i(0x13, 1, rd, rs, v) }
  private static func srli(_ rd: UInt32, _ rs: UInt32, _ v: UInt32) -> UInt32 { E.i(0x13, 5, rd, rs, v) }
  private static func add(_ rd: UInt32, _ a: UInt32, _ b: UInt32) -> UInt32 { E.r(0x33, 0, 0, rd, a, b) }
  private static func sub(_ rd: UInt32, _ a: UInt32, _ b: UInt32) -> UInt32 { E.r(0x33, 0, 0x20, rd, a, b) }
  private static func xor(_ rd: UInt32, _ a: UInt32, _ b: UInt32) -> UInt32 { E.r(0x33, 4, 0, rd, a, b) }
  private static func and(_ rd: UInt32, _ a: UInt32, _ b: UInt32) -> UInt32 { E.r(0x33, 7, 0, rd, a, b) }
  private static func ld(_ rd: UInt32, _ offset: UInt32, _ rs: UInt32) -> UInt32 {
    E.i(0x03, 3, rd, rs, offset)
  }
  private static func sd(_ source: UInt32, _ offset: UInt32, _ rs: UInt32) -> UInt32 {
    E.s(0x23, 3, rs, source, offset)
  }
  private static func lui(_ rd: UInt32, _ v: UInt32) -> UInt32 { v << 12 | rd << 7 | 0x37 }
  private static func write(_ csr: UInt32, _ rs: UInt32) -> UInt32 { E.csr(1, 0, csr, rs) }
  private static func set(_ csr: UInt32, _ rs: UInt32) -> UInt32 { E.csr(2, 0, csr, rs) }
  private static func clear(_ csr: UInt32, _ rs: UInt32) -> UInt32 { E.csr(3, 0, csr, rs) }
  private static func read(_ rd: UInt32, _ csr: UInt32) -> UInt32 { E.csr(2, rd, csr, 0) }
  private static func jalr(_ rd: UInt32, _ rs: UInt32, _ offset: UInt32 = 0) -> UInt32 {
    E.i(0x67, 0, rd, rs, offset)
  }
  private static func sfence(_ address: UInt32, _ space: UInt32) -> UInt32 {
    E.r(0x73, 0, 9, 0, address, space)
  }
  private static let (ecall, ebreak, sret, fenceI): (UInt32, UInt32, UInt32, UInt32) =
    (0x73, 0x0010_0073, 0x1020_0073, 0x0000_100f)
  /// x = x ^ x << 13, and so on, as `Random`.
  private static func xorshift(_ x: UInt32, _ scratch: UInt32) -> [UInt32] {
    [
      slli(scratch, x, 13), xor(x, x, scratch), srli(scratch, x, 7), xor(x, x, scratch),
      slli(scratch, x, 17), xor(x, x, scratch),
    ]
  }

  // MARK: Machine mode

  /// Where the handler goes on after actions: at mepc with MPRV as it was, or without.
  private static let (resume, resumeWithoutMPRV) = (base + 0x40, base + 0x80)

  private mutating func handler() -> Assembly {
    var a = Assembly(at: Self.base)
    let begin = a.label()
    a.jump(0, begin)
    a.pad(to: Self.resume)
    a.emit([
      Self.ld(28, Data.status, 31), Self.lui(29, 0x20), Self.and(30, 29, 28), Self.ld(28, Data.x28, 31),
      Self.ld(29, Data.x29, 31), Self.set(CSR.mstatus, 30), E.mret,
    ])
    a.pad(to: Self.resumeWithoutMPRV)
    a.emit([Self.ld(28, Data.x28, 31), Self.ld(29, Data.x29, 31), E.mret])

    a.pad(to: Self.base + Place.handler)
    let (isInterrupt, recover, isAction, finish) = (a.label(), a.label(), a.label(), a.label())
    a.emit([
      Self.lui(31, 0x20), E.csr(3, 30, CSR.mstatus, 31), Self.read(31, CSR.mscratch),
      Self.sd(28, Data.x28, 31), Self.sd(29, Data.x29, 31), Self.sd(30, Data.status, 31),
      Self.ld(28, Data.random, 31),
    ])
    a.emit(Self.xorshift(28, 29))
    a.emit([Self.sd(28, Data.random, 31), Self.ld(30, Data.hash, 31)])
    let hashed = a.label()
    for csr in [CSR.mcause, CSR.mepc, CSR.mtval] {
      if csr == CSR.mtval, printsResult {
        // QEMU 10.0 names the window where it saw the `ebreak` first, not the one where it was executed.
        a.emit([Self.read(29, CSR.mcause), Self.addi(29, 29, -3)])
        a.branch(0, 29, 0, hashed)
      }
      a.emit([
        Self.slli(29, 30, 5), Self.add(30, 30, 29), Self.read(29, csr), Self.xor(30, 30, 29),
      ])
    }
    a.place(hashed)
    a.emit([
      Self.sd(30, Data.hash, 31), Self.ld(30, Data.count, 31), Self.addi(30, 30, 1),
      Self.sd(30, Data.count, 31),
    ])
    a.load(29, traps)
    a.branch(5, 30, 29, finish)
    a.emit(Self.read(29, CSR.mcause))
    a.branch(4, 29, 0, isInterrupt)
    if printsResult {
      // An access fault below RAM.
      let inside = a.label()
      a.emit([Self.addi(30, 0, 0xa2), E.r(0x33, 5, 0, 30, 30, 29), Self.andi(30, 30, 1)])
      a.branch(0, 30, 0, inside)
      a.emit([Self.read(30, CSR.mtval), Self.srli(30, 30, 31)])
      a.branch(1, 30, 0, inside)
      a.emit(Self.sd(29, Data.outside, 31))
      a.place(inside)
    }
    for cause in [8, 9, 11] {
      a.emit(Self.addi(30, 0, cause))
      a.branch(0, 29, 30, isAction)
    }
    a.emit(Self.andi(30, 28, 0xf0))
    a.branch(0, 30, 0, recover)
    a.branch(0, 29, 0, recover)
    for cause in [1, 12] {
      a.emit(Self.addi(30, 0, cause))
      a.branch(0, 29, 30, recover)
    }
    // Behind the instruction, whose length is read as it was fetched: MPRV and MXR.
    a.emit([
      Self.read(29, CSR.mepc), Self.lui(30, 0xa0), Self.set(CSR.mstatus, 30), E.i(0x03, 5, 28, 29, 0),
      Self.clear(CSR.mstatus, 30), Self.ld(30, Data.status, 31), Self.slli(30, 30, 44),
      Self.srli(30, 30, 63), Self.slli(30, 30, 19), Self.set(CSR.mstatus, 30), Self.andi(28, 28, 3),
      Self.addi(28, 28, -3), Self.addi(29, 29, 2), E.b(1, 28, 0, 8), Self.addi(29, 29, 2),
      Self.write(CSR.mepc, 29),
    ])
    a.jump(0, to: Self.resume)

    a.place(recover)
    a.emit([
      Self.ld(29, Data.dispatcher, 31), Self.write(CSR.mepc, 29), Self.ld(29, Data.privilege, 31),
      Self.lui(30, 2), Self.addi(30, 30, -0x800), Self.clear(CSR.mstatus, 30), Self.set(CSR.mstatus, 29),
    ])
    a.jump(0, to: Self.resumeWithoutMPRV)

    a.place(isInterrupt)
    a.emit(E.csr(7, 0, CSR.mip, 2))
    a.jump(0, to: Self.resume)

    a.place(isAction)
    a.emit([
      Self.read(29, CSR.mepc), Self.addi(29, 29, 4), Self.write(CSR.mepc, 29), Self.srli(28, 28, 20),
      Self.andi(28, 28, 31), Self.slli(28, 28, 8),
    ])
    a.address(29, of: Self.base + Place.actions)
    a.emit([Self.add(29, 29, 28), Self.jalr(0, 29)])

    a.place(finish)
    a.jump(0, to: Self.base + Place.finish)

    a.place(begin)
    // Firmware and reset vectors leave something in these.
    for register in 1..<32 as Range<UInt32> { a.emit(Self.addi(register, 0, 0)) }
    a.address(5, of: Self.base + Place.handler)
    a.emit([Self.write(CSR.mtvec, 5), Self.read(6, CSR.mhartid), Self.slli(6, 6, 10)])
    a.address(31, of: Self.base + Place.handlerData)
    a.emit([Self.add(31, 31, 6), Self.write(CSR.mscratch, 31)])
    // PMP: entry 0 is for `limitMemory`; behind it and the tables everything may be done everywhere.
    a.load(5, (Self.base + Place.tables) >> 2 | (Place.guardedTables / 8 - 1))
    a.emit(Self.write(CSR.pmpaddr0 + 1, 5))
    a.load(5, .max >> 10)
    a.emit(Self.write(CSR.pmpaddr0 + 2, 5))
    a.load(5, permissions)
    a.emit([Self.write(CSR.pmpcfg0, 5), Self.lui(5, 6), Self.set(CSR.mstatus, 5)])
    a.jump(0, to: Self.base + Place.dispatcher)
    return a
  }

  /// `pmpcfg0` without entry 0. Lower privileges do not store to page tables, not even astray, where each change
  /// is to be fenced.
  private var permissions: UInt64 { freedom.contains(.unfenced) ? 0x1f_1f00 : 0x1f_1900 }

  private func handlerData(_ seeds: [UInt64]) -> Assembly {
    var a = Assembly(at: Self.base + Place.handlerData)
    for hart in 0..<3 {
      a.pad(to: Self.base + Place.handlerData + UInt64(hart) * Data.size)
      for _ in 0..<5 { a.doubleword(0) }
      for word in [seeds[hart] | 1, Self.base + Place.dispatcher, 0x1800] { a.doubleword(word) }
    }
    return a
  }

  /// What a hart does behind its last trap: all registers to memory; perhaps everything printed.
  private func finish() -> Assembly {
    var a = Assembly(at: Self.base + Place.finish)
    for i in 1..<28 as Range<UInt32> { a.emit(Self.sd(i, Data.registers + 8 * i, 31)) }
    a.emit([Self.lui(5, 6), Self.set(CSR.mstatus, 5)])
    for i in 0..<32 as Range<UInt32> { a.emit(E.s(0x27, 3, 31, i, Data.registers + 0x100 + 8 * i)) }
    if printsResult {
      let print = a.label()
      // A page's words: h = (h ^ word) * odd
      a.address(5, of: Self.base)
      a.load(6, Self.base + Place.end)
      a.load(7, Self.deviceAddress)
      a.load(12, 0x100_0000_01b3)
      let page = a.placed()
      a.load(10, 0)
      a.emit([Self.lui(13, 1), Self.add(13, 13, 5)])
      let word = a.placed()
      a.emit([Self.ld(11, 0, 5), Self.xor(10, 10, 11), E.r(0x33, 0, 1, 10, 10, 12), Self.addi(5, 5, 8)])
      a.branch(1, 5, 13, word)
      a.jump(1, print)
      a.branch(1, 5, 6, page)
      for word in 1..<28 as Range<UInt32> {
        a.emit(Self.ld(10, Data.registers + 8 * word, 31))
        a.jump(1, print)
      }
      for word in 0..<32 as Range<UInt32> {
        a.emit(Self.ld(10, Data.registers + 0x100 + 8 * word, 31))
        a.jump(1, print)
      }
      for word in [Data.hash, Data.count] {
        a.emit(Self.ld(10, word, 31))
        a.jump(1, print)
      }
      for csr in [0x003, CSR.mcause, CSR.mepc] {
        a.emit(Self.read(10, csr))
        a.jump(1, print)
      }
      a.load(5, Self.finisherAddress)
      a.load(6, 0x5555)
      a.emit([E.s(0x23, 2, 5, 6, 0)])
      let wait = a.placed()
      a.emit(E.wfi)
      a.jump(0, wait)
      a.place(print)
      a.emit([Self.addi(14, 0, 8)])
      let byte = a.placed()
      let ready = a.placed()
      a.emit([E.i(0x03, 4, 15, 7, 5), Self.andi(15, 15, 0x20)])
      a.branch(0, 15, 0, ready)
      a.emit([E.s(0x23, 0, 7, 10, 0), Self.srli(10, 10, 8), Self.addi(14, 14, -1)])
      a.branch(1, 14, 0, byte)
      a.emit(Self.jalr(0, 1))
    } else {
      let wait = a.placed()
      a.emit(E.wfi)
      a.jump(0, wait)
    }
    return a
  }

  /// Where a hart counts its traps.
  private static func handlerCount(_ hart: UInt64) -> UInt64 {
    base + Place.handlerData + hart * Data.size + UInt64(Data.count)
  }

  // MARK: Address spaces

  private static let (supervisorPages, userPages): (UInt64, UInt64) = (0x4000_0000, 0x4020_0000)
  private static let (supervisorLarge, userLarge): (UInt64, UInt64) = (0x4040_0000, 0x4060_0000)
  private static let userHuge: UInt64 = 0xc000_0000

  private static func table(_ space: UInt64, _ number: UInt64) -> UInt64 {
    base + Place.tables + space * Place.tablesSize + number * 0x1000
  }
  private static func entry(_ physical: UInt64, _ flags: UInt64) -> UInt64 { (physical >> 12) << 10 | flags }
  /// V, R, W, X, A, D
  private static let all: UInt64 = 0xcf
  private static let user: UInt64 = 0x10

  /// What page `index` of a window of small pages shows at first.
  private static func initialEntry(_ index: UInt64, isUser: Bool) -> UInt64 {
    let physical = index << 12 == Place.device ? deviceAddress : base + index << 12
    return entry(physical, all | (isUser ? user : 0))
  }

  private mutating func putTables(_ space: UInt64) {
    let root = Self.table(space, 0)
    let middle = Self.table(space, 1)
    put(Self.entry(middle, 1), root + 8)
    put(Self.entry(Self.base, Self.all), root + 16)
    put(Self.entry(Self.base, Self.all | Self.user), root + 24)
    for isUser in [false, true] {
      let leaves = Self.table(space, isUser ? 3 : 2)
      put(Self.entry(leaves, 1), middle + (isUser ? 8 : 0))
      put(Self.entry(Self.base, Self.all | (isUser ? Self.user : 0)), middle + (isUser ? 24 : 16))
      for index in 0..<512 as Range<UInt64> {
        var one = Self.initialEntry(index, isUser: isUser)
        // Spaces differ from the beginning.
        if space > 0, index >= 0x10, index < 0x30, random.below(4) == 0 {
          one = changedEntry(index, isUser: isUser)
        }
        put(one, leaves + index * 8)
      }
    }
    put(Self.entry(root, 1), Self.table(space, 4))
    put(Self.entry(Self.table(space, 4), 1), Self.table(space, 5))
  }

  /// Another entry for a page of code or data.
  private mutating func changedEntry(_ index: UInt64, isUser: Bool) -> UInt64 {
    var physical = Self.base + index << 12
    if random.below(2) == 0 {
      switch index {
      case 0x10..<0x20: physical ^= 0x8000
      case 0x20..<0x30: physical = Self.base + Place.data + UInt64(random.below(16)) << 12
      default: break
      }
    }
    if random.below(24) == 0 { physical = Self.base + UInt64(0x10 + random.below(0x20)) << 12 }
    var flags = Self.all
    switch random.below(10) {
    case 0: flags &= ~8  // no X
    case 1: flags &= ~4  // no W
    case 2: flags &= ~6  // X only
    case 3: flags &= ~0x80  // clean
    case 4: flags &= ~0xc0  // never accessed
    case 5: flags = 0
    case 6: flags &= ~2  // reserved: W without R
    default: break
    }
    if isUser != (random.below(10) == 0) { flags |= Self.user }
    return Self.entry(physical, flags)
  }

  /// An `sfence.vma` for one page or for all; address and space in x28 and x29.
  private mutating func fenceAddressSpace(_ a: inout Assembly, _ virtual: UInt64) {
    let isLoose = freedom.contains(.unfenced)
    switch random.below(isLoose ? 6 : 3) {
    case 0, 1:
      a.load(28, virtual)
      a.emit(Self.sfence(28, 0))
    case 2: a.emit(Self.sfence(0, 0))
    case 3:
      a.load(29, UInt64(random.below(10)))
      a.emit(Self.sfence(0, 29))
    case 4:
      a.load(28, virtual)
      a.load(29, UInt64(random.below(10)))
      a.emit(Self.sfence(28, 29))
    default: break
    }
  }

  // MARK: Actions

  private mutating func action(_ number: UInt64) -> Assembly {
    var a = Assembly(at: Self.base + Place.actions + number * Place.actionSize)
    switch number {
    case 0..<12: switchWindow(&a)
    case 12..<22: changePage(&a)
    default:
      switch random.below(freedom.contains(.odd) ? 7 : 6) {
      case 0, 1:
        // SUM, MXR, FS
        a.load(28, random.pick([0x4_0000, 0x8_0000, 0xc_0000, 0x6000, 0x2000]))
        a.emit(E.csr(random.pick([2, 2, 3]), 0, CSR.mstatus, 28))
      case 2:
        let isPage = random.below(2) == 0
        fenceAddressSpace(
          &a, (isPage ? Self.supervisorPages : Self.userLarge) + UInt64(0x10 + random.below(0x20)) << 12)
      case 3:
        // Access faults are the machine's where it looks at them.
        a.load(28, UInt64(random.bits(16)) & (printsResult ? 0xa05c : 0xa0fc))
        a.emit(Self.write(CSR.medeleg, 28))
      case 4: limitMemory(&a)
      case 5: copyCode(&a)
      default: a.emit([E.csr(6, 0, CSR.mie, 2), E.csr(6, 0, CSR.mip, 2)])
      }
    }
    a.jump(0, to: Self.resume)
    precondition(UInt64(a.bytes.count) <= Place.actionSize)
    return a
  }

  private mutating func switchWindow(_ a: inout Assembly) {
    // Where the dispatcher is seen, at which privilege, and from where the supervisor sees it.
    let windows: [(at: UInt64, privilege: UInt64, supervisor: UInt64)] = [
      (Self.base, 3, Self.base), (Self.supervisorPages, 1, Self.supervisorPages),
      (Self.userPages, 0, Self.supervisorPages), (Self.supervisorPages, 1, Self.base),
      (Self.userPages, 0, Self.supervisorLarge), (Self.base, 1, Self.base), (Self.userHuge, 0, Self.base),
      (Self.supervisorLarge, 1, Self.supervisorLarge), (Self.userLarge, 0, Self.supervisorPages),
    ]
    var window = random.pick(windows)
    if !freedom.contains(.unfenced) {
      // Machine mode may have stored to tables: PMP keeps only others from it.
      a.emit([
        Self.ld(28, Data.privilege, 31), Self.lui(29, 2), Self.addi(29, 29, -0x800), E.b(1, 28, 29, 8),
        Self.sfence(0, 0),
      ])
    }
    let space = UInt64(random.below(3))
    let mode = 8 + UInt64(random.below(3))
    var satp = mode << 60 | Self.table(space, mode == 8 ? 0 : mode - 5) >> 12
    // Each root its own ASID, unless anything goes.
    let identifier = freedom.contains(.unfenced) ? UInt64(random.below(4)) : space * 3 + mode - 7
    satp |= identifier << 44
    if random.below(8) == 0 {
      satp = 0
      window = (Self.base, random.pick([3, 1, 0]), Self.base)
    }
    a.load(28, satp)
    a.emit(Self.write(CSR.satp, 28))
    if freedom.contains(.unfenced) && random.below(2) == 0 || random.below(4) == 0 {
      a.emit(Self.sfence(0, 0))
    }
    a.load(28, window.at + Place.dispatcher)
    a.emit([Self.sd(28, Data.dispatcher, 31), Self.write(CSR.mepc, 28)])
    a.load(29, window.privilege << 11)
    a.load(30, 0x1800)
    a.emit([Self.sd(29, Data.privilege, 31), Self.clear(CSR.mstatus, 30), Self.set(CSR.mstatus, 29)])
    a.load(28, window.supervisor + Place.supervisorHandler)
    a.emit(Self.write(CSR.stvec, 28))
    a.jump(0, to: Self.resumeWithoutMPRV)
  }

  private mutating func changePage(_ a: inout Assembly) {
    let isUser = random.below(2) == 0
    let index = UInt64(random.below(3) == 0 ? 0x20 + random.below(0x12) : 0x10 + random.below(8))
    let entry =
      random.below(3) == 0
      ? Self.initialEntry(index, isUser: isUser) : changedEntry(index, isUser: isUser)
    a.load(28, Self.table(UInt64(random.below(3)), isUser ? 3 : 2) + index * 8)
    a.load(29, entry)
    a.emit(Self.sd(29, 0, 28))
    fenceAddressSpace(&a, (isUser ? Self.userPages : Self.supervisorPages) + index << 12)
  }

  /// A small or a whole page's worth of memory with other permissions for the lower privileges, or none such.
  private mutating func limitMemory(_ a: inout Assembly) {
    let index = UInt64(0x10 + random.below(0x20))
    let page = Self.base + index << 12
    // QEMU 10.0 keeps an instruction that crosses into a page that PMP divides, `fence.i` or not, when it is
    // stored to.
    let isWhole = printsResult && index < Place.data >> 12
    let size: UInt64 = random.pick(isWhole ? [4096, 8192] : [8, 64, 256, 4096, 8192])
    let start = (page + UInt64(random.bits(12))) & ~(size - 1)
    let permissions = random.pick([0, 1, 3, 4, 5, 7, 7] as [UInt64])
    a.load(28, start >> 2 | (size / 8 - 1))
    a.emit(Self.write(CSR.pmpaddr0, 28))
    a.load(28, self.permissions | (random.below(3) == 0 ? 0 : 0x18 | permissions))
    a.emit([Self.write(CSR.pmpcfg0, 28), Self.sfence(0, 0)])
  }

  private mutating func copyCode(_ a: inout Assembly) {
    let offset = UInt64(random.below(0x8000 - 64)) & ~7
    let isBack = random.below(2) == 0
    a.load(28, Self.base + (isBack ? Place.code : Place.otherCode) + offset)
    a.load(29, Self.base + (isBack ? Place.otherCode : Place.code) + offset)
    for i in 0..<8 as Range<UInt32> { a.emit([Self.ld(30, 8 * i, 28), Self.sd(30, 8 * i, 29)]) }
    fenceCode(&a)
  }

  private mutating func fenceCode(_ a: inout Assembly) {
    if !freedom.contains(.unfenced) || random.below(2) == 0 { a.emit(Self.fenceI) }
  }

  // MARK: Dispatcher

  private mutating func supervisorHandler() -> Assembly {
    var a = Assembly(at: Self.base + Place.supervisorHandler)
    a.emit([
      Self.read(30, CSR.sepc), Self.addi(30, 30, 4), Self.write(CSR.sepc, 30), Self.read(30, CSR.sscratch),
      Self.slli(31, 30, 5), Self.add(30, 30, 31), Self.read(31, CSR.scause), Self.xor(30, 30, 31),
    ])
    // As in machine mode.
    if printsResult { a.emit([Self.addi(31, 31, -3), E.b(0, 31, 0, 12)]) }
    a.emit([
      Self.read(31, CSR.stval), Self.xor(30, 30, 31), Self.write(CSR.sscratch, 30), Self.sret,
    ])
    return a
  }

  private mutating func dispatcher() -> Assembly {
    var a = Assembly(at: Self.base + Place.dispatcher)
    let table = Self.base + Place.dispatcher + 0x800
    a.address(5, of: Self.base + Place.mailbox)
    a.emit(Self.ld(6, 0, 5))
    a.emit(Self.xorshift(6, 7))
    a.emit([Self.sd(6, 0, 5), Self.andi(7, 6, 0x7f8)])
    // Data: somewhere in its middle; mostly aligned.
    a.address(9, of: Self.base + Place.data + 0x7c00)
    a.emit([Self.add(9, 9, 7), Self.srli(7, 6, 11), Self.andi(7, 7, 0x7f0)])
    a.address(2, of: Self.base + Place.stack + 0x1400)
    a.emit([Self.sub(2, 2, 7), Self.addi(8, 2, 0), Self.srli(7, 6, 22), Self.andi(7, 7, 7)])
    a.address(3, of: Self.base + Place.code + 0x800)
    a.emit([Self.slli(7, 7, 12), Self.add(3, 3, 7), Self.srli(7, 6, 25), Self.andi(7, 7, 15)])
    // Page tables, where it is known what becomes of stores to them that no fence follows.
    a.address(4, of: Self.base + (printsResult ? Place.data : Place.tables))
    a.emit([Self.slli(7, 7, 12), Self.add(4, 4, 7), Self.srli(7, 6, 40), Self.andi(7, 7, 3)])
    a.emit([E.b(1, 7, 0, 8), Self.ecall])
    a.emit([Self.srli(7, 6, 30), Self.andi(7, 7, 31), Self.slli(7, 7, 2)])
    a.address(5, of: table)
    a.emit([Self.add(5, 5, 7), E.i(0x03, 2, 7, 5, 0)])
    a.address(5, of: Self.base)
    a.emit([Self.add(5, 5, 7), Self.jalr(1, 5)])
    a.jump(0, to: a.base)
    a.pad(to: table)
    for _ in 0..<32 {
      let offset = random.pick(functions) - Self.base
      a.halfword(UInt32(truncatingIfNeeded: offset))
      a.halfword(UInt32(truncatingIfNeeded: offset >> 16))
    }
    return a
  }

  // MARK: Functions

  private mutating func functionCode() -> [UInt8] {
    var a = Assembly(at: Self.base + Place.code)
    for page in 0..<Place.codePages {
      for part in 0..<3 as Range<UInt64> {
        let start = a.base + page << 12
        let at: UInt64
        switch part {
        case 0: at = start + 0x100 + UInt64(random.bits(5)) * 2
        case 1: at = start + 0x7c0 + UInt64(random.bits(5)) * 2
        default: at = start + 0x1000 - UInt64(2 + random.below(120)) * 2
        }
        if page == Place.codePages - 1 && part == 2 { continue }
        if a.here > at { continue }
        a.pad(to: at)
        let limit = part == 2 ? start + 0x1000 + 0xe0 : at + 0x600
        function(&a, limit)
        functions.append(at)
      }
    }
    a.pad(to: a.base + Place.codePages << 12)
    return a.finished
  }

  /// The code with one instruction of sixteen another one.
  private mutating func otherCode(_ code: [UInt8]) -> [UInt8] {
    var other = code
    var at = 0
    while at + 4 <= other.count {
      let length = other[at] & 3 == 3 ? 4 : 2
      if length == 4, random.below(16) == 0, other[at] & 0x7f == 0x13 {
        let one = arithmetic()
        for i in 0..<4 { other[at + i] = UInt8(truncatingIfNeeded: one >> UInt32(8 * i)) }
      }
      at += length
    }
    return other
  }

  private static let targets: [UInt32] =
    [5, 6, 7, 10, 10, 11, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 28, 29]
  private static let counters: [UInt32] = [27, 26, 25, 24]
  private mutating func target() -> UInt32 { random.pick(Self.targets) }
  private mutating func source() -> UInt32 {
    random.below(6) == 0 ? random.pick([0, 1, 2, 3, 4, 8, 9, 27]) : target()
  }
  private mutating func real() -> UInt32 { random.pick([0, 1, 4, 5, 8, 14, 15, 31]) }

  private mutating func function(_ a: inout Assembly, _ limit: UInt64) {
    // Earlier functions only are called: every call ends.
    let level = min(3, functions.count / 6)
    let hasFrame = level > 0 || random.below(2) == 0
    let frame = UInt32(32 + 16 * random.below(14))
    if hasFrame {
      a.emit([
        Self.addi(2, 2, -Int(frame)), Self.sd(1, frame - 8, 2), Self.sd(8, frame - 16, 2),
        Self.sd(Self.counters[level], frame - 24, 2), Self.addi(8, 2, Int(frame)),
      ])
    }
    // Room for the way back.
    let end = limit - 0x60
    for _ in 0..<(8 + random.below(20)) where a.here < end {
      if random.below(10) == 0 {
        loop(&a, level, end)
      } else {
        fragment(&a, level, hasFrame, frame)
      }
    }
    if hasFrame {
      a.emit([
        Self.ld(Self.counters[level], frame - 24, 2), Self.ld(1, frame - 8, 2), Self.ld(8, frame - 16, 2),
        Self.addi(2, 2, Int(frame)),
      ])
    }
    a.emit(random.below(4) == 0 ? 0x8082 : Self.jalr(0, 1))
  }

  private mutating func loop(_ a: inout Assembly, _ level: Int, _ end: UInt64) {
    let counter = Self.counters[level]
    a.emit(Self.addi(counter, 0, 1 + random.below(random.below(4) == 0 ? 100 : 9)))
    let again = a.placed()
    let begin = a.here
    for _ in 0..<(1 + random.below(6)) where a.here < end && a.here - begin < 0x400 {
      fragment(&a, level, false, 0)
    }
    a.emit(Self.addi(counter, counter, -1))
    a.branch(1, counter, 0, again)
  }

  /// A loop of few instructions that accesses memory through registers which it moves.
  private mutating func sweep(_ a: inout Assembly) {
    let (counter, stride): (UInt32, UInt32) = (23, 22)
    let bases = [random.pick([5, 10, 11, 18]), random.pick([6, 12, 17, 19])] as [UInt32]
    for base in bases { a.emit(Self.addi(base, random.pick([9, 9, 2]), Int(random.bits(11)) - 1024)) }
    let isLong = random.below(2) == 0
    a.emit(Self.addi(counter, 0, 1 + random.below(isLong ? 80 : 12)))
    // Over pages, or within one; or to and fro.
    let returns = random.below(2) == 0
    a.load(stride, UInt64(random.pick(returns ? [4096, 8192] : isLong ? [8, 24, 0x188] : [8, 960, 4104])))
    let again = a.placed()
    for _ in 0...random.below(4) {
      let base = random.pick(bases)
      switch random.below(8) {
      case 0...4:
        let width = random.bits(2)
        let offset = (random.bits(6) &- 16) & ~(random.below(8) == 0 ? 0 : 1 << width - 1)
        let loaded = random.pick([7, 13, 14, 20]) as UInt32
        a.emit(
          random.below(2) == 0
            ? E.i(0x03, width, loaded, base, offset)
            : E.s(0x23, width, base, random.pick([7, 13, 14, 20]), offset & 0xfff))
      case 5: a.emit(Self.addi(base, base, random.pick([1, 2, 4, 8, -8, -1])))
      case 6: a.emit(Self.addi(bases[0], bases[1], random.pick([0, 8, -16])))
      default: a.emit(Self.add(14, 13, random.pick([7, 20, 13])))
      }
    }
    switch random.below(3) {
    case 0: a.emit(Self.addi(bases[1], bases[1], 8))
    case _ where returns: a.emit(Self.xor(bases[0], bases[0], stride))
    default: a.emit(Self.add(bases[0], bases[0], stride))
    }
    if random.below(4) == 0 {
      let out = a.label()
      a.branch(random.pick([0, 4, 7]), 13, 20, out)
      a.emit(Self.addi(counter, counter, -1))
      a.branch(1, counter, 0, again)
      a.place(out)
    } else {
      a.emit(Self.addi(counter, counter, -1))
      a.branch(1, counter, 0, again)
    }
  }

  private mutating func arithmetic() -> UInt32 {
    switch random.below(10) {
    case 0...2:
      let f7 = random.pick([0, 0, 0x20, 1] as [UInt32])
      let f3 = f7 == 0x20 ? random.pick([0, 5]) : random.bits(3)
      return E.r(0x33, f3, f7, target(), source(), source())
    case 3:
      let f7 = random.pick([0, 0x20, 1] as [UInt32])
      let f3 = random.pick((f7 == 1 ? [0, 4, 5, 6, 7] : f7 == 0 ? [0, 1, 5] : [0, 5]) as [UInt32])
      return E.r(0x3b, f3, f7, target(), source(), source())
    case 4: return random.bits(20) << 12 | target() << 7 | random.pick([0x37, 0x17])
    case 5: return E.i(0x1b, random.pick([1, 5]), target(), source(), random.bits(5))
    default:
      let f3 = random.bits(3)
      let immediate = f3 == 1 || f3 == 5 ? random.bits(6) : random.bits(12)
      return E.i(0x13, f3, target(), source(), immediate)
    }
  }

  private mutating func compressed() -> UInt32 {
    let rd = random.pick([10, 11, 12, 13, 14, 15] as [UInt32])
    let immediate = random.bits(5) | 1
    switch random.below(9) {
    case 0: return 0x0001 | rd << 7 | immediate << 2  // c.addi
    case 1: return 0x2001 | rd << 7 | immediate << 2  // c.addiw
    case 2: return 0x4001 | rd << 7 | immediate << 2  // c.li
    case 3: return 0x0002 | rd << 7 | immediate << 2  // c.slli
    case 4: return 0x8002 | rd << 7 | target() << 2  // c.mv
    case 5: return 0x9002 | rd << 7 | target() << 2  // c.add
    case 6: return 0x8c01 | random.bits(2) << 5 | (rd - 8) << 7 | random.pick([2, 3, 4, 5]) << 2
    // c.ldsp, c.sdsp
    case 7: return 0x6002 | rd << 7 | random.bits(3) << 2 | random.bits(2) << 5
    default: return 0xe002 | rd << 2 | random.bits(3) << 10
    }
  }

  /// A load or a store of any width at a base register.
  private mutating func access(_ base: UInt32, near: UInt32 = 0) -> UInt32 {
    let width = random.bits(2)
    var offset = near &+ random.bits(random.below(3) == 0 ? 12 : 6)
    if random.below(8) != 0 { offset &= ~(1 << width - 1) }
    switch random.below(11) {
    case 0...4:
      var rd = target()
      // A base that was loaded may lead to devices.
      while printsResult && rd == base { rd = target() }
      return E.i(0x03, random.bits(1) == 0 || width == 3 ? width : width | 4, rd, base, offset)
    case 5...8: return E.s(0x23, width, base, source(), offset)
    case 9: return E.i(0x07, random.pick([2, 3]), real(), base, offset)
    default: return E.s(0x27, random.pick([2, 3]), base, real(), offset)
    }
  }

  /// A load or a store in the page of code around gp.
  private mutating func accessCode(_ a: inout Assembly) {
    let one = access(3)
    // LOAD, LOAD-FP, STORE, STORE-FP
    guard one & 0x20 != 0, !freedom.contains(.unfenced) else { return a.emit(one) }
    guard leavesFence(a, (one >> 25) << 5 | one >> 7 & 0x1f) else { return }
    a.emit([one, Self.fenceI])
  }

  /// Whether a store to gp's page leaves alone the `fence.i` behind it, whichever page that is; where some is.
  private func leavesFence(_ a: Assembly, _ offset: UInt32) -> Bool {
    if freedom.contains(.unfenced) { return true }
    // gp is a page's middle.
    let distance = (UInt64(offset ^ 0x800) &- a.here) & 0xfff
    return distance >= 16 && distance <= 0x1000 - 8
  }

  /// A register that holds an address, mostly.
  private mutating func base() -> UInt32 { random.pick([9, 9, 9, 9, 2, 8, 3, 4]) }

  private mutating func fragment(_ a: inout Assembly, _ level: Int, _ hasFrame: Bool, _ frame: UInt32) {
    let isOdd = freedom.contains(.odd)
    if freedom.contains(.sweeps) && random.below(6) == 0 { return sweep(&a) }
    switch random.below(32) {
    case 0...5: for _ in 0...random.below(4) { a.emit(arithmetic()) }
    case 6, 7: for _ in 0...random.below(3) { a.emit(compressed()) }
    case 8...10:
      let base = base()
      // The page tables belong to the actions alone, where others' copies of entries are not known.
      for _ in 0...random.below(4) {
        if base == 3 {
          accessCode(&a)
        } else {
          a.emit(base == 4 && !freedom.contains(.unfenced) ? E.i(0x03, 3, target(), 4, 8) : access(base))
        }
      }
    case 11, 12:
      // The same base over and over, then moved, or overwritten by what it led to.
      let base = target()
      a.emit(Self.addi(base, random.pick([9, 9, 2]), Int(random.bits(11)) - 1024))
      for _ in 0...random.below(5) { a.emit(access(base)) }
      switch random.below(3) {
      case 0: a.emit(Self.addi(base, base, random.pick([8, -8, 4096 / 2 - 1, -2048, 1])))
      case 1: a.emit(Self.add(base, base, 0))
      default: if !printsResult { a.emit(Self.ld(base, random.bits(8) & ~7, base)) }
      }
      for _ in 0...random.below(3) { a.emit(access(base)) }
    case 13:
      // About the end of a page.
      let base = target()
      a.emit([
        Self.lui(base, 1), Self.add(base, base, 9), Self.srli(base, base, 12), Self.slli(base, base, 12),
      ])
      for _ in 0...random.below(4) { a.emit(access(base, near: 0xff0)) }
    case 14, 15:
      let skip = a.label()
      a.branch(random.pick([0, 1, 4, 5, 6, 7]), source(), source(), skip)
      for _ in 0...random.below(4) { a.emit(random.below(3) == 0 ? compressed() : arithmetic()) }
      a.place(skip)
    case 16: atomics(&a)
    case 17, 18:
      if level > 0, hasFrame { call(&a, level) } else { a.emit(access(base() == 4 ? 9 : 2)) }
    case 19: computedJump(&a)
    case 20:
      // A routine with its link in t0, as compilers save registers by.
      let (routine, end) = (a.label(), a.label())
      a.jump(5, routine)
      a.jump(0, end)
      a.place(routine)
      a.emit([access(2), Self.addi(11, 11, 1)])
      a.emit(Self.jalr(0, 5))
      a.place(end)
    case 21:
      let illegal: [UInt32] = isOdd ? [0, 0xffff_ffff, 0x0000_707f, 0xc000_1073, 0x1234_5007] : [0xffff_ffff]
      a.emit(random.pick(illegal + [Self.ebreak, 0x9002]))
    case 22: if random.below(3) == 0 { a.emit(Self.ecall) }
    case 23, 24: modifyCode(&a)
    case 25: a.emit(random.pick([0x0ff0_000f, Self.fenceI, 0x0110_000f, 0x0330_000f]))
    case 26: floating(&a)
    case 27:
      device(&a)
    case 28:
      // MPRV, with someone's eyes; where that is allowed.
      a.load(5, random.pick([0x2_0000, 0x2_0800, 0x6_0800, 0xa_0800, 0x2_0000]))
      a.load(6, 0x1800)
      // As in `switchWindow`.
      if !freedom.contains(.unfenced) { a.emit(Self.sfence(0, 0)) }
      a.emit([Self.clear(CSR.mstatus, 6), Self.set(CSR.mstatus, 5)])
      a.load(10, random.pick([Self.supervisorPages, Self.userPages, Self.userLarge]) + Place.data)
      for _ in 0...random.below(4) { a.emit(access(10)) }
      a.emit([Self.lui(5, 0x20), Self.clear(CSR.mstatus, 5)])
    case 29: if freedom.contains(.unfenced) { changeOwnPage(&a) }
    case 30: if isOdd { control(&a) }
    default: a.emit(random.pick([Self.sfence(0, 0), Self.sfence(9, 0), Self.sfence(3, 0)]))
    }
  }

  private mutating func atomics(_ a: inout Assembly) {
    let width = random.pick([2, 3] as [UInt32])
    let base = target()
    let place = random.bits(10)
    a.emit(Self.addi(base, 9, Int(place) & ~7))
    // Some on bytes and halfwords.
    let anyWidth = place & 7 < 3 ? width - 2 : width
    if freedom.contains(.odd), random.below(8) == 0 { a.emit(Self.addi(base, base, 4 + random.below(4))) }
    let (rd, rs) = (target(), source())
    switch random.below(3) {
    case 0:
      a.emit(E.r(0x2f, width, 0x02 << 2, rd, base, 0))
      if rd == base { return }
      if freedom.contains(.odd), random.below(4) == 0 { a.emit(access(9)) }
      a.emit(E.r(0x2f, width, 0x03 << 2, target(), base, rs))
    case 1 where freedom.contains(.odd):
      a.emit(E.r(0x2f, anyWidth, 0x05 << 2, rd, base, rs))  // amocas
    default:
      let operation = random.pick([0, 1, 4, 8, 12, 16, 20, 24, 28] as [UInt32])
      a.emit(E.r(0x2f, anyWidth, operation << 2 | random.bits(2), rd, base, rs))
    }
  }

  private mutating func call(_ a: inout Assembly, _ level: Int) {
    let callees = functions.prefix(level * 6)
    let callee = callees[random.below(callees.count)]
    switch random.below(4) {
    case 0:
      a.address(5, of: callee)
      a.emit(random.bits(1) == 0 ? Self.jalr(1, 5) : 0x9282)  // c.jalr t0
    case 1:
      a.address(1, of: callee)
      a.emit(Self.jalr(1, 1))
    default: a.jump(1, to: callee)
    }
  }

  /// A jump by register into one of several places behind it.
  private mutating func computedJump(_ a: inout Assembly) {
    let index = target()
    let pointer = index == 5 ? 6 : 5 as UInt32
    a.emit([Self.andi(index, source(), 0xc)])
    // auipc, add, jalr: 12 bytes.
    a.emit([pointer << 7 | 0x17, Self.add(pointer, pointer, index)])
    a.emit(Self.jalr(random.pick([0, 0, 0, 5, 7]), pointer, 12))
    for _ in 0..<4 { a.emit(arithmetic()) }
  }

  /// Writes an instruction into code: its own next one, some other of the page around gp, its own loop.
  private mutating func modifyCode(_ a: inout Assembly) {
    let one = arithmetic()
    a.load(10, UInt64(bitPattern: Int64(Int32(bitPattern: one))))
    switch random.below(4) {
    case 0:
      // Into the page that gp points to: from another place of it, or this instruction.
      let offset = random.bits(12) & ~3
      if random.bits(1) == 0 { a.emit(E.i(0x03, 2, 10, 3, random.bits(12) & ~3)) }
      if leavesFence(a, offset) {
        a.emit(E.s(0x23, random.pick([2, 2, 1]), 3, 10, offset))
        fenceCode(&a)
      }
    case 1:
      // Its own loop: the first round runs what stands here.
      a.emit(Self.addi(11, 0, 3))
      let again = a.placed()
      let place = a.here
      a.emit(Self.addi(12, 12, 1))
      a.address(13, of: place)
      a.emit(E.s(0x23, 2, 13, 10, 0))
      if !freedom.contains(.unfenced) || random.bits(1) == 0 { a.emit(Self.fenceI) }
      a.emit(Self.addi(11, 11, -1))
      // What was written may count on; give up then by the sign.
      a.branch(4, 0, 11, again)
    default:
      // What comes next: auipc, sw (and fence.i), then the instruction.
      let fences = !freedom.contains(.unfenced) || random.bits(1) == 0
      let distance: UInt32 = fences ? 12 : 8
      a.emit([13 << 7 | 0x17, E.s(0x23, 2, 13, 10, distance)])
      if fences { a.emit(Self.fenceI) }
      a.emit(arithmetic())
    }
  }

  private mutating func floating(_ a: inout Assembly) {
    for _ in 0...random.below(4) {
      let one = random.pick(RealInstruction.all)
      let isInteger = one.operands == .integers
      a.emit(
        one.encoded(
          rd: one.hasIntegerResult ? target() : real(), rs1: isInteger ? source() : real(), rs2: real(),
          rs3: real(), rounding: random.pick([7, 7, 7, 0, 1, 2, 3])))
    }
    if random.below(4) == 0 { a.emit(E.csr(5, target(), random.pick([1, 2]), random.bits(2))) }
  }

  private mutating func device(_ a: inout Assembly) {
    // In a window of small pages, or from machine mode.
    if random.bits(1) == 0 {
      a.address(10, of: Self.base + Place.device)
    } else {
      a.load(10, Self.deviceAddress)
    }
    for _ in 0...random.below(3) {
      if freedom.contains(.odd) {
        let width = random.bits(2)
        let offset = random.bits(5)
        a.emit(
          random.bits(1) == 0
            ? E.i(0x03, width, target(), 10, offset) : E.s(0x23, width, 10, source(), offset))
      } else {
        // The serial port's scratch register.
        a.emit(random.bits(1) == 0 ? E.i(0x03, 4, target(), 10, 7) : E.s(0x23, 0, 10, source(), 7))
      }
    }
  }

  /// A store to the page table: an entry changed, or swapped with its neighbour.
  private mutating func changeOwnPage(_ a: inout Assembly) {
    let index = UInt32(random.below(3) == 0 ? 0x20 + random.below(16) : 0x10 + random.below(8))
    // tp points to some page among the tables, often a leaf table.
    a.emit(Self.ld(10, index * 8, 4))
    switch random.below(3) {
    case 0: a.emit(E.i(0x13, 4, 10, 10, random.pick([2, 4, 8, 0x10, 0x40, 0x80])))
    case 1: a.emit([Self.ld(11, index * 8 ^ 8, 4), Self.sd(11, index * 8, 4)])
    default: a.emit([Self.lui(11, 8), Self.xor(10, 10, 11)])  // bit 15 of the physical address
    }
    a.emit(Self.sd(10, random.bits(1) == 0 ? index * 8 : index * 8 ^ 8, 4))
    if random.bits(1) == 0 { a.emit(random.pick([Self.sfence(0, 0), Self.sfence(3, 0)])) }
  }

  /// Registers of control and status that have one right value at each instruction.
  private mutating func control(_ a: inout Assembly) {
    switch random.below(6) {
    case 0, 1: a.emit(Self.read(target(), random.pick([0xc02, 0xb02, 0xc00])))
    case 2: a.emit(E.csr(random.pick([1, 2, 3]), target(), CSR.sscratch, source()))
    case 3: a.emit(E.csr(random.pick([2, 3, 6, 7]), target(), 0x100, random.pick([0, 2])))
    case 4: a.emit(Self.read(target(), random.pick([CSR.sepc, CSR.scause, CSR.stval, CSR.mcause, CSR.satp])))
    default: if random.below(8) == 0 { a.emit(random.pick([Self.sret, E.mret])) }
    }
  }
}

extension SystemProgram {
  /// Whether a program that prints its result accessed what `virt` has and `SystemGuest` has not.
  static func wentOutside(_ memory: AddressSpace) -> Bool {
    memory.load(base + Place.handlerData + UInt64(Data.outside), as: UInt64.self) != 0
  }

  /// Traps that the harts of a machine have taken to machine mode, where the program left the counts alone.
  func trapCount(_ memory: AddressSpace) -> UInt64 {
    (0..<3).reduce(0) { $0 + min(traps, memory.load(Self.handlerCount($1), as: UInt64.self) ?? 0) }
  }
}
