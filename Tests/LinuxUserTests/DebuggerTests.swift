import Foundation
import Glibc
import TestSupport
import Testing

extension UserProgramTests {
  /// `-g`: a real GDB, and packets by hand where it lacks a command for what there is.
  struct DebuggerTests {
    struct Session {
      let folder: TemporaryFolder
      let program: String

      init(_ guest: String = "debugged") async throws {
        folder = try TemporaryFolder()
        program = try await Programs.guest(guest, in: folder, options: ["-static", "-g", "-O0"])
      }

      /// What GDB prints for the commands, the program running on `emulator` (its words).
      func gdb(_ emulator: [String], _ commands: String, arguments: String = "") async throws -> String {
        let socket = folder.path("socket")
        let script = try folder.write(
          "set pagination off\nset confirm off\nset width 0\nmaint set internal-error corefile no\nfile \(program)\ntarget remote \(socket)\n"
            + commands + "\n", "script")
        let words = (emulator + ["-g", socket, program]).map { "'\($0)'" }.joined(separator: " ")
        let ran = try await Programs.run(
          [
            "/bin/sh", "-c",
            """
            rm -f '\(socket)'
            \(words) \(arguments) >'\(folder.path("program"))' 2>&1 &
            for i in $(seq 100); do [ -S '\(socket)' ] && break; sleep 0.05; done
            timeout 60 gdb-multiarch -nx -batch -x '\(script)' </dev/null 2>&1
            wait
            """,
          ], seconds: 90)
        // Numbers of processes and threads, and where the stack is, are each emulator's own.
        var text = ran.output.replacing(try Regex(#"\b\d{3,}\.\d{3,}\b"#), with: "PID")
        text = text.replacing(try Regex(#"process \d+"#), with: "process PID")
        text = text.replacing(try Regex(#"arguments=0x[0-9a-f]+"#), with: "arguments")
        return text.replacing(folder.path(""), with: "")
      }
    }

    private static let common = """
      break work
      continue
      bt
      info args
      print real
      print narrow
      print place
      print &place
      print $pc
      print/x $a0
      print $fcsr
      x/3i $pc
      x/2dw &place
      x/s place.name
      finish
      next
      break mean
      continue
      print a
      print $fa0
      stepi
      stepi
      info registers pc
      up
      down
      set var counter = 100
      print counter
      delete
      print work(4)
      tbreak touch
      continue
      next
      next
      print counter
      info line touch
      tbreak thread_main
      handle SIGUSR1 stop print pass
      continue
      print $_siginfo.si_signo
      continue
      frame function thread_main
      print argument
      continue
      print $_siginfo.si_signo
      print/x $_siginfo._sifields._sigfault.si_addr
      print $_siginfo.si_code
      x/i $pc
      print counter
      kill
      """

    /// Debian 13's QEMU says the same; it does not survive a child that GDB is told of.
    @Test func gdbSeesWhatItSeesOnTheReference() async throws {
      let session = try await Session()
      let theirs = try await session.gdb(
        [Project.script("trixie-run"), "qemu-riscv64"], Self.common, arguments: "x")
      let ours = try await session.gdb([try Programs.emulator], Self.common, arguments: "x")
      // QEMU's threads have no names.
      func lines(_ text: String) -> [String] {
        text.replacing(" \"debugged\"", with: "").split(separator: "\n").map(String.init).filter {
          !$0.hasPrefix("Reading /") && !$0.hasPrefix("warning: File transfers")
        }
      }
      #expect(lines(ours) == lines(theirs))
      #expect(theirs.contains("received signal SIGSEGV") && theirs.contains("$19 = 161"), "\(theirs)")
    }

    @Test(arguments: [[], ["-accel", "interp"], ["-accel", "tcg,x-at-once=on"]])
    func watchpointsAndChildrenAreThere(_ options: [String]) async throws {
      let session = try await Session()
      let output = try await session.gdb(
        [try Programs.emulator] + options,
        """
        handle SIGUSR1 nostop noprint pass
        watch watched
        continue
        delete
        awatch counter
        continue
        delete
        set follow-fork-mode child
        break child_main
        continue
        bt 1
        info threads
        finish
        """)
      #expect(output.contains("Old value = 0\nNew value = 42"), "\(output)")
      #expect(output.contains("Hardware access (read/write) watchpoint 2: counter"), "\(output)")
      #expect(output.contains("Attaching after Thread PID fork to child Thread PID"), "\(output)")
      #expect(output.contains("hit Breakpoint 3, child_main ()"), "\(output)")
      #expect(output.contains("exited with code 07"), "\(output)")
      #expect(session.folder.text("program") == "45\n2\nchild 7 counter 67\n")
    }

    // MARK: Packets

    static func withClient<R: Sendable>(
      _ guest: String = "debugged", _ arguments: [String] = [],
      _ body: @escaping @Sendable (GDBClient, Session) throws -> R
    ) async throws -> (R, Ran) {
      let session = try await Session(guest)
      let socket = session.folder.path("socket")
      async let ran = Programs.run(
        [try Programs.emulator, "-g", socket, session.program] + arguments, seconds: 60)
      let result = try await Task.detached {
        let client = try GDBClient(path: socket)
        defer {
          client.send("k")
          _ = client.receive()
        }
        return try body(client, session)
      }.value
      return (result, try await ran)
    }

    @Test func systemCallsAreCaught() async throws {
      let (stops, _) = try await Self.withClient { client, _ in
        _ = client.ask("qSupported:multiprocess+")
        // write(2), exit_group(2)
        #expect(client.ask("QCatchSyscalls:1;40;5e") == "OK")
        #expect(client.ask("QPassSignals:1e") == "OK")
        var stops: [String] = []
        for _ in 0..<8 {
          guard let stop = client.ask("vCont;c") else { break }
          stops.append(stop)
          if stop.contains("syscall_entry:5e") { break }
        }
        #expect(client.ask("QCatchSyscalls:0") == "OK")
        #expect(client.ask("vCont;c")?.hasPrefix("W03") == true)
        return stops
      }
      let kinds = stops.map { stop in
        ["syscall_entry:40;", "syscall_return:40;", "syscall_entry:5e;"].firstIndex { stop.contains($0) } ?? 9
      }
      #expect(kinds == [0, 1, 0, 1, 2], "\(stops)")
    }

    @Test func filesAndTheBeginningAreShown() async throws {
      _ = try await Self.withClient { client, session in
        let supported = client.ask("qSupported:multiprocess+") ?? ""
        #expect(supported.contains("qXfer:auxv:read+") && supported.contains("QCatchSyscalls+"))
        #expect(client.ask("qAttached") == "0")
        #expect(client.ask("qXfer:exec-file:read::0,fff") == "l" + session.program)
        // AT_SYSINFO_EHDR comes first.
        #expect(client.ask("qXfer:auxv:read::0,1")?.utf8.first == UInt8(ascii: "m"))
        let path = session.program.utf8.map { String($0, radix: 16) }.joined()
        #expect(client.ask("vFile:open:\(path),0,0")?.hasPrefix("F") == true)
        #expect(client.ask("vFile:open:2f6e6f7065,0,0") == "F-1,2")
        #expect(client.ask("vFile:open:\(path),1,0") == "F-1,d")
        #expect(client.ask("vFile:pread:63,10,0") == "F-1,9")
        #expect(client.ask("qRcmd,68") == "")
        #expect(client.ask("m0,8") == "E14")
      }
    }

    @Test func anInterruptStopsAProgramThatOnlyComputes() async throws {
      _ = try await Self.withClient("debugged", ["for", "ever"]) { client, _ in
        _ = client.ask("qSupported:multiprocess+")
        for _ in 0..<3 {
          client.send("vCont;c")
          usleep(100_000)
          client.send([3])
          #expect(client.receive()?.hasPrefix("T02thread:") == true)
        }
        #expect(client.ask("vCont;s")?.hasPrefix("T05thread:") == true)
      }
    }

    @Test func garbageDoesNoHarm() async throws {
      let (_, ran) = try await Self.withClient { client, _ in
        var random = SeededNumbers(seed: UInt64(Seed.first))
        for _ in 0..<2_000 {
          var bytes = (0..<(1 + Int(random.next() % 40))).map { _ in UInt8(truncatingIfNeeded: random.next())
          }
          // Nothing that kills, detaches or lets it go.
          bytes.removeAll { "kDvCcsSR\u{3}".utf8.contains($0) }
          client.send(bytes)
        }
        client.send(Array("#00".utf8))
        _ = client.receive()
        while let answer = client.ask("qC"), !answer.hasPrefix("QC") {}
      }
      #expect(!ran.isDeathOfTheEmulator, "\(ran)")
    }

    @Test func placesThatCannotBeListenedAtSaySo() async throws {
      let session = try await Session()
      let path = try await Programs.run([try Programs.emulator, "-g", "/nowhere/socket", session.program])
      #expect(path.end == 1)
      #expect(
        path.output
          == "apus-riscv64: -g /nowhere/socket: cannot listen there: No such file or directory\n", "\(path)")
      let port = try await Programs.run([try Programs.emulator, "-g", "99999", session.program])
      #expect(port.end == 1 && port.output.contains("expects a port below 65536"), "\(port)")
    }
  }
}
