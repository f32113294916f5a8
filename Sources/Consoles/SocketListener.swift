import Glibc
import Machine

/// A server: one client at a time, the next one when it has gone.
package final class SocketListener: Endpoint {
  package let name: String
  /// "0.0.0.0:1234": where clients are waited for, where that is an address of the internet.
  package let place: String
  private let options: SocketOptions
  private let listeners: [Int32]
  /// The client that `waitForClient` has let in.
  private let waited = Condition<Connection?>(nil)

  package init(_ options: SocketOptions) throws(BackEndError) {
    self.options = options
    switch options.address {
    case .internet(let address): listeners = try Self.listen(address)
    case .unix(let address): listeners = [try Self.listen(address)]
    case .descriptor(let text): listeners = [try HostSocket.inherited(text)]
    }
    for listener in listeners { HostSocket.stopBlocking(listener) }
    place = SocketAddress.boundName(of: listeners[0])
    name = options.name(at: place)
  }

  package var watched: [Int32] { listeners }
  package var retry: Int32? { nil }

  package func stopListening() {
    for listener in listeners { close(listener) }
    if case .unix(let address) = options.address, !address.isAbstract { unlink(address.path) }
  }

  package func first() -> Connection? { waited.withLock { $0 } }
  package func connect() -> Connection? { accept() }

  /// Waits until a client comes, and lets it in.
  package func waitForClient() {
    while true {
      if let connection = accept() { return waited.withLock { $0 = connection } }
      var items = listeners.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      poll(&items, nfds_t(items.count), -1)
    }
  }

  private func accept() -> Connection? {
    for listener in listeners {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { continue }
      HostSocket.stopBlocking(client)
      HostSocket.closeOnExec(client)
      if options.hasNoDelay { HostSocket.set(client, Int32(IPPROTO_TCP), TCP_NODELAY) }
      return Connection(input: client, output: client, framing: options.framing, greets: true)
    }
    return nil
  }

  // MARK: Listening

  /// A socket for each address that the host's name stands for, on the first free port.
  private static func listen(_ address: InternetAddress) throws(BackEndError) -> [Int32] {
    let candidates = try SocketAddress.resolve(address, kind: SOCK_STREAM, isPassive: true)
    guard let wanted = candidates.first?.port else { throw inUse(EADDRNOTAVAIL) }
    var failure = BackEndError("Failed to find an available port")
    for port in wanted...max(wanted, address.lastPort ?? wanted) {
      var sockets: [Int32] = []
      do throws(BackEndError) {
        for var candidate in candidates {
          candidate.port = port
          sockets.append(try listen(candidate))
          // A port of the kernel's choice is another for each.
          if port == 0 { break }
        }
        return sockets
      } catch {
        for socket in sockets { close(socket) }
        failure = error
      }
    }
    throw failure
  }

  private static func listen(_ address: SocketAddress) throws(BackEndError) -> Int32 {
    let socket = try HostSocket.make(address.family, SOCK_STREAM)
    HostSocket.set(socket, SOL_SOCKET, SO_REUSEADDR)
    if address.family == AF_INET6 { HostSocket.set(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
    guard address.withPointer({ bind(socket, $0, $1) }) == 0, Glibc.listen(socket, 1) == 0 else {
      let error = errno
      close(socket)
      throw inUse(error)
    }
    return socket
  }

  private static func inUse(_ error: Int32) -> BackEndError {
    let reason = String(cString: strerror(error))
    guard error == EADDRINUSE else { return BackEndError("Failed to bind socket: \(reason)") }
    return BackEndError(
      "Failed to find an available port: \(reason)\n"
        + "Another program listens there, perhaps an emulator that still runs ('ss -ltnp' shows it).")
  }

  private static func listen(_ address: UnixAddress) throws(BackEndError) -> Int32 {
    let name = try SocketAddress(address)
    if !address.isAbstract { try removeSocket(at: address.path) }
    let socket = try HostSocket.make(AF_UNIX, SOCK_STREAM)
    guard name.withPointer({ bind(socket, $0, $1) }) == 0, Glibc.listen(socket, 1) == 0 else {
      let reason = HostSocket.reason
      close(socket)
      throw BackEndError("Failed to bind socket to \(address.path): \(reason)")
    }
    if !address.isAbstract { HostPaths.removeAtExit(address.path) }
    return socket
  }

  /// A socket that an earlier run left behind is in the way; anything else is somebody's file.
  private static func removeSocket(at path: String) throws(BackEndError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw BackEndError(
        "Failed to bind socket to \(path): \(String(cString: strerror(EADDRINUSE)))\n"
          + "There is a file of that name which is no socket; name another path.")
    }
    guard unlink(path) == 0 || errno == ENOENT else {
      throw BackEndError("Failed to unlink socket \(path): \(HostSocket.reason)")
    }
  }
}
