import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Semihosting: guests that call their debugger, on Apus and on QEMU.
  ///
  /// APUS_FUZZ_SEED and APUS_FUZZ_RUNS ask for other and for more of the hostile guest's runs.
  struct SemihostingTests {
    /// `mode` is the level that the guest runs in: 3 machine, 1 supervisor, 0 user.
    private static func build(
      _ name: String, xlen: Int = 64, mode: Int = 3, in folder: TemporaryFolder
    ) async throws -> String {
      let sources = Project.guest("semihosting")
      let output = folder.path(name)
      let isAssembly = name == "shapes"
      let files =
        isAssembly
        ? [sources.appendingPathComponent("shapes.S").path]
        : ["start.S", "\(name).c"].map { sources.appendingPathComponent($0).path }
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-O1", "-ffreestanding", "-fno-builtin", "-nostdlib", "-nostartfiles",
          "-static", "-no-pie", "-fno-pic", "-march=rv\(xlen)imac_zicsr_zifencei",
          "-mabi=\(xlen == 64 ? "lp64" : "ilp32")", "-mcmodel=medany", "-DLEVEL=\(mode)",
          "-Wl,--build-id=none",
          "-Wl,--no-relax", "-Wl,--no-warn-rwx-segments",
          "-Wl,-T" + sources.appendingPathComponent("link.ld").path,
        ] + files + ["-o", output], seconds: 60)
      guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
      return output
    }

    private static let quiet = ["-bios", "none", "-display", "none", "-monitor", "none", "-serial", "none"]

    /// Runs in `folder`; what is printed goes through a pipe, which a guest cannot seek in.
    private static func run(
      _ program: [String], _ options: [String], in folder: TemporaryFolder, input: String = "",
      seconds: Double = 60
    ) async throws -> Ran {
      try await Programs.run(
        [
          "/bin/bash", "-c",
          "cd \"$1\"; input=$2; shift 2; printf %s \"$input\" | \"$@\" 2>&1 | cat; exit ${PIPESTATUS[1]}",
          "bash", folder.url.path, input,
        ] + program + ["-M", "virt"] + quiet + options, seconds: seconds)
    }

    private static func emulator(_ xlen: Int) throws -> [String] {
      [try xlen == 64 ? Programs.emulator : Programs.emulator32]
    }

    /// What Apus does otherwise, by how the lines begin: docs/semihosting.md says why.
    private static let different = [
      // QEMU forgets that files may be opened for appending.
      "mode 8", "mode 9", "mode 10", "mode 11",
      // It does not notice that nothing can be stored there; 10 does for the time.
      "read into nowhere", "no room", "elapsed into nowhere",
    ]

    private static func comparable(_ text: String) -> [String] {
      text.split(separator: "\n").map(String.init).filter { line in
        !different.contains { line.hasPrefix($0) }
      }
    }

    @Test(arguments: [
      (xlen: 64, mode: 3, reference: Reference.qemu7), (64, 1, .qemu7), (64, 0, .qemu7), (32, 3, .qemu7),
      (32, 0, .qemu10), (64, 0, .qemu10),
    ])
    func everyCallAnswersAsQEMUsDoes(xlen: Int, mode: Int, reference: Reference) async throws {
      let folder = try TemporaryFolder()
      try folder.write(Array("semihosting\n".utf8), "input")
      _ = try await Self.build("calls", xlen: xlen, mode: mode, in: folder)
      let options = ["-kernel", "calls", "-semihosting-config", "enable=on,userspace=on"]
      let ours = try await Self.run(try Self.emulator(xlen), options, in: folder)
      let theirs = try await Self.run(reference.program("riscv\(xlen)"), options, in: folder)
      #expect(ours.end == .exit(7) && theirs.end == .exit(7), "\(ours)\n\(theirs)")
      #expect(ours.output.split(separator: "\n").count > 110)
      #expect(Self.comparable(ours.output) == Self.comparable(theirs.output))
      #expect(ours.output.contains("\nread into nowhere: 3\n"))
      #expect(ours.output.contains("mode 11: opens, 0 not written, length 15, seek 0, not read 0, close 0\n"))
    }

    @Test(arguments: ["tcg", "interp", "tcg,one-insn-per-tb=on"])
    func whatIsACallDependsOnTheInstructionsAroundIt(_ accelerator: String) async throws {
      let folder = try TemporaryFolder()
      _ = try await Self.build("shapes", in: folder)
      let ran = try await Self.run(
        try Self.emulator(64), ["-kernel", "shapes", "-semihosting", "-accel", accelerator], in: folder)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(
        ran.output == """
          0 trapped
          1 trapped
          2 trapped
          text3 seen
          text4 seen
          5 trapped
          6 trapped
          7 trapped
          8 (srai straddles) seen

          """)
      let theirs = try await Self.run(
        Reference.qemu7.words, ["-kernel", "shapes", "-semihosting"], in: folder)
      #expect(theirs.output == ran.output)
    }

    @Test func withoutTheOptionOrInUserModeACallIsABreakpoint() async throws {
      let folder = try TemporaryFolder()
      _ = try await Self.build("calls", mode: 0, in: folder)
      for options in [[], ["-semihosting"], ["-semihosting-config", "enable=off,userspace=on"]] {
        let ran = try await Self.run(try Self.emulator(64), ["-kernel", "calls"] + options, in: folder)
        // The guest's handler: 0x40 and the cause.
        #expect(ran.end == .exit(0x43), "\(ran)")
        #expect(ran.output.isEmpty)
      }
    }

    @Test(arguments: [
      (64, "exit 20026 5", 5), (64, "exit 20023 5", 1), (64, "extended 20026 12c", 44),
      (64, "extended 20022 3", 1), (32, "exit 20026 5", 0), (32, "exit 20023 5", 1),
      (32, "extended 20026 ff", 255),
    ])
    func theExitCodeIsTheProgramsWhateverTheMachineWouldDo(xlen: Int, words: String, code: Int32) async throws
    {
      let folder = try TemporaryFolder()
      _ = try await Self.build("exit", xlen: xlen, in: folder)
      let options = ["-kernel", "exit", "-no-shutdown", "-semihosting-config", "arg=\(words)"]
      let ours = try await Self.run(try Self.emulator(xlen), options, in: folder)
      let theirs = try await Self.run(Reference.qemu7.program("riscv\(xlen)"), options, in: folder)
      #expect(ours.end == .exit(code) && theirs.end == ours.end, "\(ours)\n\(theirs)")
    }

    @Test(arguments: [
      [], ["-append", "one  two"], ["-semihosting-config", "arg=a,,b,arg=,arg=c d"], ["-m", "256"],
      ["-initrd", "heap"],
    ])
    func heapAndCommandLineAreQEMUs(_ more: [String]) async throws {
      let folder = try TemporaryFolder()
      _ = try await Self.build("heap", in: folder)
      let options = ["-kernel", "heap", "-semihosting"] + more
      let ours = try await Self.run(try Self.emulator(64), ["-M", "virt-7.2"] + options, in: folder)
      let theirs = try await Self.run(Reference.qemu7.words, options, in: folder)
      #expect(ours.end == .exit(0))
      #expect(ours.output == theirs.output)
    }

    @Test(arguments: [[], ["-icount", "shift=1,sleep=off"], ["-smp", "2"]])
    func aHartThatReadsWaitsForWhatIsTyped(_ more: [String]) async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build("typed", in: folder)
      let ran = try await Programs.run(
        [try Programs.emulator, "-M", "virt"] + Self.quiet + [
          "-kernel", kernel, "-chardev", "stdio,id=c", "-semihosting-config", "chardev=c",
        ] + more, conversation: [("type: ", "ab"), ("[a][b]", "c.")], seconds: 30)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("type: [a][b][c][.]"), "\(ran)")
    }

    @Test func withoutAConsoleThereIsNothingToReadAndASentenceSaysSo() async throws {
      let folder = try TemporaryFolder()
      _ = try await Self.build("typed", in: folder)
      let ran = try await Self.run(try Self.emulator(64), ["-kernel", "typed", "-semihosting"], in: folder)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("name one by chardev=ID in -semihosting-config"), "\(ran)")
    }

    // MARK: Served by GDB

    /// What a guest's calls print through a real GDB, which serves them in `folder`.
    private static func throughGDB(
      _ program: [String], _ kernel: String, _ options: [String], in folder: TemporaryFolder
    ) async throws -> Ran {
      try await Programs.run(
        [
          "/bin/bash", "-c",
          """
          cd "$1"; kernel=$2; shift 2; rm -f socket
          "$@" </dev/null >errors 2>&1 & emulator=$!
          for i in $(seq 400); do [ -S socket ] && break; sleep 0.05; done
          timeout 50 gdb-multiarch -nx -batch -ex 'set remote system-call-allowed 1' \\
            -ex 'target remote ./socket' -ex continue </dev/null 2>&1 | cat
          wait $emulator; code=$?; cat errors; exit $code
          """, "bash", folder.url.path, kernel,
        ] + program + ["-M", "virt"] + quiet + [
          "-S", "-gdb", "unix:socket,server=on,wait=off", "-kernel", kernel,
        ] + options, seconds: 90)
    }

    /// Lines of calls up to where QEMU's guest closes GDB's own standard error, which ends what is seen of it.
    private static func filesThroughGDB(_ ran: Ran) -> [String] {
      let lines = ran.output.split(separator: "\n").map(String.init)
      let calls = lines.drop { !$0.hasPrefix("open for reading") }.prefix { !$0.hasPrefix("console opens") }
      return calls.filter { line in
        // QEMU reads the high half of a length, and does not append.
        !["length: ", "mode ", "read into nowhere"].contains { line.hasPrefix($0) }
      }
    }

    @Test(arguments: [Reference.qemu7, .qemu10])
    func gdbServesFilesAndConsoleAsWithQEMU(_ reference: Reference) async throws {
      let folder = try TemporaryFolder()
      try folder.write(Array("semihosting\n".utf8), "input")
      _ = try await Self.build("calls", in: folder)
      let options = ["-semihosting-config", "enable=on,target=gdb"]
      let ours = try await Self.throughGDB(try Self.emulator(64), "calls", options, in: folder)
      let theirs = try await Self.throughGDB(reference.words, "calls", options, in: folder)
      #expect(ours.end == .exit(7) && theirs.end == .exit(7), "\(ours)\n\(theirs)")
      #expect(Self.filesThroughGDB(ours) == Self.filesThroughGDB(theirs))
      #expect(Self.filesThroughGDB(ours).count > 50, "\(ours)")
      #expect(ours.output.contains("\nlength: 12\n") && ours.output.contains("\na program: 3\n"), "\(ours)")
    }

    @Test func onlyAConnectedDebuggerIsAskedAutomatically() async throws {
      let folder = try TemporaryFolder()
      try folder.write(Array("semihosting\n".utf8), "input")
      _ = try await Self.build("calls", in: folder)
      let alone = try await Self.run(
        try Self.emulator(64), ["-kernel", "calls", "-semihosting-config", "target=auto"], in: folder)
      #expect(alone.end == .exit(7) && alone.output.contains("\nlength: 12\n"), "\(alone)")
      let debugged = try await Self.throughGDB(
        try Self.emulator(64), "calls", ["-semihosting-config", "target=auto"], in: folder)
      // GDB's console is a terminal for its guests.
      #expect(debugged.output.contains("console opens: 1\nis a terminal: 1\n"), "\(debugged)")
      let missing = try await Self.run(
        try Self.emulator(64), ["-kernel", "calls", "-semihosting-config", "target=gdb"], in: folder)
      #expect(missing.end == .exit(7), "\(missing)")
      #expect(missing.output.contains("for GDB (target=gdb), and none is connected"), "\(missing)")
    }

    @Test(arguments: ["tcg", "interp"])
    func callsThatGDBLeavesFailAndCtrlCStops(_ accelerator: String) async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build("calls", in: folder)
      let machine = try DebuggedEmulator(
        [try Programs.emulator, "-M", "virt"] + Self.quiet + [
          "-S", "-gdb", "unix:DIR/gdb", "-kernel", kernel, "-accel", accelerator,
          "-semihosting-config", "target=gdb",
        ], in: folder)
      var client: GDBClient? = try GDBClient(path: folder.path("gdb"))
      _ = client?.ask("qSupported:multiprocess+")
      #expect(client?.ask("vCont;c")?.hasPrefix("Fopen,") == true)
      // GDB tells the interruption with its answer; the call has failed, and is behind.
      let stop = client?.ask("F-1,4,C")
      #expect(stop?.hasPrefix("T02thread:p01.01;") == true, "\(stop ?? "")")
      #expect(client?.ask("pa") == "ffffffffffffffff")
      // An interruption that comes while GDB works.
      let next = client?.ask("vCont;c")
      #expect(next?.hasPrefix("Fwrite,2,") == true, "\(next ?? "")")
      client?.send([3])
      #expect(client?.ask("F10")?.hasPrefix("T02thread:") == true)
      // A step over a call is one step.
      let file = client?.ask("vCont;c")
      #expect(file?.hasPrefix("Fwrite,2,") == true, "\(file ?? "")")
      #expect(client?.ask("F2")?.hasPrefix("F") == true)
      #expect(client?.ask("Fgarbage")?.hasPrefix("F") == true)
      // It goes in the midst of a request: the machine ends by itself.
      client = nil
      #expect(machine.end() == 7)
      #expect(machine.complaints.contains("none is connected"), "\(machine.complaints)")
    }

    @Test(arguments: [64, 32])
    func hostileArgumentsHurtNobody(xlen: Int) async throws {
      let environment = ProcessInfo.processInfo.environment
      let first = environment["APUS_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
      let runs = environment["APUS_FUZZ_RUNS"].flatMap { UInt64($0) } ?? 3
      let folder = try TemporaryFolder()
      let kernel = try await Self.build("hostile", xlen: xlen, in: folder)
      for seed in first..<first + runs {
        let place = try TemporaryFolder()
        let ran = try await Self.run(
          try Self.emulator(xlen),
          [
            "-m", "16M", "-kernel", kernel, "-chardev", "null,id=n", "-semihosting-config",
            "arg=\(seed),arg=20000,chardev=n",
          ], in: place)
        // A guest that has what it reads stored over itself may trap; codes from 128 on would be our own signals.
        guard case .exit(let code) = ran.end, code == 0 || code >= 0x40 && code < 0x50 else {
          Issue.record("seed \(seed): \(ran)")
          continue
        }
      }
    }
  }
}
