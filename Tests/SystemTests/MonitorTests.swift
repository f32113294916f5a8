import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// The monitor beside a machine that runs.
  struct MonitorTests {
    /// Says A and powers off.
    private static let guest: [UInt8] =
      [
        Encoding.u(0x37, 6, 0x10000), Encoding.i(0x13, 0, 7, 0, 65), Encoding.s(0x23, 0, 6, 7, 0),
        Encoding.u(0x37, 6, 0x100), Encoding.u(0x37, 7, 5), Encoding.i(0x13, 0, 7, 7, 0x555),
        Encoding.s(0x23, 2, 6, 7, 0), 0x6f,
      ].flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }

    /// QEMU 10.0's words.
    @Test func aMachineThatHasPoweredOffGoesOnOnlyAfterAReset() async throws {
      let folder = try TemporaryFolder()
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-nographic", "-bios", "none", "-no-shutdown", "-kernel",
          try folder.write(Self.guest, "kernel"),
        ],
        conversation: [
          ("A", "\u{1}c"),
          ("(qemu)", "info status\ncont\nsystem_reset\ninfo status\ncont\n"), ("A", "quit\n"),
        ], seconds: 20)
      #expect(ran.end == .exit(0), "\(ran)")
      let answers = ran.output.split(whereSeparator: \.isNewline).filter {
        $0.hasPrefix("VM status") || $0.hasPrefix("Error")
      }
      #expect(
        answers == [
          "VM status: paused (shutdown)", "Error: Resetting the Virtual Machine is required",
          "VM status: paused (prelaunch)",
        ], "\(ran)")
    }

    @Test func aSnapshotIsSavedWhereThereIsOne() async throws {
      let folder = try TemporaryFolder()
      let disk = try folder.write([UInt8](repeating: 0, count: 4096), "disk")
      let ran = try await Programs.run(
        [
          try Programs.emulator, "-M", "virt", "-display", "none", "-serial", "none", "-monitor", "stdio",
          "-S",
          "-bios", "none", "-snapshot", "-drive", "file=\(disk),if=none,format=raw,id=d", "-device",
          "virtio-blk-device,drive=d,serial=S",
        ], conversation: [("(qemu)", "commit d\ncommit e\ninfo qtree\nquit\n")], seconds: 20)
      #expect(ran.end == .exit(0), "\(ran)")
      #expect(!ran.output.contains("'commit' error for 'd'"), "\(ran)")
      #expect(ran.output.contains("Device 'e' not found"), "\(ran)")
      #expect(ran.output.contains("        drive = \"d\"\r\n        serial = \"S\"\r\n"), "\(ran)")
    }
  }
}
