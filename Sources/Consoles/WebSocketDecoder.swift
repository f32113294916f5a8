/// The server's half of a WebSocket (RFC 6455): the HTTP request, then frames.
package struct WebSocketDecoder: Sendable {
  /// RFC 6455, §5.2.
  package enum Opcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue >= 8 }
  }

  private enum State: Sendable {
    case request
    case header
    case payload
    case ended
  }

  private static let mostRequested = 8192
  /// RFC 6455, §5.5.
  private static let mostControlled = 125

  private var state = State.request
  /// The request or frame header so far.
  private var head: [UInt8] = []
  private var opcode = Opcode.binary
  private var mask: [UInt8] = []
  private var position = 0
  private var left: UInt64 = 0
  /// A control frame's payload so far.
  private var control: [UInt8] = []

  package init() {}

  package mutating func decode(_ bytes: ArraySlice<UInt8>) -> [Framing.Event] {
    var events: [Framing.Event] = []
    var rest = bytes
    while !rest.isEmpty {
      switch state {
      case .request: takeRequest(&rest, &events)
      case .header: takeHeader(&rest, &events)
      case .payload: takePayload(&rest, &events)
      case .ended: return events
      }
    }
    return events
  }

  // MARK: The request

  private mutating func takeRequest(_ rest: inout ArraySlice<UInt8>, _ events: inout [Framing.Event]) {
    let end = Array("\r\n\r\n".utf8)
    while let byte = rest.popFirst() {
      head.append(byte)
      if byte == 0x0a, head.suffix(4).elementsEqual(end) {
        guard let reply = Self.reply(to: String(decoding: head, as: UTF8.self)) else { break }
        head = []
        state = .header
        events += [.reply(Array(reply.utf8)), .opened]
        return
      }
      if head.count >= Self.mostRequested { break }
    }
    guard head.count >= Self.mostRequested || head.suffix(4).elementsEqual(end) else { return }
    state = .ended
    let refusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n\r\n"
    events += [.reply(Array(refusal.utf8)), .ended]
  }

  /// RFC 6455, §4.2; nil where the request asks for something else.
  private static func reply(to request: String) -> String? {
    // "\r\n" is one character of Swift's.
    var lines = request.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
    guard let first = lines.popFirst() else { return nil }
    let words = first.split(separator: " ")
    guard words.count == 3, words[0] == "GET", words[2] == "HTTP/1.1" else { return nil }
    var fields: [String: String] = [:]
    for line in lines where !line.isEmpty {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      fields[line[..<colon].lowercased()] = String(value)
    }
    func has(_ field: String, _ token: String) -> Bool {
      (fields[field] ?? "").lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }.contains {
        $0 == token
      }
    }
    guard has("upgrade", "websocket"), has("connection", "upgrade"), fields["sec-websocket-version"] == "13",
      let key = fields["sec-websocket-key"], !key.isEmpty
    else { return nil }
    var reply =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Accept: \(accept(key))\r\n"
    if has("sec-websocket-protocol", "binary") { reply += "Sec-WebSocket-Protocol: binary\r\n" }
    return reply + "\r\n"
  }

  /// RFC 6455, §4.2.2, item 5.4.
  package static func accept(_ key: String) -> String {
    Base64.text(SHA1.digest(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
  }

  // MARK: Frames

  package static func frame(_ opcode: Opcode, _ payload: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = [0x80 | opcode.rawValue]
    switch payload.count {
    case ..<126: frame.append(UInt8(payload.count))
    case ...0xffff:
      frame.append(126)
      withUnsafeBytes(of: UInt16(payload.count).bigEndian) { frame += $0 }
    default:
      frame.append(127)
      withUnsafeBytes(of: UInt64(payload.count).bigEndian) { frame += $0 }
    }
    return frame + payload
  }

  private mutating func takeHeader(_ rest: inout ArraySlice<UInt8>, _ events: inout [Framing.Event]) {
    while let byte = rest.popFirst() {
      head.append(byte)
      guard head.count >= 2 else { continue }
      let short = head[1] & 0x7f
      let lengthBytes = short == 126 ? 2 : short == 127 ? 8 : 0
      // A client masks what it sends (§5.1); the reserved bits belong to extensions, of which there are none.
      guard head[0] & 0x70 == 0, head[1] & 0x80 != 0, let opcode = Opcode(rawValue: head[0] & 0xf) else {
        return fail(1002, &events)
      }
      guard head.count == 6 + lengthBytes else { continue }
      self.opcode = opcode
      left =
        lengthBytes == 0
        ? UInt64(short) : head[2..<2 + lengthBytes].reduce(0) { $0 << 8 | UInt64($1) }
      guard !opcode.isControl || (left <= Self.mostControlled && head[0] & 0x80 != 0) else {
        return fail(1002, &events)
      }
      mask = Array(head.suffix(4))
      position = 0
      head = []
      control = []
      state = .payload
      if left == 0 { endFrame(&events) }
      return
    }
  }

  private mutating func takePayload(_ rest: inout ArraySlice<UInt8>, _ events: inout [Framing.Event]) {
    let count = Int(min(left, UInt64(rest.count)))
    let chunk = rest.prefix(count).enumerated().map { $1 ^ mask[(position + $0) & 3] }
    rest = rest.dropFirst(count)
    position = (position + count) & 3
    left -= UInt64(count)
    if opcode.isControl {
      control += chunk
    } else if !chunk.isEmpty {
      events.append(.bytes(chunk))
    }
    if left == 0 { endFrame(&events) }
  }

  private mutating func endFrame(_ events: inout [Framing.Event]) {
    state = .header
    switch opcode {
    case .ping: events.append(.reply(Self.frame(.pong, control)))
    case .close:
      state = .ended
      // The status, where there is one, goes back (§5.5.1).
      events += [.reply(Self.frame(.close, Array(control.prefix(2)))), .ended]
    case .continuation, .text, .binary, .pong: break
    }
  }

  private mutating func fail(_ status: UInt16, _ events: inout [Framing.Event]) {
    state = .ended
    events += [.reply(Self.frame(.close, withUnsafeBytes(of: status.bigEndian) { Array($0) })), .ended]
  }
}
