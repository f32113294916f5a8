import Machine

/// A command of a network card's control queue (virtio 1.3, §5.1.6.5).
enum NetworkCommand: Equatable {
  case setAll(Bool)
  case setMulticast(Bool)
  case setUnicast(Bool)
  case denyMulticast(Bool)
  case denyUnicast(Bool)
  case denyBroadcast(Bool)
  /// nil: more than the tables hold, so that all addresses of that kind are wanted.
  case setTables(unicast: [EthernetAddress]?, multicast: [EthernetAddress]?)
  case setAddress(EthernetAddress)
  case addVLAN(UInt16)
  case removeVLAN(UInt16)

  /// Addresses of both tables together; QEMU's number.
  static let mostAddresses = 64
  /// Bytes of a command at most: tables are read up to twice what is kept, and of longer ones the number only.
  static let longest = 2 + 2 * (4 + 6 * 2 * mostAddresses)
  static let vlanCount: UInt16 = 4096

  /// nil where `bytes` are no command that there is.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 2 else { return nil }
    let body = bytes.dropFirst(2)
    var flag: Bool? { body.count == 1 ? body.first.map { $0 != 0 } : nil }
    var vlan: UInt16? {
      guard body.count == 2, let low = body.first, let high = body.last else { return nil }
      let number = UInt16(low) | UInt16(high) << 8
      return number < Self.vlanCount ? number : nil
    }
    switch (bytes[0], bytes[1]) {
    case (0, let mode):
      guard let flag else { return nil }
      switch mode {
      case 0: self = .setAll(flag)
      case 1: self = .setMulticast(flag)
      case 2: self = .setUnicast(flag)
      case 3: self = .denyMulticast(flag)
      case 4: self = .denyUnicast(flag)
      case 5: self = .denyBroadcast(flag)
      default: return nil
      }
    case (1, 0):
      guard let tables = Self.tables(body) else { return nil }
      self = tables
    case (1, 1):
      guard let address = EthernetAddress(bytes: body) else { return nil }
      self = .setAddress(address)
    case (2, 0):
      guard let vlan else { return nil }
      self = .addVLAN(vlan)
    case (2, 1):
      guard let vlan else { return nil }
      self = .removeVLAN(vlan)
    default: return nil
    }
  }

  /// Two tables, each a number of 32 bits and as many addresses.
  private static func tables(_ body: ArraySlice<UInt8>) -> NetworkCommand? {
    var rest = body
    func table() -> (count: Int, addresses: [EthernetAddress])? {
      guard rest.count >= 4 else { return nil }
      let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      guard count <= 2 * mostAddresses else { return (count, []) }
      guard rest.count >= 6 * count else { return nil }
      let addresses = (0..<count).compactMap { index in
        EthernetAddress(bytes: rest.dropFirst(6 * index).prefix(6))
      }
      rest = rest.dropFirst(6 * count)
      return (count, addresses)
    }
    guard let unicast = table() else { return nil }
    // Where the first table is cut nobody sees the second.
    guard unicast.count <= mostAddresses else { return .setTables(unicast: nil, multicast: nil) }
    guard let multicast = table() else { return nil }
    let fits = unicast.count + multicast.count <= mostAddresses
    return .setTables(unicast: unicast.addresses, multicast: fits ? multicast.addresses : nil)
  }
}

/// Which frames a card takes (virtio 1.3, §5.1.6.5.1 to 5.1.6.5.3). As it comes it takes all.
package struct ReceiveFilter: Codable, Equatable, Sendable {
  private var takesAll = true
  private var takesAllMulticast = false
  private var takesAllUnicast = false
  private var deniesMulticast = false
  private var deniesUnicast = false
  private var deniesBroadcast = false
  /// nil: all.
  private var unicast: Set<EthernetAddress>? = []
  private var multicast: Set<EthernetAddress>? = []
  /// Nobody can choose VLANs.
  var admitsAllVLANs = true
  private var vlans: Set<UInt16> = []

  mutating func apply(_ command: NetworkCommand) {
    switch command {
    case .setAll(let isOn): takesAll = isOn
    case .setMulticast(let isOn): takesAllMulticast = isOn
    case .setUnicast(let isOn): takesAllUnicast = isOn
    case .denyMulticast(let isOn): deniesMulticast = isOn
    case .denyUnicast(let isOn): deniesUnicast = isOn
    case .denyBroadcast(let isOn): deniesBroadcast = isOn
    case .setTables(let unicast, let multicast):
      self.unicast = unicast.map { Set($0) }
      self.multicast = multicast.map { Set($0) }
    case .addVLAN(let number): vlans.insert(number)
    case .removeVLAN(let number): vlans.remove(number)
    case .setAddress: break
    }
  }

  /// Whether a card with `address` takes `frame`, which has a header at least.
  func admits(_ frame: [UInt8], to address: EthernetAddress) -> Bool {
    guard frame.count >= 14 else { return false }
    if takesAll { return true }
    // IEEE 802.1Q, §9.6: a tag's type, then the number in 12 bits.
    if !admitsAllVLANs, frame.count >= 16, frame[12] == 0x81, frame[13] == 0 {
      guard vlans.contains(UInt16(frame[14] & 0xf) << 8 | UInt16(frame[15])) else { return false }
    }
    guard let target = EthernetAddress(bytes: frame[..<6]) else { return false }
    if target == .broadcast { return !deniesBroadcast }
    if target.isMulticast {
      if deniesMulticast { return false }
      return takesAllMulticast || multicast?.contains(target) ?? true
    }
    if deniesUnicast { return false }
    return takesAllUnicast || target == address || unicast?.contains(target) ?? true
  }
}
