import Foundation
import TestSupport
import Testing

extension UserProgramTests {
  struct VDSOTests {
    private func expected(_ name: String) throws -> String {
      try String(contentsOfFile: Project.root.path + "/Guests/user/\(name).expected", encoding: .utf8)
    }

    /// Found by its headers, its functions give what the system calls give.
    @Test(arguments: ["tcg", "tcg,x-at-once=on", "interp"])
    func programsFindItAndItsClocksAreRight(_ engine: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("vdso", in: folder)
      let ran = try await Programs.run([try Programs.emulator, "-accel", engine, program])
      #expect(try ran == Ran(output: expected("vdso"), end: 0))
    }

    @Test func theDynamicLoaderListsIt() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("vdso", in: folder, options: [])
      let ran = try await Programs.run([try Programs.emulator, "-L", "/usr/riscv64-linux-gnu", program])
      #expect(try ran == Ran(output: expected("vdso"), end: 0))
    }

    /// Strangers read it without a complaint.
    @Test func itIsAValidSharedLibrary() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("vdso", in: folder)
      let file = folder.path("vdso.so")
      #expect(try await Programs.run([try Programs.emulator, program, file]).end == 0)
      let read = try await Programs.run(["/usr/bin/readelf", "-aW", file])
      #expect(read.end == 0)
      #expect(!read.output.contains("Warning") && !read.output.contains("Error"), "\(read)")
      for name in [
        "rt_sigreturn", "clock_gettime", "gettimeofday", "clock_getres", "getcpu", "flush_icache",
        "riscv_hwprobe",
      ] {
        #expect(read.output.contains("GLOBAL DEFAULT    1 __vdso_\(name)@@LINUX_4.15"))
      }
      #expect(read.output.contains("Library soname: [linux-vdso.so.1]"))
      let frames = try await Programs.run(["/usr/bin/readelf", "-wF", file])
      #expect(
        !frames.output.contains("Warning") && frames.output.contains("pc=0000000000000128..0000000000000240"))
    }
  }

  struct HardwareProbeTests {
    /// Values as the reference has them, which knows the first 36 extensions.
    @Test(arguments: ["rv64", "rva22s64", "sifive-u54"])
    func itTellsTheModelsExtensions(_ model: String) async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("hwprobe", in: folder)
      let theirs = try await Programs.run([
        Project.script("trixie-run"), "qemu-riscv64", "-cpu", model, program,
      ])
      let ours = try await Programs.run([try Programs.emulator, "-cpu", model, program])
      func lines(_ ran: Ran) -> [String] {
        ran.output.split(separator: "\n").map { line in
          guard let start = line.range(of: "extensions 0x"),
            let word = UInt64(line[start.upperBound...], radix: 16)
          else { return String(line) }
          return "\(word & 0xf_ffff_ffff)"
        }
      }
      #expect(lines(ours) == lines(theirs))
      #expect(ours.end == 0)
    }

    @Test func setsOfProcessorsAreChecked() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("hwprobe", in: folder)
      let ran = try await Programs.run([try Programs.emulator, program, "all"])
      let expected = try String(
        contentsOfFile: Project.root.path + "/Guests/user/hwprobe.expected", encoding: .utf8)
      #expect(ran.end == 0)
      #expect(ran.output.hasSuffix(expected), "\(ran)")
    }
  }
}
