import Glibc
import Machine
import Synchronization

/// The process's own terminal, pipe or file: stdin and stdout.
///
/// One thread reads, another writes; both block, and the descriptors are left as they were found (a
/// non-blocking flag would outlive the program in the user's shell). The end of stdin ends nothing.
package final class StandardIO: Sendable {
  /// Takes the bytes that arrive, on the reading thread.
  package protocol Consumer: AnyObject, Sendable {
    func receive(_ bytes: ArraySlice<UInt8>)
    /// The device may have room again.
    func pump()
    /// Bytes that wait for room; reading pauses while there are too many.
    var backlog: Int { get }
  }

  private static let backlogLimit = 1 << 16

  private let input: Int32
  private let bell: (read: Int32, write: Int32)
  private let writer: OutputWriter
  private let isRung = Atomic<Bool>(false)

  package init(input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO) throws(BackEndError) {
    self.input = input
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw BackEndError("cannot make a pipe: \(String(cString: strerror(errno)))")
    }
    bell = (ends[0], ends[1])
    writer = OutputWriter(descriptor: output)
  }

  /// Begins reading.
  package func start(_ consumer: any Consumer) {
    HostThread.start { [self] in read(into: consumer) }
  }

  /// Never waits; see `OutputWriter.send`.
  @discardableResult
  package func send(_ bytes: some Collection<UInt8>) -> Bool { writer.send(bytes) }

  package func waitForRoom() { writer.waitForRoom() }

  package func flush(patience: Int?) { writer.flush(patience: patience) }

  package func stopWaiting() { writer.stopWaiting() }

  /// Has the reading thread call `pump`. Callable from anywhere, with any lock held.
  package func ring() {
    guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
    var byte: UInt8 = 0
    _ = write(bell.write, &byte, 1)
  }

  private func read(into consumer: any Consumer) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var isOpen = true
    while true {
      var items = [
        pollfd(fd: bell.read, events: Int16(POLLIN), revents: 0),
        pollfd(fd: input, events: Int16(POLLIN), revents: 0),
      ]
      let watchesInput = isOpen && consumer.backlog < Self.backlogLimit
      guard poll(&items, watchesInput ? 2 : 1, -1) > 0 else { continue }
      if items[0].revents != 0 {
        var byte: UInt8 = 0
        _ = Glibc.read(bell.read, &byte, 1)
        isRung.store(false, ordering: .sequentiallyConsistent)
        consumer.pump()
      }
      guard watchesInput, items[1].revents != 0 else { continue }
      let count = buffer.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress, $0.count) }
      if count > 0 {
        consumer.receive(buffer[..<count])
      } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
        isOpen = false
      }
    }
  }
}

/// A device alone on the terminal: `-serial stdio`.
package final class StandardConsole: CharacterBackEnd, StandardIO.Consumer {
  private let standardIO: StandardIO
  private let line: InputLine

  package init(_ standardIO: StandardIO, gate: (any InputGate)?) {
    self.standardIO = standardIO
    line = InputLine(gate: gate)
  }

  package func send(_ bytes: [UInt8]) {
    if standardIO.send(bytes) { line.throttle { [standardIO] in standardIO.waitForRoom() } }
  }

  package func attach(_ frontEnd: (any CharacterFrontEnd)?) {
    line.attach(frontEnd)
    standardIO.ring()
  }

  package func acceptInput() { if line.count > 0 { standardIO.ring() } }

  package func receive(_ bytes: ArraySlice<UInt8>) { line.append(bytes) }
  package func pump() { line.pump() }
  package var backlog: Int { line.count }
}
