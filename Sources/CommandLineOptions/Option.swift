import Machine

/// One option of the command line.
package struct Option: Sendable {
  /// What the reader does on meeting it. `argument` is empty for options without one.
  typealias Handler = @Sendable (inout CommandLineReader, _ argument: String) throws(CommandLineError) -> Void

  package enum Section: String, CaseIterable, Sendable {
    case standard = "Standard options"
    case block = "Block device options"
    case display = "Display options"
    case network = "Network options"
    case character = "Character device options"
    case boot = "Boot image or kernel options"
    case debug = "Debug and expert options"
    case object = "Generic object creation"
  }

  package let name: String
  /// The argument's grammar for the help text; nil where there is none.
  package let argument: String?
  /// nil: the help text leaves it out.
  package let section: Section?
  package let help: String
  /// Set where the argument is a list of `key=value`.
  package let list: OptionList?
  let handle: Handler
  /// QEMU has it, Apus answers with a sentence.
  package private(set) var isNotThereYet = false

  init(
    _ name: String, _ argument: String? = nil, _ section: Section? = nil, _ help: String = "",
    list: OptionList? = nil, _ handle: @escaping Handler
  ) {
    self.name = name
    self.argument = argument
    self.section = section
    self.help = help
    self.list = list
    self.handle = handle
  }

  /// An option that QEMU has and Apus does not have yet. `what` completes "… not there yet".
  static func later(_ name: String, _ argument: String? = nil, _ what: String) -> Option {
    Option(name, argument) { (reader, _) throws(CommandLineError) in
      throw reader.error("\(what) not there yet in Apus")
    }.isComing
  }

  /// The same option, listed among those that are yet to come.
  var isComing: Option {
    var option = self
    option.isNotThereYet = true
    return option
  }

  /// An option that QEMU itself has dropped since 7.2.
  static func gone(_ name: String, _ argument: String? = nil, _ advice: String) -> Option {
    Option(name, argument) { (_, _) throws(CommandLineError) in
      throw CommandLineError("-\(name): invalid option\nQEMU has dropped it too: \(advice).")
    }
  }

  /// An option that QEMU has for other processors only.
  static func foreign(_ name: String, _ argument: String? = nil) -> Option {
    Option(name, argument) { (reader, _) throws(CommandLineError) in
      throw reader.error("Option not supported for this target")
    }
  }

  /// An option that changes nothing here, for a reason that its row gives.
  static let ignored: Handler = { _, _ in }
}

/// The grammar of an argument that is a list: what it is called elsewhere, and which keys it has.
package struct OptionList: Sendable {
  package enum Grammar: Sendable {
    /// The older lists: a bare word is a switch, which is deprecated, and each key must be among the
    /// parameters, with a value of its type.
    case checked
    /// The same, but keys are open; whoever reads the list checks them.
    case open
    /// The newer lists: a bare word is an error; whoever reads the list checks its keys.
    case keyed
  }

  /// Its name in configuration files, in `-set`, and in QMP's query-command-line-options.
  package let group: String
  /// The key whose value a first bare word is.
  package let implied: String?
  package let grammar: Grammar
  /// The argument may be a JSON object.
  package let takesJSON: Bool
  package let parameters: [OptionParameter]

  init(
    _ group: String, implied: String? = nil, _ grammar: Grammar, takesJSON: Bool = false,
    _ parameters: [OptionParameter] = []
  ) {
    self.group = group
    self.implied = implied
    self.grammar = grammar
    self.takesJSON = takesJSON
    self.parameters = parameters
  }
}

/// A key of a list.
package struct OptionParameter: Sendable, Equatable {
  /// As QMP names the types.
  package enum Kind: String, Sendable {
    case string, boolean, number, size
  }

  package let name: String
  package let kind: Kind
  /// What may stand behind `=`, for the help text: `FILE`, `on|off`.
  package let values: String
  /// Empty where the name says it all, or where it only is there to be refused.
  package let help: String

  static func string(_ name: String, _ values: String = "TEXT", _ help: String = "") -> Self {
    Self(name: name, kind: .string, values: values, help: help)
  }

  static func boolean(_ name: String, _ help: String = "") -> Self {
    Self(name: name, kind: .boolean, values: "on|off", help: help)
  }

  static func number(_ name: String, _ values: String = "N", _ help: String = "") -> Self {
    Self(name: name, kind: .number, values: values, help: help)
  }

  static func size(_ name: String, _ values: String = "SIZE", _ help: String = "") -> Self {
    Self(name: name, kind: .size, values: values, help: help)
  }

  /// What is wrong with `text` as a value of this parameter, in QEMU's words.
  func complaint(about text: String) -> String? {
    switch kind {
    case .string: return nil
    case .boolean: return Bool(switch: text) == nil ? "Parameter '\(name)' expects 'on' or 'off'" : nil
    case .number: return UInt64(literal: text) == nil ? "Parameter '\(name)' expects a number" : nil
    case .size:
      do {
        _ = try UInt64(size: text, parameter: name)
        return nil
      } catch {
        return error.description
      }
    }
  }
}

extension Bool {
  /// As options spell switches.
  init?(switch text: String) {
    switch text {
    case "on", "yes", "true", "y": self = true
    case "off", "no", "false", "n": self = false
    default: return nil
    }
  }
}

/// One entry of QMP's query-command-line-options (QEMU's qapi/misc.json, CommandLineOptionInfo).
package struct CommandLineOptionInfo: Sendable, Equatable {
  package let option: String
  package let parameters: [OptionParameter]

  /// Every list of this program, as QMP is to tell it, by name. Lists with open keys show none.
  package static var all: [CommandLineOptionInfo] {
    var seen: Set<String> = []
    return Option.all.compactMap(\.list).filter { seen.insert($0.group).inserted }
      .map { CommandLineOptionInfo(option: $0.group, parameters: $0.parameters) }
      .sorted { $0.option < $1.option }
  }
}
