/// The configuration space of a PCI function: 256 bytes, of which each bit is the driver's to change or not
/// (PCI Local Bus 3.0, §6.1; a type 0 header).
package struct PCIConfigurationSpace: Sendable {
  package static let size = 256

  /// Offsets in the header (§6.1, figure 6-1).
  package enum Offset {
    package static let vendor = 0x00
    package static let device = 0x02
    package static let command = 0x04
    package static let status = 0x06
    package static let revision = 0x08
    package static let classCode = 0x09
    package static let cacheLineSize = 0x0c
    package static let headerType = 0x0e
    /// The first of six, 4 bytes each.
    package static let baseAddresses = 0x10
    package static let subsystemVendor = 0x2c
    package static let subsystem = 0x2e
    package static let capabilities = 0x34
    package static let interruptLine = 0x3c
    package static let interruptPin = 0x3d
    /// Behind the header.
    package static let end = 0x40
  }

  /// Bits of the command register (§6.2.2).
  package enum Command {
    package static let ioSpace: UInt16 = 1 << 0
    package static let memorySpace: UInt16 = 1 << 1
    package static let busMaster: UInt16 = 1 << 2
    package static let reportErrors: UInt16 = 1 << 8
    package static let interruptDisable: UInt16 = 1 << 10
  }

  /// Bits of the status register (§6.2.3).
  package enum Status {
    package static let interrupt: UInt16 = 1 << 3
    package static let capabilities: UInt16 = 1 << 4
  }

  /// Bit 7 of the header type: there are more functions in the slot (§6.2.1).
  package static let multifunction: UInt32 = 0x80

  private var bytes = [UInt8](repeating: 0, count: size)
  private var writable = [UInt8](repeating: 0, count: size)
  private var initial: [UInt8] = []
  /// Where the next capability goes.
  private var free = Offset.end
  package private(set) var baseAddresses: [PCIBaseAddress] = []

  /// What every function has; `classCode` is class, subclass and programming interface in 24 bits.
  package init(
    vendor: UInt16, device: UInt16, revision: UInt8 = 0, classCode: UInt32, subsystemVendor: UInt16,
    subsystem: UInt16
  ) {
    set(Offset.vendor, UInt32(vendor), width: 2)
    set(Offset.device, UInt32(device), width: 2)
    set(Offset.revision, UInt32(revision), width: 1)
    set(Offset.classCode, classCode, width: 3)
    set(Offset.subsystemVendor, UInt32(subsystemVendor), width: 2)
    set(Offset.subsystem, UInt32(subsystem), width: 2)
    let command =
      Command.ioSpace | Command.memorySpace | Command.busMaster | Command.reportErrors
      | Command.interruptDisable
    allow(Offset.command, UInt32(command), width: 2)
    allow(Offset.cacheLineSize, 0xff, width: 1)
    allow(Offset.interruptLine, 0xff, width: 1)
    // What no capability takes is the function's own business; QEMU's let drivers write there.
    for offset in Offset.end..<Self.size { writable[offset] = 0xff }
    initial = bytes
  }

  // MARK: Building

  /// Sets what the function has after reset.
  package mutating func set(_ offset: Int, _ value: UInt32, width: Int) {
    for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    initial = bytes
  }

  /// Lets the driver change the bits in `mask`, and no others.
  package mutating func allow(_ offset: Int, _ mask: UInt32, width: Int) {
    for index in 0..<width { writable[offset + index] = UInt8(truncatingIfNeeded: mask >> UInt32(8 * index)) }
  }

  /// Adds a base address register, whose address is the driver's to choose.
  package mutating func add(_ base: PCIBaseAddress) {
    baseAddresses.append(base)
    set(base.offset, base.flags, width: 4)
    let mask = ~(base.size - 1)
    allow(base.offset, UInt32(truncatingIfNeeded: mask), width: 4)
    if base.kind == .wideMemory { allow(base.offset + 4, UInt32(truncatingIfNeeded: mask >> 32), width: 4) }
  }

  /// Adds a capability at the head of their list (§6.7): its identifier, then `body`, of which the driver
  /// can change nothing. Returns its offset.
  package mutating func addCapability(_ id: UInt8, _ body: [UInt8]) -> Int {
    let offset = free
    let next = UInt32(bytes[Offset.capabilities])
    set(offset, UInt32(id) | next << 8, width: 2)
    for (index, byte) in body.enumerated() { set(offset + 2 + index, UInt32(byte), width: 1) }
    for index in 0..<(2 + body.count) { writable[offset + index] = 0 }
    free = (offset + 2 + body.count + 3) & ~3
    set(Offset.capabilities, UInt32(offset), width: 1)
    set(Offset.status, UInt32(Status.capabilities), width: 2)
    return offset
  }

  // MARK: The function's side

  package var isMultifunction: Bool {
    UInt32(bytes[Offset.headerType]) & Self.multifunction != 0
  }

  /// All 256 bytes: the state of the function.
  package var contents: [UInt8] {
    get { bytes }
    set {
      guard newValue.count == Self.size else { return }
      for index in 0..<Self.size {
        bytes[index] = initial[index] & ~writable[index] | newValue[index] & writable[index]
      }
    }
  }

  package mutating func reset() { bytes = initial }

  /// Sets what the driver reads from now on, without regard to what it may change.
  package mutating func set(live offset: Int, _ value: UInt64, width: Int) {
    for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
  }

  package var command: UInt16 {
    get { UInt16(truncatingIfNeeded: read(Offset.command, width: 2)) }
    set {
      bytes[Offset.command] = UInt8(truncatingIfNeeded: newValue)
      bytes[Offset.command + 1] = UInt8(truncatingIfNeeded: newValue >> 8)
    }
  }

  /// Where `base` lies now, if the function answers there.
  package func address(of base: PCIBaseAddress) -> UInt64? {
    let enable = base.kind == .ports ? Command.ioSpace : Command.memorySpace
    guard command & enable != 0 else { return nil }
    return read(base.offset, width: base.kind == .wideMemory ? 8 : 4) & ~(base.size - 1)
  }

  // MARK: The driver's side

  /// Ones where there is nothing: behind the end.
  package func read(_ offset: Int, width: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in (offset..<offset + width).reversed() {
      value = value << 8 | UInt64(index < Self.size ? bytes[index] : 0xff)
    }
    return value
  }

  package mutating func write(_ offset: Int, width: Int, _ value: UInt64) {
    for index in 0..<width where offset + index < Self.size {
      let byte = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
      let mask = writable[offset + index]
      bytes[offset + index] = bytes[offset + index] & ~mask | byte & mask
    }
  }
}

/// A range of ports or memory that a function asks for (PCI Local Bus 3.0, §6.2.5.1).
package struct PCIBaseAddress: Sendable, Equatable {
  package enum Kind: Sendable {
    case ports
    case memory
    /// Anywhere in 64 bits; takes the next register, too.
    case wideMemory
  }

  /// 0 to 5.
  package let index: Int
  package let kind: Kind
  /// Bytes: a power of two, from 4 (ports) or 16 (memory) on.
  package let size: UInt64
  package let isPrefetchable: Bool

  package init(_ index: Int, _ kind: Kind, size: UInt64, isPrefetchable: Bool = false) {
    self.index = index
    self.kind = kind
    self.size = size
    self.isPrefetchable = isPrefetchable
  }

  /// In the configuration space.
  package var offset: Int { PCIConfigurationSpace.Offset.baseAddresses + 4 * index }

  /// The low bits, which no driver changes.
  fileprivate var flags: UInt32 {
    switch kind {
    case .ports: 1
    case .memory: isPrefetchable ? 8 : 0
    case .wideMemory: isPrefetchable ? 0xc : 4
    }
  }
}
