import Machine

/// `[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport`: connections to a port of the host become connections
/// to one of the guest.
package struct HostForward: Sendable, Equatable {
  package var place: HostPlace
  /// nil: the first address that DHCP gives.
  package var guest: IPv4Address?
  package var guestPort: UInt16

  /// What is wrong begins with QEMU's words.
  package init(_ rule: String) throws(BackEndError) {
    func mistake(_ what: String) -> BackEndError {
      BackEndError(
        "Invalid host forwarding rule '\(rule)' (\(what))\n"
          + "A rule is [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport, as in tcp:127.0.0.1:2222-:22.")
    }
    var rest = rule[...]
    guard let kind = rest.take(until: ":") else { throw mistake("No : separators") }
    guard let isDatagram = HostPlace.isDatagram(kind) else { throw mistake("Bad protocol name") }
    guard let host = rest.take(until: ":") else { throw mistake("Missing : separator") }
    guard host.isEmpty || IPv4Address(host) != nil else { throw mistake("Bad host address") }
    guard let port = rest.take(until: "-") else { throw mistake("Bad host port separator") }
    guard let hostPort = UInt64(literal: port).flatMap({ UInt16(exactly: $0) }) else {
      throw mistake("Bad host port")
    }
    guard let guest = rest.take(until: ":") else { throw mistake("Missing guest address") }
    guard guest.isEmpty || IPv4Address(guest) != nil else { throw mistake("Bad guest address") }
    guard let guestPort = UInt64(literal: String(rest)).flatMap({ UInt16(exactly: $0) }), guestPort > 0 else {
      throw mistake("Bad guest port")
    }
    place = HostPlace(isDatagram: isDatagram, address: IPv4Address(host) ?? IPv4Address(0), port: hostPort)
    self.guest = IPv4Address(guest)
    self.guestPort = guestPort
  }
}

/// `[tcp|udp]:[hostaddr]:hostport`: a port of the host. The address 0 stands for all that it has.
package struct HostPlace: Sendable, Equatable {
  package var isDatagram: Bool
  package var address: IPv4Address
  package var port: UInt16

  init(isDatagram: Bool, address: IPv4Address, port: UInt16) {
    self.isDatagram = isDatagram
    self.address = address
    self.port = port
  }

  /// nil where `text` is no such place.
  package init?(_ text: String) {
    var rest = text[...]
    guard let kind = rest.take(until: ":"), let isDatagram = Self.isDatagram(kind),
      let host = rest.take(until: ":"), host.isEmpty || IPv4Address(host) != nil,
      let port = UInt64(literal: String(rest)).flatMap({ UInt16(exactly: $0) })
    else { return nil }
    self.init(isDatagram: isDatagram, address: IPv4Address(host) ?? IPv4Address(0), port: port)
  }

  /// nil where `name` is no protocol.
  fileprivate static func isDatagram(_ name: String) -> Bool? {
    switch name {
    case "", "tcp": false
    case "udp": true
    default: nil
    }
  }
}

/// `[tcp]:server:port-target`: connections of the guest to an address of its network become a command's, or a
/// character back end's.
package struct GuestForward: Sendable, Equatable {
  package enum Target: Sendable, Equatable {
    /// For each connection anew, with the connection as its standard input and output.
    case command(String)
    /// A back end, as `-serial` spells it.
    case character(String)
  }

  /// nil: the network's own choice.
  package var server: IPv4Address?
  package var port: UInt16
  package var target: Target

  /// What is wrong begins with QEMU's words.
  package init(_ rule: String) throws(BackEndError) {
    let mistake = BackEndError(
      "Invalid guest forwarding rule '\(rule)'\n"
        + "A rule is tcp:server:port-cmd:command, or with a character back end behind the dash, "
        + "as in tcp:10.0.2.100:80-cmd:cat.")
    var rest = rule[...]
    guard let kind = rest.take(until: ":"), kind.isEmpty || kind == "tcp",
      let server = rest.take(until: ":"), server.isEmpty || IPv4Address(server) != nil,
      let text = rest.take(until: "-"), let port = UInt64(literal: text).flatMap({ UInt16(exactly: $0) }),
      port > 0
    else { throw mistake }
    self.server = IPv4Address(server)
    self.port = port
    target = rest.hasPrefix("cmd:") ? .command(String(rest.dropFirst(4))) : .character(String(rest))
  }
}

extension Substring {
  /// What stands before the first `end`, which goes with it; nil where there is none.
  fileprivate mutating func take(until end: Character) -> String? {
    guard let index = firstIndex(of: end) else { return nil }
    defer { self = self[self.index(after: index)...] }
    return String(self[..<index])
  }
}
