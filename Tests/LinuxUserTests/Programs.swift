import Foundation
import Testing

/// A sentence that ends a test: what is missing and what to do about it.
struct TestSetupError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// A program that ran: standard output and error together, and how it ended.
struct Ran: Equatable, CustomStringConvertible {
  var output: String
  /// The exit code; a signal's number, negative; nil where it was stopped after its time.
  var end: Int32?
  var description: String { "end \(end.map(String.init) ?? "by time")\n\(output.suffix(4000))" }
}

/// Everything that starts programs, one test after the other.
@Suite(.serialized) struct UserProgramTests {}

enum Programs {
  /// The folder of the package.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The emulator that this build made: it lies beside the program that runs the tests.
  static var emulator: String {
    get throws {
      let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()
      let path = folder.appendingPathComponent("apus-riscv64").path
      guard FileManager.default.isExecutableFile(atPath: path) else {
        throw TestSetupError(
          "no apus-riscv64 in \(folder.path): run `swift build -c release --product apus-riscv64` first")
      }
      return path
    }
  }

  static var crossCompiler: String {
    get throws {
      for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":") {
        let path = "\(folder)/riscv64-linux-gnu-gcc"
        if FileManager.default.isExecutableFile(atPath: path) { return path }
      }
      throw TestSetupError("no riscv64-linux-gnu-gcc: install the package gcc-riscv64-linux-gnu")
    }
  }

  static func script(_ name: String) -> String { root.appendingPathComponent("Scripts/\(name)").path }

  /// Runs `words`, whose first is a path.
  static func run(_ words: [String], environment: [String: String] = [:], seconds: Double = 120) async throws
    -> Ran
  {
    let folder = try Folder()
    let captured = folder.path("output")
    try Data().write(to: URL(fileURLWithPath: captured))
    guard let output = FileHandle(forWritingAtPath: captured) else { throw TestSetupError("no \(captured)") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.environment = ["PATH": "/usr/bin:/bin", "LANG": "C"].merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let begin = Date()
    while process.isRunning {
      if Date().timeIntervalSince(begin) > seconds {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return Ran(output: folder.text("output"), end: nil)
      }
      try? await Task.sleep(nanoseconds: 5_000_000)
    }
    let status = process.terminationStatus
    return Ran(
      output: folder.text("output"), end: process.terminationReason == .exit ? status : -status)
  }

  /// A guest of Guests/user, compiled.
  static func guest(_ name: String, in folder: Folder, options: [String] = ["-static"]) async throws -> String
  {
    let source = root.appendingPathComponent("Guests/user/\(name).c").path
    let program = folder.path(name)
    let built = try await run(
      [try crossCompiler, "-O1", "-w", "-pthread"] + options + [source, "-o", program])
    guard built.end == 0 else { throw TestSetupError("\(built)") }
    return program
  }
}

/// A folder that goes away with its last user.
final class Folder: Sendable {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("apus-user-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  func write(_ text: String, _ name: String) throws -> String {
    try text.write(toFile: path(name), atomically: false, encoding: .utf8)
    return path(name)
  }

  func text(_ name: String) -> String {
    String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: path(name)))) ?? Data(), as: UTF8.self)
  }
}
