/// The server's half of telnet (RFC 854): takes commands out of what a client sends.
///
/// It asks for character-at-a-time, eight-bit work (ECHO of RFC 857, SUPPRESS-GO-AHEAD of RFC 858,
/// TRANSMIT-BINARY of RFC 856), in the order in which QEMU asks, and refuses everything else that a client
/// proposes.
package struct TelnetDecoder: Sendable {
  private enum Code {
    static let binary: UInt8 = 0
    static let echo: UInt8 = 1
    static let suppressGoAhead: UInt8 = 3
    static let endOfSubnegotiation: UInt8 = 240
    static let sendsBreak: UInt8 = 243
    static let subnegotiation: UInt8 = 250
    static let will: UInt8 = 251
    static let wont: UInt8 = 252
    static let requests: UInt8 = 253
    static let dont: UInt8 = 254
    static let command: UInt8 = 255
  }

  private enum State: Equatable {
    case data
    case command
    /// WILL, WONT, DO or DONT, before the option.
    case option(UInt8)
    case subnegotiation
    case subnegotiationCommand
  }

  private var state = State.data
  /// The client sends eight bits, so a carriage return is only that.
  private var isBinary = false
  private var sawReturn = false

  package init() {}

  package static let greeting: [UInt8] = [
    Code.command, Code.will, Code.echo, Code.command, Code.will, Code.suppressGoAhead,
    Code.command, Code.will, Code.binary, Code.command, Code.requests, Code.binary,
  ]

  /// A byte of 255 is doubled.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(Code.command) else { return bytes }
    return bytes.flatMap { $0 == Code.command ? [$0, $0] : [$0] }
  }

  package mutating func decode(_ bytes: ArraySlice<UInt8>) -> [Framing.Event] {
    var events: [Framing.Event] = []
    var plain: [UInt8] = []
    func flush() {
      if !plain.isEmpty { events.append(.bytes(plain)) }
      plain = []
    }
    for byte in bytes {
      switch state {
      case .data where byte == Code.command: state = .command
      case .data: if takes(byte) { plain.append(byte) }
      case .command:
        state = .data
        switch byte {
        case Code.command: plain.append(byte)
        case Code.will, Code.wont, Code.requests, Code.dont: state = .option(byte)
        case Code.subnegotiation: state = .subnegotiation
        case Code.sendsBreak:
          flush()
          events.append(.sendsBreak)
        default: break
        }
      case .option(let command):
        state = .data
        if let reply = answer(command, byte) { events.append(.reply(reply)) }
      case .subnegotiation: if byte == Code.command { state = .subnegotiationCommand }
      case .subnegotiationCommand:
        state = byte == Code.endOfSubnegotiation ? .data : .subnegotiation
      }
    }
    flush()
    return events
  }

  /// RFC 854: a client that does not send eight bits follows a carriage return by NUL or a line feed, which
  /// stand for nothing of their own.
  private mutating func takes(_ byte: UInt8) -> Bool {
    defer { sawReturn = byte == 0x0d && !isBinary }
    return !sawReturn || (byte != 0 && byte != 0x0a)
  }

  /// What we asked for is granted in silence, all else is refused (RFC 854, "Option negotiation").
  private mutating func answer(_ command: UInt8, _ option: UInt8) -> [UInt8]? {
    switch (command, option) {
    case (Code.will, Code.binary), (Code.wont, Code.binary):
      isBinary = command == Code.will
      return nil
    case (Code.will, Code.suppressGoAhead): return nil
    case (Code.will, _): return [Code.command, Code.dont, option]
    case (Code.requests, Code.binary), (Code.requests, Code.echo), (Code.requests, Code.suppressGoAhead):
      return nil
    case (Code.requests, _): return [Code.command, Code.wont, option]
    default: return nil
    }
  }
}
