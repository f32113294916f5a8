// Unsafe pointer: owned by this object; by pointer, so that counting costs no reference.
import Synchronization

/// Counts the turns of a hart: odd while it runs. Between two turns a hart has nothing in flight: each store that
/// it checked has been performed.
final class Turns: Sendable {
  private nonisolated(unsafe) let count: UnsafeMutablePointer<Atomic<UInt64>>

  init() {
    count = .allocate(capacity: 1)
    count.initialize(to: Atomic(0))
  }

  deinit {
    count.deinitialize(count: 1)
    count.deallocate()
  }

  /// A turn of a hart that was running.
  struct Turn: Sendable {
    fileprivate let hart: Turns
    fileprivate let number: UInt64
    var isOver: Bool { hart.count.pointee.load(ordering: .acquiring) != number }
  }

  /// By the hart's own thread: begins a turn, or ends it.
  @inline(__always) func change() {
    count.pointee.store(count.pointee.load(ordering: .relaxed) + 1, ordering: .sequentiallyConsistent)
  }

  /// The turn that the hart is in; nil where it rests.
  var inProgress: Turn? {
    let number = count.pointee.load(ordering: .sequentiallyConsistent)
    return number % 2 == 1 ? Turn(hart: self, number: number) : nil
  }
}
