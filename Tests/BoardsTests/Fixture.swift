import Foundation
import Testing

/// Device trees as QEMU 10.0.13 wrote them.
enum Fixture {
  static func bytes(_ name: String) throws -> [UInt8] {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)")
    return [UInt8](try Data(contentsOf: url))
  }
}
