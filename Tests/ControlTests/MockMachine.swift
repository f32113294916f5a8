import Consoles
import Control
import Debugger
import Devices
import Logging
import Machine
import RISCV
import Synchronization

/// A machine of two harts with 64 KiB of RAM at 0x8000_0000 and one device register.
final class MockMachine: MonitoredMachine {
  struct State {
    var log: [String] = []
    var isRunning = true
    var isOff = false
    var isOneByOne = false
    var endActions = EndActions()
    var controls: [String: UInt64] = ["mip": 0x80, "mie": 0x80, "mideleg": 0x222]
    var condition = HartCondition(width: 64, privilege: .supervisor, satp: 0, mstatus: 0)
    var ram = (0..<65536).map { UInt8(truncatingIfNeeded: $0) }
  }
  let state = Mutex(State())
  let log = Log()

  init(symbols: GuestSymbols = GuestSymbols()) { self.symbols = symbols }

  private func note(_ word: String) { state.withLock { $0.log.append(word) } }
  var runState: RunState { state.withLock { $0.isRunning } ? .running : .paused }
  var hartCount: Int { 2 }
  func stop() { state.withLock { $0.isRunning = false } }
  func resume() throws(MonitorError) {
    if state.withLock({ $0.isOff }) { throw MonitorError("Error: Resetting the Virtual Machine is required") }
    state.withLock { $0.isRunning = true }
  }
  func commit(_ name: String) throws(MonitorError) {
    if name != "all" { throw MonitorError("Device '\(name)' not found") }
  }
  func reset() { note("reset") }
  func powerDown() throws(MonitorError) { throw MonitorError("Error: no power button") }
  func quit() { note("quit") }
  func startDebugServer(_ device: String?) throws(MonitorError) -> String { note("gdb"); return "" }
  func wakeUp() throws(MonitorError) {
    throw MonitorError("Error: wake-up from suspend is not supported by this guest")
  }
  var translatesOneByOne: Bool? { state.withLock { $0.isOneByOne } }
  func setTranslatesOneByOne(_ isOn: Bool) { state.withLock { $0.isOneByOne = isOn } }

  func controlRegister(_ name: String, ofHart hart: Int) -> UInt64? { state.withLock { $0.controls[name] } }
  func condition(ofHart hart: Int) -> HartCondition { state.withLock { $0.condition } }
  func isPermitted(
    _ access: MemoryAccess, at address: UInt64, count: UInt64, by privilege: Privilege, hart: Int
  ) -> Bool { privilege == .machine || address >= 0x8000_0000 }
  func cachedTranslations(ofHart hart: Int) -> [CachedTranslation] {
    hart == 0
      ? [
        CachedTranslation(
          view: "user", virtual: 0x1000, physical: 0x8000_1000, isReadable: true, isWritable: false,
          isExecutable: true)
      ] : []
  }
  nonisolated(unsafe) var refusesUnstable = false
  var program: ProgramDescription {
    var program = ProgramDescription(version: "0")
    program.machines = [.init(name: "virt", mostHarts: 2, defaultCPU: "rv64", properties: [])]
    program.deviceModels = VirtIOModels.all
    program.characterKinds = ["null", "ringbuf"]
    program.refusesUnstable = refusesUnstable
    return program
  }
  var endActions: EndActions {
    get { state.withLock { $0.endActions } }
    set { state.withLock { $0.endActions = newValue } }
  }
  func pressPowerButton() { note("power button") }
  let hostThreads: [Int32] = [11, 12]
  func sendBreak(to label: String) throws(MonitorError) {
    guard label == "serial0" else { throw MonitorError("Error: Chardev '\(label)' not found") }
    note("break")
  }

  let symbols: GuestSymbols
  func readMemory(_ address: UInt64, count: Int) -> [UInt8]? {
    guard address >= 0x8000_0000, address - 0x8000_0000 <= 65536 - UInt64(count) else { return nil }
    let start = Int(address - 0x8000_0000)
    return state.withLock { Array($0.ram[start..<start + count]) }
  }
  func untouchedBytes(at address: UInt64) -> UInt64 { 0 }
  func hostAddress(of address: UInt64) -> UInt64? {
    readMemory(address, count: 1).map { _ in address + 0x7000_0000_0000 }
  }
  var flattenedDeviceTree: [UInt8] { [0xd0, 0x0d, 0xfe, 0xed] }
  var ramSize: UInt64 { 65536 }
  let boardName = "virt"
  let cpuName = "rv64"
  var interruptControllers: InterruptControllers {
    InterruptControllers(
      sources: [
        .init(
          number: 8, device: "virtio-mmio-bus.7", level: true, isPending: true, isInService: false,
          priority: 1, enabledFor: [1]),
        .init(
          number: 10, device: "serial-mm", level: false, isPending: true, isInService: false, priority: 0,
          enabledFor: [3]),
        .init(
          number: 20, device: "", level: false, isPending: false, isInService: false, priority: 0,
          enabledFor: []),
      ], thresholds: [0, 0, 0, 0],
      harts: [
        .init(softwareInterrupt: true, timeCompare: 50), .init(softwareInterrupt: false, timeCompare: 99),
      ],
      time: 60)
  }
  var virtioDevices: [VirtIOCondition] {
    [
      VirtIOCondition(
        path: "/machine/peripheral/d", name: "virtio-blk", deviceID: 2, bus: "virtio-mmio-bus.7",
        isLegacy: true, status: 7, interruptStatus: 1, offeredFeatures: 1 << 29 | 1 << 9, features: 1 << 9,
        failure: nil, queueSelector: 0,
        queues: [
          .init(
            size: 8, maximumSize: 256, isReady: true, descriptors: 0x8000_2000, available: 0x8000_2080,
            used: 0x8000_3000, nextAvailable: 3, nextUsed: 2, signalledUsed: 2, inFlight: 1)
        ])
    ]
  }
  var drives: [DriveCondition] {
    [
      DriveCondition(
        id: "d0", file: "disk.img", isReadOnly: true, isSnapshot: false, cache: "writeback", size: 7680,
        owner: "/machine/peripheral/d")
    ]
  }

  func registers(ofHart hart: Int) -> RegisterDump {
    RegisterDump(
      width: 64, pc: 0x8000_0000 + UInt64(hart) * 4, controls: [("mhartid", UInt64(hart)), ("satp", 0)],
      integers: (0..<32).map { UInt64($0) * 0x11 }, floats: hart == 0 ? (0..<32).map { UInt64($0) } : [])
  }

  func readPhysical(_ address: UInt64, count: Int, width: Int) -> [UInt8]? {
    if address == 0x1000_0000, count == width { return [UInt8](repeating: 0xaa, count: count) }
    guard address >= 0x8000_0000, address - 0x8000_0000 <= 65536 - UInt64(count) else { return nil }
    let start = Int(address - 0x8000_0000)
    return state.withLock { Array($0.ram[start..<start + count]) }
  }

  func readVirtual(_ address: UInt64, count: Int, width: Int, hart: Int) -> [UInt8]? {
    readPhysical(address &+ 0x8000_0000, count: count, width: width)
  }

  func disassemble(_ bytes: [UInt8], at address: UInt64) -> (text: String, length: Int) { ("nop", 2) }

  var memoryMap: [MemoryRange] {
    [MemoryRange(name: "ram", first: 0x8000_0000, last: 0x8000_ffff, kind: "ram")]
  }
  var deviceTree: [DeviceNode] {
    [
      DeviceNode(
        typeName: "virtio-mmio", path: "/machine/unattached/device[11]", windows: [(0x1000_8000, 0x200)],
        buses: [
          (
            name: "virtio-mmio-bus.7", type: "virtio-mmio-bus",
            devices: [
              DeviceNode(
                typeName: "virtio-blk-device", id: "d", path: "/machine/peripheral/d",
                properties: [("serial", "S")])
            ]
          )
        ])
    ]
  }
  var engines: [EngineSummary?] {
    [EngineSummary(figures: [("regions", 3)], fallbacks: [("csrrw", 5), ("ecall", 2)])]
  }
  let ringBuffer = try? RingBuffer(size: 16)
  var characterBackEnds: [CharacterBackEndEntry] {
    [
      CharacterBackEndEntry(label: "serial0", name: "pty:/dev/pts/3"),
      CharacterBackEndEntry(label: "r", name: "ringbuf", ringBuffer: ringBuffer),
    ]
  }
  var images: [MemoryImage] { [MemoryImage(name: "fdt", address: 0x8000_0000, size: 0x100, memory: "ram")] }
}

func session(_ machine: MockMachine = MockMachine()) -> MonitorSession {
  MonitorSession(machine: machine, version: "v")
}
