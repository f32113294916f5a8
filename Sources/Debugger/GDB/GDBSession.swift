import RISCV

/// One GDB's conversation about a target, without a transport: bytes come in, bytes go out
/// ("Debugging with GDB", appendix E: GDB Remote Serial Protocol; all-stop mode).
///
/// Used on one thread. What GDB sends is never trusted: anything that is no packet is passed over, anything
/// that makes no sense is answered with an error.
package final class GDBSession {
  let target: any DebugTarget
  private let transmit: ([UInt8]) -> Void
  private var reader = PacketReader()
  /// The packet that was sent last, framed.
  private var last: [UInt8] = []
  private var acknowledges = true
  /// What GDB said that it understands.
  var peer = PeerFeatures()

  /// Whose registers and memory packets mean (`Hg`).
  package private(set) var general: ThreadID
  /// Whom `c` and `s` mean (`Hc`).
  private(set) var resumable: ThreadID
  /// GDB waits for a stop.
  var isRunning = false
  /// What the last stop was, for `?`.
  private var lastStop: DebugStop
  /// Single steps that go on while the pc is in a range.
  var ranges: [ThreadID: Range<UInt64>] = [:]
  var plan = ResumePlan([:])
  /// Whose request GDB is about to answer.
  var requester: ThreadID?
  /// Ctrl-C came meanwhile.
  var isInterruptWanted = false
  /// By kind: `Z0` and `Z1`.
  var breakpoints: [UInt64: Set<BreakpointKind>] = [:]
  var watchpoints: Set<Watchpoint> = []
  /// The target has ended or was killed: there is nothing more to say.
  package private(set) var isOver = false

  /// A packet's answer is `transmit`ted at once.
  package init(target: any DebugTarget, transmit: @escaping ([UInt8]) -> Void) {
    self.target = target
    self.transmit = transmit
    general = target.threads.first ?? ThreadID(process: 1, thread: 1)
    resumable = general
    lastStop = DebugStop(general, .signal(GDBSignal.trap))
  }

  // MARK: The connection

  /// A GDB has come.
  package func connect() {
    abandonRequest()
    reader = PacketReader()
    last = []
    acknowledges = true
    peer = PeerFeatures()
    isRunning = false
    ranges = [:]
    choose(target.threads.first ?? general)
    lastStop = DebugStop(general, .signal(GDBSignal.trap))
    target.attach()
  }

  /// The conversation goes on about a child of the process that it was about, which stands still and has no
  /// breakpoints.
  package func goOnWithChild() {
    isRunning = false
    ranges = [:]
    breakpoints = [:]
    watchpoints = []
    choose(target.threads.first ?? general)
    lastStop = DebugStop(general, .signal(GDBSignal.trap))
  }

  /// What another program that takes the conversation over has to know: acknowledgements, and what GDB understands.
  package var manners: Int {
    (acknowledges ? 1 : 0) | (peer.namesProcesses ? 2 : 0) | (peer.knowsSoftwareBreakpoints ? 4 : 0)
      | (peer.knowsHardwareBreakpoints ? 8 : 0)
  }

  /// The conversation goes on about a program that its process has executed: GDB waits for a stop.
  package func goOn(manners: Int) {
    acknowledges = manners & 1 != 0
    peer = PeerFeatures(
      namesProcesses: manners & 2 != 0, knowsSoftwareBreakpoints: manners & 4 != 0,
      knowsHardwareBreakpoints: manners & 8 != 0)
    choose(target.threads.first ?? general)
    isRunning = true
  }

  /// It has gone without a word: its breakpoints go too, and the target stays as it is.
  package func disconnect() {
    isRunning = false
    forgetBreakpoints()
    abandonRequest()
  }

  package func receive(_ bytes: some Sequence<UInt8>) {
    for byte in bytes where !isOver {
      switch reader.take(byte) {
      case nil: break
      case .packet(let packet):
        acknowledge("+")
        answer(packet)
      case .overlong:
        acknowledge("+")
        fail(GDBError.invalid)
      case .damaged: acknowledge("-")
      case .repeatRequest: if acknowledges, !last.isEmpty { transmit(last) }
      case .interrupt:
        if isRunning { target.interrupt() } else if requester != nil { isInterruptWanted = true }
      }
    }
  }

  private func acknowledge(_ mark: Unicode.Scalar) {
    if acknowledges { transmit([UInt8(ascii: mark)]) }
  }

  func send(_ payload: [UInt8]) {
    last = PacketText.frame(payload)
    transmit(last)
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// In decimal, as QEMU writes them.
  func fail(_ number: Int) { send(number < 10 ? "E0\(number)" : "E\(number)") }

  /// The packet is not known here.
  func refuse() { send("") }

  func stopAcknowledging() {
    send("OK")
    acknowledges = false
  }

  // MARK: Packets

  private func answer(_ packet: [UInt8]) {
    var rest = PacketScanner(packet[...])
    switch rest.byte().map(Unicode.Scalar.init) {
    case "?":
      // GDB begins anew: whatever it does not know of is to go.
      forgetBreakpoints()
      choose(lastStop.thread)
      send(reply(to: lastStop))
    case "!": send("OK")
    case "H": chooseThread(&rest)
    case "T":
      if one(&rest) != nil { send("OK") } else { fail(GDBError.invalid) }
    case "g": readGeneralRegisters()
    case "G": writeGeneralRegisters(rest)
    case "p": readRegister(&rest)
    case "P": writeRegister(&rest)
    case "m": readMemory(&rest, isBinary: false)
    case "x": readMemory(&rest, isBinary: true)
    case "M": writeMemory(&rest, isBinary: false)
    case "X": writeMemory(&rest, isBinary: true)
    case "Z": changeBreakpoint(&rest, inserts: true)
    case "z": changeBreakpoint(&rest, inserts: false)
    case "c", "C", "s", "S": resumeOld(packet)
    case "F": finishRequest(&rest)
    case "v": answerVerbose(&rest)
    case "q": answerQuery(&rest)
    case "Q": answerSetting(&rest)
    case "D": detach(&rest)
    case "R":
      // It has no answer; where it cannot be, GDB sees so by what it reads next.
      if target.restart() { choose(target.threads.first ?? general) }
    case "k":
      isOver = true
      target.kill()
    // There is no way back: that takes a record of what was.
    case "b": fail(GDBError.invalid)
    default: refuse()
    }
  }

  // MARK: Threads

  func choose(_ thread: ThreadID) {
    general = thread
    resumable = thread
  }

  /// The thread that a selector names, where it names one.
  func one(_ rest: inout PacketScanner) -> ThreadID? {
    guard let selector = rest.thread(), rest.isAtEnd, case .one = selector.thread else { return nil }
    return target.threads.first(where: selector.holds)
  }

  private func chooseThread(_ rest: inout PacketScanner) {
    let kind = rest.byte()
    guard kind == UInt8(ascii: "g") || kind == UInt8(ascii: "c"), let selector = rest.thread(), rest.isAtEnd
    else { return fail(GDBError.invalid) }
    if case .one = selector.thread {
      guard let thread = target.threads.first(where: selector.holds) else { return fail(GDBError.invalid) }
      if kind == UInt8(ascii: "g") { general = thread } else { resumable = thread }
    }
    send("OK")
  }

  func name(of thread: ThreadID) -> String {
    peer.namesProcesses
      ? "p\(twoDigits(thread.process)).\(twoDigits(thread.thread))" : twoDigits(thread.thread)
  }

  /// In hexadecimal, two digits at least.
  func twoDigits(_ number: Int) -> String {
    (number < 16 ? "0" : "") + String(UInt(bitPattern: number), radix: 16)
  }

  // MARK: Going on

  func resume(_ plan: ResumePlan) {
    self.plan = plan
    isRunning = true
    target.resume(plan)
  }

  /// The target has stopped.
  package func report(_ stop: DebugStop) {
    guard !isOver else { return }
    let isEnd: Bool
    switch stop.reason {
    case .exited, .killed, .left: isEnd = true
    default: isEnd = false
    }
    if case .left(let path) = stop.reason, isRunning {
      let process = stop.thread.process
      let text = "[process \(process) goes on as \(path), which is not for RISC-V or has another's rights]\n"
      send([UInt8(ascii: "O")] + PacketText.hex(text.utf8))
    }
    if isEnd { isOver = target.threads.allSatisfy { $0.process == stop.thread.process } }
    guard isRunning else {
      // GDB is told of an end whatever it thinks that the target does; it passes the packet over.
      if isEnd { send(reply(to: stop)) }
      return
    }
    if stop.reason == .step, let range = ranges[stop.thread],
      let pc = target.read(.pc, of: stop.thread), range.contains(pc)
    {
      return target.resume(plan)
    }
    isRunning = false
    if case .request(let text) = stop.reason {
      requester = stop.thread
      choose(stop.thread)
      return send("F" + text)
    }
    ranges = [:]
    lastStop = stop
    choose(stop.thread)
    send(reply(to: stop))
  }

  private func reply(to stop: DebugStop) -> String {
    let signal: Int
    var extra = ""
    switch stop.reason {
    case .exited(let code): return end("W", code, stop.thread)
    case .left: return end("W", 0, stop.thread)
    case .killed(let signal): return end("X", signal, stop.thread)
    case .signal(let number): signal = number
    case .step: signal = GDBSignal.trap
    case .breakpoint:
      signal = GDBSignal.trap
      let kinds = target.read(.pc, of: stop.thread).flatMap { breakpoints[$0] } ?? []
      if kinds.contains(.hardware), peer.knowsHardwareBreakpoints {
        extra = "hwbreak:;"
      } else if kinds.contains(.software), peer.knowsSoftwareBreakpoints {
        extra = "swbreak:;"
      }
    case .watchpoint(let kind, let address):
      signal = GDBSignal.trap
      let name =
        switch kind {
        case .read: "rwatch"
        case .write: "watch"
        case .access: "awatch"
        }
      extra = "\(name):\(String(address, radix: 16));"
    case .systemCallEntry(let number):
      signal = GDBSignal.trap
      extra = "syscall_entry:\(String(number, radix: 16));"
    case .systemCallReturn(let number):
      signal = GDBSignal.trap
      extra = "syscall_return:\(String(number, radix: 16));"
    case .fork(let child):
      signal = GDBSignal.trap
      extra = "fork:\(name(of: child));"
    case .vfork(let child):
      signal = GDBSignal.trap
      extra = "vfork:\(name(of: child));"
    case .request: signal = GDBSignal.trap
    case .vforkDone:
      signal = GDBSignal.trap
      extra = "vforkdone:;"
    case .exec(let path):
      signal = GDBSignal.trap
      extra = "exec:\(String(decoding: PacketText.hex(path.utf8), as: UTF8.self));"
    }
    return "T\(twoDigits(signal))thread:\(name(of: stop.thread));\(extra)\(expedited(stop.thread))"
  }

  /// What GDB would ask for first: frame pointer, stack pointer, pc.
  private func expedited(_ thread: ThreadID) -> String {
    [8, 2, 32].compactMap { number in
      guard let (register, size) = target.registers[number], let value = target.read(register, of: thread)
      else { return nil }
      let text = String(decoding: PacketText.hex(value, size: size), as: UTF8.self)
      return "\(twoDigits(number)):\(text);"
    }.joined()
  }

  private func end(_ letter: String, _ number: Int, _ thread: ThreadID) -> String {
    "\(letter)\(twoDigits(number & 0xff))"
      + (peer.namesProcesses ? ";process:\(String(thread.process, radix: 16))" : "")
  }

  // MARK: Leaving

  func forgetBreakpoints() {
    breakpoints = [:]
    watchpoints = []
    target.removeAllBreakpoints()
  }

  private func detach(_ rest: inout PacketScanner) {
    var process = general.process
    if rest.takes(";") {
      guard let number = rest.integer(), rest.isAtEnd,
        target.threads.contains(where: { $0.process == number })
      else { return fail(GDBError.invalid) }
      process = number
    } else if !rest.isAtEnd {
      return fail(GDBError.invalid)
    }
    abandonRequest()
    if target.threads.allSatisfy({ $0.process == process }) { forgetBreakpoints() }
    target.detach(process: process)
    isRunning = false
    send("OK")
  }

  func kill(_ process: Int) {
    guard target.threads.contains(where: { $0.process == process }) else { return fail(GDBError.invalid) }
    send("OK")
    isOver = true
    target.kill()
  }
}

/// Signals by GDB's numbers.
package enum GDBSignal {
  package static let interrupt = 2
  package static let quit = 3
  package static let trap = 5
}

/// Error numbers of replies: GDB shows them, and means nothing by them.
enum GDBError {
  /// EFAULT, EINVAL, ENOSPC.
  static let fault = 14
  static let invalid = 22
  static let noSpace = 28
}

enum BreakpointKind { case software, hardware }

/// What `qSupported` brought.
struct PeerFeatures {
  var namesProcesses = false
  var knowsSoftwareBreakpoints = false
  var knowsHardwareBreakpoints = false
}
