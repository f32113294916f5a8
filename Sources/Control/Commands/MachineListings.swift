import RISCV

extension MonitorCommand {
  static let machineInformation: [MonitorCommand] = [
    MonitorCommand(
      "history", "", "show the command line history", examples: [("info history", "lines given here")]
    ) { session, _ in
      session.history.enumerated().map { "\($0): '\($1)'\r\n" }.joined()
    },
    MonitorCommand(
      "memory_size_summary", "",
      "show the amount of initially allocated and present hotpluggable (if enabled) memory in bytes.",
      examples: [("info memory_size_summary", "as -m says")]
    ) { session, _ in "base memory: \(session.machine.ramSize)\r\n" },
    MonitorCommand(
      "mtree", "[-f][-d][-o][-D]",
      "show memory tree (-f: dump flat view for address spaces;-d: dump dispatch tree, valid with -f only);"
        + "-o: dump region owners/parents;-D: dump disabled regions",
      examples: [
        ("info mtree", "what answers at which physical address"), ("info mtree -o", "and whose it is"),
      ]
    ) { (session, text) throws(MonitorError) in
      session.memoryListing(try session.flags(&text, "fdoD", of: "mtree"))
    },
    MonitorCommand(
      "name", "", "show the current VM name", examples: [("info name", "as -name has it")]
    ) { session, _ in session.machine.program.guestName.map { "\($0)\r\n" } ?? "" },
    MonitorCommand(
      "qom-tree", "[path]", "show QOM composition tree",
      examples: [
        ("info qom-tree", "devices by the paths that 'info virtio' and others take"),
        ("info qom-tree /machine/peripheral", "those that have an id="),
      ]
    ) { (session, text) throws(MonitorError) in try session.objectListing(session.word(&text)) },
    MonitorCommand(
      "pci", "", "show PCI info", examples: [("info pci", "each function, its base addresses and interrupt")]
    ) { session, _ in session.machine.pciFunctions.map(\.paragraph).joined() },
    MonitorCommand(
      "qtree", "[-b]", "show device tree (-b: brief, omit properties)",
      examples: [("info qtree -b", "which device is on which bus")]
    ) { (session, text) throws(MonitorError) in
      session.deviceListing(isBrief: try session.flags(&text, "b", of: "qtree").contains("b"))
    },
    MonitorCommand(
      "ramblock", "", "Display system ramblock information",
      examples: [("info ramblock", "RAM and ROM, and where this process has them")]
    ) { session, _ in session.ramListing },
    MonitorCommand(
      "roms", "", "show roms",
      examples: [("info roms", "what was loaded where: firmware, kernel, device tree")]
    ) { session, _ in
      session.machine.images.sorted { $0.address < $1.address }.map {
        "addr=\(zeroPadded($0.address, to: 16)) size=0x\(zeroPadded($0.size, to: 6)) "
          + "mem=\($0.memory) name=\"\($0.name)\"\r\n"
      }.joined()
    },
    MonitorCommand(
      "status", "", "show the current VM status (running|paused)",
      examples: [("info status", "running, paused, or paused (shutdown)")]
    ) { session, _ in "VM status: \(session.machine.runState.rawValue)\r\n" },
    MonitorCommand(
      "uuid", "", "show the current VM UUID", examples: [("info uuid", "as -uuid has it, else zeros")]
    ) { session, _ in "\(session.machine.program.uuidText)\r\n" },
    MonitorCommand(
      "version", "", "show the version of the emulator", examples: [("info version", "Apus's, and QEMU's")]
    ) { session, _ in "\(session.version)\r\n" },
  ]
}

extension MonitorSession {
  func memoryListing(_ flags: Set<Character>) -> String {
    let rows = machine.memoryMap.map { range in
      var row =
        "\(zeroPadded(range.first, to: 16))-\(zeroPadded(range.last, to: 16)) (prio 0, \(range.kind)): \(range.name)"
      if flags.contains("o") {
        row += range.owner.map { " owner:{dev path=\($0)}" } ?? " parent:{obj path=/machine/unattached}"
      }
      return row
    }
    let spaces = (0..<machine.hartCount).map { "cpu-memory-\($0)" }
    if flags.contains("f") {
      var text =
        "FlatView #0\r\n AS \"memory\", root: system\r\n"
        + spaces.map { " AS \"\($0)\", root: system\r\n" }.joined()
        + " Root memory region: system\r\n" + rows.map { "  \($0)\r\n" }.joined()
      if flags.contains("d") { text += "  Dispatch\r\n    by binary search in the ranges above\r\n" }
      return text + "\r\n"
    }
    let tree =
      "  0000000000000000-ffffffffffffffff (prio 0, i/o): system"
      + (flags.contains("o") ? " parent:{obj path=/machine/unattached}" : "") + "\r\n"
      + rows.map { "    \($0)\r\n" }.joined() + "\r\n"
    return spaces.map { "address-space: \($0)\r\n" }.joined() + "address-space: memory\r\n" + tree
      + "memory-region: system\r\n" + tree
  }

  func deviceListing(isBrief: Bool) -> String {
    func bus(_ name: String, _ type: String, _ devices: [DeviceNode], _ indent: String) -> String {
      "\(indent)bus: \(name)\r\n\(indent)  type \(type)\r\n"
        + devices.map { device($0, indent + "  ") }.joined()
    }
    func device(_ node: DeviceNode, _ indent: String) -> String {
      var text = "\(indent)dev: \(node.typeName), id \"\(node.id)\"\r\n"
      if !isBrief {
        for (name, value) in node.properties { text += "\(indent)  \(name) = \(value)\r\n" }
        for (base, size) in node.windows {
          text += "\(indent)  mmio \(zeroPadded(base, to: 16))/\(zeroPadded(size, to: 16))\r\n"
        }
        for line in node.remarks { text += "\(indent)  \(line)\r\n" }
      }
      return text + node.buses.map { bus($0.name, $0.type, $0.devices, indent + "  ") }.joined()
    }
    return bus("main-system-bus", "System", machine.deviceTree, "")
  }

  // MARK: info qom-tree

  func objectListing(_ path: Substring) throws(MonitorError) -> String {
    guard
      case .found(let node) = ObjectTree(machine).find(
        path.isEmpty || path == "/" ? "/machine" : String(path))
    else { throw MonitorError("Path '\(path)' could not be resolved.") }
    return node.text("")
  }

  var ramListing: String {
    let rows = machine.memoryMap.compactMap { range in
      machine.hostAddress(of: range.first).map { (range, $0) }
    }
    let width = max(10, rows.map { $0.0.name.utf8.count }.max() ?? 0)
    return
      "\(rightAligned("Block Name", to: width))    PSize    \(leftAligned("Guest", to: 18)) "
      + "\(leftAligned("Used", to: 18)) HVA\r\n"
      + rows.map { range, host in
        "\(rightAligned(range.name, to: width))    4 KiB    0x\(zeroPadded(range.first, to: 16)) "
          + "0x\(zeroPadded(range.last - range.first + 1, to: 16)) 0x\(zeroPadded(host, to: 16))\r\n"
      }.joined()
  }
}
