import Foundation
import TestSupport
import Testing

/// An emulator that runs beside the test.
final class DebuggedEmulator {
  let folder: TemporaryFolder
  let process: pid_t
  private let errors: String

  /// `DIR` in the words is a folder for sockets.
  init(_ words: [String], in folder: TemporaryFolder) throws {
    self.folder = folder
    errors = folder.path("errors-\(UUID().uuidString)")
    let words = words.map { $0.replacing("DIR", with: folder.url.path) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    guard posix_spawn(&child, words[0], &actions, nil, arguments, environ) == 0 else {
      throw TestSetupError("cannot start \(words[0])")
    }
    process = child
  }

  deinit {
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }

  var complaints: String {
    String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: errors))) ?? Data(), as: UTF8.self)
  }

  /// Its exit code; nil where it runs on, or died otherwise.
  func end(seconds: Double = 10) -> Int32? {
    let end = Date().addingTimeInterval(seconds)
    var status: Int32 = 0
    while Date() < end {
      if waitpid(process, &status, WNOHANG) == process {
        return status & 0x7f == 0 ? status >> 8 & 0xff : nil
      }
      usleep(10_000)
    }
    return nil
  }
}
