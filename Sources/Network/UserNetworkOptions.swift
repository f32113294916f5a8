/// The properties of `-netdev user`, as they were spelt.
package struct UserNetworkOptions: Sendable, Equatable {
  package struct GuestForward: Sendable, Equatable {
    package var rule: String
    /// The id of the character back end that serves it; nil: a command does.
    package var character: String?

    package init(rule: String, character: String? = nil) {
      self.rule = rule
      self.character = character
    }
  }

  package var usesIPv4: Bool?
  package var usesIPv6: Bool?
  package var isRestricted = false
  package var net: String?
  package var host: String?
  package var dhcpStart: String?
  package var dns: String?
  package var ipv6Prefix: String?
  package var ipv6PrefixLength: Int64?
  package var ipv6Host: String?
  package var ipv6DNS: String?
  package var hostname: String?
  package var tftp: String?
  package var bootFile: String?
  package var tftpServerName: String?
  package var domainName: String?
  package var dnsSearch: [String] = []
  package var hostForwards: [String] = []
  package var guestForwards: [GuestForward] = []

  package init() {}
}
