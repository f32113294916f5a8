/// Collects a line from keys.
struct LineEditor {
  private var line: [UInt8] = []
  private var history: [[UInt8]] = []
  private var place = 0
  /// Bytes of an escape sequence so far.
  private var sequence: [UInt8] = []

  private static let limit = 4096
  private static let historyLimit = 100

  /// What has been typed so far.
  var text: String { String(decoding: line, as: UTF8.self) }

  /// The next byte belongs to an escape sequence.
  var isInSequence: Bool { !sequence.isEmpty }

  /// Types `text`; what to print for it.
  mutating func append(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard line.count + bytes.count <= Self.limit else { return [] }
    line += bytes
    return bytes
  }

  mutating func clear() {
    line = []
    sequence = []
    place = history.count
  }

  /// What to print for a key, and the line where the key ended one.
  mutating func take(_ byte: UInt8) -> (echo: [UInt8], line: String?) {
    if !sequence.isEmpty { return (escape(byte), nil) }
    switch byte {
    case 0x0a, 0x0d:
      let finished = line
      if !finished.isEmpty, history.last != finished { history.append(finished) }
      if history.count > Self.historyLimit { history.removeFirst() }
      clear()
      return (Array("\r\n".utf8), String(decoding: finished, as: UTF8.self))
    case 0x7f, 0x08: return (erase(), nil)
    case 0x15, 0x03: return (replace(with: []), nil)
    case 0x10: return (recall(-1), nil)
    case 0x0e: return (recall(1), nil)
    case 0x1b:
      sequence = [byte]
      return ([], nil)
    case 0x20...0x7e, 0x80...:
      guard line.count < Self.limit else { return ([], nil) }
      line.append(byte)
      return ([byte], nil)
    default: return ([], nil)
    }
  }

  private mutating func erase() -> [UInt8] {
    guard let last = line.popLast() else { return [] }
    // Continuation bytes take no column of their own.
    if last & 0xc0 == 0x80 { return erase() }
    return Array("\u{8} \u{8}".utf8)
  }

  private mutating func replace(with text: [UInt8]) -> [UInt8] {
    var echo: [UInt8] = []
    while !line.isEmpty { echo += erase() }
    line = text
    return echo + text
  }

  private mutating func recall(_ step: Int) -> [UInt8] {
    let target = place + step
    guard (0...history.count).contains(target) else { return [] }
    place = target
    return replace(with: target < history.count ? history[target] : [])
  }

  /// ESC [ A and ESC [ B walk the history; other sequences are swallowed whole.
  private mutating func escape(_ byte: UInt8) -> [UInt8] {
    sequence.append(byte)
    if sequence.count == 2, byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") { return [] }
    if sequence.count > 2, !(0x40...0x7e).contains(byte), sequence.count < 16 { return [] }
    defer { sequence = [] }
    guard sequence.count == 3 else { return [] }
    switch byte {
    case UInt8(ascii: "A"): return recall(-1)
    case UInt8(ascii: "B"): return recall(1)
    default: return []
    }
  }
}
