import Glibc
import RISCV
import Synchronization

/// The source of all guest-visible time.
///
/// Parallel machines follow the host's monotonic clock. Deterministic machines count instructions: one
/// takes 2^shift nanoseconds, and an idle machine jumps to its next timer.
package final class Clock: TimeSource {
  package enum Mode: Sendable, Equatable {
    case host
    case instructions(shift: UInt64)
  }

  package let mode: Mode
  /// Ticks of `mtime` per second.
  package let timebase: UInt64 = 10_000_000
  /// What the guest added by writing `mtime`, in ticks.
  private let tickOffset = Atomic<UInt64>(0)
  private let hostStart: UInt64
  /// Deterministic: instructions retired and time skipped while idle, in nanoseconds, up to the running slice.
  private let virtualNanoseconds = Atomic<UInt64>(0)
  /// Deterministic: instructions that the running slice has retired so far.
  private nonisolated(unsafe) var slice: (() -> UInt64)?
  /// Seconds since 1970 at the machine's start, for real-time clocks.
  package let startOfDay: UInt64

  package init(mode: Mode, startOfDay: UInt64? = nil) {
    self.mode = mode
    hostStart = Self.hostNanoseconds()
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    self.startOfDay = startOfDay ?? (mode == .host ? UInt64(now.tv_sec) : 0)
  }

  package static func hostNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }

  /// Nanoseconds since the machine started.
  package var nanoseconds: UInt64 {
    switch mode {
    case .host: Self.hostNanoseconds() &- hostStart
    case .instructions(let shift):
      virtualNanoseconds.load(ordering: .relaxed) &+ ((slice?() ?? 0) << shift)
    }
  }

  /// Wall-clock nanoseconds since 1970, for real-time clocks.
  package var timeOfDay: UInt64 { startOfDay &* 1_000_000_000 &+ nanoseconds }

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
    if case .instructions(let shift) = mode {
      virtualNanoseconds.wrappingAdd(instructions << shift, ordering: .relaxed)
    }
  }

  /// Every hart waits: jump ahead.
  package func skip(nanoseconds: UInt64) {
    virtualNanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
  }
}
