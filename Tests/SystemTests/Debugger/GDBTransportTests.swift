import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Where GDB is waited for: -s, -gdb, gdbserver.
  struct GDBTransportTests {
    /// Takes a port of this host, for as long as it lives.
    private final class TakenPort {
      let socket: Int32
      let port: UInt16

      init(_ wanted: UInt16 = 0) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { [socket] in
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(socket, $0, length) == 0 && listen(socket, 1) == 0 && getsockname(socket, $0, &length) == 0
          }
        }
        guard isBound || wanted != 0 else { throw TestSetupError("no port") }
        port = isBound ? UInt16(bigEndian: address.sin_port) : wanted
      }

      deinit { close(socket) }
    }

    @Test("a port that is taken is told; with -s the next one is found, and GDB's line with it")
    func takenPorts() async throws {
      let taken = try TakenPort()
      let ran = try await Programs.run(
        [try Programs.emulator] + DebuggedGuest.machine + ["-gdb", "tcp::\(taken.port)"], seconds: 20)
      #expect(ran.end == .exit(1))
      #expect(
        ran.output.contains(
          "-gdb tcp::\(taken.port): Failed to find an available port: Address already in use"))
      #expect(ran.output.contains("gdbstub: couldn't create chardev"))

      let standard = try TakenPort(1234)
      let folder = try TemporaryFolder()
      let machine = try DebuggedEmulator(
        [try Programs.emulator] + DebuggedGuest.machine + ["-S", "-s"], in: folder)
      var line: Substring?
      for _ in 0..<200 where line == nil {
        usleep(20_000)
        line = machine.complaints.split(separator: "\n").first { $0.contains("target remote :") }
      }
      let port = try #require(line?.split(separator: ":").last, "\(machine.complaints)")
      #expect(port != "1234")
      let kernel = try await DebuggedGuest.kernel
      let gdb = try await Programs.run(
        [
          "/usr/bin/env", "gdb-multiarch", "-nx", "-batch", "-ex", "target remote :\(port)", "-ex", "p/x $pc",
          "-ex",
          "kill", kernel,
        ], seconds: 30)
      #expect(gdb.output.contains("= 0x1000"), "\(gdb)")
      #expect(machine.end() == 0)
      withExtendedLifetime(standard) {}
    }

    @Test("GDB starts the emulator itself, over a pipe")
    func pipe() async throws {
      let kernel = try await DebuggedGuest.kernel
      let command =
        ([try Programs.emulator] + DebuggedGuest.machine + ["-kernel", kernel, "-gdb", "stdio"])
        .joined(separator: " ")
      let gdb = try await Programs.run(
        [
          "/usr/bin/env", "gdb-multiarch", "-nx", "-batch", "-ex", "target remote | \(command)", "-ex",
          "p/x $pc", "-ex", "break multiply", "-ex", "continue", "-ex", "backtrace", "-ex", "kill", kernel,
        ], seconds: 30)
      #expect(gdb.output.contains("#1  0x") && gdb.output.contains("in first_hart ()"), "\(gdb)")
    }

    @Test("a chardev serves GDB, too")
    func chardev() async throws {
      let folder = try TemporaryFolder()
      let machine = try DebuggedEmulator(
        [try Programs.emulator] + DebuggedGuest.machine
          + ["-S", "-chardev", "socket,id=g,path=DIR/gdb,server=on,wait=off", "-gdb", "chardev:g"], in: folder
      )
      let client = try GDBClient(path: folder.path("gdb"))
      #expect(client.ask("p20") == "0010000000000000")
      withExtendedLifetime(machine) {}
    }

    @Test("the monitor starts and ends the server")
    func monitor() async throws {
      let folder = try TemporaryFolder()
      let script = """
        gdbserver unix:DIR/one,server=on,wait=off
        gdbserver none
        gdbserver unix:DIR/two
        gdbserver nowhere
        gdbserver none x
        gdbserver chardev:c
        gdbserver none
        quit

        """.replacing("DIR", with: folder.url.path)
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-display", "none", "-serial", "none", "-monitor", "stdio",
          "-bios",
          "none", "-S",
        ], conversation: [("(qemu)", script)], seconds: 30)
      #expect(ran.end == .exit(0))
      let path = folder.url.path
      for sentence in [
        "Waiting for gdb connection on device 'unix:\(path)/one,server=on,wait=off'", "Disabled gdbserver",
        "Waiting for gdb connection on device 'unix:\(path)/two'", "'nowhere' is not a valid char driver",
        "Could not open gdbserver on device 'nowhere'", "gdbserver: extraneous characters at the end of line",
        "Try \"help gdbserver\" for more information",
        "a chardev is given to GDB at the start only: -gdb chardev:c",
      ] {
        #expect(ran.output.contains(sentence), "\(ran)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path("one")))
    }

    @Test("a server that was ended lets its port go, and its debugger")
    func restart() async throws {
      let folder = try TemporaryFolder()
      let machine = try DebuggedEmulator(
        [try Programs.emulator, "-M", "virt", "-display", "none", "-serial", "none", "-bios", "none", "-S"]
          + ["-monitor", "unix:DIR/monitor,server=on,wait=off", "-gdb", "unix:DIR/gdb"], in: folder)
      let client = try GDBClient(path: folder.path("gdb"))
      #expect(client.ask("?") != nil)
      let monitor = try GDBClient(path: folder.path("monitor"))
      monitor.send(Array("gdbserver none\n".utf8))
      #expect(client.receive(seconds: 5) == nil)
      monitor.send(Array("gdbserver unix:\(folder.path("gdb"))\n".utf8))
      let next = try GDBClient(path: folder.path("gdb"))
      #expect(next.ask("?")?.hasPrefix("T05") == true)
      // From within itself: its own connection ends, the machine does not.
      _ = next.ask("qRcmd,676462736572766572206e6f6e65", seconds: 3)
      monitor.send(Array("gdbserver unix:\(folder.path("gdb"))\n".utf8))
      // Who comes too early still meets the listener that is about to go.
      let isBack = (0..<20).contains { _ in
        usleep(100_000)
        return (try? GDBClient(path: folder.path("gdb")))?.ask("?", seconds: 1)?.hasPrefix("T05") == true
      }
      #expect(isBack)
      withExtendedLifetime(machine) {}
    }
  }
}
