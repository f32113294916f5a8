import Foundation
import TestSupport

/// Guests/debug, built once.
enum DebuggedGuest {
  static let built = Task { () -> (folder: TemporaryFolder, symbols: [String: UInt64]) in
    let folder = try TemporaryFolder()
    let source = Project.guest("debug")
    let kernel = folder.path("kernel")
    let ran = try await Programs.run(
      [
        try Project.crossCompiler, "-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-O1", "-g",
        "-fno-pic",
        "-no-pie", "-static", "-nostdlib", "-ffreestanding", "-mno-relax",
        "-Wl,--build-id=none,--no-warn-rwx-segments", "-Wl,-T,\(source.path)/kernel.ld", "-o", kernel,
        "\(source.path)/start.S", "\(source.path)/kernel.c",
      ], seconds: 60)
    guard ran.end == .exit(0) else { throw TestSetupError("the guest does not build: \(ran)") }
    let names = try await Programs.run(["/usr/bin/env", "riscv64-linux-gnu-nm", kernel], seconds: 20)
    var symbols: [String: UInt64] = [:]
    for line in names.output.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 3 { symbols[String(words[2])] = UInt64(words[0], radix: 16) }
    }
    return (folder, symbols)
  }

  static var kernel: String {
    get async throws { try await built.value.folder.path("kernel") }
  }

  /// The address of a symbol, in hexadecimal.
  static func address(_ name: String, _ offset: UInt64 = 0) async throws -> String {
    guard let address = try await built.value.symbols[name] else { throw TestSetupError("no symbol \(name)") }
    return String(address + offset, radix: 16)
  }

  static let machine = [
    "-M", "virt", "-display", "none", "-serial", "none", "-monitor", "none", "-bios", "none",
  ]
}
