import Glibc
import Machine

/// The process's own terminal, a pipe that it was given, a file.
///
/// One thread reads, another writes; both block, and the descriptors are left as they were found (a
/// non-blocking flag would outlive the program in the user's shell). The end of the input ends nothing.
package final class BlockingStream: HostStream {
  package let name: String
  private let input: Int32
  private let bell: PollBell
  private let writer: OutputWriter

  /// `input` is -1 where nothing is to be read.
  package init(
    name: String = "stdio", input: Int32 = STDIN_FILENO, output: Int32 = STDOUT_FILENO
  ) throws(BackEndError) {
    self.name = name
    self.input = input
    bell = try PollBell()
    writer = OutputWriter(descriptor: output)
  }

  /// `-chardev file`: creates the file, or empties it unless `appends`. Input comes from another file, if
  /// from anywhere.
  package convenience init(path: String, appends: Bool = false, inputPath: String? = nil) throws(BackEndError)
  {
    let output = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC), 0o666)
    guard output >= 0 else { throw BackEndError(openingFailed: path) }
    var input: Int32 = -1
    if let inputPath {
      input = Glibc.open(inputPath, O_RDONLY | O_CLOEXEC)
      guard input >= 0 else {
        let error = BackEndError(openingFailed: inputPath)
        close(output)
        throw error
      }
    }
    try self.init(name: "file", input: input, output: output)
  }

  package var isConnected: Bool { true }

  package func start(_ consumer: any StreamConsumer) {
    guard input >= 0 else { return }
    HostThread.start { [self] in read(into: consumer) }
  }

  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool { writer.send(bytes) }
  package func waitForRoom() { writer.waitForRoom() }
  package func flush(patience: Int?) { writer.flush(patience: patience) }
  package func stopWaiting() { writer.stopWaiting() }
  package func ring() { bell.ring() }

  private func read(into consumer: any StreamConsumer) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var isOpen = true
    while true {
      var items = [
        pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: input, events: Int16(POLLIN), revents: 0),
      ]
      let watchesInput = isOpen && consumer.hasRoom
      guard poll(&items, watchesInput ? 2 : 1, -1) > 0 else { continue }
      if items[0].revents != 0 {
        bell.quiet()
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

extension BackEndError {
  /// QEMU's sentence for a file that open(2) has just refused.
  init(openingFailed path: String) {
    self.init("Could not open '\(path)': \(String(cString: strerror(errno)))")
  }
}
