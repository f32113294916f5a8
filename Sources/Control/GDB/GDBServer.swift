import Consoles
import Debugger
import Machine
import RISCV
import Synchronization

/// What the GDB server needs of a machine beside its runner.
package protocol DebuggedMachine: MonitoredMachine {
  var runner: MachineRunner { get }
  /// The machine is about to run, for whatever stretch.
  func willRun()
  /// It has made a debugger's step.
  func didStep()
  /// GDB's `kill`: ends the program.
  func kill()
  /// Where in memory the kernel's file has what is linked at an address that is not mapped (yet).
  func linkedPlace(of address: UInt64) -> UInt64?
}

/// GDB's other end, on a character back end: one GDB at a time, the next one when it has gone.
///
/// The conversation has a thread of its own, so that a packet may wait for harts. What harts and others report
/// is left in its inbox.
package final class GDBServer: CharacterFrontEnd {
  private enum Event: Sendable {
    case bytes([UInt8], connection: Int)
    case connection(Bool, Int)
    case machine(MachineStop, episode: Int)
    case stop(DebugStop, episode: Int)
    case close
  }

  private let machine: any DebuggedMachine
  private let version: String
  private let output: any CharacterBackEnd
  private let inbox = Condition<[Event]>([])
  /// Counts resumptions: what happened before the last one is no news.
  private let episode = Atomic<Int>(0)
  /// Counts who came and went: what one GDB asked is not answered to the next.
  private let connection = Atomic<Int>(0)
  private let isFinished = Condition(false)
  private let hasDebugger = Atomic<Bool>(false)

  /// A GDB is connected.
  package var isConnected: Bool { hasDebugger.load(ordering: .sequentiallyConsistent) }

  package init(_ machine: any DebuggedMachine, version: String, output: any CharacterBackEnd) {
    self.machine = machine
    self.version = version
    self.output = output
  }

  package func start() {
    output.attach(self)
    if output.isConnected {
      // A GDB that is there already wants to see the machine's first instruction.
      machine.runner.stop()
      hasDebugger.store(true, ordering: .sequentiallyConsistent)
      inbox.signal { $0.append(.connection(true, 0)) }
    }
    HostThread.start { [self] in converse() }
  }

  /// What the machine's runner tells; from any thread.
  package func observe(_ stop: MachineStop) {
    let now = episode.load(ordering: .sequentiallyConsistent)
    inbox.signal { $0.append(.machine(stop, episode: now)) }
  }

  /// Lets go of the connection's GDB, and listens no more.
  package func close() {
    output.attach(nil)
    hasDebugger.store(false, ordering: .sequentiallyConsistent)
    inbox.signal { $0.append(.close) }
  }

  /// Waits until GDB has been told of the machine's end, a second at most.
  package func finish() {
    _ = isFinished.wait(milliseconds: 1000) { $0 ? true : nil }
  }

  // MARK: CharacterFrontEnd, called outside the machine's gate

  package var receiveCapacity: Int { 65536 }
  package func receive(_ bytes: ArraySlice<UInt8>) { take(Array(bytes)) }
  package func receiveBreak() { take([3]) }
  package func connectionChanged(isConnected: Bool) {
    hasDebugger.store(isConnected, ordering: .sequentiallyConsistent)
    let number = connection.add(1, ordering: .sequentiallyConsistent).newValue
    inbox.signal { $0.append(.connection(isConnected, number)) }
  }

  private func take(_ bytes: [UInt8]) {
    let number = connection.load(ordering: .sequentiallyConsistent)
    inbox.signal { $0.append(.bytes(bytes, connection: number)) }
  }

  // MARK: The conversation

  private func converse() {
    let target = MachineDebugTarget(
      machine, monitor: MonitorSession(machine: machine, version: version)
    ) { [self] stop in
      let now = episode.load(ordering: .sequentiallyConsistent)
      inbox.signal { $0.append(.stop(stop, episode: now)) }
    } willResume: { [self] in
      episode.add(1, ordering: .sequentiallyConsistent)
    }
    var mine = 0
    let session = GDBSession(target: target) { [self] in
      if connection.load(ordering: .sequentiallyConsistent) == mine { output.send($0) }
    }
    var isConnected = false
    while true {
      let events = inbox.wait { inbox -> [Event]? in
        guard !inbox.isEmpty else { return nil }
        defer { inbox = [] }
        return inbox
      }
      for event in events {
        switch event {
        case .bytes(let bytes, let number):
          if isConnected, number == connection.load(ordering: .sequentiallyConsistent) {
            session.receive(bytes)
          }
        case .connection(true, let number):
          mine = number
          isConnected = true
          session.connect()
        case .connection(false, _):
          if isConnected { session.disconnect() }
          isConnected = false
        case .stop(let stop, let episode):
          if isConnected, isCurrent(episode) { session.report(stop) }
        case .machine(let stop, let episode):
          if !isConnected { goOnWithoutDebugger(stop) }
          if isConnected, let stop = stop.debugStop(current: session.general, machine.runner),
            isCurrent(episode) || stop.reason.isEnd
          {
            // Whatever other harts came to at the same time is in the inbox now.
            if !stop.reason.isEnd { machine.runner.atRest {} }
            session.report(stop)
          }
          if case .ended = stop { isFinished.signal { $0 = true } }
        case .close:
          if isConnected { session.disconnect() }
          isFinished.signal { $0 = true }
          return
        }
      }
    }
  }

  /// GDB went as a hart asked for it: the hart makes its call again, which finds out.
  private func goOnWithoutDebugger(_ stop: MachineStop) {
    if case .event(_, .request) = stop { machine.runner.resume() }
  }

  private func isCurrent(_ episode: Int) -> Bool {
    episode == self.episode.load(ordering: .sequentiallyConsistent)
  }
}

extension MachineStop {
  /// What GDB is told, if anything. `current` is the thread that it looks at.
  fileprivate func debugStop(current: ThreadID, _ runner: MachineRunner) -> DebugStop? {
    switch self {
    case .event(let hart, let event):
      return DebugStop(MachineDebugTarget.thread(hart), DebugStop.Reason(event))
    case .stopped:
      return DebugStop(current, .signal(runner.isShutDown ? GDBSignal.quit : GDBSignal.interrupt))
    case .ended(let code): return DebugStop(current, .exited(code: Int(code ?? 0)))
    case .resumed, .reset, .shutDown, .powerButton, .device: return nil
    }
  }
}

extension DebugStop.Reason {
  fileprivate var isEnd: Bool {
    switch self {
    case .exited, .killed: true
    default: false
    }
  }
}
