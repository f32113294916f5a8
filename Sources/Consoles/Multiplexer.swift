import Machine
import Synchronization

/// Told when Ctrl-a c brings a front end to the terminal or takes it away.
package protocol FocusObserver: AnyObject, Sendable {
  func focusChanged(isFocused: Bool)
}

/// Several front ends on one stream: all print, one at a time hears. The escape key (Ctrl-a, `-echr`)
/// followed by a letter commands the multiplexer itself.
package final class Multiplexer: StreamOutlet, StreamConsumer {
  /// What the keys ask of the program.
  package struct Actions: Sendable {
    /// Ctrl-a x.
    package var exit: @Sendable () -> Void
    /// Ctrl-a s.
    package var saveDisks: @Sendable () -> Void

    package init(exit: @escaping @Sendable () -> Void, saveDisks: @escaping @Sendable () -> Void) {
      self.exit = exit
      self.saveDisks = saveDisks
    }
  }

  private struct State {
    var ports: [MultiplexerPort] = []
    var focus = 0
    var sawEscape = false
    var stamps = Timestamps()
  }

  private let state = Mutex(State())
  private let id: String
  private let stream: any HostStream
  private let gate: any InputGate
  private let escape: UInt8
  private let actions: Actions
  private let now: @Sendable () -> UInt64

  /// `now` gives milliseconds.
  package init(
    id: String, stream: any HostStream, gate: any InputGate, escape: UInt8, actions: Actions,
    now: @escaping @Sendable () -> UInt64
  ) {
    self.id = id
    self.stream = stream
    self.gate = gate
    self.escape = escape
    self.actions = actions
    self.now = now
  }

  private static let mostPorts = 4

  package func plug() throws(BackEndError) -> any CharacterBackEnd { try addPort(gate: gate) }
  package func plugMonitor() throws(BackEndError) -> any CharacterBackEnd { try addPort(gate: nil) }

  /// Adds a front end's place. The last one begins with the focus: devices are plugged in after monitors.
  private func addPort(gate: (any InputGate)?) throws(BackEndError) -> MultiplexerPort {
    let port = MultiplexerPort(self, InputLine(gate: gate) { [stream] in stream.ring() })
    let hasRoom = state.withLock { state in
      guard state.ports.count < Self.mostPorts else { return false }
      state.focus = state.ports.count
      state.ports.append(port)
      return true
    }
    guard hasRoom else {
      throw BackEndError("too many uses of multiplexed chardev '\(id)' (maximum is \(Self.mostPorts))")
    }
    return port
  }

  package func takeStream() throws(BackEndError) -> any HostStream { stream }

  package var isInUse: Bool { state.withLock { !$0.ports.isEmpty } }

  package func sendBreak() { receiveBreak() }

  package func start() { stream.start(self) }

  package func isFocused(_ port: MultiplexerPort) -> Bool {
    state.withLock { $0.ports.indices.contains($0.focus) && $0.ports[$0.focus] === port }
  }

  // MARK: Output

  /// Prints for whoever, with a time at each line's beginning where Ctrl-a t asked for it.
  @discardableResult
  fileprivate func send(_ bytes: [UInt8]) -> Bool {
    stream.send(state.withLock { $0.stamps.apply(to: bytes, now: now) })
  }

  fileprivate func waitForRoom() { stream.waitForRoom() }

  fileprivate func wake() { stream.ring() }

  fileprivate var isConnected: Bool { stream.isConnected }

  // MARK: Input

  package var hasRoom: Bool { focusedPort?.line.hasRoom ?? true }

  package func pump() {
    for port in state.withLock({ $0.ports }) { port.line.pump() }
  }

  package func receiveBreak() { focusedPort?.line.sendBreak() }

  package func connectionChanged(isConnected: Bool) {
    for port in state.withLock({ $0.ports }) { port.line.announce(isConnected: isConnected) }
  }

  package func receive(_ bytes: ArraySlice<UInt8>) {
    var plain: [UInt8] = []
    func flush() {
      focusedPort?.line.append(plain[...])
      plain = []
    }
    for byte in bytes {
      let sawEscape = state.withLock { state in
        defer { state.sawEscape = !state.sawEscape && byte == escape }
        return state.sawEscape
      }
      if !sawEscape {
        if byte != escape { plain.append(byte) }
      } else if byte == escape {
        plain.append(byte)
      } else {
        flush()
        command(byte)
      }
    }
    if !plain.isEmpty { flush() }
  }

  private var focusedPort: MultiplexerPort? {
    state.withLock { $0.ports.indices.contains($0.focus) ? $0.ports[$0.focus] : nil }
  }

  private func command(_ key: UInt8) {
    switch key {
    case UInt8(ascii: "x"):
      send(Array("QEMU: Terminated\n\r".utf8))
      actions.exit()
    case UInt8(ascii: "s"): actions.saveDisks()
    case UInt8(ascii: "b"): receiveBreak()
    case UInt8(ascii: "c"): switchFocus()
    case UInt8(ascii: "t"): state.withLock { $0.stamps.toggle() }
    default: send(Array(help.utf8))
    }
  }

  private func switchFocus() {
    let (old, new) = state.withLock { state -> (MultiplexerPort?, MultiplexerPort?) in
      guard state.ports.count > 1 else { return (nil, nil) }
      let old = state.ports[state.focus]
      state.focus = (state.focus + 1) % state.ports.count
      return (old, state.ports[state.focus])
    }
    old?.observer?.focusChanged(isFocused: false)
    new?.observer?.focusChanged(isFocused: true)
    new?.line.pump()
  }

  /// The keys, in the words and with the line ends that QEMU has.
  private var help: String {
    let key = Self.name(of: escape)
    let rows = [
      "\(key) h    print this help",
      "\(key) x    exit emulator",
      "\(key) s    save disk data back to file (if -snapshot)",
      "\(key) t    toggle console timestamps",
      "\(key) b    send break (magic sysrq)",
      "\(key) c    switch between console and monitor",
      "\(key) \(key)  sends \(key)",
    ]
    return "\n\r" + rows.map { $0 + "\n\r" }.joined()
  }

  /// "C-a" for 1, the character itself for printable ones.
  private static func name(of key: UInt8) -> String {
    switch key {
    case 0...26: "C-\(Character(UnicodeScalar(key + 0x60)))"
    case 0x21...0x7e: "\(Character(UnicodeScalar(key)))"
    default: "0x\(String(key, radix: 16))"
    }
  }
}

/// One front end's place at a multiplexer.
package final class MultiplexerPort: CharacterBackEnd {
  private let multiplexer: Multiplexer
  fileprivate let line: InputLine
  private let watcher = Mutex<(any FocusObserver)?>(nil)

  fileprivate init(_ multiplexer: Multiplexer, _ line: InputLine) {
    self.multiplexer = multiplexer
    self.line = line
  }

  package func send(_ bytes: [UInt8]) {
    if multiplexer.send(bytes) { line.throttle { [multiplexer] in multiplexer.waitForRoom() } }
  }

  package func attach(_ frontEnd: (any CharacterFrontEnd)?) {
    line.attach(frontEnd)
    multiplexer.wake()
  }

  package func acceptInput() { line.acceptInput() }

  package var isConnected: Bool { multiplexer.isConnected }

  package var isFocused: Bool { multiplexer.isFocused(self) }

  fileprivate var observer: (any FocusObserver)? { watcher.withLock { $0 } }

  /// Has `observer` told whenever the focus comes or goes.
  package func observeFocus(_ observer: any FocusObserver) { watcher.withLock { $0 = observer } }
}

/// `[hh:mm:ss.mmm] ` before the first byte of each line, counted from the first one printed.
struct Timestamps {
  private var isOn = false
  private var start: UInt64?
  private var isLineStart = false

  mutating func toggle() {
    isOn.toggle()
    start = nil
    isLineStart = false
  }

  mutating func apply(to bytes: [UInt8], now: () -> UInt64) -> [UInt8] {
    guard isOn else { return bytes }
    var stamped: [UInt8] = []
    for byte in bytes {
      if isLineStart {
        stamped += stamp(now())
        isLineStart = false
      }
      stamped.append(byte)
      if byte == UInt8(ascii: "\n") { isLineStart = true }
    }
    return stamped
  }

  private mutating func stamp(_ now: UInt64) -> [UInt8] {
    let first = start ?? now
    start = first
    let elapsed = now &- first
    let seconds = elapsed / 1000
    func digits(_ value: UInt64, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    return Array(
      ("[\(digits(seconds / 3600, 2)):\(digits(seconds / 60 % 60, 2)):\(digits(seconds % 60, 2))."
        + "\(digits(elapsed % 1000, 3))] ").utf8)
  }
}
