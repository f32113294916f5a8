import Foundation

/// A debugger by hand, over a Unix socket.
package final class GDBClient {
  private let socket: Int32
  private var received: [UInt8] = []

  /// Waits until somebody listens at `path`.
  package init(path: String, seconds: Double = 20) throws {
    let end = Date().addingTimeInterval(seconds)
    while true {
      let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
      let outcome = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if outcome == 0 {
        socket = descriptor
        return
      }
      close(descriptor)
      guard Date() < end else { throw TestSetupError("nobody listens at \(path)") }
      usleep(20_000)
    }
  }

  deinit { close(socket) }

  package func send(_ bytes: [UInt8]) {
    _ = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  package func send(_ packet: String) {
    let sum = packet.utf8.reduce(UInt8(0), &+)
    let digits = (sum < 16 ? "0" : "") + String(sum, radix: 16)
    send(Array("$\(packet)#\(digits)".utf8))
  }

  /// The next packet's payload; nil where none comes in time, or the connection ends.
  package func receive(seconds: Double = 10) -> String? {
    let end = Date().addingTimeInterval(seconds)
    while true {
      if let start = received.firstIndex(of: UInt8(ascii: "$")),
        let stop = received[start...].firstIndex(of: UInt8(ascii: "#")), received.count >= stop + 3
      {
        let payload = received[(start + 1)..<stop]
        received.removeFirst(stop + 3)
        send(Array("+".utf8))
        return String(decoding: payload, as: UTF8.self)
      }
      let left = end.timeIntervalSinceNow
      var item = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      guard left > 0, poll(&item, 1, Int32(left * 1000) + 1) > 0 else { return nil }
      var buffer = [UInt8](repeating: 0, count: 65536)
      let count = read(socket, &buffer, buffer.count)
      guard count > 0 else { return nil }
      received += buffer[..<count]
    }
  }

  package func ask(_ packet: String, seconds: Double = 10) -> String? {
    send(packet)
    return receive(seconds: seconds)
  }

  /// The pc of the thread that packets mean.
  package var pc: UInt64? {
    ask("p20").flatMap { text in UInt64(text, radix: 16).map(\.byteSwapped) }
  }
}
