import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// QMP beside QEMU's, and driven by QEMU's own client: `qmp.py` holds the claims.
  struct QMPTests {
    private static func run(_ words: [String]) async throws -> Ran {
      try await Programs.run(words, seconds: 180)
    }

    @Test(
      "what qmp.py claims",
      arguments: [
        "answers-are-qemus", "answers-are-those-of-7-2-where-qemu-kept-them", "the-schema-is-a-part-of-qemus",
        "types-of-objects-are-qemus", "cpu-models-are-expanded-as-by-qemu", "events-come-as-in-qemu",
        "timestamps-are-now", "pretty-printing-is-qemus", "qemus-client-drives-a-machine", "qmp-shell-works",
        "libvirts-questions-are-answered", "hostile-clients-do-no-harm",
      ]) func claim(_ name: String) async throws
    {
      let folder = try TemporaryFolder()
      let client = try await Self.run([Project.script("fetch-qmp-client")])
      let environment = client.output.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
      guard client.end == .exit(0) else { throw TestSetupError("\(client)") }
      let script = Project.root.appendingPathComponent("Tests/SystemTests/QMP/qmp.py").path
      let manual = Project.root.appendingPathComponent("docs/compatibility.md").path
      let ran = try await Self.run([
        "/usr/bin/env", "QEMU10=\(Project.script("trixie-run")) qemu-system-riscv64",
        "QEMU7=qemu-system-riscv64", "\(environment)/bin/python", script, name, try Programs.emulator,
        folder.url.path, manual,
      ])
      #expect(ran.end == .exit(0), "\(ran)")
    }
  }
}
