// Unsafe pointers: text is shown to the C library for the length of one call.
import Glibc

/// An address of IP version 4; its number is in the host's order of bytes.
package struct IPv4Address: Sendable, Equatable, CustomStringConvertible {
  package let value: UInt32

  package init(_ value: UInt32) { self.value = value }

  /// Reads what inet_aton(3) reads, which is what QEMU's options take; nil where that is no address.
  package init?(_ text: String) {
    var address = in_addr()
    guard !text.contains(where: \.isWhitespace), inet_aton(text, &address) != 0 else { return nil }
    value = UInt32(bigEndian: address.s_addr)
  }

  package var description: String {
    (0..<4).map { "\(value >> (24 - 8 * UInt32($0)) & 0xff)" }.joined(separator: ".")
  }

  var native: in_addr { in_addr(s_addr: value.bigEndian) }
}

/// An address of IP version 6: 16 bytes.
package struct IPv6Address: Sendable, Equatable {
  package let bytes: [UInt8]

  /// nil where `text` is no address.
  package init?(_ text: String) {
    var address = in6_addr()
    guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
    bytes = withUnsafeBytes(of: address) { Array($0) }
  }

  init(prefix: IPv6Address, lastByte: UInt8) { bytes = prefix.bytes.dropLast() + [lastByte] }

  /// The first `count` bits, the others zero.
  func prefix(_ count: Int) -> [UInt8] {
    bytes.enumerated().map { index, byte in
      let left = count - 8 * index
      return left >= 8 ? byte : left <= 0 ? 0 : byte & (0xff << UInt8(8 - left))
    }
  }

  var native: in6_addr {
    var address = in6_addr()
    withUnsafeMutableBytes(of: &address) { $0.copyBytes(from: bytes) }
    return address
  }
}
