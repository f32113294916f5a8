/// Which connector a device plugs into.
package enum DeviceBus: String, Sendable {
  case virtio = "virtio-bus"
  case system = "System"
  case virtioSerial = "virtio-serial-bus"
}

/// The back ends that a command line named, by sort and id.
package struct BackEnds: Sendable {
  package var drives: [String: any BlockBackEnd] = [:]
  package var characters: [String: any CharacterBackEnd] = [:]
  package var entropy: [String: any EntropySource] = [:]
  package init() {}
}

/// A kind of device that `-device` can make: its name, documentation, properties and maker.
package struct DeviceModel: Sendable {
  package let typeName: String
  package let bus: DeviceBus
  package let summary: String
  package let properties: [Property]
  /// Builds the device. Errors are sentences such as "drive property not set".
  package let make:
    @Sendable (PropertyValues, BackEnds, DeviceEnvironment) throws(PropertyError) -> any Device

  package init(
    typeName: String, bus: DeviceBus, summary: String, properties: [Property],
    make:
      @escaping @Sendable (PropertyValues, BackEnds, DeviceEnvironment) throws(PropertyError) -> any Device
  ) {
    self.typeName = typeName
    self.bus = bus
    self.summary = summary
    self.properties = properties
    self.make = make
  }
}
