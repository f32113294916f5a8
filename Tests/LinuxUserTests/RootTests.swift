import Foundation
import TestSupport
import Testing

extension UserProgramTests {
  /// Debian 13's programs for riscv64 in a root folder that has nothing else (Scripts/riscv64-run), doing what they
  /// are there for: the scripts of Guests/user/debian.
  struct RootTests {
    struct Script: CustomTestStringConvertible, Sendable {
      var name: String
      var packages: [String]
      var testDescription: String { name }
    }

    static let scripts = [
      Script(name: "busybox", packages: ["busybox-static"]),
      Script(name: "shell", packages: ["diffutils", "findutils", "sed"]),
      Script(name: "perl", packages: ["perl"]),
      Script(name: "compress", packages: ["base-files", "diffutils", "grep", "gzip", "xz-utils"]),
      Script(name: "openssl", packages: ["diffutils", "openssl"]),
      Script(name: "build", packages: ["diffutils", "gcc", "grep", "libc6-dev", "make"]),
    ]

    private func run(_ script: Script, _ arguments: [String] = [], by way: [String], seconds: Double = 200)
      async throws -> Ran
    {
      let packages = ["bash", "coreutils", "dash"] + script.packages
      // What is fetched is not what is measured, nor part of the output.
      _ = try await DebianTests().root(packages)
      return try await Programs.run(
        [Project.script("riscv64-run"), "--share", Project.root.path + "/Guests/user/debian"] + way
          + packages + ["--", "/share/\(script.name)"] + arguments, seconds: seconds)
    }

    /// In an explicit chroot: the emulator is named once, and starts what its program starts.
    @Test(arguments: scripts) func aScriptComesToItsEnd(_ script: Script) async throws {
      let ran = try await run(script, by: ["--emulator", try Programs.emulator])
      #expect(ran.end == 0 && ran.output.hasSuffix("complete\n"), "\(ran)")
    }

    /// Python's own regression tests.
    @Test func pythonPassesItsOwnTests() async throws {
      let modules = [
        "math", "struct", "json", "mmap", "select", "os", "signal", "threading", "subprocess", "socket",
        "sqlite3",
      ]
      // What is left out takes long, to look at what others here do, too; and timers' tests have a few milliseconds
      // between two of their lines, which a loaded machine has not.
      let left = [
        "*SubinterpThreadingTests*", "*NoPoll*", "test_highly_nested_objects_encoding",
        "test_print_exception_gh_102056", "test_timerfd_*",
      ]
      let ran = try await run(
        Script(name: "python", packages: ["netbase", "python3", "libpython3.13-testsuite"]),
        ["-j2", "--timeout", "500", "-u", "all,-largefile,-cpu,-network"] + left.flatMap { ["-i", $0] }
          + modules.map { "test_\($0)" },
        by: ["--emulator", try Programs.emulator], seconds: 600)
      #expect(ran.end == 0 && ran.output.contains("All \(modules.count) tests OK."), "\(ran)")
    }

    private static func hasOwnFormats() async throws -> Bool {
      try await Programs.run([
        "/usr/bin/unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "binfmt_misc",
        "binfmt_misc",
        "/proc/sys/fs/binfmt_misc",
      ]).end == 0
    }

    /// Where Linux starts the emulator (binfmt_misc): the same, and what the reference prints, started likewise.
    @Test(
      .enabled(
        "binfmt_misc cannot be mounted in a user namespace here: that takes Linux 6.7 and the right to make one"
      ) {
        try await hasOwnFormats()
      }, arguments: scripts)
    func aScriptDoesWhatItDoesOnTheReference(_ script: Script) async throws {
      let fetched = try await Programs.run(
        [Project.script("fetch-package"), "--with-dependencies", "trixie", "amd64", "qemu-user"],
        seconds: 600)
      guard fetched.end == 0, let root = fetched.output.split(separator: "\n").last else {
        throw TestSetupError("\(fetched)")
      }
      let ours = try await run(script, by: ["--binfmt", "--emulator", try Programs.emulator])
      let theirs = try await run(script, by: ["--binfmt", "--emulator", "\(root)/usr/bin/qemu-riscv64"])
      #expect(ours.difference(from: theirs) == nil)
      #expect(ours.end == 0 && ours.output.hasSuffix("complete\n"), "\(ours)")
    }
  }
}
