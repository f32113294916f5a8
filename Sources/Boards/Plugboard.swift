import Boot
import Devices
import Machine
import RISCV

/// The connectors of a board and what `-device` plugs into them.
struct Plugboard {
  private struct Slot {
    let name: String
    let transport: VirtIOMMIO
  }

  private struct SerialBus {
    let name: String
    let controller: VirtIOSerial
  }

  private var slots: [Slot] = []
  private var pci: PCIBus?
  private var serialBuses: [SerialBus] = []
  private var ids: Set<String> = []
  private(set) var devices: [PlacedDevice] = []
  private(set) var warnings: [String] = []

  private let globals: [GlobalProperty]
  private let backEnds: BackEnds
  private let environment: DeviceEnvironment

  init(globals: [GlobalProperty], cpus: [CPUModel], backEnds: BackEnds, environment: DeviceEnvironment) {
    self.globals = globals
    self.backEnds = backEnds
    self.environment = environment
    let known = Set(
      Self.models.map(\.typeName) + Self.models.flatMap(\.classes) + Self.boardDevices + [
        GenericLoader.typeName, GuestLoader.typeName,
      ]
        + cpus.map { "\($0.name)-riscv-cpu" })
    for global in globals
    where !known.contains(global.driver) && !AnnouncedDevices.names.contains(global.driver) {
      warnings.append("global \(global.driver).\(global.property) has invalid class name")
    }
  }

  static let models: [DeviceModel] = VirtIOModels.all

  /// Types that boards make and users cannot.
  private static let boardDevices = [
    VirtIOMMIO.typeName, PLIC.typeName, MSWI.typeName, MTIMER.typeName, NS16550A.typeName,
    SiFiveTest.typeName,
    GoldfishRTC.typeName, CFIFlash.typeName, FirmwareConfiguration.typeName,
    PCIHost.typeName, PCIHostBridge.typeName,
  ]

  /// A device's properties as its defaults and `-global` have them.
  func values(
    of typeName: String, _ properties: [Property], classes: [String] = [], part: DeviceModel.Part? = nil
  ) throws(ConfigurationError) -> PropertyValues {
    var values = PropertyValues(of: typeName, properties)
    let names = [typeName, part?.typeName].compactMap { $0 } + classes
    for global in globals where names.contains(global.driver) {
      do {
        if let part, global.driver == part.typeName {
          // What concerns the device inside is told in its name.
          var inner = PropertyValues(of: part.typeName, part.properties)
          try inner.set(global.property, global.value)
        }
        try values.set(global.property, global.value)
      } catch {
        throw ConfigurationError(
          "can't apply global \(global.driver).\(global.property)=\(global.value): \(error)")
      }
    }
    return values
  }

  /// Offers a virtio connector. Devices without `bus=` go to the one that was offered last.
  mutating func addSlot(_ transport: VirtIOMMIO, name: String) {
    slots.append(Slot(name: name, transport: transport))
  }

  /// Offers a PCI bus.
  mutating func add(_ bus: PCIBus) { pci = bus }

  /// Does what one `-device` asks; the boot plan does the loaders' part.
  mutating func plug(_ request: DeviceRequest) throws(ConfigurationError) {
    do {
      try plugUnprefixed(request)
    } catch {
      throw ConfigurationError("\(request.option): \(error)", preamble: error.preamble)
    }
  }

  private mutating func plugUnprefixed(_ request: DeviceRequest) throws(ConfigurationError) {
    if let id = request["id"], !ids.insert(id).inserted {
      throw ConfigurationError("Duplicate ID '\(id)' for device")
    }
    if [GenericLoader.typeName, GuestLoader.typeName].contains(request.driver) { return }
    guard let model = Self.models.first(where: { $0.isCalled(request.driver) }) else {
      throw Self.unknown(request.driver)
    }
    switch model.bus {
    case .virtio: try plugVirtIO(model, request)
    case .virtioSerial: try plugPort(model, request)
    case .pci: try plugPCI(model, request)
    case .system: throw ConfigurationError("Parameter 'driver' expects a pluggable device type")
    }
  }

  private static func unknown(_ driver: String) -> ConfigurationError {
    if boardDevices.contains(driver) {
      return ConfigurationError("Parameter 'driver' expects a pluggable device type")
    }
    let offered = models.map(\.typeName) + [GenericLoader.typeName]
    guard AnnouncedDevices.names.contains(driver) else {
      return ConfigurationError(
        "'\(driver)' is not a valid device model name" + offered.suggestion(for: driver))
    }
    return ConfigurationError(
      "'\(driver)' is not there yet in Apus\n-device help lists the devices that are.")
  }

  private func make(_ model: DeviceModel, _ request: DeviceRequest) throws(ConfigurationError) -> (
    any Device, PropertyValues
  ) {
    var values = try values(
      of: model.typeName, model.properties, classes: model.classes, part: model.part)
    do throws(PropertyError) {
      for property in request.properties where property.name != "id" && property.name != "bus" {
        if !values.declares(property.name), AnnouncedDevices.properties.contains(property.name) {
          throw PropertyError(
            "Property '\(model.typeName).\(property.name)' is not there yet in Apus\n"
              + "-device \(model.typeName),help lists those that are.")
        }
        try values.set(property.name, property.value)
      }
      let made = try model.make(values, backEnds, environment)
      if let card = made as? VirtIONetwork ?? (made as? VirtIOPCI)?.device as? VirtIONetwork {
        // The one that it was given.
        try values.set("mac", card.permanentAddress.description)
      }
      return (made, values)
    } catch {
      throw ConfigurationError(error.description)
    }
  }

  private mutating func plugVirtIO(_ model: DeviceModel, _ request: DeviceRequest) throws(ConfigurationError)
  {
    let slot: Slot
    if let bus = request["bus"] {
      guard let named = slots.first(where: { $0.name == bus }) else {
        throw misfit(model, bus)
      }
      guard named.transport.isEmpty else { throw ConfigurationError("Bus '\(bus)' is full") }
      slot = named
    } else {
      guard let free = slots.last(where: { $0.transport.isEmpty }) else {
        throw ConfigurationError("No 'virtio-bus' bus found for device '\(model.typeName)'")
      }
      slot = free
    }
    let (made, values) = try make(model, request)
    guard let device = made as? any VirtIODevice else {
      throw ConfigurationError("'\(model.typeName)' does not fit a virtio connector")
    }
    slot.transport.plug(device)
    devices.append(
      PlacedDevice(
        device, id: request["id"], bus: slot.name, childBus: serialBus(of: device, request["id"]),
        properties: values))
  }

  /// The bus that a device of serial ports offers.
  private mutating func serialBus(of device: any VirtIODevice, _ id: String?) -> String? {
    guard let controller = device as? VirtIOSerial else { return nil }
    let name = id.map { "\($0).0" } ?? "virtio-serial-bus.\(serialBuses.count)"
    serialBuses.append(SerialBus(name: name, controller: controller))
    return name
  }

  /// Why `model` does not go where `bus=` says.
  private func misfit(_ model: DeviceModel, _ bus: String) -> ConfigurationError {
    let type: String? =
      if slots.contains(where: { $0.name == bus }) {
        "virtio-mmio-bus"
      } else if serialBuses.contains(where: { $0.name == bus }) {
        "virtio-serial-bus"
      } else {
        bus == pci?.name ? "PCIE" : nil
      }
    guard let type else { return ConfigurationError("Bus '\(bus)' not found") }
    return ConfigurationError("Device '\(model.typeName)' can't go on \(type) bus")
  }

  // MARK: PCI

  private mutating func plugPCI(_ model: DeviceModel, _ request: DeviceRequest) throws(ConfigurationError) {
    guard let pci else { throw ConfigurationError("No 'PCI' bus found for device '\(model.typeName)'") }
    if let bus = request["bus"], bus != pci.name { throw misfit(model, bus) }
    var (made, values) = try make(model, request)
    guard let function = made as? any PCIFunction else {
      throw ConfigurationError("'\(model.typeName)' does not fit a PCI bus")
    }
    let place = try place(model, values, on: pci)
    pci.plug(function, at: place)
    let address = String(place.slot, radix: 16) + "." + String(place.function)
    let shown = (place.slot < 16 ? "0" : "") + address
    do { try values.set("addr", shown) } catch { throw ConfigurationError(error.description) }
    let inner = (function as? VirtIOPCI)?.device
    let innerBus = inner.map { _ in "\(pci.name)/\(address)/virtio-bus" }
    devices.append(
      PlacedDevice(
        function, typeName: model.typeName, id: request["id"], bus: pci.name, childBus: innerBus,
        properties: values.part(
          of: model.typeName,
          model.properties.filter { own in model.part?.properties.contains { $0.name == own.name } != true }))
    )
    if let inner, let innerBus, let part = model.part {
      devices.append(
        PlacedDevice(
          inner, bus: innerBus, childBus: serialBus(of: inner, request["id"]),
          properties: values.part(of: part.typeName, part.properties)))
    }
  }

  /// The place that `addr=` names, or the first free slot.
  private func place(_ model: DeviceModel, _ values: PropertyValues, on bus: PCIBus)
    throws(ConfigurationError)
    -> PCIPlace
  {
    var place: PCIPlace
    if let text = values.text("addr") {
      guard let given = PCIPlace(text) else {
        throw ConfigurationError(
          "Property '\(model.typeName).addr' doesn't take value '\(text)'\n"
            + "A slot from 0 to 1f, and a function from 0 to 7 behind a point, as in addr=6.0, both hexadecimal."
        )
      }
      place = given
      if bus.function(at: place) != nil {
        throw ConfigurationError(
          "PCI: slot \(place.slot) function \(place.function) not available for \(model.typeName), "
            + "in use by \(occupant(of: place, bus))")
      }
    } else {
      guard
        let free = (0..<32).map({ PCIPlace(slot: $0) }).first(where: { bus.function(at: $0) == nil })
      else {
        throw ConfigurationError(
          "PCI: no slot/function available for \(model.typeName), all in use or reserved")
      }
      place = free
    }
    let slot = String(place.slot, radix: 16)
    if place.function > 0, let first = bus.function(at: PCIPlace(slot: place.slot)) {
      guard first.configuration.isMultifunction else {
        throw ConfigurationError(
          "PCI: single function device can't be populated in function \(slot).\(place.function)\n"
            + "Several functions share a slot where the one at \(slot).0 has multifunction=on.")
      }
    }
    if place.function == 0, !values.flag("multifunction"),
      let other = (1..<8).first(where: { bus.function(at: PCIPlace(slot: place.slot, function: $0)) != nil })
    {
      throw ConfigurationError(
        "PCI: \(slot).0 indicates single function, but \(slot).\(other) is already populated.")
    }
    return place
  }

  /// A function's type and id, as QEMU prints them.
  private func occupant(of place: PCIPlace, _ bus: PCIBus) -> String {
    guard let function = bus.function(at: place) else { return "nothing" }
    let placed = devices.first { $0.device === function }
    return "\(placed?.typeName ?? type(of: function).typeName),id=\(placed?.id ?? "(null)")"
  }

  // MARK: Serial ports

  private mutating func plugPort(_ model: DeviceModel, _ request: DeviceRequest) throws(ConfigurationError) {
    let bus: SerialBus
    if let name = request["bus"] {
      guard let named = serialBuses.first(where: { $0.name == name }) else { throw misfit(model, name) }
      bus = named
    } else {
      guard let first = serialBuses.first else {
        throw ConfigurationError("No 'virtio-serial-bus' bus found for device '\(model.typeName)'")
      }
      bus = first
    }
    let (made, values) = try make(model, request)
    guard let port = made as? VirtIOSerialPort else {
      throw ConfigurationError("'\(model.typeName)' does not fit a virtio serial bus")
    }
    do {
      try bus.controller.plug(port)
    } catch {
      throw ConfigurationError(error.description)
    }
    if let id = request["id"], !port.isConsole {
      port.whenOpened = { [announce = environment.announce] in announce(.serialPort(id: id, isOpen: $0)) }
    }
    devices.append(PlacedDevice(port, id: request["id"], bus: bus.name, properties: values))
  }
}
