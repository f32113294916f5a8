import Devices
import Glibc
import Machine
import TestSupport
import Testing

/// Random drivers with fixed seeds: rings with hostile descriptors and random register accesses. The
/// claim is that the process survives and that a reset brings the device back.
@Suite(.serialized) struct HostileDriverTests {
  enum Kind: String, CaseIterable { case block, threadedBlock, entropy, console, network }

  func device(
    _ kind: Kind, _ rig: Rig, _ lines: [TestLine], _ network: TestNetwork
  ) throws -> any VirtIODevice {
    switch kind {
    case .block, .threadedBlock:
      return VirtIOBlock(drive: MemoryDisk(sectors: 64), memory: rig.memory, gate: rig.gate)
    case .entropy:
      return VirtIOEntropy(source: CountingSource(), clock: rig.clock, timers: rig.timers)
    case .console:
      let serial = VirtIOSerial(portLimit: 2)
      try serial.plug(VirtConsole(backEnd: lines[0]))
      try serial.plug(VirtSerialPort(backEnd: lines[1], name: "port"))
      return serial
    case .network:
      let card = VirtIONetwork(network: network)
      try network.attach(card)
      return card
    }
  }

  @Test(arguments: Kind.allCases, [1, 2]) func survives(kind: Kind, version: Int) throws {
    let rig = try Rig(version: version, isDeterministic: kind != .threadedBlock)
    let lines = [TestLine(), TestLine()]
    let network = TestNetwork()
    let device = try device(kind, rig, lines, network)
    rig.transport.plug(device)
    var random = SeededNumbers(seed: 0x5eed + UInt64(version))
    let end = Clock.hostNanoseconds() + 250_000_000
    var brokenRounds = 0
    var rounds = 0
    while Clock.hostNanoseconds() < end {
      rounds += 1
      rig.free = Rig.ram + 0x10000
      rig.negotiate(rig.offered & random.next())
      let size = UInt16(1) << UInt16.random(in: 0...6, using: &random)
      let rings = (0..<min(6, device.queueSizes.count)).map { rig.makeQueue($0, size: size) }
      rig.start()
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        guard let ring = rings.randomElement(using: &random) else { continue }
        misbehave(rig, ring, &random)
        ring.kick()
        if kind == .console, Int.random(in: 0..<4, using: &random) == 0 {
          rig.lock.withLock {
            for line in lines { line.frontEnd?.receive([1, 2, 3, 4, 5][...]) }
          }
        }
        if kind == .network, Int.random(in: 0..<2, using: &random) == 0 {
          let count = Int.random(in: 14...2000, using: &random)
          network.deliver([(0..<count).map { _ in UInt8.random(in: 0...2, using: &random) }], rig)
        }
        if Int.random(in: 0..<8, using: &random) == 0 { poke(rig, &random) }
      }
      if rig.lock.withLock({ rig.transport.link?.isBroken }) == true { brokenRounds += 1 }
    }
    #expect(rounds > 20)
    #expect(brokenRounds > 0, "no round was hostile enough")

    rig.free = Rig.ram + 0x10000
    rig.negotiate(version == 2 ? 1 << 32 : 0)
    let index = kind == .console || kind == .network ? 1 : 0
    let ring = rig.makeQueue(index)
    rig.start()
    switch kind {
    case .console: ring.add([.out([65])])
    case .entropy: ring.add([.room(9)])
    case .network: ring.add([.out([UInt8](repeating: 0, count: 72))])
    case .block, .threadedBlock: ring.add([.out([UInt8](repeating: 0, count: 16)), .room(512), .room(1)])
    }
    ring.kick()
    #expect(rig.wait { ring.usedIndex == 1 })
    rig.write(0x70, 0)
  }

  private func poke(_ rig: Rig, _ random: inout SeededNumbers) {
    let width = [1, 2, 4, 8].randomElement(using: &random) ?? 4
    let offset = UInt64.random(in: 0...(0x200 - UInt64(width)), using: &random)
    rig.write(offset, random.next() >> UInt64.random(in: 0...63, using: &random), width: width)
    _ = rig.read(offset, width: width)
  }

  private func address(_ random: inout SeededNumbers) -> UInt64 {
    switch Int.random(in: 0..<16, using: &random) {
    case 0: random.next()
    case 1: Rig.ram &+ Rig.ramSize &- UInt64.random(in: 0...64, using: &random)
    case 2: Rig.ram &- UInt64.random(in: 0...64, using: &random)
    case 3: UInt64.max &- UInt64.random(in: 0...64, using: &random)
    default: Rig.ram &+ UInt64.random(in: 0x80000..<(Rig.ramSize - 0x2000), using: &random)
    }
  }

  private func length(_ random: inout SeededNumbers) -> UInt32 {
    switch Int.random(in: 0..<24, using: &random) {
    case 0: 0
    case 1: UInt32(truncatingIfNeeded: random.next())
    case 2: .max
    case 3...9: 16
    case 10...15: 512
    case 16...19: 1
    default: UInt32.random(in: 1...4096, using: &random)
    }
  }

  /// Writes a chain that is mostly well-formed, spoils it sometimes, and publishes it.
  private func misbehave(_ rig: Rig, _ ring: Ring, _ random: inout SeededNumbers) {
    let count = Int.random(in: 1...4, using: &random)
    let firstWritable = Int.random(in: 0...count, using: &random)
    let isIndirect = Int.random(in: 0..<4, using: &random) == 0
    let table = isIndirect ? Rig.ram + 0x70000 : ring.descriptors
    let limit = isIndirect ? 16 : Int(ring.size)
    let first = Int.random(in: 0..<limit, using: &random)
    for i in 0..<count {
      let at = address(&random)
      if i == 0, Bool.random(using: &random) {
        // A header or control message that makes sense.
        rig.memory.store(at, UInt32.random(in: 0...14, using: &random))
        rig.memory.store(at &+ 4, UInt32.random(in: 0...0x1_0008, using: &random))
        rig.memory.store(at &+ 8, UInt64.random(in: 0...70, using: &random))
      }
      var flags: UInt16 = i < firstWritable ? 0 : 2
      if i < count - 1 { flags |= 1 }
      if Int.random(in: 0..<32, using: &random) == 0 { flags = UInt16(truncatingIfNeeded: random.next()) }
      var next = (first + i + 1) % limit
      if Int.random(in: 0..<32, using: &random) == 0 { next = Int(UInt16(truncatingIfNeeded: random.next())) }
      ring.put((first + i) % limit, at, length(&random), flags, UInt16(next), in: table)
    }
    var head = UInt16(first)
    if isIndirect {
      head = UInt16(Int.random(in: 0..<Int(ring.size), using: &random))
      var bytes: UInt32 = 256
      if Int.random(in: 0..<8, using: &random) == 0 { bytes = length(&random) }
      ring.put(Int(head), table, bytes, 4, 0)
      // The indirect table is entered at its start.
      ring.put(0, address(&random), 16, count > 1 ? 1 : 0, UInt16(first), in: table)
    }
    if Int.random(in: 0..<32, using: &random) == 0 { head = UInt16(truncatingIfNeeded: random.next()) }
    ring.publish(head)
    if Int.random(in: 0..<48, using: &random) == 0 {
      rig.memory.store(ring.available + 2, UInt16(truncatingIfNeeded: random.next()))
    }
  }
}
