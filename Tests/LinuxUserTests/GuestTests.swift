import Foundation
import LinuxUser
import TestSupport
import Testing

extension UserProgramTests {
  /// The programs of Guests/user do what they do on Debian 13's QEMU, or what stands beside them, which is what Linux
  /// itself says, where that QEMU does not come so far.
  struct GuestTests {
    @Test(arguments: ["signals", "files", "threads"])
    func aProgramDoesWhatItDoesOnTheReference(_ name: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest(name, in: folder)
      let theirs = try await Programs.run([Project.script("trixie-run"), "qemu-riscv64", program])
      let ours = try await Programs.run([try Programs.emulator, "-accel", "tcg,x-at-once=on", program])
      #expect(ours.difference(from: theirs) == nil)
      #expect(ours.end == 0)
      let interpreted = try await Programs.run([try Programs.emulator, "-accel", "interp", program])
      #expect(interpreted.difference(from: theirs) == nil)
    }

    /// The same source, compiled for this machine, is what Linux itself does.
    @Test(arguments: ["ipc", "clone", "devices", "actions", "jobs", "races", "crowds", "faults", "spawns"])
    func aProgramDoesWhatItDoesNatively(_ name: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest(name, in: folder)
      let native = try await Programs.guest(name, in: folder, compiler: try Programs.nativeCompiler)
      let linux = try await Programs.run([native])
      #expect(linux.end == 0, "\(linux)")
      for options in [[], ["-accel", "interp"], ["-accel", "tcg,x-at-once=on"]] {
        let ran = try await Programs.run([try Programs.emulator] + options + [program])
        #expect(ran.difference(from: linux) == nil)
      }
    }

    /// Translated code reaches memory directly: where the window lies far away, too, and files that end are its to notice.
    @Test(arguments: ["faults", "truncated"])
    func aProgramFaultsAsItDoesNatively(_ name: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest(name, in: folder)
      let native = try await Programs.guest(name, in: folder, compiler: try Programs.nativeCompiler)
      let linux = try await Programs.run([native])
      for options in [[], ["-B", "0x100000000000"], ["-one-insn-per-tb"]] {
        let translated = ["-accel", "tcg,x-at-once=on"]
        let ran = try await Programs.run([try Programs.emulator] + options + translated + [program])
        #expect(ran.difference(from: linux) == nil)
      }
    }

    /// Rows that `sweep` leaves out: they end the process or reach others; have no such number here; take addresses'
    /// differences as sizes; or answer by what the emulator's own process is (mlockall: the size of the stack). Beside
    /// them what in Guests/user tests them, and a word of it.
    private static let testedElsewhere: [String: (guest: String, word: String)] = [
      "exit": ("threads.c", "pthread_join"), "exit_group": ("processes.c", "_exit("),
      "rt_sigreturn": ("signals.c", "sigaction"), "kill": ("signals.c", "kill("),
      "tkill": ("hostile.c", "tkill"),
      "tgkill": ("races.c", "tgkill"), "rt_sigqueueinfo": ("signals.c", "sigqueue"),
      "rt_tgsigqueueinfo": ("actions.c", "rt_tgsigqueueinfo"), "reboot": ("hostile.c", "next() % 470"),
      "vhangup": ("hostile.c", "next() % 470"),
      "clone": ("threads.c", "pthread_create"),
      "execve": ("debian/shell", "bash"), "execveat": ("hostile.c", "next() % 470"),
      "restart_syscall": ("ipc.c", "restart_syscall"), "riscv_hwprobe": ("hwprobe.c", "hwprobe"),
      "riscv_flush_icache": ("code.c", "clear_cache"), "mmap": ("files.c", "mmap"),
      "munmap": ("files.c", "munmap"),
      "mremap": ("files.c", "mremap"), "mprotect": ("faults.c", "mprotect"), "brk": ("files.c", "brk"),
      "mlockall": ("ipc.c", "mlockall"), "personality": ("ipc.c", "personality"),
      "sigaltstack": ("signals.c", "sigaltstack"), "fanotify_init": ("hostile.c", "next() % 470"),
    ]

    /// These keep the whole host busy.
    private static let untested: Set<String> = ["sync", "syncfs"]

    @Test func whatTheSweepLeavesOutIsTestedElsewhere() throws {
      for (name, test) in Self.testedElsewhere {
        let guest = Project.root.appendingPathComponent("Guests/user/\(test.guest)")
        #expect(try String(contentsOf: guest, encoding: .utf8).contains(test.word), "\(name)")
      }
    }

    /// Each row of the table that is not refused, with arguments that mean something and others: natively the same errors.
    @Test func systemCallsFindTheErrorsThatLinuxFinds() async throws {
      let folder = try TemporaryFolder()
      let names = SystemCalls.table.filter { call in
        switch call.treatment {
        case .refused, .declined: false
        default: !Self.untested.contains(call.name) && !Self.testedElsewhere.keys.contains(call.name)
        }
      }.map(\.name)
      _ = try folder.write(names.map { "CALL(\($0))\n" }.joined(), "calls.h")
      let options = ["-static", "-I", folder.path(".")]
      let program = try await Programs.guest("sweep", in: folder, options: options)
      let native = try await Programs.guest(
        "sweep", in: folder, options: options, compiler: try Programs.nativeCompiler)
      let linux = try await Programs.run([native])
      #expect(linux.end == 0 && linux.output.split(separator: "\n").count == names.count, "\(linux)")
      let ran = try await Programs.run([try Programs.emulator, program])
      let (ours, theirs) = (ran.output.split(separator: "\n"), linux.output.split(separator: "\n"))
      #expect(ours.count == theirs.count)
      for (ours, theirs) in zip(ours, theirs) { #expect(ours == theirs) }
    }

    @Test(arguments: ["processes", "code"])
    func aProgramDoesWhatLinuxSays(_ name: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest(name, in: folder)
      let expected = try String(
        contentsOf: Project.root.appendingPathComponent("Guests/user/\(name).expected"), encoding: .utf8)
      for options in [
        [], ["-accel", "interp"], ["-accel", "tcg,x-at-once=on"],
        ["-one-insn-per-tb", "-accel", "tcg,x-at-once=on"],
      ] {
        let ran = try await Programs.run([try Programs.emulator] + options + [program])
        #expect(ran == Ran(output: expected, end: 0))
      }
    }

    @Test func aDynamicProgramFindsItsLibrariesBelowAFolder() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("code", in: folder, options: [])
      let expected = try String(
        contentsOf: Project.root.appendingPathComponent("Guests/user/code.expected"), encoding: .utf8)
      let found = try await Programs.run([try Programs.emulator, "-L", "/usr/riscv64-linux-gnu", program])
      #expect(found == Ran(output: expected, end: 0))
      let lost = try await Programs.run([try Programs.emulator, program])
      #expect(lost.end == 255)
      #expect(
        lost.output.hasPrefix(
          "apus-riscv64: Could not open '/lib/ld-linux-riscv64-lp64d.so.1': No such file or directory"))
      #expect(lost.output.contains("-L /usr/riscv64-linux-gnu"))
    }

    @Test func theProgramNeedsNothing() async throws {
      let folder = try TemporaryFolder()
      _ = try await Programs.guest("code", in: folder)
      // By another process: a child that a test beside this one forks meanwhile would hold the file open for writing.
      _ = try await Programs.run(["/bin/cp", try Programs.emulator, folder.path("apus")])
      // An empty folder as the root, without /proc: only the superuser may ask for that.
      try #require(getuid() == 0, "changing the root folder wants the superuser")
      let ran = try await Programs.run(["/usr/sbin/chroot", folder.path("."), "/apus", "/code"])
      #expect(ran.end == 0, "\(ran)")
    }
  }

  /// Sentences and codes by which a run ends that does not begin.
  struct EndTests {
    @Test func filesThatAreNoProgramsSaySo() async throws {
      let folder = try TemporaryFolder()
      let text = try folder.write("hello\n", "text")
      for (words, code, start) in [
        (
          ["/nothing/there"], 1, "apus-riscv64: Error while loading /nothing/there: No such file or directory"
        ),
        ([text], 1, "apus-riscv64: Error while loading \(text): Exec format error"),
        (["/bin/sh"], 255, "apus-riscv64: /bin/sh: Invalid ELF image for this architecture"),
        (["-cpu", "foo", "x"], 1, "apus-riscv64: unable to find CPU model 'foo'"),
      ] as [([String], Int32, String)] {
        let ran = try await Programs.run([try Programs.emulator] + words)
        #expect(ran.end == code)
        #expect(ran.output.hasPrefix(start), "\(ran)")
      }
    }

    /// A program that is cut or changed at random, its headers most of all, ends by an error, an exit or a signal of its
    /// own, which is explained: never by one of the emulator's traps.
    /// APUS_USER_SEED asks for other changes, APUS_USER_ROUNDS for more.
    @Test func hostileProgramsEndByThemselves() async throws {
      let folder = try TemporaryFolder()
      let rounds = Seed.rounds ?? 60
      for options in [["-static"], []] {
        let program = try await Programs.guest("code", in: folder, options: options)
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: program)))
        var numbers = SeededNumbers(seed: UInt64(Seed.first + 2))
        for round in 0..<rounds {
          let path = folder.path("hostile")
          try Data(Self.changed(bytes, round, &numbers)).write(to: URL(fileURLWithPath: path))
          let ran = try await Programs.run(
            [try Programs.emulator, "-explain", "on", "-L", "/usr/riscv64-linux-gnu", path], seconds: 10)
          #expect(!ran.isDeathOfTheEmulator, "\(options) seed \(Seed.first) round \(round): \(ran)")
        }
      }
    }

    /// Of 64-bit fields of the ELF header and of the program headers, some get values at which sums and products break.
    private static func changed(_ bytes: [UInt8], _ round: Int, _ numbers: inout SeededNumbers) -> [UInt8] {
      var changed = bytes
      if round % 3 == 0 { changed.removeLast(Int(numbers.next() % UInt64(bytes.count))) }
      let extremes: [UInt64] = [
        0, 1, .max, .max - 4095, 1 << 63, 1 << 38, (1 << 38) - 4096, 0xffff_ffff, 0x7fff_ffff_ffff_ffff,
        0xfff,
      ]
      for _ in 0..<3 where changed.count >= 0x240 && round % 2 == 0 {
        let field = 8 * Int(numbers.next() % 0x48)
        let value = extremes[Int(numbers.next() % UInt64(extremes.count))]
        for i in 0..<8 { changed[field + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i)) }
      }
      for _ in 0..<8 where !changed.isEmpty {
        // The headers, or anywhere.
        let limit = round % 2 == 0 ? min(changed.count, 0x200) : changed.count
        changed[Int(numbers.next() % UInt64(limit))] = UInt8(truncatingIfNeeded: numbers.next())
      }
      return changed
    }
  }

  struct HostileTests {
    /// System calls with random arguments. Whoever dies of them dies by a signal of the guest's, which is reported, and
    /// not by one of the emulator's, which is not. APUS_USER_SEED asks for others, APUS_USER_ROUNDS for more.
    @Test(arguments: 0..<3)
    func systemCallsWithoutSenseAreRefusedOrDone(_ round: Int) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("hostile", in: folder)
      let options = [[], ["-accel", "interp"], ["-accel", "tcg,x-at-once=on"]][round]
      let children = Seed.rounds ?? 12
      let ran = try await Programs.run(
        [try Programs.emulator, "-explain", "on"] + options + [
          program, "\(Seed.first + round)", "\(children)",
        ],
        seconds: 120 + 5 * Double(children))
      #expect(ran == Ran(output: "0 of the emulator's deaths\n", end: 0))
    }
  }

  /// Programs of Debian 13's packages for riscv64.
  struct DebianTests {
    func root(_ packages: [String]) async throws -> String {
      let ran = try await Programs.run(
        [Project.script("fetch-package"), "--with-dependencies", "trixie", "riscv64"] + packages,
        seconds: 600)
      guard ran.end == 0, let line = ran.output.split(separator: "\n").last else {
        throw TestSetupError("\(ran)")
      }
      return String(line)
    }
    @Test func busyboxRunsAShell() async throws {
      let root = try await root(["busybox-static"])
      let ran = try await Programs.run([
        try Programs.emulator, "\(root)/usr/bin/busybox", "sh", "-c",
        "for i in 3 1 2; do echo $i; done | busybox sort; uname -m; echo $((6 * 7)); (exit 5); echo $?",
      ])
      #expect(ran == Ran(output: "1\n2\n3\nriscv64\n42\n5\n", end: 0))
    }

    @Test func bashStartsProgramsOfEitherKind() async throws {
      let root = try await root(["bash", "coreutils"])
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-L", root, "\(root)/usr/bin/bash", "-c",
          "x=$(\(root)/usr/bin/uname -m); echo $x; \(root)/usr/bin/seq 1 1000 | \(root)/usr/bin/sha256sum; "
            + "trap 'echo trapped' USR1; kill -USR1 $$; wait; \(root)/usr/bin/false || echo failed",
        ])
      #expect(
        ran
          == Ran(
            output:
              "riscv64\n67d4ff71d43921d5739f387da09746f405e425b07d727e4c69d029461d1f051f  -\ntrapped\nfailed\n",
            end: 0), "\(ran)")
    }
  }
}
