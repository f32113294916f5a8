import Foundation
import Testing

extension UserProgramTests {
  /// The programs of Guests/user do what they do on Debian 13's QEMU, or what stands beside them, which is what Linux
  /// itself says, where that QEMU does not come so far.
  struct GuestTests {
    @Test(arguments: ["signals", "files", "threads"])
    func aProgramDoesWhatItDoesOnTheReference(_ name: String) async throws {
      let folder = try Folder()
      let program = try await Programs.guest(name, in: folder)
      let theirs = try await Programs.run([Programs.script("trixie-run"), "qemu-riscv64", program])
      let ours = try await Programs.run([try Programs.emulator, "-accel", "tcg,x-at-once=on", program])
      #expect(ours == theirs)
      #expect(ours.end == 0)
      let interpreted = try await Programs.run([try Programs.emulator, "-accel", "interp", program])
      #expect(interpreted == theirs)
    }

    /// The same source, compiled for this machine, is what Linux itself does.
    @Test(arguments: ["ipc", "clone", "devices", "races", "crowds"])
    func aProgramDoesWhatItDoesNatively(_ name: String) async throws {
      let folder = try Folder()
      let program = try await Programs.guest(name, in: folder)
      let native = try await Programs.guest(name, in: folder, compiler: try Programs.nativeCompiler)
      let linux = try await Programs.run([native])
      #expect(linux.end == 0, "\(linux)")
      for options in [[], ["-accel", "interp"], ["-accel", "tcg,x-at-once=on"]] {
        let ran = try await Programs.run([try Programs.emulator] + options + [program])
        #expect(ran == linux)
      }
    }

    @Test(arguments: ["processes", "code"])
    func aProgramDoesWhatLinuxSays(_ name: String) async throws {
      let folder = try Folder()
      let program = try await Programs.guest(name, in: folder)
      let expected = try String(
        contentsOf: Programs.root.appendingPathComponent("Guests/user/\(name).expected"), encoding: .utf8)
      for options in [
        [], ["-accel", "interp"], ["-accel", "tcg,x-at-once=on"],
        ["-one-insn-per-tb", "-accel", "tcg,x-at-once=on"],
      ] {
        let ran = try await Programs.run([try Programs.emulator] + options + [program])
        #expect(ran == Ran(output: expected, end: 0))
      }
    }

    @Test func aDynamicProgramFindsItsLibrariesBelowAFolder() async throws {
      let folder = try Folder()
      let program = try await Programs.guest("code", in: folder, options: [])
      let expected = try String(
        contentsOf: Programs.root.appendingPathComponent("Guests/user/code.expected"), encoding: .utf8)
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
      let folder = try Folder()
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
      let folder = try Folder()
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

    /// A program that is cut or changed at random ends by an error, an exit or a signal of its own: never by one of the
    /// emulator's traps, never without end.
    @Test func hostileProgramsEndByThemselves() async throws {
      let folder = try Folder()
      let program = try await Programs.guest("code", in: folder)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: program)))
      var numbers = Numbers(seed: 3)
      for round in 0..<60 {
        var changed = bytes
        if round % 3 == 0 { changed.removeLast(Int(numbers.next() % UInt64(bytes.count))) }
        for _ in 0..<8 where !changed.isEmpty {
          // The headers, or anywhere.
          let limit = round % 2 == 0 ? min(changed.count, 0x200) : changed.count
          changed[Int(numbers.next() % UInt64(limit))] = UInt8(truncatingIfNeeded: numbers.next())
        }
        let path = folder.path("hostile")
        try Data(changed).write(to: URL(fileURLWithPath: path))
        let ran = try await Programs.run([try Programs.emulator, path], seconds: 10)
        #expect(!ran.output.contains("Fatal error"), "\(ran)")
      }
    }
  }

  struct HostileTests {
    /// System calls with random arguments. Whoever dies of them dies by a signal of the guest's, which is reported, and
    /// not by one of the emulator's, which is not. APUS_USER_SEED asks for others.
    @Test(arguments: 0..<3)
    func systemCallsWithoutSenseAreRefusedOrDone(_ round: Int) async throws {
      let first = ProcessInfo.processInfo.environment["APUS_USER_SEED"].flatMap { Int($0) } ?? 1
      let folder = try Folder()
      let program = try await Programs.guest("hostile", in: folder)
      let ran = try await Programs.run([
        try Programs.emulator, "-explain", "on", program, "\(first + round)", "40",
      ])
      #expect(ran == Ran(output: "0 bad, 0 died and were not reported\n", end: 0))
    }
  }

  /// Programs of Debian 13's packages for riscv64.
  struct DebianTests {
    func root(_ packages: [String]) async throws -> String {
      let ran = try await Programs.run(
        [Programs.script("fetch-package"), "--with-dependencies", "trixie", "riscv64"] + packages,
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
