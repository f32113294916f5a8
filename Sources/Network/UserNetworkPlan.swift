import Machine

/// Who has which address in a user network, after all has been checked.
package struct UserNetworkPlan: Sendable, Equatable {
  package struct IPv4: Sendable, Equatable {
    package var network = IPv4Address(0x0a00_0200)
    package var mask = IPv4Address(0xffff_ff00)
    package var host: IPv4Address
    package var firstLease: IPv4Address
    package var nameServer: IPv4Address
  }

  package struct IPv6: Sendable, Equatable {
    package var prefix: IPv6Address
    package var prefixLength: UInt8
    package var host: IPv6Address
    package var nameServer: IPv6Address
  }

  /// There even where IPv4 is off.
  package let ipv4: IPv4
  package let ipv6: IPv6
  package let usesIPv4: Bool
  package let usesIPv6: Bool

  /// Checks `options`, in QEMU's words.
  package init(_ options: UserNetworkOptions) throws(BackEndError) {
    // One that is asked for turns the other off, unless that is asked for, too.
    usesIPv4 = options.usesIPv4 ?? (options.usesIPv6 != true)
    usesIPv6 = options.usesIPv6 ?? (options.usesIPv4 != true)
    guard usesIPv4 || usesIPv6 else { throw BackEndError("IPv4 and IPv6 disabled") }
    let hasIPv4 = [options.net, options.host, options.dns].contains { $0 != nil }
    guard usesIPv4 || !hasIPv4 else { throw BackEndError("IPv4 disabled but netmask/host/dns provided") }
    let hasIPv6 = [options.ipv6Prefix, options.ipv6Host, options.ipv6DNS].contains { $0 != nil }
    guard usesIPv6 || !hasIPv6 else { throw BackEndError("IPv6 disabled but prefix/host6/dns6 provided") }
    ipv4 = try Self.ipv4(options)
    ipv6 = try Self.ipv6(options)
    try Self.checkNames(options)
  }

  // MARK: IPv4

  private static func ipv4(_ options: UserNetworkOptions) throws(BackEndError) -> IPv4 {
    let (network, mask) = try network(options.net ?? "10.0.2.0/24")
    // The usual numbers within the network, as far as it has room for them.
    func usual(_ number: UInt32) -> IPv4Address { IPv4Address(network.value | number & ~mask.value) }
    func address(_ text: String?, or number: UInt32, _ name: String) throws(BackEndError) -> IPv4Address {
      guard let text else { return usual(number) }
      guard let address = IPv4Address(text) else { throw BackEndError("Failed to parse \(name)") }
      return address
    }
    func isInside(_ address: IPv4Address) -> Bool { address.value & mask.value == network.value }
    let host = try address(options.host, or: 0x0202, "host")
    guard isInside(host) else { throw BackEndError("Host doesn't belong to network") }
    let dhcp = try address(options.dhcpStart, or: 0x020f, "DHCP start address")
    guard isInside(dhcp) else { throw BackEndError("DHCP doesn't belong to network") }
    let dns = try address(options.dns, or: 0x0203, "DNS")
    guard dns != host else { throw BackEndError("DNS must be different from host") }
    guard dhcp != host, dhcp != dns else { throw BackEndError("DHCP must be different from host and DNS") }
    return IPv4(network: network, mask: mask, host: host, firstLease: dhcp, nameServer: dns)
  }

  /// `10.0.2.0/24`, `10.0.2.0/255.255.255.0`, or an address alone, whose class tells the mask (RFC 791, §3.2).
  private static func network(_ text: String) throws(BackEndError) -> (IPv4Address, IPv4Address) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let address = IPv4Address(parts[0]) else { throw BackEndError("Failed to parse netmask") }
    let mask: IPv4Address
    if parts.count == 1 {
      let byte = address.value >> 24
      mask = IPv4Address(byte < 128 ? 0xff00_0000 : byte < 192 ? 0xffff_0000 : 0xffff_ff00)
    } else if let count = parts[1].isEmpty ? 0 : Int(parts[1]) {
      guard 4...32 ~= count else {
        throw BackEndError("Invalid netmask provided (must be in range 4-32)")
      }
      mask = IPv4Address(.max << UInt32(32 - count))
    } else {
      guard let given = IPv4Address(parts[1]) else {
        throw BackEndError("Failed to parse netmask (trailing chars)")
      }
      mask = given
    }
    return (IPv4Address(address.value & mask.value), mask)
  }

  // MARK: IPv6

  private static func ipv6(_ options: UserNetworkOptions) throws(BackEndError) -> IPv6 {
    func address(_ text: String, _ name: String) throws(BackEndError) -> IPv6Address {
      guard let address = IPv6Address(text) else { throw BackEndError("Failed to parse IPv6 \(name)") }
      return address
    }
    let length = options.ipv6PrefixLength ?? 64
    guard 0...126 ~= length else {
      throw BackEndError("Invalid IPv6 prefix provided (IPv6 prefix length must be between 0 and 126)")
    }
    let prefix = try address(options.ipv6Prefix ?? "fec0::", "prefix")
    let host = try options.ipv6Host.map { text throws(BackEndError) in try address(text, "host") }
    let dns = try options.ipv6DNS.map { text throws(BackEndError) in try address(text, "DNS") }
    let chosen = host ?? IPv6Address(prefix: prefix, lastByte: 2)
    guard chosen.prefix(Int(length)) == prefix.prefix(Int(length)) else {
      throw BackEndError("IPv6 Host doesn't belong to network")
    }
    return IPv6(
      prefix: prefix, prefixLength: UInt8(length), host: chosen,
      nameServer: dns ?? IPv6Address(prefix: prefix, lastByte: 3))
  }

  // MARK: Names

  /// What a DHCP answer has room for (RFC 2132: options of 255 bytes at most; RFC 951, §3: a boot file's name of
  /// 128 with its end; RFC 1035, §2.3.4: labels of 63).
  private static func checkNames(_ options: UserNetworkOptions) throws(BackEndError) {
    for (name, text) in [
      ("vhostname", options.hostname), ("tftp-server-name", options.tftpServerName),
      ("domainname", options.domainName),
    ] where (text ?? "").utf8.count > 255 {
      throw BackEndError("'\(name)' parameter cannot exceed 255 bytes")
    }
    guard (options.bootFile ?? "").utf8.count <= 127 else {
      throw BackEndError("'bootfile' parameter cannot exceed 127 bytes")
    }
    for domain in options.dnsSearch {
      let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
      guard labels.allSatisfy({ 1...63 ~= $0.utf8.count }), domain.utf8.count <= 253 else {
        throw BackEndError("Slirp: failed to parse domain name '\(domain)'")
      }
    }
  }
}
