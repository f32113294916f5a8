import Foundation
import Grading
import TestSupport
import Testing

struct ScriptReaderTests {
  static let example = #"""
    # a comment
    title "a kernel"   # another
    forbid /panic/i
    forbid "Oops" on serial0

    test "boots" points 5 required
      within 2 min
      expect "init: \"starting\" sh\n"
      within 20 M instructions
      expect /^\d+\/\d+$/ on console1 points 3
      console console1
      type "ls\n\x03\e\t\\"
    test "ends"
      wait 500 ms
      within 30 s of guest time
      expect exit 3
    quit
    """#

  @Test("a script is read as it stands")
  func example() throws {
    let script = try ScriptReader.read(Self.example)
    #expect(script.title == "a kernel")
    #expect(script.forbidden.map(\.line) == [3, 4])
    #expect(script.forbidden.map(\.console) == [nil, "serial0"])
    #expect(script.tests.map(\.name) == ["boots", "ends"])
    #expect(script.tests.map(\.possiblePoints) == [8, 0])
    #expect(script.tests.map(\.isRequired) == [true, false])
    #expect(script.consoles.map(\.name) == ["serial0", "console1"])
    #expect(
      script.tests[0].steps == [
        .init(
          line: 8,
          action: .expect(
            Pattern(text: "init: \"starting\" sh\n"), console: nil, .time(120_000_000_000), points: 0)),
        .init(
          line: 10,
          action: .expect(
            try Pattern(regularExpression: #"^\d+/\d+$"#), console: "console1", .instructions(20_000_000),
            points: 3)),
        .init(line: 12, action: .type(Array("ls\n\u{3}\u{1b}\t\\".utf8), console: "console1")),
      ])
    #expect(
      script.tests[1].steps == [
        .init(line: 14, action: .wait(500_000_000)),
        .init(line: 16, action: .expectExit(code: 3, .time(30_000_000_000))),
      ])
  }

  @Test("steps before the first test are one of their own, which is required")
  func preamble() throws {
    let alone = try ScriptReader.read("title \"x\"\nexpect \"a\"")
    #expect(alone.tests.map(\.name) == ["x"])
    let both = try ScriptReader.read("expect \"a\"\ntest \"b\"\nexpect \"c\"")
    #expect(both.tests.map(\.name) == ["start", "b"] && both.tests[0].isRequired)
  }

  @Test(
    "each mistake has its place and a sentence",
    arguments: [
      ("expct \"x\"", "1:1: no statement 'expct'; there are title, console"),
      ("Expect \"x\"", "1:1: no statement 'Expect': 'expect' is meant?"),
      ("  expect x", "1:10: a \"text\" or a /regular expression/ is expected"),
      ("expect \"x", "1:8: the text has no closing quote"),
      ("expect \"\"", "1:8: an empty text is always there"),
      (#"expect "a\q""#, #"1:10: no escape \q; there are"#),
      (#"type "\x9f""#, #"1:7: \x wants two hexadecimal digits, at most 7f"#),
      ("expect /a", "1:8: the regular expression has no closing '/'"),
      ("expect /a(b/", "1:10: '(' has no ')'"),
      ("expect \"x\" now", "1:12: unexpected 'now'"),
      ("expect \"x\" points", "1:18: a number is expected: how many points"),
      ("expect \"x\" points 9999999", "1:19: the number is too large: at most 1000000"),
      ("expect \"x\" on", "1:14: a console's name is expected"),
      ("expect exit 256", "1:13: the number is too large: at most 255"),
      ("within 3", "1:8: the unit is missing"), ("within 3 apples", "1:8: no unit 'apples'"),
      ("within 3 G", "1:11: 'instructions' is expected"),
      ("within 3 s of time", "1:15: 'of guest time' is expected"),
      ("within fast", "1:8: a number is expected: a limit"),
      ("within 99999999999999999999 s", "1:8: the number is too large"),
      ("within 1000000000000000 T instructions", "1:8: so many instructions are out of reach"),
      ("wait 3", "1:6: the unit of time is missing"),
      ("wait 1000000000 min", "1:6: the time is too long"),
      ("test \"\"", "1:6: a test needs a name"),
      ("test \"a\"\ntest \"a\"", "2:6: there is a test \"a\" already"),
      ("title \"a\"\ntitle \"b\"", "2:1: the script has a title already"),
      ("quit\nexpect \"x\"", "2:1: nothing may follow the 'quit' of line 1"),
      ("", "1:1: the script expects nothing, so that nothing could fail"),
      ("type \"x\"", "1:1: the script expects nothing"), ("= 5", "1:1: a word is expected, not '='"),
    ])
  func mistakes(text: String, expected: String) {
    let error = #expect(throws: ScriptErrors.self) { try ScriptReader.read(text) }
    #expect(error?.errors.first?.description.hasPrefix(expected) == true, "\(String(describing: error))")
  }

  @Test("all mistakes are told, up to a number of them")
  func several() {
    let error = #expect(throws: ScriptErrors.self) { try ScriptReader.read("a\nb\nexpect \"x\"\nc") }
    #expect(error?.errors.map(\.line) == [1, 2, 4])
    let many = #expect(throws: ScriptErrors.self) {
      try ScriptReader.read(String(repeating: "a\n", count: 1000))
    }
    #expect(many?.errors.count == 20)
  }

  @Test("whatever stands in a script, reading it ends, with a script or with sentences")
  func fuzz() {
    let environment = ProcessInfo.processInfo.environment
    var numbers = SeededNumbers(seed: environment["APUS_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1)
    let words = [
      "title", "console", "within", "expect", "forbid", "type", "wait", "test", "quit", "exit", "on",
      "points",
      "required", "of", "guest", "time", "instructions", "30", "s", "G", "\"text\"", "/a+b/", "/(/", "\"",
      "/",
      "\\", "#", "\n", "\r\n", " ", "99999999999999999999", "\u{0}", "é", "\u{301}", "{", "}", "[", "]", "(",
      ")",
      "*", "serial0", "\t", "\u{2028}", "-1", "0x10", "٣",
    ]
    for _ in 0..<(environment["APUS_FUZZ_RUNS"].flatMap { Int($0) } ?? 100) * 20 {
      var text = ""
      switch numbers.below(3) {
      case 0:
        for _ in 0..<numbers.below(60) {
          text += words[numbers.below(words.count)] + (numbers.below(3) == 0 ? "" : " ")
        }
      case 1:
        var bytes = Array(Self.example.utf8)
        for _ in 0...numbers.below(8) {
          bytes[numbers.below(bytes.count)] = UInt8(truncatingIfNeeded: numbers.next())
        }
        text = String(decoding: bytes, as: UTF8.self)
      default:
        text = String(
          decoding: (0..<numbers.below(200)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) },
          as: UTF8.self)
      }
      do throws(ScriptErrors) {
        let script = try ScriptReader.read(text)
        #expect(!script.tests.isEmpty)
      } catch {
        #expect(!error.errors.isEmpty && error.errors.allSatisfy { $0.line > 0 && $0.column > 0 })
      }
    }
  }
}
