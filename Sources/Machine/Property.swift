import RISCV

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
    /// on, off, or auto: the device knows best.
    case onOffAuto
    /// Where on its bus a PCI function is: `06.0`.
    case pciAddress
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
      case .onOffAuto: "OnOffAuto"
      case .text, .reference, .pciAddress: "str"
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

  package func declares(_ name: String) -> Bool { declared.contains { $0.name == name } }

  /// Gives `name` the value that `text` spells.
  package mutating func set(_ name: String, _ text: String) throws(PropertyError) {
    guard let property = declared.first(where: { $0.name == name }) else {
      throw PropertyError(
        "Property '\(typeName).\(name)' not found" + declared.lazy.map(\.name).suggestion(for: name))
    }
    values[name] = try Self.parse(text, as: property)
  }

  /// The values of a part of the properties, for the device inside this one.
  package func part(of typeName: String, _ declared: [Property]) -> PropertyValues {
    var part = PropertyValues(of: typeName, declared)
    for property in declared { part.values[property.name] = values[property.name] ?? property.defaultValue }
    return part
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

  /// Every property with its value; nil: none was given.
  package var declarations: [(property: Property, value: PropertyValue?)] {
    declared.map { ($0, values[$0.name]) }
  }

  /// Every property with its value, as `info qtree` prints it.
  package var listing: [(name: String, value: String)] {
    declared.map { property in
      let text =
        switch values[property.name] {
        case .flag(let value): "\(value)"
        case .integer(let value) where property.kind == .size: "\(value) (\(value.roundedSize))"
        case .integer(let value): "\(value) (0x\(String(value, radix: 16)))"
        case .text(let value) where property.kind == .pciAddress: value
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
        let range = "a value from 0 to \(maximum)"
        let type: String? =
          switch maximum {
          case 0xff: "uint8_t"
          case 0xffff: "uint16_t"
          case 0xffff_ffff: "uint32_t"
          default: nil
          }
        throw PropertyError(
          "Parameter '\(property.name)' expects \(type.map { "\($0)\nThat is \(range)." } ?? range)")
      }
      return .integer(value)
    case .size:
      return .integer(try UInt64(size: text, parameter: property.name))
    case .onOffAuto:
      guard ["on", "off", "auto"].contains(text) else {
        throw PropertyError("Parameter '\(property.name)' does not accept value '\(text)'")
      }
      return .text(text)
    case .text, .reference, .pciAddress:
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
  /// bytes unless `unit` says otherwise. Before a suffix there may be a decimal fraction: 1.5G.
  package init(size text: String, parameter: String, unit: UInt64 = 1) throws(PropertyError) {
    let shifts: [Character: UInt64] = ["b": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50, "e": 60]
    var digits = text[...]
    var scale = unit
    var hasSuffix = false
    if !digits.hasPrefix("0x"), let last = digits.last, let shift = shifts[Character(last.lowercased())] {
      digits = digits.dropLast()
      scale = 1 << shift
      hasSuffix = true
    }
    let halves = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let isFraction =
      halves.count == 2 && hasSuffix
      && halves.allSatisfy { half in
        !half.isEmpty && half.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
      }
    if digits.hasPrefix("-"), UInt64(literal: String(digits)) != nil {
      throw PropertyError("Value '\(text)' is out of range for parameter '\(parameter)'")
    }
    let whole = isFraction ? UInt64(halves[0]) : UInt64(literal: String(digits))
    guard let whole else {
      throw PropertyError(
        "Parameter '\(parameter)' expects a non-negative number below 2^64\n"
          + "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
          + "and exabytes, respectively.")
    }
    let fraction = isFraction ? Double("0." + halves[1]).map { UInt64($0 * Double(scale)) } ?? 0 : 0
    let (product, overflows) = whole.multipliedReportingOverflow(by: scale)
    let (sum, exceeds) = product.addingReportingOverflow(fraction)
    guard !overflows, !exceeds else {
      throw PropertyError("Value '\(text)' is out of range for parameter '\(parameter)'")
    }
    self = sum
  }
}
