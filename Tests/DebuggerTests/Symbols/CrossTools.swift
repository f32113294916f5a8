import Foundation
import TestSupport
import Testing

/// The cross compiler and its tools, which know better.
enum CrossTools {
  /// Standard output of `words`, the first of which is a tool's name, with `input` on standard input.
  static func run(_ words: [String], in folder: URL, input: String = "") throws -> String {
    try run(
      [try Project.tool("riscv64-linux-gnu-\(words[0])", package: "gcc-riscv64-linux-gnu")]
        + words.dropFirst(), at: folder, input: input)
  }

  /// addr2line of Debian 13: that of Debian 12 counts DWARF 5's files from one.
  static func newestAddressTool(_ program: String, in folder: URL, input: String) throws -> String {
    return try run(
      [
        Project.script("trixie-run"), "riscv64-linux-gnu-addr2line", "-e", program,
      ], at: folder, input: input)
  }

  private static func run(_ words: [String], at folder: URL, input: String) throws -> String {
    let (inputPath, outputPath) = (
      folder.appendingPathComponent("input").path, folder.appendingPathComponent("output").path
    )
    try input.write(toFile: inputPath, atomically: false, encoding: .utf8)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var arguments: [UnsafeMutablePointer<CChar>?] = (["env", "-C", folder.path] + words).map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    guard posix_spawn(&child, "/usr/bin/env", &actions, nil, arguments, environ) == 0 else {
      throw TestSetupError("cannot start \(words[0])")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw TestSetupError("\(words.joined(separator: " ")) failed") }
    return String(decoding: try Data(contentsOf: URL(fileURLWithPath: outputPath)), as: UTF8.self)
  }

  /// Calls `body` with a folder of its own.
  static func inFolder<T>(_ body: (URL) throws -> T) throws -> T {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try body(folder.url) }
  }
}
