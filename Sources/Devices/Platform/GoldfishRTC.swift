import Logging
import Machine

/// Google's Goldfish real-time clock: nanoseconds since 1970 and one alarm (Android "Goldfish virtual
/// hardware", goldfish-rtc; device tree `google,goldfish-rtc`).
package final class GoldfishRTC: MMIODevice {
  package struct State: Codable, Sendable, Equatable {
    /// What the guest added by setting the time, in nanoseconds. Survives a reset, like a battery clock.
    package var timeOffset: UInt64 = 0
    /// The time's upper half when its lower half was last read.
    package var latchedHigh: UInt32 = 0
    /// Nanoseconds since 1970.
    package var alarm: UInt64 = 0
    package var isAlarmRunning = false
    package var isInterruptEnabled = false
    package var isInterruptPending = false
    package init() {}
  }

  package static let typeName = "goldfish_rtc"
  package static let regionName = "goldfish_rtc"
  package static let windowSize: UInt64 = 0x24
  package static let accessWidths = 4...8
  package static let registers = [
    Register("TIME_LOW", offset: Offset.timeLow, width: 4, .readWrite, section: "goldfish-rtc"),
    Register("TIME_HIGH", offset: Offset.timeHigh, width: 4, .readWrite, section: "goldfish-rtc"),
    Register("ALARM_LOW", offset: Offset.alarmLow, width: 4, .readWrite, section: "goldfish-rtc"),
    Register("ALARM_HIGH", offset: Offset.alarmHigh, width: 4, .readWrite, section: "goldfish-rtc"),
    Register("IRQ_ENABLED", offset: Offset.irqEnabled, width: 4, .readWrite, section: "goldfish-rtc"),
    Register("CLEAR_ALARM", offset: Offset.clearAlarm, width: 4, .writeOnly, section: "goldfish-rtc"),
    Register("ALARM_STATUS", offset: Offset.alarmStatus, width: 4, .readOnly, section: "goldfish-rtc"),
    Register("CLEAR_INTERRUPT", offset: Offset.clearInterrupt, width: 4, .writeOnly, section: "goldfish-rtc"),
  ]

  private enum Offset {
    static let timeLow: UInt64 = 0x00
    static let timeHigh: UInt64 = 0x04
    static let alarmLow: UInt64 = 0x08
    static let alarmHigh: UInt64 = 0x0c
    static let irqEnabled: UInt64 = 0x10
    static let clearAlarm: UInt64 = 0x14
    static let alarmStatus: UInt64 = 0x18
    static let clearInterrupt: UInt64 = 0x1c
  }

  private let line: InterruptLine
  private let clock: Clock
  private let timers: Timers
  private nonisolated(unsafe) var stored = State()
  private nonisolated(unsafe) var timer: Timers.ID?
  /// Counts arms and disarms: a timer that fell due while the guest disarmed it finds itself outdated.
  private nonisolated(unsafe) var arming: UInt64 = 0

  package init(line: InterruptLine, clock: Clock, timers: Timers) {
    self.line = line
    self.clock = clock
    self.timers = timers
  }

  package var state: State {
    get { stored }
    set {
      stored = newValue
      armTimer()
      updateLine()
    }
  }

  package func reset() {
    var fresh = State()
    fresh.timeOffset = stored.timeOffset
    state = fresh
  }

  /// Nanoseconds since 1970 as the guest has set them.
  private var time: UInt64 { clock.timeOfDay &+ stored.timeOffset }

  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    if width == 8 {
      // As two words, the lower first: a whole time in one load.
      let low = read(offset)
      return low | read(offset &+ 4) << 32
    }
    return read(offset)
  }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    write(offset, UInt32(truncatingIfNeeded: value))
    if width == 8 { write(offset &+ 4, UInt32(truncatingIfNeeded: value >> 32)) }
  }

  private func read(_ offset: UInt64) -> UInt64 {
    switch offset {
    case Offset.timeLow:
      let now = time
      stored.latchedHigh = UInt32(now >> 32)
      return now & 0xffff_ffff
    case Offset.timeHigh: return UInt64(stored.latchedHigh)
    case Offset.alarmLow: return stored.alarm & 0xffff_ffff
    case Offset.alarmHigh: return stored.alarm >> 32
    case Offset.irqEnabled: return stored.isInterruptEnabled ? 1 : 0
    case Offset.alarmStatus: return stored.isAlarmRunning ? 1 : 0
    default: return 0
    }
  }

  private func write(_ offset: UInt64, _ value: UInt32) {
    switch offset {
    case Offset.timeLow:
      let now = time
      setTime(now & ~0xffff_ffff | UInt64(value), insteadOf: now)
    case Offset.timeHigh:
      let now = time
      setTime(now & 0xffff_ffff | UInt64(value) << 32, insteadOf: now)
    case Offset.alarmLow:
      // Writing the lower half sets the alarm; drivers write the upper one first.
      stored.alarm = stored.alarm & ~0xffff_ffff | UInt64(value)
      stored.isAlarmRunning = true
      armTimer()
    case Offset.alarmHigh:
      stored.alarm = stored.alarm & 0xffff_ffff | UInt64(value) << 32
    case Offset.irqEnabled:
      stored.isInterruptEnabled = value & 1 != 0
      updateLine()
    case Offset.clearAlarm:
      stored.isAlarmRunning = false
      armTimer()
    case Offset.clearInterrupt:
      stored.isInterruptPending = false
      updateLine()
    default:
      break
    }
  }

  package func remark(on access: DeviceAccess) -> DeviceRemark? {
    let isWrite = access.value != nil
    let known = Self.registers.contains {
      $0.offset == access.offset & ~3 && $0.access != (isWrite ? .readOnly : .writeOnly)
    }
    return known
      ? nil
      : .unimplemented(
        "goldfish_rtc_\(isWrite ? "write" : "read"): offset 0x\(hexadecimal(access.offset)) is UNIMP.")
  }

  private func setTime(_ new: UInt64, insteadOf now: UInt64) {
    stored.timeOffset &+= new &- now
    armTimer()
  }

  /// Schedules the alarm afresh, or rings it where its time has come.
  private func armTimer() {
    arming &+= 1
    if let timer { timers.cancel(timer) }
    timer = nil
    guard stored.isAlarmRunning else { return }
    let now = time
    guard stored.alarm > now else { return ringAlarm() }
    let (deadline, isNever) = clock.nanoseconds.addingReportingOverflow(stored.alarm - now)
    guard !isNever else { return }
    let current = arming
    timer = timers.schedule(at: deadline) { [weak self] in
      guard let self, self.arming == current else { return }
      self.timer = nil
      self.ringAlarm()
    }
  }

  private func ringAlarm() {
    stored.isAlarmRunning = false
    stored.isInterruptPending = true
    updateLine()
  }

  private func updateLine() { line.set(stored.isInterruptPending && stored.isInterruptEnabled) }
}
