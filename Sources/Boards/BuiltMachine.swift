import Boot
import Devices
import Logging
import Machine
import RISCV
import SupervisorBinaryInterface

/// What surrounds every board: an empty address space, time, and the ways in and out, which devices see, and
/// the lock under which they work, which they do not.
package struct MachineServices: Sendable {
  package let environment: DeviceEnvironment
  package let lock: MachineLock

  package init(
    clock: Clock, timers: Timers, power: any PowerControl, gate: any InputGate, entropy: any EntropySource,
    announce: @escaping @Sendable (DeviceEvent) -> Void = { _ in }, log: Log = Log()
  ) {
    lock = MachineLock()
    environment = DeviceEnvironment(
      memory: AddressSpace(lock: lock, log: log), clock: clock, timers: timers, power: power, gate: gate,
      entropy: entropy, announce: announce)
  }
}

/// A device and where it is, for `info qtree`, snapshots and resets.
package struct PlacedDevice: Sendable {
  package let device: any Device
  package let typeName: String
  /// The user's `id=`.
  package let id: String?
  /// The name of the bus that it sits on: "main-system-bus", "virtio-mmio-bus.7".
  package let bus: String
  /// The name of the bus that it offers. What stands before the last slash tells apart buses of one name.
  package let childBus: String?
  /// Its windows in the address space.
  package let windows: [Range<UInt64>]
  package let properties: PropertyValues

  init(
    _ device: any Device, typeName: String? = nil, id: String? = nil, bus: String = "main-system-bus",
    childBus: String? = nil, windows: [Range<UInt64>] = [], properties: PropertyValues? = nil
  ) {
    self.device = device
    let typeName = typeName ?? type(of: device).typeName
    self.typeName = typeName
    self.id = id
    self.bus = bus
    self.childBus = childBus
    self.windows = windows
    self.properties = properties ?? PropertyValues(of: typeName, type(of: device).properties)
  }
}

/// A board with all that is plugged in: everything of a machine but its harts.
package final class BuiltMachine: Sendable {
  /// "virt".
  package let boardName: String
  package let services: MachineServices
  /// One per hart, by hart number. The harts made for this machine are given these.
  package let ports: [InterruptPort]
  /// What all harts are, from `-cpu`.
  package let cpu: CPUConfiguration
  /// In the order of making.
  package let devices: [PlacedDevice]
  package let plan: BootPlan
  /// What firmware that the host provides has to know.
  package let firmwarePlatform: FirmwarePlatform
  /// Where harts start that the generic loader sends nowhere else.
  package let resetVector: UInt64
  package let ramBase: UInt64
  package let ramSize: UInt64
  /// Sentences for the user, to be printed before the machine starts.
  package let warnings: [String]

  init(
    boardName: String, services: MachineServices, ports: [InterruptPort], cpu: CPUConfiguration,
    devices: [PlacedDevice], plan: BootPlan, board: BoardMemory, firmwarePlatform: FirmwarePlatform,
    warnings: [String]
  ) {
    self.boardName = boardName
    self.services = services
    self.ports = ports
    self.cpu = cpu
    self.devices = devices
    self.plan = plan
    self.firmwarePlatform = firmwarePlatform
    resetVector = board.resetVector
    ramBase = board.ramBase
    ramSize = board.ramSize
    self.warnings = warnings + plan.warnings
  }

  package var memory: AddressSpace { services.environment.memory }

  /// The program counter of hart `index` after a reset.
  package func startPC(ofHart index: Int) -> UInt64 { plan.startPCs[index] ?? resetVector }

  /// Puts firmware, kernel and the rest into memory, as at power-on. Harts are at rest. Returns sentences
  /// for the user.
  package func load() -> [String] { plan.apply(to: memory) }

  /// Resets every device and loads memory again; harts are reset by whoever runs them. Harts are at rest
  /// and the machine lock is held.
  @discardableResult
  package func reset() -> [String] {
    for placed in devices { placed.device.reset() }
    return load()
  }

  /// Takes transfers under way to their end, before the program ends: what the guest was told is written
  /// must be written. Harts are at rest and the machine lock is free.
  package func finishTransfers() {
    services.lock.withLock {
      for placed in devices { (placed.device as? any VirtIODevice)?.drain(queue: nil) }
    }
  }

  /// Where on its bus a PCI function is, and its configuration space now; nil of other devices.
  package func pciFunction(_ placed: PlacedDevice) -> (place: PCIPlace, configuration: PCIConfigurationSpace)?
  {
    guard let function = placed.device as? any PCIFunction else { return nil }
    for case let host as PCIHost in devices.lazy.map(\.device) {
      for (place, other) in host.bus.places where other === function {
        return (place, services.lock.withLock { function.configuration })
      }
    }
    return nil
  }

  /// For `-machine dumpdtb=`.
  package var flattenedDeviceTree: [UInt8] { plan.flattenedDeviceTree }
}
