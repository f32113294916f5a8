import JSONText

/// A type of QMP's arguments, results and event data, as data: what a client sees of it by `query-qmp-schema`
/// (QEMU, docs/devel/qapi-code-gen.rst, "Client JSON Protocol introspection").
package indirect enum QAPIType: Sendable {
  case text
  case flag
  case number
  /// Any value.
  case any
  /// 64 bits with a sign.
  case integer
  /// 64 bits without one.
  case unsigned
  case list(QAPIType)
  case choice(QAPIChoice)
  case record(QAPIRecord)

  static func choice(_ name: String, _ values: [String]) -> QAPIType {
    .choice(QAPIChoice(name: name, values: values))
  }

  static func record(_ name: String, _ members: [QAPIMember]) -> QAPIType {
    .record(QAPIRecord(name: name, members: members))
  }

  /// As introspection names it.
  package var name: String {
    switch self {
    case .text: "str"
    case .flag: "bool"
    case .number: "number"
    case .any: "any"
    case .integer, .unsigned: "int"
    case .list(let element): "[\(element.name)]"
    case .choice(let choice): choice.name
    case .record(let record): record.name
    }
  }

  /// For the manual.
  package var words: String {
    switch self {
    case .text: "text"
    case .flag: "true or false"
    case .number: "number"
    case .any: "any value"
    case .integer, .unsigned: "integer"
    case .list(let element): "list of \(element.words)"
    case .choice(let choice): choice.values.map { "\"\($0)\"" }.joined(separator: ", ")
    case .record(let record): record.name
    }
  }
}

/// One of a few words.
package struct QAPIChoice: Sendable {
  package let name: String
  package let values: [String]
}

/// An object with these members and no others.
package struct QAPIRecord: Sendable {
  package let name: String
  package let members: [QAPIMember]

  static let empty = QAPIRecord(name: "q_empty", members: [])

  package init(name: String, members: [QAPIMember]) {
    self.name = name
    self.members = members
  }
}

/// A member of an object, an argument of a command.
package struct QAPIMember: Sendable {
  package let name: String
  package let type: QAPIType
  package let isOptional: Bool
  /// For the manual.
  package let help: String

  init(_ name: String, _ type: QAPIType, isOptional: Bool = false, _ help: String = "") {
    self.name = name
    self.type = type
    self.isOptional = isOptional
    self.help = help
  }

  static func optional(_ name: String, _ type: QAPIType, _ help: String = "") -> QAPIMember {
    QAPIMember(name, type, isOptional: true, help)
  }
}

// MARK: Checking

extension QAPIRecord {
  /// Refuses an object that is none of these, in QEMU's words. `path` is what leads to it: "model."
  package func check(_ value: JSON, path: String = "") throws(QMPError) {
    guard case .object(let given) = value else { return }
    for member in members {
      guard let value = given.first(where: { $0.name == member.name })?.value else {
        if member.isOptional { continue }
        throw QMPError("Parameter '\(path)\(member.name)' is missing")
      }
      try member.type.check(value, path: path + member.name)
    }
    if let stranger = given.first(where: { given in !members.contains { $0.name == given.name } }) {
      throw QMPError("Parameter '\(path)\(stranger.name)' is unexpected")
    }
  }
}

extension QAPIType {
  package func check(_ value: JSON, path: String) throws(QMPError) {
    func mismatch(_ expected: String) -> QMPError {
      QMPError("Invalid parameter type for '\(path)', expected: \(expected)")
    }
    switch (self, value) {
    case (.text, .string), (.flag, .flag), (.any, _), (.integer, .integer), (.unsigned, .integer),
      (.unsigned, .large), (.number, .integer), (.number, .large), (.number, .real):
      break
    case (.list(let element), .array(let values)):
      for (index, value) in values.enumerated() { try element.check(value, path: "\(path)[\(index)]") }
    case (.choice(let choice), .string(let word)):
      guard choice.values.contains(word) else {
        throw QMPError("Parameter '\(path)' does not accept value '\(word)'")
      }
    case (.record(let record), .object): try record.check(value, path: path + ".")
    case (.text, _), (.choice, _): throw mismatch("string")
    case (.flag, _): throw mismatch("boolean")
    case (.number, _): throw mismatch("number")
    case (.integer, _): throw mismatch("integer")
    case (.unsigned, _): throw QMPError("Parameter '\(path)' expects uint64")
    case (.list, _): throw mismatch("array")
    case (.record, _): throw mismatch("object")
    }
  }
}

/// Why a command was not carried out.
package struct QMPError: Error, Equatable {
  /// QEMU, qapi/error.json, "QapiErrorClass".
  package enum Kind: String, Sendable {
    case generic = "GenericError"
    case commandNotFound = "CommandNotFound"
    case deviceNotActive = "DeviceNotActive"
    case deviceNotFound = "DeviceNotFound"
  }

  package let kind: Kind
  package let sentence: String

  package init(_ sentence: String, _ kind: Kind = .generic) {
    self.kind = kind
    self.sentence = sentence
  }

  /// A sentence of the monitor's without what the monitor puts around it.
  init(_ error: MonitorError) {
    let sentence = error.sentence.hasPrefix("Error: ") ? error.sentence.dropFirst(7) : error.sentence[...]
    self.init(String(sentence).replacing("\r\n", with: "\n"))
  }

  package var json: JSON { ["class": .string(kind.rawValue), "desc": .string(sentence)] }
}
