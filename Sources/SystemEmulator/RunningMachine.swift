import Boards
import Boot
import CommandLineOptions
import Consoles
import Control
import Debugger
import Logging
import Machine
import RISCV
import Synchronization

/// A machine as the monitor sees it.
final class RunningMachine: MonitoredMachine {
  let machine: BuiltMachine
  let runner: MachineRunner
  let ending: Ending
  let disks: DiskSet
  private let hasStarted: Atomic<Bool>
  let log: Log
  let symbols: GuestSymbols

  private nonisolated(unsafe) let consoles: ConsoleSet
  let program: ProgramDescription
  let boardProperties: PropertyValues?
  let objects: [ObjectEntry]

  let debugServers: DebugServers
  let networks: NetworkSet
  /// The kernel's file; and of its segments what a debugger has asked for.
  private let kernel: String?
  private let segments = Mutex<[ELF.Segment]?>(nil)

  init(
    _ assembly: Assembly, _ ending: Ending, _ disks: DiskSet, _ log: Log, _ symbols: GuestSymbols,
    consoles: ConsoleSet, debugServers: DebugServers, networks: NetworkSet, _ request: CommandLineRequest
  ) {
    self.networks = networks
    program = ProgramDescription(request)
    boardProperties = PropertyValues(ofBoardOf: request.machine)
    objects = request.objects.map(ObjectEntry.init)
    self.debugServers = debugServers
    kernel = request.machine.kernel
    self.consoles = consoles
    self.disks = disks
    self.log = log
    self.symbols = symbols
    machine = assembly.machine
    runner = assembly.runner
    self.ending = ending
    hasStarted = Atomic(!assembly.runner.settings.startPaused)
  }

  /// Segments of the kernel's file that are linked at other addresses than they are loaded at.
  var linkedSegments: [ELF.Segment] {
    segments.withLock { segments in
      let found = segments ?? Self.linkedSegments(ofKernel: kernel)
      segments = found
      return found
    }
  }

  // MARK: Control

  var runState: RunState {
    if runner.isShutDown { return .shutDown }
    if runner.isRunning { return .running }
    if debugServers.isAtBreakpoint { return .debug }
    return hasStarted.load(ordering: .relaxed) ? .paused : .prelaunch
  }

  var hartCount: Int { runner.harts.count }

  func stop() { runner.stop() }

  func resume() throws(MonitorError) {
    if runner.isShutDown { throw MonitorError("Error: Resetting the Virtual Machine is required") }
    noteStart()
    runner.resume()
  }

  func noteStart() {
    hasStarted.store(true, ordering: .relaxed)
    debugServers.willResume()
  }

  func reset() {
    runner.requestReset(.hostQMPSystemReset)
    runner.settle()
    if !runner.isRunning, !runner.isShutDown { hasStarted.store(false, ordering: .relaxed) }
  }

  func settle() { runner.settle() }

  func hold() -> @Sendable () -> Void {
    runner.hold()
    return { [runner] in runner.release() }
  }

  var endActions: EndActions {
    get { runner.actions }
    set { runner.actions = newValue }
  }

  var hostThreads: [Int32] { runner.hostThreads }
  var cpu: CPUConfiguration? { machine.cpu }

  func pressPowerButton() { runner.tell(.powerButton) }

  func powerDown() throws(MonitorError) {
    pressPowerButton()
    throw MonitorError(
      "Error: this machine has no power button; 'quit' ends it, or power off from within the guest")
  }

  func wakeUp() throws(MonitorError) {
    throw MonitorError("Error: wake-up from suspend is not supported by this guest")
  }

  func quit() { ending.quit(.hostQMPQuit) }

  func commit(_ name: String) throws(MonitorError) {
    do {
      if name == "all" { try disks.commitAll() } else { try disks.commit(name) }
    } catch {
      throw MonitorError(error.description)
    }
  }

  // MARK: Registers

  func registers(ofHart index: Int) -> RegisterDump {
    let hart = runner.harts[index]
    return runner.atRest { RegisterDump(hart) }
  }

  var engines: [EngineSummary?] {
    runner.atRest {
      runner.harts.map { hart in
        guard let account = hart.engine?.account else { return nil }
        return EngineSummary(
          figures: [
            ("gen code size", account.codeBytes), ("capacity", account.capacity),
            ("regions", account.regions), ("regions along traces", account.traces),
            ("guest instructions", account.instructions), ("flush count", account.flushes),
            ("exits", account.exits),
          ],
          fallbacks: account.interpreted)
      }
    }
  }

  // MARK: Memory

  func readPhysical(_ address: UInt64, count: Int, width: Int) -> [UInt8]? {
    if let bytes = machine.memory.copyOut(address, count: count) { return bytes }
    var bytes: [UInt8] = []
    while bytes.count < count {
      let size = min(width, count - bytes.count)
      guard let value = machine.memory.readDevice(address &+ UInt64(bytes.count), width: size) else {
        return nil
      }
      bytes += withUnsafeBytes(of: value.littleEndian) { Array($0.prefix(size)) }
    }
    return bytes
  }

  func readVirtual(_ address: UInt64, count: Int, width: Int, hart index: Int) -> [UInt8]? {
    let hart = runner.harts[index]
    let (translates, satp) = runner.atRest {
      (hart.state.pointee.privilege != .machine, hart.state.pointee.satp)
    }
    guard translates else { return readPhysical(address, count: count, width: width) }
    let tables = PageTables(satp: satp, width: hart.features.xlen) { [machine] address, size in
      machine.memory.copyOut(address, count: size)
    }
    var bytes: [UInt8] = []
    while bytes.count < count {
      // A page at a time: neighbours need not be neighbours in memory.
      let virtual = address &+ UInt64(bytes.count)
      let size = min(count - bytes.count, 4096 - Int(virtual & 0xfff))
      guard let physical = tables.physicalAddress(of: virtual),
        let part = readPhysical(physical, count: size, width: width)
      else { return nil }
      bytes += part
    }
    return bytes
  }

  func disassemble(_ bytes: [UInt8], at address: UInt64) -> (text: String, length: Int) {
    let features = runner.harts[0].features
    let word = bytes.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let line = Disassembler(extensions: features.extensions, xlen: features.xlen).line(word, at: address)
    let mnemonic = line.mnemonic + String(repeating: " ", count: max(1, 24 - line.mnemonic.count))
    return (line.operands.isEmpty ? line.mnemonic : mnemonic + line.operands, line.length)
  }

  // MARK: Listings

  var characterBackEnds: [CharacterBackEndEntry] {
    consoles.labelledStreams.map { entry in
      CharacterBackEndEntry(
        label: entry.label, name: entry.stream.name, kind: entry.kind,
        ringBuffer: entry.stream as? RingBuffer,
        isInUse: consoles.outlet(of: entry)?.isInUse ?? false)
    }
  }

  func sendBreak(to label: String) throws(MonitorError) {
    guard let entry = consoles.labelledStreams.first(where: { $0.outlet == label }) else {
      throw MonitorError("Error: Chardev '\(label)' not found")
    }
    consoles.outlet(of: entry)?.sendBreak()
  }

  var images: [MemoryImage] {
    machine.plan.roms.blobs.map { blob in
      let isROM = machine.memory.regions.contains { region in
        if case .rom = region.kind { return (region.base...region.last).contains(blob.address) }
        return false
      }
      return MemoryImage(
        name: blob.name, address: blob.address, size: blob.size, memory: isROM ? "rom" : "ram")
    }
  }
}
