import Debugger
import Machine
import RISCV
import Synchronization

/// A machine as GDB sees it: one process, a thread for each hart. On the server's thread.
final class MachineDebugTarget: DebugTarget {
  private let runner: MachineRunner
  private let owner: any DebuggedMachine
  private let monitor: MonitorSession
  private let harts: [Hart]
  let registers: RegisterLayout
  /// Where what `step` and `resume` come to is left for the server.
  private let post: (DebugStop) -> Void
  /// Called before harts go on: what they came to before is no news then.
  private let willResume: () -> Void
  var stepMask: StepMask? = [.enable, .noInterrupts, .noTimers]
  var usesPhysicalAddresses: Bool? = false

  init(
    _ owner: any DebuggedMachine, monitor: MonitorSession, post: @escaping (DebugStop) -> Void,
    willResume: @escaping () -> Void
  ) {
    self.owner = owner
    self.monitor = monitor
    self.post = post
    self.willResume = willResume
    runner = owner.runner
    harts = owner.runner.harts
    registers = owner.runner.atRest { RegisterLayout(of: owner.runner.harts[0]) }
  }

  // MARK: Threads

  static func thread(_ hart: Int) -> ThreadID { ThreadID(process: 1, thread: hart + 1) }

  var threads: [ThreadID] { harts.indices.map(Self.thread) }

  private func hart(_ thread: ThreadID) -> Hart { harts[thread.thread - 1] }

  /// QEMU's words.
  func description(of thread: ThreadID) -> ThreadDescription {
    let waits = runner.atRest { hart(thread).seemsToWait }
    return ThreadDescription(
      name: "CPU#\(thread.thread - 1)", state: waits ? "halted " : "running", core: thread.thread - 1)
  }

  // MARK: Registers

  func read(_ register: DebugRegister, of thread: ThreadID) -> UInt64? {
    let hart = hart(thread)
    return runner.atRest {
      switch register {
      case .integer(let number): hart[x: number]
      case .pc: hart.state.pointee.pc
      case .float(let number): hart[f: number]
      case .privilege: hart.state.pointee.privilege.rawValue
      case .control(let number): hart.debuggerCSR(number)
      }
    }
  }

  func write(_ register: DebugRegister, _ value: UInt64, of thread: ThreadID) -> Bool {
    let hart = hart(thread)
    return runner.atRest {
      switch register {
      case .integer(let number): hart[x: number] = value
      case .pc: hart.setDebuggerPC(value)
      // A narrow value is boxed (RISC-V Unprivileged, "NaN Boxing of Narrower Values").
      case .float(let number): hart[f: number] = registers.floatWidth == 32 ? ~0xffff_ffff | value : value
      case .privilege: return hart.setDebuggerPrivilege(value)
      case .control(let number): return hart.setDebuggerCSR(number, value)
      }
      return true
    }
  }

  // MARK: Memory

  /// Every address is memory for GDB: a kernel maps what it likes, and GDB gives up on addresses that a map
  /// does not have.
  var memoryMap: [DebugMemoryRange]? {
    if harts[0].features.xlen == 32 { return [DebugMemoryRange(first: 0, last: 0xffff_ffff, kind: .ram)] }
    let middle: UInt64 = 1 << 63
    return [
      DebugMemoryRange(first: 0, last: middle - 1, kind: .ram),
      DebugMemoryRange(first: middle, last: .max, kind: .ram),
    ]
  }

  func readMemory(_ address: UInt64, count: Int, of thread: ThreadID) -> [UInt8] {
    runner.atRest {
      var bytes: [UInt8] = []
      _ = forEachPage(address, count, hart(thread)) { physical, size in
        let part = readPhysical(physical, size)
        bytes += part
        return part.count == size
      }
      return bytes
    }
  }

  func writeMemory(_ address: UInt64, _ bytes: [UInt8], of thread: ThreadID) -> Bool {
    runner.atRest {
      var left = bytes[...]
      return forEachPage(address, bytes.count, hart(thread)) { physical, size in
        defer { left = left.dropFirst(size) }
        return writePhysical(physical, Array(left.prefix(size)))
      }
    }
  }

  /// Calls `body` with the physical address and size of each part that lies within a page. False where an
  /// address leads nowhere, or `body` says so.
  private func forEachPage(_ start: UInt64, _ count: Int, _ hart: Hart, _ body: (UInt64, Int) -> Bool) -> Bool
  {
    let width = hart.features.xlen
    var tables: PageTables?
    if usesPhysicalAddresses != true, let satp = hart.debuggerTranslation {
      tables = PageTables(satp: satp, width: width) { [memory = runner.memory] address, size in
        memory.copyOut(address, count: size)
      }
    }
    var address = start
    var left = count
    while left > 0 {
      let size = min(left, 4096 - Int(address & 0xfff))
      guard width == 64 || address >> 32 == 0, let physical = place(of: address, tables),
        body(physical, size)
      else { return false }
      let (next, isPastEnd) = address.addingReportingOverflow(UInt64(size))
      left -= size
      if isPastEnd, left > 0 { return false }
      address = next
    }
    return true
  }

  /// What is not mapped yet is where the kernel's file says, so that GDB finds a function that it is to stop at.
  private func place(of address: UInt64, _ tables: PageTables?) -> UInt64? {
    if usesPhysicalAddresses == true { return address }
    if let tables { return tables.physicalAddress(of: address) ?? owner.linkedPlace(of: address) }
    let exists = runner.memory.regions.contains { address >= $0.base && address <= $0.last }
    return exists ? address : owner.linkedPlace(of: address)
  }

  /// As much as there is.
  private func readPhysical(_ address: UInt64, _ count: Int) -> [UInt8] {
    if let bytes = runner.memory.copyOut(address, count: count) { return bytes }
    var bytes: [UInt8] = []
    while bytes.count < count {
      let place = address &+ UInt64(bytes.count)
      let widths = Self.widths(at: place, count - bytes.count)
      guard
        let part = widths.lazy.compactMap({ width in
          self.runner.memory.readDevice(place, width: width).map { ($0, width) }
        }).first
      else { break }
      bytes += withUnsafeBytes(of: part.0.littleEndian) { Array($0.prefix(part.1)) }
    }
    return bytes
  }

  private func writePhysical(_ address: UInt64, _ bytes: [UInt8]) -> Bool {
    if runner.memory.copyIn(bytes, to: address, includingROM: true) { return true }
    var done = 0
    while done < bytes.count {
      let place = address &+ UInt64(done)
      let rest = bytes[done...]
      guard
        let width = Self.widths(at: place, rest.count).first(where: { width in
          let value = rest.prefix(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
          return runner.memory.writeDevice(place, width: width, value)
        })
      else { return false }
      done += width
    }
    return true
  }

  /// Accesses that a device may take, the widest first.
  private static func widths(at address: UInt64, _ count: Int) -> [Int] {
    [8, 4, 2, 1].filter { $0 <= count && address % UInt64($0) == 0 }
  }

  // MARK: Breakpoints

  func insertBreakpoint(_ address: UInt64) { runner.insertBreakpoint(address) }
  func removeBreakpoint(_ address: UInt64) { runner.removeBreakpoint(address) }
  func insert(_ watchpoint: Watchpoint) -> Bool {
    runner.insert(watchpoint)
    return true
  }
  func remove(_ watchpoint: Watchpoint) { runner.remove(watchpoint) }
  func removeAllBreakpoints() { runner.removeAllBreakpoints() }

  // MARK: Running

  func resume(_ plan: ResumePlan) {
    willResume()
    let mask = stepMask ?? .enable
    let steppers = mask.contains(.enable) ? plan.actions.filter(\.value.isStep).keys.sorted() : []
    guard !runner.isShutDown else {
      return post(DebugStop(plan.actions.keys.min() ?? threads[0], .signal(GDBSignal.quit)))
    }
    owner.willRun()
    guard let first = steppers.first else {
      let going = Set(plan.actions.keys.map { $0.thread - 1 })
      return runner.resume(only: going.count == harts.count ? nil : going)
    }
    if runner.isRunning { runner.stop() }
    var stop = DebugStop(first, .step)
    let othersRun = steppers.count == 1 && plan.actions.count == harts.count
    for thread in steppers {
      let event = runner.step(
        hart: thread.thread - 1, takingInterrupts: !mask.contains(.noInterrupts), othersRun: othersRun)
      stop = DebugStop(thread, DebugStop.Reason(event))
      if event != .step { break }
    }
    owner.didStep()
    post(stop)
  }

  func answer(_ reply: DebuggerReply, of thread: ThreadID, then plan: ResumePlan?) {
    runner.atRest { hart(thread).answer(reply) }
    guard let plan else { return }
    if plan.actions[thread]?.isStep == true { post(DebugStop(thread, .step)) } else { resume(plan) }
  }

  func interrupt() { runner.stop() }
  func attach() { runner.stop() }

  func detach(process: Int) {
    guard !runner.isShutDown else { return }
    owner.willRun()
    runner.resume()
  }

  func kill() { owner.kill() }

  func restart() -> Bool {
    runner.stop()
    owner.reset()
    return true
  }

  func command(_ line: String) -> String? { monitor.execute(line) }
}

extension DebugStop.Reason {
  init(_ event: DebugEvent) {
    switch event {
    case .breakpoint: self = .breakpoint
    case .watchpoint(let point, let address): self = .watchpoint(point.kind, address: address)
    case .step: self = .step
    case .request(let text): self = .request(text)
    }
  }
}

extension RegisterLayout {
  /// At rest.
  init(of hart: Hart) {
    let extensions = hart.features.extensions
    let controls = (0..<4096).compactMap { number -> (number: Int, name: String)? in
      guard let name = RegisterNames.csr(number), hart.debuggerCSR(number) != nil else { return nil }
      return (number, name)
    }
    self.init(
      width: hart.features.xlen,
      floatWidth: extensions.contains(.d) ? 64 : extensions.contains(.f) ? 32 : 0, controls: controls)
  }
}
