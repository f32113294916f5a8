extension DeviceTree {
  /// A tree deeper than this comes from no board.
  private static let deepest = 64

  /// Reads a flattened tree, such as a file given with `-dtb`. Every offset and length in it is checked.
  package init(flattened blob: [UInt8]) throws(ImageError) {
    guard blob.count >= Self.headerSize, blob.big(UInt32.self, at: 0) == Self.magic else {
      throw ImageError("FDT_ERR_BADMAGIC")
    }
    let header = try (0..<10).map { index throws(ImageError) in
      guard let field: UInt32 = blob.big(at: index * 4) else { throw ImageError("FDT_ERR_TRUNCATED") }
      return Int(field)
    }
    let (total, structureOffset, stringsOffset, reservedOffset) = (header[1], header[2], header[3], header[4])
    let (version, compatible) = (header[5], header[6])
    guard version >= 16, compatible <= 17 else { throw ImageError("FDT_ERR_BADVERSION") }
    guard total >= Self.headerSize, total <= blob.count else { throw ImageError("FDT_ERR_TRUNCATED") }
    let stringsSize = header[8]
    let structureSize = version >= 17 ? header[9] : total - min(structureOffset, total)
    guard structureOffset >= Self.headerSize, structureOffset <= total,
      structureSize <= total - structureOffset,
      stringsOffset >= Self.headerSize, stringsOffset <= total, stringsSize <= total - stringsOffset,
      reservedOffset >= Self.headerSize, reservedOffset <= total, structureOffset % 4 == 0
    else { throw ImageError("FDT_ERR_BADSTRUCTURE") }

    bootHart = UInt32(header[7])
    reservations = try Self.reservations(blob, from: reservedOffset, to: total)
    var reader = Reader(
      structure: [UInt8](blob[structureOffset..<structureOffset + structureSize]),
      strings: [UInt8](blob[stringsOffset..<stringsOffset + stringsSize]))
    root = try reader.tree()
  }

  private static func reservations(_ blob: [UInt8], from: Int, to end: Int) throws(ImageError)
    -> [Reservation]
  {
    var found: [Reservation] = []
    var at = from
    while at <= end - 16, let address: UInt64 = blob.big(at: at), let size: UInt64 = blob.big(at: at + 8) {
      if address == 0 && size == 0 { return found }
      found.append(Reservation(address: address, size: size))
      at += 16
    }
    throw ImageError("FDT_ERR_TRUNCATED: its list of reserved memory has no end")
  }

  private struct Reader {
    let structure: [UInt8]
    let strings: [UInt8]
    var at = 0

    init(structure: [UInt8], strings: [UInt8]) {
      self.structure = structure
      self.strings = strings
    }

    mutating func cell() throws(ImageError) -> UInt32 {
      guard let value: UInt32 = structure.big(at: at) else { throw ImageError("FDT_ERR_TRUNCATED") }
      at += 4
      return value
    }

    mutating func align() { at = (at + 3) & ~3 }

    func text(in bytes: [UInt8], at start: Int) throws(ImageError) -> (String, Int) {
      guard start >= 0, start <= bytes.count, let end = bytes[start...].firstIndex(of: 0) else {
        throw ImageError("FDT_ERR_BADSTRUCTURE: a name in it has no end")
      }
      return (String(decoding: bytes[start..<end], as: UTF8.self), end)
    }

    /// The root node and the end token.
    mutating func tree() throws(ImageError) -> Node {
      // The nodes from the root to the one being read.
      var open: [Node] = []
      while true {
        switch try cell() {
        case Token.beginNode:
          let (name, end) = try text(in: structure, at: at)
          at = end + 1
          align()
          guard open.count < DeviceTree.deepest else {
            throw ImageError("FDT_ERR_BADSTRUCTURE: it is too deep")
          }
          open.append(Node(open.isEmpty ? "" : name))
        case Token.property:
          let length = Int(try cell())
          let (name, _) = try text(in: strings, at: Int(try cell()))
          guard length <= structure.count - at else { throw ImageError("FDT_ERR_TRUNCATED") }
          guard let last = open.indices.last, open[last].children.isEmpty else {
            throw ImageError("FDT_ERR_BADSTRUCTURE: property '\(name)' stands outside of its node")
          }
          open[last].properties.append(Property(name: name, value: [UInt8](structure[at..<at + length])))
          at += length
          align()
        case Token.endNode:
          guard let node = open.popLast() else { throw ImageError("FDT_ERR_BADSTRUCTURE") }
          if let parent = open.indices.last {
            open[parent].children.append(node)
          } else {
            guard try cell() == Token.end else {
              throw ImageError("FDT_ERR_BADSTRUCTURE: something follows its root")
            }
            return node
          }
        case Token.nothing: break
        default: throw ImageError("FDT_ERR_BADSTRUCTURE")
        }
      }
    }
  }
}
