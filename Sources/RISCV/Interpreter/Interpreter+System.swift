/// What only the interpreter does: CSR accesses, privileged and cache-block instructions, deliberate traps.
extension Interpreter {
  /// Out of line; afterwards either the instruction went by without a trace in cached state, or `run`
  /// starts anew at `state.pc`.
  @inline(__always) mutating func system(_ i: Operation) throws(Exit) {
    state.pointee.pc = pc
    state.pointee.budget = budget
    try block.pointee.hart.takeUnretainedValue().performSystem(i, next: address(of: next))
  }
}

extension Hart {
  /// The slots for `pc`, from the fetch table where it knows the page.
  @inline(__always)
  func enterPageQuickly(_ pc: UInt64) throws(Exit) -> UnsafeMutablePointer<Operation> {
    let entry =
      lookaside.fetchTable(fetchView) + Int(truncatingIfNeeded: pc >> 12) % TranslationLookaside.fetchCount
    if entry.pointee.tag == pc & ~0xfff { return entry.pointee.slots }
    return try enterPage(pc)
  }

  /// Performs a system instruction at `state.pc`. Whatever changes privilege, translation or interrupts
  /// leaves by `Exit.resynchronize` with the pc to go on with.
  @inline(never)
  func performSystem(_ i: Operation, next: UInt64) throws(Exit) {
    let s = state
    switch i.opcode {
    case .illegal:
      throw trap(Cause.illegalInstruction, UInt64(UInt32(bitPattern: i.immediate)))
    case .ecall:
      throw trap(Cause.callFromUser + s.pointee.privilege.rawValue)
    case .ebreak, .c_ebreak:
      if let semihost, i.opcode == .ebreak, try serveSemihosting(semihost) { throw .resynchronize }
      throw trap(Cause.breakpoint, s.pointee.pc)
    case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
      try performCSR(i, next)
    case .pause: return
    case .fence_i:
      // Stores clear stale slots themselves, but for those in flight as a page got its slots; and the page may
      // have lost the slots that run now.
      fenceInstructions()
      s.pointee.pc = next
      throw .resynchronize
    case .mret:
      try returnFromMachine()
      throw .resynchronize
    case .sret:
      try returnFromSupervisor()
      throw .resynchronize
    case .wfi:
      let status = s.pointee.mstatus
      switch s.pointee.privilege {
      case .machine: break
      case .supervisor: if status & Status.tw != 0 { throw illegal() }
      case .user: if features.hasSupervisor || status & Status.tw != 0 { throw illegal() }
      }
      s.pointee.pc = next
      throw .wait
    case .wrs_nto, .wrs_sto:
      // A short stall is all that Zawrs promises: give the core away for the slice.
      if i.opcode == .wrs_nto, s.pointee.privilege != .machine, s.pointee.mstatus & Status.tw != 0 {
        throw illegal()
      }
      return
    case .sfence_vma, .sinval_vma:
      try requireVirtualMemoryControl()
      if i.rs1 == 0 { lookaside.flush() } else { lookaside.flush(page: self[x: Int(i.rs1)]) }
      s.pointee.pc = next
      throw .resynchronize
    case .sfence_w_inval, .sfence_inval_ir:
      guard features.hasSupervisor, s.pointee.privilege != .user else { throw illegal() }
    case .cbo_inval, .cbo_clean, .cbo_flush, .cbo_zero:
      try performCacheBlock(i)
    default:
      throw illegal()
    }
  }

  private func performCSR(_ i: Operation, _ next: UInt64) throws(Exit) {
    let isImmediate = i.opcode == .csrrwi || i.opcode == .csrrsi || i.opcode == .csrrci
    let isSwap = i.opcode == .csrrw || i.opcode == .csrrwi
    let operand = isImmediate ? UInt64(i.rs1) : self[x: Int(i.rs1)]
    let number = i.csr
    let writes = isSwap || i.rs1 != 0
    let old = try accessCSR(
      i.opcode, number, operand: operand, writes: writes, reads: !isSwap || i.rd != Int(Operation.sink))
    state.pointee.x[i.rd] = old
    // Floating-point control and scratch registers touch nothing that is cached.
    let isQuiet = number <= CSR.fcsr || number == CSR.sscratch || number == CSR.mscratch || number == CSR.sepc
    if writes && !isQuiet {
      state.pointee.pc = next
      throw .resynchronize
    }
  }

  /// The environment registers allow cache-block operations that want one of `bits` (§3.1.18).
  func mayPerform(_ bits: UInt64) -> Bool {
    let s = state
    if s.pointee.privilege != .machine, s.pointee.menvcfg & bits == 0 { return false }
    return s.pointee.privilege != .user || !features.hasSupervisor || s.pointee.senvcfg & bits != 0
  }

  /// Cache-block operations (Zicbom, Zicboz; permissions by `menvcfg` and `senvcfg`, §3.1.18). Memory is
  /// coherent, so clean, flush and invalidate check their address and do nothing else.
  private func performCacheBlock(_ i: Operation) throws(Exit) {
    let bits =
      switch i.opcode {
      case .cbo_inval: Environment.cbie
      case .cbo_zero: Environment.cbze
      default: Environment.cbcfe
      }
    guard mayPerform(bits) else { throw illegal() }
    let size = features.cacheBlockSize
    let address = self[x: Int(i.rs1)]
    let block = address & ~(size - 1)
    if i.opcode == .cbo_zero {
      let place = try self.place(.store, block, Int(size), reporting: address)
      guard let host = place.host, place.isWritable else { throw accessFault(.store, address) }
      host.initializeMemory(as: UInt8.self, repeating: 0, count: Int(size))
      code.invalidate(place.physical, count: Int(size))
      return
    }
    // Allowed where loads or stores are (Zicbom §2.5.2); a failure is reported as a store's.
    do throws(Exit) {
      _ = try place(.load, block, Int(size))
    } catch {
      _ = try place(.store, block, Int(size), reporting: address)
    }
  }

  /// Zacas on register pairs: amocas.d on RV32, amocas.q on RV64. Odd registers are reserved encodings
  /// that the decoder refuses.
  func compareAndSwapPair(_ i: Operation, _ address: UInt64) throws(Exit) {
    let expected = (pairRegister(i.compared, 0), pairRegister(i.compared, 1))
    let new = (pairRegister(i.rs2, 0), pairRegister(i.rs2, 1))
    if features.xlen == 32 {
      let old = try compareAndSwap(
        Int64.self, expected.1 << 32 | expected.0, new.1 << 32 | new.0, address)
      setPair(i.compared, old & 0xffff_ffff, old >> 32)
      return
    }
    let old = try compareAndSwap16(address, expected, new)
    setPair(i.compared, old.0, old.1)
  }

  /// A pair's half; the pair x0 reads as zero.
  private func pairRegister(_ first: Int, _ half: Int) -> UInt64 {
    first == 0 ? 0 : state.pointee.x[first + half]
  }

  private func setPair(_ first: Int, _ low: UInt64, _ high: UInt64) {
    guard first != 0 else { return }
    state.pointee.x[first] = low
    state.pointee.x[first + 1] = high
  }
}
