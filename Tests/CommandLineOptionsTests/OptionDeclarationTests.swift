import CommandLineOptions
import Foundation
import TestSupport
import Testing

/// docs/options.md, as the options' declarations give it.
enum OptionsDocument {
  static var text: String {
    var text = """
      # Options of apus-system-riscv64

      Written from the declarations in `Sources/CommandLineOptions/OptionTable.swift` by
      `APUS_UPDATE=1 Scripts/test --filter OptionDeclarationTests`; changes belong there.

      `-option` and `--option` are the same. In lists (`key=value,key=value`) a doubled comma is a
      literal one and there are no spaces. Numbers are decimal, `0x` hexadecimal or `0` octal; sizes
      take a suffix k, M, G, T, P or E. A word without a dash is a disk image. *Group* is a list's name
      in `-readconfig` files, where `[group "id"]` stands before lines `key = "value"`, and in `-set`.

      """
    for section in Option.Section.allCases {
      let options = Option.all.filter { $0.section == section }
      if options.isEmpty { continue }
      text += "\n## \(section.rawValue)\n"
      for option in options { text += "\n" + entry(option) }
    }
    let hidden = Option.all.filter { $0.section == nil && !$0.isNotThereYet }.map { "`-\($0.name)`" }
    let later = Option.all.filter(\.isNotThereYet).map { "`-\($0.name)`" }
    return text + """

      ## Known from QEMU, not there yet

      These are recognized and refused with a sentence.

      \(wrapped(later.joined(separator: ", ")))

      ## Others that are recognized

      Short forms, options that have nothing to act on here, and options that QEMU has removed or has
      for other processors, which say so.

      \(wrapped(hidden.joined(separator: ", ")))

      """
  }

  private static func entry(_ option: Option) -> String {
    var text = "### `-\(option.name)\(option.argument.map { " \($0)" } ?? "")`\n\n"
    text += option.help.split(separator: "\n").map { wrapped(escaped(String($0))) + "\n" }.joined(
      separator: "\n")
    guard let list = option.list else { return text }
    text += "\nGroup `\(list.group)`\(list.takesJSON ? "; JSON is read, too" : "").\n"
    let parameters = list.parameters.filter { !$0.help.isEmpty }
    if !parameters.isEmpty {
      text += "\n| key | type | |\n|---|---|---|\n"
      for parameter in parameters {
        let values = parameter.values.replacingOccurrences(of: "|", with: "\\|")
        text +=
          "| `\(parameter.name)=\(values)` | \(parameter.kind.rawValue) | \(escaped(parameter.help)) |\n"
      }
    }
    return text
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "<", with: "\\<")
      .replacingOccurrences(of: "*", with: "\\*")
  }

  private static func wrapped(_ text: String) -> String {
    var lines = [""]
    for word in text.split(separator: " ") {
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if line.count + 1 + word.count <= 96 {
        lines[lines.count - 1] = line + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n")
  }
}

@Suite("Options are declared once")
struct OptionDeclarationTests {
  @Test("docs/options.md is what the declarations say")
  func document() throws {
    let document = try GeneratedDocument("options.md", wanted: OptionsDocument.text)
    #expect(document.text == document.wanted, "APUS_UPDATE=1 writes it anew")
  }

  @Test("No option is declared twice")
  func names() {
    let names = Option.all.map(\.name)
    #expect(Set(names).count == names.count, "\(names.filter { name in names.count { $0 == name } > 1 })")
  }

  @Test("What is offered is explained, in lines of at most 80 columns")
  func help() throws {
    let text = try answer("-help")
    for option in Option.all where option.section != nil {
      #expect(!option.help.isEmpty, "-\(option.name)")
      #expect(text.contains("\n-\(option.name) ") || text.contains("\n-\(option.name)\n"), "-\(option.name)")
    }
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    for section in Option.Section.allCases { #expect(text.contains("\n\(section.rawValue):\n")) }
  }

  @Test("Every option that is yet to come is named by -help, and refused in one sentence")
  func later() throws {
    let text = try answer("-help")
    for option in Option.all where option.isNotThereYet {
      #expect(text.contains(" -\(option.name)"))
      let messages = complaints(of: ["-\(option.name)"] + (option.argument == nil ? [] : ["x"]))
      #expect(messages.count == 1)
      #expect(messages.allSatisfy { $0.contains("not there yet in Apus") }, "\(messages)")
    }
  }

  @Test("A checked list complains about keys that it has not, and about values of another type")
  func lists() {
    for option in Option.all {
      guard let list = option.list, list.grammar == .checked else { continue }
      #expect(
        complaints(of: ["-\(option.name)", "qqqqqqqq=1"]).last
          == "-\(option.name) qqqqqqqq=1: Invalid parameter 'qqqqqqqq'")
      for parameter in list.parameters where parameter.kind != .string {
        let text = "-\(option.name) \(parameter.name)=?x"
        let last = complaints(of: ["-\(option.name)", "\(parameter.name)=?x"]).last ?? ""
        #expect(last.hasPrefix("\(text): Parameter '\(parameter.name)' expects "), "\(last)")
      }
    }
  }
}
