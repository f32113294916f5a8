import Machine
import Network
import TestSupport
import Testing

/// What rules and addresses become, and what is said about wrong ones. Sentences are QEMU 10.0's, which
/// SystemTests compare on the command line.
@Suite("Forwarding rules and addresses") struct RuleTests {
  /// The first line of what is wrong; nil where nothing is.
  private func complaint(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return String("\(error)".prefix { $0 != "\n" })
    }
  }

  @Test func hostForwardsAreRead() throws {
    let plain = try HostForward("tcp::2222-:22")
    #expect(plain.place == HostPlace("tcp::2222"))
    #expect(plain.place.address == IPv4Address(0))
    #expect(plain.guest == nil)
    #expect(plain.guestPort == 22)
    let full = try HostForward("udp:127.0.0.1:5353-10.0.2.20:53")
    #expect(full.place.isDatagram)
    #expect(full.place.address.description == "127.0.0.1")
    #expect(full.place.port == 5353)
    #expect(full.guest?.description == "10.0.2.20")
    #expect(try !HostForward(":127.0.0.1:0-:0x16").place.isDatagram)
    #expect(try HostForward(":127.0.0.1:0-:0x16").guestPort == 22)
  }

  @Test(arguments: [
    ("", "No : separators"), ("tcp", "No : separators"), ("tcp:22", "Missing : separator"),
    ("tcp:2222-:22", "Bad host address"), ("foo::22-:22", "Bad protocol name"),
    ("tcp:x:2222-:22", "Bad host address"), ("tcp::22", "Bad host port separator"),
    ("tcp::x-:22", "Bad host port"), ("tcp::65536-:22", "Bad host port"), ("tcp::-:22", "Bad host port"),
    ("tcp::22-22", "Missing guest address"), ("tcp::22-x:22", "Bad guest address"),
    ("tcp::22-:0", "Bad guest port"), ("tcp::22-:65536", "Bad guest port"), ("tcp::22-:", "Bad guest port"),
    ("udp:[::1]:2222-:22", "Bad host address"),
  ])
  func wrongHostForwardsAreTold(rule: String, reason: String) {
    let told = complaint { _ = try HostForward(rule) }
    #expect(told == "Invalid host forwarding rule '\(rule)' (\(reason))")
  }

  @Test func guestForwardsAreRead() throws {
    let command = try GuestForward("tcp:10.0.2.100:80-cmd:nc -U a-b:c")
    #expect(command.server?.description == "10.0.2.100")
    #expect(command.port == 80)
    #expect(command.target == .command("nc -U a-b:c"))
    #expect(try GuestForward(":10.0.2.100:80-chardev:c").target == .character("chardev:c"))
    #expect(try GuestForward("tcp::80-cmd:cat").server == nil)
  }

  @Test(arguments: [
    "foo", "tcp:10.0.2.100:80", "udp:10.0.2.100:80-cmd:cat", "tcp:10.0.2.100:0-cmd:cat", "tcp:x:80-cmd:cat",
    "10.0.2.100:80-cmd:cat", "tcp:10.0.2.100:x-cmd:cat",
  ])
  func wrongGuestForwardsAreTold(rule: String) {
    let told = complaint { _ = try GuestForward(rule) }
    #expect(told == "Invalid guest forwarding rule '\(rule)'")
  }

  @Test func addressesFollowFromTheNetwork() throws {
    func plan(_ set: (inout UserNetworkOptions) -> Void) throws -> UserNetworkPlan.IPv4 {
      var options = UserNetworkOptions()
      set(&options)
      return try UserNetworkPlan(options).ipv4
    }
    let usual = try plan { _ in }
    #expect(usual.network.description == "10.0.2.0")
    #expect(usual.mask.description == "255.255.255.0")
    #expect(usual.host.description == "10.0.2.2")
    #expect(usual.nameServer.description == "10.0.2.3")
    #expect(usual.firstLease.description == "10.0.2.15")
    #expect(try plan { $0.net = "192.168.76.9/24" }.host.description == "192.168.76.2")
    #expect(try plan { $0.net = "10.0.0.0/8" }.host.description == "10.0.2.2")
    #expect(try plan { $0.net = "10.1.2.3" }.mask.description == "255.0.0.0")
    #expect(try plan { $0.net = "172.16.0.0" }.mask.description == "255.255.0.0")
    #expect(try plan { $0.net = "192.168.1.0" }.mask.description == "255.255.255.0")
    #expect(try plan { $0.net = "10.9.0.0/255.255.0.0" }.firstLease.description == "10.9.2.15")
    #expect(try plan { $0.host = "10.0.2.9" }.host.description == "10.0.2.9")
  }

  @Test func oneProtocolThatIsAskedForTurnsTheOtherOff() throws {
    func families(_ ipv4: Bool?, _ ipv6: Bool?) throws -> [Bool] {
      var options = UserNetworkOptions()
      (options.usesIPv4, options.usesIPv6) = (ipv4, ipv6)
      let plan = try UserNetworkPlan(options)
      return [plan.usesIPv4, plan.usesIPv6]
    }
    #expect(try families(nil, nil) == [true, true])
    #expect(try families(true, nil) == [true, false])
    #expect(try families(nil, true) == [false, true])
    #expect(try families(true, true) == [true, true])
    #expect(try families(false, nil) == [false, true])
    #expect(throws: BackEndError.self) { try families(false, false) }
  }

  /// Texts that are nearly rules and addresses: each is read or refused in a sentence that names it.
  @Test func anyTextIsReadOrRefused() {
    var random = SeededNumbers(seed: 0x6e65)
    let pieces = [
      "tcp", "udp", ":", ":", "-", "-", "10.0.2.", "15", "22", "65536", "0x", "-1", ".", "/", "24", "fec0::",
      "::1", "cmd:", "chardev:", "é", "\u{0}", "a", "", "255.255.255.255", "99999999999999999999", "[", "]",
    ]
    var accepted = 0
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...9, using: &random)).compactMap { _ in
        pieces.randomElement(using: &random)
      }.joined()
      let host = complaint { _ = try HostForward(text) }
      let guest = complaint { _ = try GuestForward(text) }
      for told in [host, guest] {
        if let told { #expect(told.contains("'\(text)'")) } else { accepted += 1 }
      }
      var options = UserNetworkOptions()
      switch Int.random(in: 0..<6, using: &random) {
      case 0: options.net = text
      case 1: options.host = text
      case 2: options.dns = text
      case 3: options.dhcpStart = text
      case 4: options.ipv6Prefix = text
      default: options.ipv6Host = text
      }
      let told = complaint { _ = try UserNetworkPlan(options) }
      if told == nil { accepted += 1 }
      _ = HostPlace(text)
      _ = EthernetAddress(text)
    }
    #expect(accepted > 20)
  }
}
