import Glibc
import Machine
import Synchronization

/// A stream whose other end comes and goes: sockets, pseudoterminals, pipes, serial lines.
///
/// One thread does everything with poll(2); its descriptors, unlike the terminal's, are the program's own and
/// never block.
package final class ConnectionStream: HostStream {
  private let endpoint: any Endpoint
  private let bell: PollBell
  private let queue = OutputQueue(isOpen: false)
  private let isClosing = Atomic(false)
  private let isClosed = Condition(false)
  private let hasStopped = Atomic(false)
  /// A peer that stops sending may still listen: the answer to `echo info status | socat - unix:…` must
  /// reach it. So long, in milliseconds, after the last byte went out.
  private static let linger: UInt64 = 300

  package init(_ endpoint: any Endpoint) throws(BackEndError) {
    self.endpoint = endpoint
    bell = try PollBell()
  }

  package var name: String { (isConnected ? "" : "disconnected:") + endpoint.name }
  package var isConnected: Bool { queue.isOpen }

  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    let (wakes, isFull) = queue.append(bytes)
    if wakes { bell.ring() }
    return isFull
  }

  package func waitForRoom() { queue.waitForRoom() }
  package func ring() { bell.ring() }
  /// A peer that takes nothing is not waited for: it may be gone and the host not know yet.
  package func flush(patience: Int?) { queue.flush(patience: patience ?? 1000) }
  package func stopWaiting() { queue.stopWaiting() }

  package func start(_ consumer: any StreamConsumer) {
    let first = endpoint.first()
    // The guest may print before the thread runs.
    if let first, Framing(first.framing).isOpen { queue.open() }
    HostThread.start { [self] in
      if let first { serve(first, consumer) }
      while let connection = connect(consumer) { serve(connection, consumer) }
      stopListening()
      isClosed.signal { $0 = true }
    }
  }

  /// Sends what is on its way, lets go of the other end, and waits for no other.
  package func closeAndWait() {
    isClosing.store(true, ordering: .releasing)
    bell.ring()
    // A peer that takes nothing is given up after `linger`.
    _ = isClosed.wait(milliseconds: 2000) { $0 ? true : nil }
  }

  /// Once. Before the last connection ends: who sees that may come again at once, and is to find the next listener.
  private func stopListening() {
    if !hasStopped.exchange(true, ordering: .acquiringAndReleasing) { endpoint.stopListening() }
  }

  // MARK: Without a connection

  private func connect(_ consumer: any StreamConsumer) -> Connection? {
    while !isClosing.load(ordering: .acquiring) {
      if let connection = endpoint.connect() { return connection }
      var items = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)]
      items += endpoint.watched.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let deadline = endpoint.retry.map { Self.now() + UInt64($0) }
      repeat {
        let timeout = deadline.map { Int32(clamping: Int64($0) - Int64(Self.now())) } ?? -1
        guard poll(&items, nfds_t(items.count), deadline == nil ? -1 : max(0, timeout)) > 0 else { break }
        guard items[0].revents != 0 else { break }
        bell.quiet()
        if isClosing.load(ordering: .acquiring) { return nil }
        consumer.pump()
      } while items.dropFirst().allSatisfy { $0.revents == 0 }
    }
    return nil
  }

  // MARK: With one

  /// What one connection is about, on the stream's thread alone.
  private struct Session {
    let connection: Connection
    var framing: Framing
    /// Encoded bytes that are still to be written, and how many of the queue's they stand for.
    var wire: ArraySlice<UInt8> = []
    var stands = 0
    var isOpen = false
    var readsOn = true
    var writesOn = true
    /// When all is over that has ended.
    var deadline: UInt64?

    init(_ connection: Connection) {
      self.connection = connection
      framing = Framing(connection.framing)
    }
  }

  private func serve(_ connection: Connection, _ consumer: any StreamConsumer) {
    var session = Session(connection)
    if connection.greets { session.wire = session.framing.greeting[...] }
    if session.framing.isOpen { open(&session, consumer) }

    var buffer = [UInt8](repeating: 0, count: connection.isDatagram ? 65536 : 4096)
    while session.readsOn || session.deadline.map({ Self.now() < $0 }) ?? true {
      let watchesInput = session.readsOn && consumer.hasRoom
      let watchesOutput = session.writesOn && (!session.wire.isEmpty || session.isOpen && queue.hasMore)
      var items = [
        pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: watchesInput ? connection.input : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: watchesOutput ? connection.output : -1, events: Int16(POLLOUT), revents: 0),
      ]
      let timeout = session.deadline.map { Int32(clamping: Int64($0) - Int64(Self.now())) }
      guard poll(&items, 3, timeout.map { max(0, $0) } ?? -1) > 0 else { continue }
      if items[0].revents != 0 {
        bell.quiet()
        consumer.pump()
        if isClosing.load(ordering: .acquiring), session.deadline == nil {
          stopListening()
          session.readsOn = false
          session.deadline = Self.now() + Self.linger
        }
      }
      if items[1].revents != 0 { read(&session, &buffer, consumer) }
      if items[2].revents != 0 { write(&session) }
      if !session.readsOn, !session.writesOn, connection.end != .nothing { break }
    }

    if session.isOpen {
      queue.close()
      consumer.connectionChanged(isConnected: false)
    }
    guard connection.end == .closes else { return }
    close(connection.input)
    if connection.output != connection.input { close(connection.output) }
  }

  private func open(_ session: inout Session, _ consumer: any StreamConsumer) {
    session.isOpen = true
    queue.open()
    consumer.connectionChanged(isConnected: true)
  }

  private func read(_ session: inout Session, _ buffer: inout [UInt8], _ consumer: any StreamConsumer) {
    let input = session.connection.input
    let count = buffer.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress, $0.count) }
    guard count > 0 else {
      if count < 0, errno == EAGAIN || errno == EINTR { return }
      // An empty one, or the last one that was sent met nobody.
      if session.connection.isDatagram { return }
      return endInput(&session, isBroken: count < 0)
    }
    for event in session.framing.decode(buffer[..<count]) {
      switch event {
      case .bytes(let bytes): consumer.receive(bytes[...])
      case .sendsBreak: consumer.receiveBreak()
      case .reply(let bytes):
        // A peer that asks and asks and reads no answer is no peer.
        if session.wire.count > 1 << 16 { return endInput(&session, isBroken: true) }
        session.wire += bytes
      case .opened: open(&session, consumer)
      case .ended:
        write(&session)
        return endInput(&session, isBroken: true)
      }
    }
  }

  /// Nothing more comes. Where the other end is `broken`, nothing goes there either.
  private func endInput(_ session: inout Session, isBroken: Bool) {
    session.readsOn = false
    switch session.connection.end {
    case .nothing: break
    case .leaves:
      session.writesOn = false
      session.deadline = 0
    case .closes:
      if isBroken { session.writesOn = false }
      session.deadline = isBroken ? 0 : Self.now() + Self.linger
    }
  }

  private func write(_ session: inout Session) {
    let most = session.connection.isDatagram ? 1024 : 65536
    if session.wire.isEmpty, session.isOpen {
      let bytes = queue.take(most)
      session.wire = session.framing.encode(bytes)[...]
      session.stands = bytes.count
    }
    guard !session.wire.isEmpty else { return }
    let count = session.wire.prefix(most).withUnsafeBytes {
      Glibc.write(session.connection.output, $0.baseAddress, $0.count)
    }
    if count >= 0 {
      session.wire = session.wire.dropFirst(count)
      if session.deadline != nil { session.deadline = Self.now() + Self.linger }
    } else if errno == EAGAIN || errno == EINTR {
      return
    } else {
      // A datagram that meets nobody is lost, and nothing else is.
      session.wire = []
      session.writesOn = session.connection.isDatagram
    }
    if session.wire.isEmpty, session.stands > 0 {
      queue.wrote(session.stands)
      session.stands = 0
    }
    if !session.writesOn { queue.close() }
  }

  private static func now() -> UInt64 { Clock.hostNanoseconds() / 1_000_000 }
}
