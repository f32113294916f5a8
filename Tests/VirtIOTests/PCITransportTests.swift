import Foundation
import Machine
import Testing

import Devices

@Suite("virtio over PCI") struct PCITransportTests {
  private let slot = PCIRig.diskSlot

  // MARK: Configuration space

  /// Vendor and device, class and revision, subsystem; measured on QEMU 10.0.
  @Test func theHeaderTellsWhatKindOfDriverIsWanted() throws {
    let rig = try PCIRig()
    #expect(rig.read(rig.register(1, 0)) == 0x1001_1af4)
    #expect(rig.read(rig.register(1, 8)) == 0x0100_0000)
    #expect(rig.read(rig.register(1, 0x2c)) == 0x0002_1af4)
    #expect(rig.read(rig.register(1, 0x3c)) == 0x100)
    #expect(rig.read(rig.register(2, 0)) == 0x1005_1af4)
    #expect(rig.read(rig.register(3, 0)) == 0x1003_1af4)
    let modern = try PCIRig { $0.offersLegacy = false }
    #expect(modern.read(modern.register(1, 0)) == 0x1042_1af4)
    #expect(modern.read(modern.register(1, 8)) == 0x0100_0001)
    #expect(modern.read(modern.register(1, 0x2c)) == 0x1100_1af4)
    #expect(modern.read(modern.register(1, 0x10)) == 0, "no ports without the legacy interface")
  }

  /// A walk along the list, as drivers take it (§4.1.4).
  @Test(arguments: [(legacy: true, ports: false), (legacy: false, ports: true)])
  func theCapabilitiesLeadToEveryStructure(legacy: Bool, ports: Bool) throws {
    let rig = try PCIRig {
      $0.offersLegacy = legacy
      $0.hasNotifyPort = ports
    }
    #expect(rig.read(rig.register(slot, 6), 2) & 0x10 != 0)
    var at = rig.read(rig.register(slot, 0x34), 1)
    var found: [UInt64: (bar: UInt64, offset: UInt64, length: UInt64)] = [:]
    var messages = false
    for _ in 0..<16 where at != 0 {
      let base = rig.register(slot, at)
      switch rig.read(base, 1) {
      case 9:
        let type = rig.read(base + 3, 1)
        if found[type] == nil {
          found[type] = (rig.read(base + 4, 1), rig.read(base + 8), rig.read(base + 12))
        }
        if type == 2, rig.read(base + 4, 1) == 4 { #expect(rig.read(base + 16) == 4) }
      case 0x11: messages = true
      case let other: Issue.record("capability \(other)")
      }
      at = rig.read(base + 1, 1)
    }
    #expect(at == 0 && messages)
    #expect(found[1].map { $0 == (4, 0, 0x1000) } == true)
    #expect(found[3].map { $0 == (4, 0x1000, 0x1000) } == true)
    #expect(found[4].map { $0 == (4, 0x2000, 0x1000) } == true)
    #expect(found[2].map { $0 == (ports ? (2, 0, 4) : (4, 0x3000, 0x1000)) } == true)
    #expect(found[5] != nil)
  }

  @Test func sizesFollowTheDeviceAndTheVectors() throws {
    for (vectors, size): (Int, UInt64) in [(2, 0xffff_f000), (200, 0xffff_f000), (2048, 0xffff_0000)] {
      let rig = try PCIRig { $0.vectors = vectors }
      rig.write(rig.register(slot, 0x14), 0xffff_ffff)
      #expect(rig.read(rig.register(slot, 0x14)) == size)
    }
    let rig = try PCIRig {
      $0.vectors = 0
      $0.hasPagePerQueue = true
    }
    for (register, ones): (UInt64, UInt64) in [
      (0x10, 0xffff_ff81), (0x14, 0), (0x20, 0xff80_000c), (0x24, 0xffff_ffff),
    ] {
      rig.write(rig.register(slot, register), 0xffff_ffff)
      #expect(rig.read(rig.register(slot, register)) == ones)
    }
  }

  // MARK: The modern interface

  @Test func aModernDriverReadsTheDisk() throws {
    let rig = try PCIRig()
    rig.place(slot)
    #expect(rig.read(rig.modern(slot) + 0x12, 2) == 1)
    #expect(rig.read(rig.modern(slot) + 0x18, 2) == 256)
    #expect(rig.read(rig.modern(slot) + 0x2000, 8) == 64, "sectors")
    rig.start(slot)
    #expect(rig.read(rig.modern(slot) + 0x14, 1) == 0xf)
    rig.publishRead(sector: 3)
    rig.notify(slot)
    #expect(rig.usedIndex == 1)
    #expect(rig.bytes(512, at: 16) == rig.disk.contents(1536..<2048))
    #expect(rig.interrupts.level)
    #expect(rig.read(rig.register(slot, 6), 2) & 8 != 0)
    #expect(rig.read(rig.modern(slot) + 0x1000, 1) == 1)
    #expect(!rig.interrupts.level, "reading the status acknowledges")
    #expect(rig.read(rig.modern(slot) + 0x1000, 1) == 0)
    #expect(rig.read(rig.register(slot, 6), 2) & 8 == 0)
  }

  @Test func interruptDisableKeepsTheLineLow() throws {
    let rig = try PCIRig()
    rig.place(slot, command: 0x407)
    rig.start(slot)
    rig.publishRead(sector: 0)
    rig.notify(slot)
    #expect(rig.usedIndex == 1 && !rig.interrupts.level)
    #expect(rig.read(rig.register(slot, 6), 2) & 8 != 0, "the status tells it all the same")
    rig.write(rig.register(slot, 4), 7, 2)
    #expect(rig.interrupts.level)
    rig.functions[0].reset()
    #expect(!rig.interrupts.level)
  }

  /// As QEMU: the bit off takes DRIVER_OK away, and nothing goes on by itself when it comes back.
  @Test func withoutBusMasteringThereIsNoTransfer() throws {
    let rig = try PCIRig()
    rig.place(slot)
    rig.start(slot)
    rig.write(rig.register(slot, 4), 3, 2)
    #expect(rig.read(rig.modern(slot) + 0x14, 1) == 0xb)
    rig.publishRead(sector: 1)
    rig.notify(slot)
    rig.write(rig.modern(slot) + 0x14, 0xf, 1)
    #expect(rig.usedIndex == 0)
    rig.write(rig.register(slot, 4), 7, 2)
    rig.notify(slot)
    #expect(rig.usedIndex == 1)
    #expect(rig.bytes(512, at: 16) == rig.disk.contents(512..<1024))
  }

  @Test func aQueueIsResetAlone() throws {
    let rig = try PCIRig()
    rig.place(slot)
    rig.start(slot, features: 1 << 32 | 1 << 40)
    rig.write(rig.modern(slot) + 0x3a, 1, 2)
    #expect(rig.read(rig.modern(slot) + 0x1c, 2) == 0)
    #expect(rig.read(rig.modern(slot) + 0x18, 2) == 256)
    #expect(rig.read(rig.modern(slot) + 0x20, 8) == 0)
    #expect(rig.read(rig.modern(slot) + 0x14, 1) == 0xf)
  }

  @Test func aNotificationPortWorksAsThePageDoes() throws {
    let rig = try PCIRig { $0.hasNotifyPort = true }
    rig.place(slot)
    rig.write(rig.register(slot, 0x18), 0x8000)
    rig.start(slot)
    rig.publishRead(sector: 2)
    rig.write(PCIRig.ports + 0x8000, 0, 2)
    #expect(rig.usedIndex == 1)
  }

  /// §4.1.4.9: through the configuration space, whether the base address has a place or not.
  @Test func theConfigurationSpaceReachesEveryStructure() throws {
    let rig = try PCIRig()
    let access = rig.register(slot, 0x84)
    #expect(rig.read(access + 3, 1) == 5)
    func set(_ base: UInt64, _ offset: UInt64, _ length: UInt64) {
      rig.write(access + 4, base, 1)
      rig.write(access + 8, offset)
      rig.write(access + 12, length)
    }
    set(4, 0x12, 2)
    #expect(rig.read(access + 16, 2) == 1)
    set(4, 0x2000, 4)
    #expect(rig.read(access + 16) == 64)
    set(4, 0x14, 1)
    rig.write(access + 16, 3, 1)
    #expect(rig.read(access + 16, 1) == 3)
    set(0, 18, 1)
    #expect(rig.read(access + 16, 1) == 3, "the same status by the legacy interface")
    // What no base address has changes nothing.
    for (base, offset, length): (UInt64, UInt64, UInt64) in [
      (4, 0x14, 3), (4, 0x14, 8), (4, 0x15, 2), (4, 0x4000, 1), (4, 0xffff_ffff, 1), (5, 0x14, 1),
      (255, 0, 4),
      (4, 0x14, 0),
    ] {
      set(base, offset, length)
      rig.write(access + 16, 0)
      _ = rig.read(access + 16)
    }
    rig.place(slot)
    #expect(rig.read(rig.modern(slot) + 0x14, 1) == 3)
  }

  // MARK: The legacy interface

  private func startLegacy(_ rig: PCIRig, _ slot: Int) {
    let base = rig.legacy(slot)
    for status: UInt64 in [0, 1, 3] { rig.write(base + 18, status, 1) }
    rig.write(base + 4, rig.read(base) & ~(1 << 29))
    rig.write(base + 14, 0, 2)
    rig.write(base + 8, PCIRig.ram >> 12 + 0x20)
    rig.write(base + 18, 7, 1)
  }

  /// Rings of 256 descriptors at one place, in pages of 4 KiB (§2.7.2).
  @Test func aLegacyDriverReadsTheDisk() throws {
    let rig = try PCIRig()
    rig.place(slot, command: 1)
    let base = rig.legacy(slot)
    #expect(rig.read(base + 12, 2) == 256)
    #expect(rig.read(base + 20, 8) == 64, "sectors, right behind the header")
    #expect(rig.read(base + 16, 2) == 0xffff && rig.read(base + 1, 1) == 0xff)
    startLegacy(rig, slot)
    #expect(rig.read(rig.register(slot, 4), 2) == 5, "drivers of old do not turn bus mastering on")
    let rings = PCIRig.ram + 0x2_0000
    rig.memory.store(PCIRig.buffers + 8, UInt64(5))
    for (index, (offset, count, flags)): (Int, (UInt64, UInt32, UInt16)) in [
      (0, 16, 1), (16, 512, 3), (528, 1, 2),
    ].enumerated() {
      let at = rings + 16 * UInt64(index)
      rig.memory.store(at, PCIRig.buffers + offset)
      rig.memory.store(at + 8, count)
      rig.memory.store(at + 12, flags)
      rig.memory.store(at + 14, UInt16(index + 1))
    }
    rig.memory.store(rings + 4096 + 2, UInt16(1))
    rig.write(base + 16, 0, 2)
    #expect(rig.memory.load(rings + 8192 + 2) == UInt16(1))
    #expect(rig.bytes(512, at: 16) == rig.disk.contents(2560..<3072))
    #expect(rig.interrupts.level)
    #expect(rig.read(base + 19, 1) == 1)
    #expect(!rig.interrupts.level)
    #expect(rig.functions[0].link?.isLegacy == true)
    rig.write(base + 8, 0)
    #expect(rig.read(base + 8) == 0)
    rig.write(base + 18, 0, 1)
    #expect(rig.read(base + 18, 1) == 0)
  }

  @Test func withMessagesOnTheHeaderHasVectors() throws {
    let rig = try PCIRig()
    rig.place(slot)
    let base = rig.legacy(slot)
    rig.write(rig.register(slot, 0x98), 0x8000_0000)
    rig.write(base + 20, 1, 2)
    rig.write(base + 22, 9, 2)
    #expect(rig.read(base + 20, 2) == 1)
    #expect(rig.read(base + 22, 2) == 0xffff, "there are two")
    #expect(rig.read(base + 24, 8) == 64)
    rig.write(rig.register(slot, 0x98), 0)
    #expect(rig.read(base + 20, 8) == 64)
  }

  @Test func interfacesThatAreOffAreNotThere() throws {
    let rig = try PCIRig { $0.offersModern = false }
    #expect(rig.read(rig.register(slot, 0x34), 1) == 0x40)
    #expect(rig.read(rig.register(slot, 0x40), 1) == 0x11)
    #expect(rig.read(rig.register(slot, 0x20), 8) == 0)
    rig.place(slot)
    #expect(rig.read(rig.modern(slot) + 0x12, 2) == 0xffff)
    #expect(rig.read(rig.legacy(slot) + 12, 2) == 256)
  }

  // MARK: Messages

  private static let mailbox = PCIRig.ram + 0x4_0000

  private func withMessages(_ rig: PCIRig) {
    rig.place(slot)
    let entry = rig.messages(slot) + 16
    rig.write(entry, Self.mailbox, 8)
    rig.write(entry + 8, 0x1234)
    rig.write(entry + 12, 0)
    rig.write(rig.register(slot, 0x98), 0x8000_0000)
    rig.start(slot, vector: 1)
  }

  private func exchange(_ rig: PCIRig) -> UInt32? {
    rig.memory.store(Self.mailbox, UInt32(0))
    rig.publishRead(sector: 0)
    rig.notify(slot)
    return rig.memory.load(Self.mailbox)
  }

  @Test func aMessageIsAStore() throws {
    let rig = try PCIRig()
    withMessages(rig)
    #expect(exchange(rig) == 0x1234)
    #expect(!rig.interrupts.level)
    #expect(rig.read(rig.messages(slot) + 0x800) == 0)
  }

  @Test func aMaskedMessageWaits() throws {
    let rig = try PCIRig()
    withMessages(rig)
    rig.write(rig.messages(slot) + 28, 1)
    #expect(exchange(rig) == 0)
    #expect(rig.read(rig.messages(slot) + 0x800) == 2, "vector 1 is pending")
    rig.write(rig.messages(slot) + 28, 0)
    #expect(rig.memory.load(Self.mailbox) == UInt32(0x1234))
    #expect(rig.read(rig.messages(slot) + 0x800) == 0)
    rig.write(rig.register(slot, 0x98), 0xc000_0000)
    #expect(exchange(rig) == 0)
    rig.write(rig.register(slot, 0x98), 0x8000_0000)
    #expect(rig.memory.load(Self.mailbox) == UInt32(0x1234))
  }

  @Test func aMessageToNowhereIsLost() throws {
    let rig = try PCIRig()
    withMessages(rig)
    for address: UInt64 in [0, .max, PCIRig.ram - 4, PCIRig.modern(slot), PCIRig.configuration] {
      rig.write(rig.messages(slot) + 16, address, 8)
      #expect(exchange(rig) == 0)
    }
  }

  // MARK: State

  @Test func aSnapshotHoldsAllOfIt() throws {
    let rig = try PCIRig()
    withMessages(rig)
    rig.write(rig.messages(slot) + 28, 1)
    _ = exchange(rig)
    let function = rig.functions[0]
    let saved = try JSONDecoder().decode(VirtIOPCI.State.self, from: JSONEncoder().encode(function.state))
    #expect(saved == function.state)
    function.reset()
    #expect(function.state != saved)
    #expect(rig.read(rig.modern(slot) + 0x12, 2) == 0xffff, "its memory is gone")
    function.state = saved
    #expect(function.state == saved)
    rig.write(rig.messages(slot) + 28, 0)
    #expect(rig.memory.load(Self.mailbox) == UInt32(0x1234))
    #expect(exchange(rig) == 0x1234)
  }

  @Test func threadsCompleteTransfersToo() throws {
    let rig = try PCIRig(isDeterministic: false)
    rig.place(slot)
    rig.start(slot)
    rig.publishRead(sector: 7)
    rig.notify(slot)
    var left = 2000
    while rig.lock.withLock({ rig.usedIndex }) == 0, left > 0 {
      left -= 1
      usleep(1000)
    }
    #expect(rig.usedIndex == 1)
    #expect(rig.bytes(512, at: 16) == rig.disk.contents(3584..<4096))
  }
}

extension PCIRig {
  static func modern(_ slot: Int) -> UInt64 { high + 0x100_0000 * UInt64(slot) }
}
