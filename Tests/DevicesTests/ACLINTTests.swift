import Machine
import RISCV
import Testing

import Devices

private func makePorts(_ count: Int) -> [InterruptPort] { (0..<count).map { _ in InterruptPort() } }

@Suite("ACLINT")
struct ACLINTTests {
  @Test func msipDrivesTheHartsSoftwareInterruptAndKeepsOneBit() {
    let ports = makePorts(2)
    let mswi = MSWI(ports: ports)
    for (written, expected) in [(1, 1), (0, 0), (2, 0), (3, 1), (0xffff_ffff, 1), (0, 0)]
      as [(UInt64, UInt64)]
    {
      mswi.write(4, width: 4, written)
      #expect(mswi.read(4, width: 4) == expected)
      #expect(ports[1].pending == expected << 3)
      #expect(ports[0].pending == 0)
    }
  }

  @Test func msipOfAbsentHartsReadsZero() {
    let mswi = MSWI(ports: makePorts(2))
    mswi.write(8, width: 4, 1)
    mswi.write(0x3ffc, width: 4, 1)
    #expect(mswi.read(8, width: 4) == 0)
    #expect(mswi.read(0x3ffc, width: 4) == 0)
  }

  @Test func aSnapshotOfMSWIBringsTheInputsBack() {
    let ports = makePorts(3)
    let mswi = MSWI(ports: ports)
    mswi.write(8, width: 4, 1)
    let saved = mswi.state
    #expect(saved.raised == [false, false, true])
    mswi.reset()
    #expect(ports[2].pending == 0)
    mswi.state = saved
    #expect(ports.map(\.pending) == [0, 0, 8])
  }

  @Test func setssipPulsesAndReadsZero() {
    let ports = makePorts(2)
    let sswi = SSWI(ports: ports)
    sswi.write(4, width: 4, 2)
    #expect(ports[1].pending == 0)
    sswi.write(4, width: 4, 3)
    #expect(sswi.read(4, width: 4) == 0)
    #expect(ports[1].take(2) == 2)
    sswi.write(4, width: 4, 0)
    #expect(ports.map(\.pending) == [0, 0])
  }

  @Test func mtimecmpIsZeroAtReset() throws {
    let ports = makePorts(2)
    let timer = MTIMER(ports: ports, clock: try TestMachine().clock)
    #expect(ports.allSatisfy { $0.machineTimeCompare.load(ordering: .relaxed) == 0 })
    timer.write(8, width: 8, 77)
    timer.reset()
    #expect(timer.read(8, width: 8) == 0)
  }

  @Test func mtimecmpIsWrittenWholeOrInHalves() throws {
    let ports = makePorts(1)
    let timer = MTIMER(ports: ports, clock: try TestMachine().clock)
    timer.write(0, width: 8, .max)
    timer.write(0, width: 4, 0)
    #expect(timer.read(0, width: 8) == 0xffff_ffff_0000_0000)
    timer.write(4, width: 4, 0x99)
    #expect(timer.read(0, width: 8) == 0x99_0000_0000)
    #expect(timer.read(4, width: 4) == 0x99)
    #expect(ports[0].machineTimeCompare.load(ordering: .relaxed) == 0x99_0000_0000)
  }

  @Test func writingMtimecmpRingsTheHart() throws {
    let ports = makePorts(2)
    let timer = MTIMER(ports: ports, clock: try TestMachine().clock)
    let before = ports.map(\.bell.rings)
    timer.write(8, width: 4, 5)
    #expect(ports[0].bell.rings == before[0])
    #expect(ports[1].bell.rings != before[1])
  }

  @Test func mtimeCountsTenMillionTicksPerSecond() throws {
    let machine = try TestMachine()
    let timer = MTIMER(ports: makePorts(1), clock: machine.clock)
    machine.advance(nanoseconds: 1_000_000_000)
    #expect(timer.read(0x7ff8, width: 8) == 10_000_000)
  }

  @Test func mtimeIsWrittenWholeOrInHalvesAndRingsEveryHart() throws {
    let machine = try TestMachine()
    let ports = makePorts(2)
    let timer = MTIMER(ports: ports, clock: machine.clock)
    let before = ports.map(\.bell.rings)
    timer.write(0x7ff8, width: 8, 0x10_0000_0000)
    #expect(machine.clock.ticks == 0x10_0000_0000)
    timer.write(0x7ff8, width: 4, 5)
    timer.write(0x7ffc, width: 4, 7)
    #expect(timer.read(0x7ff8, width: 8) == 0x7_0000_0005)
    #expect(timer.read(0x7ffc, width: 4) == 7)
    #expect(zip(before, ports).allSatisfy { $0 != $1.bell.rings })
  }

  @Test func mtimeBeginsAgainAtReset() throws {
    let machine = try TestMachine()
    let timer = MTIMER(ports: makePorts(1), clock: machine.clock)
    machine.advance(nanoseconds: 5_000)
    timer.reset()
    #expect(timer.read(0x7ff8, width: 8) == 0)
  }

  @Test func aSnapshotOfTheTimerKeepsTimeAndComparators() throws {
    let machine = try TestMachine()
    let timer = MTIMER(ports: makePorts(2), clock: machine.clock)
    timer.write(8, width: 8, 1234)
    timer.write(0x7ff8, width: 8, 999)
    let saved = timer.state
    machine.advance(nanoseconds: 5_000)
    timer.write(8, width: 8, 1)
    timer.state = saved
    #expect(timer.state == saved)
    #expect(timer.read(8, width: 8) == 1234)
    #expect(machine.clock.ticks == 999)
  }

  @Test func timersOfAbsentHartsReadZero() throws {
    let timer = MTIMER(ports: makePorts(2), clock: try TestMachine().clock)
    timer.write(16, width: 8, 5)
    #expect(timer.read(16, width: 8) == 0)
    #expect(timer.read(0x7ff0, width: 8) == 0)
  }

  @Test func noAccessCrashesIt() throws {
    let ports = makePorts(3)
    MSWI(ports: ports).hammer(seed: 1, window: MSWI.windowSize, count: 20_000)
    SSWI(ports: ports).hammer(seed: 2, window: SSWI.windowSize, count: 20_000)
    MTIMER(ports: ports, clock: try TestMachine().clock).hammer(
      seed: 3, window: MTIMER.windowSize, count: 20_000)
  }
}
