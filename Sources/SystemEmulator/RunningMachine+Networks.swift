import Boards
import Control
import Devices
import Machine
import Network

/// Networks and their cards as the monitor sees them.
extension RunningMachine {
  var userNetworks: [UserNetwork] { networks.networks }

  var networkEntries: [NetworkEntry] {
    let cards = machine.networkCards
    let alone = userNetworks.filter { !$0.hasCard }.map { NetworkEntry(name: $0.id, text: $0.summary) }
    return alone
      + cards.map { card in
        let address = machine.services.lock.withLock { card.device.state.address }
        let network = userNetworks.first { $0.id == card.network }
        return NetworkEntry(
          name: card.name, text: "index=0,type=nic,model=\(card.model),macaddr=\(address)",
          peer: network.map { ($0.id, $0.summary) })
      }
  }

  func setLink(of name: String, isUp: Bool) throws(MonitorError) {
    let cards = machine.networkCards.filter { $0.name == name || $0.network == name }
    guard !cards.isEmpty || userNetworks.contains(where: { $0.id == name }) else {
      throw MonitorError("Error: Device '\(name)' not found")
    }
    for card in cards { runner.deliver { card.device.setConnected(isUp) } }
  }
}

extension BuiltMachine {
  /// In the order of making.
  var networkCards: [NetworkSet.Card] {
    var cards: [NetworkSet.Card] = []
    for placed in devices {
      guard let device = placed.device as? VirtIONetwork else { continue }
      // On PCI the function around it has the name.
      let outer = devices.first { $0.childBus == placed.bus && $0.device is VirtIOPCI } ?? placed
      let model = outer.typeName
      let network = placed.properties.text("netdev").flatMap { $0.isEmpty ? nil : $0 }
      cards.append(
        NetworkSet.Card(
          name: outer.id ?? "\(model).\(cards.count { $0.model == model })", model: model, network: network,
          device: device))
    }
    return cards
  }
}
