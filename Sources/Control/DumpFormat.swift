/// How `x`, `xp` and `p` print: `/4xw` is a count, a format of `x d u o c i`, and a size of `b h w g`.
struct DumpFormat: Equatable {
  enum Radix: Character {
    case hexadecimal = "x"
    case signed = "d"
    case unsigned = "u"
    case octal = "o"
    case character = "c"
    case instruction = "i"
  }

  var count = 1
  var radix = Radix.hexadecimal
  /// Bytes.
  var size = 4

  /// Reads `/…` where it stands at the front of `text`; radix and size stay as they were where it says
  /// nothing.
  mutating func read(_ text: inout Substring) throws(MonitorError) {
    count = 1
    guard text.first == "/" else { return }
    text.removeFirst()
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    if !digits.isEmpty {
      guard let value = Int(digits), value <= 1 << 20 else {
        throw MonitorError("number too large", suggestsHelp: true)
      }
      count = value
    }
    text = text[digits.endIndex...]
    while let letter = text.first, letter != " ", letter != "\t" {
      if let radix = Radix(rawValue: letter) {
        self.radix = radix
      } else if let index = "bhwg".firstIndex(of: letter) {
        size = 1 << "bhwg".distance(from: "bhwg".startIndex, to: index)
      } else {
        throw MonitorError("invalid char in format: '\(letter)'", suggestsHelp: true)
      }
      text.removeFirst()
    }
  }

  /// One number alone, as `p` prints it.
  func print(_ value: UInt64) -> String {
    switch radix {
    case .hexadecimal: "0x\(String(value, radix: 16))"
    case .signed, .instruction: "\(Int64(bitPattern: value))"
    case .unsigned: "\(value)"
    case .octal: value == 0 ? "0" : "0\(String(value, radix: 8))"
    case .character: Self.quoted(UInt32(truncatingIfNeeded: value))
    }
  }

  /// One element of a dump, padded to its column.
  func column(_ value: UInt64) -> String {
    let bits = size * 8
    switch radix {
    case .hexadecimal: return "0x" + zeroPadded(value, to: size * 2)
    case .octal:
      let digits = value == 0 ? "0" : "0\(String(value, radix: 8))"
      return rightAligned(digits, to: (bits + 2) / 3)
    case .signed where size == 8: return rightAligned("\(Int64(bitPattern: value))", to: 20)
    case .signed, .unsigned: return rightAligned("\(value)", to: [1: 3, 2: 5, 4: 10, 8: 20][size] ?? 20)
    case .character, .instruction: return Self.quoted(UInt32(UInt8(truncatingIfNeeded: value)))
    }
  }

  /// A character; one that is none as a number.
  private static func quoted(_ character: UInt32) -> String {
    switch character {
    case 0x27: "'\\''"
    case 0x5c: "'\\\\'"
    case 0x0a: "'\\n'"
    case 0x0d: "'\\r'"
    case 0x20...0x7e: "'\(Character(UnicodeScalar(UInt8(character))))'"
    default: "'\\x\(zeroPadded(UInt64(character), to: 2))'"
    }
  }
}

func zeroPadded(_ value: UInt64, to width: Int) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

func rightAligned(_ text: String, to width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}

func leftAligned(_ text: String, to width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.utf8.count))
}
