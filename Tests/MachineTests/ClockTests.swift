import Glibc
import Machine
import Testing

@Suite struct ClockTests {
  @Test func aMachineThatStandsStillHasNoTime() {
    let clock = Clock(mode: .host)
    clock.pause()
    let ticks = clock.ticks
    usleep(20_000)
    #expect(clock.ticks == ticks)
    let before = Clock.hostNanoseconds()
    clock.goOn()
    usleep(1000)
    let after = clock.ticks
    // Nothing is made up for.
    #expect(after > ticks && (after - ticks) * 100 <= Clock.hostNanoseconds() - before)
    // Going on while it runs changes nothing.
    clock.goOn()
    #expect(clock.ticks >= after)
  }

  @Test func realTimeClocksFollowWhatTheyAreTold() {
    func passed(_ source: Clock.RealTimeSource?, _ mode: Clock.Mode) -> UInt64 {
      let clock = Clock(mode: mode, startOfDay: 1_000_000, realTimeSource: source)
      clock.pause()
      let before = clock.timeOfDay
      usleep(20_000)
      return clock.timeOfDay - before
    }
    #expect(passed(.vm, .host) == 0)
    #expect(passed(.rt, .host) >= 20_000_000)
    #expect(passed(.host, .host) >= 10_000_000)
    #expect(passed(nil, .host) >= 10_000_000)
    #expect(passed(nil, .instructions(shift: 0)) == 0)
    #expect(passed(.rt, .instructions(shift: 0)) >= 20_000_000)
    #expect(Clock(mode: .instructions(shift: 0)).timeOfDay == 0)
    #expect(Clock(mode: .instructions(shift: 0), realTimeSource: .host).timeOfDay > 0)
  }

  /// A guest whose instructions take far less than 2^8 ns, and one whose instructions take more than 1 ns.
  @Test func anAdaptingClockFindsItsPace() {
    func shift(from start: UInt64, instructionsInAMillisecond: UInt64) -> UInt64 {
      let clock = Clock(mode: .instructions(shift: start, pace: .adapting))
      let end = Clock.hostNanoseconds() + 900_000_000
      var before = Clock.hostNanoseconds()
      while Clock.hostNanoseconds() < end {
        usleep(1000)
        let now = Clock.hostNanoseconds()
        clock.advance(instructions: (now - before) * instructionsInAMillisecond / 1_000_000)
        before = now
        clock.keepPace()
      }
      return clock.instructionShift ?? .max
    }
    // A million instructions a millisecond are one a nanosecond.
    #expect(shift(from: 8, instructionsInAMillisecond: 1_000_000) < 4)
    #expect(shift(from: 0, instructionsInAMillisecond: 60_000) > 2)
  }

  @Test func anAlignedClockWaitsForTheHost() {
    let clock = Clock(mode: .instructions(shift: 0, pace: .aligned))
    let begin = Clock.hostNanoseconds()
    for _ in 0..<40 {
      clock.advance(instructions: 1_000_000)
      clock.keepPace()
    }
    #expect(Clock.hostNanoseconds() - begin >= 36_000_000)
  }
}
