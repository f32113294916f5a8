import Machine
import Synchronization

/// Bytes to and from the host: the terminal, a file, a socket. What a guest makes of them is none of its
/// business.
package protocol HostStream: AnyObject, Sendable {
  /// As `info chardev` names it.
  var name: String { get }
  /// Somebody is at the other end. What is sent while nobody is goes nowhere.
  var isConnected: Bool { get }
  /// Begins reading. Called once.
  func start(_ consumer: any StreamConsumer)
  /// Takes all of `bytes` and never waits. True where the other end takes less than is sent: whoever sends
  /// more ought to call `waitForRoom` before.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool
  /// Waits until the other end has taken some. Not with the machine lock held.
  func waitForRoom()
  /// Has the reading thread call the consumer's `pump`. Callable from anywhere, with any lock held.
  func ring()
  /// Waits until all is on its way, at most while something moves within `patience` milliseconds.
  func flush(patience: Int?)
  /// Lets go whoever waits in `waitForRoom`, for good.
  func stopWaiting()
}

/// Takes what a stream reads, on the stream's thread.
package protocol StreamConsumer: AnyObject, Sendable {
  func receive(_ bytes: ArraySlice<UInt8>)
  /// A serial break, where the stream knows such a thing.
  func receiveBreak()
  func connectionChanged(isConnected: Bool)
  /// The front end may have room again.
  func pump()
  /// Whether to read on. When it comes to be so again, the consumer rings.
  var hasRoom: Bool { get }
}

/// A place where the machine's front ends and monitors find a stream.
package protocol StreamOutlet: CharacterOutlet {
  /// A place for a monitor, which is no part of the machine and is called outside its gate.
  func plugMonitor() throws(BackEndError) -> any CharacterBackEnd
  /// The stream itself, for a multiplexer or hub that stands before it from now on.
  func takeStream() throws(BackEndError) -> any HostStream
  /// Begins reading, where the stream was not taken.
  func start()
  /// A front end or a monitor uses it.
  var isInUse: Bool { get }
  /// A serial break for the front end that hears now.
  func sendBreak()
}

/// A stream with one front end.
package final class SingleOutlet: StreamOutlet {
  private enum Use: Sendable {
    case none
    case console(Console)
    case taken
  }

  private let id: String
  private let stream: any HostStream
  private let gate: any InputGate
  private let use = Mutex(Use.none)

  package init(id: String, stream: any HostStream, gate: any InputGate) {
    self.id = id
    self.stream = stream
    self.gate = gate
  }

  package func plug() throws(BackEndError) -> any CharacterBackEnd { try plug(gate: gate) }
  package func plugMonitor() throws(BackEndError) -> any CharacterBackEnd { try plug(gate: nil) }

  private func plug(gate: (any InputGate)?) throws(BackEndError) -> any CharacterBackEnd {
    let console = Console(stream, gate: gate)
    try become(.console(console))
    return console
  }

  package func takeStream() throws(BackEndError) -> any HostStream {
    try become(.taken)
    return stream
  }

  private func become(_ new: Use) throws(BackEndError) {
    let isFree = use.withLock { use in
      guard case .none = use else { return false }
      use = new
      return true
    }
    if !isFree { throw BackEndError("chardev '\(id)' is already in use\nIt serves several with mux=on.") }
  }

  package var isInUse: Bool { if case .none = use.withLock({ $0 }) { false } else { true } }

  package func sendBreak() { if case .console(let console) = use.withLock({ $0 }) { console.receiveBreak() } }

  package func start() {
    switch use.withLock({ $0 }) {
    // Without a front end, too, who connects is let in.
    case .none: stream.start(Console(stream, gate: gate))
    case .console(let console): stream.start(console)
    case .taken: break
    }
  }
}
