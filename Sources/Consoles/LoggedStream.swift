import Glibc
import Machine

/// `logfile=`: all that is sent to a stream is also written to a file, whether somebody is at the other end
/// or not.
package final class LoggedStream: HostStream {
  private let stream: any HostStream
  private let log: OutputWriter

  /// Creates the file, or empties it unless `appends`.
  package init(_ stream: any HostStream, path: String, appends: Bool) throws(BackEndError) {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC), 0o666)
    guard file >= 0 else {
      throw BackEndError("Could not create '\(path)': \(String(cString: strerror(errno)))")
    }
    self.stream = stream
    log = OutputWriter(descriptor: file)
  }

  package var name: String { stream.name }
  package var isConnected: Bool { stream.isConnected }
  package func start(_ consumer: any StreamConsumer) { stream.start(consumer) }

  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    let logIsFull = log.send(bytes)
    return stream.send(bytes) || logIsFull
  }

  package func waitForRoom() {
    stream.waitForRoom()
    log.waitForRoom()
  }

  package func ring() { stream.ring() }

  package func flush(patience: Int?) {
    stream.flush(patience: patience)
    log.flush(patience: patience)
  }

  package func stopWaiting() {
    stream.stopWaiting()
    log.stopWaiting()
  }
}
