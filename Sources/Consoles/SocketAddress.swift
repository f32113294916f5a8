// Unsafe pointers: a socket address is kept as bytes and shown to system calls for the length of one call;
// getaddrinfo's list is copied and freed before `resolve` returns.
import Glibc
import Machine

/// An address in the kernel's form.
struct SocketAddress: Sendable {
  let family: Int32
  private(set) var bytes: [UInt8]

  private init(family: Int32, bytes: [UInt8]) {
    self.family = family
    self.bytes = bytes
  }

  func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    var storage = sockaddr_storage()
    let count = min(bytes.count, MemoryLayout<sockaddr_storage>.size)
    withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes.prefix(count)) }
    return withUnsafePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(count)) }
    }
  }

  // MARK: Unix

  /// unix(7): the path and a zero, or a zero and the abstract name.
  init(_ address: UnixAddress) throws(BackEndError) {
    let room = 108
    let path = Array(address.path.utf8)
    guard path.count < room else {
      throw BackEndError(
        "UNIX socket path '\(address.path)' is too long\nPath must be less than \(room) bytes")
    }
    var name = address.isAbstract ? [0] + path : path + [0]
    if address.isAbstract, !address.isTight {
      name += [UInt8](repeating: 0, count: room - name.count)
    }
    let family = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) }
    self.init(family: AF_UNIX, bytes: family + name)
  }

  // MARK: Internet

  /// Every address that the names stand for. `isPassive`: to be listened at.
  static func resolve(
    _ address: InternetAddress, kind: __socket_type, isPassive: Bool
  ) throws(BackEndError) -> [SocketAddress] {
    guard address.usesIPv4 != false || address.usesIPv6 != false else {
      throw BackEndError("Cannot disable IPv4 and IPv6 at same time")
    }
    let failure = "address resolution failed for \(address.host):\(address.port): "
    if address.port.allSatisfy(\.isNumber), UInt64(address.port).map({ $0 > 65535 }) ?? true {
      throw BackEndError(failure + "ports are numbers from 0 to 65535")
    }
    var hints = addrinfo()
    hints.ai_socktype = Int32(kind.rawValue)
    hints.ai_flags = AI_ADDRCONFIG | (isPassive ? AI_PASSIVE : 0)
    switch (address.usesIPv4, address.usesIPv6) {
    case (_, false), (true, nil): hints.ai_family = AF_INET
    case (false, _), (nil, true): hints.ai_family = AF_INET6
    default: hints.ai_family = AF_UNSPEC
    }
    var list: UnsafeMutablePointer<addrinfo>?
    let host = address.host.isEmpty ? nil : address.host
    let outcome = getaddrinfo(host, address.port, &hints, &list)
    guard outcome == 0 else { throw BackEndError(failure + String(cString: gai_strerror(outcome))) }
    defer { if let list { freeaddrinfo(list) } }
    var found: [SocketAddress] = []
    var next = list
    while let item = next {
      let bytes = UnsafeRawBufferPointer(start: item.pointee.ai_addr, count: Int(item.pointee.ai_addrlen))
      found.append(SocketAddress(family: item.pointee.ai_family, bytes: Array(bytes)))
      next = item.pointee.ai_next
    }
    return found
  }

  /// The port, for addresses of the internet; both families have it at the same place.
  var port: UInt16 {
    get { UInt16(bytes[2]) << 8 | UInt16(bytes[3]) }
    set {
      bytes[2] = UInt8(newValue >> 8)
      bytes[3] = UInt8(newValue & 0xff)
    }
  }

  /// Where `socket` is bound, as "127.0.0.1:4444".
  static func boundName(of socket: Int32) -> String {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var host = [CChar](repeating: 0, count: 256)
    var port = [CChar](repeating: 0, count: 32)
    let outcome = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard getsockname(socket, address, &length) == 0 else { return Int32(-1) }
        return getnameinfo(
          address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
          NI_NUMERICHOST | NI_NUMERICSERV)
      }
    }
    guard outcome == 0 else { return "?" }
    return "\(text(host)):\(text(port))"
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
