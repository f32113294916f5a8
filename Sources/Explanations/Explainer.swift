import Logging
import RISCV

/// Finds out from a scene why its guest makes no progress.
package struct Explainer {
  let scene: Scene

  /// What is probably wrong, the most probable first; empty where the guest may be well.
  ///
  /// The machine's harts rest, or all of them wait, from the making of the scene until this returns. To be called on
  /// demand, too: when a test of a guest has failed, for example.
  package static func examine(_ scene: Scene) -> [Explanation] {
    let explainer = Explainer(scene: scene)
    var found = explainer.driverFaults()
    for hart in scene.harts where !hart.isHeld && !hart.isIdle { found += explainer.trapLoop(of: hart) }
    if found.isEmpty { found = explainer.standstill() }
    return found
  }

  /// Why the first hart took `trap`, as far as the scene still shows it.
  package static func explainTrap(_ trap: TrapRecord, in scene: Scene) -> Explanation? {
    scene.harts.first.map { Explainer(scene: scene).exception($0, trap) }
  }

  /// What drivers do to the slots that cannot be right, however the guest goes on.
  package static func examineDrivers(_ slots: [VirtIOSlotScene]) -> [Explanation] {
    var scene = Scene(
      harts: [], map: MemoryMap([]), read: { _, _ in nil }, places: NoPlaces(), cpuModel: "",
      hasFirmware: true)
    scene.virtioSlots = slots
    return Explainer(scene: scene).driverFaults()
  }

  // MARK: Trap loops

  /// Instructions that are tried out: some milliseconds.
  static let horizon = 30_000
  /// So many repetitions in a row are no accident.
  static let many: UInt64 = 200

  private func trapLoop(of hart: HartScene) -> [Explanation] {
    guard hart.trapTotal >= Self.many, let last = hart.traps.last, let survey = hart.rehearse?(Self.horizon)
    else { return [] }
    if !last.isInterrupt, last.cause == 9, last.count >= Self.many, let found = unknownCall(hart, last) {
      return [found]
    }
    if survey.futileReturns >= 3, let trap = survey.futileTrap {
      if trap.isInterrupt { return [storm(hart, trap, last.count)] }
      if (8...11).contains(trap.cause) { return [callNotSkipped(hart, trap)] }
      var found = exception(hart, trap)
      found.evidence.insert(
        "again and again\(times(last, trap)): the handler returns to the instruction and has changed nothing",
        at: 0)
      return [found]
    }
    if survey.deepestNesting >= 8 { return nestedTraps(hart, last) }
    // The handler talks to a device, most likely to say what happened, and that device is not tried out.
    let isSteady = last.count >= 2000 && !last.isInterrupt && !(8...11).contains(last.cause)
    if isSteady, isEnd(survey.end) {
      var found = exception(hart, last)
      found.evidence.insert("again and again\(times(last, last))", at: 0)
      return [found]
    }
    return []
  }

  private func isEnd(_ end: Rehearsal.End) -> Bool {
    switch end {
    case .device, .firmware: true
    case .stepsSpent, .recurrence, .waits: false
    }
  }

  private func times(_ last: TrapRecord, _ trap: TrapRecord) -> String {
    last.pc == trap.pc && last.count > 1 ? " (\(last.count) times)" : ""
  }

  // MARK: Building explanations

  func explain(
    _ cause: Cause, _ hart: HartScene, _ pc: UInt64, from privilege: Privilege, _ sentence: String,
    csrs: [Int] = [], advice: String? = nil
  ) -> Explanation {
    var result = Explanation(cause, hart: hart.id, pc: pc, sentence, advice: advice)
    result.symbol = scene.places.symbol(at: pc)
    result.line = scene.places.line(at: pc)
    result.code = disassembly(around: pc, hart, privilege)
    result.registers = csrs.compactMap { number in
      hart.csrs[number].map { (RegisterNames.csr(number) ?? hexadecimal(number), $0) }
    }
    result.registers += [(RegisterNames.integer[1], hart.x[1]), (RegisterNames.integer[2], hart.x[2])]
    return result
  }

  /// " <main+0x10>", or nothing.
  func place(_ address: UInt64) -> String {
    guard let symbol = scene.places.symbol(at: address) else { return "" }
    return " <\(symbol.name)\(symbol.offset == 0 ? "" : "+0x\(hexadecimal(symbol.offset))")>"
  }

  func at(_ address: UInt64) -> String { "0x\(hexadecimal(address))\(place(address))" }

  static func name(of trap: TrapRecord) -> String {
    let exceptions = [
      "instruction address misaligned", "instruction access fault", "illegal instruction", "breakpoint",
      "load address misaligned", "load access fault", "store address misaligned", "store access fault",
      "environment call from user mode", "environment call from supervisor mode", "exception 10",
      "environment call from machine mode", "instruction page fault", "load page fault", "exception 14",
      "store page fault",
    ]
    if trap.isInterrupt {
      let name = Interrupt.names.first { $0.number == trap.cause }?.name ?? "local \(trap.cause)"
      return name + " interrupt"
    }
    return trap.cause < UInt64(exceptions.count) ? exceptions[Int(trap.cause)] : "exception \(trap.cause)"
  }

  /// "load access fault at 0x80000010 <main>, value 0x0"
  func describe(_ trap: TrapRecord) -> String {
    let value =
      trap.isInterrupt || (8...11).contains(trap.cause) ? "" : ", value 0x\(hexadecimal(trap.value))"
    return "\(Self.name(of: trap)) at \(at(trap.pc))\(value)"
  }

  static func handlerCSRs(_ handler: Privilege) -> [Int] {
    handler == .machine
      ? [CSR.mstatus, CSR.mtvec, CSR.mepc, CSR.mcause, CSR.mtval]
      : [CSR.stvec, CSR.sepc, CSR.scause, CSR.stval, CSR.mstatus]
  }

  // MARK: Looking at memory

  /// A word of a page table, as the walk sees it.
  func walkRead(_ hart: HartScene) -> (UInt64, Int) -> UInt64? {
    { address, width in
      guard hart.pmp.allows(.load, address, width: UInt64(width)) else { return nil }
      return scene.load(address, width: width)
    }
  }

  func walk(_ virtual: UInt64, _ access: PageWalk.Access, _ hart: HartScene, _ privilege: Privilege)
    -> PageWalk
  {
    PageWalk(virtual, access, PageWalk.Context(hart, privilege: privilege), read: walkRead(hart))
  }

  /// The physical address of code, whatever its page permits.
  private func physical(_ virtual: UInt64, _ hart: HartScene, _ privilege: Privilege) -> UInt64? {
    var context = PageWalk.Context(hart, privilege: privilege)
    context.updates = true
    if case .physical(let address) = PageWalk(
      virtual, .fetch, context, read: { scene.load($0, width: $1) }
    ).outcome {
      return address
    }
    return nil
  }

  /// The bits of the instruction at a virtual address; nil where no memory is there.
  func instruction(at pc: UInt64, _ hart: HartScene, _ privilege: Privilege) -> UInt32? {
    guard let place = physical(pc, hart, privilege), let low = scene.load(place, width: 2) else { return nil }
    guard low & 3 == 3 else { return UInt32(low) }
    guard let next = physical(pc &+ 2, hart, privilege), let high = scene.load(next, width: 2) else {
      return UInt32(low)
    }
    return UInt32(high) << 16 | UInt32(low)
  }

  private func disassembly(around pc: UInt64, _ hart: HartScene, _ privilege: Privilege) -> [String] {
    guard instruction(at: pc, hart, privilege) != nil else { return [] }
    let disassembler = Disassembler(extensions: hart.extensions, xlen: hart.xlen)
    // Backwards, an instruction of four bytes is likelier than what its second half would be.
    var start = pc
    for _ in 0..<2 {
      if let wide = instruction(at: start &- 4, hart, privilege), wide & 3 == 3,
        disassembler.line(wide).mnemonic != ".insn"
      {
        start &-= 4
      } else if let narrow = instruction(at: start &- 2, hart, privilege), narrow & 3 != 3, narrow != 0 {
        start &-= 2
      } else {
        break
      }
    }
    var lines: [String] = []
    var at = start
    while lines.count < 5, let bits = instruction(at: at, hart, privilege) {
      let line = disassembler.line(bits, at: at)
      let text = line.operands.isEmpty ? line.mnemonic : "\(line.mnemonic) \(line.operands)"
      lines.append("\(at == pc ? "=>" : "  ") 0x\(hexadecimal(at)): \(text)")
      at &+= UInt64(line.length)
      if at > pc, bits == 0 { break }
    }
    return lines
  }
}
