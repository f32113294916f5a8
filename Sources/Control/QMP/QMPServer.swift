import Consoles
import JSONText
import Machine
import Synchronization

/// QMP on a character back end: one client at a time, the next one when it has gone.
///
/// The conversation has a thread of its own, so that a command may wait for harts. Events are sent by whoever
/// has them to tell.
package final class QMPServer: CharacterFrontEnd {
  private enum Arrival: Sendable {
    case bytes([UInt8])
    /// Somebody came or went, counted.
    case connection(Bool, Int)
  }

  private struct Inbox {
    var arrivals: [Arrival] = []
    /// Bytes among them.
    var count = 0
    /// The thread carries something out.
    var isBusy = false
  }

  private let machine: any MonitoredMachine
  private let events: QMPEvents
  private let output: any CharacterBackEnd
  private let isPretty: Bool
  private let inbox = Condition(Inbox())
  /// Counts who came and went: what one client asked is not answered to the next.
  private let connections = Atomic(0)
  /// The present client's conversation; nil while there is none.
  private let session = Mutex<QMPSession?>(nil)
  /// Bytes that may wait for the thread; who sends more is held up.
  private static let capacity = 1 << 16

  package init(machine: any MonitoredMachine, events: QMPEvents, output: any CharacterBackEnd, isPretty: Bool)
  {
    self.machine = machine
    self.events = events
    self.output = output
    self.isPretty = isPretty
  }

  /// Begins to listen.
  package func start() {
    events.listen { [self] event in
      session.withLock { session in
        if session?.isNegotiated == true { send(event.json) }
      }
    }
    output.attach(self)
    if output.isConnected { inbox.signal { $0.arrivals.append(.connection(true, 0)) } }
    HostThread.start { [self] in converse() }
  }

  /// Waits until what is being carried out has been answered, a second at most.
  package func finish() {
    _ = inbox.wait(milliseconds: 1000) { $0.isBusy ? nil : true }
  }

  // MARK: CharacterFrontEnd, called outside the machine's gate

  package var receiveCapacity: Int { inbox.withLock { max(0, Self.capacity - $0.count) } }
  package func receive(_ bytes: ArraySlice<UInt8>) {
    inbox.signal { inbox in
      inbox.arrivals.append(.bytes(Array(bytes)))
      inbox.count += bytes.count
    }
  }
  package func receiveBreak() {}
  package func connectionChanged(isConnected: Bool) {
    let number = connections.add(1, ordering: .sequentiallyConsistent).newValue
    inbox.signal { $0.arrivals.append(.connection(isConnected, number)) }
  }

  // MARK: The conversation

  private func converse() {
    var stream = JSONStream()
    var mine = 0
    while true {
      let (arrivals, wasFull) = inbox.wait { inbox -> ([Arrival], Bool)? in
        inbox.isBusy = !inbox.arrivals.isEmpty
        guard inbox.isBusy else { return nil }
        defer { (inbox.arrivals, inbox.count) = ([], 0) }
        return (inbox.arrivals, inbox.count >= Self.capacity)
      }
      if wasFull { output.acceptInput() }
      for arrival in arrivals {
        switch arrival {
        case .connection(let isConnected, let number):
          mine = number
          stream = JSONStream()
          session.withLock { session in
            session = isConnected ? QMPSession(machine: machine, events: events) : nil
            if let session { send(session.greeting) }
          }
        case .bytes(let bytes):
          for item in stream.read(bytes) { answer(item, connection: mine) }
        }
      }
      inbox.signal { $0.isBusy = false }
    }
  }

  private func answer(_ item: JSONStream.Item, connection: Int) {
    guard let mine = session.withLock({ $0 }), !mine.isOver else { return }
    let reply = mine.reply(to: item)
    defer { mine.replyIsSent() }
    session.withLock { _ in
      if connections.load(ordering: .sequentiallyConsistent) == connection { send(reply) }
    }
  }

  /// With the session's lock held: replies and events do not mix.
  private func send(_ value: JSON) {
    var bytes: [UInt8] = []
    for byte in value.bytes(pretty: isPretty) {
      if byte == 0x0a { bytes.append(0x0d) }
      bytes.append(byte)
    }
    output.send(bytes + [0x0d, 0x0a])
  }
}
