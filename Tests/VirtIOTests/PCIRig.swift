import Machine

import Devices

/// A PCI bus with a disk, random numbers, a serial port and a network card on it, some RAM, and the driver's hands.
final class PCIRig {
  static let ram: UInt64 = 0x8000_0000
  static let ramSize: UInt64 = 1 << 20
  static let configuration: UInt64 = 0x3000_0000
  static let ports: UInt64 = 0x300_0000
  static let low: UInt64 = 0x4000_0000
  static let high: UInt64 = 0x4_0000_0000

  let lock = MachineLock()
  let memory: AddressSpace
  let interrupts = TestInterrupts()
  let host: PCIHost
  let gate: TestGate
  let clock = Clock(mode: .instructions(shift: 0))
  let timers = Timers()
  let disk = MemoryDisk(sectors: 64)
  let line = TestLine()
  let network = TestNetwork()
  let functions: [VirtIOPCI]

  /// Slots of `functions`.
  static let diskSlot = 1
  static let entropySlot = 2
  static let serialSlot = 3
  static let networkSlot = 4

  init(
    isDeterministic: Bool = true, _ settings: (inout VirtIOPCI.Settings) -> Void = { _ in }
  ) throws {
    memory = AddressSpace(lock: lock)
    try memory.addRAM("ram", base: Self.ram, size: Self.ramSize)
    gate = TestGate(lock: lock, isDeterministic: isDeterministic)
    // One controller for all four: only whether any line is high is looked at.
    let line = InterruptLine(to: interrupts, input: 0)
    host = PCIHost(memory: memory, lines: [line])
    host.bus.plug(PCIHostBridge(), at: PCIPlace(slot: 0))
    memory.addDevice(
      "ecam", host, base: Self.configuration, size: PCIHost.windowSize, widths: PCIHost.accessWidths)
    for (name, space, base, size, first) in [
      ("ports", .ports, Self.ports, 0x10000, 0), ("low", .memory, Self.low, 0x4000_0000, Self.low),
      ("high", .memory, Self.high, 0x1_0000_0000, Self.high),
    ] as [(String, PCIBus.Space, UInt64, UInt64, UInt64)] {
      memory.addDevice(
        name, PCIWindow(host.bus, space, base: first), base: base, size: size, widths: PCIWindow.accessWidths)
    }
    let serial = VirtIOSerial(portLimit: 2)
    try serial.plug(VirtConsole(backEnd: self.line))
    let card = VirtIONetwork(network: network)
    try network.attach(card)
    let devices: [any VirtIODevice] = [
      VirtIOBlock(drive: disk, memory: memory, gate: gate),
      VirtIOEntropy(source: CountingSource(), clock: clock, timers: timers), serial, card,
    ]
    functions = devices.map { device in
      var chosen = VirtIOPCI.Settings(classCode: 0x0100)
      settings(&chosen)
      return VirtIOPCI(device, chosen)
    }
    for (index, function) in functions.enumerated() {
      host.bus.plug(function, at: PCIPlace(slot: index + 1))
    }
  }

  func read(_ address: UInt64, _ width: Int = 4) -> UInt64 {
    memory.readDevice(address, width: width) ?? 0xdead_dead_dead_dead
  }

  func write(_ address: UInt64, _ value: UInt64, _ width: Int = 4) {
    _ = memory.writeDevice(address, width: width, value)
  }

  /// The address of a register in the configuration space of `slot`.
  func register(_ slot: Int, _ offset: UInt64) -> UInt64 { Self.configuration + UInt64(slot) << 15 + offset }

  /// Where `place` puts the ranges of a slot.
  func legacy(_ slot: Int) -> UInt64 { Self.ports + 0x1000 * UInt64(slot) }
  func messages(_ slot: Int) -> UInt64 { Self.low + 0x10000 * UInt64(slot) }
  func modern(_ slot: Int) -> UInt64 { Self.high + 0x100_0000 * UInt64(slot) }

  /// Gives a function its addresses and turns it on.
  func place(_ slot: Int, command: UInt64 = 7) {
    write(register(slot, 0x10), 0x1000 * UInt64(slot))
    write(register(slot, 0x14), messages(slot))
    write(register(slot, 0x20), modern(slot), 8)
    write(register(slot, 4), command, 2)
  }

  // MARK: A modern driver

  /// Where the rings of queue 0 lie, and a page of buffers behind them.
  static let descriptors = ram + 0x1_0000
  static let available = ram + 0x1_1000
  static let used = ram + 0x1_2000
  static let buffers = ram + 0x1_3000
  static let size: UInt64 = 8

  /// Brings the device of `slot` to DRIVER_OK with queue 0.
  func start(_ slot: Int, features: UInt64 = 1 << 32, queue: UInt64 = 0, vector: UInt64? = nil) {
    let base = modern(slot)
    for status: UInt64 in [0, 1, 3] { write(base + 0x14, status, 1) }
    for half: UInt64 in [0, 1] {
      write(base + 8, half)
      write(base + 0xc, features >> (32 * half) & 0xffff_ffff)
    }
    write(base + 0x14, 0xb, 1)
    memory.copyIn([UInt8](repeating: 0, count: 0x3000), to: Self.descriptors)
    write(base + 0x16, queue, 2)
    write(base + 0x18, Self.size, 2)
    for (offset, address): (UInt64, UInt64) in [
      (0x20, Self.descriptors), (0x28, Self.available), (0x30, Self.used),
    ] {
      write(base + offset, address, 8)
    }
    if let vector { write(base + 0x1a, vector, 2) }
    write(base + 0x1c, 1, 2)
    write(base + 0x14, 0xf, 1)
  }

  /// Publishes a chain of buffers (bytes, and whether the device writes them) that lie one after the other.
  func publish(_ pieces: [(count: Int, isWritable: Bool)]) {
    var address = Self.buffers
    for (index, piece) in pieces.enumerated() {
      let at = Self.descriptors + 16 * UInt64(index)
      memory.store(at, address)
      memory.store(at + 8, UInt32(piece.count))
      memory.store(at + 12, UInt16((piece.isWritable ? 2 : 0) | (index < pieces.count - 1 ? 1 : 0)))
      memory.store(at + 14, UInt16(index + 1))
      address += UInt64(piece.count)
    }
    let index: UInt16 = memory.load(Self.available + 2) ?? 0
    memory.store(Self.available + 4 + 2 * (UInt64(index) % Self.size), UInt16(0))
    memory.store(Self.available + 2, index &+ 1)
  }

  /// Publishes a request to read the disk's sector `sector`.
  func publishRead(sector: UInt64) {
    memory.copyIn([UInt8](repeating: 0, count: 529), to: Self.buffers)
    memory.store(Self.buffers + 8, sector)
    publish([(16, false), (512, true), (1, true)])
  }

  func notify(_ slot: Int, queue: UInt64 = 0) { write(modern(slot) + 0x3000 + 4 * queue, queue, 2) }

  var usedIndex: UInt16 { memory.load(Self.used + 2) ?? 0 }
  func bytes(_ count: Int, at offset: UInt64) -> [UInt8] {
    memory.copyOut(Self.buffers + offset, count: count) ?? []
  }
}
