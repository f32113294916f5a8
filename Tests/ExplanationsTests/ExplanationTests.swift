import Explanations
import Foundation
import RISCV
import TestSupport
import Testing

/// docs/explanations.md: the part that follows from the table of causes.
enum CausesDocument {
  static let begin = "<!-- causes: written from Sources/Explanations/Cause+Table.swift -->\n"

  static var text: String {
    var text = ""
    for family in Cause.Family.allCases {
      text += "\n## \(family.rawValue)\n"
      for cause in Cause.all where cause.family == family {
        text += "\n### \(cause.id)\n\n"
        text += wrapped("*\(cause.looksLike)* \(cause.why)") + "\n\n" + wrapped(cause.advice) + "\n"
      }
    }
    return text
  }

  private static func wrapped(_ text: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > 95 {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}

@Suite struct ExplanationTests {
  @Test("docs/explanations.md tells every cause as the table does (APUS_UPDATE=1 writes it)")
  func theDocumentFollowsTheTable() throws {
    let document = try GeneratedDocument(
      "explanations.md", after: CausesDocument.begin, CausesDocument.text)
    #expect(document.text == document.wanted)
  }

  @Test func causesAreTold() {
    #expect(Set(Cause.all.map(\.id)).count == Cause.all.count)
    #expect(Cause.all.count >= 30)
    for cause in Cause.all {
      #expect(cause.id.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(cause.id)")
      for sentence in [cause.looksLike, cause.why, cause.advice] {
        #expect(sentence.hasSuffix(".") || sentence.hasSuffix(")"), "\(cause.id): \(sentence)")
      }
    }
  }

  @Test func everyCauseIsProvokedByAGuestOrIsOneOfTheLoaders() throws {
    let folder = Project.guest("silence")
    var provoked: Set<String> = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".S") {
      let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      for line in text.split(separator: "\n") where line.hasPrefix("# cause: ") {
        provoked.insert(String(line.dropFirst(9)))
      }
    }
    // Images that do not fit: ExplanationTests of SystemTests.
    provoked.formUnion(["load-overlap", "other-width"])
    #expect(Set(Cause.all.map(\.id)) == provoked)
  }

  @Test func textGoesIntoJSONUnharmed() throws {
    let text = "a \"b\" \\ \n\t\u{1} ü"
    let data = Data("[\(Explanation.quoted(text))]".utf8)
    #expect(try JSONSerialization.jsonObject(with: data) as? [String] == [text])
  }

  @Test func entriesOfProtectionCoverWhatTheirRegistersSay() {
    var table = ProtectionTable(count: 16)
    table.add(0, 0x0f, 0x2000_0000, below: 0)
    table.add(1, 0x1f, .max >> 10, below: 0)
    table.add(2, 0x1f, 0x2000_01ff, below: 0)
    table.add(3, 0x10, 4, below: 0)
    table.add(4, 0, 4, below: 0)
    #expect(table.entries.map(\.first) == [0, 0, 0x8000_0000, 16])
    #expect(table.entries.map(\.last) == [0x7fff_ffff, .max, 0x8000_0fff, 19])
  }
}
