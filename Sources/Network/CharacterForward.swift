import CSlirp
import Glibc
import Machine
import Synchronization

/// A port of the guest's network that a character back end serves. One connection has it at a time.
final class CharacterForward: CharacterFrontEnd, @unchecked Sendable {
  /// Bytes for the guest that wait for it at most.
  private static let most = 1 << 16

  /// Set before anything is served.
  var address = in_addr()
  private let port: UInt16
  private let character: any CharacterBackEnd
  private let ring: @Sendable () -> Void
  private let waiting = Mutex<[UInt8]>([])

  init(_ character: any CharacterBackEnd, port: UInt16, ring: @escaping @Sendable () -> Void) {
    self.character = character
    self.port = port
    self.ring = ring
  }

  func send(_ bytes: [UInt8]) { character.send(bytes) }

  /// Gives the guest what it takes now. The stack's own lock is held.
  func serve(_ slirp: OpaquePointer?) {
    let room = slirp_socket_can_recv(slirp, address, Int32(port))
    guard room > 0 else { return }
    let (bytes, wasFull) = waiting.withLock { waiting in
      defer { waiting.removeFirst(min(room, waiting.count)) }
      return (Array(waiting.prefix(room)), waiting.count >= Self.most)
    }
    if !bytes.isEmpty { slirp_socket_recv(slirp, address, Int32(port), bytes, Int32(bytes.count)) }
    if wasFull { character.acceptInput() }
  }

  // MARK: CharacterFrontEnd

  var receiveCapacity: Int { max(0, Self.most - waiting.withLock { $0.count }) }

  func receive(_ bytes: ArraySlice<UInt8>) {
    waiting.withLock { $0 += bytes }
    ring()
  }

  func receiveBreak() {}
}
