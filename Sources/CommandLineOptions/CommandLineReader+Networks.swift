import Machine
import Network

// -netdev, -nic, -net.
extension CommandLineReader {
  /// What `-netdev user` and its relatives take.
  static let userNetworkParameters: [OptionParameter] = [
    .string("id", "ID", "for netdev=ID of the card"),
    .string("hostfwd", "RULE", "[tcp|udp]:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT (repeatable)"),
    .string("guestfwd", "RULE", "[tcp]:ADDR:PORT-cmd:COMMAND or -BACKEND as for -serial (repeatable)"),
    .string("net", "ADDR[/MASK]", "the guest's network (10.0.2.0/24)"),
    .string("host", "ADDR", "this computer in it (10.0.2.2)"),
    .string("dhcpstart", "ADDR", "the first address for guests (10.0.2.15)"),
    .string("dns", "ADDR", "the name server in it (10.0.2.3)"),
    .boolean("restrict", "only what is forwarded reaches the guest (off)"),
    .string("hostname", "NAME", "what DHCP calls the guest"),
    .string("tftp", "FOLDER", "files to be had by TFTP"),
    .string("bootfile", "FILE", "what DHCP says is to be booted"),
    .string("tftp-server-name", "NAME", "TFTP's name"),
    .string("dnssearch", "DOMAIN", "for names without dots (repeatable)"),
    .string("domainname", "DOMAIN", "the guest's, by DHCP"),
    .boolean("ipv4", "IP version 4 (on)"),
    .boolean("ipv6", "IP version 6 (on)"),
    .string("ipv6-net", "PREFIX[/LENGTH]", "the same for version 6 (fec0::/64)"),
    .string("ipv6-host", "ADDR", "this computer in it (fec0::2)"),
    .string("ipv6-dns", "ADDR", "the name server in it (fec0::3)"),
  ]

  /// QEMU's others.
  private static let otherBackEnds: Set<String> = [
    "tap", "bridge", "l2tpv3", "socket", "stream", "dgram", "vde", "vhost-user", "vhost-vdpa", "hubport",
    "af-xdp", "passt", "netmap",
  ]

  private static let listing = "Available netdev backend types:\nuser\n"

  // MARK: -netdev

  mutating func networkBackEnd(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    if list.asksForHelp {
      answer = Self.listing
      return
    }
    guard let id = try list.takeID() else { throw error("Parameter 'id' is missing") }
    guard let type = list.take("type"), !type.isEmpty else { throw error("Parameter 'type' is missing") }
    try checkBackEnd(type)
    if request.networks.contains(where: { $0.id == id }) { throw error("Duplicate ID '\(id)' for netdev") }
    let options = try userNetwork(&list)
    try list.finish()
    request.networks.append(NetworkRequest(id: id, options: options, option: option))
    noteNetworks()
  }

  private func checkBackEnd(_ type: String) throws(CommandLineError) {
    if type == "user" { return }
    if type == "nic" || type == "none" {
      throw error(
        "network backend '\(type)' is not compiled into this binary\nThat is no back end: -\(type == "nic" ? "device virtio-net-device" : "nic none")."
      )
    }
    guard Self.otherBackEnds.contains(type) else {
      let known = Self.otherBackEnds.sorted() + ["user"]
      throw error("Parameter 'type' does not accept value '\(type)'" + known.suggestion(for: type))
    }
    throw error("\(type) networks are not there yet in Apus; user is")
  }

  // MARK: -nic and -net

  /// `-nic`: a back end, and a card on it, which no machine here makes.
  mutating func networkCard(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    if list.entries.first?.isHelp == true {
      answer = Self.listing
      return
    }
    let type = list.take("type") ?? ""
    if type == "none" { return noteNetworks() }
    let model = list.take("model")
    if asksForModels(model) { return }
    try checkBackEnd(type.isEmpty ? "user" : type)
    let given = try list.takeID()
    let id = given ?? nextNetworkName()
    if request.networks.contains(where: { $0.id == id }) { throw error("Duplicate ID '\(id)'") }
    let address = try takeAddress("mac", &list)
    let rest = list.untaken
    let options = try userNetwork(&list)
    try list.finish()
    request.networks.append(NetworkRequest(id: id, options: options, option: option))
    let advice = Self.advice(id: given ?? "n0", model: model, address: address, rest)
    request.networkCards.append(
      NetworkCardRequest(name: nil, model: model, hubPort: nil, advice: advice))
    noteNetworks()
  }

  /// `-net`: the same of old, on a hub.
  mutating func networkOnHub(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    if list.entries.first?.isHelp == true { throw error("Parameter 'type' does not accept value 'help'") }
    guard let type = list.take("type"), !type.isEmpty else { throw error("Parameter 'type' is missing") }
    switch type {
    case "none": try list.finish()
    case "nic": try cardOnHub(&list)
    default:
      try checkBackEnd(type)
      let id = try list.takeID() ?? nextNetworkName()
      if request.networks.contains(where: { $0.id == id }) { throw error("Duplicate ID '\(id)'") }
      let options = try userNetwork(&list)
      try list.finish()
      request.networks.append(NetworkRequest(id: id, options: options, isOnHub: true, option: option))
      hubPortCount += 1
    }
    noteNetworks()
  }

  private mutating func cardOnHub(_ list: inout KeyValueList) throws(CommandLineError) {
    let model = list.take("model")
    if asksForModels(model) { return }
    let address = try takeAddress("macaddr", &list)
    let name = try list.takeID() ?? nextNetworkName()
    let back = list.take("netdev")
    for key in ["addr", "vectors"] { _ = list.take(key) }
    try list.finish()
    var port: String?
    if let back {
      cardLinks.append((back, option))
    } else {
      port = "hub0port\(hubPortCount)"
      hubPortCount += 1
    }
    let advice = Self.advice(id: back ?? "n0", model: model, address: address, back == nil ? [] : nil)
    request.networkCards.append(
      NetworkCardRequest(name: name, model: model, hubPort: port, advice: advice))
  }

  /// What `-net nic,netdev=` names must be there at the end.
  func checkNetworks() throws(CommandLineError) {
    for (id, option) in cardLinks where !request.networks.contains(where: { $0.id == id }) {
      throw CommandLineError("\(option): netdev '\(id)' not found")
    }
  }

  /// From now on a card without a network is worth a warning.
  private mutating func noteNetworks() { asksForNetworks = true }

  /// `model=help`.
  private mutating func asksForModels(_ model: String?) -> Bool {
    guard model == "help" || model == "?" else { return false }
    answer =
      "Available NIC models for this configuration:\n"
      + "(none: cards are devices here, -device virtio-net-device,netdev=ID and -device virtio-net-pci,netdev=ID)\n"
    return true
  }

  private mutating func nextNetworkName() -> String {
    defer { anonymousNetworks += 1 }
    // QEMU's have two random digits at the end.
    return "#net\(anonymousNetworks)00"
  }

  private func takeAddress(
    _ key: String, _ list: inout KeyValueList
  ) throws(CommandLineError) -> EthernetAddress? {
    guard let text = list.take(key) else { return nil }
    guard let address = EthernetAddress(text) else { throw error("invalid syntax for ethernet address") }
    return address
  }

  /// The options that do give the machine a card: `rest` is what belongs to the back end; nil: it is there.
  private static func advice(
    id: String, model: String?, address: EthernetAddress?, _ rest: [KeyValueList.Entry]?
  ) -> String {
    let device = model?.hasPrefix("virtio-net-") == true ? model ?? "" : "virtio-net-device"
    let mac = address.map { ",mac=\($0)" } ?? ""
    let card = "-device \(device),netdev=\(id)\(mac)"
    guard let rest else { return card }
    let more = rest.isEmpty ? "" : "," + KeyValueList.spell(rest.map { ($0.name, $0.value ?? "on") })
    return "-netdev user,id=\(id)\(more) \(card)"
  }

  // MARK: user

  private mutating func userNetwork(_ list: inout KeyValueList) throws(CommandLineError) -> UserNetworkOptions
  {
    for key in ["smb", "smbserver"] where list.has(key) {
      throw error(
        "\(key)= is not there yet in Apus\nFiles can be shared by tftp=, or by scp through hostfwd=.")
    }
    var options = UserNetworkOptions()
    options.usesIPv4 = try list.takeFlag("ipv4")
    options.usesIPv6 = try list.takeFlag("ipv6")
    options.isRestricted = try list.takeFlag("restrict") ?? false
    options.net = list.take("net")
    options.host = list.take("host")
    options.dhcpStart = list.take("dhcpstart")
    options.dns = list.take("dns")
    options.ipv6Prefix = list.take("ipv6-prefix")
    if let length = list.take("ipv6-prefixlen") {
      guard let number = Int64(length) else {
        throw error("Parameter 'ipv6-prefixlen' expects an int64 value")
      }
      options.ipv6PrefixLength = number
    }
    if let net = list.take("ipv6-net") { try splitPrefix(net, &options) }
    options.ipv6Host = list.take("ipv6-host")
    options.ipv6DNS = list.take("ipv6-dns")
    options.hostname = list.take("hostname")
    options.tftp = list.take("tftp").flatMap { $0.isEmpty ? nil : $0 }
    options.bootFile = list.take("bootfile").flatMap { $0.isEmpty ? nil : $0 }
    options.tftpServerName = list.take("tftp-server-name")
    options.domainName = list.take("domainname")
    options.dnsSearch = list.takeAll("dnssearch")
    options.hostForwards = list.takeAll("hostfwd")
    for rule in list.takeAll("guestfwd") { options.guestForwards.append(try guestForward(rule)) }
    do throws(BackEndError) {
      _ = try UserNetworkPlan(options)
      for rule in options.hostForwards { _ = try HostForward(rule) }
    } catch {
      throw self.error(error.description)
    }
    return options
  }

  /// `ipv6-net=PREFIX[/LENGTH]`
  private func splitPrefix(_ text: String, _ options: inout UserNetworkOptions) throws(CommandLineError) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    options.ipv6Prefix = parts[0]
    guard parts.count == 2 else { return }
    guard let length = Int64(parts[1]) else {
      throw error("parameter 'ipv6-net' expects a number after '/'")
    }
    options.ipv6PrefixLength = length
  }

  /// What serves the rule, where no command does, becomes a character back end.
  private mutating func guestForward(
    _ rule: String
  ) throws(CommandLineError) -> UserNetworkOptions.GuestForward {
    let forward: GuestForward
    do throws(BackEndError) {
      forward = try GuestForward(rule)
    } catch {
      throw self.error(error.description)
    }
    guard case .character(let text) = forward.target else { return .init(rule: rule) }
    if text.hasPrefix("chardev:") { return .init(rule: rule, character: String(text.dropFirst(8))) }
    let id = "guestfwd.tcp.\(forward.port)"
    do throws(CommandLineError) {
      if request.characters.contains(where: { $0.id == id }) {
        throw error("Duplicate ID '\(id)' for chardev")
      }
      let kind = try kind(short: text, isShared: false, option: option)
      try add(CharacterRequest(id: id, kind: kind, option: option, text: text))
    } catch {
      throw CommandLineError(
        messages: error.messages + ["\(option): Could not open guest forwarding device '\(id)'"])
    }
    return .init(rule: rule, character: id)
  }
}
