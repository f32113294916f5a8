/// Reads grading scripts, line by line: docs/grading.md has the language. Every line that is wrong is told.
package struct ScriptReader {
  private var script = GradingScript()
  private var errors: [ScriptError] = []
  private var limit = GradingScript.Limit.time(60_000_000_000)
  private var console: String?
  /// What stands before the first `test`.
  private var preamble: [GradingScript.Step] = []
  private var quitLine: Int?

  /// More complaints than that help nobody.
  private static let mostErrors = 20
  private static let mostPoints = 1_000_000

  package static func read(_ text: String) throws(ScriptErrors) -> GradingScript {
    var reader = ScriptReader()
    // "\r\n" is one character, which is a newline too.
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      do throws(ScriptError) {
        var words = LineScanner(line, number: index + 1)
        try reader.read(&words)
      } catch {
        reader.errors.append(error)
        if reader.errors.count == mostErrors { break }
      }
    }
    reader.finish()
    guard reader.errors.isEmpty else { throw ScriptErrors(errors: reader.errors) }
    return reader.script
  }

  private mutating func finish() {
    if !preamble.isEmpty || script.tests.isEmpty {
      let isAlone = script.tests.isEmpty
      let name = isAlone ? script.title ?? "script" : "start"
      var test = GradingScript.Test(name: name, isRequired: true, line: preamble.first?.line ?? 1)
      test.steps = preamble
      script.tests.insert(test, at: 0)
    }
    let expects = script.tests.flatMap(\.steps).contains { step in
      switch step.action {
      case .expect, .expectExit: true
      default: false
      }
    }
    if errors.isEmpty, !expects {
      errors.append(ScriptError(line: 1, column: 1, "the script expects nothing, so that nothing could fail"))
    }
  }

  // MARK: Statements

  private static let statements = [
    "title", "console", "within", "expect", "forbid", "type", "wait", "test", "quit",
  ]

  private mutating func read(_ words: inout LineScanner) throws(ScriptError) {
    let place = words.place
    guard let word = try words.word() else { return }
    if let quitLine { throw words.error(place, "nothing may follow the 'quit' of line \(quitLine)") }
    switch word {
    case "title":
      guard script.title == nil else { throw words.error(place, "the script has a title already") }
      script.title = try words.needText("the title")
    case "console": console = try words.needName()
    case "within": limit = try words.needLimit()
    case "expect": try expect(&words)
    case "forbid":
      let pattern = try words.needPattern()
      var forbidden = GradingScript.Forbidden(line: words.number, pattern: pattern)
      if try words.accept("on") { forbidden.console = try words.needName() }
      script.forbidden.append(forbidden)
    case "type":
      let bytes = try words.needText("the text to type")
      add(.type(Array(bytes.utf8), console: try on(&words)), &words)
    case "wait": add(.wait(try words.needTime()), &words)
    case "test": try test(&words)
    case "quit": quitLine = words.number
    default:
      let hint = Self.statements.contains(word.lowercased()) ? ": '\(word.lowercased())' is meant?" : ""
      throw words.error(
        place,
        "no statement '\(word)'\(hint.isEmpty ? "; there are \(Self.statements.joined(separator: ", "))" : hint)"
      )
    }
    try words.needEnd()
  }

  private mutating func add(_ action: GradingScript.Action, _ words: inout LineScanner) {
    let step = GradingScript.Step(line: words.number, action: action)
    if script.tests.isEmpty {
      preamble.append(step)
    } else {
      script.tests[script.tests.count - 1].steps.append(step)
    }
  }

  private func on(_ words: inout LineScanner) throws(ScriptError) -> String? {
    try words.accept("on") ? try words.needName() : console
  }

  private mutating func expect(_ words: inout LineScanner) throws(ScriptError) {
    if try words.accept("exit") {
      let code = try words.number(upTo: 255) ?? 0
      add(.expectExit(code: Int32(code), limit), &words)
      return
    }
    let pattern = try words.needPattern()
    let console = try on(&words)
    var points = 0
    if try words.accept("points") { points = try words.needNumber("how many points", upTo: Self.mostPoints) }
    add(.expect(pattern, console: console, limit, points: points), &words)
  }

  private mutating func test(_ words: inout LineScanner) throws(ScriptError) {
    let place = words.place
    let name = try words.needText("the test's name")
    guard !name.isEmpty else { throw words.error(place, "a test needs a name") }
    guard !script.tests.contains(where: { $0.name == name }) else {
      throw words.error(place, "there is a test \"\(name)\" already")
    }
    var test = GradingScript.Test(name: name, line: words.number)
    while true {
      if try words.accept("points") {
        test.points = try words.needNumber("how many points", upTo: Self.mostPoints)
      } else if try words.accept("required") {
        test.isRequired = true
      } else {
        break
      }
    }
    script.tests.append(test)
  }
}

/// Takes a line apart.
private struct LineScanner {
  let number: Int
  private let characters: [Character]
  private var at = 0

  init(_ line: Substring, number: Int) {
    self.number = number
    characters = Array(line)
  }

  var place: Int {
    var place = at
    while place < characters.count, characters[place].isWhitespace { place += 1 }
    return place
  }

  func error(_ place: Int, _ sentence: String) -> ScriptError {
    ScriptError(line: number, column: place + 1, sentence)
  }

  /// The next character behind blanks, nil at the line's end or a comment.
  private mutating func peek() -> Character? {
    at = place
    guard at < characters.count, characters[at] != "#" else { return nil }
    return characters[at]
  }

  mutating func needEnd() throws(ScriptError) {
    if peek() != nil { throw error(at, "unexpected '\(String(characters[at...]))'") }
  }

  /// Letters and digits and what stands between them in names; nil at the end.
  mutating func word() throws(ScriptError) -> String? {
    guard let first = peek() else { return nil }
    guard first.isLetter else { throw error(at, "a word is expected, not '\(first)'") }
    var word = ""
    while at < characters.count,
      characters[at].isLetter || characters[at].isNumber || "_-.".contains(characters[at])
    {
      word.append(characters[at])
      at += 1
    }
    return word
  }

  /// Takes the word `word` if it is next.
  mutating func accept(_ word: String) throws(ScriptError) -> Bool {
    guard let first = peek(), first.isLetter else { return false }
    let start = at
    if try self.word() == word { return true }
    at = start
    return false
  }

  mutating func needName() throws(ScriptError) -> String {
    guard let name = try word() else { throw error(place, "a console's name is expected, such as serial0") }
    return name
  }

  // MARK: Numbers

  mutating func number(upTo limit: Int) throws(ScriptError) -> Int? {
    guard let first = peek(), first.isNumber else { return nil }
    let start = at
    var value = 0
    while at < characters.count, let digit = characters[at].wholeNumberValue, characters[at].isASCII {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      guard !overflow, product <= Int.max - digit else { throw error(start, "the number is too large") }
      value = product + digit
      at += 1
    }
    guard at > start else { throw error(start, "a decimal number is expected") }
    guard value <= limit else { throw error(start, "the number is too large: at most \(limit)") }
    return value
  }

  mutating func needNumber(_ what: String, upTo limit: Int) throws(ScriptError) -> Int {
    let place = place
    guard let number = try number(upTo: limit) else { throw error(place, "a number is expected: \(what)") }
    return number
  }

  private static let times: [(name: String, nanoseconds: Int)] = [
    ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("seconds", 1_000_000_000),
    ("second", 1_000_000_000), ("min", 60_000_000_000), ("minutes", 60_000_000_000),
  ]
  private static let counts: [(name: String, factor: Int)] = [
    ("k", 1000), ("K", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000),
  ]

  /// `30 s`, `500 ms`, `2 min`.
  mutating func needTime() throws(ScriptError) -> UInt64 {
    let place = place
    let amount = try needNumber("a time, such as 30 s", upTo: 1_000_000_000)
    guard let unit = try word(), let row = Self.times.first(where: { $0.name == unit }) else {
      throw error(place, "the unit of time is missing: s, ms, us, ns or min")
    }
    return try time(amount, row.nanoseconds, place)
  }

  private func time(_ amount: Int, _ unit: Int, _ place: Int) throws(ScriptError) -> UInt64 {
    // A century is enough, and far from overflow.
    let (time, overflow) = amount.multipliedReportingOverflow(by: unit)
    guard !overflow, time <= 3_000_000_000_000_000_000 else { throw error(place, "the time is too long") }
    return UInt64(time)
  }

  /// A time with or without `of guest time`, or `2 G instructions`.
  mutating func needLimit() throws(ScriptError) -> GradingScript.Limit {
    let place = place
    let amount = try needNumber("a limit, such as 30 s or 2 G instructions", upTo: 1_000_000_000_000_000)
    guard let unit = try word() else {
      throw error(place, "the unit is missing: s, ms or min, or instructions")
    }
    if let row = Self.times.first(where: { $0.name == unit }) {
      let limit = GradingScript.Limit.time(try time(amount, row.nanoseconds, place))
      if try accept("of") {
        guard try accept("guest"), try accept("time") else {
          throw error(self.place, "'of guest time' is expected")
        }
      }
      return limit
    }
    let factor = Self.counts.first { $0.name == unit }?.factor
    guard unit == "instructions" || factor != nil else {
      throw error(
        place, "no unit '\(unit)'; there are s, ms, min and instructions, also k, M or G instructions")
    }
    if factor != nil, !(try accept("instructions")) { throw error(self.place, "'instructions' is expected") }
    let (count, overflow) = amount.multipliedReportingOverflow(by: factor ?? 1)
    guard !overflow, count <= 1_000_000_000_000_000_000 else {
      throw error(place, "so many instructions are out of reach")
    }
    return .instructions(UInt64(count))
  }

  // MARK: Texts and patterns

  mutating func needText(_ what: String) throws(ScriptError) -> String {
    guard peek() == "\"" else { throw error(at, "\(what) is expected, in double quotes") }
    return try text()
  }

  mutating func needPattern() throws(ScriptError) -> Pattern {
    let place = place
    switch peek() {
    case "\"":
      let text = try text()
      guard !text.isEmpty else { throw error(place, "an empty text is always there") }
      return Pattern(text: text)
    case "/": return try regularExpression()
    default: throw error(at, "a \"text\" or a /regular expression/ is expected")
    }
  }

  private mutating func text() throws(ScriptError) -> String {
    let start = at
    at += 1
    var text = ""
    while at < characters.count {
      let character = characters[at]
      at += 1
      switch character {
      case "\"": return text
      case "\\": text.append(try escaped())
      default: text.append(character)
      }
    }
    throw error(start, "the text has no closing quote")
  }

  private mutating func escaped() throws(ScriptError) -> Character {
    let start = at - 1
    guard at < characters.count else { throw error(start, "the text has no closing quote") }
    let character = characters[at]
    at += 1
    switch character {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "e": return "\u{1b}"
    case "0": return "\0"
    case "\\", "\"": return character
    case "x":
      guard at + 2 <= characters.count, let code = UInt8(String(characters[at..<at + 2]), radix: 16),
        code < 0x80
      else { throw error(start, "\\x wants two hexadecimal digits, at most 7f") }
      at += 2
      return Character(UnicodeScalar(code))
    default:
      throw error(start, "no escape \\\(character); there are \\n \\r \\t \\e \\0 \\xHH \\\\ \\\"")
    }
  }

  private mutating func regularExpression() throws(ScriptError) -> Pattern {
    let start = at
    at += 1
    var source = ""
    while at < characters.count, characters[at] != "/" {
      if characters[at] == "\\", at + 1 < characters.count {
        if characters[at + 1] != "/" { source.append("\\") }
        at += 1
      }
      source.append(characters[at])
      at += 1
    }
    guard at < characters.count else { throw error(start, "the regular expression has no closing '/'") }
    at += 1
    var ignoresCase = false
    if at < characters.count, characters[at] == "i" {
      ignoresCase = true
      at += 1
    }
    do throws(PatternError) {
      return try Pattern(regularExpression: source, ignoresCase: ignoresCase)
    } catch {
      throw self.error(start + 1 + error.offset, error.sentence)
    }
  }
}
