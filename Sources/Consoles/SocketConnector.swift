import Glibc
import Machine

/// A client: of one connection, or, with `reconnect-ms=`, of as many as it takes.
package final class SocketConnector: Endpoint {
  package let name: String
  private let options: SocketOptions
  private let label: String
  private let report: @Sendable (String) -> Void
  private let established: Connection?
  private let hasReported = Condition(false)

  /// Without `reconnect-ms=`, a server that is not there is an error; with it, one line that `report` gets.
  package init(
    _ options: SocketOptions, label: String, report: @escaping @Sendable (String) -> Void
  ) throws(BackEndError) {
    self.options = options
    self.label = label
    self.report = report
    established = options.reconnect == nil ? try Self.connection(options) : nil
    switch options.address {
    case .internet(let address): name = options.name(at: "\(address.host):\(address.port)")
    case .unix, .descriptor: name = options.name(at: "")
    }
  }

  package var watched: [Int32] { [] }
  package var retry: Int32? { options.reconnect.map { Int32(clamping: $0) } }

  package func first() -> Connection? { established }

  package func connect() -> Connection? {
    guard options.reconnect != nil else { return nil }
    do throws(BackEndError) {
      let connection = try Self.connection(options)
      hasReported.withLock { $0 = false }
      return connection
    } catch {
      let isNews = hasReported.withLock { hasReported in
        defer { hasReported = true }
        return !hasReported
      }
      if isNews { report("Unable to connect character device \(label): \(error)") }
      return nil
    }
  }

  private static func connection(_ options: SocketOptions) throws(BackEndError) -> Connection {
    let socket: Int32
    switch options.address {
    case .internet(let address):
      socket = try open(
        try SocketAddress.resolve(address, kind: SOCK_STREAM, isPassive: false),
        "\(address.host):\(address.port)")
    case .unix(let address): socket = try open([try SocketAddress(address)], address.path)
    case .descriptor(let text): socket = try HostSocket.inherited(text)
    }
    HostSocket.stopBlocking(socket)
    if options.hasNoDelay { HostSocket.set(socket, Int32(IPPROTO_TCP), TCP_NODELAY) }
    return Connection(input: socket, output: socket, framing: options.framing)
  }

  /// The first of the addresses that answers.
  private static func open(_ addresses: [SocketAddress], _ name: String) throws(BackEndError) -> Int32 {
    var reason = "no address"
    for address in addresses {
      let socket = try HostSocket.make(address.family, SOCK_STREAM)
      if address.withPointer({ Glibc.connect(socket, $0, $1) }) == 0 { return socket }
      reason = HostSocket.reason
      close(socket)
    }
    throw BackEndError("Failed to connect to '\(name)': \(reason)")
  }
}
