import Foundation
import TestSupport
import Testing

/// The built emulator against telnet, socat, tmux, a WebSocket client and others, by `peers.py`, which holds
/// the claims: `Tests/ConsolesTests/peers.py list` names them.
@Suite("Strangers at the other end", .serialized)
struct PeerTests {
  private static func run(_ program: String, _ arguments: [String]) throws -> (code: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  /// A folder with the guests of `Guests/console`, linked at the start of RAM.
  private static func guests() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-peers-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["echo", "chatter"] {
      let made = try run(
        "/usr/bin/env",
        [
          "riscv64-linux-gnu-gcc", "-nostdlib", "-static", "-Wl,-N,-Ttext=0x80000000,--build-id=none",
          "-o", folder.appendingPathComponent("\(name).elf").path,
          Project.guest("console/\(name).S").path,
        ])
      guard made.code == 0 else { throw TestSetupError(made.text) }
    }
    return folder
  }

  @Test("all that peers.py claims", .timeLimit(.minutes(5)))
  func claims() throws {
    let emulator = try Project.program("apus-system-riscv64")
    let guests = try Self.guests()
    defer { try? FileManager.default.removeItem(at: guests) }
    // Debian's own Python, to which its packages belong.
    let script = Project.root.appendingPathComponent("Tests/ConsolesTests/peers.py").path
    let ran = try Self.run("/usr/bin/python3", [script, emulator, guests.path])
    #expect(ran.code == 0, "\(ran.text)")
  }
}
