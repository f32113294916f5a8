import LinuxUser
import RISCV
import TestSupport
import Testing

@Suite struct ProgramImageTests {
  /// A small program: two segments, of which the second has more memory than file.
  static func sample(type: UInt16 = 2, machine: UInt16 = 243) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 0x3000)
    func put(_ value: UInt64, _ width: Int, at offset: Int) {
      for i in 0..<width { bytes[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i)) }
    }
    bytes.replaceSubrange(0..<7, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
    put(UInt64(type), 2, at: 16)
    put(UInt64(machine), 2, at: 18)
    put(0x10100, 8, at: 24)
    put(64, 8, at: 32)
    put(56, 2, at: 54)
    put(3, 2, at: 56)
    func header(_ i: Int, _ type: UInt64, _ flags: UInt64, _ words: [UInt64]) {
      put(type, 4, at: 64 + 56 * i)
      put(flags, 4, at: 68 + 56 * i)
      for (j, word) in words.enumerated() { put(word, 8, at: 72 + 56 * i + 8 * j) }
    }
    // Offset, address, physical address, size in file, in memory, alignment.
    header(0, 1, 5, [0, 0x10000, 0x10000, 0x2000, 0x2000, 0x1000])
    header(1, 1, 6, [0x2000, 0x12000, 0x12000, 0x800, 0x3000, 0x1000])
    header(2, 3, 4, [0x200, 0x10200, 0x10200, 6, 6, 1])
    bytes.replaceSubrange(0x200..<0x206, with: Array("/ld.1".utf8) + [0])
    return bytes
  }

  static func read(_ bytes: [UInt8]) throws(ProgramImage.Flaw) -> ProgramImage {
    try ProgramImage(fileSize: UInt64(bytes.count)) { offset, count in
      guard offset < UInt64(bytes.count) else { return [] }
      return Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
    }
  }

  @Test func segmentsAndTheLoadersNameAreRead() throws {
    let image = try Self.read(Self.sample())
    #expect(!image.isPositionIndependent)
    #expect(image.entry == 0x10100)
    #expect(image.segments.map(\.address) == [0x10000, 0x12000])
    #expect(image.segments.map(\.protection) == [[.read, .execute], [.read, .write]])
    #expect(image.span == 0x10000..<0x15000)
    #expect(image.interpreterRange == 0x200..<0x206)
    #expect(image.headerAddress == 0x10040)
    #expect(try Self.read(Self.sample(type: 3)).isPositionIndependent)
  }

  @Test func filesForOthersSayForWhom() {
    #expect(throws: ProgramImage.Flaw.otherMachine(62)) { try Self.read(Self.sample(machine: 62)) }
    #expect(throws: ProgramImage.Flaw.notELF) { try Self.read(Array("#!/bin/sh".utf8)) }
    #expect(throws: ProgramImage.Flaw.notELF) { try Self.read([]) }
    #expect(throws: ProgramImage.Flaw.otherKind("not linked, or a core dump")) {
      try Self.read(Self.sample(type: 1))
    }
    var narrow = Self.sample()
    narrow[4] = 1
    #expect(throws: ProgramImage.Flaw.otherKind("32-bit")) { try Self.read(narrow) }
  }

  @Test func everyCutIsRefusedOrRead() {
    let bytes = Self.sample()
    for count in 0..<300 { #expect(throws: ProgramImage.Flaw.self) { try Self.read(Array(bytes[..<count])) } }
  }

  /// Whatever the bytes are, headers are refused or lie in a program's address space.
  @Test func randomHeadersAreRefusedOrSound() {
    var numbers = SeededNumbers(seed: 7)
    let sample = Self.sample()
    for _ in 0..<30000 {
      var bytes = sample
      for _ in 0...numbers.next() % 6 {
        let at = Int(numbers.next() % 232)
        bytes[at] = numbers.next() % 3 == 0 ? 0xff : UInt8(truncatingIfNeeded: numbers.next())
      }
      guard let image = try? Self.read(bytes) else { continue }
      for segment in image.segments {
        #expect(segment.address + segment.memorySize <= GuestMemory.end)
        #expect(segment.fileSize <= segment.memorySize)
      }
      #expect(image.alignment >= 4096 && image.alignment <= 1 << 30)
      _ = image.span
      _ = image.headerAddress
    }
  }
}
