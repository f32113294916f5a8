import Logging

/// What is probably wrong, for a person.
package struct Explanation: Sendable {
  package let cause: Cause
  package var hart: Int?
  package var pc: UInt64?
  /// The function and how far behind its beginning the pc is.
  package var symbol: (name: String, offset: UInt64)?
  package var line: (file: String, number: Int)?
  /// One sentence: what happens, where, and why.
  package var sentence: String
  /// What it was seen from, a line each.
  package var evidence: [String] = []
  /// Around the pc, a line each.
  package var code: [String] = []
  package var registers: [(name: String, value: UInt64)] = []
  package var advice: String

  init(_ cause: Cause, hart: Int? = nil, pc: UInt64? = nil, _ sentence: String, advice: String? = nil) {
    self.cause = cause
    self.hart = hart
    self.pc = pc
    self.sentence = sentence
    self.advice = advice ?? cause.advice
  }

  // MARK: Text

  /// The first line says it all; those behind it are indented.
  package var text: String {
    var lines = [(hart.map { "hart \($0): " } ?? "") + sentence + " [\(cause.id)]"]
    if let pc { lines.append("    at: 0x\(hexadecimal(pc))\(place)") }
    lines += evidence.map { "    " + $0 }
    lines += code.map { "    " + $0 }
    // Four registers a line.
    let cells = registers.map { "\($0.name) 0x\(hexadecimal($0.value))" }
    lines += stride(from: 0, to: cells.count, by: 4).map {
      "    " + cells[$0..<min($0 + 4, cells.count)].joined(separator: "  ")
    }
    lines.append("    what to do: " + advice)
    return lines.joined(separator: "\n")
  }

  private var place: String {
    var text = symbol.map { " <\($0.name)\($0.offset == 0 ? "" : "+0x\(hexadecimal($0.offset))")>" } ?? ""
    if let line { text += " \(line.file):\(line.number)" }
    return text
  }

  // MARK: JSON

  /// One object in one line. Keys that have no value are left out; numbers of addresses are strings in hexadecimal.
  package var json: String {
    var fields: [String] = ["\"cause\":" + Self.quoted(cause.id)]
    if let hart { fields.append("\"hart\":\(hart)") }
    if let pc { fields.append("\"pc\":" + Self.quoted("0x" + hexadecimal(pc))) }
    if let symbol {
      fields.append("\"symbol\":" + Self.quoted(symbol.name))
      fields.append("\"offset\":\(symbol.offset)")
    }
    if let line {
      fields.append("\"file\":" + Self.quoted(line.file))
      fields.append("\"line\":\(line.number)")
    }
    fields.append("\"text\":" + Self.quoted(sentence))
    fields.append("\"advice\":" + Self.quoted(advice))
    func list(_ values: [String]) -> String { "[" + values.map(Self.quoted).joined(separator: ",") + "]" }
    if !evidence.isEmpty { fields.append("\"evidence\":" + list(evidence)) }
    if !code.isEmpty { fields.append("\"code\":" + list(code)) }
    if !registers.isEmpty {
      let cells = registers.map { Self.quoted($0.name) + ":" + Self.quoted("0x" + hexadecimal($0.value)) }
      fields.append("\"registers\":{" + cells.joined(separator: ",") + "}")
    }
    return "{" + fields.joined(separator: ",") + "}"
  }

  /// As a string of JSON (RFC 8259, §7).
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20: result += "\\u" + hexadecimal(scalar.value, 4)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
