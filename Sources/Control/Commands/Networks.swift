import Machine
import Network

/// A network card or a back end, for `info network`.
package struct NetworkEntry: Sendable {
  package var name: String
  package var text: String
  /// What is at the other end of the cable.
  package var peer: (name: String, text: String)?

  package init(name: String, text: String, peer: (name: String, text: String)? = nil) {
    self.name = name
    self.text = text
    self.peer = peer
  }
}

extension MonitorCommand {
  static let network: [MonitorCommand] = [
    MonitorCommand(
      "hostfwd_add", "[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport",
      "redirect TCP or UDP connections from host to guest (requires -net user)",
      examples: [
        ("hostfwd_add tcp:127.0.0.1:2222-:22", "then ssh -p 2222 root@localhost"),
        ("hostfwd_add n0 udp::5555-:5555", "of -netdev user,id=n0"),
      ]
    ) { (session, text) throws(MonitorError) in
      let (network, rule) = try session.forwarding(&text, "hostfwd_add")
      do throws(BackEndError) {
        try network.addHostForward(rule)
      } catch {
        throw MonitorError(error.description.replacing("\n", with: "\r\n"))
      }
      return ""
    },
    MonitorCommand(
      "hostfwd_remove", "[netdev_id] [tcp|udp]:[hostaddr]:hostport",
      "remove host-to-guest TCP or UDP redirection",
      examples: [("hostfwd_remove tcp:127.0.0.1:2222", "connections that are there stay")]
    ) { (session, text) throws(MonitorError) in
      let (network, place) = try session.forwarding(&text, "hostfwd_remove")
      guard let parsed = HostPlace(place) else { throw MonitorError("invalid format") }
      let isGone = network.removeHostForward(parsed)
      return "host forwarding rule for \(place) \(isGone ? "removed" : "not found")\r\n"
    },
    MonitorCommand(
      "set_link", "name on|off", "change the link status of a network adapter",
      examples: [("set_link n0 off", "pulls the cable out of the card on -netdev user,id=n0")]
    ) { (session, text) throws(MonitorError) in
      let name = session.word(&text)
      guard !name.isEmpty else { throw MonitorError("set_link: string expected", suggestsHelp: true) }
      let state = session.word(&text)
      guard state == "on" || state == "off" else {
        throw MonitorError("Expected 'on' or 'off'", suggestsHelp: true)
      }
      try session.expectEnd(text, of: "set_link")
      try session.machine.setLink(of: String(name), isUp: state == "on")
      return ""
    },
  ]

  static let networkInformation: [MonitorCommand] = [
    MonitorCommand(
      "network", "", "show the network state",
      examples: [("info network", "cards, their addresses and what they are connected to")]
    ) { session, _ in
      session.machine.networkEntries.map { entry in
        "\(entry.name): \(entry.text)\r\n" + (entry.peer.map { " \\ \($0.name): \($0.text)\r\n" } ?? "")
      }.joined()
    },
    MonitorCommand(
      "usernet", "", "show user network stack connection states",
      examples: [("info usernet", "forwarded ports and connections of -netdev user")]
    ) { session, _ in
      session.machine.userNetworks.map { network in
        "Hub -1 (\(network.id)):\r\n" + network.connections.replacing("\n", with: "\r\n")
      }.joined()
    },
  ]
}

extension MonitorSession {
  /// `[netdev_id] rule`
  fileprivate func forwarding(
    _ text: inout Substring, _ command: String
  ) throws(MonitorError) -> (UserNetwork, String) {
    let first = String(word(&text))
    guard !first.isEmpty else { throw MonitorError("\(command): string expected", suggestsHelp: true) }
    let second = String(word(&text))
    try expectEnd(text, of: command)
    let networks = machine.userNetworks
    guard !second.isEmpty else {
      guard let network = networks.first else {
        throw MonitorError("user mode network stack not in use\r\nThe machine has no -netdev user,id=ID.")
      }
      return (network, first)
    }
    guard let network = networks.first(where: { $0.id == first }) else {
      throw MonitorError("unrecognized netdev id '\(first)'")
    }
    return (network, second)
  }
}
