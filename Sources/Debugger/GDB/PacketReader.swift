/// Bytes of a connection into packets ("GDB Remote Serial Protocol", Overview). Whatever comes, it goes on.
package struct PacketReader {
  package enum Event: Equatable {
    /// A whole packet, its escapes resolved.
    case packet([UInt8])
    /// A packet whose checksum is wrong.
    case damaged
    /// A packet longer than `limit`.
    case overlong
    /// Ctrl-C.
    case interrupt
    /// The other end wants the last packet again.
    case repeatRequest
  }

  private enum State {
    case idle, payload, firstDigit, secondDigit(UInt8)
  }

  /// The most bytes between `$` and `#`.
  package static let limit = 0x4000

  private var state = State.idle
  private var payload: [UInt8] = []
  private var sum: UInt8 = 0
  private var isOverlong = false

  package init() {}

  package mutating func take(_ byte: UInt8) -> Event? {
    switch state {
    case .idle:
      switch byte {
      case UInt8(ascii: "$"): begin()
      case UInt8(ascii: "-"): return .repeatRequest
      case 0x03: return .interrupt
      default: break
      }
    case .payload:
      switch byte {
      // It stands for itself nowhere: the end of the packet before was lost.
      case UInt8(ascii: "$"): begin()
      case UInt8(ascii: "#"): state = .firstDigit
      default:
        sum &+= byte
        if payload.count < Self.limit { payload.append(byte) } else { isOverlong = true }
      }
    case .firstDigit:
      if byte == UInt8(ascii: "$") {
        begin()
      } else {
        state = .secondDigit(byte)
      }
    case .secondDigit(let first):
      state = .idle
      defer { payload = [] }
      guard let high = hexDigit(first), let low = hexDigit(byte), sum == high << 4 | low else {
        return .damaged
      }
      return isOverlong ? .overlong : .packet(Self.unescape(payload))
    }
    return nil
  }

  private mutating func begin() {
    state = .payload
    payload = []
    sum = 0
    isOverlong = false
  }

  private static func unescape(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(PacketText.escape) else { return bytes }
    var result: [UInt8] = []
    var isEscaped = false
    for byte in bytes {
      if isEscaped {
        result.append(byte ^ 0x20)
        isEscaped = false
      } else if byte == PacketText.escape {
        isEscaped = true
      } else {
        result.append(byte)
      }
    }
    return result
  }
}

func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}

/// What packets consist of.
package enum PacketText {
  static let escape = UInt8(ascii: "}")

  /// `$`, the payload with escapes, `#` and the checksum.
  package static func frame(_ payload: [UInt8]) -> [UInt8] {
    var packet: [UInt8] = [UInt8(ascii: "$")]
    packet.reserveCapacity(payload.count + 4)
    var sum: UInt8 = 0
    for byte in payload {
      switch byte {
      case UInt8(ascii: "$"), UInt8(ascii: "#"), escape, UInt8(ascii: "*"):
        packet.append(escape)
        packet.append(byte ^ 0x20)
        sum &+= escape &+ (byte ^ 0x20)
      default:
        packet.append(byte)
        sum &+= byte
      }
    }
    packet.append(UInt8(ascii: "#"))
    packet += hex([sum])
    return packet
  }

  private static let digits = Array("0123456789abcdef".utf8)

  package static func hex(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }

  /// The `size` low bytes of `value`, the lowest first.
  static func hex(_ value: UInt64, size: Int) -> [UInt8] {
    hex((0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) })
  }

  static func bytes(hex text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in text {
      guard let digit = hexDigit(byte) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return bytes
  }
}

/// Reads a packet from its beginning.
struct PacketScanner {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func takes(_ text: StaticString) -> Bool {
    let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard rest.starts(with: bytes) else { return false }
    rest = rest.dropFirst(bytes.count)
    return true
  }

  mutating func byte() -> UInt8? { rest.popFirst() }

  /// A hexadecimal number of 64 bits at most.
  mutating func number() -> UInt64? {
    var value: UInt64 = 0
    var count = 0
    while let byte = rest.first, let digit = hexDigit(byte) {
      guard value >> 60 == 0 else { return nil }
      value = value << 4 | UInt64(digit)
      rest = rest.dropFirst()
      count += 1
    }
    return count > 0 ? value : nil
  }

  mutating func integer() -> Int? { number().flatMap { Int(exactly: $0) } }

  /// Two numbers with `separator` between them.
  mutating func pair(_ separator: StaticString = ",") -> (UInt64, UInt64)? {
    guard let first = number(), takes(separator), let second = number() else { return nil }
    return (first, second)
  }

  /// Up to `byte`, which is taken too.
  mutating func text(until byte: UInt8) -> ArraySlice<UInt8>? {
    guard let end = rest.firstIndex(of: byte) else { return nil }
    defer { rest = rest[(end + 1)...] }
    return rest[..<end]
  }

  mutating func thread() -> ThreadSelector? {
    if takes("p") {
      guard let process = part() else { return nil }
      guard takes(".") else { return ThreadSelector(process: process, thread: .all) }
      guard let thread = part() else { return nil }
      return ThreadSelector(process: process, thread: thread)
    }
    return part().map { ThreadSelector(process: .any, thread: $0) }
  }

  private mutating func part() -> ThreadSelector.Part? {
    if takes("-1") { return .all }
    guard let number = integer() else { return nil }
    return number == 0 ? .any : .one(number)
  }
}

/// The threads that a packet names: one, all, or any.
struct ThreadSelector: Equatable {
  enum Part: Equatable {
    case any, all, one(Int)

    func holds(_ number: Int) -> Bool {
      if case .one(let one) = self { one == number } else { true }
    }
  }

  var process: Part
  var thread: Part

  func holds(_ id: ThreadID) -> Bool { process.holds(id.process) && thread.holds(id.thread) }
}
