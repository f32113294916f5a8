import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// The real GDB with Guests/debug/features.txt, on Apus and on both releases of QEMU.
  struct GDBFeatureTests {
    /// A part of the script.
    struct Section {
      /// "==": as QEMU; "=10": as QEMU 10.0; "~~": the expectations are QEMU's too; "--": they are for Apus.
      var kind: String
      var name: String
      var commands: [String] = []
      var expectations: [String] = []
    }

    static func sections() throws -> [Section] {
      let text = try String(contentsOf: Project.guest("debug/features.txt"), encoding: .utf8)
      var sections: [Section] = []
      for line in text.split(separator: "\n") where !line.hasPrefix("#") {
        if ["== ", "=10 ", "~~ ", "-- "].contains(where: line.hasPrefix) {
          let words = line.split(separator: " ", maxSplits: 1)
          sections.append(Section(kind: String(words[0]), name: String(words[1])))
        } else if line.hasPrefix("> ") {
          sections[sections.count - 1].expectations.append(String(line.dropFirst(2)))
        } else {
          sections[sections.count - 1].commands.append(String(line))
        }
      }
      return sections
    }

    /// What each section printed, by its name.
    static func run(_ emulator: [String], _ sections: [Section], options: [String] = []) async throws -> (
      texts: [String: String], ran: Ran
    ) {
      var last = try await runOnce(emulator, sections, options)
      // GDB is slow now and then on a busy machine: its user's Ctrl-C then comes before the guest runs, and never again.
      for _ in 0..<2 where last.texts["the emulator"] == nil {
        last = try await runOnce(emulator, sections, options)
      }
      return last
    }

    private static func runOnce(_ emulator: [String], _ sections: [Section], _ options: [String]) async throws
      -> (
        texts: [String: String], ran: Ran
      )
    {
      let folder = try TemporaryFolder()
      var script =
        "set pagination off\nset confirm off\nset width 0\nset print entry-values no\nset osabi none\n"
      for section in sections {
        script += "echo \\n@@ \(section.name)\\n\n" + section.commands.joined(separator: "\n") + "\n"
      }
      script = script.replacing("SOCKET", with: "./socket").replacing("FOLDER", with: ".")
      try folder.write(Array(script.utf8), "script")
      let shell = """
        cd "$1"; kernel=$2; shift 2
        "$@" </dev/null >errors 2>&1 & emulator=$!
        for i in $(seq 400); do [ -S socket ] && break; sleep 0.05; done
        gdb-multiarch -nx -q "$kernel" <script 2>&1 | sed 's/^\\((gdb) \\|>\\)*//'
        wait $emulator; code=$?; echo "@@ the emulator"; echo "exit $code"; cat errors
        """
      let kernel = try await DebuggedGuest.kernel
      let ran = try await Programs.run(
        ["/bin/sh", "-c", shell, "sh", folder.url.path, kernel] + emulator + DebuggedGuest.machine
          + ["-smp", "2", "-S", "-gdb", "unix:socket,server=on,wait=off", "-kernel", kernel] + options,
        seconds: 40)
      var texts: [String: String] = [:]
      var current = ""
      for line in ran.output.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("@@ ") {
          current = String(line.dropFirst(3))
        } else {
          texts[current, default: ""] += line + "\n"
        }
      }
      return (texts, ran)
    }

    private func check(_ sections: [Section], _ texts: [String: String], _ name: String, _ ran: Ran) {
      for section in sections {
        guard let text = texts[section.name] else {
          Issue.record("\(name): '\(section.name)' was not reached: \(ran)")
          return
        }
        for expectation in section.expectations where !text.contains(expectation) {
          Issue.record("\(name): \(section.name): no '\(expectation)' in:\n\(text)")
        }
      }
    }

    @Test("GDB's features work, and print what they print with QEMU")
    func features() async throws {
      let sections = try Self.sections()
      #expect(sections.count >= 60)
      let (ours, ran) = try await Self.run([try Programs.emulator], sections)
      check(sections, ours, "Apus", ran)
      #expect(ours["the emulator"]?.hasPrefix("exit 3\n") == true, "\(ran)")
      for reference in Reference.allCases {
        try await reference.checkVersion()
        let (theirs, ran) = try await Self.run(reference.words, sections)
        let compared = sections.filter { $0.kind != "--" && ($0.kind != "=10" || reference == .qemu10) }
        check(compared, theirs, "\(reference)", ran)
        for section in compared where section.kind != "~~" {
          let (a, b) = (ours[section.name] ?? "", theirs[section.name] ?? "")
          if a != b { Issue.record("\(section.name):\n\(a)\(reference):\n\(b)") }
        }
      }
    }

    @Test(
      "the same without translated code, and where instructions are counted", arguments: ["interp", "icount"])
    func otherEngines(_ engine: String) async throws {
      let sections = try Self.sections().filter { $0.kind != "~~" }
      let options = engine == "interp" ? ["-accel", "interp"] : ["-icount", "shift=1,sleep=off"]
      let (texts, ran) = try await Self.run([try Programs.emulator], sections, options: options)
      check(sections, texts, engine, ran)
      #expect(texts["the emulator"]?.hasPrefix("exit 3\n") == true, "\(ran)")
    }
  }
}
