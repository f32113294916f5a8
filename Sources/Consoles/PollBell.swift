import Glibc
import Machine
import Synchronization

/// Wakes a thread that sleeps in poll(2).
package final class PollBell: Sendable {
  /// Readable once the bell has been rung.
  package let descriptor: Int32
  private let other: Int32
  private let isRung = Atomic<Bool>(false)

  package init() throws(BackEndError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw BackEndError("cannot make a pipe: \(HostSocket.reason)") }
    (descriptor, other) = (ends[0], ends[1])
    for end in ends { HostSocket.closeOnExec(end) }
  }

  deinit {
    close(descriptor)
    close(other)
  }

  /// Callable from anywhere, with any lock held.
  package func ring() {
    guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
    var byte: UInt8 = 0
    _ = write(other, &byte, 1)
  }

  /// To be called by the thread that was woken, before it looks for work.
  package func quiet() {
    var byte: UInt8 = 0
    _ = read(descriptor, &byte, 1)
    isRung.store(false, ordering: .sequentiallyConsistent)
  }
}
