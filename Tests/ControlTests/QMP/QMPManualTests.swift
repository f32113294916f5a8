import Control
import Foundation
import TestSupport
import Testing

/// docs/qmp.md lists what the tables of commands and events say.
@Suite struct QMPManualTests {
  private static let mark = "<!-- Written by APUS_UPDATE=1 Scripts/test --filter QMPManualTests -->\n"

  private static func rows(_ members: [QAPIMember]) -> String {
    members.map { member in
      let optional = member.isOptional ? ", may be left out" : ""
      let help = member.help.isEmpty ? "" : ": \(member.help)"
      return "- `\(member.name)` (\(member.type.words)\(optional))\(help)\n"
    }.joined()
  }

  private static func listing() -> String {
    var text = ""
    for command in QMPCommand.all {
      let result = command.result.map { " Gives `\($0.name)`." } ?? ""
      text += "\n`\(command.name)`: \(command.help).\(result)\n"
      if !command.arguments.isEmpty { text += "\n" + rows(command.arguments) }
    }
    text += "\n### Events\n"
    for event in QMPEvent.declarations {
      text += "\n`\(event.name)`: \(event.help).\n"
      if !event.data.isEmpty { text += "\n" + rows(event.data) }
    }
    let absent = QMPCommand.absent.sorted().map { "`\($0)`" }.joined(separator: ", ")
    return text + "\n### QEMU also has, and Apus has not yet\n\n" + wrapped(absent) + "\n"
  }

  private static func wrapped(_ text: String) -> String {
    var (lines, line) = ([String](), "")
    for word in text.split(separator: " ") {
      if line.count + word.count > 100 {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (lines + [line]).joined(separator: "\n")
  }

  @Test("the listing in docs/qmp.md is the tables'")
  func listingIsCurrent() throws {
    let document = try GeneratedDocument("qmp.md", after: Self.mark, Self.listing())
    #expect(
      document.text == document.wanted, "APUS_UPDATE=1 Scripts/test --filter QMPManualTests writes it anew")
  }
}
