import CommandLineOptions
import Consoles
import Devices
import Glibc
import Logging
import Machine
import Network

/// The networks of a command line.
struct NetworkSet: Sendable {
  /// A network card of the machine's.
  struct Card: Sendable {
    /// The device's id, or "virtio-net-device.0".
    let name: String
    let model: String
    /// The id of its network.
    let network: String?
    let device: VirtIONetwork
  }

  private let requests: [NetworkRequest]
  private let cardRequests: [NetworkCardRequest]
  private let warnsAboutCards: Bool
  /// In the order of the command line.
  let networks: [UserNetwork]

  init(
    _ request: CommandLineRequest, gate: any InputGate, consoles: ConsoleSet, log: Log, _ reporter: Reporter
  ) throws(CommandLineError) {
    requests = request.networks
    cardRequests = request.networkCards
    warnsAboutCards = request.warnsAboutCards
    var opened: [UserNetwork] = []
    for network in request.networks {
      let captures = try Self.captures(of: network.id, request)
      if let folder = network.options.tftp, access(folder, R_OK | X_OK) != 0 {
        reporter.report(
          "\(network.option): warning: tftp=\(folder): \(String(cString: strerror(errno))): "
            + "the guest finds no files there")
      }
      do throws(BackEndError) {
        opened.append(
          try UserNetwork(id: network.id, network.options, gate: gate, captures: captures, log: log) {
            (id) throws(BackEndError) in try consoles.plugOutsider(id)
          })
      } catch {
        throw CommandLineError("\(network.option): \(error)")
      }
    }
    networks = opened
    for object in request.objects {
      if case .packetCapture(let capture) = object.kind,
        !request.networks.contains(where: { $0.id == capture.network })
      {
        throw CommandLineError(
          "Parameter 'netdev' expects a network backend id\n\(object.option): there is no -netdev with "
            + "id=\(capture.network).")
      }
    }
  }

  private static func captures(
    of id: String, _ request: CommandLineRequest
  ) throws(CommandLineError) -> [PacketCapture] {
    var captures: [PacketCapture] = []
    for object in request.objects {
      guard case .packetCapture(let capture) = object.kind, capture.network == id else { continue }
      do throws(BackEndError) {
        captures.append(
          try PacketCapture(path: capture.path, longest: capture.longest, directions: capture.directions))
      } catch {
        throw CommandLineError(error.description)
      }
    }
    return captures
  }

  /// By id, as devices ask for them. What is on a hub is for the machine's own cards.
  var backEnds: [String: any NetworkBackEnd] {
    let offered = zip(requests, networks).filter { !$0.0.isOnHub }.map {
      ($0.1.id, $0.1 as any NetworkBackEnd)
    }
    return Dictionary(offered) { first, _ in first }
  }

  func start() throws(CommandLineError) {
    for network in networks where !network.start() {
      throw CommandLineError("the host gives no thread for the network '\(network.id)'")
    }
  }

  // MARK: What leads nowhere

  /// In QEMU's words and order, and what to do about it.
  func warnings(_ cards: [Card]) -> [String] {
    var warnings: [String] = []
    for card in cardRequests {
      if let port = card.hubPort { warnings.append("hub port \(port) has no peer") }
    }
    if requests.contains(where: \.isOnHub) {
      warnings.append(
        "hub 0 with no nics\n"
          + "-net connects what is on its hub only: write -netdev in its place, and -device virtio-net-device,netdev=ID."
      )
    }
    for (request, network) in zip(requests, networks) where !network.hasCard && !request.isOnHub {
      // What is to be done about those without a name is said of their cards.
      let advice =
        request.id.hasPrefix("#")
        ? "" : "\nNo network card is connected to it: add -device virtio-net-device,netdev=\(request.id)."
      warnings.append("netdev \(request.id) has no peer" + advice)
    }
    if warnsAboutCards {
      for card in cards where card.network == nil {
        warnings.append(
          "nic \(card.name) has no peer\nIt is connected to no network: add netdev=ID, of some -netdev user,id=ID."
        )
      }
    }
    for card in cardRequests {
      if let port = card.hubPort { warnings.append("netdev \(port) has no peer") }
    }
    return warnings
      + cardRequests.map { card in
        "requested NIC (\(card.name ?? "anonymous"), model \(card.model ?? "unspecified")) was not created "
          + "(not supported by this machine?)\n"
          + "The guest has no network card. Write \(card.advice) in its place."
      }
  }
}
