import Boot
import Devices
import Machine
import RISCV
import SupervisorBinaryInterface

/// The board `virt`: QEMU's RISC-V machine made for virtual devices, at its addresses and lines.
package struct Virt: Board {
  package let name: String
  let version: VirtVersion

  /// The newest under the name that everybody uses, and each version under its own.
  package static let all = [Virt(name: "virt", version: .v10_0)] + VirtVersion.all.map(Virt.init)

  private init(name: String, version: VirtVersion) {
    self.name = name
    self.version = version
  }

  package init(version: VirtVersion) { self.init(name: version.name, version: version) }

  package var summary: String {
    "RISC-V VirtIO board" + (name == version.name ? "" : " (alias of \(version.name))")
  }

  package static let harts: ClosedRange<UInt64> = 1...512
  package static func defaultCPU(of target: Target) -> String { "rv\(target.xlen)" }
  package static let defaultRAM: UInt64 = 128 << 20
  /// What a 32-bit hart's 34 bits of physical address leave below PCI's upper window.
  private static let largestRAM32: UInt64 = 10 << 30

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
    static let pciPorts = Window(base: 0x0300_0000, size: 0x0001_0000)
    static let plic = Window(base: 0x0c00_0000, size: 0x0060_0000)
    static let uart = Window(base: 0x1000_0000, size: 0x0000_0100)
    /// Eight of them, one after the other.
    static let virtio = Window(base: 0x1000_1000, size: 0x0000_1000)
    static let firmwareConfiguration = Window(base: 0x1010_0000, size: 0x0000_0018)
    /// Two banks, one after the other.
    static let flash = Window(base: 0x2000_0000, size: 0x0200_0000)
    static let pciConfiguration = Window(base: 0x3000_0000, size: 0x1000_0000)
    static let pciMemory = Window(base: 0x4000_0000, size: 0x4000_0000)
    static let ram: UInt64 = 0x8000_0000
  }

  struct Window {
    let base: UInt64
    let size: UInt64
  }

  /// Inputs of the interrupt controller.
  package enum Line {
    /// … to 8.
    package static let virtio = 1
    /// INTA to INTD of the PCI bus, `pciLines` of them: … to 35.
    package static let pci = 32
    package static let uart = 10
    package static let realTimeClock = 11
  }

  package static let virtioSlots = 8
  static let pciLines = 4
  static let flashBanks = 2

  // MARK: Options

  package var properties: [Property] {
    Self.allProperties.filter { !version.laterProperties.contains($0.name) }
  }

  private static let allProperties: [Property] = [
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

  package func hartDefaults(ofModel model: String) -> [Assignment] {
    model == "rv64" || model == "rv32" ? version.hartDefaults : []
  }

  package func build(_ request: BoardRequest) throws(ConfigurationError) -> BuiltMachine {
    try Self.check(request.properties)
    let environment = request.services.environment
    let memory = environment.memory
    let configuration = request.configuration
    let ports = (0..<request.harts).map { _ in InterruptPort() }
    let isTooLarge = !request.hart.is64Bit && request.ramSize > Self.largestRAM32
    let ramSize = try Self.addMemory(
      memory, size: isTooLarge ? Self.largestRAM32 : request.ramSize, backing: configuration.ramBacking,
      dumpsCore: request.properties.flag("dump-guest-core"))
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
    let virtioLines = Line.virtio..<Line.virtio + Self.virtioSlots
    let plic = PLIC(ports: ports, requestInputs: Set(virtioLines).union([Line.uart, Line.realTimeClock]))
    add(
      plic, Map.plic, size: PLIC.windowSize, widths: PLIC.accessWidths, isLockFree: true,
      name: PLIC.regionName)

    // Power, time, console.
    add(
      SiFiveTest(power: environment.power), Map.test, size: SiFiveTest.windowSize,
      widths: SiFiveTest.accessWidths,
      name: SiFiveTest.regionName)
    let firmwareConfiguration = Self.addFirmwareConfiguration(memory, &devices)
    let clockLine = InterruptLine(to: plic, input: Line.realTimeClock)
    add(
      GoldfishRTC(line: clockLine, clock: environment.clock, timers: environment.timers), Map.realTimeClock,
      size: GoldfishRTC.windowSize, widths: GoldfishRTC.accessWidths, name: GoldfishRTC.regionName)
    let serial = try Self.serialBackEnd(request)
    let uart = NS16550A(line: InterruptLine(to: plic, input: Line.uart), backEnd: serial)
    serial?.attach(uart)
    add(uart, Map.uart, size: NS16550A.windowSize, widths: NS16550A.accessWidths, name: NS16550A.regionName)

    devices += try (0..<Self.flashBanks).map { bank throws(ConfigurationError) in
      try Self.flash(bank, request)
    }

    let highPCIMemory = Self.highPCIMemory(ramEnd: Map.ram + ramSize, is64Bit: request.hart.is64Bit)
    let pci = Self.addPCI(memory, highPCIMemory, plic, &devices)

    // Connectors, and what the user plugs in.
    var plugs = Plugboard(
      globals: configuration.globals, cpus: CPUModel.all(of: configuration.target),
      backEnds: request.backEnds, environment: environment)
    let transportProperties = try plugs.values(of: VirtIOMMIO.typeName, VirtIOMMIO.properties)
    let forceLegacy = transportProperties.flag("force-legacy")
    for slot in 0..<Self.virtioSlots {
      let transport = VirtIOMMIO(
        memory: memory, line: InterruptLine(to: plic, input: Line.virtio + slot), forceLegacy: forceLegacy)
      let window = Window(base: Map.virtio.base + UInt64(slot) * Map.virtio.size, size: Map.virtio.size)
      add(
        transport, window, size: VirtIOMMIO.windowSize, widths: VirtIOMMIO.widths, name: VirtIOMMIO.typeName,
        bus: "virtio-mmio-bus.\(slot)", properties: transportProperties)
      plugs.addSlot(transport, name: "virtio-mmio-bus.\(slot)")
    }
    plugs.add(pci)
    for device in configuration.devices { try plugs.plug(device) }

    let board = BoardMemory(
      ramBase: Map.ram, ramSize: ramSize, resetVector: Map.maskROM.base, is64Bit: request.hart.is64Bit,
      harts: request.harts, flash: version.flashProgram(in: configuration.flash.map { $0 != nil }),
      placement: version.placement)
    let tree = VirtDeviceTree(
      version: version, hart: version.description(of: request.hart), harts: request.harts, ramSize: ramSize,
      timebase: environment.clock.timebase,
      isACLINT: isACLINT, highPCIMemory: highPCIMemory)
    let plan = try BootPlan(
      configuration, board: board, deviceTree: tree.tree, rngSeed: Self.randomSeed(environment.entropy))
    try Self.fill(firmwareConfiguration, request, offer: plan.offer)
    return BuiltMachine(
      boardName: name, services: request.services, ports: ports, cpu: request.cpu,
      devices: devices + plugs.devices, plan: plan, board: board,
      firmwarePlatform: FirmwarePlatform(
        console: (Map.uart.base, UInt64(VirtDeviceTree.uartClock)),
        machineDevices: [(Map.clint.base, Map.clint.size)]),
      warnings: request.warnings + (isTooLarge ? ["Limiting RAM size to 10 GiB"] : [])
        + Self.serialWarnings(configuration) + Self.diskWarnings(configuration, plan) + plugs.warnings)
  }

  /// Maps mask ROM and RAM, whose size is rounded up to whole pages as QEMU rounds it.
  private static func addMemory(
    _ memory: AddressSpace, size: UInt64, backing: RAMBacking, dumpsCore: Bool
  ) throws(ConfigurationError) -> UInt64 {
    // 56 bits of physical address (RISC-V Privileged, Sv39 and on).
    guard size <= 1 << 55, let rounded = size.aligned(upTo: 8192) else {
      throw ConfigurationError("cannot set up guest memory 'riscv_virt_board.ram': Cannot allocate memory")
    }
    do {
      try memory.addROM("riscv_virt_board.mrom", base: Map.maskROM.base, size: Map.maskROM.size, contents: [])
      try memory.addRAM("riscv_virt_board.ram", base: Map.ram, size: rounded, backing: backing)
    } catch {
      throw ConfigurationError(error.description)
    }
    if !dumpsCore { memory.leaveOutOfCoreDumps() }
    return rounded
  }

  /// Above RAM; for 32-bit harts where their 34-bit addresses still reach.
  private static func highPCIMemory(ramEnd: UInt64, is64Bit: Bool) -> Window {
    let size: UInt64 = is64Bit ? 16 << 30 : 4 << 30
    let base = ramEnd.aligned(upTo: size) ?? 1 << 56
    return Window(base: is64Bit ? base : max(base, 0x3_0000_0000), size: size)
  }

  /// The PCI host bridge: configuration spaces, ports and memory of a bus whose first function is the bridge.
  private static func addPCI(
    _ memory: AddressSpace, _ highMemory: Window, _ plic: PLIC, _ devices: inout [PlacedDevice]
  ) -> PCIBus {
    let lines = (0..<Self.pciLines).map { InterruptLine(to: plic, input: Line.pci + $0) }
    let host = PCIHost(memory: memory, lines: lines)
    memory.addDevice(
      PCIHost.regionName, host, base: Map.pciConfiguration.base, size: Map.pciConfiguration.size,
      widths: PCIHost.accessWidths)
    // Ports are numbered from 0 on; memory lies where harts have it.
    let windows: [(String, Window, PCIWindow)] = [
      ("gpex_ioport", Map.pciPorts, PCIWindow(host.bus, .ports, base: 0)),
      ("pcie-mmio", Map.pciMemory, PCIWindow(host.bus, .memory, base: Map.pciMemory.base)),
      ("pcie-mmio-high", highMemory, PCIWindow(host.bus, .memory, base: highMemory.base)),
    ]
    for (name, window, device) in windows {
      memory.addDevice(name, device, base: window.base, size: window.size, widths: PCIWindow.accessWidths)
    }
    let all = [Map.pciConfiguration] + windows.map(\.1)
    devices.append(
      PlacedDevice(host, childBus: host.bus.name, windows: all.map { $0.base..<$0.base + $0.size }))
    let bridge = PCIHostBridge()
    host.bus.plug(bridge, at: PCIPlace(slot: 0))
    devices.append(PlacedDevice(bridge, bus: host.bus.name))
    return host.bus
  }

  private static func serialBackEnd(_ request: BoardRequest) throws(ConfigurationError) -> (
    any CharacterBackEnd
  )? {
    guard let first = request.configuration.serial.first, let id = first else { return nil }
    guard let outlet = request.backEnds.characters[id] else {
      throw ConfigurationError("could not connect serial device to character backend '\(id)'")
    }
    do {
      return try outlet.plug()
    } catch {
      throw ConfigurationError(error.description)
    }
  }

  /// Serial lines that the board does not have are opened and ignored, as QEMU does it; but not in silence.
  private static func serialWarnings(_ configuration: MachineConfiguration) -> [String] {
    guard configuration.serial.dropFirst().contains(where: { $0 != nil }) else { return [] }
    return [
      "this machine has one serial port; what further -serial options name is opened and not connected.\n"
        + "A second console is -chardev ...,id=c1 -device virtio-serial-device "
        + "-device virtconsole,chardev=c1, which Linux calls hvc0."
    ]
  }

  /// A disk that the user did not put anywhere is on PCI, where a kernel made for virtio-mmio does not look.
  private static func diskWarnings(_ configuration: MachineConfiguration, _ plan: BootPlan) -> [String] {
    guard let disk = configuration.devices.first(where: \.isAutomatic),
      let program = plan.programWithoutPCI(configuration)
    else { return [] }
    return [
      "\(disk.option): this disk is a virtio-blk-pci, and '\(program)' shows no sign of knowing PCI.\n"
        + "For virtio-mmio attach it with: -drive if=none,id=x,format=raw,file=… "
        + "-device virtio-blk-device,drive=x"
    ]
  }

  private static func randomSeed(_ entropy: any EntropySource) -> [UInt8] {
    var seed = [UInt8](repeating: 0, count: 32)
    seed.withUnsafeMutableBytes { entropy.fill($0) }
    return seed
  }
}
