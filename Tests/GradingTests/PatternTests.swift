import Foundation
import Grading
import TestSupport
import Testing

struct PatternTests {
  /// Where the pattern has appeared, as the count of bytes that were fed; nil if never.
  private static func end(of pattern: Pattern, in text: String) -> Int? {
    var matcher = PatternMatcher(pattern)
    for (index, byte) in text.utf8.enumerated() {
      switch matcher.feed(byte) {
      case .matched: return index + 1
      case .matchedBefore: return index
      case .notYet: continue
      }
    }
    return matcher.finish() ? text.utf8.count : nil
  }

  @Test(
    "a pattern is found as soon as it has appeared",
    arguments: [
      ("ab", "xxabab", 4), ("a+b", "caaab", 5), ("^b", "ab\nbc", 4), ("a$", "ab a\nx", 4), ("a$", "ba", 2),
      ("x|yz", "ayz", 3), ("[a-c]{2,3}d", "xabcd", 5), (#"\d+ tests"#, "ran 12 tests", 12),
      (#"\bok\b"#, "token ok.", 8), (#"\Bk"#, "k ok", 4), ("(ab)*c", "ababc", 5), ("a.c", "a\nc abc", 7),
      ("[^x]y", "xyzy", 4), (#"a\.b"#, "axb a.b", 7), ("(?:a|b)c", "bc", 2), (#"\x41"#, "xA", 2),
      ("é", "caf\u{e9}", 5), ("[]x]y", "]y", 2), ("a{3}", "aaaa", 3), ("(a?){3}b", "ab", 2),
    ])
  func found(source: String, text: String, end: Int) throws {
    #expect(Self.end(of: try Pattern(regularExpression: source), in: text) == end)
  }

  @Test(
    "what is no regular expression is told with its place",
    arguments: [
      ("a(b", 1, "'(' has no ')'"), ("a)", 1, "')' without '('"), ("[a", 0, "'[' has no ']'"),
      ("*a", 0, "'*' has nothing to repeat"), ("a**", 2, "a repetition of a repetition: use brackets"),
      ("a{2,1}", 1, "the second number is smaller than the first"), ("a{x}", 1, "'{' counts repetitions"),
      ("a{9999}", 2, "at most 1000 repetitions"), (#"\q"#, 0, #"no escape \q"#),
      (#"a\"#, 1, #"'\' has nothing behind it"#), ("[z-a]", 1, "the range in [] has no end"),
      ("a*", 0, "the regular expression also matches nothing at all"),
      ("^$", 0, "the regular expression also"),
      ("((a{100}){100}){100}", 0, "the regular expression is too large"),
      ("^*a", 0, "this cannot be repeated"),
      (String(repeating: "(", count: 60), 50, "brackets are nested too deep"),
    ])
  func refused(source: String, offset: Int, sentence: String) {
    let error = #expect(throws: PatternError.self) { try Pattern(regularExpression: source) }
    #expect(
      error?.offset == offset && error?.sentence.hasPrefix(sentence) == true, "\(String(describing: error))")
  }

  @Test("case may be ignored")
  func ignoredCase() throws {
    let pattern = try Pattern(regularExpression: "pAn[i-k]c", ignoresCase: true)
    #expect(Self.end(of: pattern, in: "Kernel PANIC") == 12)
    #expect(Self.end(of: Pattern(text: "a+\r\nb"), in: "a+\nb") == 4)
  }

  @Test("random expressions appear in random texts where the library's do")
  func random() throws {
    let environment = ProcessInfo.processInfo.environment
    var numbers = SeededNumbers(seed: environment["APUS_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1)
    var compared = 0
    for _ in 0..<(environment["APUS_FUZZ_RUNS"].flatMap { Int($0) } ?? 100) * 20 {
      let source = Self.expression(&numbers, depth: 3)
      guard let pattern = try? Pattern(regularExpression: source) else { continue }
      let oracle = try NSRegularExpression(pattern: source, options: .anchorsMatchLines)
      for _ in 0..<5 {
        let text = String((0..<numbers.below(12)).map { _ in Array("ab c\n")[numbers.below(5)] })
        // The library lets a line end at the very end, and sees none behind the last newline.
        guard !source.contains("^") || !text.hasSuffix("\n") else { continue }
        let range = NSRange(text.startIndex..., in: text)
        let isThere = oracle.firstMatch(in: text, range: range) != nil
        #expect(
          (Self.end(of: pattern, in: text) != nil) == isThere, "/\(source)/ in \(text.debugDescription)")
        compared += 1
      }
    }
    #expect(compared > 1000)
  }

  private static func expression(_ numbers: inout SeededNumbers, depth: Int) -> String {
    let kind = numbers.below(depth > 0 ? 12 : 6)
    switch kind {
    case 0, 1: return "a"
    case 2: return "b"
    case 3: return [".", "[ab]", "[^a]", #"\s"#, #"\w"#][numbers.below(5)]
    case 4: return "c"
    case 5: return [#"\b"#, "^", "$", "a"][numbers.below(4)]
    case 6, 7, 8: return expression(&numbers, depth: depth - 1) + expression(&numbers, depth: depth - 1)
    case 9: return "(\(expression(&numbers, depth: depth - 1))|\(expression(&numbers, depth: depth - 1)))"
    default:
      return "(\(expression(&numbers, depth: depth - 1)))"
        + ["*", "+", "?", "{2}", "{1,3}"][numbers.below(5)]
    }
  }
}
