import Machine

extension VirtIOPCI {
  /// A device that there is on PCI, and what is particular to it there.
  private struct Kind {
    /// "virtio-blk"
    let name: String
    let inner: DeviceModel
    /// Class and subclass (PCI Code and ID Assignment 1.11).
    let classCode: UInt16
    /// Interrupt messages that are of use to it.
    let usualVectors: @Sendable (PropertyValues) -> Int
    /// The user may choose the class, and this is the default, which may be 0 for the usual one.
    let classDefault: UInt64?
    /// Of which QEMU takes no others; nil: any.
    let classes: Set<UInt16>?

    func classCode(_ values: PropertyValues) -> UInt16 {
      let given = UInt16(truncatingIfNeeded: values.integer("class") ?? 0)
      return given == 0 || classes?.contains(given) == false ? classCode : given
    }
  }

  private static let kinds = [
    // A SCSI controller, which drivers of old look for.
    Kind(
      name: "virtio-blk", inner: VirtIOBlock.model, classCode: 0x0100,
      usualVectors: { 1 + VirtIOBlock.queueCount($0) }, classDefault: 0, classes: nil),
    // Fits no class.
    Kind(
      name: "virtio-rng", inner: VirtIOEntropy.model, classCode: 0x00ff, usualVectors: { _ in 2 },
      classDefault: nil, classes: nil),
    // An Ethernet controller; a message for each queue and one for the configuration.
    Kind(
      name: "virtio-net", inner: VirtIONetwork.model, classCode: 0x0200, usualVectors: { _ in 4 },
      classDefault: nil, classes: nil),
    // A communication controller of some other kind.
    Kind(
      name: "virtio-serial", inner: VirtIOSerial.model, classCode: 0x0780, usualVectors: { _ in 2 },
      classDefault: 0x0780, classes: [0x00ff, 0x0380, 0x0780]),
  ]

  /// Each device in three shapes: as the properties say, with the modern interface only, with both.
  package static let models: [DeviceModel] = kinds.flatMap { kind in
    [
      model(kind, "\(kind.name)-pci", alias: kind.name, offersLegacy: nil),
      model(kind, "\(kind.name)-pci-non-transitional", offersLegacy: false),
      model(kind, "\(kind.name)-pci-transitional", offersLegacy: true),
    ]
  }

  /// `offersLegacy` nil: the user says it.
  private static func model(
    _ kind: Kind, _ name: String, alias: String? = nil, offersLegacy: Bool?
  ) -> DeviceModel {
    var own = settingsProperties
    if offersLegacy == nil { own += interfaceProperties }
    if let value = kind.classDefault {
      own.append(
        Property(
          "class", .integer(maximum: 0xffff_ffff), default: .integer(value),
          "class and subclass, of which 16 bits count"))
    }
    let inner = kind.inner
    return DeviceModel(
      typeName: name, bus: .pci, summary: inner.summary, properties: own + inner.properties, alias: alias,
      classes: ["virtio-pci", "pci-device"],
      part: .init(typeName: inner.typeName, properties: inner.properties)
    ) { values, backEnds, environment throws(PropertyError) in
      let settings = try Settings(
        values, classCode: kind.classCode(values), usualVectors: kind.usualVectors(values),
        offersLegacy: offersLegacy)
      let made = try inner.make(values.part(of: inner.typeName, inner.properties), backEnds, environment)
      guard let device = made as? any VirtIODevice else {
        throw PropertyError("'\(inner.typeName)' does not fit a virtio transport")
      }
      return VirtIOPCI(device, settings)
    }
  }

  private static let settingsProperties: [Property] = [
    Property("addr", .pciAddress, "Slot and optional function number, example: 06.0 or 06"),
    Property("ioeventfd", .flag, default: .flag(true), "no effect: notifications are always handled at once"),
    Property("modern-pio-notify", .flag, default: .flag(false), "a port for notifications, too"),
    Property("multifunction", .flag, default: .flag(false), "the slot may have more functions"),
    Property("page-per-vq", .flag, default: .flag(false), "a page for each queue's notifications"),
    Property("rombar", .integer(maximum: .max), default: .integer(.max), "no effect: there is no ROM"),
    Property("romfile", .text, default: .text(""), "an expansion ROM; none but the empty name is there yet"),
    Property(
      "vectors", .integer(maximum: 0xffff_ffff), default: .integer(0xffff_ffff),
      "MSI-X vectors; 4294967295 means as many as are of use, 0 none"),
  ]

  private static let interfaceProperties: [Property] = [
    Property(
      "disable-legacy", .onOffAuto, default: .text("auto"), "leave the interface of virtio 0.9 out"),
    Property("disable-modern", .flag, default: .flag(false), "leave the interface of virtio 1 out"),
  ]
}

extension VirtIOPCI.Settings {
  /// Checks what the user gave, in QEMU's words.
  fileprivate init(
    _ values: PropertyValues, classCode: UInt16, usualVectors: Int, offersLegacy: Bool?
  ) throws(PropertyError) {
    self.init(classCode: classCode)
    self.offersLegacy = offersLegacy ?? (values.text("disable-legacy") != "on")
    offersModern = offersLegacy != nil || !values.flag("disable-modern")
    guard self.offersLegacy || offersModern else {
      throw PropertyError(
        "device cannot work as neither modern nor legacy mode is enabled\n"
          + "Set either disable-modern or disable-legacy to off")
    }
    hasPagePerQueue = values.flag("page-per-vq")
    hasNotifyPort = values.flag("modern-pio-notify")
    isMultifunction = values.flag("multifunction")
    if let file = values.text("romfile"), !file.isEmpty {
      throw PropertyError("romfile=\(file): expansion ROMs are not there yet in Apus")
    }
    let vectors = values.integer("vectors") ?? 0xffff_ffff
    self.vectors = vectors == 0xffff_ffff ? min(usualVectors, Self.mostVectors) : Int(vectors)
    guard self.vectors <= Self.mostVectors else {
      throw PropertyError("unable to init msix vectors to \(vectors)\nThere are \(Self.mostVectors) at most.")
    }
  }

  private static let mostVectors = 2048
}

extension VirtIOBlock {
  /// `num-queues`, as far as it has been checked.
  fileprivate static func queueCount(_ values: PropertyValues) -> Int {
    let count = values.integer("num-queues") ?? 1
    return count == 0xffff ? 1 : Int(count)
  }
}
