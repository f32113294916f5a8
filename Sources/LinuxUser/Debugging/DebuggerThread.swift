// Unsafe pointers: addresses of sockets, for the calls that take them.
import CHost
import Debugger
import Glibc
import RISCV

/// The thread of a program's debugger: it waits for one GDB (-g PORT, -g PATH), and serves it until the program ends.
///
/// Plain sockets and poll(2): the program links nothing that would give it more.
final class DebuggerThread: @unchecked Sendable {
  private let debugger: ProgramDebugger
  /// -1 where there is a connection from the beginning.
  private let listener: Int32
  private let wire: Wire
  private let target: ProgramTarget
  private let session: GDBSession

  /// `place` is a port, or the path of a Unix socket.
  init(_ process: LinuxProcess, _ place: String) throws(ProgramError) {
    guard let debugger = ProgramDebugger(process) else {
      throw ProgramError("-g \(place): no pipe for the debugger: \(Errno(errno).sentence)", exitCode: 1)
    }
    self.debugger = debugger
    listener = try Self.listen(place)
    target = ProgramTarget(debugger)
    let wire = Wire()
    self.wire = wire
    session = GDBSession(target: target) { wire.send($0) }
    debugger.server = self
    debugger.descriptors.withLock { $0 = [listener] }
  }

  /// For a program that another one has executed, whose debugger it has.
  init(_ process: LinuxProcess, _ inheritance: DebuggerInheritance) throws(ProgramError) {
    var status = stat()
    guard fstat(inheritance.descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK,
      let debugger = ProgramDebugger(process)
    else {
      throw ProgramError(
        "there is no debugger's connection at descriptor \(inheritance.descriptor)", exitCode: 1)
    }
    _ = fcntl(inheritance.descriptor, F_SETFD, FD_CLOEXEC)
    self.debugger = debugger
    listener = -1
    target = ProgramTarget(debugger)
    let wire = Wire()
    wire.descriptor = inheritance.descriptor
    self.wire = wire
    session = GDBSession(target: target) { wire.send($0) }
    debugger.server = self
    debugger.descriptors.withLock { $0 = [inheritance.descriptor] }
    target.inherit(inheritance)
    session.goOn(manners: inheritance.manners)
  }

  /// Starts the thread; the program's first thread is to park as it begins.
  func startWithConnection() {
    debugger.process.debugger = debugger
    startThread { $0.converse() }
  }

  private static func listen(_ place: String) throws(ProgramError) -> Int32 {
    let port = UInt16(place)
    let descriptor = socket(
      port == nil ? AF_UNIX : AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else {
      throw ProgramError("-g \(place): no socket: \(Errno(errno).sentence)", exitCode: 1)
    }
    var reuses: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuses, 4)
    let bound: Int32
    if let port {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    } else {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let bytes = Array(place.utf8)
      guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
        throw ProgramError("-g \(place): a socket's path has 107 bytes at most", exitCode: 1)
      }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
      // What an earlier run has left behind.
      var status = stat()
      if stat(place, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(place) }
      bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
    guard bound == 0, Glibc.listen(descriptor, 1) == 0 else {
      let why = Errno(errno).sentence
      close(descriptor)
      throw ProgramError(
        port == nil
          ? "-g \(place): cannot listen there: \(why)"
          : "-g \(place): cannot listen on that port: \(why). Another program may have it: name another port",
        exitCode: 1)
    }
    return descriptor
  }

  /// Starts the thread; the program's first thread is to park as it begins.
  func start(_ place: String) {
    debugger.process.debugger = debugger
    if isatty(STDERR_FILENO) != 0 {
      let target = UInt16(place) == nil ? place : ":\(place)"
      LinuxProcess.say("apus-riscv64: waiting for GDB: target remote \(target)\n")
    }
    startThread { $0.serve() }
    // Ctrl-C still ends the program while it waits.
    if let thread = debugger.threads.first { host_signal_mask(thread.mask) }
  }

  /// In a child of fork(2) that GDB follows: its parent has left the connection to it.
  func goOnInChild() {
    target.becomeChild()
    startThread { server in
      server.debugger.stop()
      _ = server.debugger.nextParked()
      server.session.goOnWithChild()
      server.converse()
    }
  }

  private final class Work {
    let server: DebuggerThread
    let body: (DebuggerThread) -> Void
    init(_ server: DebuggerThread, _ body: @escaping (DebuggerThread) -> Void) {
      self.server = server
      self.body = body
    }
  }

  /// Signals are the program's threads' to take.
  private func startThread(_ body: @escaping (DebuggerThread) -> Void) {
    let context = Unmanaged.passRetained(Work(self, body))
    var handle = pthread_t()
    host_signals_block()
    let failed = pthread_create(&handle, nil, Self.main, context.toOpaque())
    precondition(failed == 0, "a thread for the debugger")
    pthread_detach(handle)
  }

  private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    context in
    guard let context else { return nil }
    let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
    host_signals_block()
    work.body(work.server)
    return nil
  }

  private func serve() {
    var connection: Int32
    repeat { connection = accept(listener, nil, nil) } while connection < 0 && errno == EINTR
    // There is one, as with QEMU.
    debugger.descriptors.withLock { $0 = connection < 0 ? [] : [connection] }
    close(listener)
    guard connection >= 0 else { return debugger.detach() }
    var one: Int32 = 1
    setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
    wire.descriptor = connection
    debugger.awaitParked()
    session.connect()
    converse()
  }

  private func converse() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      var places = [
        pollfd(fd: wire.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: debugger.bell, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&places, 2, -1) >= 0 else { continue }
      // Stops are told one by one, when GDB has let the program go on.
      if places[1].revents != 0 {
        if debugger.isStopped { debugger.silence() } else { target.lookForStops() }
      }
      if places[0].revents != 0 {
        let count = recv(wire.descriptor, &buffer, buffer.count, 0)
        guard count > 0 else {
          if count < 0 && errno == EINTR { continue }
          // It went without a word.
          session.disconnect()
          return leave()
        }
        session.receive(buffer.prefix(count))
      }
      if let thread = target.executing { return handOver(thread) }
      while let stop = target.nextStop() {
        session.report(stop)
        switch stop.reason {
        // A child of vfork(2) that GDB follows is not all that it has.
        case .exited, .killed, .left: if stop.thread.process == Int(getpid()) { return leave() }
        default: break
        }
      }
      if target.hasDetached { return leave() }
    }
  }

  // MARK: execve

  /// The thread executes a program, which has the connection from then on.
  private func handOver(_ thread: LinuxThread) {
    target.executing = nil
    target.closeFiles()
    thread.control.inheritance = DebuggerInheritance(
      descriptor: wire.descriptor, manners: session.manners, events: debugger.events.rawValue,
      parent: thread.isBorrowed ? getpid() : 0, passed: debugger.passed.withLock { $0.sorted() },
      caught: debugger.caught.withLock { $0?.sorted() })
    guard thread.isBorrowed else { return debugger.release(thread) }
    // GDB leaves the parent as soon as it is told.
    debugger.detach()
    close(wire.descriptor)
  }

  /// The host has refused to execute. A child of vfork(2) has no way back to its debugger, which has left its parent:
  /// GDB sees the connection end.
  func takeBack(_ thread: LinuxThread) {
    thread.control.inheritance = nil
    guard !thread.isBorrowed else {
      close(wire.descriptor)
      return
    }
    _ = fcntl(wire.descriptor, F_SETFD, FD_CLOEXEC)
    startThread { $0.converse() }
  }

  private func leave() {
    target.closeFiles()
    if !target.hasDetached { debugger.detach() }
    close(wire.descriptor)
  }
}

/// The connection, once there is one.
private final class Wire {
  var descriptor: Int32 = -1

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
