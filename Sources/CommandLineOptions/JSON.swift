import CJansson

/// A JSON value as option arguments spell it (RFC 8259), read by jansson.
///
/// jansson hands out pointers; none leaves `init(parsing:)`, which copies all that it finds.
indirect enum JSON: Equatable {
  /// Numbers stand as QEMU's options spell them.
  case number(String)
  case string(String)
  case flag(Bool)
  case null
  case array([JSON])
  /// Members in the order written.
  case object([(name: String, value: JSON)])

  static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.number(let a), .number(let b)), (.string(let a), .string(let b)): a == b
    case (.flag(let a), .flag(let b)): a == b
    case (.null, .null): true
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.name == $1.name && $0.value == $1.value }
    default: false
    }
  }

  struct ParseError: Error, Equatable { let sentence: String }

  init(parsing text: String) throws(ParseError) {
    var failure = json_error_t()
    var text = text
    let root = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        json_loadb($0.baseAddress, $0.count, Int(JSON_REJECT_DUPLICATES), &failure)
      }
    }
    guard let root else { throw ParseError(sentence: Self.sentence(failure)) }
    defer { json_decref(root) }
    self.init(root)
  }

  private static func sentence(_ failure: json_error_t) -> String {
    var failure = failure
    switch json_error_code(&failure) {
    case json_error_premature_end_of_input: return "JSON parse error, premature EOI"
    case json_error_end_of_input_expected: return "Expecting at most one JSON value"
    default: break
    }
    // The text is the C string in a fixed array, whose last byte is the kind of error.
    let text = withUnsafeBytes(of: failure.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let place = failure.position > 0 ? " at character \(failure.position)" : ""
    return "JSON parse error, \(text)\(place)"
  }

  private init(_ value: UnsafeMutablePointer<json_t>) {
    switch value.pointee.type {
    case JSON_OBJECT:
      var members: [(name: String, value: JSON)] = []
      var iterator = json_object_iter(value)
      while let here = iterator {
        if let name = json_object_iter_key(here), let member = json_object_iter_value(here) {
          members.append((String(cString: name), JSON(member)))
        }
        iterator = json_object_iter_next(value, here)
      }
      self = .object(members)
    case JSON_ARRAY:
      self = .array((0..<json_array_size(value)).compactMap { json_array_get(value, $0).map(JSON.init) })
    case JSON_STRING:
      let bytes = UnsafeRawBufferPointer(start: json_string_value(value), count: json_string_length(value))
      self = .string(String(decoding: bytes, as: UTF8.self))
    case JSON_INTEGER: self = .number("\(json_integer_value(value))")
    case JSON_REAL: self = .number("\(json_real_value(value))")
    case JSON_TRUE: self = .flag(true)
    case JSON_FALSE: self = .flag(false)
    default: self = .null
    }
  }

  /// The value as `key=value` pairs: members of members become `outer.inner`, elements `list.0`.
  func flattened(under key: String = "") -> [(name: String, value: String)] {
    func path(_ name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }
    switch self {
    case .number(let text), .string(let text): return [(key, text)]
    case .flag(let isOn): return [(key, isOn ? "on" : "off")]
    case .null: return [(key, "")]
    case .array(let elements): return elements.enumerated().flatMap { $1.flattened(under: path("\($0)")) }
    case .object(let members): return members.flatMap { $0.value.flattened(under: path($0.name)) }
    }
  }
}
