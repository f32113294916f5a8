import Consoles
import Glibc
import Machine
import Synchronization
import Testing

@Suite("Output", .serialized)
struct OutputTests {
  private func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    return (ends[0], ends[1])
  }

  private func readAll(_ descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return all }
      all += buffer[..<count]
    }
  }

  @Test("Everything sent arrives, in order, and flush waits for it")
  func order() throws {
    let ends = try makePipe()
    let writer = OutputWriter(descriptor: ends.write)
    let expected = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let received = Mutex<[UInt8]?>(nil)
    HostThread.start { [self] in
      let bytes = readAll(ends.read)
      received.withLock { $0 = bytes }
    }
    for start in stride(from: 0, to: expected.count, by: 13) {
      writer.send(expected[start..<min(start + 13, expected.count)])
    }
    writer.flush(patience: nil)
    close(ends.write)
    for _ in 0..<500 where received.withLock({ $0 == nil }) { usleep(10_000) }
    #expect(received.withLock { $0 } == expected)
  }

  @Test("A reader that went away ends the writing, not the program")
  func brokenPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    let ends = try makePipe()
    close(ends.read)
    let writer = OutputWriter(descriptor: ends.write)
    writer.send(Array("lost".utf8))
    writer.flush(patience: nil)
    #expect(writer.failure == EPIPE)
    writer.send(Array("dropped".utf8))
    writer.flush(patience: nil)
    close(ends.write)
  }

  @Test("A reader that does not read cannot hold up an impatient flush")
  func stuck() throws {
    let ends = try makePipe()
    let writer = OutputWriter(descriptor: ends.write)
    writer.send([UInt8](repeating: 65, count: 1 << 20))
    writer.flush(patience: 50)
    #expect(writer.failure == 0)
    close(ends.read)
  }

  private final class LockedGate: InputGate {
    let lock = MachineLock()
    let isDeterministic = false
    func deliver(_ body: @escaping @Sendable () -> Void) { lock.withLock(body) }
    func afterRelease(_ body: @escaping @Sendable () -> Void) -> Bool {
      lock.afterRelease(body)
      return true
    }
  }

  @Test(
    "A guest that prints more than the reader takes waits, without the machine lock", .timeLimit(.minutes(1)))
  func backPressure() throws {
    let ends = try makePipe()
    let terminal = try BlockingStream(input: ends.read, output: ends.write)
    let gate = LockedGate()
    let console = Console(terminal, gate: gate)
    let sent = Mutex(0)
    HostThread.start {
      for _ in 0..<8 {
        gate.lock.withLock { console.send([UInt8](repeating: 65, count: 1 << 20)) }
        sent.withLock { $0 += 1 }
      }
    }
    for _ in 0..<500 where sent.withLock({ $0 < 4 }) { usleep(10_000) }
    usleep(50_000)
    // Where the sender held the lock this would wait for ever.
    let seen = gate.lock.withLock { sent.withLock { $0 } }
    #expect(seen < 8)
    terminal.stopWaiting()
    for _ in 0..<500 where sent.withLock({ $0 < 8 }) { usleep(10_000) }
    #expect(sent.withLock { $0 } == 8)
    close(ends.read)
  }

  @Test("Who waits for the reader goes on once it reads, and nothing is lost", .timeLimit(.minutes(1)))
  func goesOn() throws {
    let ends = try makePipe()
    let writer = OutputWriter(descriptor: ends.write)
    HostThread.start {
      for _ in 0..<8 where writer.send([UInt8](repeating: 65, count: 1 << 20)) { writer.waitForRoom() }
      writer.flush(patience: nil)
      close(ends.write)
    }
    usleep(50_000)
    #expect(readAll(ends.read).count == 8 << 20)
  }

  @Test("A monitor is not held up by a reader that does not read", .timeLimit(.minutes(1)))
  func monitorsDoNotWait() throws {
    let ends = try makePipe()
    let console = Console(try BlockingStream(input: ends.read, output: ends.write), gate: nil)
    for _ in 0..<8 { console.send([UInt8](repeating: 65, count: 1 << 20)) }
    close(ends.read)
  }

  @Test("A file console writes its file, and says why it cannot")
  func file() throws {
    let path = "/tmp/apus-file-console-\(getpid())"
    defer { unlink(path) }
    let file = try BlockingStream(path: path)
    file.send(Array("hello\n".utf8))
    file.flush(patience: nil)
    let more = try BlockingStream(path: path, appends: true)
    more.send(Array("again\n".utf8))
    more.flush(patience: nil)
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    #expect(readAll(descriptor) == Array("hello\nagain\n".utf8))
    let error = #expect(throws: BackEndError.self) { try BlockingStream(path: "/nonexistent/x") }
    #expect(error?.description == "Could not open '/nonexistent/x': No such file or directory")
  }
}

@Suite("Standard input", .serialized)
struct InputTests {
  private final class Sink: StreamConsumer {
    let bytes = Mutex<[UInt8]>([])
    let pumps = Mutex(0)
    let load = Mutex(0)
    func receive(_ more: ArraySlice<UInt8>) { bytes.withLock { $0 += more } }
    func receiveBreak() {}
    func connectionChanged(isConnected: Bool) {}
    func pump() { pumps.withLock { $0 += 1 } }
    var hasRoom: Bool { load.withLock { $0 } == 0 }
  }

  private func wait(_ condition: () -> Bool) -> Bool {
    for _ in 0..<500 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }

  @Test("A pipe's bytes arrive; its end ends nothing")
  func pipeInput() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let sink = Sink()
    let stream = try BlockingStream(input: ends[0], output: STDERR_FILENO)
    stream.start(sink)
    _ = write(ends[1], "abc", 3)
    #expect(wait { sink.bytes.withLock { $0.count } == 3 })
    close(ends[1])
    usleep(20_000)
    stream.ring()
    #expect(wait { sink.pumps.withLock { $0 } > 0 })
  }

  @Test("/dev/null and plain files are inputs too")
  func files() throws {
    for path in ["/dev/null", "/proc/self/status"] {
      let descriptor = open(path, O_RDONLY)
      let sink = Sink()
      let stream = try BlockingStream(input: descriptor, output: STDERR_FILENO)
      stream.start(sink)
      stream.ring()
      #expect(wait { sink.pumps.withLock { $0 } > 0 })
      if path != "/dev/null" { #expect(wait { !sink.bytes.withLock { $0.isEmpty } }) }
    }
  }

  @Test("Reading pauses while the guest has too much to take, and goes on after")
  func pauses() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let sink = Sink()
    sink.load.withLock { $0 = 1 << 20 }
    let stream = try BlockingStream(input: ends[0], output: STDERR_FILENO)
    stream.start(sink)
    _ = write(ends[1], "abc", 3)
    usleep(50_000)
    #expect(sink.bytes.withLock { $0.isEmpty })
    sink.load.withLock { $0 = 0 }
    stream.ring()
    #expect(wait { sink.bytes.withLock { $0.count } == 3 })
  }
}
