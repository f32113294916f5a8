import RISCV
import Synchronization

/// Device timers: closures that run, with the machine lock held, once the machine's clock reaches their
/// time. Harts poll `nextDeadline` between slices and sleep no longer than until it.
package final class Timers: Sendable {
  package struct ID: Hashable, Sendable { fileprivate let number: UInt64 }

  private struct Entry {
    let id: ID
    let deadline: UInt64
    let action: @Sendable () -> Void
  }

  private struct Queue {
    var entries: [Entry] = []
    var count: UInt64 = 0
  }

  private let queue = Mutex(Queue())
  private let earliest = Atomic<UInt64>(.max)
  /// Rung when the next deadline moves: somebody may be sleeping towards a later one. Set before harts run.
  package nonisolated(unsafe) var bell: Bell?

  package init() {}

  /// Nanoseconds of the machine's clock; all ones where nothing is scheduled.
  package var nextDeadline: UInt64 { earliest.load(ordering: .acquiring) }

  /// Runs `action` at `deadline` (nanoseconds of the machine's clock). Equal deadlines keep their order.
  @discardableResult
  package func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> ID {
    defer { bell?.ring() }
    return queue.withLock { queue in
      queue.count += 1
      let id = ID(number: queue.count)
      let place = queue.entries.firstIndex { $0.deadline > deadline } ?? queue.entries.endIndex
      queue.entries.insert(Entry(id: id, deadline: deadline, action: action), at: place)
      earliest.store(queue.entries[0].deadline, ordering: .releasing)
      return id
    }
  }

  package func cancel(_ id: ID) {
    queue.withLock { queue in
      queue.entries.removeAll { $0.id == id }
      earliest.store(queue.entries.first?.deadline ?? .max, ordering: .releasing)
    }
  }

  /// Runs what is due, with `lock` held around each action.
  package func run(until now: UInt64, lock: MachineLock) {
    while nextDeadline <= now {
      let due = queue.withLock { queue -> Entry? in
        guard let first = queue.entries.first, first.deadline <= now else { return nil }
        queue.entries.removeFirst()
        earliest.store(queue.entries.first?.deadline ?? .max, ordering: .releasing)
        return first
      }
      guard let due else { return }
      lock.withLock(due.action)
    }
  }
}
