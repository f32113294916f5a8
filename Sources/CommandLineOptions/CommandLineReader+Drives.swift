import Machine

// -drive and its short forms.
extension CommandLineReader {
  mutating func drive(_ argument: String) throws(CommandLineError) {
    var list = try list(argument)
    let readOnly = try list.takeFlag("readonly", as: "read-only")
    let interfaceName = list.take("if") ?? "virtio"
    let (media, place) = try (takeMedia(&list), takePlace(&list))
    guard let interface = DriveRequest.Interface(rawValue: interfaceName) else {
      guard interfaceName == "xen" else { throw error("unsupported bus type '\(interfaceName)'") }
      throw error("if=\(interfaceName) drives are not there yet in Apus")
    }
    var drive = DriveRequest(id: try list.takeID() ?? automaticDriveID(interfaceName), option: option)
    drive.interface = interface
    drive.file = list.take("file")
    drive.format = list.take("format")
    if drive.file == nil, drive.format != nil {
      throw error("A block device must be specified for \"file\"")
    }
    drive.isReadOnly = try list.takeFlag("read-only") ?? readOnly ?? (media == .cdrom)
    drive.isSnapshot = try list.takeFlag("snapshot") ?? false
    drive.cache = list.take("cache")
    if let cache = drive.cache,
      !["writeback", "writethrough", "none", "directsync", "unsafe"].contains(cache)
    {
      throw error("invalid cache option")
    }
    switch list.take("discard") {
    case "unmap", "on": drive.unmapsDiscarded = true
    case nil, "ignore", "off": break
    default: throw error("Invalid discard option")
    }
    drive.locks = try list.takeChoice("file.locking", of: ["auto", "on", "off"]) != "off"
    try checkRareDriveOptions(&list)
    if let stranger = list.untaken.first {
      let known = Option.byName["drive"]?.list?.parameters ?? []
      throw error(
        KeyValueList.complaint(
          "Block format '\(drive.format ?? "raw")' does not support the option '\(stranger.name)'",
          stranger.name) + known.lazy.map(\.name).suggestion(for: stranger.name))
    }
    try add(drive, media, at: place)
  }

  private enum Media { case disk, cdrom }

  private func takeMedia(_ list: inout KeyValueList) throws(CommandLineError) -> Media {
    switch list.take("media") {
    case nil, "disk": return .disk
    case "cdrom": return .cdrom
    case let name?: throw error("'\(name)' invalid media")
    }
  }

  /// Where a drive is to be on its machine's own buses.
  private enum Place {
    case next
    case index(UInt64)
    case unit(UInt64, bus: UInt64)
  }

  private func takePlace(_ list: inout KeyValueList) throws(CommandLineError) -> Place {
    let (index, bus, unit) = (
      try list.takeNumber("index"), try list.takeNumber("bus"), try list.takeNumber("unit")
    )
    guard let index else { return bus == nil && unit == nil ? .next : .unit(unit ?? 0, bus: bus ?? 0) }
    guard bus ?? 0 == 0, unit == nil else { throw error("index cannot be used with bus and unit") }
    return .index(index)
  }

  /// Accepts what changes nothing that anybody can see, and says so of the rest.
  private func checkRareDriveOptions(_ list: inout KeyValueList) throws(CommandLineError) {
    if let aio = list.take("aio"), aio != "threads" {
      guard aio == "native" || aio == "io_uring" else { throw error("invalid aio option") }
      throw error("aio=\(aio) is not there yet in Apus; aio=threads is")
    }
    // A hint: a block of zeroes may be stored like any other.
    if let zeroes = list.take("detect-zeroes"), !["off", "on", "unmap"].contains(zeroes) {
      throw error("invalid parameter value: \(zeroes)")
    }
    if try list.takeFlag("copy-on-read") == true { throw error("copy-on-read=on is not there yet in Apus") }
    for (name, word, usual) in [("werror", "write", "enospc"), ("rerror", "read", "report")] {
      guard let value = list.take(name), value != usual, value != "report" else { continue }
      guard value == "ignore" || value == "stop" else {
        throw error("'\(value)' invalid \(word) error action")
      }
      throw error("\(name)=\(value) is not there yet in Apus; errors are reported to the guest")
    }
  }

  /// `-hda FILE` and the like, or a disk image named without an option.
  mutating func shortDrive(
    _ file: String, _ interface: DriveRequest.Interface = .virtio, index: UInt64? = nil, isCDROM: Bool = false
  ) throws(CommandLineError) {
    var drive = DriveRequest(id: automaticDriveID(interface.rawValue), option: option)
    // An empty name is a drive without a medium.
    drive.file = file.isEmpty ? nil : file
    drive.interface = interface
    drive.isReadOnly = isCDROM
    try add(drive, isCDROM ? .cdrom : .disk, at: index.map { .index($0) } ?? .next)
  }

  private mutating func automaticDriveID(_ interface: String) -> String {
    defer { driveCount += 1 }
    return "\(interface)\(driveCount)"
  }

  private mutating func add(
    _ drive: DriveRequest, _ media: Media, at place: Place
  ) throws(CommandLineError) {
    if let other = request.drives.first(where: { $0.id == drive.id }) {
      throw error(
        other.isNode
          ? "Device name '\(drive.id)' conflicts with an existing node name"
          : "Duplicate ID '\(drive.id)' for drive")
    }
    var drive = drive
    if drive.interface != .none {
      let (bus, unit) = position(place, drive.interface)
      let isTaken = request.drives.contains {
        $0.interface == drive.interface && $0.bus == bus && $0.unit == unit
      }
      if isTaken {
        var index = "-1"
        if case .index(let given) = place { index = "\(given)" }
        throw error("drive with bus=\(bus), unit=\(unit) (index=\(index)) exists")
      }
      (drive.bus, drive.unit) = (bus, unit)
    }
    request.drives.append(drive)
  }

  private func position(_ place: Place, _ interface: DriveRequest.Interface) -> (bus: UInt64, unit: UInt64) {
    switch place {
    case .unit(let unit, let bus): return (bus, unit)
    case .index(let index):
      guard let units = interface.unitsOfBus else { return (0, index) }
      return (index / units, index % units)
    case .next:
      let taken = Set(
        request.drives.filter { $0.interface == interface }.map { drive in
          interface.unitsOfBus.map { drive.bus &* $0 &+ drive.unit } ?? drive.unit
        })
      let free = (0...UInt64(taken.count)).first { !taken.contains($0) } ?? 0
      return position(.index(free), interface)
    }
  }

  /// Makes devices for the drives that ask for one.
  mutating func attachDisks() throws(CommandLineError) {
    for drive in request.drives where drive.interface == .virtio {
      var device = DeviceRequest(
        driver: "virtio-blk-pci", properties: [Assignment("drive", drive.id)], option: drive.option)
      device.isAutomatic = true
      request.machine.devices.append(device)
    }
    var used: Set<String> = []
    for device in request.machine.devices {
      guard let id = device["drive"] else { continue }
      let node = request.drives.first { $0.id == id && $0.isNode }
      if node != nil, let user = user(of: id) {
        throw CommandLineError("\(device.option): " + Self.conflict(id, user, device.driver))
      }
      if let node, !node.isReadOnly,
        request.drives.contains(where: { $0.id == node.storage && $0.isReadOnly })
      {
        throw CommandLineError(
          "\(device.option): Block node is read-only\nSay read-only=on for \(id), too, or leave it out below."
        )
      }
      guard !used.insert(id).inserted else { continue }
      if node != nil {
        throw CommandLineError("\(device.option): " + Self.conflict(id, "another device", "\(device.driver)"))
      }
      if device.isAutomatic {
        throw CommandLineError(
          "\(device.option): Drive '\(id)' is already in use because it has been automatically connected to "
            + "another device (did you need 'if=none' in the drive options?)")
      }
      throw CommandLineError("\(device.option): Drive '\(id)' is already in use by another device")
    }
  }
}

extension DriveRequest.Interface {
  /// Drives on one bus, where there are several buses.
  fileprivate var unitsOfBus: UInt64? {
    switch self {
    case .ide, .floppy: 2
    case .scsi: 7
    case .none, .virtio, .flash, .sd, .mtd: nil
    }
  }
}
