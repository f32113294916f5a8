import Machine

/// What this build offers: the lists behind `help`, given by the rooms that own them.
package struct Catalog: Sendable {
  package struct Machine: Sendable {
    package let name: String
    package let summary: String
    package let isDefault: Bool
    /// Machine properties beside the common ones.
    package let properties: [Property]

    package init(name: String, summary: String, isDefault: Bool = false, properties: [Property] = []) {
      self.name = name
      self.summary = summary
      self.isDefault = isDefault
      self.properties = properties
    }
  }

  package var machines: [Machine]
  package var cpus: [String]
  package var devices: [DeviceModel]
  /// Where firmware is looked for, in order (`-L help`).
  package var firmwareFolders: [String]
  /// The program's version, e.g. "0.1.0".
  package var version: String

  package init(
    machines: [Machine], cpus: [String], devices: [DeviceModel], firmwareFolders: [String] = [],
    version: String
  ) {
    self.machines = machines
    self.cpus = cpus
    self.devices = devices
    self.firmwareFolders = firmwareFolders
    self.version = version
  }
}

// MARK: The listings

extension Catalog {
  var machineListing: String {
    machines.sorted { $0.name < $1.name }.reduce(into: "Supported machines are:\n") {
      $0 += "\(padded($1.name, to: 20)) \($1.summary)\($1.isDefault ? " (default)" : "")\n"
    }
  }

  var cpuListing: String {
    cpus.sorted().reduce(into: "Available CPUs:\n") { $0 += "  \($1)\n" }
  }

  var deviceListing: String {
    let sections: [(String, (DeviceModel) -> Bool)] = [
      ("Storage devices", { $0.typeName.contains("blk") }),
      ("Network devices", { $0.typeName.contains("net") }),
      ("Input devices", { $0.bus == .virtioSerial || $0.typeName.contains("serial") }),
      ("Misc devices", { _ in true }),
    ]
    var listing = ""
    var rest = devices.sorted { $0.typeName < $1.typeName }
    for (title, belongs) in sections {
      let group = rest.filter(belongs)
      rest.removeAll(where: belongs)
      guard !group.isEmpty else { continue }
      if !listing.isEmpty { listing += "\n" }
      listing += "\(title):\n"
      for model in group {
        let bus = model.bus == .system ? "" : ", bus \(model.bus.rawValue)"
        let summary = model.summary.isEmpty ? "" : ", desc \"\(model.summary)\""
        let alias = model.alias.map { ", alias \"\($0)\"" } ?? ""
        listing += "name \"\(model.typeName)\"\(bus)\(alias)\(summary)\n"
      }
    }
    return listing
  }

  func propertyListing(ofDevice name: String) -> String? {
    devices.first { $0.isCalled(name) }.map { listing(of: $0.properties, title: $0.typeName) }
  }

  func propertyListing(ofMachine name: String) -> String? {
    machines.first { $0.name == name }.map {
      listing(of: $0.properties + Self.commonMachineProperties, title: "\(name)-machine")
    }
  }

  /// The properties that every machine has; the parser reads them itself.
  package static let commonMachineProperties = [
    Property("append", .text, "Linux kernel command line"),
    Property("dtb", .text, "Device tree file"),
    Property("dumpdtb", .text, "Write the device tree to a file and exit"),
    Property("firmware", .text, "Firmware image"),
    Property("initrd", .text, "Linux initial ramdisk file"),
    Property("kernel", .text, "Kernel image file"),
  ]

  private func listing(of properties: [Property], title: String) -> String {
    var text = "\(title) options:\n"
    for property in properties.sorted(by: { $0.name < $1.name }) {
      text += "  " + padded("\(property.name)=<\(property.kind.listing)>", to: 22)
      let value: String? =
        switch property.defaultValue {
        case .flag(let isOn): isOn ? "on" : "off"
        case .integer(let number): "\(number)"
        case .text(let text): "\"\(text)\""
        case nil: nil
        }
      if !property.help.isEmpty || value != nil { text += " - \(property.help)" }
      if let value { text += " (default: \(value))" }
      text += "\n"
    }
    return text
  }
}

func padded(_ text: String, to width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
