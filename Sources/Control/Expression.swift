/// The monitor's arithmetic on 64-bit numbers, wrapping.
///
/// `+ -` bind loosest, then `& | ^`, then `* / %`, as QEMU's monitor has it; `~ -` and parentheses;
/// numbers in decimal, 0x, 0; `'c'`; `$name` for registers of the current hart.
struct Expression {
  private var rest: Substring
  private let register: (String) -> UInt64?

  /// Reads one expression from the front of `text` and leaves what follows.
  static func read(_ text: inout Substring, register: (String) -> UInt64?) throws(MonitorError) -> UInt64 {
    try withoutActuallyEscapingTyped(register, &text)
  }

  private static func withoutActuallyEscapingTyped(
    _ register: (String) -> UInt64?, _ text: inout Substring
  ) throws(MonitorError) -> UInt64 {
    let outcome = withoutActuallyEscaping(register) { register -> Result<(UInt64, Substring), MonitorError> in
      var expression = Expression(rest: text, register: register)
      do throws(MonitorError) {
        let value = try expression.sum(depth: 0)
        return .success((value, expression.rest))
      } catch {
        return .failure(error)
      }
    }
    let (value, rest) = try outcome.get()
    text = rest
    return value
  }

  private mutating func peek() -> Character? {
    rest = rest.drop { $0 == " " || $0 == "\t" }
    return rest.first
  }

  private mutating func take(_ choices: String) -> Character? {
    guard let next = peek(), choices.contains(next) else { return nil }
    rest.removeFirst()
    return next
  }

  private mutating func sum(depth: Int) throws(MonitorError) -> UInt64 {
    var value = try logic(depth: depth)
    while let sign = take("+-") {
      let other = try logic(depth: depth)
      value = sign == "+" ? value &+ other : value &- other
    }
    return value
  }

  private mutating func logic(depth: Int) throws(MonitorError) -> UInt64 {
    var value = try product(depth: depth)
    while let sign = take("&|^") {
      let other = try product(depth: depth)
      switch sign {
      case "&": value &= other
      case "|": value |= other
      default: value ^= other
      }
    }
    return value
  }

  private mutating func product(depth: Int) throws(MonitorError) -> UInt64 {
    var value = try unary(depth: depth)
    while let sign = take("*/%") {
      let other = try unary(depth: depth)
      guard sign != "*" else {
        value = value &* other
        continue
      }
      guard other != 0 else { throw MonitorError("division by zero", suggestsHelp: true) }
      value = sign == "/" ? value / other : value % other
    }
    return value
  }

  private mutating func unary(depth: Int) throws(MonitorError) -> UInt64 {
    guard depth < 100 else { throw MonitorError("expression nested too deeply", suggestsHelp: true) }
    if take("+") != nil { return try unary(depth: depth + 1) }
    if take("-") != nil { return 0 &- (try unary(depth: depth + 1)) }
    if take("~") != nil { return ~(try unary(depth: depth + 1)) }
    if take("(") != nil {
      let value = try sum(depth: depth + 1)
      guard take(")") != nil else { throw MonitorError("')' expected", suggestsHelp: true) }
      return value
    }
    if take("'") != nil {
      guard let character = rest.popFirst(), let value = character.asciiValue, take("'") != nil else {
        throw MonitorError("missing terminating ' character", suggestsHelp: true)
      }
      return UInt64(value)
    }
    if take("$") != nil {
      let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
      rest.removeFirst(name.count)
      guard let value = register(name) else { throw MonitorError("unknown register", suggestsHelp: true) }
      return value
    }
    return try number()
  }

  private mutating func number() throws(MonitorError) -> UInt64 {
    guard let first = peek() else { throw MonitorError("unexpected end of expression", suggestsHelp: true) }
    guard first.isASCII, first.isNumber else {
      throw MonitorError("invalid char '\(first)' in expression", suggestsHelp: true)
    }
    var radix = 10
    var digits = rest.prefix { $0.isASCII && $0.isNumber }
    if rest.hasPrefix("0x") || rest.hasPrefix("0X") {
      radix = 16
      digits = rest.dropFirst(2).prefix { $0.isHexDigit && $0.isASCII }
      guard !digits.isEmpty else { throw MonitorError("invalid char 'x' in expression", suggestsHelp: true) }
    } else if first == "0" {
      radix = 8
      digits = rest.prefix { "01234567".contains($0) }
    }
    rest = rest[digits.endIndex...]
    guard let value = UInt64(digits, radix: radix) else {
      throw MonitorError("number too large", suggestsHelp: true)
    }
    return value
  }
}
