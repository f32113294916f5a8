import Glibc
import JSONText
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
  /// The option being read as typed, or its place in a configuration file; messages begin with it.
  var option = ""
  /// The grammar of its argument, where that is a list.
  var grammar: OptionList?

  var serials: [ConsoleWish] = []
  var monitors: [ConsoleWish] = []
  var parallels: [ConsoleWish] = []
  var isNographic = false
  var hasDisplayOption = false
  var hasDefaults = true
  /// What `-accel` names, in order, with the complaint about those that do not exist.
  var accelerators: [(name: String, complaint: String)] = []
  /// The same of `-machine accel=`.
  var machineAccelerators: [(name: String, complaint: String)] = []
  /// The option that said `thread=multi`.
  var threadOption: String?
  var driveCount = 0
  /// The drives of the interface pflash by bank, with their options, and what `-machine pflash0=` names.
  var flashLinks: [String?] = [nil, nil]
  var shim: String?
  /// `-machine memory-backend=`.
  var memoryLink: String?
  /// `-mem-path`.
  var memoryPath: String?
  /// `-mem-prealloc`.
  var isMemoryPreallocated = false
  /// Ports of the hub that `-net` connects to, and cards and networks without a name.
  var hubPortCount = 0
  var anonymousNetworks = 0
  /// What `-net nic,netdev=` names, with the option.
  var cardLinks: [(id: String, option: String)] = []
  /// Some option is about networks.
  var asksForNetworks = false

  /// Reads `words` (without the program's name).
  package static func read(
    _ words: [String], programName: String, catalog: Catalog
  ) throws(CommandLineError) -> CommandLineOutcome {
    var reader = CommandLineReader(catalog: catalog, programName: programName)
    do throws(CommandLineError) {
      // First every name, then every argument: a misspelt option is told before anything else.
      return try reader.read(try reader.split(words))
    } catch {
      // What was to be said before the machine starts is said before the reason why it does not.
      throw CommandLineError(messages: reader.request.warnings + error.messages)
    }
  }

  private mutating func read(_ occurrences: [Occurrence]) throws(CommandLineError) -> CommandLineOutcome {
    for occurrence in try expand(occurrences) {
      option = occurrence.text
      grammar = occurrence.option.list
      try occurrence.option.handle(&self, occurrence.argument)
      if let answer { return .answer(answer) }
    }
    if asksForFolders {
      let folders = request.machine.firmwareFolders + catalog.firmwareFolders
      return .answer(folders.map { $0 + "\n" }.joined())
    }
    try finish()
    return .run(request)
  }

  init(catalog: Catalog, programName: String) {
    self.catalog = catalog
    self.programName = programName
  }

  /// An option as it was met.
  struct Occurrence {
    let option: Option
    var argument: String
    /// What messages about it begin with.
    let text: String
    /// JSON arguments are no lists that `-set` could add to.
    var isJSON: Bool { option.list?.takesJSON == true && argument.first == "{" }
  }

  private func split(_ words: [String]) throws(CommandLineError) -> [Occurrence] {
    var found: [Occurrence] = []
    var rest = words[...]
    var previous = ""
    while let word = rest.popFirst() {
      guard word.hasPrefix("-") else {
        try Self.rejectListTail(word, after: previous)
        let image = Option("") { (reader, file) throws(CommandLineError) in
          try reader.shortDrive(file, index: 0)
        }
        found.append(Occurrence(option: image, argument: word, text: word))
        continue
      }
      let name = String(word.hasPrefix("--") ? word.dropFirst(2) : word.dropFirst())
      guard let option = Option.byName[name] else {
        throw CommandLineError("\(word): invalid option" + Self.hint(for: name))
      }
      guard option.argument != nil else {
        found.append(Occurrence(option: option, argument: "", text: word))
        continue
      }
      guard let argument = rest.popFirst() else { throw CommandLineError("\(word): requires an argument") }
      found.append(Occurrence(option: option, argument: argument, text: "\(word) \(argument)"))
      previous = argument
    }
    return found
  }

  private static func hint(for name: String) -> String {
    // `-smp=4`, as other programs have it.
    if let equals = name.firstIndex(of: "="), let option = Option.byName[String(name[..<equals])] {
      return option.argument == nil
        ? "\n-\(option.name) takes no argument."
        : "\nAn option and its argument are two words: -\(option.name) \(name[name.index(after: equals)...])"
    }
    // What can be had is a better offer than what is yet to come.
    let offered = Option.all.lazy.filter { $0.section != nil }.map(\.name)
    return (offered.nearest(to: name) ?? Option.byName.keys.nearest(to: name))
      .map { "\nDid you mean '-\($0)'?" } ?? ""
  }

  /// `-device loader, addr=0x80200000`: the shell made two words of it, and the second is no disk.
  private static func rejectListTail(_ word: String, after previous: String) throws(CommandLineError) {
    guard previous.hasSuffix(",") && word.contains("=") || word.hasPrefix(",") && !previous.isEmpty,
      access(word, F_OK) != 0
    else { return }
    throw CommandLineError(
      "\(word): Could not open '\(word)': No such file or directory\n"
        + "'\(word)' follows '\(previous)' after a space, so it was read as a disk image: "
        + "write the list without spaces.")
  }

  /// `message` about the option being read.
  func error(_ message: String) -> CommandLineError { CommandLineError("\(option): \(message)") }

  /// The option's argument as a list, checked as far as its declaration goes.
  mutating func list(_ argument: String, implied: String? = nil) throws(CommandLineError) -> KeyValueList {
    if grammar?.takesJSON == true, argument.first == "{" { return try json(argument) }
    var list = KeyValueList(argument, option: option, implied: implied ?? grammar?.implied)
    switch grammar?.grammar {
    case .keyed: if !list.asksForHelp { try list.requireValues() }
    case .open: request.warnings += list.expandSwitches()
    case .checked, nil:
      request.warnings += list.expandSwitches()
      if let grammar { try list.check(grammar.parameters) }
    }
    return list
  }

  private func json(_ argument: String) throws(CommandLineError) -> KeyValueList {
    do {
      return KeyValueList(try JSON(parsing: argument).flattened(), option: option)
    } catch {
      throw self.error(error.sentence)
    }
  }

  private mutating func finish() throws(CommandLineError) {
    let machine = request.machine
    if machine.kernel == nil {
      if machine.initrd != nil { throw CommandLineError("-initrd only allowed with -kernel option") }
      if machine.append != nil { throw CommandLineError("-append only allowed with -kernel option") }
      if shim != nil { throw CommandLineError("-shim only allowed with -kernel option") }
    }
    try connectFlash()
    try connectMemory()
    request.machine.isNographic = request.machine.isNographic || isNographic
    try chooseGradedClock()
    try chooseAccelerator()
    if request.isSnapshot {
      for index in request.drives.indices where !request.drives[index].isNode {
        request.drives[index].isSnapshot = true
      }
      for node in request.drives where node.isNode && !node.isReadOnly && user(of: node.id) == nil {
        request.warnings.append(
          "\(node.option): warning: -snapshot is for -drive; what the guest writes here is kept")
      }
    }
    do throws(CommandLineError) {
      try connectConsoles()
    } catch {
      throw explained(error)
    }
    try checkDebugServer()
    try checkNetworks()
    request.warnsAboutCards = asksForNetworks || !hasDefaults
    try attachDisks()
  }

  /// Two claims on the terminal: says what to leave out.
  private func explained(_ error: CommandLineError) -> CommandLineError {
    guard var last = error.messages.last, error.messages.contains(where: { $0.contains("cannot use stdio") })
    else { return error }
    let words = [("-serial", serials), ("-monitor", monitors)].flatMap { name, wishes in
      wishes.filter { $0.option != nil && $0.text == "stdio" }.map { "\(name) \($0.text)" }
    }.joined(separator: " and ")
    if monitors.contains(where: { $0.mode != .readline && $0.text == "stdio" }) {
      last +=
        "\nQMP shares this terminal with nothing else: give it a place of its own, such as "
        + "-qmp unix:PATH,server=on,wait=off."
    } else if isNographic, !words.isEmpty {
      last +=
        "\n-nographic already puts serial port and monitor on this terminal (Ctrl-a c switches): "
        + "leave out \(words), or use -display none in its place."
    } else if serials.contains(where: { $0.text == "mon:stdio" }), !words.isEmpty {
      last += "\n-serial mon:stdio already has serial port and monitor on this terminal: leave out \(words)."
    } else {
      last += "\nSerial port and monitor can share this terminal: -serial mon:stdio (Ctrl-a c switches)."
    }
    return CommandLineError(messages: error.messages.dropLast() + [last])
  }
}
