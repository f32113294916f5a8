import Glibc
import Machine

extension FixedEndpoint {
  /// `-chardev udp`: what is sent goes out in messages, and whatever comes back is input.
  package convenience init(_ options: DatagramOptions) throws(BackEndError) {
    let remotes = try SocketAddress.resolve(options.remote, kind: SOCK_DGRAM, isPassive: false)
    guard let remote = remotes.first else {
      throw BackEndError("Failed to connect to '\(options.remote.host)'")
    }
    let socket = try HostSocket.make(remote.family, SOCK_DGRAM)
    do throws(BackEndError) {
      if let local = options.local {
        HostSocket.set(socket, SOL_SOCKET, SO_REUSEADDR)
        let candidates = try SocketAddress.resolve(local, kind: SOCK_DGRAM, isPassive: true)
        guard let candidate = candidates.first(where: { $0.family == remote.family }),
          candidate.withPointer({ bind(socket, $0, $1) }) == 0
        else { throw BackEndError("Failed to bind socket: \(HostSocket.reason)") }
      }
      guard remote.withPointer({ Glibc.connect(socket, $0, $1) }) == 0 else {
        throw BackEndError("Failed to connect socket: \(HostSocket.reason)")
      }
    } catch {
      close(socket)
      throw error
    }
    HostSocket.stopBlocking(socket)
    self.init(
      name: "udp", Connection(input: socket, output: socket, end: .nothing, isDatagram: true))
  }
}
