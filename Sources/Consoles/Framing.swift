/// How bytes travel on a connection: as they are, or wrapped by a protocol. Hostile peers send anything.
package enum Framing: Sendable {
  package enum Kind: Sendable, Equatable {
    case raw
    case telnet
    case webSocket
  }

  /// What came in.
  package enum Event: Sendable, Equatable {
    case bytes([UInt8])
    case sendsBreak
    /// To be sent back.
    case reply([UInt8])
    /// From now on bytes may be sent.
    case opened
    /// The peer, or its mistake, ends the connection.
    case ended
  }

  case raw
  case telnet(TelnetDecoder)
  case webSocket(WebSocketDecoder)

  package init(_ kind: Kind) {
    switch kind {
    case .raw: self = .raw
    case .telnet: self = .telnet(TelnetDecoder())
    case .webSocket: self = .webSocket(WebSocketDecoder())
    }
  }

  /// What a server says first.
  package var greeting: [UInt8] {
    if case .telnet = self { TelnetDecoder.greeting } else { [] }
  }

  /// Bytes may be sent at once; otherwise `Event.opened` comes.
  package var isOpen: Bool {
    if case .webSocket = self { false } else { true }
  }

  package mutating func decode(_ bytes: ArraySlice<UInt8>) -> [Event] {
    switch self {
    case .raw: return [.bytes(Array(bytes))]
    case .telnet(var decoder):
      self = .raw
      defer { self = .telnet(decoder) }
      return decoder.decode(bytes)
    case .webSocket(var decoder):
      self = .raw
      defer { self = .webSocket(decoder) }
      return decoder.decode(bytes)
    }
  }

  package func encode(_ bytes: [UInt8]) -> [UInt8] {
    switch self {
    case .raw: bytes
    case .telnet: TelnetDecoder.encode(bytes)
    case .webSocket: WebSocketDecoder.frame(.binary, bytes)
    }
  }
}
