import Machine
import Testing

import Devices

@Suite("SiFive test finisher")
struct SiFiveTestTests {
  /// Exit codes as QEMU 10.0's process has them, before the host takes their lower eight bits.
  @Test(
    arguments: [
      (0x5555, 4, .shutDown(0)), (0x5555, 2, .shutDown(0)), (0x5_5555, 4, .shutDown(5)),
      (0x3333, 4, .shutDown(0)), (0x7_3333, 4, .shutDown(7)), (0x5555_3333, 4, .shutDown(0x5555)),
      (0xffff_3333, 4, .shutDown(0xffff)), (0x7_3333, 2, .shutDown(0)), (0x7777, 4, .reset),
    ] as [(UInt64, Int, RecordingPower.Event)])
  func endsTheMachine(value: UInt64, width: Int, event: RecordingPower.Event) {
    let power = RecordingPower()
    SiFiveTest(power: power).write(0, width: width, value)
    #expect(power.events == [event])
  }

  @Test func ignoresOtherValuesAndOffsets() {
    let power = RecordingPower()
    let finisher = SiFiveTest(power: power)
    for value in [0, 0x1234, 0x5554, 0x5555_0000] as [UInt64] { finisher.write(0, width: 4, value) }
    for offset in [2, 4, 0xffc] as [UInt64] { finisher.write(offset, width: 2, 0x5555) }
    #expect(power.events == [])
    #expect(finisher.read(0, width: 4) == 0)
  }
}

private enum R {
  static let timeLow: UInt64 = 0x00
  static let timeHigh: UInt64 = 0x04
  static let alarmLow: UInt64 = 0x08
  static let alarmHigh: UInt64 = 0x0c
  static let irqEnabled: UInt64 = 0x10
  static let clearAlarm: UInt64 = 0x14
  static let alarmStatus: UInt64 = 0x18
  static let clearInterrupt: UInt64 = 0x1c
}

/// A clock in the summer of 2024, spoken to as a guest does.
private struct Bench {
  static let start: UInt64 = 1_720_000_000_000_000_000
  let machine: TestMachine
  let rtc: GoldfishRTC

  init() throws {
    machine = try TestMachine(startOfDay: Self.start / 1_000_000_000)
    rtc = GoldfishRTC(line: machine.line(11), clock: machine.clock, timers: machine.environment.timers)
  }

  subscript(_ register: UInt64) -> UInt64 {
    get { rtc.read(register, width: 4) }
    nonmutating set { rtc.write(register, width: 4, newValue) }
  }

  var time: UInt64 { self[R.timeLow] | self[R.timeHigh] << 32 }
  var level: Bool { machine.controller.level(of: 11) }

  func setAlarm(_ time: UInt64) {
    self[R.alarmHigh] = time >> 32
    self[R.alarmLow] = time & 0xffff_ffff
  }
}

@Suite("Goldfish RTC")
struct GoldfishRTCTests {
  @Test func tellsNanosecondsSince1970() throws {
    let bench = try Bench()
    #expect(bench.time == Bench.start)
    bench.machine.advance(nanoseconds: 1_500_000_000)
    #expect(bench.time == Bench.start + 1_500_000_000)
    #expect(bench.rtc.read(0, width: 8) == Bench.start + 1_500_000_000)
  }

  @Test func readingTheLowerHalfLatchesTheUpper() throws {
    let bench = try Bench()
    #expect(bench[R.timeHigh] == 0)
    _ = bench[R.timeLow]
    bench.machine.advance(nanoseconds: 10 << 32)
    #expect(bench[R.timeHigh] == Bench.start >> 32)
    _ = bench[R.timeLow]
    #expect(bench[R.timeHigh] == Bench.start >> 32 + 10)
  }

  @Test func theTimeIsSetByHalvesAndSurvivesReset() throws {
    let bench = try Bench()
    bench[R.timeHigh] = 0x1234_5678
    bench[R.timeLow] = 0x9abc_def0
    #expect(bench.time == 0x1234_5678_9abc_def0)
    bench[R.timeLow] = 0x10
    #expect(bench.time == 0x1234_5678_0000_0010)
    bench.rtc.reset()
    bench.machine.advance(nanoseconds: 1)
    #expect(bench.time == 0x1234_5678_0000_0011)
  }

  @Test func theAlarmRingsOnceAtItsTime() throws {
    let bench = try Bench()
    bench[R.irqEnabled] = 0xffff_ffff
    #expect(bench[R.irqEnabled] == 1)
    bench.setAlarm(Bench.start + 1000)
    #expect(bench[R.alarmStatus] == 1)
    bench.machine.advance(nanoseconds: 999)
    #expect(!bench.level)
    bench.machine.advance(nanoseconds: 1)
    #expect(bench.level)
    #expect(bench[R.alarmStatus] == 0)
    #expect(bench[R.alarmLow] | bench[R.alarmHigh] << 32 == Bench.start + 1000)
    bench[R.clearInterrupt] = 0
    #expect(!bench.level)
    bench.machine.advance(nanoseconds: 1_000_000)
    #expect(!bench.level)
  }

  @Test func anAlarmInThePastRingsAtOnce() throws {
    let bench = try Bench()
    bench[R.irqEnabled] = 1
    bench.setAlarm(Bench.start)
    #expect(bench.level)
    #expect(bench[R.alarmStatus] == 0)
    bench[R.clearAlarm] = 1
    #expect(bench.level, "clearing the alarm leaves the interrupt")
  }

  @Test func aDisabledInterruptWaitsForItsEnabling() throws {
    let bench = try Bench()
    bench.setAlarm(Bench.start + 5)
    bench.machine.advance(nanoseconds: 10)
    #expect(!bench.level)
    bench[R.irqEnabled] = 1
    #expect(bench.level)
    bench[R.irqEnabled] = 0
    #expect(!bench.level)
  }

  @Test func aClearedAlarmDoesNotRing() throws {
    let bench = try Bench()
    bench[R.irqEnabled] = 1
    bench.setAlarm(Bench.start + 5)
    bench[R.clearAlarm] = 0
    #expect(bench[R.alarmStatus] == 0)
    #expect(bench.machine.environment.timers.nextDeadline == .max)
    bench.machine.advance(nanoseconds: 10)
    #expect(!bench.level)
  }

  @Test func anAlarmFollowsTheTimeAsItIsSet() throws {
    let bench = try Bench()
    bench[R.irqEnabled] = 1
    bench.setAlarm(Bench.start + (100 << 32))
    bench[R.timeHigh] = Bench.start >> 32 + 99
    #expect(!bench.level)
    bench.machine.advance(nanoseconds: 1 << 32)
    #expect(bench.level)
  }

  @Test func anAlarmNeverReachedIsNoTimer() throws {
    let bench = try Bench()
    bench.machine.advance(nanoseconds: 100)
    bench[R.timeHigh] = 0
    bench[R.timeLow] = 0
    bench.setAlarm(.max)
    #expect(bench[R.alarmStatus] == 1)
    bench.machine.advance(nanoseconds: 1_000_000_000)
    #expect(bench[R.alarmStatus] == 1)
  }

  @Test func aSnapshotBringsAlarmAndInterruptBack() throws {
    let bench = try Bench()
    bench[R.irqEnabled] = 1
    bench.setAlarm(Bench.start + 50)
    let saved = bench.rtc.state
    bench.rtc.reset()
    bench.machine.advance(nanoseconds: 60)
    #expect(!bench.level)
    bench.rtc.state = saved
    #expect(bench.level, "its time has passed meanwhile")
  }

  @Test func noAccessCrashesIt() throws {
    let bench = try Bench()
    for seed in 0..<10 as Range<UInt64> {
      bench.rtc.hammer(seed: seed, window: GoldfishRTC.windowSize, count: 2_000)
      bench.machine.advance(nanoseconds: seed << 40)
    }
  }
}
