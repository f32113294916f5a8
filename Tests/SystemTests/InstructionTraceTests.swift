import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// `-d spike` and `-d commits`, and that `-d int` counts what repeats.
  struct InstructionTraceTests {
    private static func build(
      _ name: String, xlen: Int = 64, isCompressed: Bool = true, flags: [String] = [],
      in folder: TemporaryFolder
    ) async throws -> String {
      let kernel = folder.path("\(name)\(xlen)")
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic",
          "-march=rv\(xlen)imafd\(isCompressed ? "c" : "")_zicsr_zifencei",
          "-mabi=\(xlen == 64 ? "lp64d" : "ilp32d")",
          "-mcmodel=medany", "-Wl,--no-relax", "-Wl,-N", "-Wl,--build-id=none", "-Wl,-Ttext=0x80000000",
          Project.guest("log/\(name).S").path, "-o", kernel,
        ] + flags, seconds: 60)
      guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
      return kernel
    }

    private static let quiet = ["-bios", "none", "-display", "none", "-monitor", "none", "-serial", "none"]

    private static func trace(_ options: [String], xlen: Int = 64, in folder: TemporaryFolder) async throws
      -> [String]
    {
      let file = folder.path("trace")
      let emulator = xlen == 64 ? try Programs.emulator : try Programs.emulator32
      let ran = try await Programs.run(
        [emulator, "-M", "virt"] + quiet + options + ["-D", file], seconds: 30)
      #expect(ran.end == .exit(0), "\(ran)")
      return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// The program counters of lines such as `core   0: 0x0000000080000000 (0x…`.
    private static func places(_ lines: [String], behind head: String) -> [String] {
      lines.compactMap { line in
        guard line.hasPrefix(head), let place = line.dropFirst(head.count).split(separator: " ").first else {
          return nil
        }
        return place.hasPrefix("0x") ? String(place.dropFirst(2)) : nil
      }
    }

    @Test func theLinesAreSpikes() async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build("trace", isCompressed: false, in: folder)
      let lines = try await Self.trace(["-kernel", kernel, "-d", "spike,commits"], in: folder)
      // From the reset vector on.
      #expect(lines[0] == "core   0: 0x0000000000001000 (0x00000297) auipc   t0, 0x0")
      #expect(lines[1] == "core   0: 3 0x0000000000001000 (0x00000297) x5  0x0000000000001000")
      let start = try #require(lines.firstIndex(of: "core   0: >>>>  _start"))
      #expect(lines[start + 1].hasPrefix("core   0: 0x0000000080000000 (0x"))
      func has(_ pattern: String) -> Bool {
        lines.contains { $0.range(of: pattern, options: .regularExpression) != nil }
      }
      let address = "0x00000000800[0-9a-f]{5}"
      for pattern in [
        #"^core   0: 0x[0-9a-f]{16} \(0x30529073\) csrw    mtvec, t0$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x30529073\) c773_mtvec 0x00000000800[0-9a-f]{5}$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x00640023\) mem \#(address) 0xfe$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x00641123\) mem \#(address) 0xfffe$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x00642223\) mem \#(address) 0xfffffffe$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x00643423\) mem \#(address) 0xfffffffffffffffe$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x00044503\) x10 0x00000000000000.. mem \#(address)$"#,
        // Done, and then not.
        #"^core   0: 3 0x[0-9a-f]{16} \(0x1864262f\) x12 0x0000000000000000 mem \#(address) 0xfffffffe$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x1864262f\) x12 0x0000000000000001$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x0e6425af\) x11 0x[0-9a-f]{16} mem \#(address) mem \#(address) 0xfffffffe$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x01043607\) f12 0x4018000000000000 mem \#(address)$"#,
        #"^core   0: exception trap_machine_ecall, epc 0x[0-9a-f]{16}$"#,
        #"^core   0: exception trap_illegal_instruction, epc 0x[0-9a-f]{16}$"#,
        #"^core   0:           tval 0x0000000000000000$"#,
        #"^core   0: 3 0x[0-9a-f]{16} \(0x30200073\) c768_mstatus 0x[0-9a-f]{16}$"#,
      ] {
        #expect(has(pattern), "\(pattern)")
      }
      // What trapped is listed, and not committed.
      #expect(has(#"\(0x00000073\) ecall$"#) && !has(#"^core   0: 3 0x[0-9a-f]{16} \(0x00000073\)"#))
    }

    @Test(arguments: [("tcg", 64), ("interp", 64), ("tcg", 32), ("tcg,tb-size=1", 32)])
    func theProgramCountersAreQEMUs(accelerator: String, xlen: Int) async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build("trace", xlen: xlen, in: folder)
      let lines = try await Self.trace(
        ["-accel", accelerator, "-kernel", kernel, "-d", "spike,commits"], xlen: xlen, in: folder)
      let file = folder.path("theirs")
      let ran = try await Programs.run(
        Reference.qemu7.program("riscv\(xlen)") + ["-M", "virt"] + Self.quiet + [
          "-kernel", kernel, "-singlestep", "-d", "exec,nochain", "-D", file,
        ], seconds: 30)
      #expect(ran.end == .exit(0), "\(ran)")
      // Trace 0: 0x7f… [00000000/0000000080000000/…] symbol
      var theirs = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap {
        line in
        line.hasPrefix("Trace 0: ") ? String(line.split(separator: "/")[1].suffix(xlen / 4)) : nil
      }
      var ours = Self.places(lines, behind: "core   0: ")
      // The end is not the same instruction: the machine stops a little after the store.
      let stay = try #require(ours.last)
      while ours.last == stay { ours.removeLast() }
      while theirs.last == stay { theirs.removeLast() }
      #expect(ours.count > 60 && ours == theirs)
    }

    /// Registers, printed before each instruction, change by what the line between them says, and by nothing else.
    @Test(arguments: [64, 32])
    func commitsAreWhatChanges(xlen: Int) async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build("trace", xlen: xlen, in: folder)
      let lines = try await Self.trace(["-kernel", kernel, "-d", "commits,cpu,fpu"], xlen: xlen, in: folder)
      var known: [String: String]?
      var dump: [String: String] = [:]
      var checked = 0
      for line in lines + ["core"] {
        guard line.hasPrefix("core") else {
          for match in line.matches(of: #/\b([xf]\d+)/\S+\s+([0-9a-f]+)/#) {
            dump[String(match.1)] = String(match.2)
          }
          continue
        }
        if let before = known, !dump.isEmpty {
          #expect(before == dump, "before \(line)")
          checked += 1
        }
        if !dump.isEmpty { known = dump }
        dump = [:]
        for match in line.matches(of: #/ ([xf]\d+) +0x([0-9a-f]+)/#) {
          known?[String(match.1)] = String(match.2)
        }
      }
      #expect(checked > 50)
    }

    @Test func theFilterRestrictsTheTrace() async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build("trace", in: folder)
      let lines = try await Self.trace(
        ["-kernel", kernel, "-d", "spike", "-dfilter", "0x1000+0x100"], in: folder)
      let places = Self.places(lines, behind: "core   0: ")
      #expect(places.count > 3 && places.allSatisfy { $0.hasPrefix("00000000000010") })
    }

    @Test(arguments: [
      (flags: [String](), shown: 11, subject: "the trap above"), (["-DTWO"], 22, "the 2 traps above"),
    ])
    func trapsThatRepeatAreCounted(flags: [String], shown: Int, subject: String) async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build("loop", flags: flags, in: folder)
      let ran = try await Programs.run(
        [
          "/bin/sh", "-c", "(sleep 1; echo quit) | \"$@\"", "sh", try Programs.emulator, "-M", "virt",
          "-bios",
          "none", "-display", "none", "-serial", "none", "-monitor", "stdio", "-kernel", kernel, "-d", "int",
        ], seconds: 30)
      #expect(ran.end == .exit(0), "\(ran)")
      // The monitor's lines are between them.
      let lines = ran.output.split(whereSeparator: \.isNewline).filter { $0.contains("hart:0") }
      let traps = lines.count { $0.contains("riscv_cpu_do_interrupt: ") }
      // The first exception is another one.
      #expect(traps >= shown && traps <= shown + 2, "\(ran)")
      #expect(lines.contains { $0.hasSuffix("  (hart:0: \(subject) repeated 1000 times so far)") }, "\(ran)")
      #expect(lines.contains { $0.hasSuffix("  (hart:0: \(subject) repeated 10000 times so far)") }, "\(ran)")
      let last = try #require(lines.last)
      #expect(last.contains("  (hart:0: \(subject) repeated ") && !last.contains("so far"), "\(ran)")
      #expect(lines.count < shown + 12)
    }
  }
}
