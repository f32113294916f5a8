import Devices
import Machine
import Testing

/// A hostile or clumsy driver breaks its device and nothing else.
@Suite struct QueueTests {
  func rig(_ version: Int, features: UInt64 = 0, size: UInt16 = 8) throws -> (Rig, Ring) {
    let rig = try Rig(version: version)
    rig.transport.plug(VirtIOEntropy(source: CountingSource(), clock: rig.clock, timers: rig.timers))
    rig.negotiate((version == 2 ? 1 << 32 : 0) | features)
    let ring = rig.makeQueue(0, size: size)
    rig.start()
    return (rig, ring)
  }

  func expectBroken(_ rig: Rig, _ ring: Ring, _ words: String) {
    let failure = rig.transport.link?.failure ?? "nothing"
    #expect(failure.contains(words), "\(failure)")
    if rig.version == 2 {
      #expect(rig.read(0x70) & 0x40 != 0)
      #expect(rig.read(0x60) & 2 != 0)
      #expect(rig.read(0xfc) == 1)
    } else {
      #expect(rig.read(0x70) & 0x40 == 0)
    }
    // Dead until reset, alive after it.
    let used = ring.usedIndex
    rig.memory.store(ring.available + 2, UInt16(0))
    ring.add([.room(16)])
    ring.kick()
    #expect(ring.usedIndex == used)
    rig.negotiate(rig.version == 2 ? 1 << 32 : 0)
    let fresh = rig.makeQueue(0)
    rig.start()
    fresh.add([.room(16)])
    fresh.kick()
    #expect(fresh.usedIndex == 1)
  }

  @Test(arguments: [1, 2]) func aChainIsFilledAndGivenBack(version: Int) throws {
    let (rig, ring) = try rig(version)
    let head = ring.add([.room(3), .room(5)])
    ring.kick()
    #expect(ring.usedIndex == 1)
    #expect(ring.usedEntry(0) == (UInt32(head), 8))
    #expect(rig.bytes(ring.addresses[head]?[0] ?? 0, 3) == [1, 2, 3])
    #expect(rig.bytes(ring.addresses[head]?[1] ?? 0, 5) == [4, 5, 6, 7, 8])
    #expect(rig.read(0x60) == 1)
  }

  @Test(arguments: [1, 2]) func indicesWrapAround(version: Int) throws {
    let (_, ring) = try rig(version, size: 4)
    for n in 1...70000 {
      ring.rig.free = Rig.ram + 0x20000
      ring.add([.room(2)])
      ring.kick()
      #expect(ring.usedIndex == UInt16(truncatingIfNeeded: n))
    }
  }

  @Test(arguments: [1, 2]) func indirectTablesWork(version: Int) throws {
    let (rig, ring) = try rig(version, features: 1 << 28)
    let head = ring.add([.room(2), .room(2), .room(2)], indirect: true)
    ring.kick()
    #expect(ring.usedEntry(0).length == 6)
    #expect(rig.bytes(ring.addresses[head]?[2] ?? 0, 2) == [5, 6])
  }

  @Test func directDescriptorsMayPrecedeAnIndirectOne() throws {
    let (rig, ring) = try rig(2, features: 1 << 28)
    let table = rig.allocate(16)
    let room = rig.allocate(16)
    ring.put(0, table, 16, 4, 0)
    ring.put(1, room, 4, 3, 0)
    ring.put(0, room + 8, 4, 2, 0, in: table)
    ring.publish(1)
    ring.kick()
    #expect(ring.usedEntry(0) == (1, 8))
  }

  @Test func aLongIndirectTableIsNoLongerThanAChainMayBe() throws {
    let (rig, ring) = try rig(2, features: 1 << 28)
    let table = rig.allocate(16 * 2000)
    let room = rig.allocate(16)
    for i in 0..<1024 { ring.put(i, room, 1, i == 1023 ? 2 : 3, UInt16(i + 1), in: table) }
    ring.put(0, table, 16 * 2000, 4, 0)
    ring.publish(0)
    ring.kick()
    #expect(ring.usedEntry(0).length == 1024)
    ring.put(1023, room, 1, 3, 1024, in: table)
    ring.put(1024, room, 1, 2, 0, in: table)
    ring.publish(0)
    ring.kick()
    expectBroken(rig, ring, "more than 1024 descriptors")
  }

  @Test(arguments: [1, 2]) func interruptsAreWithheldWhereTheDriverAsks(version: Int) throws {
    let (rig, ring) = try rig(version)
    rig.memory.store(ring.available, UInt16(1))
    ring.add([.room(2)])
    ring.kick()
    #expect(ring.usedIndex == 1)
    #expect(rig.read(0x60) == 0)
    rig.memory.store(ring.available, UInt16(0))
    ring.add([.room(2)])
    ring.kick()
    #expect(rig.read(0x60) == 1)
  }

  @Test func anEmptiedQueueInterruptsALegacyDriverThatAskedForIt() throws {
    let (rig, ring) = try rig(1, features: 1 << 24)
    rig.memory.store(ring.available, UInt16(1))
    ring.add([.room(2)])
    ring.kick()
    #expect(rig.read(0x60) == 1)
  }

  @Test(arguments: [1, 2]) func eventIndicesSayWhenToInterruptAndWhenToNotify(version: Int) throws {
    let (rig, ring) = try rig(version, features: 1 << 29)
    let usedEvent = ring.available + 4 + 16
    let availableEvent = ring.used + 4 + 64
    rig.memory.store(usedEvent, UInt16(2))
    for n in 1...4 {
      ring.add([.room(2)])
      ring.kick()
      #expect(rig.memory.load(availableEvent, as: UInt16.self) == UInt16(n))
      // The third entry (index 2) is the one that the driver waits for.
      #expect(rig.read(0x60) == (n >= 3 ? 1 : 0))
    }
    #expect(rig.interrupts.edges == 1)
  }

  @Test(arguments: [1, 2]) func aHeadBeyondTheTableBreaksTheDevice(version: Int) throws {
    let (rig, ring) = try rig(version)
    ring.publish(8)
    ring.kick()
    expectBroken(rig, ring, "descriptor 8 of a table of 8")
  }

  @Test(arguments: [1, 2]) func aNextBeyondTheTableBreaksTheDevice(version: Int) throws {
    let (rig, ring) = try rig(version)
    ring.put(0, rig.allocate(16), 16, 3, 0xffff)
    ring.publish(0)
    ring.kick()
    expectBroken(rig, ring, "descriptor 65535")
  }

  @Test(arguments: [1, 2]) func aLoopBreaksTheDevice(version: Int) throws {
    let (rig, ring) = try rig(version)
    ring.put(0, rig.allocate(16), 16, 3, 1)
    ring.put(1, rig.allocate(16), 16, 3, 0)
    ring.publish(0)
    ring.kick()
    expectBroken(rig, ring, "looped")
  }

  @Test(arguments: [1, 2]) func aLoopInAnIndirectTableBreaksTheDevice(version: Int) throws {
    let (rig, ring) = try rig(version, features: 1 << 28)
    let table = rig.allocate(32)
    ring.put(0, rig.allocate(16), 16, 3, 0, in: table)
    ring.put(0, table, 32, 4, 0)
    ring.publish(0)
    ring.kick()
    expectBroken(rig, ring, "looped")
  }

  @Test(arguments: [0, 1, 15, 17, 0xffff_ffff] as [UInt32])
  func indirectTablesOfOddSizesBreakTheDevice(length: UInt32) throws {
    for version in [1, 2] {
      let (rig, ring) = try rig(version, features: 1 << 28)
      ring.put(0, rig.allocate(64), length, 4, 0)
      ring.publish(0)
      ring.kick()
      expectBroken(rig, ring, "indirect table of \(length) bytes")
    }
  }

  @Test(arguments: [1, 2]) func nestedIndirectTablesBreakTheDevice(version: Int) throws {
    let (rig, ring) = try rig(version, features: 1 << 28)
    let table = rig.allocate(16)
    ring.put(0, table, 16, 4, 0, in: table)
    ring.put(0, table, 16, 4, 0)
    ring.publish(0)
    ring.kick()
    expectBroken(rig, ring, "invalid indirect")
  }

  @Test(
    arguments: [
      (0, 16), (Rig.ram - 1, 2), (Rig.ram + Rig.ramSize - 1, 2), (Rig.ram, 0xffff_ffff), (.max, 1),
      (.max - 3, 8),
      (Rig.window, 4), (1 << 63, 0x8000_0000),
    ] as [(UInt64, UInt32)])
  func buffersOutsideRAMBreakTheDevice(address: UInt64, length: UInt32) throws {
    for version in [1, 2] {
      for flags: UInt16 in [0, 2] {
        let (rig, ring) = try rig(version)
        ring.put(0, address, length, flags, 0)
        ring.publish(0)
        ring.kick()
        expectBroken(rig, ring, "not in RAM")
      }
    }
  }

  @Test(arguments: [1, 2]) func anEmptyBufferBreaksTheDevice(version: Int) throws {
    let (rig, ring) = try rig(version)
    ring.put(0, Rig.ram, 0, 2, 0)
    ring.publish(0)
    ring.kick()
    expectBroken(rig, ring, "zero sized")
  }

  @Test(arguments: [1, 2]) func readableAfterWritableBreaksTheDevice(version: Int) throws {
    let (rig, ring) = try rig(version)
    ring.add([.room(4), .out([1])])
    ring.kick()
    expectBroken(rig, ring, "incorrect order")
  }

  @Test(arguments: [1, 2]) func anAvailableIndexThatJumpsBreaksTheDevice(version: Int) throws {
    let (rig, ring) = try rig(version)
    rig.memory.store(ring.available + 2, UInt16(9))
    ring.kick()
    expectBroken(rig, ring, "available index moved from 0 to 9")
  }

  @Test func ringsOutsideRAMBreakTheDevice() throws {
    let (rig, _) = try rig(2)
    rig.negotiate(1 << 32)
    rig.write(0x80, 0x1000)
    rig.write(0x44, 1)
    #expect(rig.read(0x44) == 0)
    #expect(rig.read(0x70) & 0x40 != 0)
    let legacy = try self.rig(1).0
    legacy.negotiate(0)
    legacy.write(0x40, 0xffff_ffff)
    #expect(legacy.transport.link?.isBroken == true)
    legacy.negotiate(0)
    legacy.write(0x3c, 3)
    legacy.write(0x40, Rig.ram >> 12)
    #expect(legacy.transport.link?.failure?.contains("no power of two") == true)
  }
}
