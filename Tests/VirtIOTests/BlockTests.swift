import Devices
import Glibc
import Machine
import Testing

@Suite struct BlockTests {
  static let flushAndFriends: UInt64 = 1 << 9 | 1 << 11 | 1 << 13 | 1 << 14

  func make(
    _ version: Int, features: UInt64 = flushAndFriends, disk: MemoryDisk = MemoryDisk(sectors: 64),
    settings: VirtIOBlock.Properties = .init(), isDeterministic: Bool = true, size: UInt16 = 64
  ) throws -> (Rig, Ring, MemoryDisk) {
    let rig = try Rig(version: version, isDeterministic: isDeterministic)
    rig.transport.plug(VirtIOBlock(drive: disk, settings: settings, memory: rig.memory, gate: rig.gate))
    rig.negotiate((version == 2 ? 1 << 32 : 0) | features)
    let ring = rig.makeQueue(0, size: size)
    rig.start()
    return (rig, ring, disk)
  }

  func header(_ type: UInt32, _ sector: UInt64) -> [UInt8] {
    withUnsafeBytes(of: type.littleEndian) { Array($0) } + [0, 0, 0, 0]
      + withUnsafeBytes(of: sector.littleEndian) { Array($0) }
  }

  /// Runs one request on a synchronous device; returns its status and what it read.
  func run(_ ring: Ring, _ type: UInt32, _ sector: UInt64 = 0, out: [UInt8] = [], room: Int = 0)
    -> (status: UInt8, data: [UInt8], length: UInt32)
  {
    let count = Int(ring.usedIndex)
    var pieces: [Piece] = [.out(header(type, sector))]
    if !out.isEmpty { pieces.append(.out(out)) }
    if room > 0 { pieces.append(.room(room)) }
    let head = ring.add(pieces + [.room(1)])
    let places = ring.addresses[head] ?? []
    ring.rig.memory.store(places[places.count - 1], UInt8(0xee))
    ring.kick()
    guard Int(ring.usedIndex) == count + 1 else { return (0xff, [], 0) }
    let status = ring.rig.bytes(places[places.count - 1], 1)[0]
    let data = room > 0 ? ring.rig.bytes(places[places.count - 2], room) : []
    return (status, data, ring.usedEntry(count).length)
  }

  func segment(_ sector: UInt64, _ count: UInt32, _ flags: UInt32 = 0) -> [UInt8] {
    withUnsafeBytes(of: sector.littleEndian) { Array($0) }
      + withUnsafeBytes(of: count.littleEndian) { Array($0) }
      + withUnsafeBytes(of: flags.littleEndian) { Array($0) }
  }

  @Test(arguments: [1, 2]) func sectorsAreReadAndWritten(version: Int) throws {
    let (_, ring, disk) = try make(version)
    let first = run(ring, 0, 3, room: 1024)
    #expect(first.status == 0)
    #expect(first.length == 1025)
    #expect(first.data == disk.contents(1536..<2560))
    let second = run(ring, 1, 5, out: [UInt8](repeating: 7, count: 512))
    #expect(second.status == 0)
    #expect(second.length == 1)
    #expect(disk.contents(2560..<3072) == [UInt8](repeating: 7, count: 512))
    #expect(run(ring, 4).status == 0)
    #expect(disk.operations == ["read 1536", "write 2560", "flush"])
  }

  @Test(arguments: [1, 2]) func headerDataAndStatusMayBeFramedAtWill(version: Int) throws {
    let (rig, ring, disk) = try make(version)
    let head = header(1, 2)
    let data = (0..<1024).map { UInt8(truncatingIfNeeded: $0 * 7) }
    ring.add([
      .out(Array(head[..<5])), .out(Array(head[5...] + data[..<100])), .out(Array(data[100...])), .room(1),
    ])
    let read = ring.add([.out(Array(header(0, 2)[..<16])), .room(1), .room(1000), .room(24)])
    ring.kick()
    #expect(ring.usedIndex == 2)
    #expect(disk.contents(1024..<2048) == data)
    let places = ring.addresses[read] ?? []
    let got = rig.bytes(places[1], 1) + rig.bytes(places[2], 1000) + rig.bytes(places[3], 24)
    #expect(got == data + [0])
  }

  @Test(arguments: [1, 2]) func requestsBeyondTheDiskFail(version: Int) throws {
    let (_, ring, disk) = try make(version)
    #expect(run(ring, 0, 63, room: 1024).status == 1)
    #expect(run(ring, 0, 64, room: 512).status == 1)
    #expect(run(ring, 0, .max, room: 512).status == 1)
    #expect(run(ring, 0, .max - 1, room: 1024).status == 1)
    #expect(run(ring, 1, 1 << 55, out: [UInt8](repeating: 0, count: 512)).status == 1)
    #expect(run(ring, 0, 0, room: 511).status == 1)
    #expect(run(ring, 11, out: segment(60, 5)).status == 1)
    #expect(run(ring, 13, out: segment(.max, 1)).status == 1)
    #expect(disk.operations.isEmpty)
    #expect(run(ring, 0, 63, room: 512).status == 0)
  }

  @Test func aReadOnlyDiskRefusesToChange() throws {
    let (_, ring, disk) = try make(2, features: 1 << 5, disk: MemoryDisk(sectors: 8, isReadOnly: true))
    #expect(run(ring, 1, out: [UInt8](repeating: 0, count: 512)).status == 1)
    #expect(run(ring, 11, out: segment(0, 1)).status == 1)
    #expect(run(ring, 13, out: segment(0, 1)).status == 1)
    #expect(disk.operations.isEmpty)
  }

  @Test func discardAndWriteZeroesTakeOneSegment() throws {
    let (_, ring, disk) = try make(2)
    #expect(run(ring, 11, out: segment(2, 3)).status == 0)
    #expect(run(ring, 13, out: segment(4, 2, 1)).status == 0)
    #expect(disk.operations == ["discard 1024 1536", "zero 2048 1024"])
    #expect(disk.contents(2048..<3072) == [UInt8](repeating: 0, count: 1024))
    #expect(run(ring, 11, out: segment(2, 3, 1)).status == 2)
    #expect(run(ring, 13, out: segment(2, 3, 2)).status == 2)
    #expect(run(ring, 13, out: segment(2, 3) + segment(4, 4)).status == 2)
    #expect(run(ring, 13, out: [0]).status == 2)
    #expect(run(ring, 11, out: segment(0, .max)).status == 1)
  }

  @Test func theSerialNumberIsPaddedAndCut() throws {
    var settings = VirtIOBlock.Properties()
    settings.serial = "abc"
    let (_, ring, _) = try make(2, settings: settings)
    #expect(run(ring, 8, room: 20).data == Array("abc".utf8) + [UInt8](repeating: 0, count: 17))
    settings.serial = "0123456789012345678901234"
    let (_, other, _) = try make(2, settings: settings)
    #expect(run(other, 8, room: 20).data == Array("01234567890123456789".utf8))
    #expect(run(other, 8, room: 4).data == Array("0123".utf8))
  }

  @Test func unknownRequestsAreUnsupported() throws {
    let (_, ring, _) = try make(2)
    for type: UInt32 in [2, 3, 9, 14, 0x7fff_ffff] { #expect(run(ring, type).status == 2) }
  }

  @Test func aFailingBackEndFailsTheRequestAlone() throws {
    let (_, ring, disk) = try make(2)
    disk.fails.store(true, ordering: .releasing)
    #expect(run(ring, 0, room: 512).status == 1)
    disk.fails.store(false, ordering: .releasing)
    #expect(run(ring, 0, room: 512).status == 0)
  }

  @Test(arguments: [1, 2]) func aDriverThatCannotFlushWritesThrough(version: Int) throws {
    let (_, ring, disk) = try make(version, features: 0)
    #expect(run(ring, 1, out: [UInt8](repeating: 0, count: 512)).status == 0)
    #expect(disk.operations == ["write 0", "flush"])
  }

  @Test func theDriverSwitchesTheWriteCache() throws {
    let (rig, ring, disk) = try make(2)
    #expect(rig.read(0x120, width: 1) == 1)
    rig.write(0x120, 0, width: 1)
    #expect(rig.read(0x120, width: 1) == 0)
    #expect(run(ring, 1, out: [UInt8](repeating: 0, count: 512)).status == 0)
    rig.write(0x120, 1, width: 1)
    #expect(run(ring, 1, out: [UInt8](repeating: 0, count: 512)).status == 0)
    #expect(disk.operations == ["write 0", "flush", "write 0"])
    // The rest of the configuration is read-only.
    rig.write(0x100, 99)
    #expect(rig.read(0x100) == 64)
  }

  @Test(arguments: [1, 2]) func aRequestWithoutRoomForItsStatusBreaksTheDevice(version: Int) throws {
    let (rig, ring, _) = try make(version)
    ring.add([.out(header(1, 0)), .out([UInt8](repeating: 0, count: 512))])
    ring.kick()
    #expect(rig.transport.link?.failure == "virtio-blk missing headers")
  }

  @Test func largeBlocksMustBeWhole() throws {
    var settings = VirtIOBlock.Properties()
    settings.logicalBlockSize = 4096
    settings.physicalBlockSize = 8192
    let (rig, ring, _) = try make(2, settings: settings)
    #expect(rig.read(0x114) == 4096)
    #expect(rig.read(0x118, width: 1) == 1)
    #expect(run(ring, 0, 0, room: 512).status == 1)
    #expect(run(ring, 0, 1, room: 4096).status == 1)
    #expect(run(ring, 0, 8, room: 4096).status == 0)
  }

  // MARK: With a thread

  @Test(arguments: [1, 2]) func theThreadCompletesInOrderAndInterrupts(version: Int) throws {
    let (rig, ring, disk) = try make(version, isDeterministic: false)
    disk.isHeld.store(true, ordering: .releasing)
    for n in 0..<8 {
      ring.add([.out(header(1, UInt64(n))), .out([UInt8](repeating: UInt8(n), count: 512)), .room(1)])
    }
    ring.add([.out(header(4, 0)), .room(1)])
    ring.kick()
    #expect(ring.usedIndex == 0)
    disk.isHeld.store(false, ordering: .releasing)
    #expect(rig.wait { ring.usedIndex == 9 })
    #expect(disk.operations == (0..<8).map { "write \($0 * 512)" } + ["flush"])
    #expect(rig.wait { rig.interrupts.level })
    #expect((0..<9).map { ring.usedEntry($0).id } == (0..<8).map { $0 * 3 } + [24])
  }

  @Test(arguments: [1, 2]) func aResetWaitsForTransfersAndLeavesMemoryAlone(version: Int) throws {
    let (rig, _, disk) = try make(version, isDeterministic: false)
    for round in 1...50 {
      rig.write(0x70, 0)
      rig.free = Rig.ram + 0x10000
      rig.negotiate((version == 2 ? 1 << 32 : 0) | Self.flushAndFriends)
      let ring = rig.makeQueue(0, size: 64)
      rig.start()
      disk.isHeld.store(true, ordering: .releasing)
      let places = (0..<4).map { n in
        ring.addresses[ring.add([.out(header(0, UInt64(n))), .room(512), .room(1)])]?[1] ?? 0
      }
      ring.kick()
      if round % 2 == 0 { usleep(500) }
      disk.isHeld.store(false, ordering: .releasing)
      rig.write(0x70, 0)
      // Whatever ran has ended: memory that the driver now uses otherwise stays untouched.
      let mark = [UInt8](repeating: 0xa5, count: 512)
      for place in places { rig.memory.copyIn(mark, to: place) }
      usleep(300)
      #expect(places.allSatisfy { rig.bytes($0, 512) == mark })
      #expect(disk.operations.count == 4 * round)
      #expect(rig.interrupts.edges == 0)
    }
    rig.negotiate((version == 2 ? 1 << 32 : 0) | Self.flushAndFriends)
    let ring = rig.makeQueue(0, size: 64)
    rig.start()
    ring.add([.out(header(0, 1)), .room(512), .room(1)])
    ring.kick()
    #expect(rig.wait { ring.usedIndex == 1 })
    rig.write(0x70, 0)
  }

  @Test func moreRequestsInFlightThanTheQueueHoldsBreakTheDevice() throws {
    let (rig, ring, disk) = try make(2, isDeterministic: false, size: 8)
    disk.isHeld.store(true, ordering: .releasing)
    let head = ring.add([.out(header(4, 0)), .room(1)])
    ring.kick()
    for _ in 0..<100 {
      ring.publish(head)
      ring.kick()
    }
    #expect(rig.transport.link?.failure == "virtqueue size exceeded")
    disk.isHeld.store(false, ordering: .releasing)
    rig.write(0x70, 0)
    #expect(rig.read(0x70) == 0)
  }

  @Test(arguments: [
    ("num-queues", "0", "num-queues property must be larger than 0"),
    ("queue-size", "3", "invalid queue-size property (3), must be a power of 2 (max 1024)"),
    ("queue-size", "2048", "invalid queue-size property (2048), must be a power of 2 (max 1024)"),
    ("queue-size", "2", "invalid queue-size property (2), must be > 2"),
    (
      "logical_block_size", "513",
      "Property .logical_block_size doesn't take value '513', it's not a power of 2"
    ),
    ("max-discard-sectors", "0", "invalid max-discard-sectors property (0), must be between 1 and 4194303"),
    ("drive", "zz", "Property 'virtio-blk-device.drive' can't find value 'zz'"),
  ]) func wrongPropertiesGetQEMUsWords(name: String, value: String, words: String) throws {
    let rig = try Rig(version: 2)
    var values = PropertyValues(of: VirtIOBlock.typeName, VirtIOBlock.properties)
    try values.set("drive", "x")
    try values.set(name, value)
    var ends = BackEnds()
    ends.drives["x"] = MemoryDisk(sectors: 1)
    #expect(throws: PropertyError(words)) { try VirtIOBlock.model.make(values, ends, rig.environment) }
  }

  @Test func everyModelIsMadeFromItsDefaults() throws {
    let rig = try Rig(version: 2)
    var ends = BackEnds()
    ends.drives["x"] = MemoryDisk(sectors: 1)
    for model in VirtIOModels.all {
      var values = PropertyValues(of: model.typeName, model.properties)
      if values.declares("drive") { try values.set("drive", "x") }
      let device = try model.make(values, ends, rig.environment)
      if model.bus == .pci {
        #expect((device as? VirtIOPCI).map { type(of: $0.device).typeName } == model.part?.typeName)
        continue
      }
      #expect(type(of: device).typeName == model.typeName)
      #expect(model.bus == .virtioSerial || device is any VirtIODevice)
    }
  }
}
