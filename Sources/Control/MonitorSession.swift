import RISCV

/// One conversation with the monitor, without the keys: a line goes in, an answer comes out. Lines of the
/// answer end in \r\n.
package final class MonitorSession: @unchecked Sendable {
  // One thread, the monitor's, calls `execute`; hence the unguarded state.
  let machine: any MonitoredMachine
  let version: String
  var hart = 0
  var format = DumpFormat()
  /// Lines that were given, the last `historyLimit`: `info history`.
  private(set) var history: [String] = []
  private static let historyLimit = 100
  /// `quit` has been said.
  package internal(set) var isOver = false

  package init(machine: any MonitoredMachine, version: String) {
    self.machine = machine
    self.version = version
  }

  /// Carries out one line.
  package func execute(_ line: String) -> String {
    var rest = line[...]
    // `x/4xw 0` needs no space before its format.
    let name = rest.drop(while: Self.isSpace).prefix { !Self.isSpace($0) && $0 != "/" }
    rest = rest[name.endIndex...]
    guard !name.isEmpty || !word(&rest).isEmpty else { return "" }
    history.append(line)
    if history.count > Self.historyLimit { history.removeFirst() }
    do throws(MonitorError) {
      guard let command = MonitorCommand.all.first(where: { $0.answers(to: name) }) else {
        throw unknownCommand(name)
      }
      return try run(command, &rest, helpName: String(name))
    } catch {
      return "\(error.sentence)\r\n"
    }
  }

  private func run(
    _ command: MonitorCommand, _ rest: inout Substring, helpName: String
  ) throws(MonitorError) -> String {
    do throws(MonitorError) {
      if command.arguments.isEmpty { try finish(rest, command) }
      let isInfo = command.names == "info"
      let answer = try command.run(self, &rest)
      if !isInfo { try finish(rest, command) }
      return answer
    } catch {
      guard error.suggestsHelp else { throw error }
      throw MonitorError("\(error.sentence)\r\nTry \"help \(helpName)\" for more information")
    }
  }

  private func finish(_ rest: Substring, _ command: MonitorCommand) throws(MonitorError) {
    try expectEnd(rest, of: command.names)
  }

  /// What a command with an effect asks before it has one: `names` are its spellings.
  func expectEnd(_ rest: Substring, of names: String) throws(MonitorError) {
    guard rest.allSatisfy(Self.isSpace) else {
      throw MonitorError("\(names): extraneous characters at the end of line", suggestsHelp: true)
    }
  }

  // MARK: Arguments

  static func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }

  func word(_ text: inout Substring) -> Substring {
    text = text.drop(while: Self.isSpace)
    let word = text.prefix { !Self.isSpace($0) }
    text = text[word.endIndex...]
    return word
  }

  func number(_ text: inout Substring) throws(MonitorError) -> UInt64 {
    text = text.drop(while: Self.isSpace)
    return try Expression.read(&text, names: names)
  }

  /// What `$name` and `name` stand for in expressions.
  private var names: Expression.Names {
    Expression.Names(
      register: { [machine, hart] name in
        if name == "priv" { return machine.condition(ofHart: hart).privilege.rawValue }
        return machine.registers(ofHart: hart)[name] ?? machine.controlRegister(name, ofHart: hart)
      },
      symbol: { [symbols = machine.symbols] name in symbols.address(of: name) },
      nearestSymbol: { [symbols = machine.symbols] name in
        // Letters behind the first may be wrong.
        symbols.names(beginningWith: String(name.prefix(1)), limit: 5000).nearest(to: name)
      },
      hasSymbols: { [symbols = machine.symbols] in symbols.images.contains { $0.hasSymbols } })
  }

  /// A file's name, which may stand in quotation marks with blanks in it.
  func fileName(_ text: inout Substring) -> String { quotedWord(&text) }

  /// A word, which may stand in quotation marks with blanks in it.
  func quotedWord(_ text: inout Substring) -> String {
    text = text.drop(while: Self.isSpace)
    guard text.first == "\"" else { return String(word(&text)) }
    text.removeFirst()
    var data = ""
    while let character = text.popFirst(), character != "\"" {
      guard character == "\\", let next = text.popFirst() else {
        data.append(character)
        continue
      }
      data.append(next == "n" ? "\n" : next == "r" ? "\r" : next)
    }
    return data
  }

  /// Leading words such as `-f`, each letter of which must be among `known`, of the command `name`.
  func flags(_ text: inout Substring, _ known: String, of name: String) throws(MonitorError) -> Set<Character>
  {
    var found: Set<Character> = []
    while text.drop(while: Self.isSpace).first == "-" {
      for letter in word(&text).dropFirst() {
        guard known.contains(letter) else {
          throw MonitorError("\(name): unsupported option -\(letter)", suggestsHelp: true)
        }
        found.insert(letter)
      }
    }
    return found
  }

  // MARK: info

  func info(_ text: inout Substring) throws(MonitorError) -> String {
    let name = word(&text)
    if name.isEmpty { return try help("info", "") }
    guard let row = MonitorCommand.information.first(where: { $0.answers(to: name) }) else {
      throw unknownInformation(name)
    }
    let answer = try run(row, &text, helpName: "info \(name)")
    text = text[text.endIndex...]
    return answer
  }
}
