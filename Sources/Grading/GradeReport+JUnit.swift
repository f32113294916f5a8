/// As the XML that JUnit's runners write and continuous integration reads: a suite with a case for each test.
extension GradeReport {
  package var junit: String {
    let failures = tests.count { if case .failed = $0.outcome { true } else { false } }
    let skipped = tests.count { if case .notRun = $0.outcome { true } else { false } }
    let time = tests.reduce(0) { $0 &+ $1.nanoseconds }
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text +=
      "<testsuite name=\"\(Self.escaped(title))\" tests=\"\(tests.count)\" failures=\"\(failures)\" "
      + "errors=\"0\" skipped=\"\(skipped)\" time=\"\(Self.seconds(time))\">\n"
    text += "  <properties>\n"
    text += "    <property name=\"points\" value=\"\(points)\"/>\n"
    text += "    <property name=\"possiblePoints\" value=\"\(possiblePoints)\"/>\n"
    text += "  </properties>\n"
    for test in tests { text += element(test) }
    if !passed {
      for (console, lines) in consoles {
        let output = "\(console):\n" + lines.joined(separator: "\n")
        text += "  <system-out>\(Self.escaped(output))</system-out>\n"
      }
      let trapLines = traps.flatMap { hart, lines in lines.map { "hart \(hart): \($0)" } }
      let errors = (trapLines + (explanation.map { [$0] } ?? [])).joined(separator: "\n")
      if !errors.isEmpty { text += "  <system-err>\(Self.escaped(errors))</system-err>\n" }
    }
    return text + "</testsuite>\n"
  }

  private func element(_ test: TestResult) -> String {
    let head =
      "  <testcase name=\"\(Self.escaped(test.name))\" classname=\"\(Self.escaped(title))\" "
      + "file=\"\(Self.escaped(file))\" line=\"\(test.line)\" time=\"\(Self.seconds(test.nanoseconds))\""
    switch test.outcome {
    case .passed: return head + "/>\n"
    case .failed(let line, let sentence):
      let message = Self.escaped(sentence)
      return head
        + ">\n    <failure message=\"\(message)\">\(Self.escaped(file)):\(line): \(message)</failure>\n"
        + "  </testcase>\n"
    case .notRun(let sentence):
      return head + ">\n    <skipped message=\"\(Self.escaped(sentence))\"/>\n  </testcase>\n"
    }
  }

  /// For text and attributes. Characters that XML 1.0 cannot hold at all (§2.2) become a replacement character.
  static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\t", "\n": escaped.unicodeScalars.append(scalar)
      default:
        let isAllowed = scalar.value >= 0x20 && scalar.value != 0xfffe && scalar.value != 0xffff
        escaped.unicodeScalars.append(isAllowed ? scalar : "\u{fffd}")
      }
    }
  }
}
