import Machine
import Testing

import Devices

private enum R {
  static let data: UInt64 = 0
  static let ier: UInt64 = 1
  static let iir: UInt64 = 2
  static let fcr: UInt64 = 2
  static let lcr: UInt64 = 3
  static let mcr: UInt64 = 4
  static let lsr: UInt64 = 5
  static let msr: UInt64 = 6
  static let scr: UInt64 = 7
}

/// A UART between a recording interrupt controller and a terminal, spoken to as a guest does.
private struct Bench {
  let controller = RecordingController()
  let terminal = TestTerminal()
  let uart: NS16550A

  init() {
    uart = NS16550A(line: InterruptLine(to: controller, input: 10), backEnd: terminal)
    terminal.attach(uart)
  }

  subscript(_ register: UInt64) -> UInt64 {
    get { uart.read(register, width: 1) }
    nonmutating set { uart.write(register, width: 1, newValue) }
  }

  var level: Bool { controller.level(of: 10) }
  func drain(_ count: Int) -> [UInt64] { (0..<count).map { _ in self[R.data] } }
}

/// The expectations are what QEMU 7.2 and 10.0 answer to the same accesses, unless a test says otherwise.
@Suite("NS16550A")
struct NS16550ATests {
  @Test func resetValuesAreQEMUs() {
    let bench = Bench()
    #expect((0..<8).map { bench[$0] } == [0, 0, 1, 0, 8, 0x60, 0xb0, 0])
    bench[R.lcr] = 0x80
    #expect([bench[0], bench[1]] == [12, 0])
  }

  @Test func writableBitsAreTheManuals() {
    let bench = Bench()
    bench[R.ier] = 0xff
    #expect(bench[R.ier] == 0x0f)
    bench[R.mcr] = 0xff
    #expect(bench[R.mcr] == 0x1f)
    bench[R.mcr] = 0x5a
    #expect(bench[R.mcr] == 0x1a)
    bench[R.mcr] = 8
    bench[R.lsr] = 0xff
    #expect(bench[R.lsr] == 0x60)
    bench[R.scr] = 0x5a
    #expect(bench[R.scr] == 0x5a)
    bench[R.lcr] = 0xff
    #expect(bench[R.lcr] == 0xff)
    bench[0] = 0x34
    bench[1] = 0x12
    #expect([bench[0], bench[1]] == [0x34, 0x12])
    bench[R.lcr] = 3
    #expect(bench[R.ier] == 0x0f)
    #expect(bench.terminal.takeSent() == [])
  }

  @Test func wideAccessesReachOneRegister() {
    let bench = Bench()
    #expect(bench.uart.read(4, width: 4) == 8)
    #expect(bench.uart.read(0, width: 8) == 0)
    bench.uart.write(6, width: 2, 0x1234)
    bench.uart.write(7, width: 4, 0x1234)
    #expect(bench[R.scr] == 0x34)
    bench.uart.write(0, width: 8, 0x4241)
    #expect(bench.terminal.takeSent() == [0x41])
  }

  @Test func everyCharacterIsSentAtOnce() {
    let bench = Bench()
    for byte in Array("hello\r\n".utf8) {
      #expect(bench[R.lsr] == 0x60)
      bench[R.data] = UInt64(byte)
    }
    #expect(bench.terminal.takeSent() == Array("hello\r\n".utf8))
  }

  @Test func enablingTheTransmitterInterruptRaisesIt() {
    let bench = Bench()
    bench[R.ier] = 2
    #expect(bench.level)
    #expect(bench[R.iir] == 2)
    #expect(!bench.level)
    #expect(bench[R.iir] == 1)
    bench[R.ier] = 2
    #expect(bench[R.iir] == 1, "it was enabled already")
    bench[R.ier] = 0
    bench[R.ier] = 2
    #expect(bench[R.iir] == 2)
  }

  @Test func everyCharacterSentRaisesTheTransmitterInterrupt() {
    let bench = Bench()
    bench[R.ier] = 2
    _ = bench[R.iir]
    bench[R.data] = 0x41
    #expect(bench.level)
    #expect(bench[R.lsr] == 0x60)
    #expect(bench[R.iir] == 2)
    #expect(bench[R.iir] == 1)
    bench[R.data] = 0x42
    bench[R.ier] = 0
    #expect(!bench.level)
  }

  @Test func clearingTheTransmitterRaisesItsInterrupt() {
    let bench = Bench()
    bench[R.ier] = 2
    _ = bench[R.iir]
    for (control, expected) in [
      (1, [0xc2, 0xc1]), (3, [0xc1, 0xc1]), (5, [0xc2, 0xc1]), (7, [0xc2, 0xc1]), (0, [0x02, 0x01]),
      (0, [0x01, 0x01]), (1, [0xc2, 0xc1]),
    ] as [(UInt64, [UInt64])] {
      bench[R.fcr] = control
      #expect([bench[R.iir], bench[R.iir]] == expected, "FCR \(control)")
    }
  }

  @Test func withoutFIFOsOneCharacterIsTakenAtATime() {
    let bench = Bench()
    bench[R.ier] = 1
    bench.terminal.type("ab")
    #expect(bench.level)
    #expect(bench[R.lsr] == 0x61)
    #expect(bench[R.iir] == 4)
    #expect(bench.terminal.takeInvitations() == 0)
    #expect(bench[R.data] == 0x61)
    #expect(!bench.level)
    #expect(bench.terminal.takeInvitations() == 1)
    bench.terminal.type()
    #expect(bench.level)
    #expect(bench[R.data] == 0x62)
    #expect(bench[R.lsr] == 0x60)
    #expect(bench[R.data] == 0x62, "an empty receiver shows its last character")
  }

  @Test func withFIFOsSixteenCharactersWait() {
    let bench = Bench()
    bench[R.fcr] = 7
    bench.terminal.type("0123456789abcdefXYZ")
    #expect(bench.uart.receiveCapacity == 0)
    #expect(bench[R.data] == 0x30)
    #expect(bench.terminal.takeInvitations() == 1)
    bench.terminal.type()
    #expect(bench.drain(18) == Array("123456789abcdefX".utf8).map { UInt64($0) } + [0, 0])
    bench.terminal.type()
    #expect(bench.drain(3) == [0x59, 0x5a, 0])
  }

  @Test(arguments: [(0x01, 1), (0x41, 4), (0x81, 8), (0xc1, 14)] as [(UInt64, Int)])
  func dataAreAvailableFromTheTriggerLevelAndTimeOutBelow(control: UInt64, trigger: Int) {
    let bench = Bench()
    bench[R.fcr] = control
    bench[R.ier] = 1
    bench.terminal.type(String(repeating: "q", count: 16))
    for count in stride(from: 16, to: 0, by: -1) {
      #expect(bench[R.iir] == (count >= trigger ? 0xc4 : 0xcc), "\(count) characters")
      #expect(bench.level)
      _ = bench[R.data]
    }
    #expect(bench[R.iir] == 0xc1)
    #expect(!bench.level)
  }

  @Test func receivedDataComeBeforeTheTransmitter() {
    let bench = Bench()
    bench[R.fcr] = 1
    bench[R.ier] = 3
    bench.terminal.type("q")
    #expect([bench[R.iir], bench[R.iir]] == [0xc4, 0xc4])
    bench[R.fcr] = 3
    #expect([bench[R.iir], bench[R.iir]] == [0xc2, 0xc1])
    #expect(bench[R.lsr] == 0x60)
  }

  @Test func switchingTheFIFOsEmptiesThem() {
    let bench = Bench()
    bench.terminal.type("a")
    bench[R.fcr] = 1
    #expect(bench[R.lsr] == 0x60)
    bench.terminal.type("bc")
    bench[R.fcr] = 0
    #expect(bench[R.lsr] == 0x60)
    #expect(bench[R.iir] == 1)
  }

  @Test func loopModeReturnsWhatIsSent() {
    let bench = Bench()
    bench[R.mcr] = 0x10
    bench[R.data] = 0x55
    #expect([bench[R.lsr], bench[R.data], bench[R.lsr]] == [0x61, 0x55, 0x60])
    bench[R.data] = 0x55
    bench[R.data] = 0x56
    #expect([bench[R.lsr], bench[R.data], bench[R.lsr]] == [0x63, 0x56, 0x60])
    #expect(bench.terminal.takeSent() == [])
  }

  @Test func anOverrunKeepsTheFIFOAndIsToldOnce() {
    let bench = Bench()
    bench[R.mcr] = 0x10
    bench[R.fcr] = 0xc1
    _ = bench[R.msr]
    bench[R.ier] = 0xf
    for byte in 0x60..<0x74 as Range<UInt64> { bench[R.data] = byte }
    #expect([bench[R.iir], bench[R.lsr], bench[R.iir]] == [0xc6, 0x63, 0xc4])
    #expect(bench.drain(17) == Array(0x60..<0x70) + [0])
    #expect([bench[R.lsr], bench[R.iir], bench[R.iir]] == [0x60, 0xc2, 0xc1])
  }

  @Test func loopModeWiresTheModemToItself() {
    let bench = Bench()
    for (outputs, inputs) in [
      (0x10, 0x00), (0x11, 0x20), (0x12, 0x10), (0x14, 0x40), (0x18, 0x80), (0x1a, 0x90), (0x1f, 0xf0),
      (0x0f, 0xb0), (0x00, 0xb0),
    ] as [(UInt64, UInt64)] {
      bench[R.mcr] = outputs
      #expect(bench[R.msr] & 0xf0 == inputs, "MCR \(outputs)")
    }
  }

  /// The manual's §8.9; QEMU reports no changes.
  @Test func modemChangesInterruptUntilTheyAreRead() {
    let bench = Bench()
    bench[R.ier] = 8
    bench[R.mcr] = 0x18
    #expect(bench.level)
    #expect(bench[R.iir] == 0)
    #expect(bench[R.msr] == 0x83, "CTS and DSR fell")
    #expect(!bench.level)
    #expect(bench[R.iir] == 1)
    bench[R.mcr] = 0x1c
    #expect(bench[R.msr] == 0xc0, "a ring that begins is no change")
    bench[R.mcr] = 0x18
    #expect(bench[R.msr] == 0x84, "one that ends is")
  }

  /// QEMU mixes them into the looped characters.
  @Test func inputWaitsWhileInLoopMode() {
    let bench = Bench()
    bench[R.mcr] = 0x10
    bench.terminal.type("abc")
    bench.terminal.sendBreak()
    #expect(bench[R.lsr] == 0x60)
    bench[R.mcr] = 8
    #expect(bench.terminal.takeInvitations() == 1)
    bench.terminal.type()
    #expect(bench[R.data] == 0x61)
  }

  @Test func aBreakIsANullCharacterWithAMark() {
    let bench = Bench()
    bench[R.ier] = 5
    bench.terminal.sendBreak()
    #expect([bench[R.iir], bench[R.lsr], bench[R.iir]] == [6, 0x71, 4])
    #expect([bench[R.data], bench[R.lsr]] == [0, 0x60])
  }

  @Test func aBreakIsReportedAtItsPlaceInTheFIFO() {
    let bench = Bench()
    bench[R.fcr] = 1
    bench[R.ier] = 5
    bench.terminal.type("a")
    bench.terminal.sendBreak()
    bench.terminal.type("b")
    #expect(bench[R.iir] == 0xc4)
    #expect(bench[R.lsr] == 0xe1, "an error is in the FIFO, but not yet at its top")
    #expect(bench[R.data] == 0x61)
    #expect(bench[R.iir] == 0xc6)
    #expect([bench[R.lsr], bench[R.lsr]] == [0xf1, 0x61])
    #expect(bench.drain(2) == [0, 0x62])
  }

  @Test func everyEventDrivesTheLineEvenWhereItIsHigh() {
    let bench = Bench()
    bench[R.fcr] = 1
    bench[R.ier] = 3
    _ = bench.controller.takeRequests(of: 10)
    bench.terminal.type("a")
    #expect(bench.controller.takeRequests(of: 10) == 1)
    bench[R.data] = 0x41
    #expect(bench.controller.takeRequests(of: 10) == 1)
    _ = bench[R.lsr]
    #expect(bench.controller.takeRequests(of: 10) == 0, "looking is no event")
    _ = bench[R.data]
    #expect(bench.controller.takeRequests(of: 10) == 1)
  }

  /// xv6 before 2024 enables THRE, never reads IIR, and must not drown in interrupts: the reason for
  /// the PLIC's request gateway.
  @Test func aHandlerThatIgnoresIIRIsLeftInPeaceByARequestGateway() {
    let plic = PLIC(ports: [], requestInputs: [10])
    let terminal = TestTerminal()
    let uart = NS16550A(line: InterruptLine(to: plic, input: 10), backEnd: terminal)
    uart.write(R.ier, width: 1, 3)
    #expect(plic.read(0x1000, width: 4) == 1 << 10)
    var state = plic.state
    state.pending = []
    plic.state = state
    for _ in 0..<10 { #expect(uart.read(R.lsr, width: 1) & 1 == 0) }
    #expect(plic.read(0x1000, width: 4) == 0)
    uart.receive([0x61])
    #expect(plic.read(0x1000, width: 4) == 1 << 10)
  }

  @Test func aResetEmptiesItAndTakesInputAgain() {
    let bench = Bench()
    bench[R.ier] = 0xf
    bench[R.scr] = 0x77
    bench.terminal.type("ab")
    bench.uart.reset()
    #expect(!bench.level)
    #expect((0..<8).map { bench[$0] } == [0, 0, 1, 0, 8, 0x60, 0xb0, 0])
    #expect(bench.terminal.takeInvitations() == 1)
  }

  @Test func aSnapshotBringsReceiverAndInterruptBack() {
    let bench = Bench()
    bench[R.fcr] = 0x81
    bench[R.ier] = 1
    bench.terminal.type("xyz")
    let saved = bench.uart.state
    bench.uart.reset()
    bench.uart.state = saved
    #expect(bench.uart.state == saved)
    #expect(bench.level)
    #expect(bench.drain(4) == [0x78, 0x79, 0x7a, 0])
  }

  @Test func aForeignSnapshotIsCutToSize() {
    let bench = Bench()
    var state = NS16550A.State()
    state.received = Array(repeating: .init(byte: 1), count: 1000)
    bench.uart.state = state
    #expect(bench.uart.receiveCapacity == 0)
    #expect([bench[R.data], bench[R.lsr]] == [1, 0x60])
  }

  @Test func aUARTWithoutBackEndSwallowsOutput() {
    let uart = NS16550A(line: .unconnected, backEnd: nil)
    uart.write(0, width: 1, 0x41)
    #expect(uart.read(5, width: 1) == 0x60)
  }

  @Test func noAccessCrashesIt() {
    let bench = Bench()
    for seed in 0..<20 as Range<UInt64> {
      bench.uart.hammer(seed: seed, window: NS16550A.windowSize, count: 2_000)
      bench.terminal.type("the quick brown fox")
      bench.terminal.sendBreak()
      bench.uart.receive(ArraySlice(repeating: 0x55, count: 40))
    }
  }
}
