import Foundation
import Glibc
import TestSupport
import Testing

extension UserProgramTests {
  /// Semihosting calls of programs, on Apus and on QEMU.
  struct SemihostingTests {
    private static func build(_ name: String, in folder: TemporaryFolder) async throws -> String {
      let sources = Project.root.appendingPathComponent("Guests/semihosting").path
      let built = try await Programs.run([
        try Project.crossCompiler, "-O1", "-ffreestanding", "-fno-builtin", "-nostdlib", "-nostartfiles",
        "-static", "-no-pie", "-fno-pic", "-march=rv64imac_zicsr_zifencei", "-mabi=lp64", "-mcmodel=medany",
        "-Wl,--build-id=none", "-Wl,--no-relax", "-Wl,--no-warn-rwx-segments", "-Wl,-T\(sources)/link.ld",
        "\(sources)/program.S", "\(sources)/\(name).c", "-o", folder.path(name),
      ])
      guard built.end == 0 else { throw TestSetupError("\(built)") }
      return folder.path(name)
    }

    /// Runs in `folder`; what is printed goes through a pipe, in which nobody can seek.
    private static func run(_ words: [String], in folder: TemporaryFolder, input: String = "") async throws
      -> Ran
    {
      try await Programs.run(
        [
          "/bin/bash", "-c",
          "cd \"$1\"; input=$2; shift 2; printf %s \"$input\" | \"$@\" 2>&1 | cat; exit ${PIPESTATUS[1]}",
          "bash", folder.path(""), input,
        ] + words)
    }

    private static let references = [
      ["/usr/bin/qemu-riscv64"], [Project.script("trixie-run"), "qemu-riscv64"],
    ]

    private static func lines(_ ran: Ran) -> [String] {
      // QEMU does not append.
      ran.output.split(separator: "\n").map(String.init).filter { line in
        !["mode 8", "mode 9", "mode 10", "mode 11"].contains { line.hasPrefix($0) }
      }
    }

    @Test(arguments: [[], ["-accel", "interp"], ["-accel", "tcg,x-at-once=on"]])
    func everyCallAnswersAsQEMUsDoes(_ options: [String]) async throws {
      let folder = try TemporaryFolder()
      _ = try folder.write("semihosting\n", "input")
      _ = try await Self.build("calls", in: folder)
      let ours = try await Self.run(
        [try Programs.emulator] + options + ["./calls", "two words", ""], in: folder)
      #expect(ours.end == 7, "\(ours)")
      #expect(Self.lines(ours).count > 110)
      for reference in Self.references {
        let theirs = try await Self.run(reference + ["./calls", "two words", ""], in: folder)
        #expect(Self.lines(ours) == Self.lines(theirs), "\(reference)")
      }
    }

    @Test(arguments: ["exit 20026 5", "exit 20023 5", "extended 20026 12c", "extended 20022 3"])
    func theExitCodeIsTheProgramsOrOne(_ words: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Self.build("exit", in: folder)
      let arguments = words.split(separator: " ").map(String.init)
      var ends: [Int32?] = []
      for emulator in Self.references + [[try Programs.emulator]] {
        let words = emulator + ["-0", arguments[0], program] + arguments.dropFirst()
        ends.append(try await Self.run(words, in: folder).end)
      }
      #expect(ends == [ends[0], ends[0], ends[0]] && ends[0] != nil, "\(ends)")
    }

    @Test func theConsoleIsReadFromStandardInputUntilItsEnd() async throws {
      let folder = try TemporaryFolder()
      let program = try await Self.build("typed", in: folder)
      for reference in Self.references + [[try Programs.emulator]] {
        let ran = try await Self.run(reference + [program], in: folder, input: "ab.")
        #expect(ran.end == 0 && ran.output == "type: [a][b][.]\n", "\(ran)")
      }
      let ended = try await Self.run([try Programs.emulator, program], in: folder, input: "a")
      #expect(ended.end == 0 && ended.output == "type: [a]\n", "\(ended)")
    }

    @Test func anOrdinaryBreakpointIsASignal() async throws {
      let folder = try TemporaryFolder()
      let source = try folder.write(
        "_start: li a0, 4\n .option norvc\n ebreak\n srai x0, x0, 7\n j _start\n.globl _start\n", "break.s")
      let built = try await Programs.run([
        try Project.crossCompiler, "-nostdlib", "-static", source, "-o", folder.path("break"),
      ])
      guard built.end == 0 else { throw TestSetupError("\(built)") }
      for emulator in Self.references + [[try Programs.emulator]] {
        #expect(try await Programs.run(emulator + [folder.path("break")]).end == -SIGTRAP)
      }
    }

    @Test(arguments: [1, 2, 3]) func hostileArgumentsHurtNobody(_ seed: Int) async throws {
      let folder = try TemporaryFolder()
      let program = try await Self.build("hostile", in: folder)
      let place = try TemporaryFolder()
      let ran = try await Self.run(
        [try Programs.emulator, "-0", "\(Seed.first + seed)", program, "20000"], in: place)
      // A program that has what it reads stored over itself may die.
      #expect(!ran.output.contains("internal error") && !ran.output.contains("Fatal error"), "\(ran)")
      #expect([0, 128 + SIGSEGV, 128 + SIGILL, 128 + SIGBUS, 128 + SIGTRAP].contains(ran.end), "\(ran)")
    }

    // MARK: With GDB, which serves files and console

    private static func throughGDB(_ emulator: [String], _ folder: TemporaryFolder) async throws -> [String] {
      let words = (emulator + ["-g", "socket", "./calls"]).map { "'\($0)'" }.joined(separator: " ")
      let ran = try await Programs.run(
        [
          "/bin/bash", "-c",
          """
          cd '\(folder.path(""))'; rm -f socket
          \(words) </dev/null >/dev/null 2>&1 &
          for i in $(seq 400); do [ -S socket ] && break; sleep 0.05; done
          timeout 50 gdb-multiarch -nx -batch -ex 'set remote system-call-allowed 1' \\
            -ex 'target remote ./socket' -ex continue </dev/null 2>&1 | cat
          wait
          """,
        ], seconds: 90)
      let lines = ran.output.split(separator: "\n").map(String.init)
      return lines.drop { !$0.hasPrefix("open for reading") }.map { $0 }
    }

    @Test func gdbServesFilesAndConsoleAsWithQEMU() async throws {
      let folder = try TemporaryFolder()
      _ = try folder.write("semihosting\n", "input")
      _ = try await Self.build("calls", in: folder)
      let ours = try await Self.throughGDB([try Programs.emulator], folder)
      #expect(ours.contains("length: 12") && ours.contains("a program: 3"), "\(ours)")
      for reference in Self.references {
        let theirs = try await Self.throughGDB(reference, folder)
        // QEMU's guest closes GDB's own standard error with the console; it reads the high half of a length.
        let compared = { (lines: [String]) in
          lines.prefix { !$0.hasPrefix("console opens") }.filter {
            !$0.hasPrefix("length: ") && !$0.hasPrefix("mode ")
          }
        }
        #expect(compared(ours) == compared(theirs), "\(reference)")
        #expect(compared(theirs).count > 50, "\(theirs)")
      }
    }
  }
}
