/// The monitor's arithmetic on 64-bit numbers, wrapping.
///
/// `+ -` bind loosest, then `& | ^`, then `* / %`, as QEMU's monitor has it; `~ -` and parentheses;
/// numbers in decimal, 0x, 0; `'c'`; `$name` for registers of the current hart; names of symbols.
struct Expression {
  /// What names stand for.
  struct Names {
    /// `$name`: a register of the current hart.
    var register: (String) -> UInt64?
    /// `name`: a symbol of the guest's.
    var symbol: (String) -> UInt64?
    var nearestSymbol: (String) -> String?
    var hasSymbols: () -> Bool
  }

  private var rest: Substring
  private let names: Names

  /// Reads one expression from the front of `text` and leaves what follows.
  static func read(_ text: inout Substring, names: Names) throws(MonitorError) -> UInt64 {
    var expression = Expression(rest: text, names: names)
    let value = try expression.sum(depth: 0)
    text = expression.rest
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
      guard let value = names.register(name) else {
        throw MonitorError("unknown register", suggestsHelp: true)
      }
      return value
    }
    return try number()
  }

  /// A symbol: QEMU has none, whose sentence comes first.
  private mutating func symbol() throws(MonitorError) -> UInt64 {
    let name = String(rest.prefix { $0.isLetter || $0.isNumber || "_.$".contains($0) })
    if let value = names.symbol(name) {
      rest.removeFirst(name.count)
      return value
    }
    var sentence = "invalid char '\(name.prefix(1))' in expression"
    if names.hasSymbols() {
      sentence += ": the guest has no symbol '\(name)'"
      if names.register(name) != nil {
        sentence += "; the register is $\(name)"
      } else if let nearest = names.nearestSymbol(name) {
        sentence += "; did you mean '\(nearest)'?"
      }
    } else if names.register(name) != nil {
      sentence += "; the register is $\(name)"
    }
    throw MonitorError(sentence, suggestsHelp: true)
  }

  private mutating func number() throws(MonitorError) -> UInt64 {
    guard let first = peek() else { throw MonitorError("unexpected end of expression", suggestsHelp: true) }
    if first.isASCII, first.isLetter || first == "_" || first == "." { return try symbol() }
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
