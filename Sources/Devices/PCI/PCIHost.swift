import Machine

/// A host bridge that is nothing but windows: the configuration spaces of all functions lie in memory one after the
/// other (PCI Express Base 4.0, §7.2.2, "Enhanced Configuration Access Mechanism"; Linux, "pci-host-ecam-generic").
package final class PCIHost: MMIODevice {
  package static let typeName = "gpex-pcihost"
  package static let regionName = "pcie-mmcfg-mmio"
  /// A megabyte for each of 256 buses.
  package static let windowSize: UInt64 = 256 << 20
  package static let accessWidths = 1...8
  package static let registers: [Register] = []
  package static let properties = [
    Property("allow-unmapped-accesses", .flag, default: .flag(true), "what nobody answers reads as ones")
  ]

  /// Its functions keep what there is.
  package struct State: Codable, Equatable, Sendable {
    package init() {}
  }

  package let bus: PCIBus

  /// `lines` are INTA to INTD of slot 0.
  package init(busName: String = "pcie.0", memory: AddressSpace, lines: [InterruptLine] = []) {
    bus = PCIBus(name: busName, memory: memory, lines: lines)
  }

  package var state: State {
    get { State() }
    set {}
  }

  package func reset() {}

  /// Bits 27 to 20 of the address are the bus, 19 to 15 the slot, 14 to 12 the function. There is one bus.
  private func place(_ offset: UInt64) -> PCIPlace? {
    guard offset >> 20 == 0 else { return nil }
    return PCIPlace(slot: Int(offset >> 15) & 31, function: Int(offset >> 12) & 7)
  }

  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    guard let place = place(offset) else { return .max >> UInt64(64 - 8 * width) }
    return bus.readConfiguration(place, Int(offset & 0xfff), width: width)
  }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    guard let place = place(offset) else { return }
    bus.writeConfiguration(place, Int(offset & 0xfff), width: width, value)
  }
}

/// A window onto a PCI bus: what the functions there ask for, wherever drivers have placed it. Elsewhere loads
/// read ones and stores vanish.
package final class PCIWindow: MMIODevice {
  package static let typeName = "pci-window"
  package static let accessWidths = 1...8
  package static let registers: [Register] = []

  package struct State: Codable, Equatable, Sendable {
    package init() {}
  }

  private let bus: PCIBus
  private let space: PCIBus.Space
  private let base: UInt64

  /// `base` is the bus's address of the window's first byte.
  package init(_ bus: PCIBus, _ space: PCIBus.Space, base: UInt64) {
    self.bus = bus
    self.space = space
    self.base = base
  }

  package var state: State {
    get { State() }
    set {}
  }

  package func reset() {}

  package func read(_ offset: UInt64, width: Int) -> UInt64 { bus.read(space, base &+ offset, width: width) }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    bus.write(space, base &+ offset, width: width, value)
  }
}
