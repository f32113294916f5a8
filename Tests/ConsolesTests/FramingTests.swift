import Consoles
import Glibc
import TestSupport
import Testing

/// Sends `bytes` through in pieces and joins what comes out.
private struct Result {
  var bytes: [UInt8] = []
  var replies: [UInt8] = []
  var breaks = 0
  var isOpen = false
  var hasEnded = false

  init(_ framing: inout Framing, _ bytes: [UInt8], pieces: Int = 1000) {
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      for event in framing.decode(bytes[start..<min(start + pieces, bytes.count)]) {
        switch event {
        case .bytes(let more): self.bytes += more
        case .reply(let more): replies += more
        case .sendsBreak: breaks += 1
        case .opened: isOpen = true
        case .ended: hasEnded = true
        }
      }
    }
  }
}

extension SeededNumbers {
  /// `APUS_CONSOLES_SEED=N` for others than CI's.
  fileprivate static var forThisRun: SeededNumbers {
    SeededNumbers(seed: getenv("APUS_CONSOLES_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1)
  }
}

/// Fuzzed rounds: `APUS_CONSOLES_ROUNDS` for more than CI's.
private var rounds: Int {
  getenv("APUS_CONSOLES_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 20_000
}

@Suite("Telnet")
struct TelnetTests {
  @Test("asks for what QEMU asks for: ECHO, SUPPRESS-GO-AHEAD, BINARY both ways")
  func greeting() {
    #expect(Framing(.telnet).greeting == [255, 251, 1, 255, 251, 3, 255, 251, 0, 255, 253, 0])
  }

  @Test("takes commands out, however they are cut", arguments: [1, 2, 3, 1000])
  func commands(pieces: Int) {
    var framing = Framing(.telnet)
    let sent: [UInt8] =
      [
        65, 255, 251, 0, 66, 255, 255, 67, 255, 243, 68, 255, 250, 31, 0, 255, 255, 80, 255, 240, 69, 255,
        241,
      ]
    let result = Result(&framing, sent, pieces: pieces)
    #expect(result.bytes == [65, 66, 255, 67, 68, 69])
    #expect(result.breaks == 1)
    #expect(result.replies.isEmpty)
  }

  @Test("grants in silence what it asked for and refuses the rest")
  func negotiation() {
    var framing = Framing(.telnet)
    let granted = Result(
      &framing, [255, 253, 1, 255, 253, 3, 255, 253, 0, 255, 251, 3, 255, 254, 1, 255, 252, 3])
    #expect(granted.replies.isEmpty && granted.bytes.isEmpty)
    #expect(Result(&framing, [255, 251, 31, 255, 253, 24]).replies == [255, 254, 31, 255, 252, 24])
  }

  @Test("makes one return of CR NUL and CR LF, unless the client is binary", arguments: [1, 1000])
  func returns(pieces: Int) {
    var framing = Framing(.telnet)
    #expect(Result(&framing, Array("a\r\0b\r\nc\n".utf8), pieces: pieces).bytes == Array("a\rb\rc\n".utf8))
    _ = Result(&framing, [255, 251, 0])
    #expect(Result(&framing, Array("a\r\0b\r\n".utf8), pieces: pieces).bytes == Array("a\r\0b\r\n".utf8))
  }

  @Test("doubles 255 on the way out, so that it comes back as it was")
  func roundTrip() {
    let framing = Framing(.telnet)
    var peer = Framing(.telnet)
    _ = Result(&peer, [255, 251, 0])
    let all = (0...255).map { UInt8($0) }
    #expect(Result(&peer, framing.encode(all)).bytes == all)
  }

  @Test("survives any bytes, and never makes more of them")
  func fuzz() {
    var numbers = SeededNumbers.forThisRun
    for _ in 0..<rounds {
      var framing = Framing(.telnet)
      let count = Int(numbers.next() % 64)
      let bytes = (0..<count).map { _ in
        numbers.next() % 3 == 0 ? UInt8(240 + numbers.next() % 16) : UInt8(truncatingIfNeeded: numbers.next())
      }
      let result = Result(&framing, bytes, pieces: 1 + Int(numbers.next() % 8))
      #expect(result.bytes.count + result.replies.count <= bytes.count)
    }
  }
}

@Suite("WebSocket")
struct WebSocketTests {
  private static let request =
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

  private static func masked(_ head: [UInt8], _ payload: [UInt8], key: [UInt8] = [0x37, 0xfa, 0x21, 0x3d])
    -> [UInt8]
  {
    head + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
  }

  private static func opened() -> Framing {
    var framing = Framing(.webSocket)
    _ = Result(&framing, Array(request.utf8))
    return framing
  }

  @Test("answers RFC 6455's own example", arguments: [1, 7, 1000])
  func handshake(pieces: Int) {
    var framing = Framing(.webSocket)
    #expect(!framing.isOpen)
    let result = Result(&framing, Array(Self.request.utf8), pieces: pieces)
    #expect(result.isOpen && !result.hasEnded)
    let reply = String(decoding: result.replies, as: UTF8.self)
    #expect(reply.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n") && reply.hasSuffix("\r\n\r\n"))
    #expect(reply.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
    #expect(!reply.contains("Protocol:"))
  }

  @Test(
    "refuses what is no such request",
    arguments: [
      "hello\r\n\r\n", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nnonsense\r\n\r\n",
      request.replacing("GET", with: "POST"), request.replacing("13", with: "8"),
      request.replacing("websocket", with: "h2c"), request.replacing("Sec-WebSocket-Key", with: "X"),
      "GET /" + String(repeating: "x", count: 10_000),
    ])
  func refusal(request: String) {
    var framing = Framing(.webSocket)
    let result = Result(&framing, Array(request.utf8))
    #expect(result.hasEnded && !result.isOpen)
    #expect(result.replies.starts(with: Array("HTTP/1.1 400 Bad Request\r\n".utf8)))
  }

  @Test("reads RFC 6455's examples of §5.7, and long frames", arguments: [1, 3, 100_000])
  func frames(pieces: Int) {
    var framing = Self.opened()
    let hello: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
    #expect(Result(&framing, hello, pieces: pieces).bytes == Array("Hello".utf8))
    let parts = Self.masked([0x01, 0x83], Array("Hel".utf8)) + Self.masked([0x80, 0x82], Array("lo".utf8))
    #expect(Result(&framing, parts, pieces: pieces).bytes == Array("Hello".utf8))
    let long = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    let longer = Self.masked([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70], long)
    #expect(Result(&framing, longer, pieces: pieces).bytes == long)
    let medium = Self.masked([0x82, 0xfe, 0x01, 0x00], Array(long[..<256]))
    #expect(Result(&framing, medium, pieces: pieces).bytes == Array(long[..<256]))
  }

  @Test("writes frames of all three lengths")
  func encoding() {
    let framing = Self.opened()
    #expect(framing.encode([1, 2]) == [0x82, 2, 1, 2])
    #expect(framing.encode([UInt8](repeating: 0, count: 126)).prefix(4) == [0x82, 126, 0, 126])
    #expect(
      framing.encode([UInt8](repeating: 0, count: 65536)).prefix(10) == [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0])
  }

  @Test("answers a ping, inside a message too, and a close with its status")
  func control() {
    var framing = Self.opened()
    let sent =
      Self.masked([0x01, 0x81], [65]) + Self.masked([0x89, 0x82], [1, 2]) + Self.masked([0x80, 0x81], [66])
    let result = Result(&framing, sent)
    #expect(result.bytes == [65, 66])
    #expect(result.replies == [0x8a, 2, 1, 2])
    let close = Result(&framing, Self.masked([0x88, 0x84], [0x03, 0xe8, 66, 67]))
    #expect(close.replies == [0x88, 2, 0x03, 0xe8] && close.hasEnded)
    #expect(Result(&framing, Self.masked([0x82, 0x81], [65])).bytes.isEmpty)
  }

  @Test(
    "ends a connection that breaks the rules",
    arguments: [
      [0x82, 0x01, 65], [0xc2, 0x80], [0x83, 0x80], [0x09, 0x80, 0, 0, 0, 0],
      [0x89, 0xfe, 0, 126, 0, 0, 0, 0],
    ] as [[UInt8]])
  func violations(bytes: [UInt8]) {
    var framing = Self.opened()
    let result = Result(&framing, bytes)
    #expect(result.hasEnded && result.bytes.isEmpty)
    #expect(result.replies == [0x88, 2, 0x03, 0xea])
  }

  @Test("survives any bytes before and after the handshake")
  func fuzz() {
    var numbers = SeededNumbers.forThisRun
    let request = Array(Self.request.utf8)
    for round in 0..<rounds {
      var framing = round & 1 == 0 ? Self.opened() : Framing(.webSocket)
      var bytes = round & 1 == 0 ? [] : request
      for _ in 0..<numbers.next() % 6 {
        let count = Int(numbers.next() % 20)
        let opcode = UInt8(truncatingIfNeeded: numbers.next() % 16)
        bytes += [0x80 | opcode, 0x80 | UInt8(numbers.next() % 128)]
        bytes += (0..<count).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      }
      if round & 1 == 1 {
        for _ in 0..<1 + numbers.next() % 4 {
          bytes[Int(numbers.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: numbers.next())
        }
      }
      let result = Result(&framing, bytes, pieces: 1 + Int(numbers.next() % 40))
      #expect(result.bytes.count <= bytes.count)
      #expect(result.replies.count <= bytes.count + 400)
    }
  }
}
