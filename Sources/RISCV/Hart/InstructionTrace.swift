import Logging

/// `-d spike` and `-d commits`: each instruction as Spike's `-l` and `--log-commits` print it, so that traces can be
/// compared line by line. Harts are interpreted one instruction at a time for it, whatever their engine.
extension Hart {
  /// Runs the budget, each instruction traced.
  func interpretTraced() -> Exit? {
    while state.pointee.budget > 0 {
      if log.has(Self.loggedByInstruction) { logEntry(0) }
      let isWanted = log.filter.contains(state.pointee.pc)
      if let exit = isWanted ? traceInstruction() : interpret(1) { return exit }
    }
    return nil
  }

  private func traceInstruction() -> Exit? {
    let pc = state.pointee.pc
    let privilege = state.pointee.privilege
    let bits = instructionBits(at: pc)
    let length = Decoder.length(of: UInt16(truncatingIfNeeded: bits))
    let effects = decoder.instruction(bits).map { TraceEffects($0, decoder.decode(bits), self) }
    let exit = interpret(1)
    if exit == .trap, [Cause.instructionAccess, Cause.instructionPage].contains(state.pointee.trapCause) {
      // There was no instruction.
      return exit
    }
    // The arena for code is full, or a debugger stopped the hart: the instruction will come again.
    if exit == .codeFull || exit == .debug { return exit }
    var text = ""
    if log.has(.spike) {
      if let place = log.place(of: pc), place.offset == 0 { text += "\(traceHead): >>>>  \(place.name)\n" }
      let line = Disassembler(extensions: features.extensions, xlen: features.xlen).line(bits, at: pc)
      let operands = line.operands.split(separator: ",", omittingEmptySubsequences: false).joined(
        separator: ", ")
      let padding = String(repeating: " ", count: max(1, 8 - line.mnemonic.utf8.count))
      text += "\(traceHead): 0x\(traced(pc)) (0x\(hexadecimal(bits, 8))) \(line.mnemonic)"
      text += operands.isEmpty ? "\n" : padding + operands + "\n"
    }
    if log.has(.commits), exit != .trap {
      text += "\(traceHead): \(privilege.rawValue) 0x\(traced(pc)) (0x\(hexadecimal(bits, length * 2)))"
      text += (effects?.text(self) ?? "") + "\n"
    }
    log.write(text)
    return exit
  }

  /// The hart takes a trap or an interrupt.
  @inline(never)
  func traceTrap(_ cause: UInt64, _ value: UInt64, isInterrupt: Bool) {
    let pc = state.pointee.pc
    guard log.filter.contains(pc) else { return }
    let name = isInterrupt ? "interrupt #\(cause)" : Self.spikeName(ofException: cause)
    var text = "\(traceHead): exception \(name), epc 0x\(traced(pc))\n"
    let isCall = cause >= Cause.callFromUser && cause <= Cause.callFromUser + 3
    if !isInterrupt, !isCall { text += "\(traceHead):           tval 0x\(traced(value))\n" }
    log.write(text)
  }

  private static func spikeName(ofException cause: UInt64) -> String {
    let names = [
      "instruction_address_misaligned", "instruction_access_fault", "illegal_instruction", "breakpoint",
      "load_address_misaligned", "load_access_fault", "store_address_misaligned", "store_access_fault",
      "user_ecall", "supervisor_ecall", "virtual_supervisor_ecall", "machine_ecall",
      "instruction_page_fault", "load_page_fault", "", "store_page_fault",
    ]
    guard cause < UInt64(names.count), !names[Int(cause)].isEmpty else { return "trap #\(cause)" }
    return "trap_\(names[Int(cause)])"
  }

  private var traceHead: String {
    let number = String(id)
    return "core " + String(repeating: " ", count: max(0, 3 - number.utf8.count)) + number
  }

  fileprivate func traced(_ value: UInt64) -> String { hexadecimal(value & widthMask, features.xlen / 4) }
}

/// What an instruction writes, of what the commit log shows: found out before it runs, read afterwards.
private struct TraceEffects {
  private enum Memory {
    case none
    case load
    /// With the value.
    case store(UInt64)
    /// The value is what lies in memory afterwards.
    case exchange
    /// The same where rd says that it was done.
    case conditional
  }

  private var integers: [Int] = []
  private var float: Int?
  private var controls: [Int] = []
  private var memory = Memory.none
  private var address: UInt64 = 0
  /// Bytes.
  private var width = 0

  init(_ row: Instruction, _ operation: Operation, _ hart: Hart) {
    width = Self.width(row)
    switch row.operands {
    case .none where row.opcode == .mret || row.opcode == .sret: controls = [0x300]
    case .none, .fence, .address, .prefetch, .addressSpace, .branch, .compressedNone, .compressedNop,
      .compressedJump, .compressedJumpRegister, .compressedBranch, .compressedMayBe, .raw:
      break
    case .register, .unary, .immediate, .shift, .upper, .jump, .jumpRegister, .mayBe, .mayBePair,
      .floatCompare,
      .floatClassify, .floatToInteger, .floatToIntegerTowardZero, .compressedImmediate, .compressedLoadUpper,
      .compressedStackAdjust, .compressedStackAddress, .compressedMove, .compressedRegister, .compressedShift,
      .compressedShortShift, .compressedShortImmediate, .compressedShortRegister, .compressedShortUnary,
      .compressedNot, .compressedZeroExtendByte, .compressedJumpAndLink, .compressedJumpAndLinkRegister:
      integers = [operation.rd]
    case .csr, .csrImmediate:
      integers = [operation.rd]
      let isSwap = operation.opcode == .csrrw || operation.opcode == .csrrwi
      if isSwap || operation.rs1 != 0 { controls = [operation.csr] }
    case .load, .compressedLoadWord, .compressedLoadDouble, .compressedStackLoadWord,
      .compressedStackLoadDouble, .compressedLoadByte, .compressedLoadHalf:
      integers = [operation.rd]
      memory = .load
      address = hart[x: Int(operation.rs1)] &+ UInt64(bitPattern: Int64(operation.immediate))
    case .floatLoad, .compressedFloatLoadWord, .compressedFloatLoadDouble, .compressedStackFloatLoadWord,
      .compressedStackFloatLoadDouble:
      float = operation.rd
      memory = .load
      address = hart[x: Int(operation.rs1)] &+ UInt64(bitPattern: Int64(operation.immediate))
    case .store, .compressedStoreWord, .compressedStoreDouble, .compressedStackStoreWord,
      .compressedStackStoreDouble, .compressedStoreByte, .compressedStoreHalf:
      memory = .store(hart[x: operation.stored])
      address = hart[x: Int(operation.rs1)] &+ UInt64(bitPattern: Int64(operation.immediate))
    case .floatStore, .compressedFloatStoreWord, .compressedFloatStoreDouble, .compressedStackFloatStoreWord,
      .compressedStackFloatStoreDouble:
      memory = .store(hart[f: operation.stored])
      address = hart[x: Int(operation.rs1)] &+ UInt64(bitPattern: Int64(operation.immediate))
    case .loadReserved:
      integers = [operation.rd]
      memory = .load
      address = hart[x: Int(operation.rs1)]
    case .atomic:
      integers = [operation.rd]
      memory = row.mnemonic.hasPrefix("sc.") ? .conditional : .exchange
      address = hart[x: Int(operation.rs1)]
    case .compareAndSwap:
      integers = width * 8 > hart.features.xlen ? [operation.rd, operation.rd + 1] : [operation.rd]
      memory = .exchange
      address = hart[x: Int(operation.rs1)]
    case .float, .floatRounded, .floatFused, .floatUnaryRounded, .integerToFloat, .integerMoveToFloat,
      .integerPairToFloat, .floatConstant:
      float = operation.rd
    }
    // The sink stands for x0, of which nothing is told.
    integers.removeAll { $0 >= Int(Operation.sink) || $0 == 0 }
  }

  /// By the letter that ends the mnemonic, `sp` and the ordering left away.
  private static func width(_ row: Instruction) -> Int {
    var name = Substring(row.mnemonic)
    if name.hasPrefix("c."), name.hasSuffix("sp") { name = name.dropLast(2) }
    if name.hasSuffix("u") { name = name.dropLast() }
    switch name.last {
    case "b": return 1
    case "h": return 2
    case "w": return 4
    case "q": return 16
    default: return 8
    }
  }

  func text(_ hart: Hart) -> String {
    var text = ""
    for number in integers { text += register("x", number, hart.traced(hart[x: number])) }
    if let float {
      let digits = hart.features.extensions.contains(.d) ? 16 : 8
      let value = digits == 16 ? hart[f: float] : hart[f: float] & 0xffff_ffff
      text += register("f", float, hexadecimal(value, digits))
    }
    for number in controls {
      guard let value = hart.peekCSR(number) else { continue }
      text += " c\(number)_\(RegisterNames.csr(number) ?? "unknown") 0x\(hart.traced(value))"
    }
    let place = " mem 0x\(hart.traced(address))"
    switch memory {
    case .none: break
    case .load: text += place
    case .store(let value): text += place + " 0x\(hexadecimal(masked(value), width * 2))"
    case .exchange: text += place + place + stored(hart)
    case .conditional where integers.first.map({ hart[x: $0] }) ?? 0 == 0: text += place + stored(hart)
    case .conditional: break
    }
    return text
  }

  private func register(_ letter: String, _ number: Int, _ value: String) -> String {
    " \(letter)\(number)" + (number < 10 ? "  0x" : " 0x") + value
  }

  private func masked(_ value: UInt64) -> UInt64 { width >= 8 ? value : value & (1 << UInt64(8 * width) - 1) }

  private func stored(_ hart: Hart) -> String {
    guard let bytes = hart.bytes(at: address, count: width) else { return "" }
    return " 0x" + bytes.reversed().map { hexadecimal($0, 2) }.joined()
  }
}
