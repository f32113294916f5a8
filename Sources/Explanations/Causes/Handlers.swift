import Logging
import RISCV

// Trap handlers that are none.
extension Explainer {
  /// Traps are taken inside of the handler, and none of them returns.
  func nestedTraps(_ hart: HartScene, _ last: TrapRecord) -> [Explanation] {
    // What set it off: the trap before the repeated ones that entered the handler.
    let root = hart.traps.last { !isInside(last, of: $0) && $0.handler == last.handler }
    let vector = hart.csr(last.handler == .machine ? CSR.mtvec : CSR.stvec)
    let base = vector & ~3
    let isEntry = last.pc == base || root?.target == last.pc || last.pc == last.target
    if isEntry, !last.isInterrupt, [0, 1, 2, 12].contains(last.cause) {
      return invalidVector(hart, last, vector, root)
    }
    let inner = exception(hart, last)
    if inner.cause == .badStack { return [withRoot(inner, root)] }
    var found = explain(
      .handlerFaults, hart, last.pc, from: last.from,
      "the trap handler at \(at(base)) traps itself, again and again: \(describe(last))",
      csrs: Self.handlerCSRs(last.handler))
    found.evidence = ["inside the handler: \(inner.sentence)"]
    return [withRoot(found, root)]
  }

  /// `trap` is one of the repeated ones.
  private func isInside(_ repeated: TrapRecord, of trap: TrapRecord) -> Bool {
    trap.pc == repeated.pc && trap.cause == repeated.cause && trap.isInterrupt == repeated.isInterrupt
  }

  private func withRoot(_ explanation: Explanation, _ root: TrapRecord?) -> Explanation {
    var result = explanation
    if let root { result.evidence.append("the trap before: \(describe(root))") }
    return result
  }

  private func invalidVector(_ hart: HartScene, _ last: TrapRecord, _ vector: UInt64, _ root: TrapRecord?)
    -> [Explanation]
  {
    let isMachine = last.handler == .machine
    let name = isMachine ? "mtvec" : "stvec"
    var found: [Explanation] = []
    if let root {
      if root.isInterrupt {
        var first = explain(
          .interruptWithoutHandler, hart, root.pc, from: root.from,
          "the \(Self.name(of: root)) was taken at \(at(root.pc)), and \(name) (0x\(hexadecimal(vector))) leads to no handler",
          csrs: Self.handlerCSRs(root.handler) + [CSR.mie])
        first.evidence = ["then, again and again: \(describe(last))"]
        return [first]
      }
      // The pc that the handler overwrote is in the record.
      var first = exception(hart, root)
      first.evidence.append("nothing handles it: \(name) is 0x\(hexadecimal(vector))")
      found.append(first)
    }
    let cause: Cause =
      vector & ~3 == 0 ? (isMachine ? .mtvecZero : .stvecZero) : isMachine ? .mtvecInvalid : .stvecInvalid
    let what = reasonNotToRun(hart, last)
    var second = explain(
      cause, hart, last.pc, from: last.from,
      cause == .mtvecZero || cause == .stvecZero
        ? "\(name) is 0, so that every trap of \(last.handler.name) traps again: \(what)"
        : "\(name) is 0x\(hexadecimal(vector)), where no handler is: \(what)",
      csrs: Self.handlerCSRs(last.handler) + (isMachine ? [] : [CSR.satp]))
    if let root { second.evidence.append("the first trap: \(describe(root))") }
    if last.cause == 12 { second.evidence += walk(last.pc, .fetch, hart, last.from).lines }
    second.evidence.append("since then the hart has taken \(hart.trapTotal) traps")
    found.append(second)
    return found
  }

  /// Why code cannot be run at the place of a trap.
  private func reasonNotToRun(_ hart: HartScene, _ trap: TrapRecord) -> String {
    switch trap.cause {
    case 12:
      return "its page cannot be executed (\(PageWords.reason(walk(trap.pc, .fetch, hart, trap.from))))"
    case 1:
      if scene.map.region(at: trap.pc) == nil { return "there is no memory at 0x\(hexadecimal(trap.pc))" }
      if scene.map.hasMemory(at: trap.pc) { return "PMP does not allow to execute it" }
      return "there is a device, and no memory, at 0x\(hexadecimal(trap.pc))"
    case 0: return "it is no multiple of four"
    default:
      return trap.value & 0xffff == 0
        ? "memory there holds zeros" : "the bits there (0x\(hexadecimal(trap.value))) are no instruction"
    }
  }

  func callNotSkipped(_ hart: HartScene, _ trap: TrapRecord) -> Explanation {
    let epc = trap.handler == .machine ? "mepc" : "sepc"
    return explain(
      .ecallNotSkipped, hart, trap.pc, from: trap.from,
      "the \(Self.name(of: trap)) at \(at(trap.pc)) is made again and again: the handler returns to the ecall itself, "
        + "which \(epc) points to",
      csrs: Self.handlerCSRs(trap.handler))
  }
}
