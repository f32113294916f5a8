import Foundation
import TestSupport
import Testing

/// Apus and a release of QEMU, run with the same words.
enum Reference: String, CustomStringConvertible, CaseIterable {
  /// Debian 12's, which `Scripts/install-dependencies test` installs.
  case qemu7 = "7.2"
  /// Debian 13's, from the cache.
  case qemu10 = "10.0"

  var description: String { "QEMU \(rawValue)" }

  /// Apus's name for this release's `virt`.
  var machine: String { "virt-\(rawValue)" }

  var words: [String] { program("riscv64") }

  /// Its program for machines of `target`, `riscv32` or `riscv64`.
  func program(_ target: String) -> [String] {
    switch self {
    case .qemu7: ["/usr/bin/qemu-system-\(target)"]
    case .qemu10: [Project.script("trixie-run"), "qemu-system-\(target)"]
    }
  }

  func checkVersion() async throws {
    let ran = try await Programs.run(words + ["--version"], seconds: 120)
    guard ran.end == .exit(0), ran.output.hasPrefix("QEMU emulator version \(rawValue).") else {
      throw TestSetupError("these tests compare with QEMU \(rawValue), which is not here: \(ran)")
    }
  }
}

/// What can be seen of a machine that does not run, through its monitor.
struct Sight: Equatable {
  var exitCode: Int32?
  /// Lines on standard error, without the program's name.
  var complaints: [String]
  /// Lines of `xp` and of `info roms`, and the program counters.
  var memory: [String]
  var images: [String]
  var programCounters: [String]

  /// Starts `program`, with the files of `folder` at hand, and looks.
  init(
    of program: [String], _ options: [String], in folder: TemporaryFolder, at addresses: [String] = []
  ) async throws {
    let commands = addresses.map { "xp/4wx \($0)\n" } + ["info registers -a\n", "info roms\n", "quit\n"]
    let errors = folder.path("errors")
    let ran = try await Programs.run(
      ["/bin/sh", "-c", "cd \"$1\"; input=$2; shift 2; printf %s \"$input\" | \"$@\" 2>errors", "sh"]
        + [folder.url.path, commands.joined()] + program
        + ["-display", "none", "-serial", "none", "-monitor", "stdio", "-S"] + options, seconds: 60)
    if case .exit(let code) = ran.end { exitCode = code }
    let text = try String(decoding: Data(contentsOf: URL(fileURLWithPath: errors)), as: UTF8.self)
    complaints = text.split(whereSeparator: \.isNewline).map { line in
      for name in ["qemu-system-riscv64: ", "apus-system-riscv64: "] where line.hasPrefix(name) {
        return String(line.dropFirst(name.count))
      }
      return String(line)
    }
    memory = []
    images = []
    programCounters = []
    for line in ran.output.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      if words.count > 1, words[0].hasSuffix(":"), UInt64(words[0].dropLast(), radix: 16) != nil {
        memory.append(words.dropFirst().joined(separator: " "))
      } else if words.count == 2, words[0] == "pc" {
        programCounters.append(String(words[1]))
      } else if line.hasPrefix("addr=") {
        images.append(String(line))
      }
    }
  }
}
