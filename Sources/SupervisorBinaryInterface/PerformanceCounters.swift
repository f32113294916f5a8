import RISCV

/// Events that firmware counts (SBI 2.0, table 34). The hypervisor's (14 to 21) never happen.
enum FirmwareEvent: Int {
  case misalignedLoad = 0
  case misalignedStore = 1
  case loadAccess = 2
  case storeAccess = 3
  case illegalInstruction = 4
  case setTimer = 5
  case interruptSent = 6
  case interruptReceived = 7
  case fenceSent = 8
  case fenceReceived = 9
  case addressFenceSent = 10
  case addressFenceReceived = 11
  case spaceFenceSent = 12
  case spaceFenceReceived = 13
  case hypervisorFenceSent = 14
  case hypervisorFenceReceived = 15
  case hypervisorMachineFenceSent = 16
  case hypervisorMachineFenceReceived = 17
  case guestFenceSent = 18
  case guestFenceReceived = 19
  case guestSpaceFenceSent = 20
  case guestSpaceFenceReceived = 21

  init?(exception cause: UInt64) {
    switch cause {
    case Hart.FirmwareCause.loadMisaligned: self = .misalignedLoad
    case Hart.FirmwareCause.storeMisaligned: self = .misalignedStore
    case Hart.FirmwareCause.loadAccess: self = .loadAccess
    case Hart.FirmwareCause.storeAccess: self = .storeAccess
    case Hart.FirmwareCause.illegalInstruction: self = .illegalInstruction
    default: return nil
    }
  }
}

/// One hart's counters by their logical numbers: 0 to 31 are the hart's own, by the numbers of their CSRs, of which 1 is
/// the time and no counter; firmware's follow.
struct PerformanceCounters {
  static let firmware = 32..<48
  static let count = 48

  enum Event: Equatable {
    /// 1: cycles, 2: instructions, which is also what `mhpmevent` calls them.
    case hardware(UInt64)
    case firmware(FirmwareEvent)
  }

  struct Counter {
    var event: Event?
    var isStarted = false
    /// Firmware's: the count when it stopped last, or less the events before it was started.
    var value: UInt64 = 0
  }

  var counters = InlineArray<48, Counter>(repeating: Counter())

  subscript(index: Int) -> Counter {
    get { counters[index] }
    set { counters[index] = newValue }
  }
}
