import CommandLineOptions
import Consoles
import Control
import Machine
import Synchronization

/// The GDB server of a machine: the one of the command line, and those that the monitor starts later. There is
/// one at a time.
final class DebugServers: Sendable {
  private struct Running {
    let server: GDBServer
    /// nil where a back end of the command line serves it.
    let stream: (any HostStream)?
  }

  private struct State {
    var machine: (any DebuggedMachine)?
    var running: Running?
    var isAtBreakpoint = false
  }

  private let state = Mutex(State())
  private let reporter: Reporter
  private let version: String
  /// Opens a back end.
  private nonisolated(unsafe) let consoles: ConsoleSet

  init(_ consoles: ConsoleSet, version: String, _ reporter: Reporter) {
    self.consoles = consoles
    self.version = version
    self.reporter = reporter
  }

  /// What `open` has made ready, to be started once there is a machine.
  struct Ready {
    fileprivate let output: any CharacterBackEnd
    fileprivate let stream: (any HostStream)?
    fileprivate let outlet: (any StreamOutlet)?
  }

  // MARK: The command line's

  /// Opens what `-gdb` names, and says which port it is where that was not certain.
  func open(_ request: DebugServerRequest) throws(CommandLineError) -> Ready {
    switch request {
    case .existing(let id):
      do throws(BackEndError) {
        return Ready(output: try consoles.plugOutsider(id), stream: nil, outlet: nil)
      } catch {
        throw CommandLineError("-gdb chardev:\(id): \(error)")
      }
    case .own(let character):
      do throws(BackEndError) {
        return try open(character)
      } catch {
        let option = character.option ?? "-gdb"
        throw CommandLineError("\(option): \(error)", "\(option): gdbstub: couldn't create chardev")
      }
    }
  }

  private func open(_ character: CharacterRequest) throws(BackEndError) -> Ready {
    let (stream, place) = try consoles.openDebugServer(character)
    if let place, let port = place.split(separator: ":").last, character.option == "-s", port != "1234" {
      reporter.report(
        "-s: port 1234 is taken, so GDB is waited for at the next free one: target remote :\(port)")
    }
    let outlet = SingleOutlet(id: character.id, stream: stream, gate: consoles.gate)
    return Ready(output: try outlet.plugMonitor(), stream: stream, outlet: outlet)
  }

  /// The machine can be asked from now on.
  func serve(_ machine: any DebuggedMachine) {
    state.withLock { $0.machine = machine }
    machine.runner.observe { [self] stop in
      let server = state.withLock { state in
        switch stop {
        case .event: state.isAtBreakpoint = true
        case .stopped, .reset, .ended: state.isAtBreakpoint = false
        case .shutDown, .powerButton, .device: break
        // It is told when harts may have come to the next one already.
        case .resumed: break
        }
        return state.running?.server
      }
      if let server {
        server.observe(stop)
      } else if case .event(_, .request) = stop {
        // The server has ended meanwhile: the hart makes its call again, which finds out.
        HostThread.start { machine.runner.resume() }
      }
    }
  }

  /// A GDB is connected.
  var hasDebugger: Bool { state.withLock { $0.running?.server.isConnected ?? false } }

  func start(_ ready: Ready) {
    guard let machine = state.withLock({ $0.machine }) else { return }
    let server = GDBServer(machine, version: version, output: ready.output)
    state.withLock { $0.running = Running(server: server, stream: ready.stream) }
    server.start()
    ready.outlet?.start()
  }

  /// A breakpoint or a step is why the machine stands still.
  var isAtBreakpoint: Bool { state.withLock { $0.isAtBreakpoint } }
  func didStep() { state.withLock { $0.isAtBreakpoint = true } }
  func willResume() { state.withLock { $0.isAtBreakpoint = false } }
  func didAnnounceKill() { reporter.report("QEMU: Terminated via GDBstub") }

  // MARK: The monitor's

  /// QEMU's words.
  func restart(_ device: String?) throws(MonitorError) -> String {
    let device = device ?? DebugServerRequest.standardDevice
    let request: DebugServerRequest?
    do {
      request = try DebugServerRequest.parse(device)
    } catch {
      throw Self.failure(device, error.messages.joined(separator: "\n"))
    }
    stop()
    guard let request else { return "Disabled gdbserver\r\n" }
    guard case .own(let character) = request else {
      throw Self.failure(device, "a chardev is given to GDB at the start only: -gdb \(device)")
    }
    do throws(BackEndError) {
      start(try open(character))
    } catch {
      throw Self.failure(device, "\(error)")
    }
    return "Waiting for gdb connection on device '\(device)'\r\n"
  }

  private static func failure(_ device: String, _ reason: String) -> MonitorError {
    let lines = (reason.isEmpty ? "" : reason + "\n") + "Could not open gdbserver on device '\(device)'"
    return MonitorError(lines.replacing("\n", with: "\r\n"))
  }

  private func stop() {
    let running = state.withLock { state in
      defer { state.running = nil }
      return state.running
    }
    running?.server.close()
    // The port is free for the next one when this is over.
    if let stream = running?.stream as? ConnectionStream { stream.closeAndWait() }
  }

  /// Waits until GDB has been told that the machine has ended.
  func finish() {
    guard let running = state.withLock({ $0.running }) else { return }
    running.server.finish()
    running.stream?.flush(patience: 1000)
  }
}
