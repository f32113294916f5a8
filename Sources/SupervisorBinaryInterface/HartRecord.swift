import RISCV
import Synchronization

/// What the firmware remembers of a hart.
final class HartRecord: Sendable {
  /// Hart states (SBI 2.0, table 11). Those that stand for work in machine mode are passed through at once, but for the
  /// time until a hart's thread notices that it is to start.
  enum State: UInt64 {
    case started = 0
    case stopped = 1
    case startPending = 2
    case suspended = 4
  }

  /// Where a hart goes on, and what a1 is there.
  struct Entry {
    var address: UInt64
    var opaque: UInt64
  }

  /// What other harts see and change.
  struct Life {
    var state = State.stopped
    /// While `startPending`.
    var entry = Entry(address: 0, opaque: 0)
  }
  let life = Mutex(Life())

  /// Why the hart is held.
  enum Hold {
    case stopped
    /// Until an interrupt that is locally enabled; it goes on at `entry`, or behind its call.
    case suspended(Entry?)
    /// The machine ends or starts anew.
    case ended
  }
  /// These two belong to the hart's own thread.
  nonisolated(unsafe) var hold = Hold.stopped
  nonisolated(unsafe) var counters = PerformanceCounters()

  /// How often each firmware event has happened.
  private let events = Mutex(InlineArray<22, UInt64>(repeating: 0))

  func count(_ event: FirmwareEvent) { events.withLock { $0[event.rawValue] &+= 1 } }
  func total(_ event: FirmwareEvent) -> UInt64 { events.withLock { $0[event.rawValue] } }

  func reset() {
    life.withLock { $0 = Life() }
    hold = .stopped
    counters = PerformanceCounters()
    events.withLock { $0 = InlineArray(repeating: 0) }
  }
}
