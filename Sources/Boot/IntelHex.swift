/// A file in Intel's hexadecimal object format (Intel, 1988): runs of bytes at addresses.
package struct IntelHex: Sendable, Equatable {
  package struct Run: Sendable, Equatable {
    package var address: UInt64
    package var bytes: [UInt8]

    package init(address: UInt64, bytes: [UInt8]) {
      self.address = address
      self.bytes = bytes
    }
  }

  package private(set) var runs: [Run] = []
  /// From a start record.
  package private(set) var entry: UInt64?

  private struct Record {
    let address: UInt64
    let type: UInt8
    let data: ArraySlice<UInt8>
  }

  /// Reads `source`; nil where its first line is no record of this format.
  package init?(_ source: ImageSource, limit: UInt64) throws(ImageError) {
    guard source.prefix(64).first(where: { !Self.isBlank($0) }) == UInt8(ascii: ":") else { return nil }
    // Every byte takes two characters, so a longer file cannot fit either.
    guard source.size / 2 <= limit, let text = source.bytes(at: 0, count: Int(source.size)) else {
      throw ImageError("it is larger than the machine's memory")
    }
    var base: UInt64 = 0
    var isFirst = true
    var isEnded = false
    for (number, line) in text.split(whereSeparator: { $0 == 10 || $0 == 13 }).enumerated() {
      // Nothing that follows the end matters.
      if isEnded { break }
      guard let record = Self.record(line.drop(while: Self.isBlank)) else {
        if isFirst { return nil }
        throw ImageError("line \(number + 1) is no Intel HEX record or has a wrong checksum")
      }
      isFirst = false
      switch record.type {
      case 0: append(record.data, at: base &+ record.address)
      case 1: isEnded = true
      case 2: base = (try Self.number(record.data, 2, line: number)) << 4
      case 3:
        let value = try Self.number(record.data, 4, line: number)
        entry = (value >> 16) << 4 &+ (value & 0xffff)
      case 4: base = (try Self.number(record.data, 2, line: number)) << 16
      case 5: entry = try Self.number(record.data, 4, line: number)
      default: throw ImageError("line \(number + 1) is an Intel HEX record of unknown type \(record.type)")
      }
    }
    guard isEnded else { throw ImageError("it is cut short: the Intel HEX end record is missing") }
  }

  private static func isBlank(_ character: UInt8) -> Bool { [9, 10, 13, 32].contains(character) }

  private mutating func append(_ data: ArraySlice<UInt8>, at address: UInt64) {
    if let last = runs.indices.last, runs[last].address &+ UInt64(runs[last].bytes.count) == address {
      runs[last].bytes.append(contentsOf: data)
    } else if !data.isEmpty {
      runs.append(Run(address: address, bytes: [UInt8](data)))
    }
  }

  private static func number(_ data: ArraySlice<UInt8>, _ count: Int, line: Int) throws(ImageError) -> UInt64
  {
    guard data.count == count else {
      throw ImageError("line \(line + 1) is an Intel HEX record of a wrong length")
    }
    return data.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// `:` count(1) address(2) type(1) data(count) checksum(1), two hexadecimal digits a byte.
  private static func record(_ line: ArraySlice<UInt8>) -> Record? {
    guard line.first == UInt8(ascii: ":") else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in line.dropFirst() where character != 32 && character != 9 {
      guard let digit = Character(UnicodeScalar(character)).hexDigitValue else { return nil }
      if let first = high {
        bytes.append(first << 4 | UInt8(digit))
        high = nil
      } else {
        high = UInt8(digit)
      }
    }
    guard high == nil, bytes.count >= 5, bytes.count == Int(bytes[0]) + 5, bytes.reduce(0, &+) == 0 else {
      return nil
    }
    return Record(
      address: UInt64(bytes[1]) << 8 | UInt64(bytes[2]), type: bytes[3], data: bytes[4..<bytes.count - 1])
  }
}
