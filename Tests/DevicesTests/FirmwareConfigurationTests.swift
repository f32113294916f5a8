import Foundation
import Machine
import TestSupport
import Testing

import Devices

@Suite("Firmware configuration")
struct FirmwareConfigurationTests {
  private static let base: UInt64 = 0x1010_0000
  private static let ram: UInt64 = 0x8000_0000

  private struct Guest {
    let machine: TestMachine
    let device: FirmwareConfiguration
    var memory: AddressSpace { machine.environment.memory }

    init() throws {
      machine = try TestMachine(ramSize: 1 << 20)
      device = FirmwareConfiguration(memory: machine.environment.memory)
      for window in FirmwareConfiguration.windows {
        memory.addDevice(
          window.name, device, base: FirmwareConfigurationTests.base + window.offset, size: window.size,
          widths: window.widths, offset: window.offset)
      }
    }

    func select(_ key: UInt16) {
      _ = memory.writeDevice(FirmwareConfigurationTests.base + 8, width: 2, UInt64(key.byteSwapped))
    }

    func data(_ width: Int = 1) -> UInt64 {
      memory.readDevice(FirmwareConfigurationTests.base, width: width) ?? .max
    }

    func item(_ key: UInt16, _ count: Int) -> [UInt8] {
      select(key)
      return (0..<count).map { _ in UInt8(truncatingIfNeeded: data()) }
    }

    /// Runs a descriptor at the start of RAM; its control afterwards.
    func transfer(_ control: UInt32, _ length: UInt32, _ address: UInt64) -> UInt32? {
      let start = FirmwareConfigurationTests.ram
      memory.store(start, control.byteSwapped)
      memory.store(start + 4, length.byteSwapped)
      memory.store(start + 8, address.byteSwapped)
      _ = memory.writeDevice(FirmwareConfigurationTests.base + 16, width: 8, start.byteSwapped)
      return memory.load(start, as: UInt32.self)?.byteSwapped
    }

    /// Names, keys and sizes, as a driver finds them.
    var directory: [String] {
      let count = Int(item(0x19, 4).reduce(0) { $0 << 8 | UInt32($1) })
      return (0..<count).map { _ in
        let entry = (0..<64).map { _ in UInt8(truncatingIfNeeded: data()) }
        let name = String(decoding: entry[8...].prefix { $0 != 0 }, as: UTF8.self)
        return "\(name) \(Int(entry[4]) << 8 | Int(entry[5])) \(entry[..<4].reduce(0) { $0 << 8 | Int($1) })"
      }
    }
  }

  @Test func theSignatureReadsAsAStringWhateverTheWidth() throws {
    let guest = try Guest()
    #expect(guest.item(0, 6) == Array("QEMU\0\0".utf8))
    for (width, value) in [(1, 0x51), (2, 0x4551), (4, 0x554d_4551), (8, 0x554d_4551)] as [(Int, UInt64)] {
      guest.select(0)
      #expect(guest.data(width) == value)
    }
    #expect(guest.item(1, 4) == [3, 0, 0, 0])
  }

  @Test func theDMARegisterReadsItsSignature() throws {
    let guest = try Guest()
    func read(_ offset: UInt64, _ width: Int) -> UInt64? {
      guest.memory.readDevice(Self.base + offset, width: width)
    }
    #expect(read(16, 8) == 0x4746_4320_554d_4551)
    #expect(read(20, 4) == 0x4746_4320)
    #expect(read(16, 1) == 0x51)
    #expect(read(8, 2) == 0)
    #expect(read(10, 1) == nil, "between the registers there is nothing")
    #expect(read(1, 1) == 0)
  }

  @Test func filesAreNumberedByName() throws {
    let guest = try Guest()
    try guest.device.add("opt/b", [1, 2, 3])
    try guest.device.add("bootorder", [])
    try guest.device.add("opt/a", [4])
    #expect(guest.directory == ["bootorder 32 0", "opt/a 33 1", "opt/b 34 3"])
    #expect(guest.item(34, 4) == [1, 2, 3, 0])
    #expect(guest.item(0x19, 4) == [0, 0, 0, 3])
    // What once asked for writing is ignored.
    #expect(guest.item(0x4000, 4) == Array("QEMU".utf8))
    #expect(guest.item(0x8000, 4) == [0, 0, 0, 0])
  }

  @Test func filesHaveAName() throws {
    let guest = try Guest()
    try guest.device.add(String(repeating: "n", count: 55), [])
    #expect(throws: PropertyError("name too long (max. 55 char)")) {
      try guest.device.add(String(repeating: "n", count: 56), [])
    }
    try guest.device.add("opt/x", [])
    #expect(throws: PropertyError("duplicate fw_cfg file name: opt/x")) { try guest.device.add("opt/x", []) }
    for index in 2..<32 { try guest.device.add("opt/\(index)", []) }
    #expect(throws: PropertyError.self) { try guest.device.add("opt/one-too-many", []) }
  }

  // MARK: DMA

  @Test func aTransferSelectsSkipsAndReads() throws {
    let guest = try Guest()
    try guest.device.add("opt/x", Array(0..<100))
    let target = Self.ram + 0x100
    // Select and read.
    #expect(guest.transfer(32 << 16 | 8 | 2, 4, target) == 0)
    #expect(guest.memory.copyOut(target, count: 4) == [0, 1, 2, 3])
    // Skip, then read on: the offset is the item's.
    #expect(guest.transfer(4, 10, 0) == 0)
    #expect(guest.transfer(2, 2, target) == 0)
    #expect(guest.memory.copyOut(target, count: 2) == [14, 15])
    #expect(guest.data() == 16)
    // Behind the end there are zeroes.
    guest.memory.copyIn([UInt8](repeating: 7, count: 8), to: target)
    #expect(guest.transfer(4, 82, 0) == 0)
    #expect(guest.transfer(2, 4, target) == 0)
    #expect(guest.memory.copyOut(target, count: 5) == [99, 0, 0, 0, 7])
  }

  @Test func theAddressMayComeInHalves() throws {
    let guest = try Guest()
    guest.memory.store(Self.ram, UInt32(8 | 2).byteSwapped)
    guest.memory.store(Self.ram + 4, UInt32(4).byteSwapped)
    guest.memory.store(Self.ram + 8, (Self.ram + 0x40).byteSwapped)
    _ = guest.memory.writeDevice(Self.base + 16, width: 4, 0)
    #expect(guest.memory.load(Self.ram, as: UInt32.self) != 0)
    _ = guest.memory.writeDevice(Self.base + 20, width: 4, UInt64(UInt32(Self.ram).byteSwapped))
    #expect(guest.memory.load(Self.ram, as: UInt32.self) == 0)
    #expect(guest.memory.copyOut(Self.ram + 0x40, count: 4) == Array("QEMU".utf8))
  }

  @Test(
    arguments: [
      (0x10, 4, 0x8000_0100), (2, 4, 0x1010_0000), (2, 4, 0x800f_fffe), (2, 0xffff_ffff, 0x8000_0000),
      (2, 4, UInt64.max - 1), (2, 1, 0),
    ] as [(UInt32, UInt32, UInt64)])
  func aTransferThatCannotBeIsAnError(control: UInt32, length: UInt32, address: UInt64) throws {
    #expect(try Guest().transfer(control | 8, length, address) == 1)
  }

  @Test func aDescriptorOutsideOfMemoryChangesNothing() throws {
    let guest = try Guest()
    for address in [0, 0x800f_fff8, UInt64.max, Self.base] {
      _ = guest.memory.writeDevice(Self.base + 16, width: 8, address.byteSwapped)
    }
    #expect(guest.item(0, 4) == Array("QEMU".utf8))
  }

  @Test func aResetForgetsWhatWasSelected() throws {
    let guest = try Guest()
    guest.select(1)
    _ = guest.data()
    guest.device.reset()
    #expect(guest.device.state == FirmwareConfiguration.State())
    #expect(guest.data() == 0x51)
  }

  @Test func hostileGuestsGetNoFurtherThanTheirOwnMemory() throws {
    var random = SeededNumbers(seed: Fuzz.seed(0xf0cf9))
    let guest = try Guest()
    try guest.device.add("opt/x", Array(0..<200))
    for _ in 0..<30_000 * Fuzz.rounds {
      let length = UInt32(truncatingIfNeeded: random.next() >> random.next(upperBound: UInt64(64)))
      let address =
        random.next() & 1 == 0 ? Self.ram &+ random.next(upperBound: UInt64(1 << 20)) : random.next()
      let control = UInt32(truncatingIfNeeded: random.next()) & 0x803f_003f
      let result = guest.transfer(control, length % (1 << 17), address)
      // The descriptor itself may have been where the data went.
      if address >= Self.ram + 16 || address < Self.ram - (1 << 17) { #expect(result == 0 || result == 1) }
    }
    guest.device.hammer(seed: Fuzz.seed(3), window: 0x18, count: 50_000 * Fuzz.rounds)
    #expect(guest.item(0, 4) == Array("QEMU".utf8))
  }
}
