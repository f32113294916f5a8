import Foundation

/// A sentence that ends a test: what is missing and what to do about it.
package struct TestSetupError: Error, CustomStringConvertible {
  package var description: String
  package init(_ description: String) { self.description = description }
}

/// Where things are that tests use.
package enum Project {
  /// The folder of the package.
  package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  package static func script(_ name: String) -> String { root.appendingPathComponent("Scripts/\(name)").path }
  package static func guest(_ name: String) -> URL { root.appendingPathComponent("Guests/\(name)") }
  package static func document(_ name: String) -> URL { root.appendingPathComponent("docs/\(name)") }

  /// A program that this build made: it lies beside the one that runs the tests.
  package static func program(_ name: String) throws -> String {
    let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    let path = folder.appendingPathComponent(name).path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw TestSetupError(
        "no \(name) in \(folder.path): run `swift build -c release --product \(name)` first")
    }
    return path
  }

  /// The first of `names` that this machine has, and else which package brings it.
  package static func tool(_ names: String..., package: String) throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    for name in names {
      for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
        return "\(folder)/\(name)"
      }
    }
    throw TestSetupError("no \(names[0]): install the package \(package)")
  }

  package static var crossCompiler: String {
    get throws { try tool("riscv64-linux-gnu-gcc", package: "gcc-riscv64-linux-gnu") }
  }
}
