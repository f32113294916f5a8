import Foundation
import TestSupport
import Testing

extension UserProgramTests {
  struct TraceTests {
    /// Addresses and the parent differ from run to run.
    private func lines(_ text: String, from first: String) -> [String] {
      let lines = text.split(separator: "\n").map { line in
        line.replacing(#/^\d+ /#, with: "").replacing(#/0x[0-9a-f]{6,}/#, with: "ADDRESS")
          .replacing(#/ +=/#, with: " =")
          .replacing(#/(getppid\(\) = )\d+/#) { "\($0.1)N" }
      }
      return lines.drop { !$0.hasPrefix(first) }.map(String.init)
    }

    /// What stands beside the program is what strace(1) prints of it on the host, but how much of a time-out is left.
    @Test func linesAreThoseOfStrace() async throws {
      let folder = try TemporaryFolder()
      let program = try await Programs.guest("trace", in: folder)
      let expected = try String(
        contentsOfFile: Project.root.path + "/Guests/user/trace.expected", encoding: .utf8)
      let line = "cd \(folder.path(".")) && exec \"$@\""
      let ran = try await Programs.run([
        "/bin/sh", "-c", line, "sh", try Programs.emulator, "-strace", program,
      ])
      #expect(ran.end == 3)
      let (ours, theirs) = (lines(ran.output, from: "getppid"), lines(expected, from: "getppid"))
      #expect(ours.count == theirs.count)
      for (our, their) in zip(ours, theirs) { #expect(our == their) }
    }

    /// Children's lines stand alone; what a shell waits for is resumed.
    @Test func processesDoNotMixTheirLines() async throws {
      let root = try await DebianTests().root(["busybox-static"])
      let ran = try await Programs.run([
        try Programs.emulator, "-strace", "\(root)/usr/bin/busybox", "sh", "-c",
        "echo hi | busybox cat >/dev/null; sh -c 'kill -TERM $$'; echo $? >/dev/null",
      ])
      #expect(ran.end == 0)
      let shape = #/^\d+ (<\.\.\. \w+ resumed>.*|\w+\(.*|--- SIG\w+ \{.*\} ---|\+\+\+ .* \+\+\+)$/#
      // The shell says one word itself.
      for line in ran.output.split(separator: "\n") where line != "Terminated" {
        #expect(line.wholeMatch(of: shape) != nil, "\(line)")
        #expect(line.matches(of: #/\d+ [a-z0-9_]+\(/#).count <= 1, "\(line)")
      }
      for part in [
        "+++ killed by SIGTERM +++", "<... wait4 resumed>[{", "{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}",
        "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=", "execve(", "\"hi\\n\", ",
      ] { #expect(ran.output.contains(part), "\(part)") }
    }
  }
}
