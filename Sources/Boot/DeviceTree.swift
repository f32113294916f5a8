/// A device tree: what the guest is told about the machine (Devicetree Specification 0.4).
package struct DeviceTree: Sendable, Equatable {
  package struct Property: Sendable, Equatable {
    package var name: String
    package var value: [UInt8]
  }

  package struct Node: Sendable, Equatable {
    /// With unit address; empty for the root.
    package var name: String
    package var properties: [Property] = []
    package var children: [Node] = []

    package init(_ name: String) { self.name = name }

    package subscript(name: String) -> [UInt8]? {
      get { properties.first { $0.name == name }?.value }
      set {
        let place = properties.firstIndex { $0.name == name }
        switch (place, newValue) {
        case (let place?, let value?): properties[place].value = value
        case (let place?, nil): properties.remove(at: place)
        case (nil, let value?): properties.append(Property(name: name, value: value))
        case (nil, nil): break
        }
      }
    }

    /// A property without a value, whose presence says all.
    package mutating func set(_ name: String) { self[name] = [] }

    package mutating func set(_ name: String, _ cells: UInt32...) { set(name, cells: cells) }

    package mutating func set(_ name: String, cells: [UInt32]) {
      var value: [UInt8] = []
      for cell in cells { value.append(big: cell) }
      self[name] = value
    }

    /// Numbers of two cells each: addresses and sizes under `#address-cells = <2>`.
    package mutating func set(_ name: String, wide: UInt64...) {
      var value: [UInt8] = []
      for number in wide { value.append(big: number) }
      self[name] = value
    }

    /// One string or a list.
    package mutating func set(_ name: String, _ strings: String...) { set(name, strings: strings) }

    package mutating func set(_ name: String, strings: [String]) {
      self[name] = strings.flatMap { Array($0.utf8) + [0] }
    }

    package mutating func add(_ node: Node) { children.append(node) }

    /// The child `name`, made where it is missing.
    package subscript(child name: String) -> Node {
      get { children.first { $0.name == name } ?? Node(name) }
      set {
        if let place = children.firstIndex(where: { $0.name == name }) {
          children[place] = newValue
        } else {
          children.append(newValue)
        }
      }
    }
  }

  package struct Reservation: Sendable, Equatable {
    package var address: UInt64
    package var size: UInt64

    package init(address: UInt64, size: UInt64) {
      self.address = address
      self.size = size
    }
  }

  package var root = Node("")
  package var reservations: [Reservation] = []
  package var bootHart: UInt32 = 0

  package init() {}

  // MARK: Flattening

  enum Token {
    static let beginNode: UInt32 = 1
    static let endNode: UInt32 = 2
    static let property: UInt32 = 3
    static let nothing: UInt32 = 4
    static let end: UInt32 = 9
  }

  static let magic: UInt32 = 0xd00d_feed
  static let headerSize = 40

  /// The flattened tree, version 17 (§5), of at least `size` bytes.
  package func flattened(size: Int = 0) -> [UInt8] {
    var structure: [UInt8] = []
    var strings = StringsBlock()
    Self.flatten(root, into: &structure, &strings)
    structure.append(big: Token.end)

    var reserved: [UInt8] = []
    for reservation in reservations + [Reservation(address: 0, size: 0)] {
      reserved.append(big: reservation.address)
      reserved.append(big: reservation.size)
    }
    let structureOffset = Self.headerSize + reserved.count
    let stringsOffset = structureOffset + structure.count
    let used = stringsOffset + strings.bytes.count
    let total = max(size, used)
    var blob: [UInt8] = []
    blob.reserveCapacity(total)
    blob.append(big: Self.magic)
    for field in [total, structureOffset, stringsOffset, Self.headerSize, 17, 16] {
      blob.append(big: UInt32(truncatingIfNeeded: field))
    }
    blob.append(big: bootHart)
    blob.append(big: UInt32(truncatingIfNeeded: strings.bytes.count))
    blob.append(big: UInt32(truncatingIfNeeded: structure.count))
    blob += reserved + structure + strings.bytes
    blob += [UInt8](repeating: 0, count: total - used)
    return blob
  }

  private struct StringsBlock {
    var bytes: [UInt8] = []
    private var offsets: [String: UInt32] = [:]

    mutating func offset(of name: String) -> UInt32 {
      if let known = offsets[name] { return known }
      let offset = UInt32(truncatingIfNeeded: bytes.count)
      bytes += Array(name.utf8) + [0]
      offsets[name] = offset
      return offset
    }
  }

  private static func flatten(_ node: Node, into structure: inout [UInt8], _ strings: inout StringsBlock) {
    structure.append(big: Token.beginNode)
    structure += Array(node.name.utf8) + [0]
    pad(&structure)
    for property in node.properties {
      structure.append(big: Token.property)
      structure.append(big: UInt32(truncatingIfNeeded: property.value.count))
      structure.append(big: strings.offset(of: property.name))
      structure += property.value
      pad(&structure)
    }
    for child in node.children { flatten(child, into: &structure, &strings) }
    structure.append(big: Token.endNode)
  }

  private static func pad(_ bytes: inout [UInt8]) {
    while bytes.count % 4 != 0 { bytes.append(0) }
  }
}
