import Foundation
import TestSupport
import Testing

extension UserProgramTests {
  /// Programs that die by a signal leave a core file where their limit allows it, which debuggers read.
  struct CoreTests {
    private func die(_ words: [String], in folder: TemporaryFolder, limit: String = "unlimited") async throws
      -> Ran
    {
      let line = "cd \(folder.path(".")) && ulimit -c \(limit) && exec \"$@\""
      return try await Programs.run(["/bin/sh", "-c", line, "sh"] + words)
    }

    private func cores(in folder: TemporaryFolder) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path(".")).filter { $0.hasSuffix(".core") }
        .map(folder.path)
    }

    private func debug(_ program: String, _ core: String, _ commands: [String]) async throws -> Ran {
      let debugger = "/usr/bin/gdb-multiarch"
      guard FileManager.default.isExecutableFile(atPath: debugger) else {
        throw TestSetupError("no \(debugger): run `Scripts/install-dependencies test`")
      }
      return try await Programs.run(
        [debugger, "-nx", "-batch"] + commands.flatMap { ["-ex", $0] } + [program, core])
    }

    @Test(arguments: ["tcg,x-at-once=on", "interp"])
    func aDebuggerFindsRegistersFramesAndThreads(_ engine: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("core", in: folder, options: ["-static", "-g"])
      let ran = try await die([try Programs.emulator, "-accel", engine, program], in: folder)
      #expect(ran.end == -SIGSEGV, "\(ran)")
      let files = try cores(in: folder)
      #expect(files.count == 1)
      let name = URL(fileURLWithPath: files.first ?? "none").lastPathComponent
      #expect(name.range(of: #"^qemu_core_\d{8}-\d{6}_\d+\.core$"#, options: .regularExpression) != nil)
      #expect(
        ran.output.contains("uncaught target signal 11 (Segmentation fault) - core dumped: \(name)"), "\(ran)"
      )
      let seen = try await debug(
        program, files.first ?? "none",
        [
          "p/x $s2", "p $s3", "p $fs2.double", "p $pc == &fault", "x/s mark", "bt", "info threads",
          "p $_siginfo.si_signo", "thread 2", "bt", "info auxv",
        ])
      for line in [
        "$1 = 0x1234", "$2 = -2", "$3 = 5", "$4 = 1", "\"the program's own data\"", "in outer ()",
        "in main (",
        "$5 = 11", "in wait_for_the_end (", "AT_SYSINFO_EHDR", "Program terminated with signal SIGSEGV",
      ] { #expect(seen.output.contains(line), "\(line)\n\(seen.output)") }
    }

    @Test(arguments: ["abort", "\(SIGQUIT)", "\(SIGSYS)"])
    func signalsOfItsOwnLeaveOneToo(_ how: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("core", in: folder)
      let ran = try await die([try Programs.emulator, program, how], in: folder)
      #expect(ran.end == -(Int32(how) ?? SIGABRT), "\(ran)")
      #expect(try cores(in: folder).count == 1)
    }

    @Test func thereIsNoneWhereTheLimitIsZeroOrTheSignalLeavesNone() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("core", in: folder)
      #expect(try await die([try Programs.emulator, program], in: folder, limit: "0").end == -SIGSEGV)
      #expect(try await die([try Programs.emulator, program, "\(SIGTERM)"], in: folder).end == -SIGTERM)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(".")) == ["core"])
    }

    /// No more than the limit, in blocks of 512 bytes.
    @Test func theLimitHolds() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("core", in: folder)
      _ = try await die([try Programs.emulator, program], in: folder, limit: "16")
      let size = try cores(in: folder).first.map {
        try FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int ?? 0
      }
      #expect(size == 8192)
    }

    @Test func theEndIsExplainedWithSymbols() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("core", in: folder)
      let ran = try await Programs.run([try Programs.emulator, "-explain", "on", program])
      for line in [
        "apus-riscv64: killed by SIGSEGV: nothing is mapped at 0x0\n", "<inner+0x", "<outer+0x",
        "s2 0000000000001234",
      ] { #expect(ran.output.contains(line), "\(ran)") }
      let aborted = try await Programs.run([try Programs.emulator, "-explain", "on", program, "abort"])
      #expect(aborted.output.contains("killed by SIGABRT: it sent that itself"), "\(aborted)")
    }
  }
}
