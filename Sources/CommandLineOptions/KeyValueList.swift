import Machine
import RISCV

/// QEMU's option argument: `first,key=value,key=value`, in which `,,` stands for a literal comma.
///
/// Lists are short and read front to back; `take` hands out the last value of a key and marks it used,
/// so that what nobody took is what nobody knows.
package struct KeyValueList: Sendable {
  package struct Entry: Sendable, Equatable {
    package let name: String
    /// nil where the user wrote a bare word.
    package let value: String?

    /// The user asks for a list of choices.
    var isHelp: Bool { value == nil && (name == "help" || name == "?") }
  }

  /// The option as typed, for messages: `-drive file=x`.
  package let option: String
  package private(set) var entries: [Entry]
  private var taken: Set<String> = []

  /// Reads `text`. A first word without `=` is the value of `implied`, where the option has such a key.
  package init(_ text: String, option: String, implied: String? = nil) {
    self.option = option
    entries = []
    var rest = text[...]
    var isFirst = true
    while !rest.isEmpty || (isFirst && implied != nil) {
      let key = rest.prefix { $0 != "=" && $0 != "," }
      if key.endIndex < rest.endIndex, rest[key.endIndex] == "=" {
        rest = rest[rest.index(after: key.endIndex)...]
        entries.append(Entry(name: String(key), value: Self.readValue(&rest)))
      } else {
        let word = Self.readValue(&rest)
        if isFirst, let implied, word != "help", word != "?" {
          entries.append(Entry(name: implied, value: word))
        } else {
          entries.append(Entry(name: word, value: nil))
        }
      }
      isFirst = false
    }
  }

  /// A list that was not spelt with commas.
  init(_ pairs: [(name: String, value: String)], option: String) {
    self.option = option
    entries = pairs.map { Entry(name: $0.name, value: $0.value) }
  }

  /// `pairs` as a list's text.
  static func spell(_ pairs: [(name: String, value: String)]) -> String {
    pairs.map { pair in
      pair.name + "=" + pair.value.reduce(into: "") { $0 += $1 == "," ? ",," : String($1) }
    }.joined(separator: ",")
  }

  /// Makes switches of bare words, as the older lists have them: `name` is on, `noname` is off. Gives what is
  /// to be told about each.
  mutating func expandSwitches() -> [String] {
    var warnings: [String] = []
    for index in entries.indices where entries[index].value == nil && !entries[index].isHelp {
      let word = entries[index].name
      // Not a list of switches at all: who reads it says what is wrong.
      if word.isEmpty { continue }
      // TCP has a switch of this very name.
      let isOff = word.hasPrefix("no") && word != "nodelay" && word.count > 2
      let entry =
        isOff ? Entry(name: String(word.dropFirst(2)), value: "off") : Entry(name: word, value: "on")
      entries[index] = entry
      warnings.append(
        "\(option): warning: short-form boolean option '\(word)' deprecated\n"
          + "Please use \(entry.name)=\(isOff ? "off" : "on") instead")
    }
    return warnings
  }

  /// Complains about the first key that is none of `parameters`, or whose value is not of its type.
  func check(_ parameters: [OptionParameter]) throws(CommandLineError) {
    for entry in entries where entry.name != "id" && !entry.isHelp {
      guard let parameter = parameters.first(where: { $0.name == entry.name }) else {
        let hint = parameters.lazy.map(\.name).suggestion(for: entry.name)
        throw error(Self.complaint("Invalid parameter '\(entry.name)'", entry.name) + hint)
      }
      if let complaint = parameter.complaint(about: entry.value ?? "on") { throw error(complaint) }
    }
  }

  /// Reads up to a single comma, drops that comma, and turns doubled ones into one.
  private static func readValue(_ rest: inout Substring) -> String {
    var value = ""
    while let character = rest.popFirst() {
      if character == "," {
        guard rest.first == "," else { break }
        rest.removeFirst()
      }
      value.append(character)
    }
    return value
  }

  /// The user asks for a list of choices: `help` or `?` as a word of its own.
  package var asksForHelp: Bool { entries.contains(where: \.isHelp) }

  func has(_ name: String) -> Bool { entries.contains { $0.name == name } }

  /// The last value of `name`. A bare word means `on`.
  package mutating func take(_ name: String) -> String? {
    taken.insert(name)
    return entries.last { $0.name == name }.map { $0.value ?? "on" }
  }

  /// All values of `name`, which JSON spells as members `str` of a list's elements.
  mutating func takeAll(_ name: String) -> [String] {
    let matching = entries.filter { entry in
      let path = entry.name.split(separator: ".", omittingEmptySubsequences: false)
      return entry.name == name || path.count == 3 && path[0] == name && path[2] == "str"
    }
    taken.formUnion(matching.map(\.name))
    return matching.map { $0.value ?? "on" }
  }

  /// The last value of `name` as a switch.
  package mutating func takeFlag(
    _ name: String, as complaintName: String? = nil
  ) throws(CommandLineError) -> Bool? {
    guard let text = take(name) else { return nil }
    let name = complaintName ?? name
    guard let flag = Bool(switch: text) else { throw error("Parameter '\(name)' expects 'on' or 'off'") }
    return flag
  }

  /// The last value of `name` as a number.
  mutating func takeNumber(_ name: String) throws(CommandLineError) -> UInt64? {
    guard let text = take(name) else { return nil }
    guard let number = UInt64(literal: text) else { throw error("Parameter '\(name)' expects a number") }
    return number
  }

  /// The last value of `name`, which must be one of `choices`.
  package mutating func takeChoice(_ name: String, of choices: [String]) throws(CommandLineError) -> String? {
    guard let text = take(name) else { return nil }
    guard choices.contains(text) else { throw error("Parameter '\(name)' does not accept value '\(text)'") }
    return text
  }

  /// What no `take` has asked for.
  package var untaken: [Entry] { entries.filter { !taken.contains($0.name) } }

  /// Complains about the first key that nobody knows.
  package func finish() throws(CommandLineError) {
    if let stranger = untaken.first {
      throw error(Self.complaint("Invalid parameter '\(stranger.name)'", stranger.name))
    }
  }

  /// Grammar of the newer options, where a bare word is an error and not a switch.
  package func requireValues() throws(CommandLineError) {
    if entries.contains(where: \.name.isEmpty) { throw error("Invalid parameter ''") }
    if let bare = entries.first(where: { $0.value == nil }) {
      throw error("Expected '=' after parameter '\(bare.name)'")
    }
  }

  /// An identifier: letters, digits, `-._`, a letter first.
  package mutating func takeID() throws(CommandLineError) -> String? {
    guard let id = take("id") else { return nil }
    guard Self.isIdentifier(id) else {
      throw error(
        "Parameter 'id' expects an identifier\n"
          + "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.")
    }
    return id
  }

  package static func isIdentifier(_ text: String) -> Bool {
    let isLetter = { (byte: UInt8) in UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 }
    guard let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy {
      isLetter($0) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "-")
        || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
    }
  }

  package func error(_ sentence: String) -> CommandLineError { CommandLineError("\(option): \(sentence)") }

  /// Adds the reason people meet most: a space after a comma makes the next key begin with a space.
  package static func complaint(_ sentence: String, _ key: String) -> String {
    guard key.first == " " else { return sentence }
    return sentence
      + "\nThere is a space after a comma: write the list without spaces, e.g. loader,file=os.bin"
  }
}
