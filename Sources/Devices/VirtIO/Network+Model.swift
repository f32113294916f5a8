import Machine

extension VirtIONetwork {
  /// What QEMU offers where its back end takes part in it, and ours takes no part in.
  fileprivate static let absent = [
    "csum", "ctrl_guest_offloads", "failover", "gso", "guest_announce", "guest_csum", "guest_ecn",
    "guest_rsc_ext", "guest_tso4", "guest_tso6", "guest_ufo", "guest_uso4", "guest_uso6", "hash", "host_ecn",
    "host_tso4", "host_tso6", "host_ufo", "host_uso", "mq", "rss",
  ]

  package static let properties: [Property] =
    [
      Property("netdev", .reference("netdev"), "ID of a netdev to use as a backend"),
      Property("mac", .text, "Ethernet 6-byte MAC Address, example: 52:54:00:12:34:56"),
      Property("status", .flag, default: .flag(true), "tell whether the cable is plugged in"),
      Property(
        "mrg_rxbuf", .flag, default: .flag(true), "a frame may take several of the driver's buffers"),
      Property(
        "ctrl_vq", .flag, default: .flag(true), "offer the control queue, on which the next five depend"),
      Property("ctrl_rx", .flag, default: .flag(true), "let the driver choose what it receives"),
      Property("ctrl_rx_extra", .flag, default: .flag(true), "and what it does not"),
      Property("ctrl_vlan", .flag, default: .flag(true), "let the driver choose VLANs"),
      Property("ctrl_mac_addr", .flag, default: .flag(true), "let the driver change the address"),
      Property("rx_queue_size", .integer(maximum: 0xffff), default: .integer(256), "from 256 to 1024"),
      Property("tx_queue_size", .integer(maximum: 0xffff), default: .integer(256), "256"),
      Property(
        "host_mtu", .integer(maximum: 0xffff), default: .integer(0),
        "the largest packet in bytes; 0: the driver's affair"),
      Property(
        "speed", .integer(maximum: .max), default: .integer(.max),
        "in Mb/s, which nobody keeps to; -1: unknown"),
      Property("duplex", .text, default: .text(""), "half or full"),
      Property("tx", .text, default: .text(""), "bh, the only way there is: frames are sent at once"),
    ]
    + absent.map { Property($0, .flag, default: .flag(false), "not there yet: off") }
    + VirtIOOptions.properties

  package static let model = DeviceModel(
    typeName: typeName, bus: .virtio, summary: "virtio network card", properties: properties
  ) { values, backEnds, environment throws(PropertyError) in
    var settings = try Properties(values)
    var network: (any NetworkBackEnd)?
    let id = values.text("netdev") ?? ""
    if !id.isEmpty {
      network = backEnds.networks[id]
      if network == nil { throw PropertyError("Property '\(typeName).netdev' can't find value '\(id)'") }
    }
    settings.address = environment.ethernetAddresses.take(try Properties.address(values))
    let card = VirtIONetwork(network: network, settings: settings, options: VirtIOOptions(values))
    do throws(BackEndError) {
      try network?.attach(card)
    } catch {
      throw PropertyError("Property '\(typeName).netdev' can't take value '\(id)', \(error)")
    }
    return card
  }
}

extension VirtIONetwork.Properties {
  /// Checks what the user gave, in QEMU's words.
  package init(_ values: PropertyValues) throws(PropertyError) {
    try Self.refuseAbsent(values)
    offersStatus = values.flag("status")
    offersMergeableBuffers = values.flag("mrg_rxbuf")
    offersControlQueue = values.flag("ctrl_vq")
    offersReceiveModes = values.flag("ctrl_rx")
    offersMoreReceiveModes = values.flag("ctrl_rx_extra")
    offersVLANs = values.flag("ctrl_vlan")
    offersAddressChange = values.flag("ctrl_mac_addr")
    let receive = values.integer("rx_queue_size") ?? 256
    guard 256...1024 ~= receive, receive & (receive - 1) == 0 else {
      throw PropertyError("Invalid rx_queue_size (= \(receive)), must be a power of 2 between 256 and 1024.")
    }
    receiveQueueSize = UInt16(receive)
    let transmit = values.integer("tx_queue_size") ?? 256
    guard transmit == 256 else {
      throw PropertyError("Invalid tx_queue_size (= \(transmit)), must be a power of 2 between 256 and 256")
    }
    if let mtu = values.integer("host_mtu"), mtu != 0 {
      guard mtu >= 68 else { throw PropertyError("host_mtu=\(mtu): packets of at least 68 bytes must pass") }
      self.mtu = UInt16(clamping: mtu)
    }
    if let speed = values.integer("speed"), speed != .max {
      guard speed <= UInt64(Int32.max) else { throw PropertyError("'speed' must be between 0 and INT_MAX") }
      self.speed = UInt32(speed)
    }
    switch values.text("duplex") ?? "" {
    case "": break
    case "full": isFullDuplex = true
    case "half": isFullDuplex = false
    default: throw PropertyError("'duplex' must be 'half' or 'full'")
    }
  }

  private static func refuseAbsent(_ values: PropertyValues) throws(PropertyError) {
    if let name = VirtIONetwork.absent.first(where: { values.flag($0) }) {
      throw PropertyError("\(name)=on is not there yet in Apus")
    }
    switch values.text("tx") ?? "" {
    case "", "bh": break
    case "timer":
      throw PropertyError("tx=timer is not there yet in Apus: frames are sent at once, as by tx=bh")
    case let other:
      throw PropertyError("virtio-net: Unknown option tx=\(other), valid options: \"timer\" \"bh\"")
    }
  }

  /// The address that the user gave. All zero stands for none.
  fileprivate static func address(_ values: PropertyValues) throws(PropertyError) -> EthernetAddress? {
    guard let text = values.text("mac") else { return nil }
    guard let address = EthernetAddress(text) else {
      throw PropertyError(
        "Property '\(VirtIONetwork.typeName).mac' doesn't take value '\(text)'\n"
          + "An address is six bytes in hexadecimal, as in 52:54:00:12:34:56.")
    }
    return address.isZero ? nil : address
  }
}
