import Boards
import Control
import Devices
import Machine
import RISCV
import Storage

/// Devices as the monitor sees them.
extension RunningMachine {
  var boardName: String { machine.boardName }
  var cpuName: String { machine.cpu.name }

  var deviceTree: [DeviceNode] { nodes(on: "main-system-bus") }

  private func nodes(on bus: String) -> [DeviceNode] {
    // The newest first, as QEMU lists them.
    machine.devices.reversed().filter { $0.bus == bus }.map { placed in
      var node = DeviceNode(
        typeName: placed.typeName, id: placed.id ?? "", path: path(of: placed),
        properties: placed.properties.listing,
        windows: placed.windows.map { ($0.lowerBound, $0.upperBound - $0.lowerBound) },
        buses: placed.childBus.map { name in
          let shown = name.split(separator: "/").last.map(String.init) ?? name
          return [(name: shown, type: Self.type(ofBus: name), devices: nodes(on: name))]
        } ?? [])
      node.declared = placed.properties.declarations
      node.remarks = pciEntry(of: placed)?.treeLines ?? []
      return node
    }
  }

  private static func type(ofBus name: String) -> String {
    if name.hasSuffix("/virtio-bus") { return "virtio-pci-bus" }
    return name == "pcie.0"
      ? "PCIE" : name.hasPrefix("virtio-mmio-bus") ? "virtio-mmio-bus" : "virtio-serial-bus"
  }

  var pciFunctions: [PCIFunctionEntry] {
    machine.devices.compactMap { pciEntry(of: $0) }.sorted {
      ($0.slot, $0.function) < ($1.slot, $1.function)
    }
  }

  private func pciEntry(of placed: PlacedDevice) -> PCIFunctionEntry? {
    guard let (place, configuration) = machine.pciFunction(placed) else { return nil }
    typealias Offset = PCIConfigurationSpace.Offset
    func read(_ offset: Int, _ width: Int = 2) -> UInt64 { configuration.read(offset, width: width) }
    return PCIFunctionEntry(
      slot: place.slot, function: place.function, id: placed.id ?? "", vendor: read(Offset.vendor),
      device: read(Offset.device), subsystemVendor: read(Offset.subsystemVendor),
      subsystem: read(Offset.subsystem), classCode: read(Offset.classCode + 1),
      line: read(Offset.interruptLine, 1), pin: read(Offset.interruptPin, 1),
      ranges: configuration.baseAddresses.sorted { $0.index < $1.index }.map { base in
        PCIFunctionEntry.Range(
          index: base.index, isPorts: base.kind == .ports, isWide: base.kind == .wideMemory,
          isPrefetchable: base.isPrefetchable, size: base.size, address: configuration.address(of: base))
      })
  }

  // MARK: Paths

  /// In the order in which QEMU numbers a board's own devices.
  private static let unattachedOrder = [
    "riscv.aclint.swi", "riscv.aclint.mtimer", "riscv.sifive.plic", "riscv.sifive.test", "virtio-mmio",
    "gpex-pcihost", "platform-bus-device", "serial-mm", "goldfish_rtc",
  ]

  /// Where QEMU has the device among its objects.
  func path(of placed: PlacedDevice) -> String {
    if let id = placed.id { return "/machine/peripheral/\(id)" }
    // What a PCI function has inside.
    if placed.bus.hasSuffix("/virtio-bus"),
      let outer = machine.devices.first(where: { $0.childBus == placed.bus })
    {
      return path(of: outer) + "/virtio-backend"
    }
    func index(among devices: [PlacedDevice]) -> Int {
      devices.firstIndex { $0.device === placed.device } ?? 0
    }
    if placed.bus != "main-system-bus" {
      let anonymous = machine.devices.filter {
        $0.bus != "main-system-bus" && $0.id == nil && !$0.bus.hasSuffix("/virtio-bus")
          && $0.typeName != "gpex-root"
      }
      if placed.typeName == "gpex-root" { return "/machine/unattached/gpex_root" }
      return "/machine/peripheral-anon/device[\(index(among: anonymous))]"
    }
    switch placed.typeName {
    case "fw_cfg_mem": return "/machine/fw_cfg"
    case "cfi.pflash01":
      let banks = machine.devices.filter { $0.typeName == "cfi.pflash01" }
      return "/machine/virt.flash\(index(among: banks))"
    default:
      var number = 0
      for typeName in Self.unattachedOrder {
        let same = machine.devices.filter { $0.bus == "main-system-bus" && $0.typeName == typeName }
        if typeName == placed.typeName { return "/machine/unattached/device[\(number + index(among: same))]" }
        // QEMU's platform bus has no counterpart here.
        number += typeName == "platform-bus-device" ? 1 : same.count
      }
      return "/machine/unattached/\(placed.typeName)"
    }
  }

  // MARK: Interrupts

  var interruptControllers: InterruptControllers {
    func find<D: Device>(_ type: D.Type) -> D? { machine.devices.lazy.compactMap { $0.device as? D }.first }
    var state = InterruptControllers(sources: [], thresholds: [], harts: [], time: runner.clock.ticks)
    if let plic = find(PLIC.self)?.state {
      let words = plic.pending.count
      func bit(_ field: [UInt32], _ source: Int) -> Bool {
        field[source >> 5] >> UInt32(source & 31) & 1 != 0
      }
      state.thresholds = plic.thresholds
      state.sources = (1..<plic.priorities.count).map { source in
        InterruptControllers.Source(
          number: source, device: Self.wires[source] ?? "", level: bit(plic.levels, source),
          isPending: bit(plic.pending, source), isInService: bit(plic.inService, source),
          priority: plic.priorities[source],
          enabledFor: plic.thresholds.indices.filter { context in
            plic.enables[context * words + source >> 5] >> UInt32(source & 31) & 1 != 0
          })
      }
    }
    state.harts = machine.ports.map { port in
      InterruptControllers.HartInputs(
        softwareInterrupt: port.pending & Interrupt.machineSoftware != 0,
        timeCompare: port.machineTimeCompare.load(ordering: .relaxed))
    }
    return state
  }

  /// Whose sources they are on `virt`.
  private static let wires: [Int: String] = {
    var wires = [Virt.Line.uart: "serial-mm", Virt.Line.realTimeClock: "goldfish_rtc"]
    for slot in 0..<Virt.virtioSlots { wires[Virt.Line.virtio + slot] = "virtio-mmio-bus.\(slot)" }
    return wires
  }()

  // MARK: virtio

  var virtioDevices: [VirtIOCondition] {
    runner.atRest {
      machine.services.lock.withLock {
        machine.devices.reversed().compactMap { placed -> VirtIOCondition? in
          guard placed.device is any VirtIODevice else { return nil }
          let transport = machine.devices.first { $0.childBus == placed.bus }?.device
          if let slot = transport as? VirtIOMMIO, let link = slot.link {
            return condition(of: placed, link, selector: slot.queueSelector)
          }
          if let function = transport as? VirtIOPCI, let link = function.link {
            return condition(of: placed, link, selector: function.queueSelector)
          }
          return nil
        }
      }
    }
  }

  private func condition(
    of placed: PlacedDevice, _ link: VirtIOLink, selector: UInt32
  ) -> VirtIOCondition {
    // Looking must not wait for transfers in flight.
    let state = link.stateAsItIs
    let name = placed.typeName.hasSuffix("-device") ? String(placed.typeName.dropLast(7)) : placed.typeName
    return VirtIOCondition(
      path: path(of: placed), name: name, deviceID: Swift.type(of: link.device).deviceID, bus: placed.bus,
      isLegacy: link.isLegacy, status: state.status, interruptStatus: state.interruptStatus,
      offeredFeatures: link.offeredFeatures, features: state.features, failure: state.failure,
      queueSelector: selector,
      queues: zip(state.queues, link.device.queueSizes).map { queue, maximum in
        VirtIOCondition.Queue(
          size: queue.size, maximumSize: maximum, isReady: queue.isReady, descriptors: queue.descriptors,
          available: queue.available, used: queue.used, nextAvailable: queue.nextAvailable,
          nextUsed: queue.nextUsed, signalledUsed: queue.signalledUsed, inFlight: queue.inFlight)
      })
  }

  // MARK: Drives

  var drives: [DriveCondition] {
    disks.drives.sorted { $0.key < $1.key }.map { id, drive in
      let owner = machine.devices.first { placed in
        placed.properties.listing.contains { $0.name == "drive" && $0.value == "\"\(id)\"" }
      }
      let overlay = drive as? SnapshotOverlay
      let image = drive as? RawImage ?? overlay?.base
      return DriveCondition(
        id: id, file: image?.path ?? "", isReadOnly: drive.isReadOnly, isSnapshot: overlay != nil,
        cache: image?.cache.rawValue ?? "", size: drive.size, owner: owner.map { path(of: $0) })
    }
  }
}
