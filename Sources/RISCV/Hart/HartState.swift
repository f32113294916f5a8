/// Privilege levels, by their encoding in `mstatus.MPP` (RISC-V Privileged 1.13, §1.2).
package enum Privilege: UInt64, Sendable, Codable {
  case user = 0
  case supervisor = 1
  case machine = 3

  /// For people.
  package var name: String {
    switch self {
    case .user: "user mode"
    case .supervisor: "supervisor mode"
    case .machine: "machine mode"
    }
  }
}

/// All architectural state of a hart, in one block of plain memory: what a snapshot copies, what a hash
/// covers, what translated code addresses. The integer registers come first, so that the hottest are in
/// reach of 8-bit displacements.
///
/// CSR fields have the manual's names and hold XLEN-wide values unless said otherwise.
package struct HartState {
  /// x0–x31; [32] swallows writes to x0. RV32 values are kept zero-extended.
  var x: InlineArray<40, UInt64> = .init(repeating: 0)
  /// Floating-point registers, NaN-boxed to 64 bits.
  var f: InlineArray<32, UInt64> = .init(repeating: 0)
  package var pc: UInt64 = 0
  /// Instructions left in the running slice; current whenever the interpreter calls out.
  package var budget = 0
  /// `budget` at the slice's start.
  package var slice = 0
  /// Instructions retired in all finished slices.
  package var retired: UInt64 = 0

  // Floating-point control: `frm` 0–7, `fflags`, and `mstatus.FS` kept apart for the per-instruction check.
  var frm: UInt64 = 0
  var fflags: UInt64 = 0
  var fs: UInt64 = 0

  // LR/SC: the reserved physical address (all ones: none), its width and the value seen.
  var reservation: UInt64 = .max
  var reservedWidth: UInt64 = 0
  var reservedValue: UInt64 = 0

  /// A whole word, so that the block has no padding and its bytes are its value.
  private(set) var privilegeLevel: UInt64 = 3
  package var privilege: Privilege {
    get { Privilege(rawValue: privilegeLevel) ?? .machine }
    set { privilegeLevel = newValue.rawValue }
  }
  /// What went wrong, read where `Exit.trap` is caught.
  var trapCause: UInt64 = 0
  var trapValue: UInt64 = 0
  /// Timer interrupts that the last look at the time found due (MTIP, STIP).
  var timerPending: UInt64 = 0

  // Machine-level CSRs. `mstatus` without FS and SD; on RV32 `mstatush` is its upper half.
  package var mstatus: UInt64 = 0
  var mtvec: UInt64 = 0
  package var mepc: UInt64 = 0
  package var mcause: UInt64 = 0
  package var mtval: UInt64 = 0
  var mscratch: UInt64 = 0
  var medeleg: UInt64 = 0
  var mideleg: UInt64 = 0
  var mie: UInt64 = 0
  /// The software-writable bits of `mip`: SSIP, STIP, SEIP.
  var mip: UInt64 = 0
  var mcounteren: UInt64 = 0
  var mcountinhibit: UInt64 = 0
  var menvcfg: UInt64 = 0
  var mseccfg: UInt64 = 0

  var stvec: UInt64 = 0
  var sepc: UInt64 = 0
  var scause: UInt64 = 0
  var stval: UInt64 = 0
  var sscratch: UInt64 = 0
  var scounteren: UInt64 = 0
  var senvcfg: UInt64 = 0
  package var satp: UInt64 = 0
  var stimecmp: UInt64 = .max

  // Counters as differences to `retired`; frozen values where `mcountinhibit` stops them.
  var mcycle: UInt64 = 0
  var minstret: UInt64 = 0
  var mhpmcounter: InlineArray<32, UInt64> = .init(repeating: 0)
  var mhpmevent: InlineArray<32, UInt64> = .init(repeating: 0)

  var pmpcfg: InlineArray<64, UInt8> = .init(repeating: 0)
  var pmpaddr: InlineArray<64, UInt64> = .init(repeating: 0)

  var tselect: UInt64 = 0
  var tdata1: InlineArray<4, UInt64> = .init(repeating: 0)
  var tdata2: InlineArray<4, UInt64> = .init(repeating: 0)
  var tdata3: InlineArray<4, UInt64> = .init(repeating: 0)

  /// Instructions retired up to now.
  package var instructionsRetired: UInt64 { retired &+ UInt64(slice - budget) }
}

/// A hart's state followed by what the interpreter's loop wants within reach of one pointer: the fewer
/// variables the loop has, the more of them stay in registers. None of the rest is architectural.
struct HartBlock {
  var state = HartState()
  /// The lookaside's tables of the current views.
  var table: UnsafeMutablePointer<LookasideEntry>
  var fetches: UnsafeMutablePointer<TranslationLookaside.FetchEntry>
  var marks: UnsafeMutablePointer<UInt32>
  /// What the engine keeps within its code's reach.
  var engineArea: InlineArray<32, UInt64> = .init(repeating: 0)
  /// The first slot of the page being executed, and the virtual address of its first byte.
  var base: UnsafeMutablePointer<Operation>
  var page: UInt64 = 0
  /// 2 where a jump target must be a multiple of four.
  var jumpMask: Int32
  /// The hart itself, for calls out of line; it owns this block.
  var hart: Unmanaged<Hart>
  var windows = Windows()
}

extension UnsafeMutablePointer<HartBlock> {
  /// Where the lookaside has, or would have, the page of `virtual` as the hart looks now.
  @inline(__always) func entry(of virtual: UInt64) -> UnsafeMutablePointer<LookasideEntry> {
    pointee.table + Int(truncatingIfNeeded: virtual >> 12) % TranslationLookaside.entryCount
  }
}

/// Why the interpreter, or an engine, left its inner loop.
package enum Exit: Error {
  /// The instruction did not retire; cause and value are in the state.
  case trap
  /// It retired and changed what the loop had cached: privilege, translation, interrupts.
  case resynchronize
  /// It retired and a device was written: timers and interrupt lines may have moved.
  case device
  /// WFI or WRS: nothing to do until an interrupt.
  case wait
  /// The code arena is full: every hart must come to rest.
  case codeFull
  /// The instruction did not run: its debugger wants to know of it; `Hart.reported` says why.
  case debug
}

/// Exception causes (RISC-V Privileged 1.13, table 14).
enum Cause {
  static let instructionMisaligned: UInt64 = 0
  static let instructionAccess: UInt64 = 1
  static let illegalInstruction: UInt64 = 2
  static let breakpoint: UInt64 = 3
  static let loadMisaligned: UInt64 = 4
  static let loadAccess: UInt64 = 5
  static let storeMisaligned: UInt64 = 6
  static let storeAccess: UInt64 = 7
  static let callFromUser: UInt64 = 8
  static let instructionPage: UInt64 = 12
  static let loadPage: UInt64 = 13
  static let storePage: UInt64 = 15
}

/// Interrupt numbers and their `mip` bits (RISC-V Privileged 1.13, §3.1.9).
package enum Interrupt {
  package static let supervisorSoftware: UInt64 = 1 << 1
  package static let machineSoftware: UInt64 = 1 << 3
  package static let supervisorTimer: UInt64 = 1 << 5
  package static let machineTimer: UInt64 = 1 << 7
  package static let supervisorExternal: UInt64 = 1 << 9
  package static let machineExternal: UInt64 = 1 << 11

  /// By number, for people.
  package static let names: [(number: UInt64, name: String)] = [
    (1, "supervisor software"), (3, "machine software"), (5, "supervisor timer"), (7, "machine timer"),
    (9, "supervisor external"), (11, "machine external"),
  ]
}

/// Fields of `mstatus` (RISC-V Privileged 1.13, §3.1.6).
enum Status {
  static let sie: UInt64 = 1 << 1
  static let mie: UInt64 = 1 << 3
  static let spie: UInt64 = 1 << 5
  static let mpie: UInt64 = 1 << 7
  static let spp: UInt64 = 1 << 8
  static let mpp: UInt64 = 3 << 11
  static let fs: UInt64 = 3 << 13
  static let mprv: UInt64 = 1 << 17
  static let sum: UInt64 = 1 << 18
  static let mxr: UInt64 = 1 << 19
  static let tvm: UInt64 = 1 << 20
  static let tw: UInt64 = 1 << 21
  static let tsr: UInt64 = 1 << 22
}
