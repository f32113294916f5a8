import RISCV

/// A hart at one moment.
package struct HartScene {
  package var id: Int
  package var xlen: Int
  package var extensions: ExtensionSet
  package var hasSupervisor: Bool
  package var privilege: Privilege
  package var pc: UInt64
  package var x: [UInt64]
  /// By number; registers that the hart does not have are missing.
  package var csrs: [Int: UInt64]
  package var pmp: ProtectionTable
  /// The oldest first.
  package var traps: [TrapRecord]
  package var trapTotal: UInt64
  package var instructions: UInt64
  /// Firmware of the emulator's own has not started it, or has stopped it.
  package var isHeld: Bool
  /// It has not run since the last look.
  package var isIdle: Bool
  /// The next timer interrupt, in ticks; all ones for none.
  package var nextTimer: UInt64
  /// A timer whose interrupt is enabled has been set.
  package var hasTimer: Bool
  /// The bits of `mip` that hold whatever is enabled.
  package var pending: UInt64
  /// Tries out what comes next; nil where that is not possible.
  package var rehearse: ((_ limit: Int) -> Rehearsal.Survey)?
  /// The same for a look step by step.
  package var rehearsal: (() -> Rehearsal)?

  /// A hart that has done nothing yet.
  package init(id: Int, xlen: Int, extensions: ExtensionSet, privilege: Privilege, pc: UInt64) {
    self.id = id
    self.xlen = xlen
    self.extensions = extensions
    hasSupervisor = true
    self.privilege = privilege
    self.pc = pc
    x = Array(repeating: 0, count: 32)
    csrs = [:]
    pmp = ProtectionTable(count: 16)
    traps = []
    trapTotal = 0
    instructions = 0
    isHeld = false
    isIdle = false
    nextTimer = .max
    hasTimer = false
    pending = 0
  }

  func csr(_ number: Int) -> UInt64 { csrs[number] ?? 0 }
  var mask: UInt64 { xlen == 64 ? .max : 0xffff_ffff }

  /// CSRs that explanations look at (RISC-V Privileged 1.13, tables 4–8).
  private static let numbers =
    [
      CSR.mstatus, CSR.mtvec, CSR.mepc, CSR.mcause, CSR.mtval, CSR.mie, CSR.medeleg, CSR.mideleg,
      CSR.mcounteren, CSR.menvcfg, CSR.mscratch, CSR.stvec, CSR.sepc, CSR.scause, CSR.stval, CSR.sscratch,
      CSR.satp, CSR.scounteren, CSR.pmpcfg0, CSR.pmpaddr0, CSR.mseccfg,
    ]

  /// Only while the hart rests, or waits; what it tries out only while it rests.
  package init(
    _ hart: Hart, isIdle: Bool,
    answer: @escaping (_ address: UInt64, _ width: Int, _ value: UInt64?) -> Rehearsal.Answer
  ) {
    id = Int(hart.id)
    xlen = hart.features.xlen
    extensions = hart.features.extensions
    hasSupervisor = hart.features.hasSupervisor
    privilege = hart.state.pointee.privilege
    pc = hart.state.pointee.pc
    x = (0..<32).map { hart[x: $0] }
    var csrs: [Int: UInt64] = [:]
    for number in Self.numbers { csrs[number] = hart.glance(number) }
    self.csrs = csrs
    pmp = ProtectionTable(hart)
    traps = hart.traps.all
    trapTotal = hart.traps.total
    instructions = hart.instructionsAtAGlance
    isHeld = hart.isHeld
    self.isIdle = isIdle
    nextTimer = hart.nextTimer
    hasTimer = hart.hasArmedTimer
    pending = hart.glance(CSR.mip) ?? 0
    if !hart.isHeld {
      rehearse = { Rehearsal(of: hart, answer: answer).survey(limit: $0) }
      rehearsal = { Rehearsal(of: hart, answer: answer) }
    }
  }
}

/// Physical memory protection as its registers say it (RISC-V Privileged 1.13, §3.7).
package struct ProtectionTable: Sendable {
  package struct Entry: Sendable, Equatable {
    package var index: Int
    package var first: UInt64
    package var last: UInt64
    /// As in `pmpcfg`.
    package var configuration: UInt8

    /// "RW-", with L where it is locked.
    var permissions: String {
      let letters = [(UInt8(1), "R"), (2, "W"), (4, "X")]
      return letters.map { configuration & $0.0 != 0 ? $0.1 : "-" }.joined()
        + (configuration & 0x80 != 0 ? " locked" : "")
    }
  }

  /// Those that are not off.
  package var entries: [Entry] = []
  /// How many the hart has.
  package var count: Int

  package init(count: Int, entries: [Entry] = []) {
    self.count = count
    self.entries = entries
  }

  init(_ hart: Hart) {
    count = hart.features.pmpCount
    let isRV64 = hart.features.xlen == 64
    var last: UInt64 = 0
    for index in 0..<count {
      let perRegister = isRV64 ? 8 : 4
      let number = CSR.pmpcfg0 + (isRV64 ? index / 8 * 2 : index / 4)
      let word = hart.glance(number) ?? 0
      let configuration = UInt8(truncatingIfNeeded: word >> UInt64(8 * (index % perRegister)))
      let address = hart.glance(CSR.pmpaddr0 + index) ?? 0
      add(index, configuration, address, below: last)
      last = address
    }
  }

  /// `address` as in `pmpaddr`; `below` is the register of the entry before.
  package mutating func add(_ index: Int, _ configuration: UInt8, _ address: UInt64, below: UInt64) {
    func add(_ first: UInt64, _ last: UInt64) {
      entries.append(Entry(index: index, first: first, last: last, configuration: configuration))
    }
    switch configuration >> 3 & 3 {
    case 1:
      let (start, end) = (index == 0 ? 0 : below << 2, address << 2)
      if start < end { add(start, end - 1) }
    case 2: add(address << 2, address << 2 | 3)
    case 3:
      let ones = UInt64((~address).trailingZeroBitCount)
      if ones >= 54 {
        add(0, .max)
      } else {
        let size = UInt64(8) << ones
        let first = address << 2 & ~(size - 1)
        add(first, first &+ (size - 1))
      }
    default: break
    }
  }

  /// The first that covers some of the bytes.
  func entry(covering address: UInt64, width: UInt64) -> Entry? {
    let last = address &+ (width - 1)
    return entries.first { $0.first <= last && address <= $0.last }
  }

  /// Whether supervisor and user mode may make the access, without Smepmp.
  func allows(_ access: PageWalk.Access, _ address: UInt64, width: UInt64) -> Bool {
    guard let entry = entry(covering: address, width: width) else { return count == 0 }
    guard entry.first <= address, address &+ (width - 1) <= entry.last else { return false }
    switch access {
    case .load: return entry.configuration & 1 != 0
    case .store: return entry.configuration & 2 != 0
    case .fetch: return entry.configuration & 4 != 0
    }
  }
}
