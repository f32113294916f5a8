import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Debian's Linux on Debian's firmware, as its users start it.
  struct BootTests {
    /// What `Scripts/fetch-linux` gathers.
    static func guests() async throws -> String {
      let environment = ProcessInfo.processInfo.environment
      let home = environment["HOME"] ?? "/root"
      let cache = environment["APUS_CACHE"] ?? (environment["XDG_CACHE_HOME"] ?? home + "/.cache") + "/apus"
      let ran = try await Programs.run([Project.script("fetch-linux")], seconds: 600)
      guard ran.end == .exit(0) else { throw TestSetupError("cannot fetch Linux: \(ran)") }
      return cache + "/guests"
    }

    private static func linux(
      _ options: [String], running command: String? = nil,
      conversation: [(seeing: String, saying: String)] = []
    ) async throws -> Ran {
      let guests = try await guests()
      let run = command.map { " apus.run=\"\($0)\"" } ?? ""
      return try await Programs.run(
        [
          try Programs.emulator, "-machine", "virt", "-m", "512M", "-nographic", "-kernel", guests + "/Image",
          "-initrd", guests + "/initramfs.cpio.gz", "-append", "console=ttyS0 quiet" + run,
        ] + options.map { $0.replacingOccurrences(of: "GUESTS", with: guests) },
        conversation: conversation, seconds: 240)
    }

    @Test(arguments: [
      (firmware: "GUESTS/opensbi-bookworm/fw_dynamic.bin", version: "v1.1", harts: 4),
      (firmware: "GUESTS/opensbi-trixie/fw_dynamic.bin", version: "v1.6", harts: 1),
    ])
    func linuxRunsACommandAndPowersOff(firmware: String, version: String, harts: Int) async throws {
      let ran = try await Self.linux(
        ["-smp", "\(harts)", "-bios", firmware],
        // The kernel warns of each hart whose advertised extension the firmware left unusable.
        running:
          "nproc; grep -c ^isa /proc/cpuinfo; echo $((6*7)) | sed s/^/computed:/; dmesg -r | grep -c '^<[0-3]>'"
      )
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("OpenSBI \(version)"), "\(ran)")
      #expect(ran.output.contains("\n\(harts)\r\n\(harts)\r\ncomputed:42\r\n0\r\n"), "\(ran)")
      #expect(!ran.output.contains("Oops") && !ran.output.contains("Call Trace"), "\(ran)")
    }

    @Test func theShellAnswersAndPoweroffEndsTheProgram() async throws {
      let ran = try await Self.linux(
        ["-smp", "4"],
        conversation: [
          ("/ # ", "echo $((123*321)) on $(nproc)\n"), ("39483 on 4", "poweroff\n"),
        ])
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("39483 on 4"), "\(ran)")
    }

    /// The same bytes, instructions and hashes, whatever runs the instructions and however little room it has.
    @Test func deterministicMachinesRepeatThemselvesUnderAnyEngine() async throws {
      let folder = try TemporaryFolder()
      var runs: [(String, String)] = []
      for (number, accelerator) in ["tcg", "tcg,tb-size=1", "interp"].enumerated() {
        let report = folder.path("report\(number)")
        let ran = try await Self.linux(
          [
            "-smp", "2", "-icount", "shift=1,sleep=off", "-seed", "1", "-report", report, "-accel",
            accelerator,
          ],
          running: "cat /proc/interrupts; head -c 16 /dev/urandom | od -x; date")
        #expect(ran.end == .exit(0), "\(ran)")
        #expect(ran.output.contains("exit status 0"), "\(ran)")
        // How much was decoded is the engine's own affair.
        let lines = try String(contentsOfFile: report, encoding: .utf8).split(separator: "\n")
        runs.append(
          (ran.output, lines.filter { !$0.hasPrefix("decoded-code") }.joined(separator: "\n")))
      }
      #expect(!runs[0].1.isEmpty)
      for run in runs.dropFirst() {
        #expect(runs[0].0 == run.0)
        #expect(runs[0].1 == run.1)
      }
    }
  }
}
