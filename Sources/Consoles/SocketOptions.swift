/// What `-chardev socket` and its short forms (`tcp:`, `telnet:`, `websocket:`, `unix:`) ask for.
package struct SocketOptions: Sendable, Equatable {
  package enum Address: Sendable, Equatable {
    case internet(InternetAddress)
    case unix(UnixAddress)
    /// `fd=`: an open socket that the program inherited.
    case descriptor(String)
  }

  package var address: Address
  package var isServer: Bool
  /// A server waits for its first client before the machine starts.
  package var waits: Bool
  package var framing: Framing.Kind
  /// Small packets go out at once.
  package var hasNoDelay: Bool
  /// Milliseconds after which a client that has lost its server tries again; nil: never.
  package var reconnect: UInt64?

  package init(
    address: Address, isServer: Bool = false, waits: Bool = true, framing: Framing.Kind = .raw,
    hasNoDelay: Bool = false, reconnect: UInt64? = nil
  ) {
    self.address = address
    self.isServer = isServer
    self.waits = waits
    self.framing = framing
    self.hasNoDelay = hasNoDelay
    self.reconnect = reconnect
  }
}

package struct InternetAddress: Sendable, Equatable {
  /// Empty: every address of this host for a server, this host for a client.
  package var host: String
  /// A number or a service's name.
  package var port: String
  /// `to=`: a server takes the first free port up to this one.
  package var lastPort: UInt16?
  package var usesIPv4: Bool?
  package var usesIPv6: Bool?

  package init(
    host: String, port: String, lastPort: UInt16? = nil, usesIPv4: Bool? = nil, usesIPv6: Bool? = nil
  ) {
    self.host = host
    self.port = port
    self.lastPort = lastPort
    self.usesIPv4 = usesIPv4
    self.usesIPv6 = usesIPv6
  }
}

package struct UnixAddress: Sendable, Equatable {
  package var path: String
  /// A name of the kernel's, without a file (unix(7)).
  package var isAbstract: Bool
  /// The abstract name ends with its last character, instead of being filled up with zeros.
  package var isTight: Bool

  package init(path: String, isAbstract: Bool = false, isTight: Bool = true) {
    self.path = path
    self.isAbstract = isAbstract
    self.isTight = isTight
  }
}

/// What `-chardev udp` asks for.
package struct DatagramOptions: Sendable, Equatable {
  package var remote: InternetAddress
  /// nil: any address and port of this host.
  package var local: InternetAddress?

  package init(remote: InternetAddress, local: InternetAddress? = nil) {
    self.remote = remote
    self.local = local
  }
}
