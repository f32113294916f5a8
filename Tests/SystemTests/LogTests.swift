import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// `-d` and what belongs to it, on the program itself.
  struct LogTests {
    private static func build(_ folder: TemporaryFolder) async throws -> String {
      let kernel = folder.path("causes")
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic",
          "-march=rv64ima_zicsr_zifencei", "-mabi=lp64", "-mcmodel=medany", "-Wl,--no-relax", "-Wl,-N",
          "-Wl,--build-id=none", "-Wl,-Ttext=0x80000000", Project.guest("log/causes.S").path, "-o", kernel,
        ], seconds: 60)
      guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
      return kernel
    }

    private static func machine(_ kernel: String) throws -> [String] {
      [
        try Programs.emulator, "-M", "virt", "-cpu", "rv64,c=off", "-bios", "none", "-kernel", kernel,
        "-display", "none", "-monitor", "none", "-serial", "none",
      ]
    }

    /// Word for word what QEMU 7.2 prints for this guest, but for two that Apus follows QEMU 10.0 and the
    /// specification in: the value of a breakpoint, and that a misaligned AMO is a store.
    private static let causes: [(String, UInt64)] = [
      ("async:0, cause:0000000000000000, epc:0x%, tval:0x#, desc=misaligned_fetch", 0x8000_003e),
      ("async:0, cause:0000000000000001, epc:0x%, tval:0x#, desc=fault_fetch", 0),
      ("async:0, cause:0000000000000002, epc:0x%, tval:0x#, desc=illegal_instruction", 0),
      ("async:0, cause:0000000000000003, epc:0x%, tval:0x#, desc=breakpoint", 0x8000_0054),
      ("async:0, cause:0000000000000004, epc:0x%, tval:0x#, desc=misaligned_load", 0x8000_1001),
      ("async:0, cause:0000000000000005, epc:0x%, tval:0x#, desc=fault_load", 8),
      ("async:0, cause:0000000000000006, epc:0x%, tval:0x#, desc=misaligned_store", 0x8000_1001),
      ("async:0, cause:0000000000000007, epc:0x%, tval:0x#, desc=fault_store", 12),
      ("async:0, cause:000000000000000b, epc:0x%, tval:0x#, desc=machine_ecall", 0),
      ("async:0, cause:000000000000000d, epc:0x%, tval:0x#, desc=load_page_fault", 16),
      ("async:0, cause:000000000000000f, epc:0x%, tval:0x#, desc=store_page_fault", 20),
      ("async:0, cause:000000000000000c, epc:0x%, tval:0x#, desc=exec_page_fault", 0x8000_00dc),
      ("async:0, cause:0000000000000009, epc:0x%, tval:0x#, desc=supervisor_ecall", 0),
      ("async:0, cause:0000000000000008, epc:0x%, tval:0x#, desc=user_ecall", 0),
      ("async:1, cause:0000000000000007, epc:0x%, tval:0x#, desc=m_timer", 0),
      ("async:1, cause:0000000000000003, epc:0x%, tval:0x#, desc=m_software", 0),
      ("async:1, cause:0000000000000001, epc:0x%, tval:0x#, desc=s_software", 0),
      ("async:1, cause:0000000000000005, epc:0x%, tval:0x#, desc=s_timer", 0),
      ("async:1, cause:0000000000000009, epc:0x%, tval:0x#, desc=s_external", 0),
      ("async:1, cause:000000000000000b, epc:0x%, tval:0x#, desc=m_external", 0),
    ]
    private static let places: [UInt64] = [
      0x8000_0048, 0, 0x8000_0050, 0x8000_0054, 0x8000_0064, 0x8000_0068, 0x8000_006c, 0x8000_0070,
      0x8000_0074, 0x8000_0098, 0x8000_00a0, 0x8000_00dc, 0x8000_010c, 0x8000_012c, 0x8000_0140, 0x8000_0150,
      0x8000_015c, 0x8000_0168, 0x8000_0174, 0x8000_01a8,
    ]

    @Test(arguments: ["tcg", "interp", "tcg,one-insn-per-tb=on"])
    func everyCauseHasItsLine(_ accelerator: String) async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build(folder)
      let ran = try await Programs.run(
        try Self.machine(kernel) + ["-accel", accelerator, "-d", "int"], seconds: 20)
      #expect(ran.end == .exit(0), "\(ran)")
      func word(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
      }
      let expected = zip(Self.causes, Self.places).map { cause, place in
        "riscv_cpu_do_interrupt: hart:0, "
          + cause.0.replacingOccurrences(of: "%", with: word(place)).replacingOccurrences(
            of: "#", with: word(cause.1))
      }
      #expect(ran.output.split(separator: "\n").map(String.init) == expected)
    }

    @Test func theFileTakesTheLogAndItsNameTheProcess() async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build(folder)
      let ran = try await Programs.run(
        try Self.machine(kernel) + ["-d", "in_asm,mmu,page,cpu_reset", "-D", folder.path("log-%d.txt")],
        seconds: 20)
      #expect(ran.end == .exit(0) && ran.output.isEmpty, "\(ran)")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
      let name = try #require(names.first { $0.hasPrefix("log-") })
      #expect(Int(name.dropFirst(4).dropLast(4)) != nil, "\(name)")
      let text = try String(contentsOfFile: folder.path(name), encoding: .utf8)
      // Names of the kernel's functions, translated once each.
      #expect(
        text.contains("----------------\nIN: exceptions\nPriv: 3; Virt: 0\n0x000000008000003c:  00008413"))
      #expect(text.contains("CPU Reset (CPU 0)\n pc "))
      #expect(text.contains("riscv_cpu_tlb_fill ad 10 rw 0 mmu_idx 1\n"))
      #expect(text.contains("riscv_cpu_tlb_fill address=800000dc ret 1 physical 0000000000000000 prot 0\n"))
      #expect(text.contains("tlb_flush: hart 0\n") && text.contains("code page 0x0000000080000000: runs\n"))
    }

    @Test(arguments: [
      (["-D", "/nonexistent/log"], "Error opening logfile /nonexistent/log: No such file or directory\n"),
      (["-d", "int", "-D", "/tmp/%d%d"], "Bad logfile template: /tmp/%d%d\n"),
      (["-dfilter", "1"], "-dfilter 1: Bad range specifier\n"),
      (["-d", "strace"], "-d strace: no 'strace': it concerns user-mode emulation only\n"),
    ])
    func whatCannotBeIsOneSentence(_ options: [String], _ sentence: String) async throws {
      let ran = try await Programs.run([try Programs.emulator, "-M", "virt"] + options, seconds: 20)
      #expect(ran.end == .exit(1), "\(ran)")
      #expect(ran.output == "apus-system-riscv64: " + sentence)
    }

    /// The monitor's log takes effect on a machine that runs, and its registers are those of `info registers`.
    @Test func theMonitorTurnsItemsOn() async throws {
      let folder = try TemporaryFolder()
      // j .
      let kernel = try folder.write([0x6f, 0, 0, 0], "kernel")
      let log = folder.path("log")
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-display", "none", "-serial", "none", "-monitor", "stdio",
          "-bios", "none", "-kernel", kernel,
        ],
        conversation: [
          ("(qemu)", "logfile \(log)\nlog cpu,exec\ninfo registers\n"),
          ("satp", "log none\nlog nonsense\nquit\n"),
        ], seconds: 20)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output.contains("none            remove all logs"))
      let text = try String(contentsOfFile: log, encoding: .utf8)
      #expect(text.contains("/0000000080000000/"), "\(text.prefix(2000))")
      let monitor = ran.output.replacingOccurrences(of: "\r", with: "").split(separator: "\n")
      for line in text.split(separator: "\n").prefix(27) where line.hasPrefix(" x") || line.hasPrefix(" m") {
        if line.hasPrefix(" mip") { continue }
        #expect(monitor.contains(line), "\(line)")
      }
    }

    /// Events are named without their flags, and the two that count are no matter for the log.
    @Test func eventsThatCountNothingAreNamed() async throws {
      let folder = try TemporaryFolder()
      // li a0, 2; csrw mhpmevent3, a0; li a0, -1; slli a0, a0, 62; csrw mhpmevent3, a0; addi a0, a0, 7;
      // csrw mhpmevent4, a0; then the finisher.
      let code: [UInt32] = [
        0x0020_0513, 0x3235_1073, 0xfff0_0513, 0x03e5_1513, 0x3235_1073, 0x0075_0513, 0x3245_1073,
        Encoding.u(0x37, 6, 0x100), Encoding.u(0x37, 7, 5), Encoding.i(0x13, 0, 7, 7, 0x555),
        Encoding.s(0x23, 2, 6, 7, 0), 0x6f,
      ]
      let kernel = try folder.write(
        code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }, "kernel")
      let ran = try await Programs.run(try Self.machine(kernel) + ["-d", "unimp"], seconds: 20)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(ran.output == "mhpmevent4: event 0x7 counts nothing\n")
    }

    @Test func perfFindsNamesForTranslatedFunctions() async throws {
      let folder = try TemporaryFolder()
      let kernel = try await Self.build(folder)
      // The process's number is in the name of a log.
      let ran = try await Programs.run(
        try Self.machine(kernel) + ["-perfmap", "-D", folder.path("log-%d")], seconds: 20)
      #expect(ran.end == .exit(0) && ran.output.isEmpty, "\(ran)")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
      let number = try #require(names.first { $0.hasPrefix("log-") }).dropFirst(4)
      let path = "/tmp/perf-\(number).map"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: " ", maxSplits: 2)
      }
      // START SIZE name, one behind the other.
      var end: UInt64 = 0
      for row in rows {
        try #require(row.count == 3)
        let start = try #require(UInt64(row[0], radix: 16))
        let size = try #require(UInt64(row[1], radix: 16))
        #expect(start >= end && size > 0)
        end = start + size
      }
      let functions = rows.map { $0[2] }
      #expect(functions.first == "translated-code-entry")
      for name in ["_start", "exceptions", "interrupts", "handler", "guest-0x1000"] {
        #expect(functions.contains { $0 == name }, "\(name)")
      }
      #expect(functions.contains { $0.hasPrefix("handler+0x") })
    }
  }
}
