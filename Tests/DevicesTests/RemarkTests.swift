import Logging
import Machine
import RISCV
import Testing

import Devices

/// What devices say of accesses that are not right: QEMU's words where it has some, measured.
@Suite struct RemarkTests {
  private let ports = [InterruptPort()]

  private func read(_ device: some MMIODevice, _ offset: UInt64) -> DeviceRemark? {
    device.remark(on: DeviceAccess(offset: offset, width: 4))
  }
  private func write(_ device: some MMIODevice, _ offset: UInt64, _ value: UInt64 = 0) -> DeviceRemark? {
    device.remark(on: DeviceAccess(offset: offset, width: 4, value: value))
  }

  /// All registers that a device declares may be used as they are declared.
  private func expectNothing(_ device: some MMIODevice, writing value: UInt64 = 0) {
    for register in type(of: device).registers {
      if register.access != .writeOnly { #expect(read(device, register.offset) == nil, "\(register.name)") }
      if register.access != .readOnly {
        #expect(write(device, register.offset, value) == nil, "\(register.name)")
      }
    }
  }

  @Test func interruptControllers() {
    let plic = PLIC(ports: ports, requestInputs: [])
    expectNothing(plic)
    #expect(read(plic, 0x30_0000) == .guestError("sifive_plic_read: Invalid register read 0x300000"))
    #expect(write(plic, 0x30_0000) == .guestError("sifive_plic_write: Invalid register write 0x300000"))
    #expect(write(plic, 0) == .guestError("sifive_plic_write: Invalid register write 0x0"))
    #expect(write(plic, 0x1000) == .guestError("sifive_plic_write: invalid pending write: 0x1000"))
    let software = MSWI(ports: ports)
    expectNothing(software)
    #expect(read(software, 16) == .guestError("aclint-swi: invalid read: 00000010"))
    let timer = MTIMER(ports: ports, clock: Clock(mode: .instructions(shift: 0)))
    expectNothing(timer)
    #expect(write(timer, 0x20) == .guestError("aclint-mtimer: invalid write: 00000020"))
    #expect(write(SSWI(ports: ports), 4) == .guestError("aclint-swi: invalid write: 00000004"))
  }

  @Test func platform() throws {
    let finisher = SiFiveTest(power: RecordingPower())
    expectNothing(finisher, writing: 0x5555)
    #expect(
      write(finisher, 0, 5) == .guestError("sifive_test_write: write: addr=0x0 val=0x0000000000000005"))
    let machine = try TestMachine()
    let clock = GoldfishRTC(line: machine.line(11), clock: machine.clock, timers: machine.environment.timers)
    expectNothing(clock)
    #expect(read(clock, 0x14) == .unimplemented("goldfish_rtc_read: offset 0x14 is UNIMP."))
    #expect(write(clock, 0x18) == .unimplemented("goldfish_rtc_write: offset 0x18 is UNIMP."))
  }

  /// The address space asks only while somebody listens, and says itself what nobody answers.
  @Test func theAddressSpaceLogsWhatIsRefused() throws {
    let file = TestLogFile()
    let log = Log()
    try log.open(file.path)
    let memory = AddressSpace(lock: MachineLock(), log: log)
    memory.addDevice(
      "riscv.sifive.plic", PLIC(ports: ports, requestInputs: []), base: 0xc00_0000, size: PLIC.windowSize,
      widths: PLIC.accessWidths, isLockFree: true)
    _ = memory.readDevice(0x10, width: 4)
    #expect(try file.lines == [])
    log.items = .guestErrors
    _ = memory.readDevice(0x10, width: 4)
    _ = memory.writeDevice(0xc00_0000, width: 1, 0)
    _ = memory.readDevice(0xc00_1000, width: 4)
    _ = memory.readDevice(0xc30_0000, width: 4)
    log.items = .invalidAccesses
    _ = memory.writeDevice(0x18, width: 8, 0)
    _ = memory.readDevice(0xc30_0000, width: 4)
    #expect(
      try file.lines == [
        "Invalid read at addr 0x10, size 4, region '(null)', reason: rejected",
        "Invalid write at addr 0x0, size 1, region 'riscv.sifive.plic', reason: invalid size (min:4 max:4)",
        "sifive_plic_read: Invalid register read 0x300000",
        "Invalid write at addr 0x18, size 8, region '(null)', reason: rejected",
      ])
  }
}
