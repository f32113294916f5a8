import Foundation
import TestSupport
import Testing

/// A program that ran: standard output and error together, and how it ended.
struct Ran: Equatable, CustomStringConvertible {
  var output: String
  /// The exit code; a signal's number, negative; nil where it was stopped after its time.
  var end: Int32?
  var description: String { "end \(end.map(String.init) ?? "by time")\n\(output.suffix(4000))" }

  /// The lines that only it (+) or only the other (-) has; nil where they are equal.
  func difference(from other: Ran) -> String? {
    guard self != other else { return nil }
    func lines(_ ran: Ran) -> [String] {
      ran.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        + ["end \(ran.end.map(String.init) ?? "by time")"]
    }
    let changes = lines(self).difference(from: lines(other))
    return changes.prefix(40).map {
      switch $0 {
      case .insert(let line, let text, _): "+\(line + 1) \(text)"
      case .remove(let line, let text, _): "-\(line + 1) \(text)"
      }
    }.joined(separator: "\n")
  }
}

extension Ran {
  /// The emulator faulted or trapped itself. A guest's own death is explained; what never ends may be its own, too.
  var isDeathOfTheEmulator: Bool {
    if output.contains("internal error") || output.contains("Fatal error") { return true }
    guard let end else { return false }
    return [-SIGSEGV, -SIGBUS, -SIGILL].contains(end) && !output.contains("killed by SIG")
  }
}

/// What tests with random numbers begin with.
enum Seed {
  private static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }
  static let first = number("APUS_USER_SEED") ?? 1
  static let rounds = number("APUS_USER_ROUNDS")
}

/// Everything that starts programs, one test after the other.
@Suite(.serialized) struct UserProgramTests {}

enum Programs {
  static var emulator: String { get throws { try Project.program("apus-riscv64") } }

  /// For this machine.
  static var nativeCompiler: String { get throws { try Project.tool("cc", "gcc", "clang", package: "gcc") } }

  /// What scripts want to know of this machine, and no more, so that guests find the same everywhere.
  private static let environment =
    ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C"]
    + ProcessInfo.processInfo.environment.filter {
      ["HOME", "APUS_CACHE", "XDG_CACHE_HOME", "APUS_DEBIAN_MIRROR"].contains($0.key)
    }.map { "\($0.key)=\($0.value)" }

  /// Runs `words`, whose first is a path, with empty input.
  static func run(_ words: [String], seconds: Double = 60) async throws -> Ran {
    let folder = try TemporaryFolder()
    let captured = folder.path("output")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, captured, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The test's own threads block signals, and a program would inherit that. A group of its own ends with it.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    // Whoever runs the tests in the background may ignore SIGINT, which programs would inherit, too.
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    let arguments = words.map { strdup($0) } + [nil]
    let variables = environment.map { strdup($0) } + [nil]
    defer { for string in arguments + variables { free(string) } }
    var child: pid_t = 0
    let failure = posix_spawn(&child, words[0], &actions, &attributes, arguments, variables)
    guard failure == 0 else {
      throw TestSetupError("cannot start \(words[0]): \(String(cString: strerror(failure)))")
    }
    let begin = Date()
    var status: Int32 = 0
    while waitpid(child, &status, WNOHANG) == 0 {
      if Date().timeIntervalSince(begin) > seconds {
        kill(-child, SIGKILL)
        waitpid(child, &status, 0)
        return Ran(output: folder.text("output"), end: nil)
      }
      try? await Task.sleep(nanoseconds: 4_000_000)
    }
    return Ran(output: folder.text("output"), end: status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f))
  }

  /// A guest of Guests/user, compiled: for RISC-V where no other compiler is named.
  static func guest(
    _ name: String, in folder: TemporaryFolder, options: [String] = ["-static"], compiler: String? = nil
  ) async throws -> String {
    let source = Project.guest("user/\(name).c").path
    let program = folder.path(compiler == nil ? name : name + ".native")
    let built = try await run(
      [try compiler ?? Project.crossCompiler, "-O1", "-w", "-pthread"] + options + [source, "-o", program])
    guard built.end == 0 else { throw TestSetupError("\(built)") }
    return program
  }
}
