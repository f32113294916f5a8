import Glibc
import Machine

/// `-serial file:NAME`: output goes to a file, there is no input.
package final class FileConsole: CharacterBackEnd {
  private let writer: OutputWriter
  /// Holds up a guest that prints faster than the file takes.
  private let line: InputLine

  /// Creates the file, or empties it unless `appends`. `gate` is nil for a monitor.
  package init(path: String, appends: Bool = false, gate: (any InputGate)?) throws(BackEndError) {
    let mode = appends ? O_APPEND : O_TRUNC
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o666)
    guard descriptor >= 0 else {
      throw BackEndError("Could not open '\(path)': \(String(cString: strerror(errno)))")
    }
    writer = OutputWriter(descriptor: descriptor)
    line = InputLine(gate: gate)
  }

  package func send(_ bytes: [UInt8]) {
    if writer.send(bytes) { line.throttle { [writer] in writer.waitForRoom() } }
  }
  package func attach(_ frontEnd: (any CharacterFrontEnd)?) {}
  package func acceptInput() {}

  package func flush(patience: Int?) { writer.flush(patience: patience) }
  package func stopWaiting() { writer.stopWaiting() }
}
