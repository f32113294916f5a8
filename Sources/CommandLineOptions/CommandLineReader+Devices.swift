import Machine

// -device, -global, -drive, -object.
extension CommandLineReader {
  mutating func device(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "driver")
    if list.entries.first == .init(name: "help", value: nil)
      || list.entries.first == .init(name: "?", value: nil)
    {
      answer = catalog.deviceListing
      return
    }
    guard let driver = list.take("driver"), !driver.isEmpty else {
      throw error("Parameter 'driver' is missing")
    }
    if list.asksForHelp {
      guard let listing = catalog.propertyListing(ofDevice: driver) else {
        throw error("'\(driver)' is not a valid device model name")
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
    request.machine.devices.append(DeviceRequest(driver: driver, properties: properties, text: argument))
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
      throw error("-global needs driver.property=value or driver=,property=,value=")
    }
    request.machine.globals.append(GlobalProperty(driver: driver, property: property, value: value))
  }

  // MARK: Drives

  mutating func drive(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    let interface = list.take("if") ?? "virtio"
    var drive = DriveRequest(id: try list.takeID() ?? automaticDriveID(interface), option: option)
    switch interface {
    case "none": drive.interface = .none
    case "virtio": drive.interface = .virtio
    case "pflash", "sd", "mtd", "ide", "scsi", "floppy", "xen":
      throw error("if=\(interface) drives are not there yet in Apus")
    default: throw error("unsupported bus type '\(interface)'")
    }
    drive.file = list.take("file")
    drive.format = list.take("format")
    let readOnly = try list.takeFlag("readonly")
    drive.isReadOnly = try list.takeFlag("read-only") ?? readOnly ?? false
    drive.isSnapshot = try list.takeFlag("snapshot") ?? false
    drive.cache = list.take("cache")
    if let cache = drive.cache,
      !["writeback", "writethrough", "none", "directsync", "unsafe"].contains(cache)
    {
      throw error("invalid cache option")
    }
    let discard = try list.takeChoice("discard", of: ["ignore", "off", "unmap", "on"])
    drive.unmapsDiscarded = discard == "unmap" || discard == "on"
    drive.locks = try list.takeChoice("file.locking", of: ["auto", "on", "off"]) != "off"
    try checkRareDriveOptions(&list)
    if let stranger = list.untaken.first {
      throw error(
        KeyValueList.complaint(
          "Block format '\(drive.format ?? "raw")' does not support the option '\(stranger.name)'",
          stranger.name))
    }
    try add(drive)
  }

  /// Accepts what changes nothing that anybody can see, and says so of the rest.
  private func checkRareDriveOptions(_ list: inout KeyValueList) throws(CommandLineError) {
    if let media = list.take("media") {
      switch media {
      case "disk": break
      case "cdrom": throw error("CD-ROM drives are not there yet in Apus")
      default: throw error("'\(media)' invalid media")
      }
    }
    if let aio = list.take("aio"), aio != "threads" {
      guard aio == "native" || aio == "io_uring" else {
        throw error("Parameter 'aio' does not accept value '\(aio)'")
      }
      throw error("aio=\(aio) is not there yet in Apus; aio=threads is")
    }
    // A hint: a block of zeroes may be stored like any other.
    _ = try list.takeChoice("detect-zeroes", of: ["off", "on", "unmap"])
    // Places in a machine's own buses, of which virt has none.
    for name in ["index", "bus", "unit"] {
      if let value = list.take(name), UInt64(literal: value) == nil {
        throw error("Parameter '\(name)' expects a number")
      }
    }
    if try list.takeFlag("copy-on-read") == true { throw error("copy-on-read=on is not there yet in Apus") }
    for (name, usual) in [("werror", "enospc"), ("rerror", "report")] {
      if let value = list.take(name), value != usual, value != "report" {
        throw error("\(name)=\(value) is not there yet in Apus; errors are reported to the guest")
      }
    }
  }

  /// `-hda FILE`, or a disk image named without an option.
  mutating func shortDrive(_ file: String, index: Int?) {
    var drive = DriveRequest(id: automaticDriveID("virtio"), option: option)
    drive.file = file
    request.drives.append(drive)
  }

  private mutating func automaticDriveID(_ interface: String) -> String {
    defer { driveCount += 1 }
    return "\(interface)\(driveCount)"
  }

  private mutating func add(_ drive: DriveRequest) throws(CommandLineError) {
    if request.drives.contains(where: { $0.id == drive.id }) {
      throw error("Duplicate ID '\(drive.id)' for drive")
    }
    request.drives.append(drive)
  }

  // MARK: Objects

  mutating func object(_ argument: String) throws(CommandLineError) {
    var list = try list(argument, implied: "qom-type")
    if list.asksForHelp {
      answer = "List of user creatable objects:\n  rng-builtin\n  rng-random\n"
      return
    }
    guard let type = list.take("qom-type"), !type.isEmpty else {
      throw error("Parameter 'qom-type' is missing")
    }
    guard type == "rng-random" || type == "rng-builtin" else {
      guard Self.otherObjectTypes.contains(type) else {
        throw error("Parameter 'qom-type' does not accept value '\(type)'")
      }
      throw error("\(type) objects are not there yet in Apus")
    }
    try list.requireValues()
    guard let id = try list.takeID() else { throw error("Parameter 'id' is missing") }
    let kind: ObjectRequest.Kind =
      type == "rng-random" ? .randomFile(list.take("filename") ?? "/dev/urandom") : .randomBuiltin
    try list.finish()
    if request.objects.contains(where: { $0.id == id }) { throw error("Duplicate ID '\(id)' for object") }
    request.objects.append(ObjectRequest(id: id, kind: kind, option: option))
  }

  /// QEMU's other kinds of objects, told apart from typing errors.
  private static let otherObjectTypes: Set<String> = [
    "authz-list", "authz-list-file", "authz-pam", "authz-simple", "can-bus", "can-host-socketcan",
    "colo-compare", "cryptodev-backend", "cryptodev-backend-builtin", "cryptodev-backend-lkcf",
    "cryptodev-vhost-user", "dbus-vmstate", "filter-buffer", "filter-dump", "filter-mirror",
    "filter-redirector", "filter-replay", "filter-rewriter", "input-barrier", "input-linux", "iommufd",
    "iothread", "main-loop", "memory-backend-epc", "memory-backend-file", "memory-backend-memfd",
    "memory-backend-ram", "memory-backend-shm", "pr-manager-helper", "qtest", "rng-egd", "secret",
    "secret_keyring", "thread-context", "throttle-group", "tls-cipher-suites", "tls-creds-anon",
    "tls-creds-psk", "tls-creds-x509", "x-remote-object", "x-vfio-user-server",
  ]
}
