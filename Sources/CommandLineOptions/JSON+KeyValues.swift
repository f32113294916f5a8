import JSONText

extension JSON {
  /// The value as `key=value` pairs: members of members become `outer.inner`, elements `list.0`. Numbers stand as
  /// QEMU's options spell them.
  func flattened(under key: String = "") -> [(name: String, value: String)] {
    func path(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }
    switch self {
    case .integer(let number): return [(key, "\(number)")]
    case .large(let number): return [(key, "\(number)")]
    case .real(let number): return [(key, "\(number)")]
    case .string(let text): return [(key, text)]
    case .flag(let isOn): return [(key, isOn ? "on" : "off")]
    case .null: return [(key, "")]
    case .array(let elements): return elements.enumerated().flatMap { $1.flattened(under: path("\($0)")) }
    case .object(let members): return members.flatMap { $0.value.flattened(under: path($0.name)) }
    }
  }
}

extension JSON.ParseError {
  /// The sentence for an option's argument.
  var sentence: String {
    switch kind {
    case .premature: return "JSON parse error, premature EOI"
    case .trailing: return "Expecting at most one JSON value"
    case .other:
      let place = position > 0 ? " at character \(position)" : ""
      return "JSON parse error, \(reason)\(place)"
    }
  }
}
