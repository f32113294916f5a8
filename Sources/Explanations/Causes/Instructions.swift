import Logging
import RISCV

// Illegal instructions.
extension Explainer {
  func illegal(_ hart: HartScene, _ trap: TrapRecord) -> Explanation {
    let csrs = Self.handlerCSRs(trap.handler)
    let read = instruction(at: trap.pc, hart, trap.from)
    let bits = trap.value != 0 ? UInt32(truncatingIfNeeded: trap.value) : read ?? 0
    if bits & 0xffff == 0 { return zeros(hart, trap, csrs) }
    if let row = Decoder(extensions: hart.extensions, xlen: hart.xlen).instruction(bits) {
      return refused(hart, trap, bits, row, csrs)
    }
    let rows = Instruction.table.filter { $0.matches(bits) && ($0.length == 4) == (bits & 3 == 3) }
    let others = rows.filter { $0.requirement.xlen == nil || $0.requirement.xlen == hart.xlen }
    if let row = others.first { return missing(hart, trap, bits, row, csrs) }
    if let row = rows.first {
      return explain(
        .wrongWidthInstruction, hart, trap.pc, from: trap.from,
        "\(row.mnemonic) at \(at(trap.pc)) exists on \(row.requirement.xlen ?? 64)-bit harts only, and this one has "
          + "\(hart.xlen) bits",
        csrs: csrs)
    }
    if Self.isVector(bits) {
      return explain(
        .extensionOff, hart, trap.pc, from: trap.from,
        "the instruction at \(at(trap.pc)) (0x\(hexadecimal(bits, 8))) is one of the vector extension, V, which this CPU does "
          + "not have",
        csrs: csrs, advice: "V is not there yet in Apus: compile without it (-march=rv64gc).")
    }
    let what = bits == .max || bits == 0xffff ? " (erased flash, or nothing that answers)" : ""
    return explain(
      .notCode, hart, trap.pc, from: trap.from,
      "0x\(hexadecimal(bits, bits & 3 == 3 ? 8 : 4)) at \(at(trap.pc)) is no instruction\(what)", csrs: csrs)
  }

  private func zeros(_ hart: HartScene, _ trap: TrapRecord, _ csrs: [Int]) -> Explanation {
    let isOutside =
      !scene.linked.isEmpty && !scene.linked.contains { $0.contains(trap.pc) }
      ? ", outside of the kernel's image" : ""
    var found = explain(
      .zeros, hart, trap.pc, from: trap.from,
      "the hart runs at \(at(trap.pc)), where memory holds zeros\(isOutside)", csrs: csrs)
    found.evidence.append("ra, the last call's return address: \(at(hart.x[1]))")
    return found
  }

  private static func isVector(_ bits: UInt32) -> Bool {
    let width = bits >> 12 & 7
    switch bits & 0x7f {
    case 0x57: return true
    case 0x07, 0x27: return width == 0 || width >= 5
    default: return false
    }
  }

  /// Some extension has the instruction, and the hart does not have the extension.
  private func missing(
    _ hart: HartScene, _ trap: TrapRecord, _ bits: UInt32, _ row: Instruction, _ csrs: [Int]
  ) -> Explanation {
    var wanted = row.requirement.all.subtracting(hart.extensions).members
    if wanted.isEmpty, let any = row.requirement.any.members.first { wanted = [any] }
    let names = wanted.map(\.name)
    let switches = names.map { "\($0)=on" }.joined(separator: ",")
    let is32 = hart.xlen == 32
    return explain(
      .extensionOff, hart, trap.pc, from: trap.from,
      "\(row.mnemonic) at \(at(trap.pc)) belongs to \(Self.list(names.map(Self.title))), which this CPU does not have",
      csrs: csrs,
      advice: "Start with -cpu \(scene.cpuModel),\(switches), or compile for what the CPU has "
        + "(-march=\(is32 ? "rv32" : "rv64")...).")
  }

  /// "Zba", "M"
  private static func title(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }

  static func list(_ words: [String]) -> String {
    words.count < 2
      ? words.joined() : words.dropLast().joined(separator: ", ") + " and " + (words.last ?? "")
  }

  /// The hart has the instruction, and does not execute it now.
  private func refused(
    _ hart: HartScene, _ trap: TrapRecord, _ bits: UInt32, _ row: Instruction, _ csrs: [Int]
  ) -> Explanation {
    let isCSR = row.operands == .csr || row.operands == .csrImmediate
    if isCSR { return refusedCSR(hart, trap, bits, row, csrs) }
    let floats: ExtensionSet = [.f, .d, .zfh, .zfhmin, .zfa, .zcf, .zcd]
    let needs = row.requirement.all.union(row.requirement.any)
    if !needs.intersection(floats).isEmpty, hart.csr(CSR.mstatus) & 0x6000 == 0 {
      return explain(
        .floatOff, hart, trap.pc, from: trap.from,
        "\(mnemonic(hart, bits)) at \(at(trap.pc)) is a floating-point instruction, and mstatus.FS is 0 (off)",
        csrs: csrs)
    }
    if trap.from == .user, ["mret", "sret", "wfi", "sfence.vma"].contains(row.mnemonic) {
      return kernelInUserMode(hart, trap, row.mnemonic, csrs)
    }
    let status = hart.csr(CSR.mstatus)
    let intercepted =
      row.mnemonic == "wfi" && status & 1 << 21 != 0
      ? ": mstatus.TW is set"
      : row.mnemonic == "sret" && status & 1 << 22 != 0
        ? ": mstatus.TSR is set"
        : row.mnemonic.hasPrefix("sfence") && status & 1 << 20 != 0 ? ": mstatus.TVM is set" : ""
    return explain(
      .privilegedInstruction, hart, trap.pc, from: trap.from,
      "\(row.mnemonic) at \(at(trap.pc)) is not allowed in \(trap.from.name)\(intercepted)", csrs: csrs)
  }

  private func kernelInUserMode(_ hart: HartScene, _ trap: TrapRecord, _ what: String, _ csrs: [Int])
    -> Explanation
  {
    explain(
      .kernelInUserMode, hart, trap.pc, from: trap.from,
      "\(what) at \(at(trap.pc)) is not allowed in user mode: is this the kernel, and was mstatus.MPP 0 at the mret that "
        + "started it?",
      csrs: csrs)
  }

  private func refusedCSR(
    _ hart: HartScene, _ trap: TrapRecord, _ bits: UInt32, _ row: Instruction, _ csrs: [Int]
  ) -> Explanation {
    let number = Int(bits >> 20)
    let name = RegisterNames.csr(number) ?? "0x\(hexadecimal(number, 3))"
    let level = number >> 8 & 3
    let isThere = hart.rehearsal?().hart.peekCSR(number) != nil
    func found(_ cause: Cause, _ why: String, advice: String? = nil) -> Explanation {
      explain(
        cause, hart, trap.pc, from: trap.from,
        "\(mnemonic(hart, bits)) at \(at(trap.pc)) accesses the CSR \(name), \(why)", csrs: csrs,
        advice: advice)
    }
    if [CSR.fflags, CSR.frm, CSR.fcsr].contains(number), hart.extensions.contains(.f),
      hart.csr(CSR.mstatus) & 0x6000 == 0
    {
      return found(.floatOff, "and mstatus.FS is 0: floating point is off")
    }
    if UInt64(level) > trap.from.rawValue, level == 1 || level == 3 {
      if trap.from == .user { return kernelInUserMode(hart, trap, "the access to the CSR \(name)", csrs) }
      return found(
        .privilegedCSR,
        "which belongs to \(level == 3 ? "machine" : "supervisor") mode, in \(trap.from.name)")
    }
    let isWrite = row.mnemonic.hasPrefix("csrrw") || bits >> 15 & 31 != 0
    if number >> 10 == 3, isWrite {
      return found(.privilegedCSR, "which is read-only", advice: "Read it with csrr.")
    }
    guard isThere else {
      let needs = Self.extensionOfCSR(number).map { ": it comes with \(Self.title($0))" } ?? ""
      let advice = Self.extensionOfCSR(number).map {
        "Start with -cpu \(scene.cpuModel),\($0)=on, or do without it."
      }
      return found(.noSuchCSR, "which this CPU does not have\(needs)", advice: advice)
    }
    switch number {
    case 0xc00...0xc1f, 0xc80...0xc9f:
      let enable = trap.from == .user ? "mcounteren and scounteren" : "mcounteren"
      return found(
        .privilegedCSR,
        "which \(trap.from.name) may read only with bit \(number & 31) of \(enable) set",
        advice: "Set bit \(number & 31) of \(enable) in the higher modes.")
    case CSR.stimecmp, CSR.stimecmph:
      return found(
        .privilegedCSR, "which supervisor mode may use only with menvcfg.STCE and mcounteren.TM set",
        advice: "Set menvcfg.STCE (bit 63) and mcounteren.TM (bit 1) in machine mode.")
    case CSR.satp: return found(.privilegedCSR, "which mstatus.TVM keeps from supervisor mode")
    default: return found(.privilegedCSR, "which \(trap.from.name) may not access")
    }
  }

  private static func extensionOfCSR(_ number: Int) -> String? {
    switch number {
    case CSR.stimecmp, CSR.stimecmph: "sstc"
    case 0xc00...0xc02, 0xc80...0xc82: "zicntr"
    case 0xc03...0xc1f, 0xc83...0xc9f: "zihpm"
    case CSR.mseccfg, CSR.mseccfgh: "smepmp"
    case 1...3: "f"
    default: nil
    }
  }
}
