import Control
import Foundation
import TestSupport
import Testing

/// docs/monitor.md lists what the tables of commands say.
@Suite struct MonitorManualTests {
  private static let mark = "<!-- Written by APUS_UPDATE=1 Scripts/test --filter MonitorManualTests -->\n"

  /// A chapter per table; QEMU's line, then examples.
  private static func listing() -> String {
    let session = MonitorSession(machine: MockMachine(), version: "")
    func names(_ command: String) -> [String] {
      session.execute(command).split(separator: "\r\n").filter { $0.contains(" -- ") }.map(String.init)
    }
    func rows(_ lines: [String], _ help: (String) -> String) -> String {
      lines.map { line in
        let page = session.execute(help(line)).split(separator: "\r\n").map(String.init)
        let parts = line.split(separator: " -- ", maxSplits: 1).map(String.init)
        let name = parts[0].trimmingCharacters(in: .whitespaces)
        var text = "\n`\(name)`: \(parts[1])\n"
        let examples = page.dropFirst().filter { $0.hasPrefix("    ") }
        if !examples.isEmpty { text += "\n" + examples.joined(separator: "\n") + "\n" }
        return text
      }.joined()
    }
    let commands = rows(names("help")) { line in
      "help \(line.split(whereSeparator: { " |".contains($0) })[0])"
    }
    let information = rows(names("info")) { line in "help info \(line.split(separator: " ")[1])" }
    return commands + "\n### info\n" + information
  }

  @Test("the listing in docs/monitor.md is the tables'")
  func listingIsCurrent() throws {
    let document = try GeneratedDocument("monitor.md", after: Self.mark, Self.listing())
    #expect(
      document.text == document.wanted,
      "APUS_UPDATE=1 Scripts/test --filter MonitorManualTests writes it anew")
  }
}
