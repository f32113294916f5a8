import Glibc
import Machine

/// Sockets as a stream wants them: non-blocking, closed in programs that are started.
enum HostSocket {
  static func make(_ family: Int32, _ kind: __socket_type) throws(BackEndError) -> Int32 {
    let flags = Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(family, flags, 0)
    guard socket >= 0 else { throw BackEndError("Failed to create socket: \(reason)") }
    return socket
  }

  static func set(_ socket: Int32, _ level: Int32, _ option: Int32) {
    var one: Int32 = 1
    setsockopt(socket, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  static func stopBlocking(_ descriptor: Int32) {
    let flags = fcntl(descriptor, F_GETFL)
    if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
  }

  static func closeOnExec(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

  /// The last error, in words.
  static var reason: String { String(cString: strerror(errno)) }

  /// The inherited socket that `fd=` names.
  static func inherited(_ text: String) throws(BackEndError) -> Int32 {
    guard let descriptor = Int32(text), descriptor >= 0 else {
      throw BackEndError("Unable to parse FD number \(text)")
    }
    var kind: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &kind, &length) == 0 else {
      throw BackEndError("File descriptor '\(text)' is not a socket")
    }
    stopBlocking(descriptor)
    return descriptor
  }
}

extension SocketOptions {
  /// "tcp:127.0.0.1:4444,server=on", as QEMU names the socket. `place` is where it really is.
  func name(at place: String) -> String {
    let end = isServer ? ",server=on" : ""
    switch address {
    case .internet:
      let kind =
        switch framing {
        case .raw: "tcp"
        case .telnet: "telnet"
        case .webSocket: "websocket"
        }
      return "\(kind):\(place)\(end)"
    case .unix(let unix):
      let marks = unix.isAbstract ? ",abstract=on" + (unix.isTight ? ",tight=on" : "") : ""
      return "unix:\(unix.path)\(marks)\(end)"
    case .descriptor(let text): return "fd:\(text)\(end)"
    }
  }
}
