import Foundation
import Machine
import Testing

import Devices

@Suite("PCI host bridge")
struct PCIHostTests {
  let memory = AddressSpace(lock: MachineLock())
  let interrupts = RecordingController()

  /// A bus with the bridge on it, as boards make it.
  private func makeHost() -> PCIHost {
    let host = PCIHost(memory: memory, lines: (0..<4).map { InterruptLine(to: interrupts, input: 32 + $0) })
    host.bus.plug(PCIHostBridge(), at: PCIPlace(slot: 0))
    return host
  }

  // MARK: The bridge as a function

  @Test func theBridgeAloneAnswers() {
    let host = makeHost()
    #expect(host.read(0, width: 4) == 0x0008_1b36)
    #expect(host.read(2, width: 2) == 0x0008)
    #expect(host.read(8, width: 4) == 0x0600_0000)
    #expect(host.read(0x2c, width: 4) == 0x1100_1af4)
    #expect(host.read(0x10, width: 8) == 0)
    // Behind its 256 bytes, other functions, devices and buses.
    for offset: UInt64 in [0x100, 0x1000, 0x8000, 0x10_0000, 0xfff_fffc] {
      #expect(host.read(offset, width: 4) == 0xffff_ffff)
      host.write(offset, width: 4, 0)
      #expect(host.read(offset, width: 2) == 0xffff)
    }
  }

  /// What QEMU 10.0's bridge keeps of ones and of zeroes.
  @Test func aDriverChangesWhatItMay() {
    let host = makeHost()
    for (value, expected) in [
      (0xffff_ffff, [0: 0x0008_1b36, 4: 0x507, 8: 0x0600_0000, 0xc: 0xff, 0x2c: 0x1100_1af4, 0x3c: 0xff]),
      (0, [0: 0x0008_1b36, 8: 0x0600_0000, 0x2c: 0x1100_1af4]),
    ] as [(UInt64, [UInt64: UInt64])] {
      for offset in stride(from: UInt64(0), to: 0x40, by: 4) {
        host.write(offset, width: 4, value)
        #expect(host.read(offset, width: 4) == expected[offset] ?? 0, "\(offset)")
      }
      host.write(0xfc, width: 4, value)
      #expect(host.read(0xfc, width: 4) == value)
    }
    host.write(5, width: 1, 4)
    #expect(host.read(4, width: 2) == 0x400)
    host.bus.function(at: PCIPlace(slot: 0))?.reset()
    #expect(host.read(4, width: 2) == 0)
  }

  @Test func aSnapshotKeepsTheRegisters() throws {
    let bridge = PCIHostBridge()
    bridge.writeConfiguration(4, width: 2, 7)
    let saved = try JSONDecoder().decode(PCIHostBridge.State.self, from: JSONEncoder().encode(bridge.state))
    bridge.reset()
    #expect(bridge.readConfiguration(4, width: 2) == 0)
    bridge.state = saved
    #expect(bridge.readConfiguration(4, width: 2) == 7)
    // What the driver cannot write, a snapshot cannot either.
    for forgery in [[UInt8](repeating: 0xff, count: 256), [1]] {
      var state = saved
      state.registers = forgery
      bridge.state = state
      #expect(bridge.readConfiguration(0, width: 4) == 0x0008_1b36)
    }
  }

  // MARK: A function with base addresses

  /// Remembers who asked for what; reads answer with base address and offset.
  final class Probe: PCIFunction {
    static let typeName = "probe"
    static let registers: [Register] = []
    struct State: Codable {}
    nonisolated(unsafe) var configuration: PCIConfigurationSpace
    nonisolated(unsafe) var connection: PCIConnection?
    nonisolated(unsafe) var written: [(index: Int, offset: UInt64, width: Int, value: UInt64)] = []
    var state: State {
      get { State() }
      set {}
    }

    init() {
      configuration = PCIConfigurationSpace(
        vendor: 1, device: 2, classCode: 0xff0000, subsystemVendor: 3, subsystem: 4)
      configuration.add(PCIBaseAddress(0, .ports, size: 32))
      configuration.add(PCIBaseAddress(1, .memory, size: 4096))
      configuration.add(PCIBaseAddress(2, .wideMemory, size: 1 << 20, isPrefetchable: true))
    }

    func reset() {
      configuration.reset()
      connection?.placementChanged()
    }
    func connect(to connection: PCIConnection) { self.connection = connection }
    func readConfiguration(_ offset: Int, width: Int) -> UInt64 { configuration.read(offset, width: width) }
    func writeConfiguration(_ offset: Int, width: Int, _ value: UInt64) {
      configuration.write(offset, width: width, value)
      connection?.placementChanged()
    }
    func read(baseAddress index: Int, _ offset: UInt64, width: Int) -> UInt64 {
      UInt64(index + 1) << 56 | UInt64(index + 1) << 24 | offset
    }
    func write(baseAddress index: Int, _ offset: UInt64, width: Int, _ value: UInt64) {
      written.append((index, offset, width, value))
    }
  }

  @Test func onesTellHowMuchABaseAddressAsksFor() {
    let probe = Probe()
    for (register, ones) in [
      (0x10, 0xffff_ffe1), (0x14, 0xffff_f000), (0x18, 0xfff0_000c), (0x1c, 0xffff_ffff), (0x20, 0),
    ] as [(Int, UInt64)] {
      probe.writeConfiguration(register, width: 4, 0xffff_ffff)
      #expect(probe.readConfiguration(register, width: 4) == ones)
      probe.writeConfiguration(register, width: 4, 0)
      #expect(probe.readConfiguration(register, width: 4) == (register == 0x1c ? 0 : ones & 0xf))
      // Byte by byte it is the same.
      for byte in 0..<4 { probe.writeConfiguration(register + byte, width: 1, 0xff) }
      #expect(probe.readConfiguration(register, width: 4) == ones)
    }
  }

  @Test func windowsReachWhatLiesThereNow() {
    let host = makeHost()
    let probe = Probe()
    host.bus.plug(probe, at: PCIPlace(slot: 3, function: 1))
    let ports = PCIWindow(host.bus, .ports, base: 0)
    let low = PCIWindow(host.bus, .memory, base: 0x4000_0000)
    let high = PCIWindow(host.bus, .memory, base: 0x4_0000_0000)
    let space: UInt64 = 3 << 15 | 1 << 12
    #expect(host.read(space, width: 4) == 0x0002_0001)
    host.write(space + 0x10, width: 4, 0x40)
    host.write(space + 0x14, width: 4, 0x4010_0000)
    host.write(space + 0x18, width: 8, 0x4_0030_0000)
    #expect(ports.read(0x44, width: 4) == 0xffff_ffff, "the command register lets nothing through yet")
    host.write(space + 4, width: 2, 3)
    #expect(ports.read(0x44, width: 4) == 0x0100_0004)
    #expect(ports.read(0x44, width: 1) == 4)
    #expect(ports.read(0x60, width: 4) == 0xffff_ffff)
    #expect(low.read(0x10_0ffc, width: 4) == 0x0200_0ffc)
    #expect(low.read(0x10_0ff8, width: 8) == 0x0200_0000_0200_0ff8)
    #expect(high.read(0x30_0002, width: 2) == 2)
    #expect(high.read(0x40_0000, width: 8) == .max)
    // One foot inside is outside.
    #expect(low.read(0xf_fffe, width: 4) == 0xffff_ffff)
    #expect(low.read(0x10_0ffe, width: 4) == 0xffff_ffff)
    low.write(0x10_0010, width: 2, 0xabcd_ef01)
    #expect(probe.written.last.map { $0 == (1, 0x10, 2, 0xef01) } == true)

    host.write(space + 0x14, width: 4, 0x5000_0000)
    #expect(low.read(0x10_0000, width: 4) == 0xffff_ffff)
    #expect(low.read(0x1000_0000, width: 4) == 0x0200_0000)
    host.write(space + 4, width: 2, 2)
    #expect(ports.read(0x44, width: 4) == 0xffff_ffff)
    #expect(low.read(0x1000_0000, width: 4) == 0x0200_0000)
    probe.reset()
    #expect(low.read(0x1000_0000, width: 4) == 0xffff_ffff)
  }

  @Test func theLastAddressesDoNotWrap() {
    let host = makeHost()
    let probe = Probe()
    host.bus.plug(probe, at: PCIPlace(slot: 1))
    host.write(1 << 15 | 0x18, width: 8, .max)
    host.write(1 << 15 | 4, width: 2, 2)
    let window = PCIWindow(host.bus, .memory, base: 0)
    #expect(window.read(.max - 3, width: 4) == 0x030f_fffc)
    #expect(window.read(.max - 1, width: 4) == 0xffff_ffff)
    #expect(window.read(0, width: 4) == 0x0200_0000)
  }

  @Test func functionsShareTheFourLinesInTurn() {
    let host = makeHost()
    let probes = [1, 2, 4, 5].map { slot in
      let probe = Probe()
      host.bus.plug(probe, at: PCIPlace(slot: slot))
      return probe
    }
    func levels() -> [Bool] { (32..<36).map { interrupts.level(of: $0) } }
    probes[0].connection?.setInterrupt(true)
    #expect(levels() == [false, true, false, false])
    probes[3].connection?.setInterrupt(true)
    probes[0].connection?.setInterrupt(false)
    #expect(levels() == [false, true, false, false], "slot 5 still wants it")
    probes[3].connection?.setInterrupt(false)
    probes[2].connection?.setInterrupt(true)
    probes[1].connection?.setInterrupt(true)
    #expect(levels() == [true, false, true, false])
  }

  @Test func capabilitiesFormAList() {
    var space = PCIConfigurationSpace(
      vendor: 1, device: 2, classCode: 0, subsystemVendor: 3, subsystem: 4)
    #expect(space.read(0x34, width: 1) == 0 && space.read(6, width: 2) == 0)
    let first = space.addCapability(9, [7, 1, 2, 3, 4])
    let second = space.addCapability(5, [1, 2])
    #expect((first, second) == (0x40, 0x48))
    #expect(space.read(6, width: 2) == 0x10)
    #expect(space.read(0x34, width: 1) == 0x48)
    #expect(space.read(0x48, width: 4) == 0x0201_4005)
    #expect(space.read(0x40, width: 8) & 0xff_ffff_ffff_ffff == 0x04_0302_0107_0009)
    space.write(0x48, width: 8, 0)
    #expect(space.read(0x48, width: 4) == 0x0201_4005)
  }

  @Test(arguments: [
    ("6", 6, 0), ("06.0", 6, 0), ("1f.7", 31, 7), ("0x1.0x1", 1, 1), ("0", 0, 0),
  ]) func placesAreReadAsQEMUReadsThem(text: String, slot: Int, function: Int) {
    #expect(PCIPlace(text) == PCIPlace(slot: slot, function: function))
  }

  @Test(arguments: [
    "", "20", "1.8", "-1", "x", "1.", ".1", "1.2.3", "+1", " 1", "0x", "1.0x", "123456789012345678901",
  ])
  func otherPlacesAreNone(text: String) { #expect(PCIPlace(text) == nil) }

  @Test func anyAccessIsTaken() {
    let host = makeHost()
    host.hammer(seed: 1, window: PCIHost.windowSize - 16, count: 50_000)
    let window = PCIWindow(host.bus, .memory, base: 0x4000_0000)
    window.hammer(seed: 2, window: 1 << 40, count: 1000)
    #expect(window.read(5, width: 1) == 0xff)
  }
}
