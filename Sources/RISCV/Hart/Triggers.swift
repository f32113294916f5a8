/// Debug triggers (RISC-V Debug 1.0, chapter 5, Sdtrig): two address triggers of type 2 (mcontrol) or
/// 6 (mcontrol6) whose action is a breakpoint exception before the instruction takes effect.
extension Hart {
  static let triggerCount = 2

  private enum Field {
    static let load: UInt64 = 1 << 0
    static let store: UInt64 = 1 << 1
    static let execute: UInt64 = 1 << 2
    static let user: UInt64 = 1 << 3
    static let supervisor: UInt64 = 1 << 4
    static let machine: UInt64 = 1 << 6
    static let matchShift: UInt64 = 7
    /// load, store, execute, u, s, m and match: what software may set.
    static let writable: UInt64 = 0x5f | 0xf << 7
  }

  private var typeShift: UInt64 { UInt64(features.xlen - 4) }

  func resetTriggers() {
    for i in 0..<Self.triggerCount { state.pointee.tdata1[i] = 2 << typeShift }
    triggersArmed = false
  }

  func readTrigger(_ number: Int) -> UInt64 {
    let i = Int(state.pointee.tselect)
    switch number {
    case CSR.tdata1: return state.pointee.tdata1[i]
    case CSR.tdata2: return state.pointee.tdata2[i]
    case CSR.tdata3: return state.pointee.tdata3[i]
    // tinfo: version 1, types 2, 6 and 15 (disabled).
    default: return 1 << 24 | 1 << 2 | 1 << 6 | 1 << 15
    }
  }

  func writeTrigger(_ number: Int, _ value: UInt64) {
    let i = Int(state.pointee.tselect)
    switch number {
    case CSR.tdata1:
      var type = value >> typeShift & 15
      if type != 2 && type != 6 && type != 15 { type = state.pointee.tdata1[i] >> typeShift }
      var fields = type == 15 ? 0 : value & Field.writable
      // Kinds of match: equal, NAPOT, at least, less. Others become equal.
      if fields >> Field.matchShift & 15 > 3 { fields &= ~(15 << Field.matchShift) }
      state.pointee.tdata1[i] = type << typeShift | fields
    case CSR.tdata2: state.pointee.tdata2[i] = value
    case CSR.tdata3: state.pointee.tdata3[i] = 0
    default: break
    }
    let wasArmed = triggersArmed
    triggersArmed = (0..<Self.triggerCount).contains {
      let fields = state.pointee.tdata1[$0]
      return fields & 7 != 0 && fields & (Field.user | Field.supervisor | Field.machine) != 0
    }
    if triggersArmed && !wasArmed { lookaside.flush() }
  }

  /// Raises a breakpoint where a trigger matches the access; `tval` is the address.
  func checkTriggers(_ access: Access, _ address: UInt64) throws(Exit) {
    let (kind, mode): (UInt64, UInt64)
    switch access {
    case .load: kind = Field.load
    case .store: kind = Field.store
    case .fetch: kind = Field.execute
    }
    switch state.pointee.privilege {
    case .user: mode = Field.user
    case .supervisor: mode = Field.supervisor
    case .machine: mode = Field.machine
    }
    for i in 0..<Self.triggerCount {
      let fields = state.pointee.tdata1[i]
      guard fields & kind != 0, fields & mode != 0 else { continue }
      // Debug 1.0 §5.4: in M-mode triggers fire only with interrupts enabled, so that the handler does not
      // trap into itself; QEMU and the conformance tests want them regardless of mstatus.MIE.
      if matches(fields >> Field.matchShift & 15, address, state.pointee.tdata2[i]) {
        throw trap(Cause.breakpoint, address)
      }
    }
  }

  private func matches(_ kind: UInt64, _ address: UInt64, _ value: UInt64) -> Bool {
    switch kind {
    case 1:
      let mask = value ^ (value &+ 1)
      return (address ^ value) & ~mask == 0
    case 2: return address >= value
    case 3: return address < value
    default: return address == value
    }
  }
}
