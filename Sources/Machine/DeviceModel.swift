/// Which connector a device plugs into.
package enum DeviceBus: String, Sendable {
  case virtio = "virtio-bus"
  case system = "System"
  case virtioSerial = "virtio-serial-bus"
  case pci = "PCI"
}

/// The back ends that a command line named, by sort and id.
package struct BackEnds: Sendable {
  package var drives: [String: any BlockBackEnd] = [:]
  package var characters: [String: any CharacterOutlet] = [:]
  package var entropy: [String: any EntropySource] = [:]
  /// Names only: a device's work is done by threads of its own choice.
  package var ioThreads: Set<String> = []
  package var networks: [String: any NetworkBackEnd] = [:]
  package init() {}
}

/// A kind of device that `-device` can make: its name, documentation, properties and maker.
package struct DeviceModel: Sendable {
  package let typeName: String
  package let bus: DeviceBus
  package let summary: String
  package let properties: [Property]
  /// Another name for it.
  package let alias: String?
  /// Classes that it belongs to: `-global` for them is for it, too.
  package let classes: [String]
  /// The device inside, where it is made of two: its properties are among these.
  package let part: Part?
  /// Builds the device. Errors are sentences such as "drive property not set".
  package let make:
    @Sendable (PropertyValues, BackEnds, DeviceEnvironment) throws(PropertyError) -> any Device

  package struct Part: Sendable {
    package let typeName: String
    package let properties: [Property]

    package init(typeName: String, properties: [Property]) {
      self.typeName = typeName
      self.properties = properties
    }
  }

  package func isCalled(_ name: String) -> Bool { name == typeName || name == alias }

  package init(
    typeName: String, bus: DeviceBus, summary: String, properties: [Property], alias: String? = nil,
    classes: [String] = [], part: Part? = nil,
    make:
      @escaping @Sendable (PropertyValues, BackEnds, DeviceEnvironment) throws(PropertyError) -> any Device
  ) {
    self.typeName = typeName
    self.bus = bus
    self.summary = summary
    self.properties = properties
    self.alias = alias
    self.classes = classes
    self.part = part
    self.make = make
  }
}
