import RISCV

/// The vDSO (vdso(7), "RISC-V functions"): a shared library that each program finds in its memory, by AT_SYSINFO_EHDR.
///
/// System V ABI, "Object Files" and "Dynamic Linking"; Linux Standard Base, "Symbol Versioning" and "Exception Frames".
/// Clocks are read from registers that harts of user mode have for this (`HartState.Control.clock`), so that the
/// host says what time it is, whatever becomes of its clocks.
struct VDSO {
  /// The file, a whole number of pages.
  let image: [UInt8]
  /// Where in it a signal handler returns to.
  let signalReturn: UInt64

  private struct Function {
    var name: String
    var start: Int
    var size: Int
  }

  private struct Section {
    var name: String
    var type: UInt32
    var flags: UInt64
    var offset: Int
    var size: Int
    var link: UInt32 = 0
    var info: UInt32 = 0
    var alignment: Int
    var entrySize = 0
  }

  private static let headerSize = 64
  /// PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_GNU_EH_FRAME.
  private static let programHeaders = 4
  /// Sections of the dynamic linker name each other by these numbers.
  private enum Number {
    static let text: UInt32 = 1
    static let symbols: UInt32 = 4
    static let strings: UInt32 = 5
  }

  init() {
    var file = FileBytes()
    file.zeros(Self.headerSize + Self.programHeaders * ProgramImage.headerSize)
    var sections: [Section] = []
    /// SHF_ALLOC
    func section(
      _ name: String, _ type: UInt32, flags: UInt64 = 2, link: UInt32 = 0, info: UInt32 = 0,
      alignment: Int = 8, entrySize: Int = 0, _ body: (inout FileBytes) -> Void
    ) -> Int {
      file.align(alignment)
      let offset = file.bytes.count
      body(&file)
      sections.append(
        Section(
          name: name, type: type, flags: flags, offset: offset, size: file.bytes.count - offset, link: link,
          info: info, alignment: alignment, entrySize: entrySize))
      return offset
    }

    var functions: [Function] = []
    let text = section(".text", 1, flags: 6) { functions = Self.addText(&$0) }
    signalReturn = UInt64(functions[0].start)
    var strings = Strings()
    let names = functions.map { strings.add($0.name) }
    let (library, version) = ("linux-vdso.so.1", "LINUX_4.15")
    let (libraryName, versionName) = (strings.add(library), strings.add(version))

    let hash = section(".hash", 5, link: Number.symbols, entrySize: 4) { file in
      // One bucket, whose chain has all symbols.
      let count = functions.count + 1
      file.words32([1, count, 1, 0] + (1..<count).map { $0 + 1 < count ? $0 + 1 : 0 })
    }
    let gnuHash = section(".gnu.hash", 0x6fff_fff6, link: Number.symbols) { file in
      // One bucket, symbols from number 1 on, one word of the Bloom filter, its second bit 6 higher.
      let hashes = functions.map { Self.gnuHash($0.name) }
      file.words32([1, 1, 1, 6])
      file.word64(hashes.reduce(0) { $0 | 1 << UInt64($1 & 63) | 1 << UInt64($1 >> 6 & 63) })
      file.words32([1])
      for (i, hash) in hashes.enumerated() { file.word32(i + 1 < hashes.count ? hash & ~1 : hash | 1) }
    }
    let symbols = section(".dynsym", 11, link: Number.strings, info: 1, entrySize: 24) { file in
      file.zeros(24)
      for (i, function) in functions.enumerated() {
        // STB_GLOBAL, STT_FUNC
        file.word32(UInt32(names[i]))
        file.bytes += [0x12, 0]
        file.word16(UInt16(Number.text))
        file.word64(UInt64(function.start))
        file.word64(UInt64(function.size))
      }
    }
    let stringTable = section(".dynstr", 3, alignment: 1) { $0.bytes += strings.bytes }
    let versions = section(
      ".gnu.version", 0x6fff_ffff, link: Number.symbols, alignment: 2, entrySize: 2
    ) { file in
      file.word16(0)
      for _ in functions { file.word16(2) }
    }
    let definitions = section(".gnu.version_d", 0x6fff_fffd, link: Number.strings, info: 2) { file in
      // The library itself (VER_FLG_BASE), and the one version of its symbols; 28 bytes each.
      for (flags, name, text, next) in [(1, libraryName, library, 28), (0, versionName, version, 0)] {
        for half in [1, flags, flags == 1 ? 1 : 2, 1] { file.word16(UInt16(half)) }
        file.word32(Self.hash(text))
        file.words32([20, next, name, 0])
      }
    }
    let note = section(".note", 7, alignment: 4) { file in
      // Linux's version, 6.12.0, as its own vDSO says it.
      file.words32([6, 4, 0])
      file.bytes += Array("Linux\0\0\0".utf8)
      file.word32(0x06_0c00)
    }
    let dynamic = section(".dynamic", 6, link: Number.strings, entrySize: 16) { file in
      let entries: [(UInt64, Int)] = [
        (14, libraryName), (4, hash), (0x6fff_fef5, gnuHash), (5, stringTable), (6, symbols),
        (10, strings.bytes.count), (11, 24), (0x6fff_fff0, versions), (0x6fff_fffc, definitions),
        (0x6fff_fffd, 2), (0, 0),
      ]
      for (tag, value) in entries {
        file.word64(tag)
        file.word64(UInt64(value))
      }
    }
    let frameHeader = section(".eh_frame_hdr", 1, alignment: 4) {
      Self.addFrameHeader(&$0, functions)
    }
    _ = section(".eh_frame", 1) { Self.addFrames(&$0, functions) }

    let loaded = file.bytes.count
    var sectionNames = Strings()
    let nameTable = (sections.map(\.name) + [".shstrtab"]).map { sectionNames.add($0) }
    _ = section(".shstrtab", 3, flags: 0, alignment: 1) { $0.bytes += sectionNames.bytes }
    file.align(8)
    let table = file.bytes.count
    file.zeros(64)
    for (i, section) in sections.enumerated() {
      file.words32([nameTable[i], Int(section.type)])
      let address = section.flags == 0 ? 0 : section.offset
      for word in [section.flags, UInt64(address), UInt64(section.offset), UInt64(section.size)] {
        file.word64(word)
      }
      file.words32([Int(section.link), Int(section.info)])
      file.word64(UInt64(section.alignment))
      file.word64(UInt64(section.entrySize))
    }

    var head = FileBytes()
    head.bytes += [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    // ET_DYN, EM_RISCV; e_flags: double-precision arguments, compressed instructions allowed.
    for half in [3, 243] as [UInt16] { head.word16(half) }
    head.word32(1)
    for word in [UInt64(text), UInt64(Self.headerSize), UInt64(table)] { head.word64(word) }
    head.word32(5)
    for half in [
      Self.headerSize, ProgramImage.headerSize, Self.programHeaders, 64, sections.count + 1, sections.count,
    ] {
      head.word16(UInt16(half))
    }
    for (type, flags, start, size, alignment) in [
      (1, 5, 0, loaded, 4096), (2, 4, dynamic, 16 * 11, 8), (4, 4, note, 24, 4),
      (0x6474_e550, 4, frameHeader, 20, 4),
    ] {
      head.words32([type, flags])
      for word in [start, start, start, size, size, alignment] { head.word64(UInt64(word)) }
    }
    file.bytes.replaceSubrange(0..<head.bytes.count, with: head.bytes)
    file.align(4096)
    image = file.bytes
  }

  // MARK: Functions

  /// The functions; that to which signal handlers return is the first.
  private static func addText(_ file: inout FileBytes) -> [Function] {
    var functions: [Function] = []
    func function(_ name: String, _ code: [UInt32]) {
      functions.append(Function(name: name, start: file.bytes.count, size: 4 * code.count))
      for word in code { file.word32(word) }
    }
    typealias A = Assembly
    // Unwinders know this one by its instructions, and so it has no frame information.
    function("__vdso_rt_sigreturn", A.call(139))
    let billion: [UInt32] = [A.lui(.t2, 0x3b9ad), A.addi(.t2, .t2, -0x600)]
    function("__vdso_clock_gettime", clockTime(billion))
    function("__vdso_gettimeofday", timeOfDay(billion))
    function("__vdso_clock_getres", A.call(114) + [A.ret])
    function("__vdso_getcpu", A.call(168) + [A.ret])
    function("__vdso_flush_icache", A.call(259) + [A.ret])
    function("__vdso_riscv_hwprobe", A.call(258) + [A.ret])
    return functions
  }

  /// Splits the nanoseconds in a2: seconds into t0, the rest into a2.
  private static func split(_ billion: [UInt32]) -> [UInt32] {
    typealias A = Assembly
    return billion + [A.divu(.t0, .a2, .t2), A.mul(.t1, .t0, .t2), A.sub(.a2, .a2, .t1)]
  }

  /// int clock_gettime(clockid_t a0, struct timespec *a1)
  private static func clockTime(_ billion: [UInt32]) -> [UInt32] {
    typealias A = Assembly
    let clocks = (0..<12).filter { HartState.Control.clock(HartState.Control.clocks + $0) != nil }
    // Clocks that have no register are asked for by the system call.
    let fallback = A.call(113) + [A.ret]
    var code: [UInt32] = []
    let rest = split(billion) + [A.sd(.t0, 0, .a1), A.sd(.a2, 8, .a1), A.addi(.a0, .zero, 0), A.ret]
    let perClock = 4
    let total = clocks.count * perClock + fallback.count
    for clock in clocks {
      code += [
        A.addi(.t0, .zero, clock), A.bne(.a0, .t0, 4 * 3), A.csrr(.a2, HartState.Control.clocks + clock),
      ]
      code.append(A.jump(4 * (total - code.count)))
    }
    return code + fallback + rest
  }

  /// int gettimeofday(struct timeval *a0, struct timezone *a1)
  private static func timeOfDay(_ billion: [UInt32]) -> [UInt32] {
    typealias A = Assembly
    let time =
      [A.csrr(.a2, HartState.Control.clocks)] + split(billion)
      + [
        A.addi(.t1, .zero, 1000), A.divu(.a2, .a2, .t1), A.sd(.t0, 0, .a0), A.sd(.a2, 8, .a0),
      ]
    // The obsolete time zone is the kernel's to tell.
    return [A.bne(.a1, .zero, 4 * (time.count + 5)), A.bne(.a0, .zero, 8), A.jump(4 * (time.count + 1))]
      + time + [A.addi(.a0, .zero, 0), A.ret] + A.call(169) + [A.ret]
  }

  // MARK: Frames

  /// Return addresses stay in ra, and the stack where it is.
  private static func addFrames(_ file: inout FileBytes, _ functions: [Function]) {
    let start = file.bytes.count
    // CIE "zR": code in units of 1, data of -8, ra is register 1, addresses relative in 4 bytes; DW_CFA_def_cfa sp+0.
    file.words32([20, 0])
    file.bytes += [1, 0x7a, 0x52, 0, 1, 0x78, 1, 1, 0x1b, 0x0c, 2, 0, 0, 0, 0, 0]
    let (first, end) = covered(functions)
    file.words32([16, file.bytes.count + 4 - start])
    file.word32(UInt32(truncatingIfNeeded: first - file.bytes.count))
    file.words32([end - first, 0, 0])
  }

  /// .eh_frame_hdr with the one entry that there is. The frames come behind it, at the next multiple of 8.
  private static func addFrameHeader(_ file: inout FileBytes, _ functions: [Function]) {
    let start = file.bytes.count
    let frames = (start + 20 + 7) & ~7
    file.bytes += [1, 0x1b, 0x03, 0x3b]
    file.word32(UInt32(truncatingIfNeeded: frames - file.bytes.count))
    file.word32(1)
    file.word32(UInt32(truncatingIfNeeded: covered(functions).first - start))
    // Behind the CIE's 24 bytes.
    file.word32(UInt32(truncatingIfNeeded: frames + 24 - start))
  }

  private static func covered(_ functions: [Function]) -> (first: Int, end: Int) {
    let last = functions[functions.count - 1]
    return (functions[1].start, last.start + last.size)
  }

  // MARK: Names

  private struct Strings {
    var bytes: [UInt8] = [0]
    mutating func add(_ text: String) -> Int {
      let place = bytes.count
      bytes += Array(text.utf8) + [0]
      return place
    }
  }

  /// System V ABI, "Hash Table".
  private static func hash(_ name: String) -> UInt32 {
    var hash: UInt32 = 0
    for byte in name.utf8 {
      hash = hash << 4 &+ UInt32(byte)
      let high = hash & 0xf000_0000
      hash = (hash ^ high >> 24) & ~high
    }
    return hash
  }

  private static func gnuHash(_ name: String) -> UInt32 {
    name.utf8.reduce(5381) { $0 &* 33 &+ UInt32($1) }
  }
}

/// Instructions by their formats (RISC-V Unprivileged, §2.2).
private enum Assembly {
  enum Register: UInt32 {
    case zero = 0
    case ra = 1
    case t0 = 5
    case t1 = 6
    case t2 = 7
    case a0 = 10
    case a1 = 11
    case a2 = 12
    case a7 = 17
  }

  static func addi(_ rd: Register, _ rs1: Register, _ immediate: Int) -> UInt32 {
    i(0x13, rd, 0, rs1, immediate)
  }
  static func lui(_ rd: Register, _ immediate: UInt32) -> UInt32 { immediate << 12 | rd.rawValue << 7 | 0x37 }
  static func mul(_ rd: Register, _ rs1: Register, _ rs2: Register) -> UInt32 { r(1, 0, rd, rs1, rs2) }
  static func divu(_ rd: Register, _ rs1: Register, _ rs2: Register) -> UInt32 { r(1, 5, rd, rs1, rs2) }
  static func sub(_ rd: Register, _ rs1: Register, _ rs2: Register) -> UInt32 { r(0x20, 0, rd, rs1, rs2) }
  static func csrr(_ rd: Register, _ number: Int) -> UInt32 { i(0x73, rd, 2, .zero, number) }
  static func sd(_ rs2: Register, _ offset: UInt32, _ rs1: Register) -> UInt32 {
    (offset >> 5) << 25 | rs2.rawValue << 20 | rs1.rawValue << 15 | 3 << 12 | (offset & 31) << 7 | 0x23
  }
  /// Forward.
  static func bne(_ rs1: Register, _ rs2: Register, _ distance: Int) -> UInt32 {
    let d = UInt32(distance)
    let registers = rs2.rawValue << 20 | rs1.rawValue << 15
    return (d >> 5 & 63) << 25 | registers | 1 << 12 | (d >> 1 & 15) << 8 | (d >> 11 & 1) << 7 | 0x63
  }
  /// Forward, by less than 2 KiB.
  static func jump(_ distance: Int) -> UInt32 { UInt32(distance) << 20 | 0x6f }
  static let ret = i(0x67, .zero, 0, .ra, 0)

  /// A system call.
  static func call(_ number: Int) -> [UInt32] { [addi(.a7, .zero, number), 0x73] }

  private static func i(
    _ opcode: UInt32, _ rd: Register, _ function: UInt32, _ rs1: Register, _ immediate: Int
  ) -> UInt32 {
    UInt32(truncatingIfNeeded: immediate) << 20 | rs1.rawValue << 15 | function << 12 | rd.rawValue << 7
      | opcode
  }
  private static func r(
    _ function7: UInt32, _ function3: UInt32, _ rd: Register, _ rs1: Register, _ rs2: Register
  ) -> UInt32 {
    function7 << 25 | rs2.rawValue << 20 | rs1.rawValue << 15 | function3 << 12 | rd.rawValue << 7 | 0x33
  }
}
