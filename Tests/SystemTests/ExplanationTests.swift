import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// Guests that fall silent, and what is said of them: Guests/silence, where each tells in its head what it is started
  /// with (`options`, `bios`, `bits`), built with (`march`, `link`, `entry`) and explained by (`cause`, `says`).
  struct ExplanationTests {
    struct Guest: CustomTestStringConvertible {
      var name: String
      var testDescription: String { name }

      static var all: [Guest] {
        let names =
          (try? FileManager.default.contentsOfDirectory(atPath: Project.guest("silence").path)) ?? []
        return names.filter { $0.hasSuffix(".S") }.sorted().map { Guest(name: String($0.dropLast(2))) }
      }

      func lines(_ key: String) throws -> [String] {
        let text = try String(contentsOf: Project.guest("silence/\(name).S"), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("# \(key): ") }.map {
          String($0.dropFirst(key.count + 4))
        }
      }

      var isNarrow: Bool { get throws { try lines("bits").first == "32" } }

      /// The words that run it, but for what is explained and how.
      func words(_ folder: TemporaryFolder) async throws -> [String] {
        let firmware = try lines("bios").first
        let (march, mabi) =
          try isNarrow ? ("rv32gc_zicsr_zifencei", "ilp32d") : ("rv64gc_zicsr_zifencei", "lp64d")
        let base = firmware == nil ? "0x80000000" : "0x80200000"
        let kernel = folder.path(name)
        let link = try lines("link").first
        var build = [
          try Project.crossCompiler, "-g", "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic",
          "-march=\(try lines("march").first ?? march)", "-mabi=\(mabi)", "-mcmodel=medany", "-Wl,--no-relax",
          "-Wl,-N", "-Wl,--no-warn-rwx-segments", "-Wl,--build-id=none", "-Wl,-Ttext=\(link ?? base)",
        ]
        if let entry = try lines("entry").first { build.append("-Wl,-e\(entry)") }
        build += [Project.guest("silence/\(name).S").path, "-o", kernel]
        let built = try await Programs.run(build, seconds: 60)
        guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
        if link != nil {
          let moved = try await Programs.run(
            [
              try Project.crossCompiler.replacingOccurrences(of: "-gcc", with: "-objcopy"),
              "--change-section-lma", ".text=\(base)", kernel,
            ], seconds: 60)
          guard moved.end == .exit(0) else { throw TestSetupError("\(moved)") }
        }
        let disk = try folder.write([UInt8](repeating: 0, count: 1 << 16), "disk")
        let options = try lines("options").flatMap { $0.split(separator: " ").map(String.init) }
        return [
          try isNarrow ? Programs.emulator32 : Programs.emulator, "-M", "virt", "-nographic", "-bios",
          firmware ?? "none", "-kernel", kernel,
        ] + options.map { $0.replacingOccurrences(of: "{disk}", with: disk) }
      }
    }

    private static let quit = "\u{1}x"

    @Test(arguments: Guest.all) func theSilenceIsExplained(_ guest: Guest) async throws {
      let folder = try TemporaryFolder()
      let words = try await guest.words(folder)
      let causes = try guest.lines("cause")
      let last = try #require(causes.last)
      let ran = try await Programs.run(
        words + ["-explain", "on"], conversation: [("[\(last)]", Self.quit)], seconds: 20)
      #expect(ran.end == .exit(0), "\(ran)")
      for cause in causes { #expect(ran.output.contains("[\(cause)]"), "\(ran)") }
      for text in try guest.lines("says") { #expect(ran.output.contains(text), "says '\(text)': \(ran)") }
      #expect(ran.output.components(separatedBy: "what to do: ").count == causes.count + 1, "\(ran)")
    }

    @Test func theSentenceComesWithinASecondWithItsLine() async throws {
      let folder = try TemporaryFolder()
      let words = try await Guest(name: "pmp-none").words(folder)
      var best = Double.infinity
      // What else the host does may delay one of them.
      for _ in 0..<5 where best > 1 {
        let ran = try await Programs.run(
          words + ["-explain", "on"], conversation: [("[pmp-no-entry]", Self.quit)], seconds: 20)
        best = min(best, ran.seconds)
        #expect(ran.output.contains(" pmp-none.S:"), "\(ran)")
      }
      #expect(best <= 1)
    }

    @Test(arguments: ["tcg", "tcg,thread=single", "interp"])
    func everyEngineIsWatched(_ accelerator: String) async throws {
      let folder = try TemporaryFolder()
      for name in ["pmp-none-loop", "waits-for-hart", "timer-storm"] {
        let guest = Guest(name: name)
        for clock in [[], ["-icount", "shift=0"], ["-icount", "shift=0,sleep=off"]] {
          let cause = try #require(try guest.lines("cause").last)
          let ran = try await Programs.run(
            try await guest.words(folder) + clock + ["-accel", accelerator, "-explain", "on"],
            conversation: [("[\(cause)]", Self.quit)], seconds: 20)
          #expect(ran.end == .exit(0), "\(ran)")
        }
      }
    }

    @Test func anObjectToALineHasTheKeys() async throws {
      let folder = try TemporaryFolder()
      let words = try await Guest(name: "page-invalid").words(folder)
      let ran = try await Programs.run(
        words + ["-explain", "json"], conversation: [("\"cause\"", Self.quit)], seconds: 20)
      let line = try #require(ran.output.split(separator: "\n").first { $0.hasPrefix("{") }, "\(ran)")
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["cause"] as? String == "page-not-valid")
      #expect(object["hart"] as? Int == 0)
      #expect((object["pc"] as? String)?.hasPrefix("0x8000") == true)
      #expect(object["symbol"] as? String == "_start")
      #expect(object["file"] as? String == "page-invalid.S")
      #expect(object["line"] as? Int != nil)
      #expect((object["text"] as? String)?.contains("0x40001000") == true)
      #expect((object["advice"] as? String)?.contains("Map the page") == true)
      #expect((object["evidence"] as? [String])?.contains { $0.contains("level 2") } == true)
      #expect((object["code"] as? [String])?.contains { $0.hasPrefix("=>") } == true)
      #expect((object["registers"] as? [String: String])?["satp"]?.hasPrefix("0x8") == true)
    }

    @Test func aCauseIsToldOnceAndAfterAResetOnlyIfItIsAnother() async throws {
      let folder = try TemporaryFolder()
      let words = try await Guest(name: "spins").words(folder)
      let ran = try await Programs.run(
        words + ["-explain", "on"],
        conversation: [("[spins]", "\u{1}c"), ("(qemu)", "system_reset\n"), ("(qemu)", "info status\n")],
        seconds: 3)
      #expect(ran.end == .timeout)
      #expect(ran.output.components(separatedBy: "[spins]").count == 2, "\(ran)")
    }

    @Test func nothingIsSaidWhereItIsOff() async throws {
      let folder = try TemporaryFolder()
      let words = try await Guest(name: "pmp-none-loop").words(folder)
      for options in [["-explain", "off"], []] {
        let ran = try await Programs.run(words + options, seconds: 1)
        #expect(ran.end == .timeout)
        #expect(!ran.output.contains("what to do"), "\(ran)")
      }
    }

    @Test func imagesThatDoNotFitAreExplainedAtOnce() async throws {
      let folder = try TemporaryFolder()
      var words = try await Guest(name: "spins").words(folder)
      words.removeSubrange(4..<6)
      let overlap = try await Programs.run(words + ["-explain", "json"], seconds: 20)
      #expect(overlap.end == .exit(1))
      #expect(overlap.output.contains("\"cause\":\"load-overlap\""), "\(overlap)")
      #expect(overlap.output.contains("Some ROM regions are overlapping"), "\(overlap)")

      let narrow = try await Guest(name: "other-width").words(folder)
      words = [try Programs.emulator] + narrow.dropFirst()
      let other = try await Programs.run(
        words + ["-explain", "on"], conversation: [("[other-width]", Self.quit)], seconds: 20)
      #expect(other.output.contains("holds 32-bit code, and this machine's harts have 64 bits"), "\(other)")
    }

    /// Instructions, memory and registers at the end are those of a run that nobody watched.
    @Test func aDeterministicGuestDoesNotNoticeThatItIsLookedAt() async throws {
      let folder = try TemporaryFolder()
      let source = """
            .globl _start
        _start:
            li s0, 900000000
        1:  addi s0, s0, -1
            bnez s0, 1b
            li t0, 0x100000
            li t1, 0x5555
            sw t1, 0(t0)
        2:  wfi
            j 2b
        """
      let file = try folder.write(Array(source.utf8), "busy.S")
      let kernel = folder.path("busy")
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-nostdlib", "-static", "-no-pie", "-Wl,-N",
          "-Wl,--no-warn-rwx-segments",
          "-Wl,-Ttext=0x80000000", file, "-o", kernel,
        ], seconds: 60)
      guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
      var reports: [String] = []
      for explain in ["on", "off"] {
        let report = folder.path("report-\(explain)")
        let ran = try await Programs.run(
          [
            try Programs.emulator, "-M", "virt", "-smp", "2", "-nographic", "-bios", "none", "-kernel",
            kernel,
            "-icount", "shift=0", "-seed", "1", "-report", report, "-explain", explain,
          ], seconds: 60)
        #expect(ran.end == .exit(0) && !ran.output.contains("what to do"), "\(ran)")
        reports.append(try String(contentsOfFile: report, encoding: .utf8))
      }
      #expect(reports[0] == reports[1])
    }

    @Test func aHealthyLinuxIsNeverAccused() async throws {
      let guests = try await BootTests.guests()
      for options in [["-smp", "2"], ["-smp", "2", "-bios", "builtin"]] {
        let ran = try await Programs.run(
          [
            try Programs.emulator, "-machine", "virt", "-m", "512M", "-nographic", "-kernel",
            guests + "/Image",
            "-initrd", guests + "/initramfs.cpio.gz", "-append", "console=ttyS0 quiet", "-explain", "on",
          ] + options,
          conversation: [
            (
              "/ # ",
              "sleep 4; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; /bin/true; echo idle is $((6*7))\n"
            ),
            ("idle is 42", "poweroff\n"),
          ], seconds: 240)
        #expect(ran.end == .exit(0), "\(ran)")
        #expect(!ran.output.contains("what to do: "), "\(ran)")
      }
    }
  }
}
