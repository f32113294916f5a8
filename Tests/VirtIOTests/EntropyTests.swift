import Devices
import Machine
import Testing

@Suite struct EntropyTests {
  @Test func itHasNoFeaturesAndNoConfigurationOfItsOwn() throws {
    for version in [1, 2] {
      let rig = try Rig(version: version)
      rig.transport.plug(VirtIOEntropy(source: CountingSource(), clock: rig.clock, timers: rig.timers))
      #expect(rig.read(8) == 4)
      // QEMU 7.2's answers.
      #expect(rig.offered == (version == 1 ? 0x3900_0000 : 0x101_3000_0000))
      #expect(rig.read(0x100, width: 8) == .max)
    }
  }

  @Test func aPeriodHasItsQuota() throws {
    let rig = try Rig(version: 2)
    let device = VirtIOEntropy(
      source: CountingSource(), maximum: 10, milliseconds: 5, clock: rig.clock, timers: rig.timers)
    rig.transport.plug(device)
    rig.negotiate(1 << 32)
    let ring = rig.makeQueue(0)
    rig.start()
    for _ in 0..<3 { ring.add([.room(8)]) }
    ring.kick()
    #expect(ring.usedIndex == 2)
    #expect(ring.usedEntry(0).length == 8)
    #expect(ring.usedEntry(1).length == 2)
    #expect(rig.timers.nextDeadline == 5_000_000)
    rig.timers.run(until: 5_000_000, lock: rig.lock)
    #expect(ring.usedIndex == 3)
    #expect(ring.usedEntry(2).length == 8)
  }
}
