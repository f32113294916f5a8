import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// The monitor's answers beside those of QEMU 10.0.
  struct MonitorComparisonTests {
    /// What `emulator` answers to each of `lines`, given one after the other.
    private func answers(
      _ emulator: [String], _ options: [String], _ lines: [String], runningFirst: Bool = false
    ) async throws -> [String] {
      // A person who waits for each prompt; each line takes some 50 ms, in which the guest comes along.
      let before = runningFirst ? [String](repeating: "info status", count: 10) + ["stop"] : ["info status"]
      let conversation = (before + lines + ["quit"]).map { (seeing: "(qemu) ", saying: $0 + "\n") }
      let ran = try await Programs.run(
        emulator + ["-display", "none", "-monitor", "stdio", "-serial", "null"] + options,
        conversation: conversation, seconds: 60)
      #expect(ran.end == .exit(0), "\(ran)")
      let pieces = ran.output.replacing("\r\n", with: "\n").split(
        separator: "(qemu) ", omittingEmptySubsequences: false)
      // Before the first prompt the banner; each piece begins with the line as it was echoed.
      return pieces.dropFirst(1 + before.count).prefix(lines.count).map { piece in
        piece.firstIndex(of: "\n").map { String(piece[piece.index(after: $0)...]) } ?? ""
      }
    }

    private func compare(_ options: [String], _ lines: [String]) async throws {
      let ours = try await answers([try Programs.emulator], options, lines)
      let theirs = try await answers(
        [Project.script("trixie-run"), "qemu-system-riscv64"], options, lines)
      #expect(ours.count == lines.count)
      #expect(theirs.count == lines.count)
      for (line, (a, b)) in zip(lines, zip(ours, theirs)) { #expect(a == b, "\(line)") }
    }

    /// Answers that are QEMU's letter for letter.
    private static let sameWords = [
      "info status", "stop", "stop", "foo", "info foo", "help foo", "help info foo", "quit 3", "info roms x",
      "cpu", "cpu x", "cpu 5", "cpu 1", "cpu 0", "info registers 5", "p 1+2*3", "p/d -5", "p/c 65", "p/o 8",
      "p/x 255", "p/u -1", "p/i 5", "p/c 0x80", "p 1/0", "p 1+", "p 1 2", "p (1", "p 'a'", "p/z 5", "p", "p/",
      "p main", "p $nope", "p ~0", "p 7%4", "p 0x10 + 010", "x", "x/3i", "x/s 0x80000000", "x/-1 0x80000000",
      "xp", "xp /", "xp 0x80000000 0x1", "xp/4xw 0x80000000", "xp/2xg 0x80000000", "xp/3dh 0x80000000",
      "xp/10xb 0x80000000", "xp/2ow 0x80000000", "xp/1cw 0x80000000", "xp/4xw 0x1000", "x/4xw 0",
      "xp/0x 0x80000000", "gva2gpa 0x80000000", "gva2gpa", "gpa2hva 0", "gpa2hva 0x10000000", "gpa2hpa 0",
      "sum 0x80000000 0x100", "sum 0x80000000 0", "sum 0x0 0x10", "sum 0x80000000", "sum 1 2 3",
      "memsave 0x80000000 16", "memsave 0 16 \"/dev/null\"", "memsave 0 16 \"/nonexistent/x\"",
      "pmemsave 0x80000000 0x1ffffffff \"/dev/null\"", "dumpdtb", "dump-guest-memory",
      "dump-guest-memory /nonexistent/x", "dump-guest-memory /dev/null 0x80000000",
      "dump-guest-memory /dev/null 0x0 0x500",
      "dump-guest-memory -z -l /dev/null", "one-insn-per-tb", "one-insn-per-tb foo", "one-insn-per-tb off",
      "system_wakeup", "logfile", "logfile /nonexistent/x", "log", "log none", "info uuid", "info name",
      "info memory_size_summary", "info mem", "info mtree -z", "info block nope", "info virtio",
      "info virtio-status nope", "info virtio-status", "info virtio-queue-status /machine/peripheral/rng 7",
      "commit", "commit nope", "commit all", "ringbuf_read", "ringbuf_write", "info status", "system_reset",
      "cont", "info status", "info block -v d0",
    ]

    @Test func answersAreQEMUs() async throws {
      let folder = try TemporaryFolder()
      let disk = try folder.write([UInt8](repeating: 1, count: 7680), "disk")
      let code = try folder.write(
        (0..<1024).flatMap { _ in [0x6f, 0, 0, 0] as [UInt8] }, "kernel")
      var lines = Self.sameWords
      // Without a file's cache and format there is less to say of it.
      lines.removeLast()
      try await compare(
        [
          "-M", "virt", "-smp", "2", "-bios", "none", "-kernel", code, "-drive",
          "if=none,id=d0,format=raw,readonly=on,file=\(disk)", "-device", "virtio-blk-device,drive=d0",
          "-device", "virtio-rng-device,id=rng",
        ], lines)
    }

    @Test func networksAreListedAndChangedAsByQEMU() async throws {
      let folder = try TemporaryFolder()
      let code = try folder.write(
        (0..<1024).flatMap { _ in [0x6f, 0, 0, 0] as [UInt8] }, "kernel")
      let options = [
        "-M", "virt", "-S", "-bios", "none", "-kernel", code, "-netdev",
        "user,id=n,hostfwd=udp:127.0.0.1:0-10.0.2.15:33,guestfwd=tcp:10.0.2.100:80-cmd:cat", "-device",
        "virtio-net-device,netdev=n", "-netdev", "user,id=m,restrict=on,net=192.168.5.0/24", "-device",
        "virtio-net-pci,netdev=m,romfile=,id=nic2,mac=52:54:00:12:34:57", "-netdev", "user,id=o", "-device",
        "virtio-net-device", "-device", "virtio-net-pci,romfile=",
      ]
      let lines = [
        "info network", "info network x", "info usernet", "info usernet x", "set_link n off", "info network",
        "set_link n on", "set_link nic2 off", "set_link nic2 on", "set_link o off", "set_link n foo",
        "set_link zz on", "set_link", "set_link n", "set_link n on x", "hostfwd_add tcp:127.0.0.1:0-:22",
        "hostfwd_add o udp:127.0.0.1:0-:22", "info usernet", "hostfwd_add zz tcp::5-:6", "hostfwd_add",
        "hostfwd_add a b c", "hostfwd_remove x", "hostfwd_remove zz tcp::4", "hostfwd_remove",
        "hostfwd_remove n udp:x:2223", "hostfwd_remove n foo::2223", "hostfwd_remove tcp::x",
        "hostfwd_remove tcp:127.0.0.1:9", "hostfwd_remove a b c",
      ]
      func tidied(_ answers: [String]) -> [String] {
        // Descriptors, and ports that the host chose.
        answers.map { $0.replacing(#/FORWARD\] +[0-9]+( +[0-9.*]+) +[0-9]+/#) { "FORWARD] FD\($0.1) PORT" } }
      }
      let ours = tidied(try await answers([try Programs.emulator], options, lines))
      let theirs = tidied(
        try await answers([Project.script("trixie-run"), "qemu-system-riscv64"], options, lines))
      for (line, (a, b)) in zip(lines, zip(ours, theirs)) { #expect(a == b, "\(line)") }
      // QEMU's words, and ours behind them.
      for (line, words) in [
        ("hostfwd_add tcp:22", "Invalid host forwarding rule 'tcp:22' (Missing : separator)"),
        (
          "hostfwd_add tcp:192.0.2.1:2222-:22",
          "Could not set up host forwarding rule 'tcp:192.0.2.1:2222-:22'"
        ),
      ] {
        let both = [
          try await answers([try Programs.emulator], options, [line]),
          try await answers([Project.script("trixie-run"), "qemu-system-riscv64"], options, [line]),
        ]
        for answer in both { #expect(answer.first?.split(separator: "\n").first.map(String.init) == words) }
      }
    }

    /// The kernel that Guests/monitor/paging.c becomes.
    private func kernel(_ xlen: Int = 64, in folder: TemporaryFolder) async throws -> String {
      let path = folder.path("paging")
      let built = try await Programs.run(
        [
          try Project.crossCompiler, "-nostdlib", "-nostartfiles", "-static", "-no-pie", "-fno-pic", "-O1",
          "-g",
          "-march=rv\(xlen)gc_zicsr_zifencei", "-mabi=\(xlen == 64 ? "lp64d" : "ilp32d")", "-mcmodel=medany",
          "-ffreestanding", "-Wl,--no-relax",
          "-Wl,--build-id=none", "-Wl,-N", "-Wl,-Ttext=0x80000000", Project.guest("monitor/paging.c").path,
          "-o", path,
        ], seconds: 60)
      guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
      return path
    }

    @Test func pageTablesAreListedAsByQEMU() async throws {
      let folder = try TemporaryFolder()
      let options = [
        "-M", "virt", "-cpu", "rv64,svade=off,svadu=on", "-bios", "none", "-kernel",
        try await kernel(in: folder),
      ]
      let lines = [
        "info mem", "gva2gpa 0x1010", "gva2gpa 0x10000005", "gva2gpa 0xffffffff80000123", "gva2gpa 0x4000",
        "x/2xg 0xffffffff80000000", "x/1xw 0x5000", "xp/4xw 0x80000000",
        "memsave 0x5000 16 \"/dev/null\"",
      ]
      var ours = try await answers([try Programs.emulator], options, lines, runningFirst: true)
      let theirs = try await answers(
        [Project.script("trixie-run"), "qemu-system-riscv64"], options, lines, runningFirst: true)
      // QEMU's columns come first.
      ours[0] = ours[0].split(separator: "\n").map { row in
        row.hasPrefix("vaddr") ? "vaddr            paddr            size             attr" : row.prefix(58)
      }.joined(separator: "\n")
      let listing = theirs[0].split(separator: "\n").joined(separator: "\n")
      #expect(ours[0] == listing)
      #expect(ours[0].split(separator: "\n").count > 6)
      for (line, (a, b)) in zip(lines, zip(ours, theirs)).dropFirst() { #expect(a == b, "\(line)") }
    }

    @Test func pageTablesOf32BitHartsAreListedAsByQEMU() async throws {
      let folder = try TemporaryFolder()
      let options = [
        "-M", "virt", "-cpu", "rv32,svade=off,svadu=on", "-bios", "none", "-kernel",
        try await kernel(32, in: folder),
      ]
      let lines = [
        "info mem", "gva2gpa 0x1010", "gva2gpa 0x10000005", "gva2gpa 0xff000123", "gva2gpa 0x4000",
        "gva2gpa 0x5008", "x/2xw 0xff000000", "x/1xw 0x4000", "xp/4xw 0x80000000",
      ]
      var ours = try await answers([try Programs.emulator32], options, lines, runningFirst: true)
      let theirs = try await answers(
        [Project.script("trixie-run"), "qemu-system-riscv32"], options, lines, runningFirst: true)
      ours[0] = ours[0].split(separator: "\n").map { row in
        row.hasPrefix("vaddr") ? "vaddr    paddr            size     attr" : row.prefix(42)
      }.joined(separator: "\n")
      #expect(ours[0] == theirs[0].split(separator: "\n").joined(separator: "\n"))
      #expect(ours[0].split(separator: "\n").count > 8)
      for (line, (a, b)) in zip(lines, zip(ours, theirs)).dropFirst() { #expect(a == b, "\(line)") }
      // QEMU has no walk: it agrees with what its other commands say.
      let walks = try await answers(
        [try Programs.emulator32], options, ["walk 0x1010", "walk 0xff000123", "walk 0x4000", "walk 0x5000"],
        runningFirst: true)
      #expect(walks[0].contains(": Sv32, ASID 0, root table at ") && walks[0].contains("in a page of 4 KiB"))
      #expect(walks[1].contains("0xff000123 is 0x80000123, in a page of 4 MiB"))
      #expect(walks[2].contains("page fault: the entry's V bit is 0"))
      #expect(walks[3].contains("0x5000 is 0x100000000, in a page of 4 KiB"))
    }

    @Test func aKernelIsSeenWithItsNamesAndCalls() async throws {
      let folder = try TemporaryFolder()
      let core = folder.path("core")
      let lines = [
        "bt", "info trap", "x/1i supervisor", "p/x counter - counter", "walk 0x1000", "symbols", "info tlb",
        "dump-guest-memory \(core)", "one-insn-per-tb on", "info jit", "p $priv", "p $satp",
      ]
      let ours = try await answers(
        [try Programs.emulator], ["-M", "virt", "-bios", "none", "-kernel", try await kernel(in: folder)],
        lines,
        runningFirst: true)
      let frames = ours[0].split(separator: "\n")
      #expect(frames.count >= 4, "\(ours[0])")
      for (frame, name) in zip(frames, ["inner", "outer", "supervisor"]) {
        #expect(frame.contains(" in \(name)"), "\(ours[0])")
        #expect(frame.contains("paging.c:"), "\(ours[0])")
      }
      #expect(frames.prefix(3).map { $0.split(separator: "(").last ?? "" } == ["pc)", "CFI)", "CFI)"])
      #expect(ours[1].contains("environment call from S-mode at 0x"))
      #expect(ours[1].contains("<inner"))
      #expect(ours[1].contains("S -> M, handler 0x"))
      #expect(ours[1].contains(", 5 times in a row"))
      #expect(ours[2].hasPrefix("supervisor:\n0x8000"))
      #expect(ours[3] == "0x0\n")
      #expect(ours[4].contains("supervisor mode: load allowed; store allowed; fetch page fault (X is 0)\n"))
      #expect(ours[4].contains("<stack>"))
      #expect(ours[5].hasSuffix("paging: symbols, source lines, CFI\n"))
      #expect(ours[6].contains("supervisor"))
      #expect(ours[9].hasPrefix("Accelerator settings:\none-insn-per-tb: on\n"))
      #expect(ours[10] == "0x1\n")
      #expect(ours[11].hasPrefix("0x8000"))
      // The dump, as binutils read it.
      let size = try FileManager.default.attributesOfItem(atPath: core)[.size] as? Int
      #expect((size ?? 0) > 128 << 20)
    }
  }
}
