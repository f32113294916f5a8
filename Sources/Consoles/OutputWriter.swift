import Glibc

/// Bytes on their way to a file descriptor: callers append, one thread writes.
///
/// A reader that has gone away (EPIPE) or a full disk ends the writing, not the machine: what follows is
/// dropped, and `failure` keeps the reason.
package final class OutputWriter: Sendable {
  private struct Pending {
    var bytes: [UInt8] = []
    /// Bytes that the thread has taken and not yet written.
    var inFlight = 0
    var written: UInt64 = 0
    var failure: Int32 = 0
    /// Nobody waits any more, however much there is.
    var isUnbounded = false
  }

  /// A guest that prints faster than the terminal or pipe takes waits in `waitForRoom`, as any program would.
  private static let limit = 4 << 20

  private let descriptor: Int32
  private let pending = Condition(Pending())

  /// Takes over `descriptor`, which it never closes.
  package init(descriptor: Int32) {
    self.descriptor = descriptor
    HostThread.start { [self] in writeForever() }
  }

  /// The `errno` that ended the writing; zero while all is well.
  package var failure: Int32 { pending.withLock { $0.failure } }

  /// Takes all of `bytes`, however much waits already. Gives true where whoever sends more ought to call
  /// `waitForRoom` before.
  @discardableResult
  package func send(_ bytes: some Collection<UInt8>) -> Bool {
    guard !bytes.isEmpty else { return false }
    let (wakes, isFull) = pending.withLock { pending -> (Bool, Bool) in
      guard pending.failure == 0 else { return (false, false) }
      pending.bytes.append(contentsOf: bytes)
      return (pending.inFlight == 0 && pending.bytes.count == bytes.count, Self.isFull(pending))
    }
    if wakes { pending.signal { _ in } }
    return isFull
  }

  private static func isFull(_ pending: Pending) -> Bool {
    pending.bytes.count >= limit && pending.failure == 0 && !pending.isUnbounded
  }

  /// Waits until the reader has taken some. Not with the machine lock held.
  package func waitForRoom() {
    pending.wait { pending -> Void? in Self.isFull(pending) ? nil : () }
  }

  /// Waits until all is written. `patience`: give up where nothing has moved for so many milliseconds
  /// (a stuck terminal must not keep Ctrl-a x from working); nil waits as long as it takes.
  package func flush(patience: Int?) {
    var seen: UInt64?
    while true {
      let isDone = { (pending: inout Pending) -> Bool? in
        pending.failure != 0 || (pending.bytes.isEmpty && pending.inFlight == 0) ? true : nil
      }
      guard let patience else {
        _ = pending.wait(isDone)
        return
      }
      if pending.wait(milliseconds: patience, isDone) != nil { return }
      let written = pending.withLock { $0.written }
      if written == seen { return }
      seen = written
    }
  }

  /// Lets go whoever waits in `waitForRoom`, for good: the machine is to end, and a hart that waits for a stuck
  /// terminal would never come to rest.
  package func stopWaiting() { pending.signal { $0.isUnbounded = true } }

  private func writeForever() {
    while true {
      let chunk = pending.wait { pending -> [UInt8]? in
        guard !pending.bytes.isEmpty else { return nil }
        var chunk: [UInt8] = []
        swap(&chunk, &pending.bytes)
        pending.inFlight = chunk.count
        return chunk
      }
      let failure = write(chunk)
      pending.signal {
        $0.inFlight = 0
        if failure != 0 {
          $0.failure = failure
          $0.bytes = []
        }
      }
      if failure != 0 { return }
    }
  }

  /// Writes all of `chunk`; an errno, or zero.
  private func write(_ chunk: [UInt8]) -> Int32 {
    var rest = chunk[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
        pending.withLock {
          $0.written &+= UInt64(count)
          $0.inFlight -= count
        }
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
