import Synchronization

/// A network as a network card sees it. Frames are those of Ethernet, from the destination's address on and
/// without the check sequence behind (IEEE 802.3, §3.1.1).
///
/// No call waits: cards make them with the machine lock held. A network has one card at most, which alone
/// takes frames from it.
package protocol NetworkBackEnd: AnyObject, Sendable {
  /// Connects the card. Fails where another one is there.
  func attach(_ card: any NetworkCard) throws(BackEndError)
  /// The card has frames to send. True where it will be told to `attend` soon, when there may be more; false where
  /// it is to send them now.
  func collects() -> Bool
  /// How many frames it takes now. When it grows from zero, the card is told.
  var room: Int { get }
  /// Takes frames from the card, in order; those beyond `room` are lost.
  func send(_ frames: [[UInt8]])
  /// The frame that is next for the card; it stays until `removeFirstFrame`.
  var firstFrame: [UInt8]? { get }
  func removeFirstFrame()
}

/// What a network is plugged into.
package protocol NetworkCard: AnyObject, Sendable {
  /// There are frames to take, there is room for frames again, or those that wait are wanted. Comes through the
  /// machine's input gate, hence with the machine lock held.
  func attend()
}

/// The address of a card (IEEE 802, §8).
package struct EthernetAddress: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Six.
  package let bytes: [UInt8]

  /// nil where there are not six bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 6 else { return nil }
    self.bytes = Array(bytes)
  }

  /// The low 48 bits, highest first.
  package init(_ value: UInt64) {
    bytes = (0..<6).map { UInt8(truncatingIfNeeded: value >> (40 - 8 * $0)) }
  }

  /// Reads `52:54:00:12:34:56`, with colons or dashes; nil where it is no address.
  package init?(_ text: String) {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
    let bytes = parts.compactMap { part in
      (1...2).contains(part.utf8.count) && part.allSatisfy(\.isHexDigit) ? UInt8(part, radix: 16) : nil
    }
    guard parts.count == 6, bytes.count == 6 else { return nil }
    self.bytes = bytes
  }

  package static let broadcast = EthernetAddress(0xffff_ffff_ffff)

  /// Addresses a group of cards (§8.2).
  package var isMulticast: Bool { bytes[0] & 1 != 0 }
  package var isZero: Bool { bytes.allSatisfy { $0 == 0 } }

  package var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
  }
}

/// The addresses of a machine's cards: those that the user did not give count up from 52:54:00:12:34:56.
package final class EthernetAddresses: Sendable {
  private static let first: UInt64 = 0x5254_0012_3456
  private let used = Mutex<Set<EthernetAddress>>([])

  package init() {}

  /// The address for the next card: `given`, or a free one.
  package func take(_ given: EthernetAddress?) -> EthernetAddress {
    used.withLock { used in
      var address = given ?? EthernetAddress(Self.first)
      var next = Self.first
      while given == nil, used.contains(address) {
        next += 1
        address = EthernetAddress(next)
      }
      used.insert(address)
      return address
    }
  }
}
