import Consoles
import Glibc
import Machine
import Synchronization
import Testing

/// Takes everything that a stream reads.
private final class Sink: StreamConsumer {
  let bytes = Mutex<[UInt8]>([])
  let connections = Mutex<[Bool]>([])
  let breaks = Mutex(0)
  func receive(_ more: ArraySlice<UInt8>) { bytes.withLock { $0 += more } }
  func receiveBreak() { breaks.withLock { $0 += 1 } }
  func connectionChanged(isConnected: Bool) { connections.withLock { $0.append(isConnected) } }
  func pump() {}
  var hasRoom: Bool { true }
  var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}

private final class PlainGate: InputGate {
  let isDeterministic = false
  func deliver(_ body: @escaping @Sendable () -> Void) { body() }
}

private func wait(_ condition: () -> Bool) -> Bool {
  for _ in 0..<1000 {
    if condition() { return true }
    usleep(10_000)
  }
  return false
}

/// A Unix socket's name that no other test has.
private func freshPath(_ name: String) -> String { "/tmp/apus-stream-\(getpid())-\(name)" }

private func server(_ path: String) throws -> ConnectionStream {
  let options = SocketOptions(address: .unix(UnixAddress(path: path)), isServer: true, waits: false)
  return try ConnectionStream(SocketListener(options))
}

private func client(_ path: String, reconnect: UInt64? = nil) throws -> ConnectionStream {
  let options = SocketOptions(address: .unix(UnixAddress(path: path)), reconnect: reconnect)
  return try ConnectionStream(SocketConnector(options, label: "c") { _ in })
}

@Suite("Streams that come and go", .serialized, .timeLimit(.minutes(1)))
struct StreamTests {
  @Test("A server and a client talk, and both know when they are connected")
  func talk() throws {
    signal(SIGPIPE, SIG_IGN)
    let path = freshPath("talk")
    let (one, other) = (try server(path), try client(path))
    defer { unlink(path) }
    let (first, second) = (Sink(), Sink())
    #expect(!one.isConnected)
    #expect(one.name == "disconnected:unix:\(path),server=on")
    one.send(Array("nobody hears this".utf8))
    one.start(first)
    other.start(second)
    #expect(wait { one.isConnected && other.isConnected })
    #expect(one.name == "unix:\(path),server=on")
    one.send(Array("to the client".utf8))
    other.send(Array("to the server".utf8))
    #expect(wait { first.text == "to the server" && second.text == "to the client" })
    #expect(first.connections.withLock { $0 } == [true])
  }

  @Test("Who sends more than a peer takes is held up, and let go when the peer leaves")
  func slowPeer() throws {
    signal(SIGPIPE, SIG_IGN)
    let path = freshPath("slow")
    let stream = try server(path)
    defer { unlink(path) }
    let peer = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(peer, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(connected == 0)
    let sink = Sink()
    stream.start(sink)
    #expect(wait { stream.isConnected })
    var isFull = false
    for _ in 0..<12 { isFull = stream.send([UInt8](repeating: 65, count: 1 << 20)) }
    #expect(isFull)
    let isFree = Mutex(false)
    HostThread.start {
      stream.waitForRoom()
      isFree.withLock { $0 = true }
    }
    usleep(50_000)
    #expect(!isFree.withLock { $0 })
    // An impatient end does not wait for it either.
    stream.flush(patience: 50)
    close(peer)
    // The consumer is told after the queue has closed, by the stream's own thread.
    #expect(wait { isFree.withLock { $0 } && sink.connections.withLock { $0 } == [true, false] })
    #expect(!stream.isConnected)
  }

  @Test("A socket in the way is replaced, any other file is kept, and a long path is told")
  func pathInTheWay() throws {
    let path = freshPath("way")
    defer { unlink(path) }
    _ = try server(path)
    _ = try server(path)
    unlink(path)
    close(open(path, O_CREAT | O_WRONLY, 0o600))
    let error = #expect(throws: BackEndError.self) { try server(path) }
    #expect(
      error?.description.hasPrefix("Failed to bind socket to \(path): Address already in use\n") == true)
    #expect(access(path, F_OK) == 0)
    let long = "/tmp/" + String(repeating: "x", count: 120)
    let tooLong = #expect(throws: BackEndError.self) { try server(long) }
    #expect(
      tooLong?.description == "UNIX socket path '\(long)' is too long\nPath must be less than 108 bytes")
  }

  @Test("A hub of a ring buffer and a socket is connected, and both get what is sent")
  func hub() throws {
    signal(SIGPIPE, SIG_IGN)
    let path = freshPath("hub")
    defer { unlink(path) }
    let (ring, socket) = (try RingBuffer(size: 64), try server(path))
    let hub = Hub([ring, socket])
    #expect(hub.isConnected)
    let (sink, peer) = (Sink(), Sink())
    hub.start(sink)
    let other = try client(path)
    other.start(peer)
    #expect(wait { socket.isConnected && other.isConnected })
    hub.send(Array("all".utf8))
    other.send(Array("in".utf8))
    #expect(wait { peer.text == "all" && sink.text == "in" })
    #expect(ring.read(10) == Array("all".utf8))
  }

  @Test("A back end serves one, a multiplexer four")
  func places() throws {
    let outlet = SingleOutlet(id: "a", stream: NullStream(), gate: PlainGate())
    _ = try outlet.plug()
    let error = #expect(throws: BackEndError.self) { try outlet.plugMonitor() }
    #expect(error?.description.hasPrefix("chardev 'a' is already in use\n") == true)
    let multiplexer = Multiplexer(
      id: "m", stream: NullStream(), gate: PlainGate(), escape: 1,
      actions: .init(exit: {}, saveDisks: {}), now: { 0 })
    for _ in 0..<4 { _ = try multiplexer.plug() }
    let fifth = #expect(throws: BackEndError.self) { try multiplexer.plugMonitor() }
    #expect(fifth?.description == "too many uses of multiplexed chardev 'm' (maximum is 4)")
  }

  @Test("A ring buffer keeps the last bytes, and has a size that is a power of two")
  func ringBuffer() throws {
    let ring = try RingBuffer(size: 4)
    ring.send(Array("abcdef".utf8))
    #expect(ring.read(2) == Array("cd".utf8))
    ring.send(Array("ghi".utf8))
    #expect(ring.read(10) == Array("fghi".utf8))
    #expect(ring.read(10).isEmpty)
    for size in [0, 3, 1 << 40] as [UInt64] {
      #expect(throws: BackEndError.self) { try RingBuffer(size: size) }
    }
  }

  @Test("What a front end has no room for waits, and is served without the reading thread")
  func roomComes() {
    final class Small: CharacterFrontEnd {
      let room = Mutex(0)
      let got = Mutex<[UInt8]>([])
      var receiveCapacity: Int { room.withLock { $0 } }
      func receive(_ bytes: ArraySlice<UInt8>) {
        room.withLock { $0 -= bytes.count }
        got.withLock { $0 += bytes }
      }
      func receiveBreak() {}
    }
    final class LockedGate: InputGate {
      let lock = MachineLock()
      let isDeterministic = false
      func deliver(_ body: @escaping @Sendable () -> Void) { lock.withLock(body) }
      func afterRelease(_ body: @escaping @Sendable () -> Void) -> Bool {
        lock.afterRelease(body)
        return true
      }
    }
    let (gate, small) = (LockedGate(), Small())
    let console = Console(NullStream(), gate: gate)
    console.attach(small)
    console.receive(Array("abc".utf8)[...])
    #expect(small.got.withLock { $0 }.isEmpty)
    for _ in 0..<3 {
      gate.lock.withLock {
        small.room.withLock { $0 = 1 }
        console.acceptInput()
      }
    }
    #expect(small.got.withLock { $0 } == Array("abc".utf8))
  }
}
