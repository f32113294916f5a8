import Debugger
import RISCV

/// A thread's registers and what system calls change of it.
struct ThreadState {
  private let integers: [UInt64]
  private let floats: [UInt64]
  private let control: UInt64
  private let pc: UInt64
  let id: Int32
  private let mask: UInt64
  private let alternateStack: AlternateStack
  private let deferred: [PendingSignal]
  private let clearedAddress: UInt64
  private let robustList: UInt64
  private let attributes: ProcessAttributes
  private let isBorrowed: Bool

  init(_ thread: LinuxThread) {
    let hart = thread.hart
    integers = (0..<32).map { hart[x: $0] }
    floats = (0..<32).map { hart[f: $0] }
    control = hart.floatingPointControl
    pc = hart.state.pointee.pc
    id = thread.id
    mask = thread.mask
    alternateStack = thread.alternateStack
    deferred = thread.deferred
    clearedAddress = thread.clearedAddress
    robustList = thread.robustList
    attributes = thread.attributes
    isBorrowed = thread.isBorrowed
  }

  func restore(_ thread: LinuxThread) {
    let hart = thread.hart
    for i in 0..<32 {
      hart[x: i] = integers[i]
      hart[f: i] = floats[i]
    }
    hart.floatingPointControl = control
    hart.loseReservation()
    hart.state.pointee.pc = pc
    thread.id = id
    thread.mask = mask
    thread.alternateStack = alternateStack
    thread.deferred = deferred
    thread.clearedAddress = clearedAddress
    thread.robustList = robustList
    thread.attributes = attributes
    thread.isBorrowed = isBorrowed
  }

  /// What a debugger reads of the thread as it was.
  func value(_ register: DebugRegister) -> UInt64? {
    switch register {
    case .integer(let number): integers[number]
    case .pc: pc
    case .float(let number): floats[number]
    case .privilege: 0
    // fflags, frm, fcsr.
    case .control(1): control & 0x1f
    case .control(2): control >> 5
    case .control(3): control
    case .control: nil
    }
  }
}
