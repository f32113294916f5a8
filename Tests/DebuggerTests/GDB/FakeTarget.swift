import RISCV

import Debugger

/// A target in memory: two processes' worth of threads where wanted, 64 KiB of bytes, no instructions.
final class FakeTarget: DebugTarget {
  var threads: [ThreadID]
  var registers = RegisterLayout(
    width: 64, floatWidth: 64, controls: [(1, "fflags"), (0x300, "mstatus"), (0xf14, "mhartid")])
  var values: [ThreadID: [DebugRegister: UInt64]] = [:]
  /// From `base` on.
  var memory = [UInt8](repeating: 0, count: 65536)
  let base: UInt64 = 0x8000_0000
  var breakpoints: Set<UInt64> = []
  var watchpoints: Set<Watchpoint> = []
  var plans: [ResumePlan] = []
  var interrupts = 0
  var attached = 0
  var detached: [Int] = []
  var isKilled = false
  var restarts = 0
  var commands: [String] = []
  var answer: String? = ""
  var stepMask: StepMask? = [.enable, .noInterrupts, .noTimers]
  var usesPhysicalAddresses: Bool? = false
  var memoryMap: [DebugMemoryRange]?
  var program: (any DebuggedProgram)?

  init(threads: [ThreadID] = [ThreadID(process: 1, thread: 1), ThreadID(process: 1, thread: 2)]) {
    self.threads = threads
  }

  func description(of thread: ThreadID) -> ThreadDescription {
    ThreadDescription(name: "CPU#\(thread.thread - 1)", state: "<run & \"rest\">", core: 1)
  }
  func read(_ register: DebugRegister, of thread: ThreadID) -> UInt64? { values[thread]?[register] ?? 0 }
  func write(_ register: DebugRegister, _ value: UInt64, of thread: ThreadID) -> Bool {
    if case .control(let number) = register, number >> 10 == 3 { return false }
    values[thread, default: [:]][register] = value
    return true
  }
  func readMemory(_ address: UInt64, count: Int, of thread: ThreadID) -> [UInt8] {
    let offset = address &- base
    guard offset < UInt64(memory.count) else { return [] }
    return Array(memory[Int(offset)...].prefix(count))
  }
  func writeMemory(_ address: UInt64, _ bytes: [UInt8], of thread: ThreadID) -> Bool {
    let offset = address &- base
    guard offset <= UInt64(memory.count), bytes.count <= memory.count - Int(offset) else { return false }
    memory.replaceSubrange(Int(offset)..<Int(offset) + bytes.count, with: bytes)
    return true
  }
  func insertBreakpoint(_ address: UInt64) { breakpoints.insert(address) }
  func removeBreakpoint(_ address: UInt64) { breakpoints.remove(address) }
  func insert(_ watchpoint: Watchpoint) -> Bool {
    watchpoints.insert(watchpoint)
    return true
  }
  func remove(_ watchpoint: Watchpoint) { watchpoints.remove(watchpoint) }
  func removeAllBreakpoints() {
    breakpoints = []
    watchpoints = []
  }
  func resume(_ plan: ResumePlan) { plans.append(plan) }
  var replies: [DebuggerReply] = []
  func answer(_ reply: DebuggerReply, of thread: ThreadID, then plan: ResumePlan?) {
    replies.append(reply)
    if let plan { resume(plan) }
  }
  func interrupt() { interrupts += 1 }
  func attach() { attached += 1 }
  func detach(process: Int) { detached.append(process) }
  func kill() { isKilled = true }
  func restart() -> Bool {
    restarts += 1
    return true
  }
  func command(_ line: String) -> String? {
    commands.append(line)
    return answer
  }
}

final class FakeProgram: DebuggedProgram {
  var caught: [Int]??
  var passed: [Int] = []
  func auxiliaryVector(of process: Int) -> [UInt8] { [1, 0x7d, 0x23, 0x24, 0x2a, 0] }
  func executable(of process: Int) -> String? { process == 1 ? "/bin/true" : nil }
  func signalInformation(of thread: ThreadID) -> [UInt8]? { nil }
  func sectionOffset(of process: Int) -> UInt64 { 0x4000 }
  func catchSystemCalls(_ numbers: [Int]?) { caught = .some(numbers) }
  var reportsForks = false
  var newborn: Int?
  func report(_ events: ProcessEvents) { reportsForks = events.contains(.forks) }
  func isNewborn(_ process: Int) -> Bool { newborn == process }
  func passSignals(_ signals: [Int]) { passed = signals }
  func openFile(_ path: String, flags: Int, mode: Int) -> Result<Int, FileError> {
    path == "/etc/x" ? .success(5) : .failure(FileError(2))
  }
  func readFile(_ descriptor: Int, count: Int, offset: UInt64) -> Result<[UInt8], FileError> {
    .success(Array("hello$".utf8.dropFirst(Int(min(offset, 6))).prefix(count)))
  }
  func closeFile(_ descriptor: Int) -> Result<Int, FileError> { .success(0) }
  func readLink(_ path: String) -> Result<[UInt8], FileError> { .failure(FileError(22)) }
}

/// A GDB that says what it is told to, over a perfect line.
final class FakePeer {
  let target: FakeTarget
  private(set) var wire: [UInt8] = []
  private var session: GDBSession?

  init(_ target: FakeTarget = FakeTarget(), features: String? = "multiprocess+;swbreak+;hwbreak+") {
    self.target = target
    let session = GDBSession(target: target) { [weak self] in self?.wire += $0 }
    self.session = session
    session.connect()
    if let features { _ = ask("qSupported:\(features)") }
  }

  var conversation: GDBSession {
    guard let session else { preconditionFailure("made in init") }
    return session
  }

  /// Sends `packet`; the answers' payloads, one after the other.
  func ask(_ packet: String) -> String { ask(Array(packet.utf8)) }

  func ask(_ packet: [UInt8]) -> String {
    wire = []
    conversation.receive(PacketText.frame(packet))
    return answers
  }

  func stop(_ thread: Int, _ reason: DebugStop.Reason, process: Int = 1) -> String {
    wire = []
    conversation.report(DebugStop(ThreadID(process: process, thread: thread), reason))
    return answers
  }

  /// What was sent, without acknowledgements; packets behind one another, with a space.
  private var answers: String {
    var reader = PacketReader()
    return wire.compactMap { byte in
      if case .packet(let packet) = reader.take(byte) { String(decoding: packet, as: UTF8.self) } else { nil }
    }.joined(separator: " ")
  }

  func raw(_ bytes: [UInt8]) -> [UInt8] {
    wire = []
    conversation.receive(bytes)
    return wire
  }
}
