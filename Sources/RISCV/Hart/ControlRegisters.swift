import Logging

/// Fields of `menvcfg` and `senvcfg` (RISC-V Privileged 1.13, §3.1.18).
enum Environment {
  static let fiom: UInt64 = 1 << 0
  static let cbie: UInt64 = 3 << 4
  static let cbcfe: UInt64 = 1 << 6
  static let cbze: UInt64 = 1 << 7
  static let adue: UInt64 = 1 << 61
  static let pbmte: UInt64 = 1 << 62
  static let stce: UInt64 = 1 << 63
}

/// CSR numbers that the code names (RISC-V Privileged 1.13, tables 4–8).
package enum CSR {
  package static let fflags = 0x001
  package static let frm = 0x002
  package static let fcsr = 0x003
  package static let sstatus = 0x100
  package static let sie = 0x104
  package static let stvec = 0x105
  package static let scounteren = 0x106
  package static let senvcfg = 0x10a
  package static let sscratch = 0x140
  package static let sepc = 0x141
  package static let scause = 0x142
  package static let stval = 0x143
  package static let sip = 0x144
  package static let stimecmp = 0x14d
  package static let stimecmph = 0x15d
  package static let satp = 0x180
  package static let mstatus = 0x300
  package static let misa = 0x301
  package static let medeleg = 0x302
  package static let mideleg = 0x303
  package static let mie = 0x304
  package static let mtvec = 0x305
  package static let mcounteren = 0x306
  package static let menvcfg = 0x30a
  package static let mstatush = 0x310
  package static let medelegh = 0x312
  package static let menvcfgh = 0x31a
  package static let mcountinhibit = 0x320
  /// … to 31, as the counters.
  package static let mhpmevent3 = 0x323
  package static let mscratch = 0x340
  package static let mepc = 0x341
  package static let mcause = 0x342
  package static let mtval = 0x343
  package static let mip = 0x344
  /// … to 15 and 63.
  package static let pmpcfg0 = 0x3a0
  package static let pmpaddr0 = 0x3b0
  package static let mseccfg = 0x747
  package static let mseccfgh = 0x757
  package static let tselect = 0x7a0
  package static let tdata1 = 0x7a1
  package static let tdata2 = 0x7a2
  package static let tdata3 = 0x7a3
  package static let tinfo = 0x7a4
  /// The first of 32 counters.
  package static let mcycle = 0xb00
  package static let mcycleh = 0xb80
  package static let mvendorid = 0xf11
  package static let marchid = 0xf12
  package static let mimpid = 0xf13
}

/// Control and status registers: every one that the hart's features bring, with its WARL rules.
extension Hart {
  private var isRV32: Bool { features.xlen == 32 }
  private func has(_ e: Extension) -> Bool { features.extensions.contains(e) }

  // MARK: The instruction

  /// csrrw, csrrs, csrrc and their immediate forms. `operand` is the register's value or the immediate;
  /// `writes` is false for set and clear with x0 or a zero immediate. Returns the old value.
  func accessCSR(_ opcode: Opcode, _ number: Int, operand: UInt64, writes: Bool, reads: Bool) throws(Exit)
    -> UInt64
  {
    guard UInt64(number >> 8 & 3) <= state.pointee.privilege.rawValue, !(writes && number >> 10 == 3)
    else { throw illegal() }
    var old: UInt64 = 0
    if reads || opcode != .csrrw && opcode != .csrrwi { old = try readCSR(number) & widthMask }
    guard writes else { return old }
    // Set and clear work on what software wrote to mip.SEIP, not on the external line (§3.1.9).
    let base =
      number == CSR.mip
      ? old & ~Interrupt.supervisorExternal | state.pointee.mip & Interrupt.supervisorExternal : old
    let new: UInt64 =
      switch opcode {
      case .csrrw, .csrrwi: operand
      case .csrrs, .csrrsi: base | operand
      default: base & ~operand
      }
    try writeCSR(number, new & widthMask)
    return old
  }

  // MARK: Reading

  /// For monitors and debuggers: the value, nil where the hart has no such register.
  package func peekCSR(_ number: Int) -> UInt64? {
    asMachineMode { () throws(Exit) in try readCSR(number) & widthMask }
  }

  /// Writes as machine-mode software would, from outside of any instruction; false where the hart has no such register.
  @discardableResult
  package func pokeCSR(_ number: Int, _ value: UInt64) -> Bool {
    defer { updateViews() }
    let isThere = asMachineMode { () throws(Exit) in try writeCSR(number, value & widthMask) } != nil
    // There is no writing instruction that must not count.
    let index = number & 31
    if isThere, number & ~0x9f == CSR.mcycle, isCounting(index) { setCounter(index, counter(index) &+ 2) }
    return isThere
  }

  /// What `body` does in machine mode; nil where it traps, which leaves nothing behind.
  private func asMachineMode<R>(_ body: () throws(Exit) -> R) -> R? {
    let privilege = state.pointee.privilege
    let (cause, value) = (state.pointee.trapCause, state.pointee.trapValue)
    state.pointee.privilege = .machine
    defer {
      state.pointee.privilege = privilege
      (state.pointee.trapCause, state.pointee.trapValue) = (cause, value)
    }
    return try? body()
  }

  func readCSR(_ number: Int) throws(Exit) -> UInt64 {
    let s = state
    switch number {
    case CSR.fflags, CSR.frm, CSR.fcsr:
      guard has(.f), s.pointee.fs != 0 else { throw illegal() }
      if number == CSR.fflags { return s.pointee.fflags }
      if number == CSR.frm { return s.pointee.frm }
      return s.pointee.frm << 5 | s.pointee.fflags
    case 0xc00...0xc1f: return try readUserCounter(number & 31, number)
    case 0xc80...0xc9f where isRV32: return try readUserCounter(number & 31, number) >> 32
    case 0xb00, 0xb02...0xb1f: return counter(number & 31)
    case 0xb80, 0xb82...0xb9f: return try onlyRV32(counter(number & 31) >> 32)
    case 0x323...0x33f: return s.pointee.mhpmevent[number & 31]
    case CSR.mcountinhibit: return s.pointee.mcountinhibit

    case CSR.mstatus: return machineStatus
    case CSR.mstatush: return try onlyRV32(0)
    case CSR.misa: return misa
    case CSR.mie: return s.pointee.mie
    case CSR.mtvec: return s.pointee.mtvec
    case CSR.mscratch: return s.pointee.mscratch
    case CSR.mepc: return s.pointee.mepc
    case CSR.mcause: return s.pointee.mcause
    case CSR.mtval: return s.pointee.mtval
    case CSR.mip:
      updateTimers()
      return pendingInterrupts
    case 0xf11: return features.vendor
    case 0xf12: return features.architecture
    case 0xf13: return features.implementation
    case 0xf14: return id
    case 0xf15: return 0
    case 0x3a0...0x3af, 0x3b0...0x3ef: return try readPMP(number)
    case CSR.mseccfg where has(.smepmp): return s.pointee.mseccfg
    case CSR.mseccfgh where has(.smepmp): return try onlyRV32(0)
    case CSR.tselect: return s.pointee.tselect
    case CSR.tdata1, CSR.tdata2, CSR.tdata3, CSR.tinfo: return readTrigger(number)
    default: return try readSupervisorCSR(number)
    }
  }

  private func readSupervisorCSR(_ number: Int) throws(Exit) -> UInt64 {
    let s = state
    if userPages != nil, let clock = HartState.Control.clock(number), let now = time.clock(clock) {
      return now
    }
    if features.hasUser {
      switch number {
      case CSR.mcounteren: return s.pointee.mcounteren
      case CSR.menvcfg: return s.pointee.menvcfg
      case CSR.menvcfgh where isRV32: return s.pointee.menvcfg >> 32
      default: break
      }
    }
    guard features.hasSupervisor else { throw illegal() }
    switch number {
    case CSR.medeleg: return s.pointee.medeleg
    case CSR.medelegh: return try onlyRV32(0)
    case CSR.mideleg: return s.pointee.mideleg
    case CSR.sstatus: return machineStatus & sstatusMask
    case CSR.sie: return s.pointee.mie & s.pointee.mideleg
    case CSR.sip:
      updateTimers()
      return pendingInterrupts & s.pointee.mideleg
    case CSR.stvec: return s.pointee.stvec
    case CSR.scounteren: return s.pointee.scounteren
    case CSR.senvcfg: return s.pointee.senvcfg
    case CSR.sscratch: return s.pointee.sscratch
    case CSR.sepc: return s.pointee.sepc
    case CSR.scause: return s.pointee.scause
    case CSR.stval: return s.pointee.stval
    case CSR.stimecmp:
      try requireTimerCompare()
      return s.pointee.stimecmp
    case CSR.stimecmph where isRV32:
      try requireTimerCompare()
      return s.pointee.stimecmp >> 32
    case CSR.satp:
      try requireVirtualMemoryControl()
      return s.pointee.satp
    default: throw illegal()
    }
  }

  private func onlyRV32(_ value: UInt64) throws(Exit) -> UInt64 {
    guard isRV32 else { throw illegal() }
    return value
  }

  /// Sstc §2: from S-mode, `stimecmp` needs mcounteren.TM and menvcfg.STCE.
  private func requireTimerCompare() throws(Exit) {
    let allowed =
      state.pointee.privilege == .machine
      || state.pointee.mcounteren & 2 != 0 && state.pointee.menvcfg & Environment.stce != 0
    guard has(.sstc), allowed else { throw illegal() }
  }

  /// mstatus.TVM intercepts `satp` and `sfence.vma` in S-mode (§3.1.6.6).
  func requireVirtualMemoryControl() throws(Exit) {
    let privilege = state.pointee.privilege
    guard features.hasSupervisor, privilege != .user,
      privilege == .machine || state.pointee.mstatus & Status.tvm == 0
    else { throw illegal() }
  }

  private func readUserCounter(_ index: Int, _ number: Int) throws(Exit) -> UInt64 {
    let s = state
    guard index > 2 ? has(.zihpm) : has(.zicntr) else { throw illegal() }
    let bit = UInt64(1) << UInt64(index)
    switch s.pointee.privilege {
    case .machine: break
    case .supervisor: guard s.pointee.mcounteren & bit != 0 else { throw illegal() }
    case .user:
      guard s.pointee.mcounteren & bit != 0, !features.hasSupervisor || s.pointee.scounteren & bit != 0
      else { throw illegal() }
    }
    return index == 1 ? time.ticks : counter(index)
  }

  // MARK: Counters (§3.1.10–3.1.12)

  /// What `mhpmevent` selects: 1 counts cycles, 2 instructions; others count nothing.
  private func isCounting(_ index: Int) -> Bool {
    guard state.pointee.mcountinhibit >> UInt64(index) & 1 == 0 else { return false }
    return index < 3 || (1...2).contains(state.pointee.mhpmevent[index])
  }

  private func counter(_ index: Int) -> UInt64 {
    let s = state
    let base =
      switch index {
      case 0: s.pointee.mcycle
      case 2: s.pointee.minstret
      default: s.pointee.mhpmcounter[index]
      }
    return isCounting(index) ? base &+ s.pointee.instructionsRetired : base
  }

  private func setCounter(_ index: Int, _ value: UInt64) {
    // The writing instruction itself is not counted into what it wrote.
    let base = isCounting(index) ? value &- state.pointee.instructionsRetired &- 1 : value
    switch index {
    case 0: state.pointee.mcycle = base
    case 2: state.pointee.minstret = base
    default: state.pointee.mhpmcounter[index] = base
    }
  }

  /// Runs `change` with every counter's value kept across it.
  private func keepingCounters(_ change: () -> Void) {
    var values: InlineArray<32, UInt64> = .init(repeating: 0)
    for i in 0..<32 where i != 1 { values[i] = counter(i) }
    change()
    for i in 0..<32 where i != 1 {
      let base = isCounting(i) ? values[i] &- state.pointee.instructionsRetired : values[i]
      switch i {
      case 0: state.pointee.mcycle = base
      case 2: state.pointee.minstret = base
      default: state.pointee.mhpmcounter[i] = base
      }
    }
  }

  // MARK: Writing

  func writeCSR(_ number: Int, _ value: UInt64) throws(Exit) {
    let s = state
    switch number {
    case CSR.fflags, CSR.frm, CSR.fcsr:
      guard has(.f), s.pointee.fs != 0 else { throw illegal() }
      s.pointee.fs = 3
      if number != CSR.frm { s.pointee.fflags = value & 31 }
      if number == CSR.frm { s.pointee.frm = value & 7 }
      if number == CSR.fcsr { s.pointee.frm = value >> 5 & 7 }
    case 0xb00, 0xb02...0xb1f:
      let index = number & 31
      setCounter(index, isRV32 ? counter(index) & ~0xffff_ffff | value : value)
    case 0xb80, 0xb82...0xb9f:
      guard isRV32 else { throw illegal() }
      let index = number & 31
      setCounter(index, counter(index) & 0xffff_ffff | value << 32)
    case 0x323...0x33f:
      // The upper eight bits are no part of the event's number (Sscofpmf).
      let event = value & 0xff_ffff_ffff_ffff
      if event > 2, log.has(.unimplemented) {
        log.write("mhpmevent\(number & 31): event 0x\(hexadecimal(event)) counts nothing\n")
      }
      keepingCounters { s.pointee.mhpmevent[number & 31] = value }
    case CSR.mcountinhibit: keepingCounters { s.pointee.mcountinhibit = value & 0xffff_fffd }

    case CSR.mstatus: setMachineStatus(value)
    case CSR.mstatush: guard isRV32 else { throw illegal() }
    case CSR.misa: break  // Extensions cannot be switched off.
    case CSR.mie: s.pointee.mie = value & interruptMask
    case CSR.mtvec: if value & 2 == 0 { s.pointee.mtvec = value }
    case CSR.mscratch: s.pointee.mscratch = value
    case CSR.mepc: s.pointee.mepc = value & ~alignment
    case CSR.mcause: s.pointee.mcause = value
    case CSR.mtval: s.pointee.mtval = value
    case CSR.mip: setPending(value, mask: softwarePending)
    case 0x3a0...0x3af, 0x3b0...0x3ef: try writePMP(number, value)
    case CSR.mseccfg where has(.smepmp): writeSecurity(value)
    case CSR.mseccfgh where has(.smepmp): guard isRV32 else { throw illegal() }
    case CSR.tselect: if value < UInt64(Hart.triggerCount) { s.pointee.tselect = value }
    case CSR.tdata1, CSR.tdata2, CSR.tdata3, CSR.tinfo: writeTrigger(number, value)
    default: try writeSupervisorCSR(number, value)
    }
  }

  private func writeSupervisorCSR(_ number: Int, _ value: UInt64) throws(Exit) {
    let s = state
    if features.hasUser {
      switch number {
      case CSR.mcounteren:
        s.pointee.mcounteren = value & 0xffff_ffff
        return
      case CSR.menvcfg:
        setEnvironment(isRV32 ? s.pointee.menvcfg & ~0xffff_ffff | value : value)
        return
      case CSR.menvcfgh where isRV32:
        setEnvironment(s.pointee.menvcfg & 0xffff_ffff | value << 32)
        return
      default: break
      }
    }
    guard features.hasSupervisor else { throw illegal() }
    switch number {
    case CSR.medeleg: s.pointee.medeleg = value & 0xb3ff
    case CSR.medelegh: guard isRV32 else { throw illegal() }
    case CSR.mideleg: s.pointee.mideleg = value & 0x222
    case CSR.sstatus: setMachineStatus(machineStatus & ~sstatusMask | value & sstatusMask)
    case CSR.sie: s.pointee.mie = s.pointee.mie & ~s.pointee.mideleg | value & s.pointee.mideleg
    case CSR.sip: setPending(value, mask: Interrupt.supervisorSoftware & s.pointee.mideleg)
    case CSR.stvec: if value & 2 == 0 { s.pointee.stvec = value }
    case CSR.scounteren: s.pointee.scounteren = value & 0xffff_ffff
    case CSR.senvcfg: s.pointee.senvcfg = legalEnvironment(value, old: s.pointee.senvcfg) & 0xf1
    case CSR.sscratch: s.pointee.sscratch = value
    case CSR.sepc: s.pointee.sepc = value & ~alignment
    case CSR.scause: s.pointee.scause = value
    case CSR.stval: s.pointee.stval = value
    case CSR.stimecmp:
      try requireTimerCompare()
      s.pointee.stimecmp = isRV32 ? s.pointee.stimecmp & ~0xffff_ffff | value : value
      updateTimers()
    case CSR.stimecmph where isRV32:
      try requireTimerCompare()
      s.pointee.stimecmp = s.pointee.stimecmp & 0xffff_ffff | value << 32
      updateTimers()
    case CSR.satp:
      try requireVirtualMemoryControl()
      setTranslation(value)
    default: throw illegal()
    }
  }

  private var interruptMask: UInt64 { features.hasSupervisor ? 0xaaa : 0x888 }

  /// Bits of `mip` that machine software writes: STIP only while `stimecmp` does not drive it.
  private var softwarePending: UInt64 {
    guard features.hasSupervisor else { return 0 }
    let timer = state.pointee.menvcfg & Environment.stce != 0 ? 0 : Interrupt.supervisorTimer
    return Interrupt.supervisorSoftware | Interrupt.supervisorExternal | timer
  }

  private func setPending(_ value: UInt64, mask: UInt64) {
    state.pointee.mip = state.pointee.mip & ~mask | value & mask
  }

  // MARK: Status

  private var sstatusMask: UInt64 {
    let low = Status.sie | Status.spie | Status.spp | Status.fs | Status.sum | Status.mxr
    return isRV32 ? low | 1 << 31 : low | 3 << 32 | 1 << 63
  }

  /// `mstatus` as read: FS, SD and the XL fields filled in.
  var machineStatus: UInt64 {
    var value = state.pointee.mstatus | state.pointee.fs << 13
    if state.pointee.fs == 3 { value |= isRV32 ? 1 << 31 : 1 << 63 }
    if !isRV32 {
      if features.hasUser { value |= 2 << 32 }
      if features.hasSupervisor { value |= 2 << 34 }
    }
    return value
  }

  private func setMachineStatus(_ value: UInt64) {
    var mask = Status.mie | Status.mpie
    if features.hasUser { mask |= Status.mprv | Status.tw }
    if features.hasSupervisor {
      mask |= Status.sie | Status.spie | Status.spp | Status.sum | Status.mxr | Status.tvm | Status.tsr
    }
    // MPP is WARL: a mode that is not there leaves the old one.
    let previous = value >> 11 & 3
    let hasMode =
      previous == 3 || previous == 1 && features.hasSupervisor || previous == 0 && features.hasUser
    if hasMode { mask |= Status.mpp }
    state.pointee.mstatus = state.pointee.mstatus & ~mask | value & mask
    if has(.f) { state.pointee.fs = value >> 13 & 3 }
    updateViews()
  }

  private var misa: UInt64 {
    var value: UInt64 = isRV32 ? 1 << 30 : 2 << 62
    let letters: [(Extension, UInt64)] = [
      (.a, 0), (.b, 1), (.c, 2), (.d, 3), (.e, 4), (.f, 5), (.i, 8), (.m, 12),
    ]
    for (letter, bit) in letters where has(letter) { value |= 1 << bit }
    if features.hasSupervisor { value |= 1 << 18 }
    if features.hasUser { value |= 1 << 20 }
    return value
  }

  // MARK: Environment, translation

  /// CBIE = 2 is reserved: the old value stays.
  private func legalEnvironment(_ value: UInt64, old: UInt64) -> UInt64 {
    var result = value
    if result & Environment.cbie == 2 << 4 { result = result & ~Environment.cbie | old & Environment.cbie }
    if !has(.zicbom) { result &= ~(Environment.cbie | Environment.cbcfe) }
    if !has(.zicboz) { result &= ~Environment.cbze }
    return result
  }

  private func setEnvironment(_ value: UInt64) {
    var mask = Environment.fiom | Environment.cbie | Environment.cbcfe | Environment.cbze
    if has(.svadu) { mask |= Environment.adue }
    if has(.svpbmt) { mask |= Environment.pbmte }
    if has(.sstc) { mask |= Environment.stce }
    let old = state.pointee.menvcfg
    state.pointee.menvcfg = legalEnvironment(value & mask, old: old)
    if (old ^ state.pointee.menvcfg) & (Environment.adue | Environment.pbmte) != 0 { lookaside.flush() }
    // STIP becomes the timer's, or software's again.
    if old & Environment.stce == 0, state.pointee.menvcfg & Environment.stce != 0 {
      state.pointee.mip &= ~Interrupt.supervisorTimer
    }
    updateTimers()
  }

  /// `satp` (§12.1.11): a mode that is not there changes nothing.
  private func setTranslation(_ value: UInt64) {
    let mode = isRV32 ? value >> 31 : value >> 60
    let largest = features.largestTranslation
    let isThere = mode == 0 || (isRV32 ? largest == 1 : (8...10).contains(mode) && mode <= largest)
    guard isThere else { return }
    let ppnMask: UInt64 = isRV32 ? (1 << 22) - 1 : (1 << 44) - 1
    let asidMask: UInt64 = isRV32 ? 0x1ff << 22 : 0xffff << 44
    let modeBits: UInt64 = isRV32 ? mode << 31 : mode << 60
    state.pointee.satp = modeBits | value & (ppnMask | asidMask)
    lookaside.flush()
  }
}
