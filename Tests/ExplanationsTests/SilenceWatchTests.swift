import Explanations
import Testing

/// Who is suspected, and who never.
@Suite struct SilenceWatchTests {
  private func sample(
    _ instructions: UInt64, traps: UInt64 = 0, repeats: UInt64 = 0, pc: UInt64 = 0x8000_0000,
    interruptible: Bool = false, timer: Bool = false, held: Bool = false
  ) -> SilenceWatch.Sample {
    SilenceWatch.Sample(
      instructions: instructions, traps: traps, repeats: repeats, pc: pc, isInterruptible: interruptible,
      hasTimer: timer, isHeld: held)
  }

  /// The last of ten looks.
  private func suspicion(_ make: (UInt64) -> [SilenceWatch.Sample]) -> SilenceWatch.Suspicion {
    var watch = SilenceWatch()
    var last = SilenceWatch.Suspicion.none
    for look in 0..<10 { last = watch.look(make(UInt64(look))) }
    return last
  }

  @Test func aGuestThatWaitsForItsTimerIsLeftAlone() {
    #expect(suspicion { _ in [sample(7, timer: true)] } == .none)
    #expect(suspicion { _ in [sample(7)] } == .idle)
    #expect(suspicion { _ in [sample(7), sample(7, timer: true)] } == .none)
    #expect(suspicion { _ in [sample(7), sample(0, held: true)] } == .idle)
  }

  @Test func aGuestThatWorksIsLeftAlone() {
    #expect(suspicion { [sample($0 * 1_000_000, pc: 0x8000_0000 + $0 * 0x10000)] } == .none)
    #expect(suspicion { [sample($0 * 1_000_000, interruptible: true)] } == .none)
    #expect(suspicion { [sample($0 * 1_000_000, traps: $0 * 100, repeats: $0 * 100)] } == .none)
    // One hart in a loop, another at work.
    #expect(suspicion { [sample($0 * 1000), sample($0 * 1000, interruptible: true)] } == .none)
  }

  @Test func aHartThatTrapsOrSpinsIsLookedAt() {
    // Below machine mode's timer.
    #expect(suspicion { [sample($0 * 1_000_000, traps: $0)] } == .running)
    #expect(suspicion { [sample($0 * 1_000_000)] } == .running)
    #expect(suspicion { [sample($0, traps: $0 * 5000, repeats: $0 * 5000)] } == .running)
    #expect(suspicion { [sample($0, traps: $0 * 5000, repeats: 1)] } == .running)
    #expect(suspicion { [sample($0 * 1000), sample(7)] } == .running)
  }

  @Test func aSuspicionThatComesToNothingIsFollowedByAPause() {
    var watch = SilenceWatch()
    var looks = 0
    for look in 0..<100 {
      let now = UInt64(look)
      if watch.look([sample(now * 1000)]) == .running {
        looks += 1
        // Five milliseconds of rest: half a percent is one a second.
        watch.rested(nanoseconds: 5_000_000)
      }
    }
    #expect(looks == 10)
  }

  @Test func anOldSuspicionMayWaitLongerThanANewOne() {
    var watch = SilenceWatch()
    func looks(_ count: Int, at pc: UInt64) -> [Int] {
      (0..<count).filter { look in
        guard watch.look([sample(UInt64(look) * 1000, pc: pc)]) == .running else { return false }
        watch.rested(nanoseconds: 15_000_000)
        return true
      }
    }
    let here = looks(100, at: 0x8000_0000)
    #expect(zip(here, here.dropFirst()).map { $1 - $0 } == [10, 30, 30])
    // Elsewhere: after the time in which a hart is not suspected yet.
    _ = looks(20, at: 0x8000_0000)
    #expect(looks(35, at: 0x9000_0000).count == 2)
  }

  @Test func whatWasSeenBeforeAStopIsForgotten() {
    var watch = SilenceWatch()
    for _ in 0..<3 { #expect(watch.look([sample(7)]) == .none) }
    watch.forget()
    for _ in 0..<3 { #expect(watch.look([sample(7)]) == .none) }
    #expect(watch.look([sample(7)]) == .idle)
  }
}
