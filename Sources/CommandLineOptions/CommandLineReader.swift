import Glibc
import Machine

/// Reads a command line in QEMU's grammar.
///
/// `-opt` and `--opt` are equal; an option that takes an argument takes the next word whatever it looks
/// like; a word without a dash is a disk image.
package struct CommandLineReader {
  let catalog: Catalog
  let programName: String
  var request = CommandLineRequest()
  /// Set by `help` options: print this and end.
  var answer: String?
  var asksForFolders = false
  /// The option being read, as typed, for messages.
  var option = ""

  var serials: [ConsoleWish] = []
  var monitors: [ConsoleWish] = []
  var isNographic = false
  var hasDisplayOption = false
  var hasDefaults = true
  /// What `-accel` and `-machine accel=` name, in order, with the complaint about those that do not exist.
  var accelerators: [(name: String, complaint: String)] = []
  /// The option that said `thread=multi`.
  var threadOption: String?
  var driveCount = 0

  /// Reads `words` (without the program's name).
  package static func read(
    _ words: [String], programName: String, catalog: Catalog
  ) throws(CommandLineError) -> CommandLineOutcome {
    var reader = CommandLineReader(catalog: catalog, programName: programName)
    // First every name, then every argument: a misspelt option is told before anything else.
    for (option, argument, text) in try reader.split(words) {
      reader.option = text
      try option.handle(&reader, argument)
      if let answer = reader.answer { return .answer(answer) }
    }
    if reader.asksForFolders {
      let folders = reader.request.machine.firmwareFolders + catalog.firmwareFolders
      return .answer(folders.map { $0 + "\n" }.joined())
    }
    try reader.finish()
    return .run(reader.request)
  }

  private init(catalog: Catalog, programName: String) {
    self.catalog = catalog
    self.programName = programName
  }

  private func split(
    _ words: [String]
  ) throws(CommandLineError) -> [(option: Option, argument: String, text: String)] {
    var found: [(option: Option, argument: String, text: String)] = []
    var rest = words[...]
    var previous = ""
    while let word = rest.popFirst() {
      guard word.hasPrefix("-") else {
        try Self.rejectListTail(word, after: previous)
        found.append((Option("") { $0.shortDrive($1, index: nil) }, word, word))
        continue
      }
      let name = word.hasPrefix("--") ? word.dropFirst(2) : word.dropFirst()
      guard let option = Option.byName[String(name)] else {
        throw CommandLineError("\(word): invalid option")
      }
      guard option.argument != nil else {
        found.append((option, "", word))
        continue
      }
      guard let argument = rest.popFirst() else { throw CommandLineError("\(word): requires an argument") }
      found.append((option, argument, "\(word) \(argument)"))
      previous = argument
    }
    return found
  }

  /// `-device loader, addr=0x80200000`: the shell made two words of it, and the second is no disk.
  private static func rejectListTail(_ word: String, after previous: String) throws(CommandLineError) {
    guard previous.hasSuffix(","), word.contains("="), access(word, F_OK) != 0 else { return }
    throw CommandLineError(
      "\(word): Could not open '\(word)': No such file or directory\n"
        + "'\(word)' follows '\(previous)' after a space, so it was read as a disk image: "
        + "write the list without spaces.")
  }

  /// `message` about the option being read.
  func error(_ message: String) -> CommandLineError { CommandLineError("\(option): \(message)") }

  /// The option's argument as a list. JSON spellings are told apart here, once for all.
  func list(_ argument: String, implied: String? = nil) throws(CommandLineError) -> KeyValueList {
    if argument.first == "{" { throw error("JSON arguments are not there yet in Apus; use key=value") }
    return KeyValueList(argument, option: option, implied: implied)
  }

  private mutating func finish() throws(CommandLineError) {
    let machine = request.machine
    if machine.kernel == nil {
      if machine.initrd != nil { throw CommandLineError("-initrd only allowed with -kernel option") }
      if machine.append != nil { throw CommandLineError("-append only allowed with -kernel option") }
    }
    try chooseAccelerator()
    if request.isSnapshot {
      for index in request.drives.indices { request.drives[index].isSnapshot = true }
    }
    try connectConsoles()
  }
}

// MARK: Help

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
      text += "\n\(section.rawValue):\n"
      for option in Option.all where option.section == section {
        let head = "-\(option.name)" + (option.argument.map { " \($0)" } ?? "")
        var lines = option.help.split(separator: "\n", omittingEmptySubsequences: false)[...]
        if head.utf8.count < 16, let first = lines.popFirst() {
          text += padded(head, to: 16) + first + "\n"
        } else {
          text += head + "\n"
        }
        for line in lines { text += String(repeating: " ", count: 16) + line + "\n" }
      }
    }
    let later = Option.all.filter { $0.section == nil && !$0.name.isEmpty && $0.isNotThereYet }
    text += "\nKnown from QEMU, not there yet:\n"
    var line = " "
    for option in later {
      if line.utf8.count + option.name.utf8.count > 76 {
        text += line + "\n"
        line = " "
      }
      line += " -\(option.name)"
    }
    return text + line
      + """


      During emulation with -nographic or -serial mon:stdio:
      Ctrl-a h        list the keys
      Ctrl-a x        exit (Ctrl-a, let go, then x)
      Ctrl-a c        switch between console and monitor

      """
  }
}
