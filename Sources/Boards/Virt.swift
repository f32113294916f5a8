import Boot
import Devices
import Machine
import RISCV

/// The board `virt`: QEMU's RISC-V machine made for virtual devices, at its addresses and lines.
package enum Virt: Board {
  package static let name = "virt"
  package static let summary = "RISC-V VirtIO board"
  package static let harts: ClosedRange<UInt64> = 1...512
  package static let defaultCPU = "rv64"
  package static let defaultRAM: UInt64 = 128 << 20

  // MARK: The memory map

  enum Map {
    //                                          base           size
    static let maskROM = Window(base: 0x0000_1000, size: 0x0000_f000)
    static let test = Window(base: 0x0010_0000, size: 0x0000_1000)
    static let realTimeClock = Window(base: 0x0010_1000, size: 0x0000_1000)
    static let clint = Window(base: 0x0200_0000, size: 0x0001_0000)
    static let softwareInterrupt = Window(base: 0x0200_0000, size: 0x0000_4000)
    static let timer = Window(base: 0x0200_4000, size: 0x0000_8000)
    static let supervisorSoftwareInterrupt = Window(base: 0x02f0_0000, size: 0x0000_4000)
    static let plic = Window(base: 0x0c00_0000, size: 0x0060_0000)
    static let uart = Window(base: 0x1000_0000, size: 0x0000_0100)
    /// Eight of them, one after the other.
    static let virtio = Window(base: 0x1000_1000, size: 0x0000_1000)
    static let ram: UInt64 = 0x8000_0000
  }

  struct Window {
    let base: UInt64
    let size: UInt64
  }

  /// Inputs of the interrupt controller.
  enum Line {
    /// … to 8.
    static let virtio = 1
    static let uart = 10
    static let realTimeClock = 11
  }

  static let virtioSlots = 8

  // MARK: Options

  package static let properties: [Property] = [
    Property(
      "aclint", .flag, default: .flag(false), "describe the timer and software interrupts as an ACLINT"),
    Property("acpi", .text, default: .text("auto"), "describe the machine by ACPI too: on, off, auto"),
    Property("aia", .text, default: .text("none"), "the interrupt controller: none, aplic, aplic-imsic"),
    Property("aia-guests", .text, default: .text("0"), "guest files of each hart's IMSIC, 0 to 7"),
    Property("iommu-sys", .text, default: .text("auto"), "an IOMMU as a platform device: on, off, auto"),
    Property(
      "dump-guest-core", .flag, default: .flag(true), "let core dumps of the emulator hold the guest's memory"
    ),
    Property(
      "mem-merge", .flag, default: .flag(true), "no effect: the host does not merge shared memory's pages"),
    Property("graphics", .flag, default: .flag(true), "no effect: this board has no graphics of its own"),
    Property("usb", .flag, default: .flag(false), "USB is not there yet: off"),
  ]

  private static func check(_ properties: PropertyValues) throws(ConfigurationError) {
    switch properties.text("aia") {
    case "none", nil: break
    case "aplic", "aplic-imsic":
      throw ConfigurationError(
        "aia=\(properties.text("aia") ?? "") is not there yet; aia=none gives the PLIC.")
    default:
      throw ConfigurationError(
        "Invalid AIA interrupt controller type\nValid values are none, aplic, and aplic-imsic.")
    }
    guard let guests = properties.text("aia-guests").flatMap({ UInt64(literal: $0) }), guests < 8 else {
      throw ConfigurationError("Invalid number of AIA IMSIC guests\nValid values be between 0 and 7.")
    }
    for (name, whatIsMissing) in [("acpi", "ACPI is"), ("iommu-sys", "The IOMMU is")] {
      switch properties.text(name) {
      case "auto", "off", nil: break
      case "on": throw ConfigurationError("\(whatIsMissing) not there yet: \(name)=on cannot be had.")
      case let value?: throw ConfigurationError("Parameter '\(name)' does not accept value '\(value)'")
      }
    }
  }

  // MARK: Building

  package static func build(_ request: BoardRequest) throws(ConfigurationError) -> BuiltMachine {
    try check(request.properties)
    let environment = request.services.environment
    let memory = environment.memory
    let configuration = request.configuration
    let ports = (0..<request.harts).map { _ in InterruptPort() }
    let ramSize = try addMemory(
      memory, size: request.ramSize, dumpsCore: request.properties.flag("dump-guest-core"))
    var devices: [PlacedDevice] = []

    func add(
      _ device: some MMIODevice, _ window: Window, size: UInt64, widths: ClosedRange<Int>,
      isLockFree: Bool = false, name: String, bus: String? = nil, properties: PropertyValues? = nil
    ) {
      memory.addDevice(name, device, base: window.base, size: size, widths: widths, isLockFree: isLockFree)
      devices.append(
        PlacedDevice(
          device, childBus: bus, windows: [window.base..<window.base + size],
          properties: properties))
    }

    // Interrupts. They cross every IPI and tick, hence work without the machine lock.
    let isACLINT = request.properties.flag("aclint")
    add(
      MSWI(ports: ports), Map.softwareInterrupt, size: MSWI.windowSize, widths: MSWI.accessWidths,
      isLockFree: true,
      name: MSWI.regionName)
    add(
      MTIMER(ports: ports, clock: environment.clock), Map.timer, size: MTIMER.windowSize,
      widths: MTIMER.accessWidths,
      isLockFree: true, name: MTIMER.regionName)
    if isACLINT {
      add(
        SSWI(ports: ports), Map.supervisorSoftwareInterrupt, size: SSWI.windowSize, widths: SSWI.accessWidths,
        isLockFree: true, name: SSWI.regionName)
    }
    let virtioLines = Line.virtio..<Line.virtio + virtioSlots
    let plic = PLIC(ports: ports, requestInputs: Set(virtioLines).union([Line.uart, Line.realTimeClock]))
    add(
      plic, Map.plic, size: PLIC.windowSize, widths: PLIC.accessWidths, isLockFree: true,
      name: PLIC.regionName)

    // Power, time, console.
    add(
      SiFiveTest(power: environment.power), Map.test, size: SiFiveTest.windowSize,
      widths: SiFiveTest.accessWidths,
      name: SiFiveTest.regionName)
    let clockLine = InterruptLine(to: plic, input: Line.realTimeClock)
    add(
      GoldfishRTC(line: clockLine, clock: environment.clock, timers: environment.timers), Map.realTimeClock,
      size: GoldfishRTC.windowSize, widths: GoldfishRTC.accessWidths, name: GoldfishRTC.regionName)
    let serial = try serialBackEnd(request)
    let uart = NS16550A(line: InterruptLine(to: plic, input: Line.uart), backEnd: serial)
    serial?.attach(uart)
    add(uart, Map.uart, size: NS16550A.windowSize, widths: NS16550A.accessWidths, name: NS16550A.regionName)

    // Connectors, and what the user plugs in.
    var plugs = Plugboard(
      globals: configuration.globals, backEnds: request.backEnds, environment: environment)
    let transportProperties = try plugs.values(of: VirtIOMMIO.typeName, VirtIOMMIO.properties)
    let forceLegacy = transportProperties.flag("force-legacy")
    for slot in 0..<virtioSlots {
      let transport = VirtIOMMIO(
        memory: memory, line: InterruptLine(to: plic, input: Line.virtio + slot), forceLegacy: forceLegacy)
      let window = Window(base: Map.virtio.base + UInt64(slot) * Map.virtio.size, size: Map.virtio.size)
      add(
        transport, window, size: VirtIOMMIO.windowSize, widths: VirtIOMMIO.widths, name: VirtIOMMIO.typeName,
        bus: "virtio-mmio-bus.\(slot)", properties: transportProperties)
      plugs.addSlot(transport, name: "virtio-mmio-bus.\(slot)")
    }
    for device in configuration.devices { try plugs.plug(device) }

    let board = BoardMemory(
      ramBase: Map.ram, ramSize: ramSize, resetVector: Map.maskROM.base, is64Bit: request.hart.is64Bit,
      harts: request.harts)
    let tree = VirtDeviceTree(
      hart: request.hart, harts: request.harts, ramSize: ramSize, timebase: environment.clock.timebase,
      isACLINT: isACLINT)
    let plan = try BootPlan(
      configuration, board: board, deviceTree: tree.tree, rngSeed: randomSeed(environment.entropy))
    return BuiltMachine(
      boardName: name, services: request.services, ports: ports, cpu: request.cpu,
      devices: devices + plugs.devices, plan: plan, board: board,
      warnings: request.warnings + plugs.warnings)
  }

  /// Maps mask ROM and RAM, whose size is rounded up to whole pages as QEMU rounds it.
  private static func addMemory(_ memory: AddressSpace, size: UInt64, dumpsCore: Bool)
    throws(ConfigurationError) -> UInt64
  {
    // 56 bits of physical address (RISC-V Privileged, Sv39 and on).
    guard size <= 1 << 55, let rounded = size.aligned(upTo: 8192) else {
      throw ConfigurationError("cannot set up guest memory 'riscv_virt_board.ram': Cannot allocate memory")
    }
    do {
      try memory.addROM("riscv_virt_board.mrom", base: Map.maskROM.base, size: Map.maskROM.size, contents: [])
      try memory.addRAM("riscv_virt_board.ram", base: Map.ram, size: rounded)
    } catch {
      throw ConfigurationError(error.description)
    }
    if !dumpsCore { memory.leaveOutOfCoreDumps() }
    return rounded
  }

  private static func serialBackEnd(_ request: BoardRequest) throws(ConfigurationError) -> (
    any CharacterBackEnd
  )? {
    let serial = request.configuration.serial
    // Lines that the board does not have are ignored, as QEMU ignores them.
    guard let first = serial.first, let id = first else { return nil }
    guard let backEnd = request.backEnds.characters[id] else {
      throw ConfigurationError("could not connect serial device to character backend '\(id)'")
    }
    return backEnd
  }

  private static func randomSeed(_ entropy: any EntropySource) -> [UInt8] {
    var seed = [UInt8](repeating: 0, count: 32)
    seed.withUnsafeMutableBytes { entropy.fill($0) }
    return seed
  }
}
