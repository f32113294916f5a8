import Machine

/// A function on a PCI bus: configuration space, base addresses, an interrupt pin.
///
/// Calls come with the machine lock held.
package protocol PCIFunction: Device {
  var configuration: PCIConfigurationSpace { get }
  /// Called once, while the board is built.
  func connect(to connection: PCIConnection)
  func readConfiguration(_ offset: Int, width: Int) -> UInt64
  func writeConfiguration(_ offset: Int, width: Int, _ value: UInt64)
  /// Reads `width` bytes (1, 2, 4 or 8) at `offset` in what base address register `index` asks for; all of
  /// them lie inside it.
  func read(baseAddress index: Int, _ offset: UInt64, width: Int) -> UInt64
  func write(baseAddress index: Int, _ offset: UInt64, width: Int, _ value: UInt64)
}

/// What a function may use of the bus that it sits on.
package struct PCIConnection: Sendable {
  private let bus: PCIBus
  package let place: PCIPlace
  package let memory: AddressSpace

  init(bus: PCIBus, place: PCIPlace, memory: AddressSpace) {
    self.bus = bus
    self.place = place
    self.memory = memory
  }

  /// Drives the function's pin INTA.
  package func setInterrupt(_ level: Bool) { bus.setInterrupt(of: place, level) }

  /// To be called where base addresses or the command register have changed.
  package func placementChanged() { bus.placementChanged() }

  /// Signals an interrupt as a message: a store of `data` (PCI Local Bus 3.0, §6.8). False where nothing
  /// takes it.
  package func send(message data: UInt32, to address: UInt64) -> Bool {
    memory.storeMessage(data, to: address)
  }
}

/// Where on its bus a function is.
package struct PCIPlace: Sendable, Hashable, Comparable {
  /// 0 to 31.
  package let slot: Int
  /// 0 to 7.
  package let function: Int

  package init(slot: Int, function: Int = 0) {
    self.slot = slot
    self.function = function
  }

  /// As addresses of configuration spaces count.
  package var number: Int { slot << 3 | function }

  package static func < (a: PCIPlace, b: PCIPlace) -> Bool { a.number < b.number }

  /// Reads `06.0` or `06`: hexadecimal, with or without 0x.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
      let digits = part.hasPrefix("0x") || part.hasPrefix("0X") ? part.dropFirst(2) : part
      return digits.first?.isHexDigit == true ? Int(digits, radix: 16) : nil
    }
    guard (1...2).contains(parts.count), let slot = parts[0], slot < 32 else { return nil }
    guard parts.count == 1 || parts[1].map({ $0 < 8 }) == true else { return nil }
    self.init(slot: slot, function: parts.count == 1 ? 0 : parts[1] ?? 0)
  }
}

/// The bridge itself, as a function on its own bus.
package final class PCIHostBridge: PCIFunction {
  package static let typeName = "gpex-root"
  package static let registers: [Register] = []
  package static let properties = [
    Property("addr", .pciAddress, default: .text("00.0"), "its place on its own bus")
  ]

  /// What the driver wrote.
  package struct State: Codable, Equatable, Sendable {
    package var registers: [UInt8]
  }

  /// Red Hat's, as QEMU's bridge has them.
  package private(set) nonisolated(unsafe) var configuration = PCIConfigurationSpace(
    vendor: 0x1b36, device: 0x0008, classCode: 0x06_0000, subsystemVendor: 0x1af4, subsystem: 0x1100)

  package init() {}

  package var state: State {
    get { State(registers: configuration.contents) }
    set { configuration.contents = newValue.registers }
  }

  package func reset() { configuration.reset() }
  package func connect(to connection: PCIConnection) {}

  package func readConfiguration(_ offset: Int, width: Int) -> UInt64 {
    configuration.read(offset, width: width)
  }

  package func writeConfiguration(_ offset: Int, width: Int, _ value: UInt64) {
    configuration.write(offset, width: width, value)
  }

  /// It has no base addresses.
  package func read(baseAddress index: Int, _ offset: UInt64, width: Int) -> UInt64 { 0 }
  package func write(baseAddress index: Int, _ offset: UInt64, width: Int, _ value: UInt64) {}
}
