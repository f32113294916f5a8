import Foundation
import TestSupport
import Testing

extension UserProgramTests {
  /// Kinds of programs, and what they are told of themselves.
  struct ProgramTests {
    @Test func whatProcSaysIsTheProgramsOwn() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("proc", in: folder)
      let expected = try String(
        contentsOfFile: Project.root.path + "/Guests/user/proc.expected", encoding: .utf8)
      #expect(try await Programs.run([try Programs.emulator, program]) == Ran(output: expected, end: 0))
    }

    @Test func aStaticPositionIndependentProgramRelocatesItself() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest(
        "pie", in: folder, options: ["-fPIE", "-nostdlib", "-Wl,-pie,--no-dynamic-linker"])
      let kind = try await Programs.run(["/usr/bin/readelf", "-lW", program])
      #expect(kind.output.contains("DYN (Position-Independent") && !kind.output.contains("INTERP"))
      for options in [[], ["-R", "4G"], ["-B", "0x10000000000"], ["-accel", "interp"]] {
        let ran = try await Programs.run([try Programs.emulator] + options + [program])
        #expect(ran == Ran(output: "moved, with the right pointer\n", end: 0), "\(ran)")
      }
    }

    /// Scripts whose interpreters are scripts: as the host's kernel does it, at the start and by execve(2).
    @Test func interpretersOfScriptsMayBeScripts() async throws {
      let root = try await DebianTests().root(["busybox-static"])
      let folder = try TemporaryFolder()
      let shell = folder.path("busybox")
      try FileManager.default.createSymbolicLink(
        atPath: shell, withDestinationPath: "\(root)/usr/bin/busybox")
      func script(_ name: String, _ text: String) throws -> String {
        let path = try folder.write(text, name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
      }
      let one = try script("one", "#!\(shell) sh\necho one \"$0\" \"$@\"\n")
      let two = try script("two", "#!\(one) two arg \n")
      let three = try script("three", "#! \(two)\n")
      let expected = "one \(one) two arg \(two) \(three) a b\n"
      let direct = try await Programs.run([try Programs.emulator, three, "a", "b"])
      #expect(direct == Ran(output: expected, end: 0))
      let executed = try await Programs.run([
        try Programs.emulator, "\(root)/usr/bin/busybox", "sh", "-c", "exec \(three) a b",
      ])
      #expect(executed == Ran(output: expected, end: 0))
      let loop = try script("loop", "#!\(folder.path("loop"))\n")
      let ran = try await Programs.run([try Programs.emulator, loop])
      #expect(ran.end == 1 && ran.output.contains("Too many levels of symbolic links"), "\(ran)")
    }
  }

  struct AddressSpaceTests {
    @Test func theAddressSpaceEndsAndBeginsWhereItIsWanted() async throws {
      let root = try await DebianTests().root(["busybox-static"])
      let words = ["\(root)/usr/bin/busybox", "cat", "/proc/self/maps"]
      let small = try await Programs.run([try Programs.emulator, "-R", "1G"] + words)
      #expect(small.output.contains("-40000000 rw-p 00000000 00:00 0"), "\(small)")
      let placed = try await Programs.run([try Programs.emulator, "-B", "0x123450000000"] + words)
      #expect(placed.end == 0)
      // The last page of the host's addresses is never free.
      let refused = try await Programs.run([try Programs.emulator, "-B", "0x7ffffffff000"] + words)
      #expect(refused.end == 255)
      #expect(
        refused.output.hasPrefix(
          "apus-riscv64: Unable to reserve 0x4000000000 bytes of virtual address space at 0x7ffffffff000"))
      let tiny = try await Programs.run([try Programs.emulator, "-R", "1M"] + words)
      #expect(tiny.end == 255 && tiny.output.contains("requires more than reserved virtual address space"))
    }

    @Test func aSeedDecidesWhatIsRandom() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("random", in: folder)
      func run(_ options: [String]) async throws -> String {
        let lines = try await Programs.run([try Programs.emulator] + options + [program]).output
        return String(lines.split(separator: "\n").last ?? "")
      }
      let five = try await run(["-seed", "5"])
      #expect(try await run(["-seed", "5"]) == five)
      #expect(try await run(["-seed", "6"]) != five)
      #expect(try await run([]) != run([]))
    }

    @Test func translatedCodeIsNamedForPerf() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("random", in: folder)
      let ran = try await Programs.run([
        try Programs.emulator, "-perfmap", "-accel", "tcg,x-at-once=on", program,
      ])
      let path = "/tmp/perf-\(ran.output.split(separator: " ").first ?? "").map"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(" translated-code-entry\n") && text.contains(" main\n"))
    }
  }
}
