import RISCV

/// PMU (SBI 2.0, chapter 11): each hart's own counters of cycles and instructions, and the firmware's events. There are
/// no counters that overflow into an interrupt, and no snapshots.
extension BuiltinFirmware {
  private enum Configuration {
    static let skipsMatch: UInt64 = 1 << 0
    static let clears: UInt64 = 1 << 1
    static let starts: UInt64 = 1 << 2
    /// With the filters by privilege, which are hints.
    static let known: UInt64 = 0xff
  }

  func performance(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    switch call.function {
    case 0: return .value(UInt64(PerformanceCounters.count))
    case 1: return .value(try information(call))
    case 2: return .value(try configure(call))
    case 3: try startCounters(call)
    case 4: try stopCounters(call)
    case 5: return .value(try firmwareValue(call))
    case 6:
      let value = try firmwareValue(call)
      return .value(call.hart.features.xlen == 32 ? value >> 32 : 0)
    default: throw .notSupported
    }
    return .success
  }

  // MARK: Counters

  private func isThere(_ index: Int, _ hart: Hart) -> Bool {
    switch index {
    case 1: false
    case 0, 2: hart.features.extensions.contains(.zicntr)
    case 3..<32: hart.features.extensions.contains(.zihpm)
    default: PerformanceCounters.firmware.contains(index)
    }
  }

  private func information(_ call: SBICall) throws(SBIError) -> UInt64 {
    guard let index = Int(exactly: call[0]), isThere(index, call.hart) else { throw .invalidParameter }
    let width: UInt64 = 63 << 12
    if PerformanceCounters.firmware.contains(index) {
      return 1 << UInt64(call.hart.features.xlen - 1) | width
    }
    return width | 0xc00 + UInt64(index)
  }

  /// The counters of a set, in order. Some of them may be the gap at 1, but none beyond the last.
  private func counters(_ call: SBICall) throws(SBIError) -> [Int] {
    let (base, mask) = (call[0], call[1])
    guard base < UInt64(PerformanceCounters.count), mask != 0 else { throw .invalidParameter }
    let width = UInt64(call.hart.features.xlen)
    var found: [Int] = []
    for bit in 0..<width where mask >> bit & 1 != 0 {
      guard base + bit < UInt64(PerformanceCounters.count) else { throw .invalidParameter }
      found.append(Int(base + bit))
    }
    return found
  }

  // MARK: Configuration

  private func configure(_ call: SBICall) throws(SBIError) -> UInt64 {
    let hart = call.hart
    let set = try counters(call)
    let flags = call[2]
    guard flags & ~Configuration.known == 0 else { throw .invalidParameter }
    let record = record(of: hart)
    let event = try event(call)
    let chosen: Int?
    if flags & Configuration.skipsMatch != 0 {
      // Configured before, to be configured further.
      chosen = set.first
      guard let chosen, record.counters[chosen].event != nil else { throw .invalidParameter }
    } else {
      chosen = set.first { record.counters[$0].event == nil && canCount(event, $0, hart) }
    }
    guard let index = chosen else { throw .notSupported }
    if flags & Configuration.skipsMatch == 0 {
      record.counters[index] = PerformanceCounters.Counter(event: event)
      if case .hardware(let number) = event {
        setInhibited(hart, index, true)
        if index >= 3 { hart.pokeCSR(CSR.mhpmevent3 + index - 3, number) }
      }
    }
    if flags & Configuration.clears != 0 { setValue(hart, index, 0) }
    if flags & Configuration.starts != 0, !record.counters[index].isStarted { start(hart, index) }
    return UInt64(index)
  }

  private func event(_ call: SBICall) throws(SBIError) -> PerformanceCounters.Event {
    let number = call[3]
    guard number < 1 << 20 else { throw .invalidParameter }
    let code = number & 0xffff
    switch number >> 16 {
    case 0:
      guard code <= 10 else { throw .invalidParameter }
      guard code == 1 || code == 2 else { throw .notSupported }
      return .hardware(code)
    // Caches and raw events: nothing counts them.
    case 1, 2, 3: throw .notSupported
    case 15:
      guard let event = FirmwareEvent(rawValue: Int(code)) else { throw .invalidParameter }
      return .firmware(event)
    default: throw .invalidParameter
    }
  }

  private func canCount(_ event: PerformanceCounters.Event, _ index: Int, _ hart: Hart) -> Bool {
    guard isThere(index, hart) else { return false }
    switch event {
    case .hardware(let number):
      switch index {
      case 0: return number == 1
      case 2: return number == 2
      default: return index < 32
      }
    case .firmware: return PerformanceCounters.firmware.contains(index)
    }
  }

  // MARK: Starting and stopping

  private func startCounters(_ call: SBICall) throws(SBIError) {
    let set = try counters(call)
    guard call[2] & 2 == 0 else { throw .noSharedMemory }
    guard call[2] & ~3 == 0 else { throw .invalidParameter }
    let record = record(of: call.hart)
    for index in set {
      guard record.counters[index].event != nil else { throw .invalidParameter }
      guard !record.counters[index].isStarted else { throw .alreadyStarted }
    }
    for index in set {
      if call[2] & 1 != 0 { setValue(call.hart, index, call.wide(3)) }
      start(call.hart, index)
    }
  }

  private func stopCounters(_ call: SBICall) throws(SBIError) {
    let set = try counters(call)
    guard call[2] & 2 == 0 else { throw .noSharedMemory }
    guard call[2] & ~3 == 0 else { throw .invalidParameter }
    let forgets = call[2] & 1 != 0
    let record = record(of: call.hart)
    for index in set where !forgets {
      guard record.counters[index].event != nil else { throw .invalidParameter }
      guard record.counters[index].isStarted else { throw .alreadyStopped }
    }
    for index in set {
      stop(call.hart, index)
      if forgets { release(call.hart, index) }
    }
  }

  private func start(_ hart: Hart, _ index: Int) {
    let record = record(of: hart)
    record.counters[index].isStarted = true
    if case .firmware(let event) = record.counters[index].event {
      record.counters[index].value &-= record.total(event)
    } else {
      setInhibited(hart, index, false)
    }
  }

  private func stop(_ hart: Hart, _ index: Int) {
    let record = record(of: hart)
    guard record.counters[index].isStarted else { return }
    record.counters[index].isStarted = false
    if case .firmware(let event) = record.counters[index].event {
      record.counters[index].value &+= record.total(event)
    } else {
      setInhibited(hart, index, true)
    }
  }

  /// Cycles and instructions are everybody's while nobody has configured them: they run on.
  private func release(_ hart: Hart, _ index: Int) {
    let record = record(of: hart)
    guard record.counters[index].event != nil else { return }
    record.counters[index] = PerformanceCounters.Counter()
    if index < 3 { setInhibited(hart, index, false) }
  }

  // MARK: Values

  private func setInhibited(_ hart: Hart, _ index: Int, _ isInhibited: Bool) {
    let now = hart.peekCSR(CSR.mcountinhibit) ?? 0
    let bit = UInt64(1) << UInt64(index)
    hart.pokeCSR(CSR.mcountinhibit, isInhibited ? now | bit : now & ~bit)
  }

  private func setValue(_ hart: Hart, _ index: Int, _ value: UInt64) {
    let record = record(of: hart)
    if case .firmware(let event) = record.counters[index].event {
      record.counters[index].value = record.counters[index].isStarted ? value &- record.total(event) : value
    } else {
      hart.pokeCSR(CSR.mcycle + index, value)
      if hart.features.xlen == 32 { hart.pokeCSR(CSR.mcycleh + index, value >> 32) }
    }
  }

  private func firmwareValue(_ call: SBICall) throws(SBIError) -> UInt64 {
    let record = record(of: call.hart)
    guard let index = Int(exactly: call[0]), PerformanceCounters.firmware.contains(index),
      case .firmware(let event) = record.counters[index].event
    else { throw .invalidParameter }
    let counter = record.counters[index]
    return counter.isStarted ? counter.value &+ record.total(event) : counter.value
  }
}
