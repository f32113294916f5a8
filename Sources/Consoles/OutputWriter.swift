import Glibc
import Synchronization

/// Writes to a file descriptor that blocks, on a thread of its own.
///
/// A reader that has gone away (EPIPE) or a full disk ends the writing, not the machine: what follows is
/// dropped, and `failure` keeps the reason.
package final class OutputWriter: Sendable {
  private let descriptor: Int32
  private let queue = OutputQueue(isOpen: true)
  private let failed = Atomic<Int32>(0)

  /// Takes over `descriptor`, which it never closes.
  package init(descriptor: Int32) {
    self.descriptor = descriptor
    HostThread.start { [self] in writeForever() }
  }

  /// The `errno` that ended the writing; zero while all is well.
  package var failure: Int32 { failed.load(ordering: .acquiring) }

  /// Takes all of `bytes`, however much waits already. Gives true where whoever sends more ought to call
  /// `waitForRoom` before.
  @discardableResult
  package func send(_ bytes: some Collection<UInt8>) -> Bool {
    let (wakes, isFull) = queue.append(bytes)
    if wakes { queue.wake() }
    return isFull
  }

  package func waitForRoom() { queue.waitForRoom() }
  package func flush(patience: Int?) { queue.flush(patience: patience) }
  package func stopWaiting() { queue.stopWaiting() }

  private func writeForever() {
    while true {
      let error = write(queue.waitAndTake())
      guard error == 0 else {
        failed.store(error, ordering: .releasing)
        return queue.close()
      }
    }
  }

  /// Writes all of `chunk`; an errno, or zero.
  private func write(_ chunk: [UInt8]) -> Int32 {
    var rest = chunk[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
        queue.wrote(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // Somebody who shares the terminal made it non-blocking.
        var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&item, 1, -1)
      case let error: return error
      }
    }
    return 0
  }
}
