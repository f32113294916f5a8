import Debugger
import Logging
import RISCV

extension MonitorCommand {
  static let harts: [MonitorCommand] = [
    MonitorCommand(
      "bt", "[cpu]", "show who called whom, up from where a hart is (not in QEMU)",
      examples: [
        ("bt", "the current hart's; each line says what it relies on"), ("bt 1", "the other hart's"),
      ]
    ) { (session, text) throws(MonitorError) in try session.backtrace(&text) },
    MonitorCommand(
      "cpu", "index", "set the default CPU",
      examples: [("cpu 1", "registers, x, walk and others are about hart 1 now")]
    ) { (session, text) throws(MonitorError) in
      let index = try session.number(&text)
      try session.expectEnd(text, of: "cpu")
      try session.selectHart(index)
      return ""
    },
    MonitorCommand(
      "symbols", "[file]", "show whose symbols are known, or read those of an ELF file (not in QEMU)",
      examples: [
        ("symbols", "the kernel's and the firmware's, where they are ELF files"),
        ("symbols vmlinux", "for a kernel that was started as a flat image"),
      ]
    ) { (session, text) throws(MonitorError) in try session.symbolFiles(&text) },
    MonitorCommand(
      "walk", "addr", "show the page walk of an address, step by step, and PMP's verdict (not in QEMU)",
      examples: [
        ("walk 0x80000000", "what the current hart makes of it"), ("walk $stval", "of the last fault"),
      ], completion: .expressions
    ) { (session, text) throws(MonitorError) in session.walk(try session.number(&text)) },
  ]

  static let hartInformation: [MonitorCommand] = [
    MonitorCommand(
      "cpus", "", "show infos for each CPU", examples: [("info cpus", "the current one has a star")]
    ) { session, _ in session.cpuListing },
    MonitorCommand(
      "jit", "", "show dynamic compiler info",
      examples: [("info jit", "what was translated, and what was left to the interpreter")]
    ) { session, _ in session.engineListing },
    MonitorCommand(
      "mem", "", "show the active virtual memory mappings",
      examples: [("info mem", "QEMU's columns, then pages by size, memory type and symbol")]
    ) { session, _ in session.mappingListing },
    MonitorCommand(
      "registers", "[-a|vcpu]",
      "show the cpu registers (-a: show register info for all cpus; vcpu: specific vCPU to query; "
        + "show the current CPU's registers if no argument is specified)",
      examples: [("info registers", "the current hart's"), ("info registers -a", "all harts'")]
    ) { (session, text) throws(MonitorError) in try session.registerListing(&text) },
    MonitorCommand(
      "tlb", "", "show the translations that the current hart has at hand (not in QEMU)",
      examples: [("info tlb", "a hart may use them until the next sfence.vma")]
    ) { session, _ in session.cachedListing },
    MonitorCommand(
      "trap", "[vcpu]", "show the last traps of each hart (not in QEMU)",
      examples: [
        ("info trap", "cause, place, value and repeats, the newest last"), ("info trap 0", "hart 0's alone"),
      ]
    ) { (session, text) throws(MonitorError) in try session.trapListing(&text) },
  ]
}

extension MonitorSession {
  private func hartIndex(_ text: inout Substring) throws(MonitorError) -> Int? {
    guard !text.allSatisfy(Self.isSpace) else { return nil }
    let index = try number(&text)
    guard index < UInt64(machine.hartCount) else { throw MonitorError("CPU#\(index) not available") }
    return Int(index)
  }

  private func hex(_ value: UInt64) -> String { "0x\(String(value, radix: 16))" }

  /// " <main+0x4>", or nothing.
  private func labelled(_ address: UInt64) -> String {
    machine.symbols.label(of: address).map { " <\($0)>" } ?? ""
  }

  private func tables(ofHart hart: Int) -> PageTables {
    let condition = machine.condition(ofHart: hart)
    return PageTables(satp: condition.satp, width: condition.width) { [machine] in
      machine.readMemory($0, count: $1)
    }
  }

  // MARK: cpu, info cpus, info registers, info jit

  var cpuListing: String {
    (0..<machine.hartCount).map { "\($0 == hart ? "*" : " ") CPU #\($0):\r\n" }.joined()
  }

  func registerListing(_ text: inout Substring) throws(MonitorError) -> String {
    if try flags(&text, "a", of: "registers").contains("a") {
      return (0..<machine.hartCount).map { listing(ofHart: $0) }.joined()
    }
    return listing(ofHart: try hartIndex(&text) ?? hart)
  }

  private func listing(ofHart index: Int) -> String {
    "\r\nCPU#\(index)\r\n" + machine.registers(ofHart: index).text.replacing("\n", with: "\r\n")
  }

  var engineListing: String {
    var text = ""
    if let isOneByOne = machine.translatesOneByOne {
      text += "Accelerator settings:\r\none-insn-per-tb: \(isOneByOne ? "on" : "off")\r\n\r\n"
    }
    for (index, engine) in machine.engines.enumerated() {
      text += "CPU #\(index): "
      guard let engine else {
        text += "interpreted\r\n"
        continue
      }
      text += "translated\r\n"
      let rows =
        engine.figures.map { ($0.name, $0.value) }
        + [("left to the interpreter", engine.fallbacks.reduce(0) { $0 + $1.count })]
        + engine.fallbacks.prefix(20).map { ("  \($0.name)", $0.count) }
      for (name, value) in rows {
        text += "  \(name + String(repeating: " ", count: max(1, 26 - name.utf8.count)))\(value)\r\n"
      }
    }
    return text
  }

  // MARK: info mem, info tlb

  private static let mostRows = 20_000

  var mappingListing: String {
    let tables = tables(ofHart: hart)
    guard tables.translates else { return "No translation or protection\r\n" }
    let digits = tables.isNarrow ? 8 : 16
    func column(_ title: String, _ width: Int) -> String { leftAligned(title, to: width) }
    var text = "\(column("vaddr", digits)) \(column("paddr", 16)) \(column("size", digits)) attr   "
    text += "  pages\r\n"
    text += [digits, 16, digits, 7].map { String(repeating: "-", count: $0) }.joined(separator: " ")
    text += "  ----------\r\n"
    let (rows, isComplete) = tables.mappings()
    for row in rows.prefix(Self.mostRows) {
      let virtual = tables.isNarrow ? row.virtual & 0xffff_ffff : row.virtual
      text += "\(zeroPadded(virtual, to: digits)) \(zeroPadded(row.physical, to: 16)) "
      text += "\(zeroPadded(row.size, to: digits)) \(row.entry.attributes)  "
      text += row.pages.map { "\($0.count) x \(sizeText($0.size))" }.joined(separator: " + ")
      if !row.entry.memoryType.isEmpty { text += " \(row.entry.memoryType)" }
      if let label = machine.symbols.label(of: virtual) { text += " \(label)" }
      text += "\r\n"
    }
    if rows.count > Self.mostRows { text += "... and \(rows.count - Self.mostRows) more\r\n" }
    if !isComplete {
      text += "More than \(PageTables.mostTables) page tables: some of them probably contain themselves.\r\n"
    }
    if machine.condition(ofHart: hart).privilege == .machine {
      text += "The hart is in machine mode, where these do not count.\r\n"
    }
    return text
  }

  var cachedListing: String {
    let all = machine.cachedTranslations(ofHart: hart)
    guard !all.isEmpty else { return "No translation is at hand\r\n" }
    let digits = machine.condition(ofHart: hart).width / 4
    let names = all.map(\.view.utf8.count).max() ?? 0
    var text = "\(leftAligned("vaddr", to: digits)) \(leftAligned("paddr", to: 16)) attr view\r\n"
    for page in all.prefix(Self.mostRows) {
      let attributes =
        (page.isReadable ? "r" : "-") + (page.isWritable ? "w" : "-") + (page.isExecutable ? "x" : "-")
      text += "\(zeroPadded(page.virtual, to: digits)) \(zeroPadded(page.physical, to: 16)) \(attributes)  "
      text += leftAligned(page.view, to: names) + labelled(page.virtual) + "\r\n"
    }
    if all.count > Self.mostRows { text += "... and \(all.count - Self.mostRows) more\r\n" }
    return text
  }

  // MARK: info trap

  func trapListing(_ text: inout Substring) throws(MonitorError) -> String {
    let harts = try hartIndex(&text).map { $0...$0 } ?? 0...max(0, machine.hartCount - 1)
    return harts.map { trapListing(ofHart: $0) }.joined()
  }

  private func trapListing(ofHart index: Int) -> String {
    let condition = machine.condition(ofHart: index)
    guard !condition.traps.isEmpty else { return "CPU #\(index): no traps since reset\r\n" }
    let shown = condition.traps.reduce(UInt64(0)) { $0 &+ $1.count }
    var text = "CPU #\(index): \(condition.trapCount) traps since reset"
    if shown < condition.trapCount { text += ", the last \(shown) of them" }
    text += "\r\n"
    for trap in condition.traps {
      text +=
        "  \(CauseNames.text(trap.cause, isInterrupt: trap.isInterrupt)) at \(hex(trap.pc))\(labelled(trap.pc))"
      if !trap.isInterrupt, trap.value != 0 || Self.hasAddress(trap.cause) {
        text += ", tval \(hex(trap.value))"
        if Self.hasAddress(trap.cause) { text += labelled(trap.value) }
      }
      text +=
        ", \(trap.from.letter) -> \(trap.handler.letter), handler \(hex(trap.target))\(labelled(trap.target))"
      text += ", instruction \(trap.instructions)"
      if trap.count > 1 { text += ", \(trap.count) times in a row" }
      text += "\r\n"
    }
    return text
  }

  /// `tval` is an address.
  private static func hasAddress(_ cause: UInt64) -> Bool { [0, 1, 4, 5, 6, 7, 12, 13, 15].contains(cause) }

  // MARK: bt, symbols

  func backtrace(_ text: inout Substring) throws(MonitorError) -> String {
    let index = try hartIndex(&text) ?? hart
    let registers = machine.registers(ofHart: index)
    let trace = Backtrace(
      pc: registers.pc, integers: registers.integers, width: registers.width, symbols: machine.symbols
    ) { [machine] in machine.readVirtual($0, count: $1, width: 1, hart: index) }
    var text = ""
    for (number, frame) in trace.frames.enumerated() {
      text += "#\(leftAligned("\(number)", to: 3)) 0x\(zeroPadded(frame.pc, to: registers.width / 4))"
      if let place = machine.symbols.place(of: frame.place) {
        let offset = place.offset &+ (frame.pc &- frame.place)
        text += " in \(place.name)" + (offset == 0 ? "" : "+\(hex(offset))")
      }
      if let line = machine.symbols.line(at: frame.place) { text += " at \(line.file):\(line.line)" }
      text += "  (\(frame.basis.rawValue))\r\n"
    }
    return text + "The end: \(trace.end).\r\n"
  }

  func symbolFiles(_ text: inout Substring) throws(MonitorError) -> String {
    let name = fileName(&text)
    try expectEnd(text, of: "symbols")
    if !name.isEmpty {
      guard let image = GuestImage(path: name) else {
        throw MonitorError("Error: '\(name)' is no linked ELF file for RISC-V, or cannot be read")
      }
      guard image.hasSymbols else { throw MonitorError("Error: '\(name)' has no symbols: it is stripped") }
      machine.symbols.add(image)
    }
    let images = machine.symbols.images
    guard !images.isEmpty else {
      return "No symbols: the kernel is no ELF file. 'symbols FILE' reads them from one.\r\n"
    }
    return images.map { image in
      let what = [
        image.hasSymbols ? "symbols" : "no symbols", image.hasLines ? "source lines" : nil,
        image.frames.isEmpty ? nil : "CFI",
      ]
      return "\(image.name): \(what.compactMap(\.self).joined(separator: ", "))\r\n"
    }.joined()
  }

  // MARK: walk

  func walk(_ virtual: UInt64) -> String {
    let condition = machine.condition(ofHart: hart)
    let tables = tables(ofHart: hart)
    let digits = condition.width / 4
    var text =
      "CPU #\(hart) in \(condition.privilege.name), satp 0x\(zeroPadded(condition.satp, to: digits)): "
    guard tables.translates else {
      text += "Bare, addresses are physical\r\n"
      return text + physicalVerdict(virtual, condition, nil)
    }
    text += "\(tables.scheme), ASID \(tables.addressSpaceID), root table at \(hex(tables.root))\r\n"
    if condition.privilege == .machine {
      text += "Machine mode does not translate; this is what supervisor mode would see:\r\n"
    }
    let (steps, end) = tables.walk(virtual)
    for step in steps {
      text +=
        "level \(step.level): entry \(step.index) of the table at \(hex(step.table)), at \(hex(step.address)): "
      guard let entry = step.entry else {
        text += "no memory there\r\n"
        continue
      }
      text += "0x\(zeroPadded(entry.bits, to: tables.isNarrow ? 8 : 16))"
      if entry.isValid {
        text +=
          entry.isLeaf ? ", a page: \(entry.attributes)" : ", the next table is at \(hex(entry.page << 12))"
      }
      if !machine.isPermitted(
        .load, at: step.address, count: tables.isNarrow ? 4 : 8, by: .supervisor, hart: hart)
      {
        text += "; PMP does not let the walk read it: an access fault"
      }
      text += "\r\n"
    }
    switch end {
    case .bare: return text
    case .page(let physical, let size, let entry):
      text += "\(hex(virtual)) is \(hex(physical)), in a page of \(sizeText(size))"
      if !entry.memoryType.isEmpty { text += ", memory type \(entry.memoryType)" }
      text += "\r\n"
      return text + physicalVerdict(physical, condition, entry)
    case .notCanonical:
      let bits = 12 + 9 * tables.levels
      text += "page fault: bits \(bits) to 63 of \(hex(virtual)) must all equal bit \(bits - 1)\r\n"
    case .noTable: text += "access fault: there is no memory where the table should be\r\n"
    case .invalid: text += "page fault: the entry's V bit is 0, \(hex(virtual)) is not mapped\r\n"
    case .reserved(let why): text += "page fault: \(why)\r\n"
    case .endless: text += "page fault: the last level points to another table (R, W and X are 0)\r\n"
    case .misalignedPage:
      text += "page fault: the large page's physical address is not a multiple of its size\r\n"
    }
    return text
  }

  /// What is at a physical address, and who may do what there.
  private func physicalVerdict(
    _ physical: UInt64, _ condition: HartCondition, _ entry: PageTables.Entry?
  ) -> String {
    var text = ""
    if let range = machine.memoryMap.first(where: { $0.first <= physical && physical <= $0.last }) {
      text += "there: \(range.name) (\(range.kind)), \(hex(physical - range.first)) bytes in"
      text += labelled(physical) + "\r\n"
    } else {
      text += "there: nothing, every access is an access fault\r\n"
    }
    let entries = ProtectionEntry.all(condition.pmp)
    let matching = entries.first { $0.range.contains(physical) }
    if condition.pmp.isEmpty {
      text += "PMP: the hart has none\r\n"
    } else if let matching {
      text += "PMP entry \(matching.text)\r\n"
    } else {
      text += "PMP: no entry matches\(entries.isEmpty ? ", none is set at all" : "")"
      text += ": only machine mode may come here\r\n"
    }
    // In machine mode the walk is supervisor mode's.
    let asked: [Privilege] =
      condition.privilege == .machine
      ? (entry == nil ? [.machine, .supervisor, .user] : [.supervisor, .user]) : [condition.privilege]
    for privilege in asked {
      let verdicts = MemoryAccess.allCases.map { access in
        "\(access) \(verdict(access, physical, privilege, condition, entry))"
      }
      text += "\(privilege.name): \(verdicts.joined(separator: "; "))\r\n"
    }
    return text
  }

  private func verdict(
    _ access: MemoryAccess, _ physical: UInt64, _ privilege: Privilege, _ condition: HartCondition,
    _ entry: PageTables.Entry?
  ) -> String {
    if let entry, privilege != .machine, let fault = pageFault(access, privilege, condition, entry) {
      return "page fault (\(fault))"
    }
    guard machine.isPermitted(access, at: physical, count: 1, by: privilege, hart: hart) else {
      return "access fault (PMP)"
    }
    guard let range = machine.memoryMap.first(where: { $0.first <= physical && physical <= $0.last }) else {
      return "access fault (nothing is there)"
    }
    if access == .fetch, range.kind == "i/o" { return "access fault (no code in a device)" }
    return "allowed"
  }

  /// Why the leaf does not allow an access (RISC-V Privileged 1.13, §12.3.2, steps 5 to 8); nil where it does.
  private func pageFault(
    _ access: MemoryAccess, _ privilege: Privilege, _ condition: HartCondition, _ entry: PageTables.Entry
  ) -> String? {
    let (sum, mxr) = (condition.mstatus >> 18 & 1 != 0, condition.mstatus >> 19 & 1 != 0)
    if privilege == .user, !entry.isUser { return "U is 0" }
    if privilege == .supervisor, entry.isUser {
      if access == .fetch { return "a user page" }
      if !sum { return "a user page, and SUM is 0" }
    }
    switch access {
    case .load: if !entry.isReadable, !(mxr && entry.isExecutable) { return "R is 0" }
    case .store: if !entry.isWritable { return "W is 0" }
    case .fetch: if !entry.isExecutable { return "X is 0" }
    }
    if !condition.setsAccessedAndDirty {
      if !entry.isAccessed { return "A is 0, and Svade wants software to set it" }
      if access == .store, !entry.isDirty { return "D is 0, and Svade wants software to set it" }
    }
    return nil
  }

  func selectHart(_ index: UInt64) throws(MonitorError) {
    guard index < UInt64(machine.hartCount) else { throw MonitorError("invalid CPU index") }
    hart = Int(index)
  }
}
