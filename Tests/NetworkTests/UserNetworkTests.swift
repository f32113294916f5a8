import Foundation
import Machine
import Network
import Synchronization
import TestSupport
import Testing

/// Runs what comes at once.
private final class Gate: InputGate {
  let isDeterministic = false
  func deliver(_ body: @escaping @Sendable () -> Void) { body() }
}

/// A guest that is a list of frames: it answers ARP (RFC 826) and keeps what else comes.
private final class Guest: NetworkCard {
  static let address: [UInt8] = [0x52, 0x54, 0, 0x12, 0x34, 0x56]
  let network: UserNetwork
  let seen = Mutex<[[UInt8]]>([])

  init(_ network: UserNetwork) throws {
    self.network = network
    try network.attach(self)
    network.start()
  }

  deinit { network.close() }

  func attend() {
    while let frame = network.firstFrame {
      network.removeFirstFrame()
      if frame.count >= 42, frame[12...13] == [8, 6], frame[21] == 1, frame[38...41] == [10, 0, 2, 15] {
        network.send([
          frame[6..<12] + Self.address + [8, 6, 0, 1, 8, 0, 6, 4, 0, 2] + Self.address + [10, 0, 2, 15]
            + frame[22..<32]
        ])
      }
      seen.withLock { $0.append(frame) }
    }
  }

  /// The first frame that comes, or came, for which `isWanted`.
  func wait(_ isWanted: ([UInt8]) -> Bool) -> [UInt8]? {
    for _ in 0..<4000 {
      if let frame = seen.withLock({ $0.first(where: isWanted) }) { return frame }
      usleep(1000)
    }
    return nil
  }

  /// A frame of UDP (RFC 768 and 791).
  static func datagram(
    from source: [UInt8], _ sourcePort: UInt16, to target: [UInt8], _ port: UInt16, _ data: [UInt8],
    at hardware: [UInt8] = [UInt8](repeating: 0xff, count: 6)
  ) -> [UInt8] {
    func halves(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
    var header: [UInt8] = [0x45, 0] + halves(28 + data.count) + [0, 1, 0, 0, 64, 17, 0, 0] + source + target
    var sum = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + Int(header[$1]) << 8 + Int(header[$1 + 1]) }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    header.replaceSubrange(10..<12, with: halves(~sum & 0xffff))
    // No checksum of its own.
    let ports = halves(Int(sourcePort)) + halves(Int(port)) + halves(8 + data.count) + [0, 0]
    return hardware + address + [8, 0] + header + ports + data
  }
}

/// libslirp at work, without a machine.
@Suite("User network", .serialized) struct UserNetworkTests {
  private func network(_ set: (inout UserNetworkOptions) -> Void = { _ in }) throws -> UserNetwork {
    var options = UserNetworkOptions()
    set(&options)
    return try UserNetwork(id: "n", options, gate: Gate())
  }

  /// A socket of the host's for datagrams, bound to a free port of the loopback.
  private func socket() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = Foundation.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let outcome = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    try #require(outcome == 0)
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  private func send(_ bytes: [UInt8], from descriptor: Int32, to port: UInt16) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// The ports that are forwarded now, as `info usernet` tells them.
  private func forwardedPorts(_ network: UserNetwork, _ kind: String) -> [UInt16] {
    network.connections.split(separator: "\n").filter { $0.contains("\(kind)[HOST_FORWARD]") }.compactMap {
      let words = $0.split(separator: " ")
      return words.count > 3 ? UInt16(words[3]) : nil
    }
  }

  @Test func datagramsGoBothWays() throws {
    let network = try network()
    let guest = try Guest(network)
    // The thread, asleep by now, hears of it.
    try network.addHostForward("udp:127.0.0.1:0-10.0.2.15:7777")
    let port = try #require(forwardedPorts(network, "UDP").first)
    let (host, own) = try socket()
    defer { close(host) }

    // From the guest to a port of this computer, which it knows as 10.0.2.2.
    let hello = Array("hello from the guest".utf8)
    network.send([Guest.datagram(from: [10, 0, 2, 15], 1234, to: [10, 0, 2, 2], own, hello)])
    var buffer = [UInt8](repeating: 0, count: 100)
    var item = pollfd(fd: host, events: Int16(POLLIN), revents: 0)
    #expect(poll(&item, 1, 4000) == 1)
    let count = recv(host, &buffer, buffer.count, 0)
    #expect(Array(buffer.prefix(max(0, count))) == hello)

    // And to the guest by the forwarded port.
    let answer = Array("hello from the host".utf8)
    send(answer, from: host, to: port)
    let frame = guest.wait { $0.count == 42 + answer.count && Array($0.suffix(answer.count)) == answer }
    #expect(frame.map { Array($0[36..<38]) } == [UInt8(7777 >> 8), UInt8(7777 & 0xff)])
    #expect(frame.map { Array($0[..<6]) } == Guest.address)
  }

  @Test func theStackAnswersForAddressesOfItsNetwork() throws {
    let network = try network { $0.net = "192.168.7.0/24" }
    let guest = try Guest(network)
    // Who has 192.168.7.2?
    let question =
      [UInt8](repeating: 0xff, count: 6) + Guest.address + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + Guest.address
      + [192, 168, 7, 15] + [0, 0, 0, 0, 0, 0] + [192, 168, 7, 2]
    network.send([question])
    let answer = guest.wait { $0[12...13] == [8, 6] && $0[21] == 2 }
    #expect(answer.map { Array($0[28..<32]) } == [192, 168, 7, 2])
  }

  @Test func portsAreForwardedAndGivenBack() throws {
    let network = try network()
    try network.addHostForward("tcp:127.0.0.1:0-:22")
    let port = try #require(forwardedPorts(network, "TCP").first)
    let refusal = #expect(throws: BackEndError.self) {
      try network.addHostForward("tcp:127.0.0.1:\(port)-:23")
    }
    #expect(
      refusal?.description
        == "Could not set up host forwarding rule 'tcp:127.0.0.1:\(port)-:23'\n"
        + "TCP port \(port) of this computer is taken: choose another one.")
    let place = try #require(HostPlace("tcp:127.0.0.1:\(port)"))
    #expect(network.removeHostForward(place))
    #expect(!network.removeHostForward(place))
    try network.addHostForward("tcp:127.0.0.1:\(port)-:23")
    #expect(forwardedPorts(network, "TCP") == [port])
  }

  @Test func aNetworkHasOneCard() throws {
    let network = try network()
    let guest = try Guest(network)
    #expect(network.hasCard)
    let refusal = #expect(throws: BackEndError.self) { try network.attach(guest) }
    #expect(refusal?.description == "it's in use")
  }

  @Test func framesAreCaptured() throws {
    let path = NSTemporaryDirectory() + "capture-\(UUID().uuidString).pcap"
    defer { unlink(path) }
    let network = try UserNetwork(
      id: "n", UserNetworkOptions(), gate: Gate(), captures: [PacketCapture(path: path, longest: 40)])
    let guest = try Guest(network)
    let sent = Guest.datagram(from: [10, 0, 2, 15], 9, to: [10, 0, 2, 2], 9, [1, 2, 3])
    let question =
      [UInt8](repeating: 0xff, count: 6) + Guest.address + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + Guest.address
      + [10, 0, 2, 15] + [0, 0, 0, 0, 0, 0] + [10, 0, 2, 2]
    network.send([sent, question])
    let answer = try #require(guest.wait { $0[12...13] == [8, 6] && $0[21] == 2 })
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    func word(_ at: Int) -> UInt32 { bytes[at..<at + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) } }
    #expect([word(0), word(4), word(16), word(20)] == [0xa1b2_c3d4, 0x0004_0002, 40, 1])
    var records: [(length: UInt32, frame: [UInt8])] = []
    var at = 24
    while at + 16 <= bytes.count {
      let kept = Int(word(at + 8))
      records.append((word(at + 12), Array(bytes[at + 16..<at + 16 + kept])))
      at += 16 + kept
    }
    #expect(at == bytes.count)
    #expect(records.contains { $0.length == sent.count && $0.frame == Array(sent.prefix(40)) })
    #expect(records.contains { $0.length == answer.count && $0.frame == Array(answer.prefix(40)) })
  }

  /// Frames of anything from a guest that means harm: the stack is libslirp's, and it and its thread go on.
  @Test func rubbishEndsNothing() throws {
    let network = try network { $0.isRestricted = true }
    let guest = try Guest(network)
    var random = SeededNumbers(seed: 0x51)
    for round in 0..<400 {
      network.send(
        (0..<20).map { _ in
          var frame = Guest.datagram(
            from: [10, 0, 2, 15], 68, to: [10, 0, 2, UInt8(2 + round % 3)], [53, 67, 69, 7][round % 4],
            (0..<Int.random(in: 0...600, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            })
          for _ in 0..<Int.random(in: 0...4, using: &random) {
            frame[Int.random(in: 6..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          }
          return Array(frame.prefix(Int.random(in: 14...frame.count, using: &random)))
        })
    }
    let question =
      [UInt8](repeating: 0xff, count: 6) + Guest.address + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + Guest.address
      + [10, 0, 2, 15] + [0, 0, 0, 0, 0, 0] + [10, 0, 2, 2]
    // What came before it may have filled the queue.
    var answer: [UInt8]?
    for _ in 0..<50 where answer == nil {
      network.send([question])
      usleep(20000)
      answer = guest.seen.withLock { $0.last { $0.count >= 42 && $0[12...13] == [8, 6] && $0[21] == 2 } }
    }
    #expect(answer != nil)
  }
}
