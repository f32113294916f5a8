import Devices
import Machine
import Synchronization
import Testing

/// A network that keeps what it is sent.
final class TestNetwork: NetworkBackEnd {
  let sent = Mutex<[[UInt8]]>([])
  let waiting = Mutex<[[UInt8]]>([])
  let capacity = Mutex(Int.max)
  private let card = Mutex<(any NetworkCard)?>(nil)

  func attach(_ card: any NetworkCard) throws(BackEndError) { self.card.withLock { $0 = card } }
  let isCollecting = Mutex(false)
  func collects() -> Bool { isCollecting.withLock { $0 } }
  var room: Int { capacity.withLock { $0 } }
  func send(_ frames: [[UInt8]]) {
    sent.withLock { $0 += frames }
    capacity.withLock { $0 -= frames.count }
  }
  var firstFrame: [UInt8]? { waiting.withLock { $0.first } }
  func removeFirstFrame() { waiting.withLock { $0.removeFirst(1) } }

  /// Frames from outside; the machine lock is free.
  func deliver(_ frames: [[UInt8]], _ rig: Rig) { deliver(frames, rig.lock) }

  func deliver(_ frames: [[UInt8]], _ lock: MachineLock) {
    waiting.withLock { $0 += frames }
    lock.withLock { card.withLock { $0 }?.attend() }
  }

  func makeRoom(_ count: Int, _ rig: Rig) {
    capacity.withLock { $0 = count }
    rig.lock.withLock { card.withLock { $0 }?.attend() }
  }

  var frames: [[UInt8]] { sent.withLock { $0 } }
}

@Suite("Network card") struct NetworkTests {
  typealias Feature = VirtIONetwork.Feature

  private static let address: [UInt8] = [0x52, 0x54, 0, 0x12, 0x34, 0x56]

  private struct Bench {
    let rig: Rig
    let network = TestNetwork()
    let card: VirtIONetwork
    var receive: Ring?
    var transmit: Ring?
    var control: Ring?

    init(_ version: Int, _ settings: VirtIONetwork.Properties = .init()) throws {
      rig = try Rig(version: version)
      card = VirtIONetwork(network: network, settings: settings)
      try network.attach(card)
      rig.transport.plug(card)
    }

    mutating func start(_ features: UInt64) {
      rig.negotiate((rig.version == 2 ? 1 << 32 : 0) | features)
      receive = rig.makeQueue(0, size: 8)
      transmit = rig.makeQueue(1, size: 8)
      control = rig.makeQueue(2, size: 8)
      rig.start()
    }

    /// What the control queue answers to class, command and data.
    func command(_ bytes: [UInt8]) throws -> UInt8 {
      let ring = try #require(control)
      let before = ring.usedIndex
      let head = ring.add([.out(Array(bytes.prefix(2))), .out(Array(bytes.dropFirst(2))), .room(1)])
      ring.kick()
      #expect(ring.usedIndex == before + 1)
      return rig.bytes(ring.addresses[head]?.last ?? 0, 1).first ?? 0xff
    }

    /// How many of `frames` the driver is given.
    func accepted(_ frames: [[UInt8]]) throws -> Int {
      let ring = try #require(receive)
      let before = ring.usedIndex
      // Buffers that nothing came for are still there.
      let left = (rig.memory.load(ring.available + 2, as: UInt16.self) ?? 0) &- before
      for _ in Int(left)..<frames.count { ring.add([.room(128)]) }
      ring.kick()
      network.deliver(frames, rig)
      return Int(ring.usedIndex &- before)
    }
  }

  private static func frame(
    to target: [UInt8] = address, vlan: UInt16? = nil, count: Int = 60
  ) -> [UInt8] {
    var tag: [UInt8] = []
    if let vlan { tag = [0x81, 0, UInt8(vlan >> 8), UInt8(vlan & 0xff)] }
    let head: [UInt8] = target + [2, 0, 0, 0, 0, 1] + tag + [8, 0]
    return head + (head.count..<count).map { UInt8(truncatingIfNeeded: $0) }
  }

  // MARK: Set-up

  @Test func itOffersWhatItDoes() throws {
    for version in [1, 2] {
      let bench = try Bench(version)
      #expect(bench.rig.read(8) == 1)
      // QEMU 10.0's, but for GSO (6), GUEST_ANNOUNCE (21) and CTRL_GUEST_OFFLOADS (2).
      let own: UInt64 = 0x9f_8020
      #expect(bench.rig.offered == own | (version == 1 ? 0x3900_0000 : 0x101_3000_0000))
      #expect(bench.rig.read(0x100) == 0x1200_5452)
      #expect(bench.rig.read(0x104) == 0x0001_5634)
      #expect(bench.rig.read(0x108) == 0xffff_ffff)
    }
  }

  @Test func propertiesTakeFeaturesAway() throws {
    var settings = VirtIONetwork.Properties()
    settings.offersControlQueue = false
    settings.offersStatus = false
    settings.offersMergeableBuffers = false
    #expect(try Bench(1, settings).rig.offered == 0x3900_0020)
    settings.mtu = 1400
    settings.speed = 1000
    settings.isFullDuplex = true
    let bench = try Bench(2, settings)
    #expect(bench.rig.offered == Feature.speedAndDuplex | 0x101_3000_0028)
    #expect(bench.rig.read(0x10a, width: 2) == 1400)
    #expect(bench.rig.read(0x10c) == 1000)
    #expect(bench.rig.read(0x110, width: 1) == 1)
  }

  // MARK: Sending

  @Test(arguments: [(1, UInt64(0), 10), (1, Feature.mergeableBuffers, 12), (2, 0, 12)])
  func framesLeaveWithoutTheHeader(version: Int, features: UInt64, header: Int) throws {
    var bench = try Bench(version)
    bench.start(features)
    let ring = try #require(bench.transmit)
    let frame = Self.frame(count: 1514)
    ring.add([
      .out([UInt8](repeating: 0, count: header)), .out(Array(frame[..<700])), .out(Array(frame[700...])),
    ])
    // Linux's: header and frame in one piece.
    ring.add([.out([UInt8](repeating: 0, count: header) + frame)], indirect: true)
    ring.kick()
    #expect(bench.network.frames == [frame, frame])
    #expect(ring.usedIndex == 2)
    #expect(ring.usedEntry(1).length == 0)
    #expect(bench.rig.interrupts.level)
  }

  @Test func whatIsNoFrameIsTakenAndForgotten() throws {
    var bench = try Bench(2)
    bench.start(0)
    let ring = try #require(bench.transmit)
    for count in [12, 12 + 13, 12 + 65535 + 19] { ring.add([.out([UInt8](repeating: 0, count: count))]) }
    ring.kick()
    #expect(ring.usedIndex == 3)
    #expect(bench.network.frames.isEmpty)
    // Less than a header is a mistake.
    ring.add([.out([UInt8](repeating: 0, count: 11))])
    ring.kick()
    #expect(bench.rig.read(0x70) & 0x40 != 0)
  }

  @Test func aBusyNetworkHoldsTheDriverUp() throws {
    var bench = try Bench(2)
    bench.start(1 << 29)
    bench.network.capacity.withLock { $0 = 2 }
    let ring = try #require(bench.transmit)
    for _ in 0..<5 { ring.add([.out([UInt8](repeating: 0, count: 12) + Self.frame())]) }
    ring.kick()
    #expect(ring.usedIndex == 2)
    bench.network.makeRoom(2, bench.rig)
    #expect(ring.usedIndex == 4)
    bench.network.makeRoom(100, bench.rig)
    #expect(ring.usedIndex == 5)
    #expect(bench.network.frames.count == 5)
    // The driver is asked to tell of more.
    #expect(bench.rig.memory.load(ring.used + 4 + 8 * 8, as: UInt16.self) == 5)
  }

  @Test func aNetworkThatCollectsTakesAllAtOnce() throws {
    var bench = try Bench(2)
    bench.start(1 << 29)
    bench.network.isCollecting.withLock { $0 = true }
    let ring = try #require(bench.transmit)
    for _ in 0..<3 {
      ring.add([.out([UInt8](repeating: 0, count: 12) + Self.frame())])
      ring.kick()
    }
    #expect(ring.usedIndex == 0)
    // The driver is not asked to tell of more meanwhile.
    #expect(bench.rig.memory.load(ring.used + 4 + 8 * 8, as: UInt16.self) == 0)
    let edges = bench.rig.interrupts.edges
    bench.network.deliver([], bench.rig)
    #expect(ring.usedIndex == 3)
    #expect(bench.network.frames.count == 3)
    #expect(bench.rig.interrupts.edges == edges + 1)
    // Nobody comes for what goes nowhere.
    bench.rig.lock.withLock { bench.card.setConnected(false) }
    ring.add([.out([UInt8](repeating: 0, count: 12) + Self.frame())])
    ring.kick()
    #expect(ring.usedIndex == 4)
  }

  @Test func aDriverThatOnlySendsIsServed() throws {
    let bench = try Bench(2)
    bench.network.isCollecting.withLock { $0 = true }
    bench.rig.negotiate(1 << 32)
    let ring = bench.rig.makeQueue(1)
    bench.rig.start()
    ring.add([.out([UInt8](repeating: 0, count: 12) + Self.frame())])
    ring.kick()
    bench.network.deliver([Self.frame()], bench.rig)
    #expect(ring.usedIndex == 1)
    #expect(bench.network.frames.count == 1)
    #expect(bench.network.firstFrame == nil)
  }

  // MARK: Receiving

  @Test func framesComeBehindTheHeader() throws {
    for (version, features, header) in [(1, UInt64(0), 10), (1, Feature.mergeableBuffers, 12), (2, 0, 12)] {
      var bench = try Bench(version)
      bench.start(features)
      let ring = try #require(bench.receive)
      let head = ring.add([.room(header), .room(1514)])
      ring.kick()
      let frame = Self.frame(count: 900)
      bench.network.deliver([frame], bench.rig)
      #expect(ring.usedEntry(0) == (UInt32(head), UInt32(header + 900)))
      let places = ring.addresses[head] ?? []
      var expected = [UInt8](repeating: 0, count: header)
      if header == 12 { expected[10] = 1 }
      #expect(bench.rig.bytes(places[0], header) == expected)
      #expect(bench.rig.bytes(places[1], 900) == frame)
      #expect(bench.rig.interrupts.level)
    }
  }

  @Test func aFrameTakesSeveralBuffersWhereThatIsAgreed() throws {
    var bench = try Bench(2)
    bench.start(Feature.mergeableBuffers)
    let ring = try #require(bench.receive)
    let frame = Self.frame(count: 250)
    let first = ring.add([.room(100)])
    let second = ring.add([.room(60), .room(40)])
    ring.kick()
    bench.network.deliver([frame], bench.rig)
    // Too little: nothing is used, and the frame waits.
    #expect(ring.usedIndex == 0)
    let third = ring.add([.room(100)])
    ring.kick()
    #expect(ring.usedIndex == 3)
    #expect((0..<3).map { ring.usedEntry($0).length } == [100, 100, 62])
    #expect((0..<3).map { ring.usedEntry($0).id } == [first, second, third].map(UInt32.init))
    let bytes = [first, second, third].flatMap { head in
      (ring.addresses[head] ?? []).flatMap { place in bench.rig.bytes(place, head == second ? 60 : 100) }
    }
    #expect(bytes[10] == 3)
    #expect(Array(bytes[12..<100]) == Array(frame[..<88]))
  }

  /// Buffers that are too few stay in the ring; the driver must still be asked to tell of more.
  @Test func theDriverIsAskedForMoreBuffersThanThereAre() throws {
    var bench = try Bench(2)
    bench.start(Feature.mergeableBuffers | 1 << 29)
    let ring = try #require(bench.receive)
    for _ in 0..<3 { ring.add([.room(64)]) }
    ring.kick()
    bench.network.deliver([Self.frame(count: 1000)], bench.rig)
    #expect(ring.usedIndex == 0)
    #expect(bench.rig.memory.load(ring.used + 4 + 8 * 8, as: UInt16.self) == 3)
  }

  @Test func withoutMergingAFrameThatDoesNotFitIsLost() throws {
    var bench = try Bench(2)
    bench.start(0)
    let ring = try #require(bench.receive)
    ring.add([.room(100)])
    ring.kick()
    bench.network.deliver([Self.frame(count: 200), Self.frame(count: 60)], bench.rig)
    #expect(ring.usedIndex == 1)
    #expect(ring.usedEntry(0).length == 72)
  }

  @Test func framesWaitForBuffersButNotForADriver() throws {
    var bench = try Bench(2)
    bench.network.deliver([Self.frame()], bench.rig)
    #expect(bench.network.firstFrame == nil)
    bench.start(0)
    bench.network.deliver([Self.frame()], bench.rig)
    #expect(bench.network.firstFrame != nil)
    let ring = try #require(bench.receive)
    ring.add([.room(100)])
    ring.kick()
    #expect(ring.usedIndex == 1)
    #expect(bench.network.firstFrame == nil)
  }

  @Test func aBufferThatTheDriverDoesNotLetBeWrittenIsAMistake() throws {
    var bench = try Bench(2)
    bench.start(0)
    let ring = try #require(bench.receive)
    ring.add([.out([1, 2, 3])])
    ring.kick()
    bench.network.deliver([Self.frame()], bench.rig)
    #expect(bench.rig.read(0x70) & 0x40 != 0)
  }

  // MARK: The cable

  @Test func thePulledCableIsSeen() throws {
    var bench = try Bench(2)
    bench.start(Feature.status)
    let (receive, transmit) = (try #require(bench.receive), try #require(bench.transmit))
    receive.add([.room(100)])
    receive.kick()
    bench.rig.lock.withLock { bench.card.setConnected(false) }
    #expect(bench.rig.read(0x106, width: 2) == 0)
    #expect(bench.rig.read(0x60) == 2)
    transmit.add([.out([UInt8](repeating: 0, count: 12) + Self.frame())])
    transmit.kick()
    bench.network.deliver([Self.frame()], bench.rig)
    #expect(transmit.usedIndex == 1)
    #expect(bench.network.frames.isEmpty)
    #expect(receive.usedIndex == 0)
    // A reset does not plug it in again.
    bench.start(Feature.status)
    #expect(bench.rig.read(0x106, width: 2) == 0)
    bench.rig.lock.withLock { bench.card.setConnected(true) }
    #expect(bench.rig.read(0x106, width: 2) == 1)
  }

  // MARK: What is received

  private static let broadcast = [UInt8](repeating: 0xff, count: 6)
  private static let group: [UInt8] = [0x33, 0x33, 0, 0, 0, 1]
  private static let other: [UInt8] = [2, 0, 0, 0, 0, 9]

  @Test func theDriverChoosesWhatItReceives() throws {
    var bench = try Bench(2)
    bench.start(
      Feature.mergeableBuffers | Feature.controlQueue | Feature.controlReceive | Feature.controlReceiveExtra)
    let all = [Self.address, Self.broadcast, Self.group, Self.other].map { Self.frame(to: $0) }
    /// Which of the four come through.
    func seen() throws -> [Bool] { try all.map { try bench.accepted([$0]) == 1 } }
    func table(_ addresses: [[UInt8]]) -> [UInt8] {
      [UInt8(addresses.count), 0, 0, 0] + addresses.flatMap { $0 }
    }
    #expect(try seen() == [true, true, true, true])
    #expect(try bench.command([0, 0, 0]) == 0)
    #expect(try seen() == [true, true, false, false])
    #expect(try bench.command([0, 1, 1]) == 0)
    #expect(try seen() == [true, true, true, false])
    #expect(try bench.command([0, 1, 0]) == 0)
    #expect(try bench.command([0, 2, 1]) == 0)
    #expect(try seen() == [true, true, false, true])
    #expect(try bench.command([0, 2, 0]) == 0)
    #expect(try bench.command([1, 0] + table([Self.other]) + table([Self.group])) == 0)
    #expect(try seen() == [true, true, true, true])
    #expect(try bench.command([0, 5, 1]) == 0)
    #expect(try bench.command([0, 3, 1]) == 0)
    #expect(try seen() == [true, false, false, true])
    #expect(try bench.command([0, 4, 1]) == 0)
    #expect(try seen() == [false, false, false, false])
    // Everything again: that stands above all.
    #expect(try bench.command([0, 0, 1]) == 0)
    #expect(try seen() == [true, true, true, true])
  }

  @Test func tablesThatAreTooLongAreNone() throws {
    var bench = try Bench(2)
    bench.start(Feature.controlQueue | Feature.controlReceive)
    func table(_ count: Int) -> [UInt8] {
      [UInt8(count & 0xff), UInt8(count >> 8), 0, 0]
        + (0..<count).flatMap { [4, 0, 0, 0, 0, UInt8($0 & 0xff)] }
    }
    #expect(try bench.command([0, 0, 0]) == 0)
    for (unicast, multicast, takesOther, takesGroup) in [
      (64, 0, false, false), (0, 64, false, false), (65, 0, true, true), (2, 63, false, true),
      (200, 3, true, true), (3, 200, false, true),
    ] {
      #expect(try bench.command([1, 0] + table(unicast) + table(multicast)) == 0)
      #expect(try bench.accepted([Self.frame(to: Self.other)]) == (takesOther ? 1 : 0))
      #expect(try bench.accepted([Self.frame(to: Self.group)]) == (takesGroup ? 1 : 0))
    }
    #expect(try bench.command([1, 0] + [9, 0, 0, 0, 1, 2, 3]) == 1)
    #expect(try bench.command([1, 0] + table(3)) == 1)
  }

  @Test func vlansAreChosenOneByOne() throws {
    var bench = try Bench(2)
    bench.start(Feature.controlQueue | Feature.controlReceive | Feature.controlVLAN)
    #expect(try bench.command([0, 0, 0]) == 0)
    #expect(try bench.accepted([Self.frame()]) == 1)
    #expect(try bench.accepted([Self.frame(vlan: 5)]) == 0)
    #expect(try bench.command([2, 0, 5, 0]) == 0)
    // A priority stands above the number.
    #expect(try bench.accepted([Self.frame(vlan: 0xe005)]) == 1)
    #expect(try bench.accepted([Self.frame(vlan: 6)]) == 0)
    #expect(try bench.command([2, 1, 5, 0]) == 0)
    #expect(try bench.accepted([Self.frame(vlan: 5)]) == 0)
    #expect(try bench.command([2, 0, 0, 0x10]) == 1)
    // A driver that knows nothing of them has them all.
    var simple = try Bench(2)
    simple.start(Feature.controlQueue | Feature.controlReceive)
    #expect(try simple.command([0, 0, 0]) == 0)
    #expect(try simple.accepted([Self.frame(vlan: 5)]) == 1)
  }

  @Test func theAddressIsTheDriversUntilAReset() throws {
    var bench = try Bench(2)
    bench.start(Feature.controlQueue | Feature.controlReceive | Feature.controlAddress)
    #expect(try bench.command([0, 0, 0]) == 0)
    #expect(try bench.command([1, 1] + Self.other) == 0)
    #expect(bench.rig.read(0x100) == 0x0000_0002)
    #expect(try bench.accepted([Self.frame(to: Self.other)]) == 1)
    #expect(try bench.accepted([Self.frame()]) == 0)
    bench.start(0)
    #expect(bench.rig.read(0x100) == 0x1200_5452)
    // The configuration is a modern driver's to read.
    bench.rig.write(0x100, 0x99, width: 1)
    #expect(bench.rig.read(0x100) == 0x1200_5452)
    var legacy = try Bench(1)
    legacy.start(0)
    legacy.rig.write(0x100, 0x02, width: 1)
    legacy.rig.write(0x105, 0x77, width: 1)
    #expect(legacy.rig.read(0x100) == 0x1200_5402)
    #expect(legacy.rig.read(0x105, width: 1) == 0x77)
  }

  @Test func unknownCommandsAreRefused() throws {
    var bench = try Bench(2)
    bench.start(Feature.controlQueue)
    for bytes: [UInt8] in [
      [0, 6, 1], [0, 0, 1, 1], [1, 1, 1, 2, 3], [1, 2, 0], [2, 0, 1], [3, 0, 0], [4, 0, 2, 0], [5, 0, 0],
      [99, 99, 0],
    ] {
      #expect(try bench.command(bytes) == 1, "\(bytes)")
    }
    var settings = VirtIONetwork.Properties()
    settings.offersVLANs = false
    settings.offersAddressChange = false
    var lesser = try Bench(2, settings)
    lesser.start(Feature.controlQueue)
    #expect(try lesser.command([2, 0, 5, 0]) == 1)
    #expect(try lesser.command([1, 1] + Self.other) == 1)
    #expect(try lesser.command([0, 0, 0]) == 0)
  }

  // MARK: Addresses

  @Test func addressesAreReadAndCountUp() {
    #expect(EthernetAddress("52:54:00:12:34:56")?.bytes == Self.address)
    #expect(EthernetAddress("52-54-0-12-34-56")?.bytes == Self.address)
    for text in [
      "", "1", "52:54:00:12:34", "52:54:00:12:34:56:78", "52:54:00:12:34:5g", "52:54:00:12:34:",
      "052:54:00:12:34:56",
    ] {
      #expect(EthernetAddress(text) == nil, "\(text)")
    }
    let addresses = EthernetAddresses()
    let taken = EthernetAddress("52:54:00:12:34:57")
    let given = [nil, taken, nil, nil].map { addresses.take($0).description.suffix(2) }
    #expect(given == ["56", "57", "58", "59"])
  }
}
