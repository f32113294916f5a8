import Foundation
import TestSupport
import Testing

/// Everything that starts programs, one test after the other: two cores hold no more than that.
@Suite(.serialized) struct SystemTests {}

/// A program that ran to its end, or was ended.
struct Ran: CustomStringConvertible {
  enum End: Equatable {
    case exit(Int32)
    /// It died by this signal, which it never may.
    case signal(Int32)
    case timeout
  }

  var words: [String]
  var end: End
  /// Standard output and error, in the order of their arrival.
  var output: String
  var seconds: Double

  var description: String {
    "\(words.joined(separator: " "))\n→ \(end) after \(seconds) s\n\(output.suffix(3000))"
  }
}

enum Programs {
  static var emulator: String { get throws { try Project.program("apus-system-riscv64") } }
  /// The same for 32-bit guests.
  static var emulator32: String { get throws { try Project.program("apus-system-riscv32") } }

  /// Runs `words`, whose first is a path, for at most `seconds`, with a person at its terminal who says
  /// something each time that a text appears; without one, standard input is empty.
  static func run(
    _ words: [String], conversation: [(seeing: String, saying: String)] = [], seconds: Double
  ) async throws -> Ran {
    let folder = try TemporaryFolder()
    let captured = folder.path("output")
    var keyboard: [Int32] = [-1, -1]
    guard pipe(&keyboard) == 0 else { throw TestSetupError("no pipe") }
    // What other tests start must not hold it open.
    for end in keyboard { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { for end in keyboard where end >= 0 { close(end) } }
    if conversation.isEmpty {
      close(keyboard[1])
      keyboard[1] = -1
    }
    var left = conversation[...]
    var seen = 0
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, keyboard[0], 0)
    for end in keyboard where end >= 0 { posix_spawn_file_actions_addclose(&actions, end) }
    posix_spawn_file_actions_addopen(&actions, 1, captured, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that what a script starts ends with it.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let begin = Date()
    let failure = posix_spawn(&child, words[0], &actions, &attributes, arguments, environ)
    guard failure == 0 else {
      throw TestSetupError("cannot start \(words[0]): \(String(cString: strerror(failure)))")
    }
    var status: Int32 = 0
    var end = Ran.End.timeout
    while true {
      let done = waitpid(child, &status, WNOHANG)
      if done == child {
        end = status & 0x7f == 0 ? .exit(status >> 8 & 0xff) : .signal(status & 0x7f)
        break
      }
      guard done == 0 || errno == EINTR else { throw TestSetupError("lost the process of \(words[0])") }
      if Date().timeIntervalSince(begin) > seconds {
        kill(-child, SIGKILL)
        waitpid(child, &status, 0)
        break
      }
      if let (text, answer) = left.first {
        let output = String(
          decoding: try Data(contentsOf: URL(fileURLWithPath: captured)).dropFirst(seen), as: UTF8.self)
        if output.contains(text) {
          seen += output.utf8.count
          _ = answer.withCString { write(keyboard[1], $0, strlen($0)) }
          left = left.dropFirst()
        }
        try? await Task.sleep(nanoseconds: 50_000_000)
      }
      try? await Task.sleep(nanoseconds: 4_000_000)
    }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: captured))
    return Ran(
      words: words, end: end, output: String(decoding: bytes, as: UTF8.self),
      seconds: Date().timeIntervalSince(begin))
  }
}
