import Machine
import RISCV

// -device, -global, -object.
extension CommandLineReader {
  mutating func device(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "driver")
    if list.entries.first?.isHelp == true {
      answer = catalog.deviceListing
      return
    }
    guard let driver = list.take("driver"), !argument.isEmpty else {
      throw error("Parameter 'driver' is missing")
    }
    if list.asksForHelp {
      guard let listing = catalog.propertyListing(ofDevice: driver) else {
        throw error(
          "Device '\(driver)' not found"
            + catalog.devices.lazy.map(\.typeName).suggestion(for: driver))
      }
      answer = listing
      return
    }
    if let spaced = list.entries.first(where: { $0.name.first == " " }) {
      throw error(KeyValueList.complaint("Property '\(driver).\(spaced.name)' not found", spaced.name))
    }
    if let id = try list.takeID(), request.machine.devices.contains(where: { $0["id"] == id }) {
      throw error("Duplicate ID '\(id)' for device")
    }
    let properties = list.entries.filter { $0.name != "driver" }.map { Assignment($0.name, $0.value ?? "on") }
    request.machine.devices.append(DeviceRequest(driver: driver, properties: properties, option: option))
  }

  mutating func global(_ argument: String) throws(CommandLineError) {
    // `driver.property=value`: the value is taken as it stands, commas and all.
    if let equals = argument.firstIndex(of: "="), let dot = argument[..<equals].firstIndex(of: "."),
      dot > argument.startIndex, argument.index(after: dot) < equals
    {
      request.machine.globals.append(
        GlobalProperty(
          driver: String(argument[..<dot]), property: String(argument[argument.index(after: dot)..<equals]),
          value: String(argument[argument.index(after: equals)...])))
      return
    }
    var list = try list(argument)
    let driver = list.take("driver")
    let property = list.take("property")
    let value = list.take("value")
    try list.finish()
    guard let driver, let property, let value else {
      throw error(
        "options 'driver', 'property', and 'value' are required\n"
          + "or in short, driver.property=value")
    }
    request.machine.globals.append(GlobalProperty(driver: driver, property: property, value: value))
  }

  // MARK: Objects

  private static let objectTypes = [
    "filter-dump", "iothread", "memory-backend-file", "memory-backend-memfd", "memory-backend-ram",
    "rng-builtin",
    "rng-random",
  ]

  mutating func object(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "qom-type")
    if list.asksForHelp {
      answer = "List of user creatable objects:\n" + Self.objectTypes.map { "  \($0)\n" }.joined()
      return
    }
    guard let type = list.take("qom-type"), !type.isEmpty else {
      throw error("Parameter 'qom-type' is missing")
    }
    guard Self.objectTypes.contains(type) else {
      guard Self.otherObjectTypes.contains(type) else {
        throw error(
          "Parameter 'qom-type' does not accept value '\(type)'" + Self.objectTypes.suggestion(for: type))
      }
      throw error("\(type) objects are not there yet in Apus")
    }
    guard let id = try list.takeID() else { throw error("Parameter 'id' is missing") }
    let kind: ObjectRequest.Kind
    switch type {
    case "rng-random": kind = .randomFile(list.take("filename") ?? "/dev/urandom")
    case "rng-builtin": kind = .randomBuiltin
    case "iothread":
      // How a thread waits: none of these has a meaning here.
      for name in [
        "poll-max-ns", "poll-grow", "poll-shrink", "aio-max-batch", "thread-pool-min", "thread-pool-max",
      ] {
        _ = try list.takeNumber(name)
      }
      kind = .ioThread
    case "filter-dump": kind = .packetCapture(try packetCapture(&list))
    default: kind = try memoryBackEnd(type, &list)
    }
    try list.finish()
    if request.objects.contains(where: { $0.id == id }) { throw error("Duplicate ID '\(id)' for object") }
    request.objects.append(ObjectRequest(id: id, kind: kind, option: option))
  }

  private func packetCapture(
    _ list: inout KeyValueList
  ) throws(CommandLineError) -> ObjectRequest.CaptureRequest {
    guard let network = list.take("netdev") else { throw error("Parameter 'netdev' is missing") }
    guard let path = list.take("file") else { throw error("Parameter 'file' is missing") }
    var capture = ObjectRequest.CaptureRequest(network: network, path: path)
    if let longest = try list.takeNumber("maxlen") {
      guard longest > 0, let longest = UInt32(exactly: longest) else {
        throw CommandLineError("Property 'filter-dump.maxlen' doesn't take value '\(longest)'")
      }
      capture.longest = longest
    }
    switch try list.takeChoice("queue", of: ["all", "rx", "tx"]) {
    // The network's own queues: it receives what the guest sends.
    case "rx": capture.directions = [.fromGuest]
    case "tx": capture.directions = [.toGuest]
    default: break
    }
    if try list.takeFlag("status") == false { capture.directions = [] }
    // Captures change no frame, so that their order on a network is nobody's affair.
    _ = try list.takeChoice("position", of: ["head", "tail"])
    _ = try list.takeChoice("insert", of: ["before", "behind"])
    return capture
  }

  /// QEMU's other kinds of objects, told apart from typing errors.
  private static let otherObjectTypes: Set<String> = [
    "authz-list", "authz-list-file", "authz-pam", "authz-simple", "can-bus", "can-host-socketcan",
    "colo-compare", "cryptodev-backend", "cryptodev-backend-builtin", "cryptodev-backend-lkcf",
    "cryptodev-vhost-user", "dbus-vmstate", "filter-buffer", "filter-mirror",
    "filter-redirector", "filter-replay", "filter-rewriter", "input-barrier", "input-linux", "iommufd",
    "main-loop", "memory-backend-epc", "memory-backend-shm", "pr-manager-helper", "qtest", "rng-egd",
    "secret",
    "secret_keyring", "thread-context", "throttle-group", "tls-cipher-suites", "tls-creds-anon",
    "tls-creds-psk", "tls-creds-x509", "x-remote-object", "x-vfio-user-server",
  ]
}
