/// JSON values one after the other on a wire, with anything or nothing between them, as QEMU reads them.
///
/// This tells where values end, and refuses what no value may hold; jansson reads them. Beside RFC 8259, strings
/// may stand in single quotation marks (QEMU, docs/interop/qmp-spec.rst, 2.3 "JSON parsing"). After a wrong
/// character what has been read of the value is dropped, and reading begins anew at the next bracket, brace, comma,
/// colon or control character.
package struct JSONStream: Sendable {
  package enum Item: Equatable, Sendable {
    case value(JSON)
    /// QEMU's words.
    case failure(String)
  }

  /// What a value may have at most: QEMU's limits.
  private static let mostBytes = 64 << 20
  private static let mostTokens = 2 << 20
  private static let mostNesting = 1 << 10

  private enum State: Equatable, Sendable {
    case start
    case string(quote: UInt8)
    case escape(quote: UInt8)
    case keyword
    case number(Number)
    case recovery
  }

  /// Behind what of a number the reader is.
  private enum Number: Sendable { case sign, zero, digits, point, fraction, letter, exponentSign, exponent }

  private var state = State.start
  /// The value so far, as jansson reads it.
  private var value: [UInt8] = []
  /// The token so far, as it came.
  private var token: [UInt8] = []
  private var tokens = 0
  private var braces = 0
  private var brackets = 0

  package init() {}

  /// Reads what has come, and gives what is complete.
  package mutating func read(_ bytes: some Sequence<UInt8>) -> [Item] {
    var items: [Item] = []
    var rest = Array(bytes)[...]
    while let byte = rest.first {
      // Most of what is long is text.
      if case .string(let quote) = state {
        let plain = rest.prefix { $0 >= 0x20 && $0 < 0xfe && $0 != quote && $0 != UInt8(ascii: "\\") }
        if !plain.isEmpty {
          token += plain
          rest = rest[plain.endIndex...]
          limitSize(&items)
          continue
        }
      }
      take(byte, &items)
      rest.removeFirst()
    }
    return items
  }

  private mutating func limitSize(_ items: inout [Item]) {
    if value.count + token.count > Self.mostBytes { fail("JSON token size limit exceeded", &items) }
  }

  private mutating func take(_ byte: UInt8, _ items: inout [Item]) {
    switch state {
    case .start: begin(byte, &items)
    case .string(let quote): takeInString(byte, quote, &items)
    case .escape(let quote):
      // What may follow a backslash is checked with the value.
      guard byte >= 0x20, byte < 0xfe else { return stray(byte, &items) }
      token.append(byte)
      state = .string(quote: quote)
    case .keyword:
      if Self.isLetter(byte) {
        token.append(byte)
      } else {
        finish(&items)
        begin(byte, &items)
      }
    case .number(let place): takeInNumber(byte, place, &items)
    case .recovery:
      if byte < 0x20 || byte >= 0xfe || "{}[],:".utf8.contains(byte) {
        state = .start
        begin(byte, &items)
      }
    }
    limitSize(&items)
  }

  private static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte }
  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  private mutating func begin(_ byte: UInt8, _ items: inout [Item]) {
    state = .start
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): return
    case UInt8(ascii: "{"): braces += 1
    case UInt8(ascii: "}"): braces -= 1
    case UInt8(ascii: "["): brackets += 1
    case UInt8(ascii: "]"): brackets -= 1
    case UInt8(ascii: ","), UInt8(ascii: ":"): break
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      token = [byte]
      state = .string(quote: byte)
      return
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      token = [byte]
      state = .number(
        byte == UInt8(ascii: "-") ? .sign : byte == UInt8(ascii: "0") ? .zero : .digits)
      return
    case _ where Self.isLetter(byte):
      token = [byte]
      state = .keyword
      return
    default: return stray(byte, &items)
    }
    token = [byte]
    finish(&items)
  }

  private mutating func takeInString(_ byte: UInt8, _ quote: UInt8, _ items: inout [Item]) {
    // Control characters end no string; 0xFE and 0xFF are in no text.
    guard byte >= 0x20, byte < 0xfe else { return stray(byte, &items) }
    token.append(byte)
    if byte == quote {
      finish(&items)
    } else if byte == UInt8(ascii: "\\") {
      state = .escape(quote: quote)
    }
  }

  private mutating func takeInNumber(_ byte: UInt8, _ place: Number, _ items: inout [Item]) {
    let next: Number?
    switch (place, byte) {
    case (.sign, UInt8(ascii: "0")): next = .zero
    case (.sign, _) where Self.isDigit(byte), (.digits, _) where Self.isDigit(byte): next = .digits
    case (.point, _) where Self.isDigit(byte), (.fraction, _) where Self.isDigit(byte): next = .fraction
    case (.letter, UInt8(ascii: "+")), (.letter, UInt8(ascii: "-")): next = .exponentSign
    case (.letter, _) where Self.isDigit(byte), (.exponentSign, _) where Self.isDigit(byte),
      (.exponent, _) where Self.isDigit(byte):
      next = .exponent
    case (.zero, UInt8(ascii: ".")), (.digits, UInt8(ascii: ".")): next = .point
    case (.zero, UInt8(ascii: "e")), (.zero, UInt8(ascii: "E")), (.digits, UInt8(ascii: "e")),
      (.digits, UInt8(ascii: "E")), (.fraction, UInt8(ascii: "e")), (.fraction, UInt8(ascii: "E")):
      next = .letter
    case (.sign, _), (.point, _), (.letter, _), (.exponentSign, _): return stray(byte, &items)
    case (.zero, _) where Self.isDigit(byte): return stray(byte, &items)
    default: next = nil
    }
    guard let next else {
      finish(&items)
      return begin(byte, &items)
    }
    token.append(byte)
    state = .number(next)
  }

  // MARK: Tokens

  /// The token is complete.
  private mutating func finish(_ items: inout [Item]) {
    guard braces + brackets <= Self.mostNesting else {
      return fail("JSON nesting depth limit exceeded", &items)
    }
    tokens += 1
    guard tokens <= Self.mostTokens else { return fail("JSON token count limit exceeded", &items) }
    switch state {
    case .string: value += Self.doublyQuoted(token)
    case .number: value += Self.number(token)
    case .keyword: value += token + [UInt8(ascii: " ")]
    default: value += token
    }
    state = .start
    token = []
    if braces + brackets > 0, braces >= 0, brackets >= 0 { return }
    items.append(Self.item(value))
    reset()
  }

  private mutating func reset() {
    value = []
    token = []
    (tokens, braces, brackets) = (0, 0, 0)
  }

  private mutating func stray(_ byte: UInt8, _ items: inout [Item]) {
    if state == .start { token = [] }
    fail("JSON parse error, stray '\(String(decoding: token + [byte], as: UTF8.self))'", &items)
    state = .recovery
  }

  private mutating func fail(_ sentence: String, _ items: inout [Item]) {
    items.append(.failure(sentence))
    reset()
    state = .start
  }

  /// The token of a string as RFC 8259 has it.
  private static func doublyQuoted(_ token: [UInt8]) -> [UInt8] {
    let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
    let nul = Array("\\u0000".utf8)
    let body = token.dropFirst().dropLast()
    // See `LargeIntegers`.
    var text = [quote] + (body.starts(with: nul) ? nul : [])
    var isEscaped = false
    for byte in body {
      if isEscaped {
        text += byte == UInt8(ascii: "'") ? [byte] : [backslash, byte]
        isEscaped = false
      } else if byte == backslash {
        isEscaped = true
      } else {
        text += byte == quote ? [backslash, byte] : [byte]
      }
    }
    return text + [quote]
  }

  private static func number(_ token: [UInt8]) -> [UInt8] {
    // Numbers and words stand apart, whatever stands behind them.
    let text = String(decoding: token, as: UTF8.self)
    guard Int64(text) == nil, let large = UInt64(text) else { return token + [UInt8(ascii: " ")] }
    return Array("\"\\u0000\(large)\"".utf8)
  }

  // MARK: Values

  private static func item(_ bytes: [UInt8]) -> Item {
    bytes.withUnsafeBufferPointer { bytes in
      do throws(JSON.ParseError) {
        return .value(try JSON(parsing: bytes, options: JSON.streamOptions))
      } catch {
        return .failure("JSON parse error, \(words(for: error))")
      }
    }
  }

  /// What QEMU says where jansson says `error`.
  private static func words(for error: JSON.ParseError) -> String {
    // Behind "near": what jansson had read.
    let place = error.reason.firstRange(of: " near '").map { error.reason[$0.upperBound...].dropLast() } ?? ""
    let reason = error.reason
    if reason.hasPrefix("invalid token"), place.utf8.first.map(isLetter) == true {
      return "invalid keyword '\(place)'"
    }
    if reason.hasPrefix("string or '}' expected") {
      return ["}", ",", "]", ":"].contains(place) ? "expecting value" : "key is not a string in object"
    }
    let known = [
      ("unexpected token", "expecting value"), ("':' expected", "missing : in object pair"),
      ("'}' expected", "expected separator in dict"), ("']' expected", "expected separator in list"),
      ("duplicate object key", "duplicate key"),
      ("invalid escape", "invalid escape sequence in string"),
      ("invalid Unicode", "invalid escape sequence in string"),
      ("unable to decode byte", "invalid UTF-8 sequence in string"),
    ]
    return known.first { reason.hasPrefix($0.0) }?.1 ?? reason
  }
}
