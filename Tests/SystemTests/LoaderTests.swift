import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// The loaders beside QEMU 10.0's, case by case: docs/loader.md.
  struct LoaderTests {
    private static let board = ["-M", "virt", "-bios", "none"]

    @Test func everyCaseIsQEMUsOrDiffersAsIsSaid() async throws {
      try await Reference.qemu10.checkVersion()
      let folder = try TemporaryFolder()
      try LoaderFiles.write(to: folder)
      for one in LoaderCase.all {
        let options = Self.board + one.options
        let ours = try await Sight(of: [Programs.emulator], options, in: folder, at: one.addresses)
        let theirs = try await Sight(of: Reference.qemu10.words, options, in: folder, at: one.addresses)
        let both: Comment = "\(one)\nours: \(ours)\ntheirs: \(theirs)"
        try #require(theirs.exitCode != nil, both)
        let first = ours.complaints.first
        switch one.verdict {
        case .same:
          #expect(ours.exitCode == theirs.exitCode, both)
          #expect(first == theirs.complaints.first, both)
          #expect(ours.memory == theirs.memory, both)
          #expect(ours.programCounters == theirs.programCounters, both)
        case .warns(let sentence):
          #expect(ours.exitCode == 0 && theirs.exitCode == 0 && theirs.complaints.isEmpty, both)
          #expect(first?.hasPrefix("warning: \(sentence)") == true, both)
          #expect(ours.memory == theirs.memory, both)
          #expect(ours.programCounters == theirs.programCounters, both)
        case .refused(let sentence):
          #expect(ours.exitCode == 1 && theirs.exitCode == 0, both)
          #expect(first == "-device \(one.text): \(sentence)", both)
          #expect(ours.complaints.count > 1, "the reason follows\n\(one)")
        case .holds(let memory, let programCounter):
          #expect(ours.exitCode == 0 && theirs.exitCode == 0, both)
          if let memory {
            #expect(ours.memory.first?.hasPrefix(memory) == true, both)
            #expect(theirs.memory.first?.hasPrefix(memory) == false, both)
          }
          if let programCounter {
            #expect(ours.programCounters.first == programCounter, both)
            #expect(theirs.programCounters.first != programCounter, both)
          }
        }
      }
      print("loader: \(LoaderCase.all.count) cases beside QEMU 10.0")
    }

    /// All of the text, and our advice behind it.
    @Test func overlapsAreToldWordForWord() async throws {
      let folder = try TemporaryFolder()
      try LoaderFiles.write(to: folder)
      for options in [
        ["-device", "loader,file=k.bin,addr=0x80001000", "-device", "loader,file=b.bin,addr=0x80001000"],
        ["-device", "loader,file=64.elf", "-device", "loader,file=two.elf"],
        ["-kernel", "64.elf", "-device", "guest-loader,kernel=b.bin,addr=0x80200004"],
      ] {
        let ours = try await Sight(of: [Programs.emulator], Self.board + options, in: folder)
        let theirs = try await Sight(of: Reference.qemu10.words, Self.board + options, in: folder)
        #expect(theirs.complaints.count == 7, "\(theirs)")
        #expect(Array(ours.complaints.prefix(7)) == theirs.complaints)
      }
    }

    /// QEMU's order depends on where the host put its address spaces; as it is installed, it is this one.
    @Test func theLoadersImagesComeLast() async throws {
      let folder = try TemporaryFolder()
      try LoaderFiles.write(to: folder)
      let options = Self.board + ["-kernel", "b.bin", "-device", "loader,file=k.bin,addr=0x80000008"]
      for program in [[try Programs.emulator], Reference.qemu7.words] {
        let sight = try await Sight(of: program, options, in: folder, at: ["0x80000000"])
        #expect(sight.memory == ["0x04030201 0x08070605 0x00734505 0xbf5f1050"], "\(sight)")
      }
    }

    @Test func whatWasLoadedIsThereAgainAfterEveryReset() async throws {
      let folder = try TemporaryFolder()
      let program = try await folder.assemble("loader/resets", at: 0x8020_0000)
      for words in [[try Programs.emulator], Reference.qemu10.words] {
        let ran = try await Programs.run(
          words + Self.board + [
            "-nographic", "-device", "loader,addr=0x80001000,data=0x55667788,data-len=4", "-device",
            "loader,cpu-num=0,file=\(program)",
          ],
          conversation: [
            // The guest has rebooted twice by itself; the monitor resets it once more.
            ("C", "\u{1}c"), ("(qemu)", "xp/8wx 0x80100000\nsystem_reset\n"),
            ("D", "xp/10wx 0x80100000\nquit\n"),
          ], seconds: 60)
        #expect(ran.end == .exit(0), "\(ran)")
        let noted = Array(repeating: ["0x12345678", "0x55667788"], count: 4).flatMap { $0 }
        let words = ran.output.split(whereSeparator: \.isWhitespace).map(String.init).filter {
          $0.count == 10 && $0.hasPrefix("0x") && $0 != "0x80100000"
        }
        #expect(
          words == ["0x00000003", "0x00000000"] + noted.prefix(6) + ["0x00000004", "0x00000000"] + noted,
          "\(ran)")
      }
    }
  }
}

extension TemporaryFolder {
  /// The program `Guests/NAME.S`, as ELF.
  func assemble(_ name: String, at address: UInt64) async throws -> String {
    let program = path("program.elf")
    let built = try await Programs.run(
      [
        try Project.crossCompiler, "-nostdlib", "-static", "-no-pie", "-fno-pic", "-march=rv64imac_zicsr",
        "-mabi=lp64", "-mcmodel=medany", "-Wl,--no-relax", "-Wl,-N", "-Wl,--build-id=none",
        "-Wl,-Ttext=0x\(String(address, radix: 16))", Project.guest("\(name).S").path, "-o", program,
      ], seconds: 60)
    guard built.end == .exit(0) else { throw TestSetupError("\(built)") }
    return program
  }
}
