import Glibc
import RISCV
import Synchronization

/// The source of all guest-visible time.
///
/// Parallel machines follow the host's monotonic clock, but for the time that they stand still. Deterministic machines
/// count instructions: one takes 2^shift nanoseconds, and an idle machine jumps to its next timer.
package final class Clock: TimeSource {
  package enum Mode: Sendable, Equatable {
    case host
    case instructions(shift: UInt64, pace: Pace = [])
  }

  /// How a machine that counts instructions keeps to the host's time.
  package struct Pace: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    /// `shift=auto`: instructions take longer or shorter, so that both times go equally fast.
    package static let adapting = Pace(rawValue: 1)
    /// `align=on`: a machine that is ahead waits.
    package static let aligned = Pace(rawValue: 2)
  }

  /// `-rtc clock=`: what real-time clocks follow.
  package enum RealTimeSource: String, Sendable, CaseIterable {
    /// The host's time of day, also where that is set.
    case host
    /// The time since the start, also while the machine stands still.
    case rt
    /// The machine's own time.
    case vm
  }

  package let mode: Mode
  private let realTimeSource: RealTimeSource
  /// Ticks of `mtime` per second.
  package let timebase: UInt64 = 10_000_000
  /// What the guest added by writing `mtime`, in ticks.
  private let tickOffset = Atomic<UInt64>(0)
  /// When the machine would have started, had it never stood still.
  private let hostStart: Atomic<UInt64>
  /// Parallel: nanoseconds at which the machine stands still; all ones while it runs.
  private let pausedAt = Atomic<UInt64>(.max)
  /// Deterministic: instructions retired and time skipped while idle, in nanoseconds, up to the running slice.
  private let virtualNanoseconds = Atomic<UInt64>(0)
  /// Deterministic: instructions that the running slice has retired so far.
  private nonisolated(unsafe) var slice: (() -> UInt64)?
  /// Seconds since 1970 at the machine's start, for real-time clocks.
  package let startOfDay: UInt64
  /// The host's clocks at the machine's start.
  private let monotonicStart: UInt64
  private let wallStart: UInt64
  /// An instruction takes 2^this nanoseconds.
  private let shift: Atomic<UInt64>
  /// The host's time and how far the machine was ahead of it when the shift was last thought over.
  private nonisolated(unsafe) var lastThought = (host: UInt64(0), ahead: Int64(0))

  /// Without `realTimeSource`, real-time clocks follow the host, or the instructions where those are the time.
  package init(mode: Mode, startOfDay: UInt64? = nil, realTimeSource: RealTimeSource? = nil) {
    self.mode = mode
    monotonicStart = Self.hostNanoseconds()
    wallStart = Self.nanoseconds(of: CLOCK_REALTIME)
    hostStart = Atomic(monotonicStart)
    self.realTimeSource = realTimeSource ?? (mode == .host ? .host : .vm)
    self.startOfDay =
      startOfDay ?? (mode != .host && self.realTimeSource == .vm ? 0 : wallStart / 1_000_000_000)
    if case .instructions(let shift, _) = mode { self.shift = Atomic(shift) } else { shift = Atomic(0) }
  }

  package static func hostNanoseconds() -> UInt64 { nanoseconds(of: CLOCK_MONOTONIC) }

  private static func nanoseconds(of clock: clockid_t) -> UInt64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }

  /// Nanoseconds that the machine has run.
  package var nanoseconds: UInt64 {
    switch mode {
    case .host:
      let paused = pausedAt.load(ordering: .acquiring)
      return paused != .max ? paused : Self.hostNanoseconds() &- hostStart.load(ordering: .acquiring)
    case .instructions:
      return virtualNanoseconds.load(ordering: .relaxed)
        &+ ((slice?() ?? 0) << shift.load(ordering: .relaxed))
    }
  }

  /// Where instructions are the time: one takes 2^this nanoseconds.
  package var instructionShift: UInt64? { mode == .host ? nil : shift.load(ordering: .relaxed) }

  /// The machine stands still. (Where instructions count, so does its time by itself.)
  package func pause() { pausedAt.store(nanoseconds, ordering: .releasing) }

  /// The machine runs again, as if no time had passed.
  package func goOn() {
    let paused = pausedAt.load(ordering: .relaxed)
    guard paused != .max else { return }
    hostStart.store(Self.hostNanoseconds() &- paused, ordering: .releasing)
    pausedAt.store(.max, ordering: .releasing)
  }

  /// Wall-clock nanoseconds since 1970, for real-time clocks.
  package var timeOfDay: UInt64 {
    let passed =
      switch realTimeSource {
      case .host: Self.nanoseconds(of: CLOCK_REALTIME) &- wallStart
      case .rt: Self.hostNanoseconds() &- monotonicStart
      case .vm: nanoseconds
      }
    return startOfDay &* 1_000_000_000 &+ passed
  }

  package var countsInstructions: Bool { mode != .host }

  package var ticks: UInt64 { nanoseconds / 100 &+ tickOffset.load(ordering: .relaxed) }

  /// The guest wrote `mtime`.
  package func setTicks(_ ticks: UInt64) {
    tickOffset.store(ticks &- nanoseconds / 100, ordering: .relaxed)
  }

  package func resetTicks() { tickOffset.store(0, ordering: .relaxed) }

  /// Nanoseconds from now until `mtime` reaches `ticks`; zero where it has.
  package func nanoseconds(untilTick ticks: UInt64) -> UInt64 {
    let now = self.ticks
    guard ticks > now else { return 0 }
    let (product, overflow) = (ticks - now).multipliedReportingOverflow(by: 100)
    return overflow ? .max : product
  }

  // MARK: Deterministic machines, called by the one thread that runs harts

  /// Runs `body` while the current slice's retired instructions count as time.
  package func withSlice<R>(_ retired: @escaping () -> UInt64, _ body: () -> R) -> R {
    slice = retired
    defer { slice = nil }
    return body()
  }

  /// Adds a finished slice's instructions to the time.
  package func advance(instructions: UInt64) {
    guard mode != .host else { return }
    virtualNanoseconds.wrappingAdd(instructions << shift.load(ordering: .relaxed), ordering: .relaxed)
  }

  /// Between two turns: holds the machine's time near the host's, as far as its pace wants that.
  package func keepPace() {
    guard case .instructions(_, let pace) = mode, !pace.isEmpty else { return }
    let host = Self.hostNanoseconds()
    let ahead = Int64(bitPattern: nanoseconds &- (host &- hostStart.load(ordering: .relaxed)))
    if pace.contains(.adapting) { adapt(host, ahead) }
    // Not long at a time: there may be input.
    if pace.contains(.aligned), ahead > Self.tolerance { usleep(UInt32(min(ahead, 10_000_000) / 1000)) }
  }

  /// Nanoseconds that an aligned machine may be ahead.
  private static let tolerance: Int64 = 3_000_000
  /// Nanoseconds of host time between thoughts about the shift.
  private static let thinkingTime: UInt64 = 50_000_000
  private static let largestShift: UInt64 = 10

  private func adapt(_ host: UInt64, _ ahead: Int64) {
    guard host &- lastThought.host >= Self.thinkingTime else { return }
    let gained = ahead - lastThought.ahead
    let shift = shift.load(ordering: .relaxed)
    if ahead > 0, gained > 0, shift > 0 { self.shift.store(shift - 1, ordering: .relaxed) }
    if ahead < 0, gained < 0, shift < Self.largestShift { self.shift.store(shift + 1, ordering: .relaxed) }
    lastThought = (host, ahead)
  }

  /// Every hart waits: jump ahead.
  package func skip(nanoseconds: UInt64) {
    virtualNanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
  }
}
