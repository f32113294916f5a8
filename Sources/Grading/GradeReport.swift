/// What became of a test.
package struct TestResult: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    case passed
    case failed(line: Int, String)
    /// Something before it has failed.
    case notRun(String)
  }

  package var name: String
  package var line: Int
  package var points = 0
  package var possiblePoints: Int
  package var outcome = Outcome.notRun("not run")
  /// Of guest time.
  package var nanoseconds: UInt64 = 0
  package var instructions: UInt64 = 0

  init(_ test: GradingScript.Test) {
    name = test.name
    line = test.line
    possiblePoints = test.possiblePoints
  }
}

/// A graded run.
package struct GradeReport: Sendable {
  package var file: String
  package var title: String
  package var tests: [TestResult]
  /// Given where something failed: the consoles' last lines,
  package var consoles: [(console: String, lines: [String])]
  /// the last traps of each hart, a line each,
  package var traps: [(hart: Int, lines: [String])]
  /// and what is probably wrong.
  package var explanation: String?

  package init(
    file: String, title: String?, tests: [TestResult], consoles: [(console: String, lines: [String])],
    traps: [(hart: Int, lines: [String])], explanation: String? = nil
  ) {
    self.file = file
    self.title = title ?? file
    self.tests = tests
    self.consoles = consoles
    self.traps = traps
    self.explanation = explanation
  }

  package var passed: Bool { tests.allSatisfy { $0.outcome == .passed } }
  package var points: Int { tests.reduce(0) { $0 + $1.points } }
  package var possiblePoints: Int { tests.reduce(0) { $0 + $1.possiblePoints } }

  /// 0 where all tests passed, else 1.
  package var exitCode: Int32 { passed ? 0 : 1 }

  /// With at most three digits behind the point.
  static func seconds(_ nanoseconds: UInt64) -> String {
    let milliseconds = nanoseconds / 1_000_000
    let rest = milliseconds % 1000
    if rest == 0 { return "\(milliseconds / 1000)" }
    var digits = String(String(1000 + rest).dropFirst())
    while digits.last == "0" { digits.removeLast() }
    return "\(milliseconds / 1000).\(digits)"
  }

  // MARK: For people

  /// Lines, each with a newline.
  package var text: String {
    var text = "grade: \(title)\n"
    for test in tests {
      let score = test.possiblePoints > 0 ? " (\(test.points) of \(test.possiblePoints) points)" : ""
      switch test.outcome {
      case .passed:
        text += "grade: PASS  \(test.name)\(score), after \(Self.seconds(test.nanoseconds)) s of guest time\n"
      case .failed(let line, let sentence):
        text += "grade: FAIL  \(test.name)\(score): \(file):\(line): \(sentence)\n"
      case .notRun(let sentence): text += "grade: SKIP  \(test.name)\(score): \(sentence)\n"
      }
    }
    if !passed { text += evidence }
    let count = tests.count { $0.outcome == .passed }
    let score = possiblePoints > 0 ? ", \(points) of \(possiblePoints) points" : ""
    return text + "grade: \(count) of \(tests.count) tests passed\(score)\n"
  }

  private var evidence: String {
    var text = ""
    for (console, lines) in consoles {
      text += "grade: the last lines of \(console):\n"
      text += lines.map { "  | \(Self.printable($0))\n" }.joined()
    }
    for (hart, lines) in traps {
      if lines.isEmpty {
        text += "grade: hart \(hart) took no trap\n"
      } else {
        text += "grade: the last traps of hart \(hart), the latest at the end:\n"
        text += lines.map { "  | \($0)\n" }.joined()
      }
    }
    if let explanation { text += "grade: \(explanation)\n" }
    return text
  }

  /// Control characters, which would move the cursor or worse, become dots.
  private static func printable(_ line: String) -> String {
    String(
      String.UnicodeScalarView(
        line.unicodeScalars.map {
          $0.value < 0x20 && $0 != "\t" || (0x7f..<0xa0).contains($0.value) ? "." : $0
        }))
  }
}
