import CommandLineOptions
import Consoles
import Control
import Glibc
import Machine

/// A back end's stream, and what it is called.
struct LabelledStream: Sendable {
  let label: String
  /// The id of what stands before it.
  let outlet: String
  /// As `-chardev` has it.
  let kind: String
  let stream: any HostStream
}

/// The character back ends of a command line, with their monitors.
final class ConsoleSet {
  private var outlets: [String: any StreamOutlet] = [:]
  /// In the order of opening, as `info chardev` lists them.
  private(set) var labelledStreams: [LabelledStream] = []
  /// Streams that are also written to files, by which they are flushed.
  private var logs: [any HostStream] = []
  private var monitors: [(output: any CharacterBackEnd, mode: MonitorRequest.Mode)] = []
  private var machineProtocols: [QMPServer] = []
  /// Whether Ctrl-C stays a signal on the terminal; nil where the terminal is not used.
  private var terminalSignals: Bool?

  let gate: any InputGate
  private let escape: UInt8
  private let actions: Multiplexer.Actions
  private let reporter: Reporter

  init(
    _ request: CommandLineRequest, gate: any InputGate, ending: Ending, disks: DiskSet, _ reporter: Reporter
  ) throws(CommandLineError) {
    self.gate = gate
    self.reporter = reporter
    escape = request.escape
    actions = Multiplexer.Actions(
      exit: { ending.quit(.hostUI) },
      saveDisks: {
        do { try disks.commitAll() } catch { reporter.report("\(error)") }
      })
    for character in request.characters {
      do throws(BackEndError) {
        try open(character)
      } catch {
        throw Self.failure(of: character, error)
      }
    }
    for monitor in request.monitors {
      do throws(BackEndError) {
        guard let outlet = outlets[monitor.id] else {
          throw BackEndError("chardev \"\(monitor.id)\" not found")
        }
        monitors.append((try outlet.plugMonitor(), monitor.mode))
      } catch {
        throw CommandLineError("\(monitor.option ?? "-mon \(monitor.id)"): \(error)")
      }
    }
  }

  /// A serial line says in a second sentence what became of it.
  private static func failure(of character: CharacterRequest, _ error: BackEndError) -> CommandLineError {
    guard let option = character.option else { return CommandLineError("\(error)") }
    let ending: String
    switch option.prefix(while: { $0 != " " }) {
    case "-serial", "--serial":
      ending = "could not connect serial device to character backend '\(character.text)'"
    case "-parallel", "--parallel":
      ending = "could not connect parallel device to character backend '\(character.text)'"
    case "-monitor", "--monitor", "-qmp", "--qmp", "-qmp-pretty", "--qmp-pretty":
      ending = "parse error: \(character.text)"
    default: return CommandLineError("\(option): \(error)")
    }
    return CommandLineError("\(option): \(error)", "\(option): \(ending)")
  }

  /// By id, as devices ask for them.
  var characters: [String: any CharacterOutlet] { outlets }

  // MARK: Opening

  private func open(_ character: CharacterRequest) throws(BackEndError) {
    let id = character.id
    var stream = try stream(of: character)
    labelledStreams.append(
      LabelledStream(
        label: label(of: character), outlet: character.id, kind: character.kind.name, stream: stream))
    if let log = character.log {
      stream = try LoggedStream(stream, path: log.path, appends: log.appends)
      logs.append(stream)
    }
    var isMultiplexed = character.isMultiplexed
    if case .multiplexer = character.kind { isMultiplexed = true }
    outlets[id] =
      isMultiplexed
      ? Multiplexer(
        id: id, stream: stream, gate: gate, escape: escape, actions: actions,
        now: { Clock.hostNanoseconds() / 1_000_000 })
      : SingleOutlet(id: id, stream: stream, gate: gate)
  }

  /// A multiplexer's own stream has a label of its own.
  private func label(of character: CharacterRequest) -> String {
    character.isMultiplexed ? "\(character.id)-base" : character.id
  }

  private func stream(of character: CharacterRequest) throws(BackEndError) -> any HostStream {
    switch character.kind {
    case .null: return NullStream()
    case .file(let path, let appends, let inputPath):
      return try BlockingStream(path: path, appends: appends, inputPath: inputPath)
    case .standardIO(let signals):
      terminalSignals = signals
      return try BlockingStream()
    case .pipe(let path): return try ConnectionStream(FixedEndpoint(pipe: path))
    case .serialLine(let path): return try ConnectionStream(FixedEndpoint(serialLine: path))
    case .datagrams(let options): return try ConnectionStream(FixedEndpoint(options))
    case .pseudoterminal(let link): return try ConnectionStream(try pseudoterminal(link, character))
    case .socket(let options): return try ConnectionStream(try socket(options, character))
    case .ringBuffer(let size): return try RingBuffer(size: size)
    case .multiplexer(let base):
      guard let outlet = outlets[base] else { throw BackEndError("mux: base chardev \(base) not found") }
      return try outlet.takeStream()
    case .hub(let members): return Hub(try streams(ofHub: members))
    }
  }

  private func pseudoterminal(
    _ link: String?, _ character: CharacterRequest
  ) throws(BackEndError) -> PseudoTerminal {
    let terminal = try PseudoTerminal()
    // Scripts wait for this line.
    print("char device redirected to \(terminal.path) (label \(label(of: character)))")
    fflush(nil)
    if let link { try terminal.link(at: link) }
    return terminal
  }

  private func socket(
    _ options: SocketOptions, _ character: CharacterRequest
  ) throws(BackEndError) -> any Endpoint {
    guard options.isServer else {
      return try SocketConnector(options, label: character.id) { [reporter] in reporter.report($0) }
    }
    let listener = try SocketListener(options)
    if options.waits {
      let place = "QEMU waiting for connection on: disconnected:\(listener.name)"
      reporter.report("\(character.option.map { "\($0): " } ?? "")info: \(place)")
      listener.waitForClient()
    }
    return listener
  }

  private func streams(ofHub members: [String]) throws(BackEndError) -> [any HostStream] {
    var streams: [any HostStream] = []
    for id in members {
      guard let outlet = outlets[id] else { throw BackEndError("hub: chardev can't be found by id '\(id)'") }
      let stream = try outlet.takeStream()
      if outlet is Multiplexer || stream is Hub {
        throw BackEndError(
          "hub: multiplexers and hub devices can't be stacked, check chardev '\(id)', "
            + "chardev should not be a hub device or have 'mux=on' enabled")
      }
      streams.append(stream)
    }
    return streams
  }

  // MARK: GDB, networks

  /// A place at a back end of the command line's for somebody who is no part of the machine.
  func plugOutsider(_ id: String) throws(BackEndError) -> any CharacterBackEnd {
    guard let outlet = outlets[id] else { throw BackEndError("chardev '\(id)' not found") }
    return try outlet.plugMonitor()
  }

  /// A back end for GDB alone, and where clients find it.
  func openDebugServer(
    _ character: CharacterRequest
  ) throws(BackEndError) -> (stream: any HostStream, place: String?) {
    switch character.kind {
    case .socket(let options) where options.isServer && !options.waits:
      let listener = try SocketListener(options)
      return (try ConnectionStream(listener), listener.place)
    case .standardIO:
      if labelledStreams.contains(where: { $0.stream.name == "stdio" }) {
        throw BackEndError("cannot use stdio by multiple character devices")
      }
      return (try BlockingStream(), nil)
    case .multiplexer, .hub: throw BackEndError("GDB wants a back end of its own")
    default: return (try stream(of: character), nil)
    }
  }

  // MARK: From start to end

  /// Begins to listen: the terminal goes into raw mode, monitors greet.
  func start(monitoring machine: any MonitoredMachine, _ events: QMPEvents) {
    for (output, mode) in monitors {
      switch mode {
      case .readline:
        let session = MonitorSession(machine: machine, version: machine.program.versionLine)
        let banner = "Apus \(Program.version) monitor - type 'help' for more information"
        Monitor(session: session, output: output, banner: banner).start()
      case .control(let isPretty):
        let server = QMPServer(machine: machine, events: events, output: output, isPretty: isPretty)
        machineProtocols.append(server)
        server.start()
      }
    }
    if let terminalSignals { Terminal.enterRawMode(signals: terminalSignals) }
    for outlet in outlets.values { outlet.start() }
  }

  private var streams: [any HostStream] { labelledStreams.map(\.stream) + logs }

  /// Waits until clients have been answered what they asked last.
  func finishReplies() { for server in machineProtocols { server.finish() } }

  /// What uses a back end.
  func outlet(of entry: LabelledStream) -> (any StreamOutlet)? { outlets[entry.outlet] }

  /// What is to be called when the machine is told to end: harts that wait for a stuck reader go on.
  var stopWaiting: @Sendable () -> Void {
    { [streams] in for stream in streams { stream.stopWaiting() } }
  }

  /// Writes what is still on its way, and gives the terminal back.
  func finish(patience: Int?) {
    for stream in streams { stream.flush(patience: patience) }
    Terminal.restore()
  }
}
