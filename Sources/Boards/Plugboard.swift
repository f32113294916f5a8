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
  private var serialBuses: [SerialBus] = []
  private var ids: Set<String> = []
  private(set) var devices: [PlacedDevice] = []
  private(set) var warnings: [String] = []

  private let globals: [GlobalProperty]
  private let backEnds: BackEnds
  private let environment: DeviceEnvironment

  init(globals: [GlobalProperty], backEnds: BackEnds, environment: DeviceEnvironment) {
    self.globals = globals
    self.backEnds = backEnds
    self.environment = environment
    let known = Set(
      Self.models.map(\.typeName) + Self.boardDevices + [GenericLoader.typeName]
        + CPUModel.all.map { "\($0.name)-riscv-cpu" })
    for global in globals where !known.contains(global.driver) {
      warnings.append("global \(global.driver).\(global.property) has invalid class name")
    }
  }

  static let models: [DeviceModel] = VirtIOModels.all

  /// Types that boards make and users cannot.
  private static let boardDevices = [
    VirtIOMMIO.typeName, PLIC.typeName, MSWI.typeName, MTIMER.typeName, NS16550A.typeName,
    SiFiveTest.typeName,
    GoldfishRTC.typeName,
  ]

  /// A device's properties as its defaults and `-global` have them.
  func values(of typeName: String, _ properties: [Property]) throws(ConfigurationError) -> PropertyValues {
    var values = PropertyValues(of: typeName, properties)
    for global in globals where global.driver == typeName {
      do {
        try values.set(global.property, global.value)
      } catch {
        throw ConfigurationError(
          "can't apply global \(typeName).\(global.property)=\(global.value): \(error)")
      }
    }
    return values
  }

  /// Offers a virtio connector. Devices without `bus=` go to the one that was offered last.
  mutating func addSlot(_ transport: VirtIOMMIO, name: String) {
    slots.append(Slot(name: name, transport: transport))
  }

  /// Does what one `-device` asks; the boot plan has done the loader's part.
  mutating func plug(_ request: DeviceRequest) throws(ConfigurationError) {
    do {
      try plugUnprefixed(request)
    } catch {
      throw ConfigurationError("-device \(request.text): \(error)", preamble: error.preamble)
    }
  }

  private mutating func plugUnprefixed(_ request: DeviceRequest) throws(ConfigurationError) {
    if let id = request["id"], !ids.insert(id).inserted {
      throw ConfigurationError("Duplicate ID '\(id)' for device")
    }
    if request.driver == GenericLoader.typeName { return }
    guard let model = Self.models.first(where: { $0.typeName == request.driver }) else {
      throw Self.unknown(request.driver)
    }
    switch model.bus {
    case .virtio: try plugVirtIO(model, request)
    case .virtioSerial: try plugPort(model, request)
    case .system: throw ConfigurationError("Parameter 'driver' expects a pluggable device type")
    }
  }

  private static func unknown(_ driver: String) -> ConfigurationError {
    let sentence = "'\(driver)' is not a valid device model name"
    if boardDevices.contains(driver) {
      return ConfigurationError("Parameter 'driver' expects a pluggable device type")
    }
    if driver.hasSuffix("-pci") {
      let twin = driver.dropLast(4) + "-device"
      if models.contains(where: { $0.typeName == twin }) {
        return ConfigurationError(
          "\(sentence)\nThere is no PCI bus yet; '\(twin)' is the same device for virtio-mmio.")
      }
    }
    return ConfigurationError(
      "\(sentence)\nThis device is not there (yet): -device help lists those that are.")
  }

  private func make(_ model: DeviceModel, _ request: DeviceRequest) throws(ConfigurationError) -> (
    any Device, PropertyValues
  ) {
    var values = try values(of: model.typeName, model.properties)
    do {
      for property in request.properties where property.name != "id" && property.name != "bus" {
        try values.set(property.name, property.value)
      }
      return (try model.make(values, backEnds, environment), values)
    } catch {
      throw ConfigurationError(error.description)
    }
  }

  private mutating func plugVirtIO(_ model: DeviceModel, _ request: DeviceRequest) throws(ConfigurationError)
  {
    let slot: Slot
    if let bus = request["bus"] {
      guard let named = slots.first(where: { $0.name == bus }) else {
        throw ConfigurationError("Bus '\(bus)' not found")
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
    var childBus: String?
    if let controller = device as? VirtIOSerial {
      let name = request["id"].map { "\($0).0" } ?? "virtio-serial-bus.\(serialBuses.count)"
      serialBuses.append(SerialBus(name: name, controller: controller))
      childBus = name
    }
    devices.append(
      PlacedDevice(device, id: request["id"], bus: slot.name, childBus: childBus, properties: values))
  }

  private mutating func plugPort(_ model: DeviceModel, _ request: DeviceRequest) throws(ConfigurationError) {
    let bus: SerialBus
    if let name = request["bus"] {
      guard let named = serialBuses.first(where: { $0.name == name }) else {
        throw ConfigurationError("Bus '\(name)' not found")
      }
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
    devices.append(PlacedDevice(port, id: request["id"], bus: bus.name, properties: values))
  }
}
