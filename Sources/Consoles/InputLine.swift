import Machine
import Synchronization

/// Bytes on their way from the host to one front end, which takes them as it has room.
///
/// A device gets them through the machine's gate. A monitor (`gate` nil) is no part of the machine, must
/// work while it stands still, and is called directly.
package final class InputLine: Sendable {
  private struct Pending {
    var bytes: [UInt8] = []
    var taken = 0
    var frontEnd: (any CharacterFrontEnd)?
    var count: Int { bytes.count - taken }

    mutating func take(_ room: Int) -> ArraySlice<UInt8>? {
      let end = taken + min(room, count)
      guard end > taken else { return nil }
      let chunk = bytes[taken..<end]
      taken = end
      if taken == bytes.count {
        bytes = []
        taken = 0
      } else if taken > 65536 {
        bytes.removeFirst(taken)
        taken = 0
      }
      return chunk
    }
  }

  /// Who reads for the line pauses while so much waits.
  private static let limit = 1 << 16

  private let pending = Mutex(Pending())
  private let gate: (any InputGate)?
  private let resume: @Sendable () -> Void

  /// `resume` is called once the line has room again; it must not wait, and take no lock of the machine's.
  package init(gate: (any InputGate)?, resume: @escaping @Sendable () -> Void) {
    self.gate = gate
    self.resume = resume
  }

  /// Bytes that wait for room.
  package var count: Int { pending.withLock { $0.count } }

  package var hasRoom: Bool { count < Self.limit }

  package var hasFrontEnd: Bool { pending.withLock { $0.frontEnd != nil } }

  package func attach(_ frontEnd: (any CharacterFrontEnd)?) {
    pending.withLock { $0.frontEnd = frontEnd }
  }

  /// Adds what the host sent and hands over what there is room for. Not to be called with the machine
  /// lock held.
  package func append(_ bytes: ArraySlice<UInt8>) {
    pending.withLock { $0.bytes.append(contentsOf: bytes) }
    pump()
  }

  package func sendBreak() {
    deliver { [self] in pending.withLock { $0.frontEnd }?.receiveBreak() }
  }

  /// Somebody came to the other end, or went away.
  package func announce(isConnected: Bool) {
    deliver { [self] in pending.withLock { $0.frontEnd }?.connectionChanged(isConnected: isConnected) }
  }

  /// Hands over what there is room for. Not to be called with the machine lock held.
  package func pump() {
    guard count > 0 else { return }
    deliver { [self] in
      let wasFull = !hasRoom
      while let frontEnd = pending.withLock({ $0.frontEnd }) {
        let room = frontEnd.receiveCapacity
        guard room > 0, let chunk = pending.withLock({ $0.take(room) }) else { break }
        frontEnd.receive(chunk)
      }
      if wasFull, hasRoom { resume() }
    }
  }

  /// The front end, which holds the machine lock now, has room again. It is served on its own thread as soon
  /// as that has let go of the lock: waking another costs more than most guests' buffers take.
  package func acceptInput() {
    guard count > 0 else { return }
    if gate?.afterRelease({ [self] in pump() }) != true { resume() }
  }

  /// Has the thread that holds the machine lock now run `wait` as soon as it has let go of it: the guest
  /// prints faster than the host takes. A monitor, whose answers are short, is not held up.
  package func throttle(_ wait: @escaping @Sendable () -> Void) {
    _ = gate?.afterRelease(wait)
  }

  private func deliver(_ body: @escaping @Sendable () -> Void) {
    if let gate { gate.deliver(body) } else { body() }
  }
}
