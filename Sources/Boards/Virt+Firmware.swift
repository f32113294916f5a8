import Boot
import Devices
import Machine

// What firmware finds on the board: flash, and the firmware configuration device's items.
extension Virt {
  /// Maps a bank of flash with what the user gave it.
  static func flash(_ bank: Int, _ request: BoardRequest) throws(ConfigurationError) -> PlacedDevice {
    let environment = request.services.environment
    let wish = request.configuration.flash
    let name = bank < wish.count ? wish[bank] : nil
    let backEnd = name.flatMap { request.backEnds.drives[$0] }
    if let name {
      guard let backEnd else {
        throw ConfigurationError(
          "Property '\(CFIFlash.typeName).drive' can't find value '\(name)'\n"
            + "-machine pflash\(bank)= names the id of a -drive if=none,format=raw,file=FILE,id=\(name).")
      }
      guard backEnd.size == CFIFlash.windowSize else {
        throw ConfigurationError(
          """
          \(CFIFlash.typeName) device '/machine/virt.flash\(bank)' requires \(CFIFlash.windowSize) bytes, \
          \(name) block backend provides \(backEnd.size) bytes
          'truncate -s 32M FILE' makes a shorter image (a copy of it) as large as the flash.
          """)
      }
    }
    let base = Map.flash.base + UInt64(bank) * Map.flash.size
    var properties = PropertyValues(of: CFIFlash.typeName, CFIFlash.properties)
    let device: CFIFlash
    do {
      try properties.set("name", "virt.flash\(bank)")
      if let name { try properties.set("drive", name) }
      device = try environment.memory.addROMDevice(
        "virt.flash\(bank)", base: base, size: Map.flash.size, widths: CFIFlash.accessWidths
      ) { memory throws(PropertyError) in
        try CFIFlash(memory: memory, backEnd: backEnd, gate: environment.gate)
      }
    } catch {
      throw ConfigurationError(error.description)
    }
    return PlacedDevice(device, windows: [base..<base + Map.flash.size], properties: properties)
  }

  /// Maps the firmware configuration device, which has no items yet: `fill` enters them once all is known.
  static func addFirmwareConfiguration(
    _ memory: AddressSpace, _ devices: inout [PlacedDevice]
  ) -> FirmwareConfiguration {
    let device = FirmwareConfiguration(memory: memory)
    let base = Map.firmwareConfiguration.base
    for window in FirmwareConfiguration.windows {
      memory.addDevice(
        window.name, device, base: base + window.offset, size: window.size, widths: window.widths,
        offset: window.offset)
    }
    // As QEMU lists them.
    let listed = [1, 0, 2].map { FirmwareConfiguration.windows[$0] }
    devices.append(
      PlacedDevice(device, windows: listed.map { base + $0.offset..<base + $0.offset + $0.size }))
    return device
  }

  /// Enters all that QEMU's board tells its firmware, but for the tables of ACPI and SMBIOS.
  static func fill(
    _ device: FirmwareConfiguration, _ request: BoardRequest, offer: KernelOffer?
  ) throws(ConfigurationError) {
    let configuration = request.configuration
    typealias Key = FirmwareConfiguration.Key
    device.set(Key.uuid, configuration.uuid ?? [UInt8](repeating: 0, count: 16))
    device.set(Key.noGraphics, number: configuration.isNographic ? 1 : 0 as UInt16)
    device.set(Key.harts, number: UInt16(clamping: request.harts))
    device.set(Key.bootMenu, number: 0 as UInt16)
    if let offer {
      device.set(Key.kernelSize, number: UInt32(clamping: offer.kernel.count))
      device.set(Key.kernel, offer.kernel)
      if !offer.initrd.isEmpty {
        device.set(Key.initrdSize, number: UInt32(clamping: offer.initrd.count))
        device.set(Key.initrd, offer.initrd)
      }
      let commandLine = Array(offer.commandLine.utf8) + [0]
      device.set(Key.commandLineSize, number: UInt32(clamping: commandLine.count))
      device.set(Key.commandLine, commandLine)
    }
    do {
      try device.add("bios-geometry", [])
      try device.add("bootorder", [])
      try device.add("etc/boot-fail-wait", [0xff, 0xff, 0xff, 0xff])
    } catch {
      throw ConfigurationError(error.description)
    }
    for file in configuration.firmwareFiles {
      do throws(PropertyError) {
        try device.add(file.name, try contents(of: file))
      } catch {
        throw ConfigurationError("\(file.option): \(error)")
      }
    }
  }

  private static func contents(of file: FirmwareFileRequest) throws(PropertyError) -> [UInt8] {
    switch file.contents {
    case .text(let text): return Array(text.utf8)
    case .file(let path):
      let source: ImageSource
      do {
        source = try ImageSource(opening: path)
      } catch {
        // QEMU's library has two sentences.
        let reason =
          error.description == "Is a directory"
          ? "Error reading file “\(path)”" : "Failed to open file “\(path)”"
        throw PropertyError("can't load \(path): \(reason): \(error)")
      }
      guard source.size <= UInt64(UInt32.max), let bytes = source.bytes(at: 0, count: Int(source.size)) else {
        throw PropertyError("can't load \(path): it has 4 GiB or more, or cannot be read")
      }
      return bytes
    }
  }
}
