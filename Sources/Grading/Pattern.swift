/// What is looked for on a console: a text, or a regular expression over bytes.
///
/// It is a program for a machine that is in many states at once (Thompson 1968), so that the time per byte is
/// bounded by the pattern's length whatever the guest prints. The library's own regular expressions match whole
/// strings by backtracking; a console is a stream that must be followed byte by byte.
package struct Pattern: Sendable, Equatable, CustomStringConvertible {
  enum Instruction: Sendable, Equatable {
    /// Takes a byte of the class with this number.
    case byte(Int)
    /// Goes on at both.
    case split(Int, Int)
    case jump(Int)
    case assert(Assertion)
    case match
  }

  enum Assertion: Sendable, Equatable { case lineStart, lineEnd, wordBoundary, noWordBoundary }

  /// As written, for messages.
  package let description: String
  let program: [Instruction]
  let classes: [ByteClass]

  /// `text` itself. Carriage returns count nothing on consoles, so they do not here.
  package init(text: String) {
    description = "\"\(Self.shown(text))\""
    let bytes = text.utf8.filter { $0 != UInt8(ascii: "\r") }
    classes = bytes.map { ByteClass([$0]) }
    program = bytes.indices.map { .byte($0) } + [.match]
  }

  /// Extended regular expressions as in egrep, with \d \w \s \b and their opposites; `^` and `$` are a line's ends.
  package init(regularExpression source: String, ignoresCase: Bool = false) throws(PatternError) {
    description = "/\(source)/\(ignoresCase ? "i" : "")"
    var parser = PatternParser(source, ignoresCase: ignoresCase)
    let tree = try parser.parse()
    guard !tree.mayBeEmpty else {
      throw PatternError(
        offset: 0, "the regular expression also matches nothing at all, which is always there")
    }
    var compiler = PatternCompiler()
    try compiler.emit(tree)
    program = compiler.program + [.match]
    classes = compiler.classes
  }

  private static func shown(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { shown, scalar in
      switch scalar {
      case "\n": shown += "\\n"
      case "\r": shown += "\\r"
      case "\t": shown += "\\t"
      case "\"", "\\": shown += "\\\(scalar)"
      case _ where scalar.value < 0x20: shown += "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
      default: shown.unicodeScalars.append(scalar)
      }
    }
  }
}

package struct PatternError: Error, Sendable, Equatable {
  /// In characters of the source.
  package var offset: Int
  package var sentence: String

  init(offset: Int, _ sentence: String) {
    self.offset = offset
    self.sentence = sentence
  }
}

/// A set of bytes.
struct ByteClass: Sendable, Equatable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  init() {}
  init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

  static func == (a: ByteClass, b: ByteClass) -> Bool { a.words == b.words }

  func contains(_ byte: UInt8) -> Bool {
    let word =
      switch byte >> 6 {
      case 0: words.0
      case 1: words.1
      case 2: words.2
      default: words.3
      }
    return word >> UInt64(byte & 63) & 1 != 0
  }

  mutating func insert(_ byte: UInt8) {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: words.0 |= bit
    case 1: words.1 |= bit
    case 2: words.2 |= bit
    default: words.3 |= bit
    }
  }

  mutating func formUnion(_ other: ByteClass) {
    words.0 |= other.words.0
    words.1 |= other.words.1
    words.2 |= other.words.2
    words.3 |= other.words.3
  }

  var inverted: ByteClass {
    var inverse = self
    inverse.words = (~words.0, ~words.1, ~words.2, ~words.3)
    return inverse
  }

  static let digits = ByteClass(UInt8(ascii: "0")...UInt8(ascii: "9"))
  static let blanks = ByteClass([9, 10, 11, 12, 13, 32])
  static let wordCharacters: ByteClass = {
    var set = digits
    set.formUnion(ByteClass(UInt8(ascii: "a")...UInt8(ascii: "z")))
    set.formUnion(ByteClass(UInt8(ascii: "A")...UInt8(ascii: "Z")))
    set.insert(UInt8(ascii: "_"))
    return set
  }()
  static let anyButNewline = ByteClass([10]).inverted
}

/// Follows a console's bytes until a pattern has appeared.
package struct PatternMatcher: Sendable {
  package enum Answer: Sendable, Equatable {
    case notYet
    /// The pattern ends with the byte,
    case matched
    /// or before it, which it does not take.
    case matchedBefore
  }

  private let pattern: Pattern
  private var states: [Int] = []
  private var next: [Int] = []
  /// By state: the step in which it was entered last.
  private var marks: [Int]
  private var step = 0
  private var previous: UInt8?

  /// `previous` is the byte before the first, nil at the beginning of all.
  package init(_ pattern: Pattern, after previous: UInt8? = nil) {
    self.pattern = pattern
    self.previous = previous
    marks = [Int](repeating: -1, count: pattern.program.count)
    _ = enter(0, following: nil)
    swap(&states, &next)
  }

  package mutating func feed(_ byte: UInt8) -> Answer {
    // What waits to see the next byte: a line's end, a word's.
    step += 1
    next.removeAll(keepingCapacity: true)
    for state in states where enter(state, following: byte) { return .matchedBefore }
    swap(&states, &next)
    step += 1
    next.removeAll(keepingCapacity: true)
    previous = byte
    for state in states {
      guard case .byte(let index) = pattern.program[state], pattern.classes[index].contains(byte) else {
        continue
      }
      if enter(state + 1, following: nil) { return .matched }
    }
    // It may also begin here.
    _ = enter(0, following: nil)
    swap(&states, &next)
    return .notYet
  }

  /// Nothing more is to come, which ends a line.
  package mutating func finish() -> Bool { feed(10) == .matchedBefore }

  /// Adds the state and all that it leads to without taking a byte; true where that is the end. Assertions about
  /// the byte that follows wait where it is not known.
  private mutating func enter(_ start: Int, following: UInt8?) -> Bool {
    var stack = [start]
    while let state = stack.popLast() {
      if marks[state] == step { continue }
      marks[state] = step
      switch pattern.program[state] {
      case .byte: next.append(state)
      case .jump(let target): stack.append(target)
      case .split(let first, let second):
        stack.append(second)
        stack.append(first)
      case .match: return true
      case .assert(.lineStart): if previous == nil || previous == 10 { stack.append(state + 1) }
      case .assert(let assertion):
        guard let following else {
          next.append(state)
          continue
        }
        if holds(assertion, following) { stack.append(state + 1) }
      }
    }
    return false
  }

  private func holds(_ assertion: Pattern.Assertion, _ following: UInt8) -> Bool {
    let wasWord = previous.map(ByteClass.wordCharacters.contains) ?? false
    let isBoundary = wasWord != ByteClass.wordCharacters.contains(following)
    switch assertion {
    case .lineStart: return previous == nil || previous == 10
    case .lineEnd: return following == 10
    case .wordBoundary: return isBoundary
    case .noWordBoundary: return !isBoundary
    }
  }
}
