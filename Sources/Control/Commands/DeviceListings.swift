import RISCV

extension MonitorCommand {
  static let deviceInformation: [MonitorCommand] = [
    MonitorCommand(
      "block", "[-n] [-v] [device]",
      "show info of one block device or all block devices (-n: show named nodes; -v: show details)",
      examples: [
        ("info block", "drives, their files, whose they are"), ("info block -v d0", "one with its sizes"),
      ],
      completion: .drives
    ) { (session, text) throws(MonitorError) in try session.driveListing(&text) },
    MonitorCommand(
      "chardev", "", "show the character devices", examples: [("info chardev", "where each console leads")]
    ) { session, _ in
      session.machine.characterBackEnds.map { "\($0.label): filename=\($0.name)\r\n" }.joined()
    },
    MonitorCommand(
      "irq", "", "show the interrupts statistics (if available)",
      examples: [("info irq", "nobody counts them; 'info pic' and 'info trap' tell more")]
    ) { _, _ in
      "Interrupts are not counted: 'info pic' shows their state, 'info trap' the last that were taken.\r\n"
    },
    MonitorCommand(
      "pic", "", "show PIC state",
      examples: [("info pic", "PLIC and ACLINT, and what each hart makes of its interrupts")]
    ) { session, _ in session.interruptListing },
    MonitorCommand(
      "virtio", "", "List all available virtio devices",
      examples: [("info virtio", "paths for 'info virtio-status', and whether a driver has them")]
    ) { session, _ in session.virtioListing },
    MonitorCommand(
      "virtio-queue-status", "path queue", "Display status of a given virtio queue",
      examples: [("info virtio-queue-status /machine/peripheral-anon/device[0] 0", "its rings and indices")],
      completion: .virtioDevices
    ) { (session, text) throws(MonitorError) in
      let path = session.word(&text)
      guard !path.isEmpty else {
        throw MonitorError("virtio-queue-status: string expected", suggestsHelp: true)
      }
      return try session.virtioQueue(path, try session.number(&text))
    },
    MonitorCommand(
      "virtio-status", "path", "Display status of a given virtio device",
      examples: [("info virtio-status /machine/peripheral-anon/device[0]", "status, features, queues")],
      completion: .virtioDevices
    ) { (session, text) throws(MonitorError) in
      let path = session.word(&text)
      guard !path.isEmpty else { throw MonitorError("virtio-status: string expected", suggestsHelp: true) }
      return try session.virtioStatus(path)
    },
  ]
}

extension MonitorSession {
  // MARK: info block

  func driveListing(_ text: inout Substring) throws(MonitorError) -> String {
    let flags = try flags(&text, "nv", of: "block")
    let name = word(&text)
    let drives = machine.drives.filter { name.isEmpty || $0.id == name }
    return drives.map { drive in
      var kinds = ["raw"]
      if drive.isReadOnly { kinds.append("read-only") }
      if drive.isSnapshot { kinds.append("snapshot: writes are held back") }
      var text = "\(drive.id): \(drive.file) (\(kinds.joined(separator: ", ")))\r\n"
      if let owner = drive.owner { text += "    Attached to:      \(owner)\r\n" }
      text += "    Cache mode:       \(drive.cache)\r\n"
      if flags.contains("v") {
        text += "\r\nImages:\r\nimage: \(drive.file)\r\nfile format: raw\r\n"
        text += "virtual size: \(Self.size(drive.size)) (\(drive.size) bytes)\r\n"
      }
      return text
    }.joined(separator: "\r\n")
  }

  /// "7.5 KiB": three digits at most, as QEMU writes sizes.
  static func size(_ bytes: UInt64) -> String {
    var value = Double(bytes)
    var unit = "B"
    for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] where value >= 1000 {
      value /= 1024
      unit = next
    }
    let decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    let text = rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    return "\(text) \(unit)"
  }

  // MARK: info pic

  var interruptListing: String {
    let state = machine.interruptControllers
    var text = ""
    func context(_ index: Int) -> String { "hart \(index / 2) \(index & 1 == 0 ? "M" : "S")" }
    if !state.sources.isEmpty {
      text += "PLIC: sources that are wired, pending, enabled or have a priority\r\n"
      text += "  source device                   level pending claimed priority enabled for\r\n"
      for source in state.sources
      where source.isPending || source.isInService || source.priority != 0 || !source.enabledFor.isEmpty
        || source.level || !source.device.isEmpty
      {
        text += "  \(rightAligned("\(source.number)", to: 6)) \(leftAligned(source.device, to: 24)) "
        text += "\(source.level ? "high" : "low ")  \(source.isPending ? "yes" : "no ")     "
        text += "\(source.isInService ? "yes" : "no ")     \(rightAligned("\(source.priority)", to: 8)) "
        text +=
          source.enabledFor.isEmpty ? "nobody" : source.enabledFor.map(context).joined(separator: ", ")
        text += "\r\n"
      }
      for (index, threshold) in state.thresholds.enumerated() {
        // The rules of PLIC 1.0.0, §3 and §7.
        let candidates = state.sources.filter {
          $0.isPending && !$0.isInService && $0.enabledFor.contains(index) && $0.priority > threshold
        }
        let best = candidates.max { ($0.priority, -$0.number) < ($1.priority, -$1.number) }
        text += "  \(context(index)): threshold \(threshold), "
        text += best.map { "interrupted by source \($0.number)" } ?? "not interrupted"
        let held = state.sources.filter {
          $0.isPending && !$0.isInService && $0.enabledFor.contains(index) && $0.priority <= threshold
        }
        if best == nil, let first = held.first {
          text +=
            " (source \(first.number) is pending, but its priority \(first.priority) is not above the threshold)"
        }
        text += "\r\n"
      }
    }
    text += "ACLINT: mtime 0x\(String(state.time, radix: 16)), 10 MHz\r\n"
    for (index, hart) in state.harts.enumerated() {
      let due = hart.timeCompare <= state.time
      text += "  hart \(index): msip \(hart.softwareInterrupt ? 1 : 0), "
      text += "mtimecmp 0x\(String(hart.timeCompare, radix: 16)) "
      text += due ? "(due)" : "(in \(Self.duration(hart.timeCompare - state.time)))"
      text += "\r\n"
    }
    for index in 0..<machine.hartCount { text += interruptState(ofHart: index) }
    return text
  }

  /// Ticks of 100 ns.
  private static func duration(_ ticks: UInt64) -> String {
    switch ticks {
    case ..<10_000: "\(ticks / 10) us"
    case ..<10_000_000: "\(ticks / 10_000) ms"
    case ..<600_000_000: "\(ticks / 10_000_000) s"
    default: "more than a minute"
    }
  }

  /// What is pending and enabled, and why it is not taken.
  private func interruptState(ofHart index: Int) -> String {
    func register(_ name: String) -> UInt64 { machine.controlRegister(name, ofHart: index) ?? 0 }
    let condition = machine.condition(ofHart: index)
    let (pending, enabled, delegated) = (register("mip"), register("mie"), register("mideleg"))
    var text = "CPU #\(index) in \(condition.privilege.name): pending \(CauseNames.interrupts(in: pending)); "
    text += "enabled in mie \(CauseNames.interrupts(in: enabled)); "
    text += "mideleg \(CauseNames.interrupts(in: delegated)); "
    let (machineOn, supervisorOn) = (condition.mstatus >> 3 & 1, condition.mstatus >> 1 & 1)
    text += "mstatus.MIE \(machineOn), SIE \(supervisorOn)\r\n"
    let candidates = pending & enabled
    if candidates == 0 {
      if pending != 0 { text += "  what is pending is not enabled in mie/sie\r\n" }
      return text
    }
    let forMachine = candidates & ~delegated
    let forSupervisor = candidates & delegated
    if forMachine != 0, condition.privilege == .machine, machineOn == 0 {
      text += "  \(CauseNames.interrupts(in: forMachine)) held back: mstatus.MIE is 0\r\n"
    }
    if forSupervisor != 0 {
      if condition.privilege == .machine {
        text +=
          "  \(CauseNames.interrupts(in: forSupervisor)) held back: delegated, and the hart is in machine mode\r\n"
      } else if condition.privilege == .supervisor, supervisorOn == 0 {
        text += "  \(CauseNames.interrupts(in: forSupervisor)) held back: sstatus.SIE is 0\r\n"
      }
    }
    return text
  }

  // MARK: info virtio

  var virtioListing: String {
    machine.virtioDevices.map { "\($0.path) [\($0.name)]\r\n" }.joined()
  }

  private func virtioDevice(_ path: Substring) throws(MonitorError) -> VirtIOCondition {
    guard let device = machine.virtioDevices.first(where: { $0.path == path }) else {
      throw MonitorError("Error: Path \(path) is not a realized VirtIODevice")
    }
    return device
  }

  func virtioStatus(_ path: Substring) throws(MonitorError) -> String {
    let device = try virtioDevice(path)
    func row(_ name: String, _ value: String) -> String {
      "  \(leftAligned(name + ":", to: 24)) \(value)\r\n"
    }
    var text = "\(path):\r\n" + row("device_name", device.name) + row("device_id", "\(device.deviceID)")
    text += row("bus_name", device.bus)
    text += row("interface", device.isLegacy ? "legacy (version 1)" : "modern (version 2)")
    text += row("broken", device.failure.map { "true: \($0)" } ?? "false")
    text += row("started", "\(device.status & 4 != 0)")
    text += row("num_vqs", "\(device.queues.count)") + row("queue_sel", "\(device.queueSelector)")
    text += row("isr", "\(device.interruptStatus)") + row("endianness", "little")
    text += "  status:\r\n" + Self.listed(VirtIONames.status(device.status))
    text += "\r\n  Guest features:\r\n" + Self.listed(VirtIONames.features(device.features, device.deviceID))
    text +=
      "\r\n  Host features:\r\n" + Self.listed(VirtIONames.features(device.offeredFeatures, device.deviceID))
    for (index, queue) in device.queues.enumerated() {
      text += "\r\n  Queue \(index): "
      text +=
        queue.isReady
        ? "ready, \(queue.size) of \(queue.maximumSize) entries, \(queue.inFlight) in flight"
        : "not ready"
    }
    return text + "\r\n"
  }

  private static func listed(_ lines: [String]) -> String {
    lines.isEmpty ? "" : lines.map { "\t\($0)" }.joined(separator: ",\r\n") + "\r\n"
  }

  func virtioQueue(_ path: Substring, _ number: UInt64) throws(MonitorError) -> String {
    let device = try virtioDevice(path)
    guard number < UInt64(device.queues.count) else {
      throw MonitorError("Error: Invalid virtqueue number \(number)")
    }
    let queue = device.queues[Int(number)]
    func row(_ name: String, _ value: String) -> String {
      "  \(leftAligned(name + ":", to: 21)) \(value)\r\n"
    }
    func ring(_ name: String, _ value: String) -> String {
      "    \(leftAligned(name + ":", to: 12)) \(value)\r\n"
    }
    var text = "\(path):\r\n" + row("device_name", device.name) + row("queue_index", "\(number)")
    text += row("inuse", "\(queue.inFlight)") + row("used_idx", "\(queue.nextUsed)")
    text += row("signalled_used", "\(queue.signalledUsed)")
    text += row("last_avail_idx", "\(queue.nextAvailable)")
    if queue.isReady, let index = halfword(at: queue.available &+ 2) {
      text += row("avail idx in memory", "\(index), \(index &- queue.nextAvailable) not taken yet")
    }
    text += "  VRing:\r\n" + ring("num", "\(queue.size)") + ring("num_default", "\(queue.maximumSize)")
    for (name, address) in [("desc", queue.descriptors), ("avail", queue.available), ("used", queue.used)] {
      text += ring(name, "0x\(zeroPadded(address, to: 16))")
    }
    return text
  }

  private func halfword(at address: UInt64) -> UInt16? {
    machine.readMemory(address, count: 2).map { UInt16($0[0]) | UInt16($0[1]) << 8 }
  }
}

/// Bits of virtio by their names (virtio 1.3, §2.1, §5 and §6).
enum VirtIONames {
  static func status(_ word: UInt8) -> [String] {
    let bits: [(UInt8, String)] = [
      (1, "VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found"),
      (2, "VIRTIO_CONFIG_S_DRIVER: Guest OS compatible with device"),
      (8, "VIRTIO_CONFIG_S_FEATURES_OK: Feature negotiation complete"),
      (4, "VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready"),
      (0x40, "VIRTIO_CONFIG_S_NEEDS_RESET: Irrecoverable error, device needs reset"),
      (0x80, "VIRTIO_CONFIG_S_FAILED: Error in guest, device failed"),
    ]
    return bits.filter { word & $0.0 != 0 }.map(\.1)
  }

  private static let common: [UInt64: String] = [
    24: "VIRTIO_F_NOTIFY_ON_EMPTY", 27: "VIRTIO_F_ANY_LAYOUT", 28: "VIRTIO_RING_F_INDIRECT_DESC",
    29: "VIRTIO_RING_F_EVENT_IDX", 32: "VIRTIO_F_VERSION_1", 33: "VIRTIO_F_IOMMU_PLATFORM",
    34: "VIRTIO_F_RING_PACKED", 35: "VIRTIO_F_IN_ORDER", 40: "VIRTIO_F_RING_RESET",
  ]
  private static let block: [UInt64: String] = [
    1: "VIRTIO_BLK_F_SIZE_MAX", 2: "VIRTIO_BLK_F_SEG_MAX", 4: "VIRTIO_BLK_F_GEOMETRY",
    5: "VIRTIO_BLK_F_RO", 6: "VIRTIO_BLK_F_BLK_SIZE", 7: "VIRTIO_BLK_F_SCSI", 9: "VIRTIO_BLK_F_FLUSH",
    10: "VIRTIO_BLK_F_TOPOLOGY", 11: "VIRTIO_BLK_F_CONFIG_WCE", 12: "VIRTIO_BLK_F_MQ",
    13: "VIRTIO_BLK_F_DISCARD", 14: "VIRTIO_BLK_F_WRITE_ZEROES",
  ]
  private static let network: [UInt64: String] = [
    3: "VIRTIO_NET_F_MTU", 5: "VIRTIO_NET_F_MAC", 15: "VIRTIO_NET_F_MRG_RXBUF", 16: "VIRTIO_NET_F_STATUS",
    17: "VIRTIO_NET_F_CTRL_VQ", 18: "VIRTIO_NET_F_CTRL_RX", 19: "VIRTIO_NET_F_CTRL_VLAN",
    20: "VIRTIO_NET_F_CTRL_RX_EXTRA", 23: "VIRTIO_NET_F_CTRL_MAC_ADDR", 63: "VIRTIO_NET_F_SPEED_DUPLEX",
  ]
  private static let console: [UInt64: String] = [
    0: "VIRTIO_CONSOLE_F_SIZE", 1: "VIRTIO_CONSOLE_F_MULTIPORT", 2: "VIRTIO_CONSOLE_F_EMERG_WRITE",
  ]

  static func features(_ word: UInt64, _ device: UInt32) -> [String] {
    let own: [UInt64: String] = [1: network, 2: block, 3: console][device] ?? [:]
    return (0..<64 as Range<UInt64>).filter { word >> $0 & 1 != 0 }.map { bit in
      common[bit] ?? own[bit] ?? "bit \(bit)"
    }
  }
}
