import Logging
import RISCV

// Why an exception was raised.
extension Explainer {
  /// Looks at the scene as it is now: what the handler has changed since then may mislead.
  func exception(_ hart: HartScene, _ trap: TrapRecord) -> Explanation {
    switch trap.cause {
    case 0: return misalignedJump(hart, trap)
    case 1: return fetchFault(hart, trap)
    case 2: return illegal(hart, trap)
    case 3: return breakpoint(hart, trap)
    case 4, 6: return misaligned(hart, trap)
    case 5: return accessFault(hart, trap, .load)
    case 7: return accessFault(hart, trap, .store)
    case 8, 9, 11: return call(hart, trap)
    case 12: return pageFault(hart, trap, .fetch)
    case 13: return pageFault(hart, trap, .load)
    case 15: return pageFault(hart, trap, .store)
    default:
      return explain(
        .notCode, hart, trap.pc, from: trap.from, describe(trap), csrs: Self.handlerCSRs(trap.handler))
    }
  }

  // MARK: Fetching

  private func misalignedJump(_ hart: HartScene, _ trap: TrapRecord) -> Explanation {
    explain(
      .misalignedJump, hart, trap.pc, from: trap.from,
      "the jump at \(at(trap.pc)) goes to \(at(trap.value)), which is no multiple of four, and this CPU has no compressed "
        + "instructions",
      csrs: Self.handlerCSRs(trap.handler))
  }

  private func fetchFault(_ hart: HartScene, _ trap: TrapRecord) -> Explanation {
    let csrs = Self.handlerCSRs(trap.handler)
    let walk = walk(trap.pc, .fetch, hart, trap.from)
    guard case .physical(let physical) = walk.outcome else { return pageFault(hart, trap, .fetch) }
    if scene.map.hasMemory(at: physical), trap.from != .machine,
      !hart.pmp.allows(.fetch, physical, width: 2)
    {
      return protection(hart, trap, physical, .fetch)
    }
    if scene.map.hasMemory(at: physical), hart.pmp.entry(covering: physical, width: 2) != nil {
      return protection(hart, trap, physical, .fetch)
    }
    return nowhere(hart, trap, physical, csrs)
  }

  /// Nothing can be executed at the pc: a return, a call or a jump went there.
  private func nowhere(_ hart: HartScene, _ trap: TrapRecord, _ physical: UInt64, _ csrs: [Int])
    -> Explanation
  {
    let region = scene.map.region(at: physical)
    let what = region.map { "there is \($0.title), which is no memory" } ?? "there is no memory"
    if scene.linked.contains(where: { $0.contains(trap.pc) }) {
      return explain(
        .linkedElsewhere, hart, trap.pc, from: trap.from,
        "the hart jumped to \(at(trap.pc)), where the kernel is linked to, but not loaded: \(what), and address translation "
          + "is \(walk(trap.pc, .fetch, hart, trap.from).steps.isEmpty ? "off" : "on")",
        csrs: csrs + [CSR.satp],
        advice:
          "Jump there only once satp maps these addresses, or compile position-independent start-up code (-mcmodel=medany)."
      )
    }
    if let stack = lostReturn(hart, trap, what, csrs) { return stack }
    if let caller = caller(hart, trap) {
      var found = explain(
        .jumpNowhere, hart, trap.pc, from: trap.from,
        "the call at \(at(caller)) went to 0x\(hexadecimal(trap.pc)), where \(what)"
          + (trap.pc == 0 ? " (a null function pointer?)" : ""),
        csrs: csrs)
      if let bits = instruction(at: caller, hart, trap.from) {
        let line = Disassembler(extensions: hart.extensions, xlen: hart.xlen).line(bits, at: caller)
        found.evidence.append("the call: 0x\(hexadecimal(caller)): \(line.mnemonic) \(line.operands)")
      }
      return found
    }
    // Nothing of this mode has run before: a return brought the hart here.
    let earlier = hart.traps.last { $0.from == trap.from && ($0.pc != trap.pc || $0.cause != trap.cause) }
    if trap.from != .machine, earlier == nil {
      let instruction =
        hart.csr(CSR.mstatus) & 1 << 8 != 0 || trap.from == .supervisor ? "mret" : "mret or sret"
      return explain(
        .returnNowhere, hart, trap.pc, from: trap.from,
        "\(instruction) went to 0x\(hexadecimal(trap.pc)) in \(trap.from.name), where \(what): was \(trap.from == .user ? "mepc or sepc" : "mepc") set?",
        csrs: csrs,
        advice: scene.hasFirmware && scene.linked.isEmpty && trap.pc == 0
          ? "The firmware found nothing to start: name a kernel with -kernel FILE." : nil)
    }
    return explain(
      .jumpNowhere, hart, trap.pc, from: trap.from,
      "\(trap.from.name) jumped to 0x\(hexadecimal(trap.pc)), where \(what)", csrs: csrs)
  }

  /// The return address came from a stack that is no memory.
  private func lostReturn(_ hart: HartScene, _ trap: TrapRecord, _ what: String, _ csrs: [Int])
    -> Explanation?
  {
    let sp = hart.x[2]
    // Stores to PCI's windows, for example, are ignored.
    guard hart.x[1] & ~1 == trap.pc, sp != 0,
      case .physical(let place) = walk(sp, .store, hart, trap.from).outcome,
      scene.map.region(at: place)?.kind != .ram
    else { return nil }
    let region = scene.map.region(at: place).map { "in \($0.title)" } ?? "where nothing is"
    return explain(
      .badStack, hart, trap.pc, from: trap.from,
      "the hart returned to 0x\(hexadecimal(trap.pc)), where \(what): the stack pointer is 0x\(hexadecimal(sp)), \(region), and "
        + "what is saved there is lost",
      csrs: csrs)
  }

  /// The call that ra was set by, if it can have gone to the pc.
  private func caller(_ hart: HartScene, _ trap: TrapRecord) -> UInt64? {
    let ra = hart.x[1]
    guard ra >= 4 else { return nil }
    if let wide = instruction(at: ra &- 4, hart, trap.from), wide & 0xfff == 0x0e7 {
      let register = Int(wide >> 15 & 31)
      let offset = UInt64(bitPattern: Int64(Int32(bitPattern: wide) >> 20))
      // The register may have been ra itself.
      return register == 1 || hart.x[register] &+ offset & hart.mask & ~1 == trap.pc ? ra &- 4 : nil
    }
    if let narrow = instruction(at: ra &- 2, hart, trap.from), narrow & 0xf07f == 0x9002,
      narrow >> 7 & 31 != 0
    {
      return hart.x[Int(narrow >> 7 & 31)] & ~1 == trap.pc ? ra &- 2 : nil
    }
    return nil
  }

  // MARK: Protection

  private func protection(
    _ hart: HartScene, _ trap: TrapRecord, _ physical: UInt64, _ access: PageWalk.Access
  ) -> Explanation {
    let csrs = Self.handlerCSRs(trap.handler) + [CSR.pmpcfg0, CSR.pmpaddr0]
    let mode = trap.from.name
    if hart.pmp.entries.isEmpty {
      return explain(
        .noPMPEntry, hart, trap.pc, from: trap.from,
        "\(mode) may not \(access.verb) \(at(physical)): no PMP entry is set, and without one only machine mode has access "
          + "to memory",
        csrs: csrs)
    }
    let entry = hart.pmp.entry(covering: physical, width: 1)
    let why =
      entry.map {
        "PMP entry \($0.index) (0x\(hexadecimal($0.first))-0x\(hexadecimal($0.last))) permits \($0.permissions)"
      } ?? "none of the \(hart.pmp.entries.count) PMP entries that are set covers the address"
    var found = explain(
      .deniedByPMP, hart, trap.pc, from: trap.from,
      "\(mode) may not \(access.verb) 0x\(hexadecimal(physical)): \(why)", csrs: csrs)
    found.evidence += hart.pmp.entries.prefix(8).map {
      "PMP entry \($0.index): 0x\(hexadecimal($0.first))-0x\(hexadecimal($0.last)) \($0.permissions)"
    }
    return found
  }

  // MARK: Loads and stores

  private func misaligned(_ hart: HartScene, _ trap: TrapRecord) -> Explanation {
    let name = mnemonic(hart, trap) ?? "atomic instruction"
    let width = name.contains(".d") ? 8 : 4
    return explain(
      .misalignedAtomic, hart, trap.pc, from: trap.from,
      "\(name) at \(at(trap.pc)) uses the address 0x\(hexadecimal(trap.value)), which is no multiple of \(width)",
      csrs: Self.handlerCSRs(trap.handler))
  }

  private func row(_ hart: HartScene, _ trap: TrapRecord) -> Instruction? {
    guard let bits = instruction(at: trap.pc, hart, trap.from) else { return nil }
    return Decoder(extensions: hart.extensions, xlen: hart.xlen).instruction(bits)
  }

  private func mnemonic(_ hart: HartScene, _ trap: TrapRecord) -> String? {
    instruction(at: trap.pc, hart, trap.from).map { mnemonic(hart, $0) }
  }

  /// As people write it.
  func mnemonic(_ hart: HartScene, _ bits: UInt32) -> String {
    Disassembler(extensions: hart.extensions, xlen: hart.xlen).line(bits).mnemonic
  }

  private func accessFault(_ hart: HartScene, _ trap: TrapRecord, _ access: PageWalk.Access) -> Explanation {
    let csrs = Self.handlerCSRs(trap.handler)
    let walk = walk(trap.value, access, hart, trap.from)
    guard case .physical(let address) = walk.outcome else { return pageFault(hart, trap, access) }
    if let stack = badStack(hart, trap, address) { return stack }
    let row = row(hart, trap)
    let name = mnemonic(hart, trap) ?? (access == .load ? "the load" : "the store")
    if let region = scene.map.region(at: address) {
      if let row, Self.isAtomic(row), region.kind != .ram {
        return explain(
          .atomicOutsideRAM, hart, trap.pc, from: trap.from,
          "\(name) at \(at(trap.pc)) works on 0x\(hexadecimal(address)), which is in \(region.title): only RAM supports atomic instructions",
          csrs: csrs)
      }
      if trap.from != .machine, !hart.pmp.allows(access, address, width: 1) {
        return protection(hart, trap, address, access)
      }
      if case .device(let widths) = region.kind {
        let width = row.map(Self.width(of:)) ?? 0
        let isMisaligned = width > 1 && address & UInt64(width - 1) != 0
        let what =
          isMisaligned
          ? "its address is no multiple of \(width)"
          : "it takes accesses of \(widths.lowerBound) to \(widths.upperBound) bytes"
        return explain(
          .deviceWidth, hart, trap.pc, from: trap.from,
          "\(name) at \(at(trap.pc)) accesses 0x\(hexadecimal(address)) in \(region.title), which refuses it: \(what)",
          csrs: csrs)
      }
      if hart.pmp.entry(covering: address, width: 1) != nil { return protection(hart, trap, address, access) }
    }
    if let other = MemoryMap.otherBoard(at: address) {
      let uart = scene.map.regions.first { $0.name == "serial" }
      return explain(
        .otherBoard, hart, trap.pc, from: trap.from,
        "\(name) at \(at(trap.pc)) accesses 0x\(hexadecimal(address)), which is \(other); this board has nothing there"
          + (uart.map { ", and its UART is at 0x\(hexadecimal($0.first))" } ?? ""),
        csrs: csrs)
    }
    let nearest = scene.map.nearest(to: address).map { ", the nearest is \($0.title)" } ?? ""
    return explain(
      .noDevice, hart, trap.pc, from: trap.from,
      "\(name) at \(at(trap.pc)) accesses 0x\(hexadecimal(address)), where there is neither memory nor a device\(nearest)",
      csrs: csrs + (walk.steps.isEmpty ? [] : [CSR.satp]))
  }

  /// The access was through sp, and there is no memory.
  func badStack(_ hart: HartScene, _ trap: TrapRecord, _ address: UInt64) -> Explanation? {
    guard let bits = instruction(at: trap.pc, hart, trap.from), Self.usesStack(bits) else { return nil }
    if let region = scene.map.region(at: address), region.kind == .ram { return nil }
    let sp = hart.x[2]
    // Downwards from 0.
    let isFromZero = hart.mask &- sp < 1 << 31 || sp < 4096
    let what = isFromZero ? "sp was never set" : "no memory is there"
    return explain(
      .badStack, hart, trap.pc, from: trap.from,
      "the stack pointer is 0x\(hexadecimal(sp)), and the instruction at \(at(trap.pc)) accesses 0x\(hexadecimal(address)) through it: \(what)",
      csrs: Self.handlerCSRs(trap.handler))
  }

  private static func usesStack(_ bits: UInt32) -> Bool {
    if bits & 3 == 3 {
      return [0x03, 0x23, 0x07, 0x27].contains(bits & 0x7f) && bits >> 15 & 31 == 2
    }
    // c.lwsp … c.sdsp, but for c.jr and its kin, which are of the same quadrant.
    return bits & 3 == 2 && [1, 2, 3, 5, 6, 7].contains(bits >> 13)
  }

  static func isAtomic(_ row: Instruction) -> Bool {
    switch row.operands {
    case .atomic, .loadReserved, .compareAndSwap: true
    default: false
    }
  }

  /// Bytes that a load or store moves, by its name; 0 where that does not say it.
  static func width(of row: Instruction) -> Int {
    let name = row.mnemonic.split(separator: ".").last.map(String.init) ?? row.mnemonic
    switch name {
    case "lb", "lbu", "sb": return 1
    case "lh", "lhu", "sh", "flh", "fsh": return 2
    case "lw", "lwu", "sw", "flw", "fsw", "lwsp", "swsp", "flwsp", "fswsp": return 4
    case "ld", "sd", "fld", "fsd", "ldsp", "sdsp", "fldsp", "fsdsp": return 8
    default: return 0
    }
  }
}
