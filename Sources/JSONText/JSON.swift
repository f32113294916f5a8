import CJansson
import Glibc

/// A JSON value (RFC 8259), read and written by jansson.
///
/// jansson hands out pointers; none leaves `init(parsing:)` and `bytes(pretty:)`, which copy all that they find.
package indirect enum JSON: Equatable, Sendable {
  package struct Member: Equatable, Sendable {
    package let name: String
    package let value: JSON

    package init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  case null
  case flag(Bool)
  case integer(Int64)
  /// An integer above `Int64.max`.
  case large(UInt64)
  case real(Double)
  case string(String)
  case array([JSON])
  /// Members in the order written.
  case object([Member])

  /// The smallest case that holds `value`.
  package init(_ value: UInt64) { self = Int64(exactly: value).map(JSON.integer) ?? .large(value) }
  package init(_ value: Int) { self = .integer(Int64(value)) }

  /// The member called `name`, of an object that has one.
  package subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  // MARK: Reading

  package struct ParseError: Error, Equatable {
    package enum Kind: Sendable { case premature, trailing, other }
    package let kind: Kind
    /// jansson's words.
    package let reason: String
    /// Counted in characters from the beginning; 0: not known.
    package let position: Int
  }

  /// Reads one value, and nothing behind it.
  package init(parsing text: String) throws(ParseError) {
    var text = text
    let result = text.withUTF8 { bytes -> Result<JSON, ParseError> in
      do throws(ParseError) {
        return .success(try JSON(parsing: bytes, options: JSON_REJECT_DUPLICATES))
      } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  /// For `JSONStream`, whose values may be anything.
  static let streamOptions = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL

  init(parsing bytes: UnsafeBufferPointer<UInt8>, options: Int32) throws(ParseError) {
    var failure = json_error_t()
    let root = bytes.withMemoryRebound(to: CChar.self) {
      json_loadb($0.baseAddress, $0.count, Int(options), &failure)
    }
    guard let root else { throw ParseError(failure) }
    defer { json_decref(root) }
    self.init(root)
  }

  private init(_ value: UnsafeMutablePointer<json_t>) {
    switch value.pointee.type {
    case JSON_OBJECT:
      var members: [Member] = []
      var iterator = json_object_iter(value)
      while let here = iterator {
        if let name = json_object_iter_key(here), let member = json_object_iter_value(here) {
          members.append(Member(String(cString: name), JSON(member)))
        }
        iterator = json_object_iter_next(value, here)
      }
      self = .object(members)
    case JSON_ARRAY:
      self = .array((0..<json_array_size(value)).compactMap { json_array_get(value, $0).map(JSON.init) })
    case JSON_STRING:
      let bytes = UnsafeRawBufferPointer(start: json_string_value(value), count: json_string_length(value))
      self = LargeIntegers.value(ofString: String(decoding: bytes, as: UTF8.self))
    case JSON_INTEGER: self = .integer(json_integer_value(value))
    case JSON_REAL: self = .real(json_real_value(value))
    case JSON_TRUE: self = .flag(true)
    case JSON_FALSE: self = .flag(false)
    default: self = .null
    }
  }

  // MARK: Writing

  /// The value in ASCII, as QEMU writes it: on one line, or with four spaces for each level.
  package func bytes(pretty: Bool = false) -> [UInt8] {
    let value = jansson
    defer { json_decref(value) }
    // JSON_ENCODE_ANY and JSON_INDENT(4), which are macros with casts and arguments.
    let encodeAny = 0x200
    let options = encodeAny | Int(JSON_ENSURE_ASCII) | (pretty ? 4 : 0)
    guard let text = json_dumps(value, options) else { return Array("null".utf8) }
    defer { free(text) }
    var bytes = Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    if LargeIntegers.areMarked(in: text) { bytes = LargeIntegers.unmarked(bytes) }
    return pretty ? Self.openingEmptyOnes(in: bytes) : bytes
  }

  /// QEMU breaks the line also in arrays and objects of nothing.
  private static func openingEmptyOnes(in text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var (isInString, isEscaped, depth) = (false, false, 0)
    for byte in text {
      let last = result.last
      if isInString {
        isInString = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
      } else {
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
          if last == UInt8(ascii: "{") || last == UInt8(ascii: "[") {
            result += [0x0a] + [UInt8](repeating: UInt8(ascii: " "), count: 4 * depth)
          }
        default: break
        }
      }
      result.append(byte)
    }
    return result
  }

  /// A value that the caller owns.
  private var jansson: UnsafeMutablePointer<json_t>? {
    switch self {
    case .null: return json_null()
    case .flag(let isOn): return isOn ? json_true() : json_false()
    case .integer(let value): return json_integer(value)
    case .large(let value): return Self.string(LargeIntegers.marked(value))
    case .real(let value): return json_real(value)
    case .string(let text): return Self.string(LargeIntegers.escaped(text))
    case .array(let elements):
      let list = json_array()
      for element in elements { json_array_append_new(list, element.jansson) }
      return list
    case .object(let members):
      let object = json_object()
      for member in members { json_object_set_new(object, member.name, member.value.jansson) }
      return object
    }
  }

  private static func string(_ text: String) -> UnsafeMutablePointer<json_t>? {
    var text = text
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { json_stringn($0.baseAddress, $0.count) }
    }
  }
}

extension JSON.ParseError {
  fileprivate init(_ failure: json_error_t) {
    var failure = failure
    switch json_error_code(&failure) {
    case json_error_premature_end_of_input: kind = .premature
    case json_error_end_of_input_expected: kind = .trailing
    default: kind = .other
    }
    // The text is the C string in a fixed array, whose last byte is the kind of error.
    reason = withUnsafeBytes(of: failure.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    position = Int(failure.position)
  }
}

// Literals, for values that a program makes.
extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(booleanLiteral value: Bool) { self = .flag(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}

/// jansson's integers have 63 bits. One above that goes through it as a string: a NUL and its digits. A string
/// that begins with a NUL itself has it doubled.
enum LargeIntegers {
  private static let mark = "\0"
  /// A marked string's beginning as jansson writes it.
  private static let written = "\"\\u0000"

  static func marked(_ value: UInt64) -> String { mark + String(value) }
  static func escaped(_ text: String) -> String { text.utf8.first == 0 ? mark + text : text }

  static func value(ofString text: String) -> JSON {
    guard text.utf8.first == 0 else { return .string(text) }
    let rest = String(decoding: text.utf8.dropFirst(), as: UTF8.self)
    if rest.utf8.first != 0, let number = UInt64(rest) { return .large(number) }
    return .string(rest)
  }

  static func areMarked(in text: UnsafePointer<CChar>) -> Bool { strstr(text, written) != nil }

  /// The text with marked strings as the numbers and strings that they stand for.
  static func unmarked(_ text: [UInt8]) -> [UInt8] {
    let written = Array(Self.written.utf8)
    let nul = written.dropFirst()
    var result: [UInt8] = []
    var index = 0
    while index < text.count {
      // Behind a backslash the quotation mark begins nothing.
      guard text[index...].starts(with: written), result.last != UInt8(ascii: "\\") else {
        result.append(text[index])
        index += 1
        continue
      }
      index += written.count
      if text[index...].starts(with: nul) {
        result.append(UInt8(ascii: "\""))
        continue
      }
      let digits = text[index...].prefix { $0 != UInt8(ascii: "\"") }
      result += digits
      index = digits.endIndex + 1
    }
    return result
  }
}
