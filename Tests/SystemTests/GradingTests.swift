import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import TestSupport
import Testing

extension SystemTests {
  /// `-grade` on the program itself.
  struct GradingTests {
    /// A guest that says "ready" and then what is typed.
    private static func echo(_ folder: TemporaryFolder) async throws -> String {
      let kernel = folder.path("echo")
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic",
          "-march=rv64ima", "-mabi=lp64", "-mcmodel=medany", "-Wl,--build-id=none", "-Wl,-N",
          "-Wl,-Ttext=0x80000000", Project.guest("console/echo.S").path, "-o", kernel,
        ], seconds: 60)
      guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
      return kernel
    }

    private static func grade(
      _ script: String, more: String = "", _ options: [String] = [], in folder: TemporaryFolder
    ) async throws -> Ran {
      let kernel = try await echo(folder)
      let file = try folder.write(Array(script.utf8), "x.grade")
      return try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-bios", "none", "-display", "none", "-monitor", "none",
          "-serial",
          "stdio", "-kernel", kernel, "-grade", file + more,
        ] + options, seconds: 60)
    }

    @Test(arguments: ["", ",clock=host", ",quiet=on"])
    func whatIsRightPasses(_ more: String) async throws {
      let folder = try TemporaryFolder()
      let ran = try await Self.grade(
        "title \"echo\"\nexpect \"ready\\n\"\ntype \"hello, 1234567890123456789012345678901234567890\\n\"\n"
          + "within 10 M instructions\nexpect /^hello, (\\d+)$/ points 3", more: more, in: folder)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("ready") == (more != ",quiet=on"))
      #expect(ran.output.contains("grade: PASS  echo (3 of 3 points), after "), "\(ran)")
      #expect(ran.output.contains("grade: 1 of 1 tests passed, 3 of 3 points\n"), "\(ran)")
    }

    @Test func whatIsWrongFailsWithTheLastLinesAndTraps() async throws {
      let folder = try TemporaryFolder()
      let ran = try await Self.grade(
        "forbid /pan.c/\ntest \"late\"\nwithin 100 ms\nexpect \"never\"\ntest \"bad\"\nexpect exit",
        more: ",json=\(folder.path("json")),junit=\(folder.path("junit"))", in: folder)
      #expect(ran.end == .exit(1), "\(ran)")
      #expect(
        ran.output.contains("x.grade:4: \"never\" did not appear on serial0 within 0.1 s of guest time\n"),
        "\(ran)")
      #expect(ran.output.contains("grade: the last lines of serial0:\n  | ready\n"), "\(ran)")
      #expect(ran.output.contains("grade: hart 0 took no trap\n"), "\(ran)")
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder.path("json"))))
          as? [String: Any])
      #expect(json["passed"] as? Bool == false)
      // 100 ms are 25 million instructions, wherever this runs.
      let tests = try #require(json["tests"] as? [[String: Any]])
      #expect(tests.map { $0["instructions"] as? Int } == [25_000_000, 25_000_000])
      let xml = try String(contentsOfFile: folder.path("junit"), encoding: .utf8)
      #expect(xml.contains("<failure message=\"&quot;never&quot; did not appear on serial0"))
    }

    /// A guest that only traps retires nothing, and must meet its limit all the same; the reason is told.
    @Test func aTrapLoopMeetsItsLimitAndIsExplained() async throws {
      let folder = try TemporaryFolder()
      let kernel = folder.path("loop")
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic",
          "-march=rv64ima_zicsr", "-mabi=lp64", "-Wl,--build-id=none", "-Wl,-N", "-Wl,-Ttext=0x80000000",
          Project.guest("log/loop.S").path, "-o", kernel,
        ], seconds: 60)
      #expect(built.end == .exit(0), "\(built)")
      let ran = try await Self.grade("within 300 ms\nexpect \"never\"", ["-kernel", kernel], in: folder)
      #expect(ran.end == .exit(1), "\(ran)")
      #expect(ran.output.contains("times in a row\n") && ran.output.contains("what to do: "), "\(ran)")
    }

    @Test func whatIsForbiddenFails() async throws {
      let folder = try TemporaryFolder()
      let ran = try await Self.grade(
        "forbid /pan.c/\nexpect \"ready\"\ntype \"kernel panic\\n\"\nexpect \"never\"", in: folder)
      #expect(ran.end == .exit(1), "\(ran)")
      #expect(ran.output.contains(":1: /pan.c/ appeared on serial0, which is forbidden\n"), "\(ran)")
    }

    @Test func mistakesAreToldAndAreNoWrongAnswer() async throws {
      let folder = try TemporaryFolder()
      let ran = try await Self.grade("expct \"x\"\nexpect \"ready\" on modem", in: folder)
      #expect(ran.end == .exit(2), "\(ran)")
      #expect(ran.output.contains("x.grade:1:1: no statement 'expct'; there are title"), "\(ran)")
      let other = try await Self.grade("expect \"ready\" on modem", in: folder)
      #expect(
        other.end == .exit(2) && other.output.contains("x.grade:1:1: no console 'modem'; there are: serial0"))
      let missing = try await Self.grade("expect \"ready\"", ["-kernel", "/nope"], in: folder)
      #expect(missing.end == .exit(2), "\(missing)")
      let unwritable = try await Self.grade("expect \"ready\"", more: ",json=/nope/x", in: folder)
      #expect(unwritable.end == .exit(2) && unwritable.output.contains("Could not write '/nope/x'"))
    }

    @Test func severalConsolesAreGraded() async throws {
      let folder = try TemporaryFolder()
      let ran = try await Self.grade(
        "within 100 ms\nexpect \"ready\" on c7\ntype \"x\" on c7\nexpect \"x\" on c7",
        ["-chardev", "null,id=c7", "-serial", "chardev:c7"], in: folder)
      // The first serial port is standard input and output; this machine has no second one.
      #expect(ran.end == .exit(1) && ran.output.contains("did not appear on c7"), "\(ran)")
    }

    /// With the script of Examples/grading and the kernel that other tests boot, twice the same.
    @Test func linuxIsGradedTheSameWayEachTime() async throws {
      let guests = try await BootTests.guests()
      let folder = try TemporaryFolder()
      let script = Project.root.appendingPathComponent("Examples/grading/linux.grade").path
      var results: [Data] = []
      for run in ["1", "2"] {
        let file = folder.path(run)
        let ran = try await Programs.run(
          [
            try Programs.emulator, "-machine", "virt", "-m", "512M", "-smp", "2", "-display", "none",
            "-monitor",
            "none", "-serial", "stdio", "-kernel", guests + "/Image", "-initrd",
            guests + "/initramfs.cpio.gz",
            "-append", "console=ttyS0 apus.run=\"echo done\"", "-seed", "1", "-grade",
            "\(script),json=\(file)",
          ], seconds: 240)
        #expect(ran.end == .exit(0), "\(ran)")
        #expect(ran.output.contains("grade: 3 of 3 tests passed, 4 of 4 points\n"), "\(ran)")
        results.append(try Data(contentsOf: URL(fileURLWithPath: file)))
      }
      #expect(results[0] == results[1])
    }
  }
}
