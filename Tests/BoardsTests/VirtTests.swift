import Boot
import Devices
import Machine
import RISCV
import Testing

import Boards

private final class Power: PowerControl {
  func shutDown(exitCode: Int32, isFailure: Bool) {}
  func requestReset() {}
}

private final class Gate: InputGate {
  let isDeterministic = true
  func deliver(_ body: @escaping @Sendable () -> Void) { body() }
}

private final class Counting: EntropySource {
  func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    for i in buffer.indices { buffer[i] = UInt8(truncatingIfNeeded: i) }
  }
}

@Suite struct VirtTests {
  /// As QEMU 10.0's default CPU describes itself, so that the trees can be compared.
  private func description(from tree: DeviceTree) throws -> HartDescription {
    let cpu = tree.root[child: "cpus"][child: "cpu@0"]
    let isa = try #require(cpu["riscv,isa"])
    let extensions = try #require(cpu["riscv,isa-extensions"])
    var hart = HartDescription(
      isa: String(decoding: isa.dropLast(), as: UTF8.self),
      extensions: extensions.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    hart.mmuType = "riscv,sv57"
    hart.cbomBlockSize = 64
    hart.cbopBlockSize = 64
    hart.cbozBlockSize = 64
    return hart
  }

  private var services: MachineServices {
    MachineServices(
      clock: Clock(mode: .instructions(shift: 0)), timers: Timers(), power: Power(),
      gate: Gate(),
      entropy: Counting())
  }

  private func build(_ configuration: MachineConfiguration) throws -> BuiltMachine {
    var configuration = configuration
    configuration.machine = "virt"
    configuration.bios = "none"
    return try Boards.build(configuration, backEnds: BackEnds(), services: services)
  }

  private func refusal(_ change: (inout MachineConfiguration) -> Void) -> String? {
    var configuration = MachineConfiguration()
    change(&configuration)
    do {
      _ = try build(configuration)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func device(_ text: String) -> DeviceRequest {
    let parts = text.split(separator: ",").map(String.init)
    let properties = parts.dropFirst().map { part in
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      return Assignment(pair[0], pair[1])
    }
    return DeviceRequest(driver: parts[0], properties: properties, text: text)
  }

  // MARK: The device tree

  /// Nodes of QEMU's that stand for what is not there yet.
  private static let absent: Set<String> = [
    "/platform-bus@4000000", "/pmu",
  ]

  private func nodes(_ node: DeviceTree.Node, _ path: String = "") -> [String: [String: [UInt8]]] {
    var found: [String: [String: [UInt8]]] = [:]
    found[path] = Dictionary(uniqueKeysWithValues: node.properties.map { ($0.name, $0.value) })
    for child in node.children { found.merge(nodes(child, "\(path)/\(child.name)")) { first, _ in first } }
    return found
  }

  @Test(arguments: [("virt", 1, false), ("virt-smp2", 2, false), ("virt-aclint", 2, true)])
  func theTreeIsQEMUsExceptForWhatIsNotThereYet(fixture: String, harts: UInt64, isACLINT: Bool) throws {
    let theirs = try DeviceTree(flattened: Fixture.bytes("\(fixture).dtb"))
    var configuration = MachineConfiguration()
    configuration.smp = harts
    configuration.bios = "none"
    let virt = Virt(version: .v10_0)
    var properties = PropertyValues(of: "virt-machine", virt.properties)
    if isACLINT { try properties.set("aclint", "on") }
    let machine = try virt.build(
      BoardRequest(
        configuration: configuration, properties: properties, cpu: CPUModel.configure("rv64"),
        hart: description(from: theirs), harts: Int(harts), ramSize: Virt.defaultRAM, backEnds: BackEnds(),
        services: services, warnings: []))
    let ours = nodes(try DeviceTree(flattened: machine.flattenedDeviceTree).root)
    let reference = nodes(theirs.root)
    #expect(Set(reference.keys).subtracting(ours.keys) == Self.absent)
    #expect(Set(ours.keys).subtracting(reference.keys).isEmpty)
    for (path, properties) in ours {
      var (mine, other) = (properties, reference[path] ?? [:])
      if path == "/chosen" {
        #expect(mine["rng-seed"] == (0..<32).map { UInt8($0) })
        mine["rng-seed"] = nil
        other["rng-seed"] = nil
      }
      #expect(mine == other, "\(path)")
    }
  }

  @Test func theTreeTellsWhatTheHartsAre() throws {
    var configuration = MachineConfiguration()
    configuration.cpu = "rv64,zicboz=off,sv57=off"
    let cpu = try build(configuration).plan.deviceTree.root[child: "cpus"][child: "cpu@0"]
    #expect(cpu["mmu-type"] == Array("riscv,sv48\0".utf8))
    #expect(cpu["riscv,cboz-block-size"] == nil)
    #expect(cpu["riscv,cbom-block-size"] == [0, 0, 0, 64])
    configuration.cpu = "nope"
    #expect(refusal { $0.cpu = "nope" } == "unable to find CPU model 'nope'")
  }

  @Test func aSeedRepeatsItself() {
    func bytes(_ seed: UInt64) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 20)
      bytes.withUnsafeMutableBytes { SeededEntropy(seed: seed).fill($0) }
      return bytes
    }
    #expect(bytes(1) == bytes(1))
    #expect(bytes(1) != bytes(2))
  }

  // MARK: The map

  @Test func theMapIsQEMUs() throws {
    let machine = try build(MachineConfiguration())
    let map = machine.memory.regions.map { [$0.base, $0.last] }
    let expected: [[UInt64]] =
      [
        [0x1000, 0xffff], [0x10_0000, 0x10_0fff], [0x10_1000, 0x10_1023], [0x200_0000, 0x200_3fff],
        [0x200_4000, 0x200_bfff], [0x300_0000, 0x300_ffff], [0xc00_0000, 0xc5f_ffff],
        [0x1000_0000, 0x1000_0007],
      ] + (1...8).map { [0x1000_0000 + $0 * 0x1000, 0x1000_01ff + $0 * 0x1000] } + [
        [0x1010_0000, 0x1010_0007], [0x1010_0008, 0x1010_0009], [0x1010_0010, 0x1010_0017],
        [0x2000_0000, 0x21ff_ffff], [0x2200_0000, 0x23ff_ffff],
        [0x3000_0000, 0x3fff_ffff], [0x4000_0000, 0x7fff_ffff],
        [0x8000_0000, 0x87ff_ffff], [0x4_0000_0000, 0x7_ffff_ffff],
      ]
    #expect(map == expected)
  }

  @Test func theMachineStartsAtTheMaskROM() throws {
    var configuration = MachineConfiguration()
    configuration.smp = 2
    configuration.devices = [device("loader,addr=0x80001234,cpu-num=1")]
    let machine = try build(configuration)
    #expect(machine.startPC(ofHart: 0) == 0x1000)
    #expect(machine.startPC(ofHart: 1) == 0x8000_1234)
    #expect(machine.load() == [])
    #expect(machine.memory.load(0x1000, as: UInt32.self) == 0x297)
    #expect(machine.reset() == [])
  }

  // MARK: Firmware

  /// A drive of which only the size matters.
  private final class Drive: BlockBackEnd {
    let size: UInt64
    let isReadOnly = true
    init(size: UInt64) { self.size = size }
    func read(at offset: UInt64, into buffers: [UnsafeMutableRawBufferPointer]) {}
    func write(at offset: UInt64, from buffers: [UnsafeRawBufferPointer]) {}
    func flush() {}
    func discard(at offset: UInt64, count: UInt64) {}
    func writeZeroes(at offset: UInt64, count: UInt64) {}
  }

  @Test func flashIsAsLargeAsItsBank() throws {
    var configuration = MachineConfiguration()
    configuration.machine = "virt"
    configuration.bios = "none"
    configuration.flash = [nil, "pflash1"]
    var backEnds = BackEnds()
    func complaint() -> String? {
      do {
        _ = try Boards.build(configuration, backEnds: backEnds, services: services)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(complaint()?.hasPrefix("Property 'cfi.pflash01.drive' can't find value 'pflash1'\n") == true)
    backEnds.drives["pflash1"] = Drive(size: 512)
    let words =
      "cfi.pflash01 device '/machine/virt.flash1' requires 33554432 bytes, pflash1 block backend provides 512 bytes"
    #expect(complaint()?.hasPrefix(words + "\n") == true)
    backEnds.drives["pflash1"] = Drive(size: 32 << 20)
    #expect(complaint() == nil)
  }

  @Test func aFileOfTheFirmwareConfigurationIsRefusedInQEMUsWords() {
    func complaint(_ name: String, _ contents: FirmwareFileRequest.Contents) -> String? {
      refusal {
        $0.firmwareFiles = [FirmwareFileRequest(name: name, contents: contents, option: "-fw_cfg x")]
      }
    }
    #expect(complaint("opt/x", .text("y")) == nil)
    #expect(
      complaint("opt/x", .file("/nope"))
        == "-fw_cfg x: can't load /nope: Failed to open file “/nope”: No such file or directory")
    #expect(
      complaint("opt/x", .file("/")) == "-fw_cfg x: can't load /: Error reading file “/”: Is a directory")
    #expect(
      complaint("etc/boot-fail-wait", .text("y"))
        == "-fw_cfg x: duplicate fw_cfg file name: etc/boot-fail-wait")
  }

  // MARK: Plugging

  private func deviceIDs(_ machine: BuiltMachine) -> [UInt64] {
    (1...8).map { machine.memory.readDevice(0x1000_0008 + $0 * 0x1000, width: 4) ?? .max }
  }

  @Test func devicesWithoutABusFillTheSlotsFromTheLast() throws {
    var configuration = MachineConfiguration()
    configuration.devices = [device("virtio-rng-device"), device("virtio-serial-device")]
    #expect(deviceIDs(try build(configuration)) == [0, 0, 0, 0, 0, 0, 3, 4])
  }

  @Test func aBusNamesItsSlot() throws {
    var configuration = MachineConfiguration()
    configuration.devices = [device("virtio-rng-device,bus=virtio-mmio-bus.0")]
    #expect(deviceIDs(try build(configuration)) == [4, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func aGlobalMakesTheTransportsModern() throws {
    let version: (MachineConfiguration) throws -> UInt64? = {
      try build($0).memory.readDevice(0x1000_1004, width: 4)
    }
    #expect(try version(MachineConfiguration()) == 1)
    var configuration = MachineConfiguration()
    configuration.globals = [GlobalProperty(driver: "virtio-mmio", property: "force-legacy", value: "false")]
    #expect(try version(configuration) == 2)
  }

  @Test(arguments: [
    ("virtio-rng-device,bus=virtio-mmio-bus.9", "Bus 'virtio-mmio-bus.9' not found"),
    ("virtio-rng-device,foo=1", "Property 'virtio-rng-device.foo' not found"),
    ("virtio-mmio", "Parameter 'driver' expects a pluggable device type"),
    ("virtio-blk-device", "drive property not set"),
    ("virtio-blk-device,drive=zz", "Property 'virtio-blk-device.drive' can't find value 'zz'"),
    ("virtconsole", "No 'virtio-serial-bus' bus found for device 'virtconsole'"),
  ]) func refusedDevicesAreToldInQEMUsWords(text: String, sentence: String) {
    #expect(refusal { $0.devices = [device(text)] } == "-device \(text): \(sentence)")
  }

  @Test func unknownDevicesAreToldInQEMUsWordsWithAHint() {
    #expect(
      refusal { $0.devices = [device("nope")] } == "-device nope: 'nope' is not a valid device model name")
    #expect(
      refusal { $0.devices = [device("virtio-block-device")] }?.hasSuffix(
        "is not a valid device model name\nDid you mean 'virtio-blk-device'?") == true)
    #expect(refusal { $0.devices = [device("e1000")] }?.contains("'e1000' is not there yet in Apus") == true)
    #expect(refusal { $0.devices = [device("rtl8139")] }?.contains("is not there yet in Apus") == true)
  }

  @Test func everyDeviceTellsItsPropertiesAsQEMUPrintsThem() throws {
    var configuration = MachineConfiguration()
    configuration.devices = [device("virtio-rng-device,max-bytes=16"), device("virtio-serial-device")]
    configuration.globals = [
      GlobalProperty(driver: "virtio-mmio", property: "force-legacy", value: "false")
    ]
    let machine = try build(configuration)
    func value(_ type: String, _ name: String) -> String? {
      machine.devices.last { $0.typeName == type }?.properties.listing.first { $0.name == name }?.value
    }
    #expect(value("virtio-mmio", "force-legacy") == "false")
    #expect(value("virtio-rng-device", "max-bytes") == "16 (0x10)")
    #expect(value("virtio-rng-device", "rng") == "\"\"")
    #expect(value("virtio-serial-device", "event_idx") == "true")
    #expect(value("virtio-serial-device", "max_ports") == "31 (0x1f)")
  }

  @Test func cardsHaveAddressesInTheOrderOfTheCommandLine() throws {
    var configuration = MachineConfiguration()
    configuration.devices = [
      "virtio-net-device", "virtio-net-pci,mac=52:54:00:12:34:57", "virtio-net-pci", "virtio-net",
    ].map(device)
    let cards = try build(configuration).devices.filter { $0.typeName == "virtio-net-device" }
    let addresses = cards.map { $0.properties.text("mac")?.suffix(2) }
    #expect(addresses == ["56", "57", "58", "59"])
  }

  @Test(arguments: [
    ("virtio-net-device,netdev=zz", "Property 'virtio-net-device.netdev' can't find value 'zz'"),
    ("virtio-net-pci,mac=1", "Property 'virtio-net-device.mac' doesn't take value '1'"),
    (
      "virtio-net-device,rx_queue_size=100",
      "Invalid rx_queue_size (= 100), must be a power of 2 between 256 and 1024."
    ),
    (
      "virtio-net-device,tx_queue_size=512",
      "Invalid tx_queue_size (= 512), must be a power of 2 between 256 and 256"
    ),
    ("virtio-net-device,speed=-2", "'speed' must be between 0 and INT_MAX"),
    ("virtio-net-device,duplex=foo", "'duplex' must be 'half' or 'full'"),
    ("virtio-net-device,mq=on", "mq=on is not there yet in Apus"),
    ("virtio-net-device,tx=timer", "tx=timer is not there yet in Apus: frames are sent at once, as by tx=bh"),
    ("virtio-net-device,packed=on", "Property 'virtio-net-device.packed' is not there yet in Apus"),
    ("virtio-net-device,foo=1", "Property 'virtio-net-device.foo' not found"),
  ])
  func wrongPropertiesOfCardsAreTold(text: String, sentence: String) {
    let told = refusal { $0.devices = [device(text)] } ?? ""
    #expect(told.prefix { $0 != "\n" } == "-device \(text): \(sentence)")
  }

  @Test(
    arguments: [
      (0, "0 B"), (512, "512 B"), (1023, "0.999 KiB"), (1024, "1 KiB"), (1536, "1.5 KiB"),
      (4_294_967_295, "4 GiB"), (1_000_000, "977 KiB"), (100 << 20, "100 MiB"),
    ] as [(UInt64, String)])
  func sizesAreRoundedToThreeDigits(size: UInt64, text: String) {
    #expect(size.roundedSize == text)
  }

  // MARK: Any access

  /// Loads and stores of every width to all windows, their edges and what lies between them, as a hart
  /// makes them.
  @Test(arguments: [1, 2, 3]) func everyWindowTakesAnyAccess(seed: UInt64) throws {
    var configuration = MachineConfiguration()
    configuration.smp = 3
    configuration.machineProperties = [Assignment("aclint", "on")]
    configuration.devices = [
      "virtio-rng-device", "virtio-serial-device", "virtconsole", "virtserialport,name=p",
    ].map(device)
    let machine = try build(configuration)
    // Middle values of a linear congruential generator, the same in every run.
    var state = seed
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return bound == 0 ? state : (state >> 20) % bound
    }
    let windows = machine.memory.regions.filter {
      switch $0.kind {
      case .device, .romDevice: true
      case .ram, .rom: false
      }
    }
    #expect(windows.count == 24)
    var answered: Set<String> = []
    for _ in 0..<100_000 {
      let region = windows[Int(random(UInt64(windows.count)))]
      let near = [0, region.size, 0x100][Int(random(3))]
      var address = region.base &+ near &+ random(0x40) &- 0x20
      if random(2) == 0 { address = region.base + random(region.size) }
      let width = 1 << Int(random(4))
      if random(4) != 0 { address &= ~UInt64(width - 1) }
      if random(2) == 0 {
        let value = random(0) >> random(64)
        _ = machine.memory.writeDevice(address, width: width, value)
      } else if let value = machine.memory.readDevice(address, width: width) {
        // Nothing but what the access asked for.
        #expect(width == 8 || value >> UInt64(width * 8) == 0, "\(region.name) \(address.hex()) \(width)")
        answered.insert(region.name)
      }
    }
    #expect(answered == Set(windows.map(\.name)))
    machine.reset()
  }

  @Test func slotsAndIdentifiersAreTakenOnce() {
    let rng = device("virtio-rng-device")
    #expect(
      refusal { $0.devices = Array(repeating: rng, count: 9) }
        == "-device virtio-rng-device: No 'virtio-bus' bus found for device 'virtio-rng-device'")
    let first = device("virtio-rng-device,bus=virtio-mmio-bus.0")
    #expect(refusal { $0.devices = [first, first] }?.hasSuffix(": Bus 'virtio-mmio-bus.0' is full") == true)
    let named = device("virtio-rng-device,id=a")
    #expect(refusal { $0.devices = [named, named] }?.hasSuffix(": Duplicate ID 'a' for device") == true)
  }

  @Test func unknownGlobalsOnlyWarn() throws {
    var configuration = MachineConfiguration()
    configuration.globals = [GlobalProperty(driver: "foo", property: "bar", value: "1")]
    #expect(try build(configuration).warnings == ["global foo.bar has invalid class name"])
  }

  // MARK: Machine options

  @Test func machineOptionsAreCheckedInQEMUsWords() {
    #expect(
      refusal { $0.machineProperties = [Assignment("foo", "1")] } == "Property 'virt-machine.foo' not found")
    #expect(
      refusal { $0.machineProperties = [Assignment("aia", "foo")] }
        == "Invalid AIA interrupt controller type\nValid values are none, aplic, and aplic-imsic.")
    #expect(
      refusal { $0.machineProperties = [Assignment("aclint", "maybe")] }
        == "Parameter 'aclint' expects 'on' or 'off'")
    #expect(
      refusal { $0.machineProperties = [Assignment("aia", "aplic")] }?.contains("not there yet") == true)
    #expect(
      refusal { $0.smp = 513 } == "Invalid SMP CPUs 513. The max CPUs supported by machine 'virt' is 512")
    #expect(
      refusal { $0.smp = 0 } == "Invalid CPU topology: CPU topology parameters must be greater than zero")
    #expect(
      refusal { $0.ramSize = .max }
        == "cannot set up guest memory 'riscv_virt_board.ram': Cannot allocate memory")
  }

  @Test func machinesThatAreNotThereAreNamed() {
    #expect(
      throws: ConfigurationError(
        "unsupported machine type: \"nope\"\nUse -machine help to list supported machines")
    ) {
      _ = try Boards.board(named: "nope")
    }
    #expect(throws: ConfigurationError("machine 'sifive_u' is not there yet. Use -machine virt.")) {
      _ = try Boards.board(named: "sifive_u")
    }
  }

  @Test func theLargestMachineIsBuilt() throws {
    var configuration = MachineConfiguration()
    configuration.smp = 512
    #expect(try build(configuration).ports.count == 512)
  }
}
