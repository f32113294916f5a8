import Logging
import RISCV

/// What a page walk found, in words.
enum PageWords {
  static func reason(_ walk: PageWalk) -> String {
    switch walk.outcome {
    case .physical: "the page is mapped now"
    case .notCanonical: "the address is not sign-extended"
    case .tableOutside(let address): "the entry's address 0x\(hexadecimal(address)) is no memory"
    case .notValid: "V is clear in the entry of level \(walk.steps.last?.level ?? 0)"
    case .reserved(let what): "the entry is reserved: \(what)"
    case .wrongMode: "U is \(walk.context.privilege == .user ? "clear" : "set") in the entry"
    case .missing(let letter): "\(letter) is clear in the entry"
    case .misaligned: "the large page is misaligned"
    case .notAccessed: "A is clear in the entry"
    case .notDirty: "D is clear in the entry"
    }
  }
}

// Page faults, and access faults of page walks.
extension Explainer {
  func pageFault(_ hart: HartScene, _ trap: TrapRecord, _ access: PageWalk.Access) -> Explanation {
    let address = access == .fetch ? trap.pc : trap.value
    let walk = walk(address, access, hart, trap.from)
    let csrs = Self.handlerCSRs(trap.handler) + [CSR.satp]
    let who = "\(trap.from.name) may not \(access.verb) \(at(address))"
    var found: Explanation
    func with(_ cause: Cause, _ why: String, advice: String? = nil) -> Explanation {
      explain(cause, hart, trap.pc, from: trap.from, why, csrs: csrs, advice: advice)
    }
    var isTableThere = true
    if case .tableOutside = walk.outcome { isTableThere = false }
    if access == .fetch, isTableThere, let writer = precedingTranslationWrite(hart, trap) {
      found = with(
        .pagingWithoutIdentity,
        "\(at(writer)) writes satp, and the page table does not map the instruction behind it at "
          + "0x\(hexadecimal(trap.pc)) (\(PageWords.reason(walk)))")
    } else {
      let entry = walk.steps.last.map {
        "the entry of level \($0.level) at 0x\(hexadecimal($0.address)) is 0x\(hexadecimal($0.entry))"
      }
      let shown = entry.map { ": \($0)" } ?? ""
      switch walk.outcome {
      case .notCanonical:
        found = with(
          .notCanonical,
          "0x\(hexadecimal(address)) is no address of \(walk.context.modeName): its upper bits are not copies of bit "
            + "\(11 + 9 * walk.context.levels)")
      case .tableOutside(let at):
        let isRoot = walk.steps.isEmpty
        let what =
          scene.map.hasMemory(at: at) ? "PMP keeps the page walk from it" : "there is no memory"
        found = with(
          .tableOutside,
          "\(isRoot ? "satp puts the root page table" : "a page-table entry puts the next table") at "
            + "0x\(hexadecimal(at & ~0xfff)), where \(what)")
      case .notValid: found = with(.pageNotValid, "\(who): nothing is mapped there\(shown) (V is clear)")
      case .reserved(let what): found = with(.pageReserved, "\(who)\(shown), which is reserved: \(what)")
      case .wrongMode:
        let isUser = trap.from == .user
        let sum = access == .fetch ? "never executes" : "accesses only with sstatus.SUM set"
        found = with(
          .pageOfOtherMode,
          "\(who): \(isUser ? "the page is not for user mode (U is clear)" : "the page is user mode's (U is set), which supervisor mode \(sum)")"
            + shown)
      case .missing(let letter):
        found = with(.pagePermission, "\(who): \(letter) is clear\(shown)")
      case .misaligned:
        found = with(
          .pageMisaligned, "\(who)\(shown), a large page whose physical address is not a multiple of its size"
        )
      case .notAccessed, .notDirty:
        let letter = walk.outcome == .notAccessed ? "A" : "D"
        found = with(
          .pageAccessedDirty,
          "\(who): \(letter) is clear\(shown), and this CPU leaves it to software to set it (Svade)")
      case .physical:
        found = with(
          .pageNotValid,
          "\(Self.name(of: trap)) at \(at(trap.pc)) for 0x\(hexadecimal(address)), which is mapped by now",
          advice: "Look at what the handler has changed since, and at sfence.vma.")
      }
    }
    found.evidence += walk.lines
    if let stack = badStackPage(hart, trap, walk) { found.evidence.append(stack) }
    if trap.from == .user, walk.outcome == .wrongMode, scene.places.symbol(at: address)?.name != nil,
      access == .fetch
    {
      found.evidence.append(
        "if this is the kernel's code: mstatus.MPP (or sstatus.SPP) chose user mode at the last return")
    }
    return found
  }

  private func badStackPage(_ hart: HartScene, _ trap: TrapRecord, _ walk: PageWalk) -> String? {
    let sp = hart.x[2]
    guard trap.cause != 12, trap.value &- sp &+ 2048 < 4096 else { return nil }
    return "the address is close to sp (0x\(hexadecimal(sp))): has the stack overflowed?"
  }

  /// Where satp was written, if that is at most three instructions before the pc, as it stands in physical memory.
  private func precedingTranslationWrite(_ hart: HartScene, _ trap: TrapRecord) -> UInt64? {
    for back: UInt64 in [4, 8, 12] where trap.pc >= back {
      guard let bits = scene.load(trap.pc - back, width: 4) else { continue }
      if bits & 0x7f == 0x73, bits >> 20 == 0x180, bits >> 12 & 3 != 0 { return trap.pc - back }
    }
    return nil
  }
}
