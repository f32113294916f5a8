import JSONText
import Machine

extension QMPCommand {
  private static let cpuInstance = [
    "node-id", "drawer-id", "book-id", "socket-id", "die-id", "cluster-id", "module-id", "core-id",
    "thread-id",
  ].map { QAPIMember.optional($0, .integer) }

  /// What the machine consists of.
  static let machineQueries: [QMPCommand] =
    [
      QMPCommand(
        "query-cpus-fast",
        gives: .list(
          .record(
            "CpuInfoFast",
            [
              QAPIMember("cpu-index", .integer), QAPIMember("qom-path", .text),
              QAPIMember("thread-id", .integer),
              .optional("props", .record("CpuInstanceProperties", cpuInstance)),
              QAPIMember("target", .choice("SysEmuTarget", ["riscv32", "riscv64"])),
            ])), "the harts, and the host's thread of each"
      ) { call in
        .array(
          call.machine.hostThreads.enumerated().map { index, thread in
            [
              "thread-id": .integer(Int64(thread)), "props": ["core-id": JSON(index)],
              "qom-path": .string("/machine/soc0/harts[\(index)]"), "cpu-index": JSON(index),
              "target": .string("\(call.machine.program.target)"),
            ]
          })
      },
      QMPCommand(
        "query-hotpluggable-cpus", gives: .list(.any), "harts that could be added"
      ) { (_) throws(QMPError) in throw QMPError("machine does not support hot-plugging CPUs") },
      QMPCommand(
        "query-memory-size-summary",
        gives: .record(
          "MemoryInfo", [QAPIMember("base-memory", .integer), .optional("plugged-memory", .integer)]),
        "the size of RAM in bytes"
      ) { ["base-memory": JSON($0.machine.ramSize)] },
      QMPCommand(
        "query-pci",
        gives: .list(
          .record("PciInfo", [QAPIMember("bus", .integer), QAPIMember("devices", .list(pciDevice))])),
        "PCI's functions, with where their base addresses lead now"
      ) { call in
        let functions = call.machine.pciFunctions
        return functions.isEmpty ? [] : [["bus": 0, "devices": .array(functions.map(\.qmpEntry))]]
      },
      QMPCommand(
        "x-query-virtio",
        gives: .list(.record("VirtioInfo", [QAPIMember("path", .text), QAPIMember("name", .text)])),
        "virtio devices, and their paths"
      ) { call in
        .array(call.machine.virtioDevices.map { ["name": .string($0.name), "path": .string($0.path)] })
      },
    ]
    + [
      ("interrupt-controllers", "pic"), ("irq", "irq"), ("jit", "jit"), ("ramblock", "ramblock"),
      ("roms", "roms"),
    ]
    .map { name, subject in
      QMPCommand(
        "x-query-\(name)",
        gives: .record("HumanReadableText", [QAPIMember("human-readable-text", .text)]),
        "what the monitor's `info \(subject)` prints"
      ) { call in
        let monitor = MonitorSession(machine: call.machine, version: call.machine.program.versionLine)
        return [
          "human-readable-text": .string(monitor.execute("info \(subject)").replacing("\r\n", with: "\n"))
        ]
      }
    }

  private static let pciDevice = QAPIType.record(
    "PciDeviceInfo",
    [
      QAPIMember("bus", .integer), QAPIMember("slot", .integer), QAPIMember("function", .integer),
      QAPIMember(
        "class_info",
        .record("PciDeviceClass", [.optional("desc", .text), QAPIMember("class", .integer)])),
      QAPIMember(
        "id",
        .record(
          "PciDeviceId",
          [
            QAPIMember("device", .integer), QAPIMember("vendor", .integer), .optional("subsystem", .integer),
            .optional("subsystem-vendor", .integer),
          ])), .optional("irq", .integer), QAPIMember("irq_pin", .integer), QAPIMember("qdev_id", .text),
      QAPIMember(
        "regions",
        .list(
          .record(
            "PciMemoryRegion",
            [
              QAPIMember("bar", .integer), QAPIMember("type", .text), QAPIMember("address", .integer),
              QAPIMember("size", .integer), .optional("prefetch", .flag), .optional("mem_type_64", .flag),
            ]))),
    ])

  /// Kinds of things of which there are none here, yet or ever, and what QEMU gives where there are none.
  static let nothingThere: [QMPCommand] =
    [
      ("query-audiodevs", "audio back ends"), ("query-block-exports", "exported disks"),
      ("query-block-jobs", "jobs on disks"), ("query-cryptodev", "cryptographic back ends"),
      ("query-fdsets", "sets of file descriptors"), ("query-iothreads", "threads for transfers, as objects"),
      ("query-jobs", "jobs"), ("query-memory-devices", "memory that could be unplugged"),
      ("query-mice", "pointing devices"), ("query-pr-managers", "managers of persistent reservations"),
      ("query-tpm", "TPM devices"), ("query-tpm-models", "models of TPM devices"),
      ("query-tpm-types", "TPM back ends"), ("query-yank", "connections that could be cut"),
      ("query-migrate-capabilities", "what a migration could be made with; there is none yet"),
    ].map { name, help in QMPCommand(name, gives: .list(.any), "\(help): an empty list") { _ in [] } } + [
      QMPCommand("query-migrate", gives: .record("MigrationInfo", []), "the migration: there is none yet") {
        _ in [:]
      },
      QMPCommand(
        "query-balloon", gives: .record("BalloonInfo", [QAPIMember("actual", .integer)]),
        "the memory balloon's size"
      ) { (_) throws(QMPError) in throw QMPError("No balloon device has been activated", .deviceNotActive) },
      QMPCommand(
        "query-display-options",
        gives: .record("DisplayOptions", [QAPIMember("type", .choice("DisplayType", ["none"]))]),
        "what shows the guest's screen: nothing yet"
      ) { _ in ["type": "none"] },
      QMPCommand(
        "query-vnc", gives: .record("VncInfo", [QAPIMember("enabled", .flag)]), "the VNC server: none yet"
      ) {
        _ in ["enabled": false]
      },
    ]
}

extension PCIFunctionEntry {
  fileprivate var qmpEntry: JSON {
    var kind = [JSON.Member("class", JSON(classCode))]
    if let className { kind.append(JSON.Member("desc", .string(className))) }
    var members: [JSON.Member] = [
      JSON.Member("irq_pin", JSON(pin)), JSON.Member("bus", 0), JSON.Member("qdev_id", .string(id)),
    ]
    if pin > 0 { members.append(JSON.Member("irq", JSON(line))) }
    members += [
      JSON.Member("slot", JSON(slot)), JSON.Member("class_info", .object(kind)),
      JSON.Member(
        "id",
        [
          "device": JSON(device), "subsystem-vendor": JSON(subsystemVendor), "vendor": JSON(vendor),
          "subsystem": JSON(subsystem),
        ]), JSON.Member("function", JSON(function)),
      JSON.Member("regions", .array(ranges.map(\.qmpEntry))),
    ]
    return .object(members)
  }
}

extension PCIFunctionEntry.Range {
  fileprivate var qmpEntry: JSON {
    let place: [JSON.Member] = [
      JSON.Member("bar", JSON(index)), JSON.Member("size", JSON(size)),
      // -1: no driver has placed it.
      JSON.Member("address", address.map { JSON($0) } ?? -1),
      JSON.Member("type", isPorts ? "io" : "memory"),
    ]
    if isPorts { return .object(place) }
    return .object(
      [JSON.Member("prefetch", .flag(isPrefetchable)), JSON.Member("mem_type_64", .flag(isWide))] + place)
  }
}
