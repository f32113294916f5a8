// `-help` and `-version`, from the options' declarations.

extension CommandLineReader {
  var versionText: String {
    // The first words are what build systems look for (xv6's Makefile compares the number).
    """
    QEMU emulator version 10.0.0 (compatible: this is Apus \(catalog.version))
    Apus, a machine emulator written in Swift, under the Apache License 2.0

    """
  }

  var helpText: String {
    var text = versionText + "usage: \(programName) [options] [disk_image]\n"
    for section in Option.Section.allCases {
      let options = Option.all.filter { $0.section == section }
      if options.isEmpty { continue }
      text += "\n\(section.rawValue):\n" + options.map(\.helpText).joined()
    }
    let later = Option.all.filter(\.isNotThereYet).map { "-\($0.name)" }
    text += "\nKnown from QEMU, not there yet:\n"
    text += Self.wrapped(later.joined(separator: " "), indent: 2)
    return text + """

      While the guest has the terminal (-nographic, -serial mon:stdio):
      Ctrl-a h        list the keys
      Ctrl-a x        exit (Ctrl-a, let go, then x)
      Ctrl-a c        switch between console and monitor

      """
  }

  /// The width that the help text keeps to.
  static let width = 80

  /// A grammar that is too long for a line, in parts that begin with brackets.
  private static func pieces(of word: Substring, _ room: Int) -> [Substring] {
    guard word.count > room else { return [word] }
    return word.replacing("[,", with: " [,").split(separator: " ")
  }

  /// `text` in lines that begin with `indent` spaces and stay within the width where words allow it. Lines
  /// that are there already stay.
  static func wrapped(_ text: String, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines = ""
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = margin
      for word in paragraph.split(separator: " ", omittingEmptySubsequences: false).flatMap({
        pieces(of: $0, width - indent)
      }) {
        if line.count > indent, line.count + 1 + word.count > width {
          lines += line + "\n"
          line = margin
        }
        line += (line.count > indent && !word.hasPrefix("[,") ? " " : "") + word
      }
      lines += line + "\n"
    }
    return lines
  }
}

extension Option {
  private static let margin = 16

  /// The option with its grammar, what it does, and its parameters.
  fileprivate var helpText: String {
    let head = "-\(name)" + (argument.map { " \($0)" } ?? "")
    var body = CommandLineReader.wrapped(help, indent: Self.margin)
    for parameter in list?.parameters ?? [] where !parameter.help.isEmpty {
      let key = "\(parameter.name)=\(parameter.values)"
      let text = CommandLineReader.wrapped(parameter.help, indent: Self.margin + 2)
      let start = String(repeating: " ", count: Self.margin) + padded(key, to: 20)
      // Beside its key where that leaves it on one line, else below.
      let beside = start + " " + parameter.help + "\n"
      body +=
        beside.count <= CommandLineReader.width + 1
        ? beside : String(repeating: " ", count: Self.margin) + key + "\n" + text
    }
    if head.count < Self.margin { return padded(head, to: Self.margin) + body.dropFirst(Self.margin) }
    // Long grammars break before a bracket.
    var lines = "", line = ""
    for piece in head.replacing("[,", with: "\n[,").split(separator: "\n") {
      if line.count + piece.count > CommandLineReader.width {
        lines += line + "\n"
        line = "      "
      }
      line += piece
    }
    return lines + line + "\n" + body
  }
}
