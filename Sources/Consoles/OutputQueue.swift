/// Bytes on their way to the host: anybody appends, one thread takes and writes them.
///
/// While it is closed (nobody is there, or the writing has failed) what is sent is dropped.
final class OutputQueue: Sendable {
  private struct Pending {
    var bytes: [UInt8] = []
    /// Bytes that the thread has taken and not yet written.
    var inFlight = 0
    var written: UInt64 = 0
    var isOpen: Bool
    /// Nobody waits any more, however much there is.
    var isUnbounded = false

    var isEmpty: Bool { bytes.isEmpty && inFlight == 0 }
    var isFull: Bool { bytes.count >= OutputQueue.limit && isOpen && !isUnbounded }
  }

  /// A guest that prints faster than the host takes waits in `waitForRoom`, as any program would.
  private static let limit = 4 << 20

  private let pending: Condition<Pending>

  init(isOpen: Bool) { pending = Condition(Pending(isOpen: isOpen)) }

  // MARK: Who sends

  /// Takes all of `bytes`, however much waits already. `wakes`: the writing thread may be asleep. `isFull`:
  /// whoever sends more ought to call `waitForRoom` before.
  func append(_ bytes: some Collection<UInt8>) -> (wakes: Bool, isFull: Bool) {
    pending.withLock { pending -> (Bool, Bool) in
      guard pending.isOpen, !bytes.isEmpty else { return (false, false) }
      let wakes = pending.isEmpty
      pending.bytes.append(contentsOf: bytes)
      return (wakes, pending.isFull)
    }
  }

  /// Waits until some has been taken. Not with the machine lock held.
  func waitForRoom() { pending.wait { $0.isFull ? nil : () } }

  /// Waits until all is written. `patience`: give up where nothing has moved for so many milliseconds (a
  /// stuck reader must not keep Ctrl-a x from working); nil waits as long as it takes.
  func flush(patience: Int?) {
    var seen: UInt64?
    while true {
      let isDone = { (pending: inout Pending) -> Void? in !pending.isOpen || pending.isEmpty ? () : nil }
      guard let patience else { return pending.wait(isDone) }
      if pending.wait(milliseconds: patience, isDone) != nil { return }
      let written = pending.withLock { $0.written }
      if written == seen { return }
      seen = written
    }
  }

  /// Lets go whoever waits in `waitForRoom`, for good: the machine is to end, and a hart that waits for a
  /// stuck reader would never come to rest.
  func stopWaiting() { pending.signal { $0.isUnbounded = true } }

  var isOpen: Bool { pending.withLock { $0.isOpen } }

  // MARK: Who writes

  /// Wakes who sleeps in `waitAndTake`.
  func wake() { pending.signal { _ in } }

  /// Everything there is, once there is something.
  func waitAndTake() -> [UInt8] {
    pending.wait { pending -> [UInt8]? in pending.bytes.isEmpty ? nil : Self.take(&pending, .max) }
  }

  /// At most `count` of what there is.
  func take(_ count: Int) -> [UInt8] { pending.withLock { Self.take(&$0, count) } }

  var hasMore: Bool { pending.withLock { !$0.bytes.isEmpty } }

  private static func take(_ pending: inout Pending, _ count: Int) -> [UInt8] {
    var chunk: [UInt8] = []
    if count >= pending.bytes.count {
      swap(&chunk, &pending.bytes)
    } else {
      chunk = Array(pending.bytes.prefix(count))
      pending.bytes.removeFirst(count)
    }
    pending.inFlight += chunk.count
    return chunk
  }

  /// So many of the bytes taken have gone out.
  func wrote(_ count: Int) {
    pending.signal {
      $0.inFlight -= count
      $0.written &+= UInt64(count)
    }
  }

  /// Somebody is there now.
  func open() { pending.signal { $0.isOpen = true } }

  /// Nobody is there any more: what was on its way is dropped.
  func close() {
    pending.signal {
      $0.isOpen = false
      $0.bytes = []
      $0.inFlight = 0
    }
  }
}
