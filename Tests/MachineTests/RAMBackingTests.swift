import Foundation
import Machine
import Testing

@Suite struct RAMBackingTests {
  private static let size = 1 << 20
  private static let base: UInt64 = 0x8000_0000

  /// RAM of `backing`, into which a word is stored; what lay there before.
  private func use(_ backing: RAMBacking) throws -> [UInt8] {
    let memory = AddressSpace(lock: MachineLock())
    try memory.addRAM("ram", base: Self.base, size: UInt64(Self.size), backing: backing)
    let before = try #require(memory.copyOut(Self.base + 4096, count: 4))
    #expect(memory.copyIn([1, 2, 3, 4], to: Self.base + 4096))
    return before
  }

  @Test func filesAreReadAndWrittenWhereTheyAreShared() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("ram")
    func contents() throws -> [UInt8] { Array(try Data(contentsOf: file)[4096..<4100]) }

    // A file that is not there is made.
    #expect(try use(RAMBacking(path: file.path, isShared: true)) == [0, 0, 0, 0])
    #expect(try contents() == [1, 2, 3, 4])
    try Data((0..<Self.size).map { UInt8(truncatingIfNeeded: $0 >> 12) &+ 7 }).write(to: file)
    #expect(try use(RAMBacking(path: file.path)) == [8, 8, 8, 8])
    #expect(try contents() == [8, 8, 8, 8])
    #expect(try use(RAMBacking(path: file.path, isShared: true, isPreallocated: true)) == [8, 8, 8, 8])
    #expect(try contents() == [1, 2, 3, 4])

    // A file in a folder leaves nothing behind.
    #expect(try use(RAMBacking(path: folder.path, isPreallocated: true)) == [0, 0, 0, 0])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["ram"])
  }

  @Test func whatCannotBeIsSaid() throws {
    #expect {
      try use(RAMBacking(path: "/nope/ram"))
    } throws: {
      "\($0)" == "can't open backing store /nope/ram for guest RAM: No such file or directory"
    }
    #expect {
      try use(RAMBacking(path: "/proc/self/mem"))
    } throws: {
      "\($0)".contains("/proc/self/mem")
    }
  }
}
