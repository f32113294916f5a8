/// A typed, documented option of a device: the command line, `-global`, `device_add`, QMP listings and
/// `-device x,help` all come from this one declaration.
package struct Property: Sendable {
  package enum Kind: Sendable, Equatable {
    case flag
    /// An unsigned integer no larger than the given maximum.
    case integer(maximum: UInt64)
    /// Bytes, with an optional k, M, G, T suffix.
    case size
    case text
    /// The `id=` of a back end of the named sort ("drive", "chardev", "rng", "netdev").
    case reference(String)

    /// As `-device x,help` prints it.
    package var listing: String {
      switch self {
      case .flag: "bool"
      case .integer(let maximum):
        switch maximum {
        case 0...0xff: "uint8"
        case 0x100...0xffff: "uint16"
        case 0x1_0000...0xffff_ffff: "uint32"
        default: "uint64"
        }
      case .size: "size"
      case .text, .reference: "str"
      }
    }
  }

  package let name: String
  package let kind: Kind
  package let defaultValue: PropertyValue?
  package let help: String

  package init(_ name: String, _ kind: Kind, default defaultValue: PropertyValue? = nil, _ help: String) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.help = help
  }
}

package enum PropertyValue: Sendable, Equatable {
  case flag(Bool)
  case integer(UInt64)
  case text(String)
}

/// The sentence that a wrong property gets; begins with QEMU's words where scripts know them.
package struct PropertyError: Error, CustomStringConvertible, Equatable {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// A device's properties with the values that the user and the defaults gave.
package struct PropertyValues: Sendable {
  package let typeName: String
  private let declared: [Property]
  private var values: [String: PropertyValue] = [:]

  package init(of typeName: String, _ declared: [Property]) {
    self.typeName = typeName
    self.declared = declared
    for property in declared { values[property.name] = property.defaultValue }
  }

  /// Gives `name` the value that `text` spells.
  package mutating func set(_ name: String, _ text: String) throws(PropertyError) {
    guard let property = declared.first(where: { $0.name == name }) else {
      throw PropertyError("Property '\(typeName).\(name)' not found")
    }
    values[name] = try Self.parse(text, as: property)
  }

  package func flag(_ name: String) -> Bool {
    if case .flag(let value)? = values[name] { value } else { false }
  }

  package func integer(_ name: String) -> UInt64? {
    if case .integer(let value)? = values[name] { value } else { nil }
  }

  package func text(_ name: String) -> String? {
    if case .text(let value)? = values[name] { value } else { nil }
  }

  /// Every property with its value, as `info qtree` prints it.
  package var listing: [(name: String, value: String)] {
    declared.map { property in
      let text =
        switch values[property.name] {
        case .flag(let value): "\(value)"
        case .integer(let value) where property.kind == .size: "\(value) (\(value.roundedSize))"
        case .integer(let value): "\(value) (0x\(String(value, radix: 16)))"
        case .text(let value): "\"\(value)\""
        case nil: "\"\""
        }
      return (property.name, text)
    }
  }

  private static func parse(_ text: String, as property: Property) throws(PropertyError) -> PropertyValue {
    switch property.kind {
    case .flag:
      switch text {
      case "on", "yes", "true", "y": return .flag(true)
      case "off", "no", "false", "n": return .flag(false)
      default: throw PropertyError("Parameter '\(property.name)' expects 'on' or 'off'")
      }
    case .integer(let maximum):
      guard let value = UInt64(literal: text) else {
        throw PropertyError("Parameter '\(property.name)' expects integer")
      }
      guard value <= maximum else {
        throw PropertyError("Parameter '\(property.name)' expects a value from 0 to \(maximum)")
      }
      return .integer(value)
    case .size:
      guard let value = UInt64(size: text) else {
        throw PropertyError(
          "Parameter '\(property.name)' expects a non-negative number below 2^64\n"
            + "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
            + "and exabytes, respectively.")
      }
      return .integer(value)
    case .text, .reference:
      return .text(text)
    }
  }
}

extension UInt64 {
  /// Reads a decimal, 0x hexadecimal or 0 octal literal, as QEMU's options do. Negative numbers wrap.
  package init?(literal text: String) {
    var digits = text[...]
    let isNegative = digits.first == "-"
    if isNegative { digits = digits.dropFirst() }
    let magnitude: UInt64?
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      magnitude = UInt64(digits.dropFirst(2), radix: 16)
    } else if digits.count > 1, digits.hasPrefix("0") {
      magnitude = UInt64(digits.dropFirst(), radix: 8)
    } else {
      magnitude = digits.hasPrefix("+") ? nil : UInt64(digits)
    }
    guard let magnitude else { return nil }
    self = isNegative ? 0 &- magnitude : magnitude
  }

  /// Three digits of a number of bytes in the unit that suits it: 512 B, 2 MiB, 1.46 TiB.
  package var roundedSize: String {
    var unit: UInt64 = 1
    var name = "B"
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] where self / unit >= 1000 {
      unit <<= 10
      name = next
    }
    // The decimal places that give three digits.
    for (scale, digits) in [(1000, 1), (100, 10), (10, 100), (1, UInt64.max)] as [(UInt64, UInt64)] {
      let scaled = Double(self) / Double(unit) * Double(scale)
      guard self / unit < digits else { continue }
      let rounded = UInt64(scaled.rounded(.toNearestOrEven))
      var text = "\(rounded / scale)"
      if rounded % scale != 0 {
        var places = String(scale + rounded % scale).dropFirst()
        while places.last == "0" { places.removeLast() }
        text += "." + places
      }
      return "\(text) \(name)"
    }
    return "\(self) B"
  }

  /// Reads a size: a literal with an optional suffix k, M, G, T, P, E (powers of 1024, any case), in
  /// bytes unless `unit` says otherwise.
  package init?(size text: String, unit: UInt64 = 1) {
    let shifts: [Character: UInt64] = ["b": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50, "e": 60]
    var digits = text[...]
    var scale = unit
    if !digits.hasPrefix("0x"), let last = digits.last, let shift = shifts[Character(last.lowercased())] {
      digits = digits.dropLast()
      scale = 1 << shift
    }
    guard !digits.hasPrefix("-"), let value = UInt64(literal: String(digits)) else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: scale)
    guard !overflow else { return nil }
    self = product
  }
}
