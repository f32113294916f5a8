/// A regular expression, taken apart.
indirect enum PatternTree {
  case empty
  case bytes(ByteClass)
  case assertion(Pattern.Assertion)
  case sequence([PatternTree])
  case choice([PatternTree])
  /// `most` nil: without end.
  case repetition(PatternTree, least: Int, most: Int?)

  var mayBeEmpty: Bool {
    switch self {
    case .empty, .assertion: true
    case .bytes: false
    case .sequence(let parts): parts.allSatisfy(\.mayBeEmpty)
    case .choice(let parts): parts.contains(where: \.mayBeEmpty)
    case .repetition(let part, let least, _): least == 0 || part.mayBeEmpty
    }
  }
}

struct PatternParser {
  private let characters: [Character]
  private let ignoresCase: Bool
  private var at = 0
  private var depth = 0
  private static let deepest = 50
  private static let mostRepetitions = 1000

  init(_ source: String, ignoresCase: Bool) {
    characters = Array(source)
    self.ignoresCase = ignoresCase
  }

  mutating func parse() throws(PatternError) -> PatternTree {
    let tree = try choice()
    if at < characters.count { throw error(at, "')' without '('") }
    return tree
  }

  private func error(_ place: Int, _ sentence: String) -> PatternError {
    PatternError(offset: place, sentence)
  }

  private var peek: Character? { at < characters.count ? characters[at] : nil }

  private mutating func choice() throws(PatternError) -> PatternTree {
    var parts = [try sequence()]
    while peek == "|" {
      at += 1
      parts.append(try sequence())
    }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(PatternError) -> PatternTree {
    var parts: [PatternTree] = []
    while let character = peek, character != "|", character != ")" { parts.append(try repeated()) }
    return parts.isEmpty ? .empty : .sequence(parts)
  }

  private mutating func repeated() throws(PatternError) -> PatternTree {
    let start = at
    var tree = try atom()
    var hasOne = false
    while let character = peek {
      let bounds: (Int, Int?)
      switch character {
      case "*": bounds = (0, nil)
      case "+": bounds = (1, nil)
      case "?": bounds = (0, 1)
      case "{": bounds = try self.bounds()
      default: return tree
      }
      if character != "{" { at += 1 }
      if hasOne { throw error(at - 1, "a repetition of a repetition: use brackets") }
      if case .assertion = tree { throw error(start, "this cannot be repeated") }
      hasOne = true
      tree = .repetition(tree, least: bounds.0, most: bounds.1)
    }
    return tree
  }

  /// `{3}`, `{3,}`, `{3,5}`.
  private mutating func bounds() throws(PatternError) -> (Int, Int?) {
    let start = at
    guard at + 1 < characters.count, characters[at + 1].isASCII, characters[at + 1].isNumber else {
      throw error(start, "'{' counts repetitions, as in {2,5}; for the brace itself write \\{")
    }
    at += 1
    let least = try count()
    var most: Int? = least
    if peek == "," {
      at += 1
      most = peek == "}" ? nil : try count()
    }
    guard peek == "}" else { throw error(start, "'{' has no '}'") }
    at += 1
    if let most, most < least { throw error(start, "the second number is smaller than the first") }
    return (least, most)
  }

  private mutating func count() throws(PatternError) -> Int {
    let start = at
    var value = 0
    while let character = peek, character.isASCII, let digit = character.wholeNumberValue {
      value = value * 10 + digit
      guard value <= Self.mostRepetitions else {
        throw error(start, "at most \(Self.mostRepetitions) repetitions")
      }
      at += 1
    }
    guard at > start else { throw error(start, "a number is expected") }
    return value
  }

  private mutating func atom() throws(PatternError) -> PatternTree {
    let start = at
    let character = characters[at]
    at += 1
    switch character {
    case "(":
      depth += 1
      guard depth <= Self.deepest else { throw error(start, "brackets are nested too deep") }
      if peek == "?", at + 1 < characters.count, characters[at + 1] == ":" { at += 2 }
      let tree = try choice()
      guard peek == ")" else { throw error(start, "'(' has no ')'") }
      at += 1
      depth -= 1
      return tree
    case "[": return .bytes(try byteClass(start))
    case ".": return .bytes(.anyButNewline)
    case "^": return .assertion(.lineStart)
    case "$": return .assertion(.lineEnd)
    case "*", "+", "?": throw error(start, "'\(character)' has nothing to repeat")
    case "{": throw error(start, "'{' has nothing to repeat; for the brace itself write \\{")
    case "\\": return try escape(start)
    default: return literal(character)
    }
  }

  /// A character, which may be several bytes.
  private func literal(_ character: Character) -> PatternTree {
    let bytes = Array(String(character).utf8)
    if bytes.count == 1 { return .bytes(cased(ByteClass(bytes))) }
    return .sequence(bytes.map { .bytes(ByteClass([$0])) })
  }

  private func cased(_ set: ByteClass) -> ByteClass {
    guard ignoresCase else { return set }
    var set = set
    for letter in UInt8(ascii: "a")...UInt8(ascii: "z") {
      if set.contains(letter) {
        set.insert(letter - 32)
      } else if set.contains(letter - 32) {
        set.insert(letter)
      }
    }
    return set
  }

  private mutating func escape(_ start: Int) throws(PatternError) -> PatternTree {
    guard let character = peek else { throw error(start, "'\\' has nothing behind it") }
    at += 1
    switch character {
    case "b": return .assertion(.wordBoundary)
    case "B": return .assertion(.noWordBoundary)
    default: return .bytes(try escapedClass(character, start))
    }
  }

  private mutating func escapedClass(_ character: Character, _ start: Int) throws(PatternError) -> ByteClass {
    switch character {
    case "d": return .digits
    case "D": return ByteClass.digits.inverted
    case "w": return .wordCharacters
    case "W": return ByteClass.wordCharacters.inverted
    case "s": return .blanks
    case "S": return ByteClass.blanks.inverted
    case "n": return ByteClass([10])
    case "r": return ByteClass([13])
    case "t": return ByteClass([9])
    case "e": return ByteClass([27])
    case "x":
      guard at + 2 <= characters.count, let code = UInt8(String(characters[at..<at + 2]), radix: 16) else {
        throw error(start, "\\x wants two hexadecimal digits")
      }
      at += 2
      return ByteClass([code])
    default:
      guard character.isASCII, let byte = character.asciiValue, !ByteClass.wordCharacters.contains(byte)
      else {
        throw error(start, "no escape \\\(character)")
      }
      return ByteClass([byte])
    }
  }

  /// Behind the opening bracket.
  private mutating func byteClass(_ start: Int) throws(PatternError) -> ByteClass {
    var set = ByteClass()
    let isInverted = peek == "^"
    if isInverted { at += 1 }
    var isFirst = true
    while let character = peek, character != "]" || isFirst {
      isFirst = false
      let place = at
      at += 1
      let low: ByteClass
      var first: UInt8?
      if character == "\\" {
        guard let escaped = peek else { break }
        at += 1
        low = try escapedClass(escaped, place)
        if escaped.isASCII, let byte = escaped.asciiValue, low == ByteClass([byte]) { first = byte }
      } else {
        guard character.isASCII, let byte = character.asciiValue, String(character).utf8.count == 1 else {
          throw error(place, "only ASCII characters can stand in []")
        }
        low = ByteClass([byte])
        first = byte
      }
      guard peek == "-", at + 1 < characters.count, characters[at + 1] != "]", let first else {
        set.formUnion(low)
        continue
      }
      at += 1
      guard let end = characters[at].asciiValue, characters[at] != "\\", first <= end else {
        throw error(place, "the range in [] has no end, or ends before it begins")
      }
      at += 1
      set.formUnion(ByteClass(first...end))
    }
    guard peek == "]" else { throw error(start, "'[' has no ']'") }
    at += 1
    set = cased(set)
    return isInverted ? set.inverted : set
  }
}

/// Lays a tree out as a program.
struct PatternCompiler {
  var program: [Pattern.Instruction] = []
  var classes: [ByteClass] = []
  private static let largest = 20_000

  mutating func emit(_ tree: PatternTree) throws(PatternError) {
    guard program.count < Self.largest else {
      throw PatternError(offset: 0, "the regular expression is too large: its repetitions multiply")
    }
    switch tree {
    case .empty: break
    case .bytes(let set):
      classes.append(set)
      program.append(.byte(classes.count - 1))
    case .assertion(let assertion): program.append(.assert(assertion))
    case .sequence(let parts): for part in parts { try emit(part) }
    case .choice(let parts):
      var ends: [Int] = []
      for (index, part) in parts.enumerated() {
        guard index < parts.count - 1 else {
          try emit(part)
          break
        }
        let split = program.count
        program.append(.split(split + 1, 0))
        try emit(part)
        ends.append(program.count)
        program.append(.jump(0))
        program[split] = .split(split + 1, program.count)
      }
      for end in ends { program[end] = .jump(program.count) }
    case .repetition(let part, let least, let most):
      for _ in 0..<least { try emit(part) }
      guard let most else { return try emitLoop(part) }
      var splits: [Int] = []
      for _ in least..<max(least, most) {
        splits.append(program.count)
        program.append(.split(program.count + 1, 0))
        try emit(part)
      }
      for split in splits { program[split] = .split(split + 1, program.count) }
    }
  }

  private mutating func emitLoop(_ part: PatternTree) throws(PatternError) {
    let split = program.count
    program.append(.split(split + 1, 0))
    try emit(part)
    program.append(.jump(split))
    program[split] = .split(split + 1, program.count)
  }
}
