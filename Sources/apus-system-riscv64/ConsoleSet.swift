import CommandLineOptions
import Consoles
import Control
import Glibc
import Machine

/// The character back ends of a command line, with their monitors.
final class ConsoleSet {
  /// By id, as devices ask for them.
  private(set) var characters: [String: any CharacterBackEnd] = [:]
  private var monitors: [any CharacterBackEnd] = []
  private var standardIO: (StandardIO, any StandardIO.Consumer, signals: Bool)?
  private var files: [FileConsole] = []
  private var multiplexers: [Multiplexer] = []

  init(
    _ request: CommandLineRequest, gate: any InputGate, ending: Ending, disks: DiskSet, _ reporter: Reporter
  ) throws(CommandLineError) {
    let actions = Multiplexer.Actions(
      exit: { ending.quit() },
      saveDisks: {
        do { try disks.commitAll() } catch { reporter.report("\(error)") }
      })
    for character in request.characters {
      do {
        try open(character, request, gate, actions)
      } catch {
        // A serial line says on a second line what became of it.
        guard let option = character.option else { throw CommandLineError("\(error)") }
        guard option.hasPrefix("-serial ") else { throw CommandLineError("\(option): \(error)") }
        throw CommandLineError(
          "\(option): \(error)",
          "\(option): could not connect serial device to character backend '\(character.text)'")
      }
    }
  }

  private func open(
    _ character: CharacterRequest, _ request: CommandLineRequest, _ gate: any InputGate,
    _ actions: Multiplexer.Actions
  ) throws(BackEndError) {
    let id = character.id
    let hasMonitor = request.monitors.contains(id)
    let hasDevice =
      request.machine.serial.contains(id) || request.machine.devices.contains { $0["chardev"] == id }
    switch character.kind {
    case .null:
      if hasMonitor { monitors.append(NullConsole()) }
      characters[id] = NullConsole()
    case .file(let path, let appends):
      let file = try FileConsole(path: path, appends: appends, gate: hasMonitor ? nil : gate)
      files.append(file)
      if hasMonitor { monitors.append(file) }
      characters[id] = file
    case .standardIO(let signals):
      let terminal = try StandardIO()
      guard character.isMultiplexed else {
        let console = StandardConsole(terminal, gate: hasMonitor ? nil : gate)
        standardIO = (terminal, console, signals)
        if hasMonitor { monitors.append(console) } else { characters[id] = console }
        return
      }
      let multiplexer = Multiplexer(
        escape: request.escape, actions: actions,
        output: Multiplexer.Output(send: { terminal.send($0) }, waitForRoom: { terminal.waitForRoom() }),
        ring: { terminal.ring() }, now: { Clock.hostNanoseconds() / 1_000_000 })
      multiplexers.append(multiplexer)
      standardIO = (terminal, multiplexer, signals)
      if hasDevice || !hasMonitor { characters[id] = multiplexer.addPort(gate: gate) }
      if hasMonitor { monitors.append(multiplexer.addPort(gate: nil)) }
    }
  }

  /// Begins to listen: the terminal goes into raw mode, monitors greet.
  func start(monitoring machine: any MonitoredMachine) {
    for output in monitors {
      let session = MonitorSession(
        machine: machine, version: "Apus \(Program.version), compatible with QEMU 10.0")
      let banner = "Apus \(Program.version) monitor - type 'help' for more information"
      Monitor(session: session, output: output, banner: banner).start()
    }
    guard let (terminal, consumer, signals) = standardIO else { return }
    Terminal.enterRawMode(signals: signals)
    terminal.start(consumer)
  }

  /// What is to be called when the machine is told to end: harts that wait for a stuck reader go on.
  var stopWaiting: @Sendable () -> Void {
    { [terminal = standardIO?.0, files] in
      terminal?.stopWaiting()
      for file in files { file.stopWaiting() }
    }
  }

  /// Writes what is still on its way, and gives the terminal back.
  func finish(patience: Int?) {
    for file in files { file.flush(patience: patience) }
    standardIO?.0.flush(patience: patience)
    Terminal.restore()
  }
}
