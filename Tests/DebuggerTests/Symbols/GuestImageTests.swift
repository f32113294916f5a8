import Testing

import Debugger

/// Names of guest code.
@Suite struct GuestImageTests {
  private static let base: UInt64 = 0xffff_ffff_8000_0000

  private static func symbols(_ base: UInt64) -> [SampleImage.Symbol] {
    [
      .init(name: "second", value: base + 0x20, size: 0x10),
      .init(name: "first", value: base + 8, size: 0x10),
      .init(name: "alias", value: base + 8, size: 0x10, info: 0x10),
      .init(name: "inside", value: base + 0x24, size: 0, info: 0),
      .init(name: "$x", value: base, size: 0, info: 0),
      .init(name: ".L1", value: base, size: 0, info: 0),
      .init(name: "label", value: base + 0x80, size: 0, info: 0x10),
      .init(name: "object", value: base + 0x120, size: 8, info: 0x11, section: 2),
      .init(name: "elsewhere", value: 0x1234, size: 8),
      .init(name: "beyond", value: base + 0xf8, size: 0x1000_0000),
      .init(name: "twice", value: base + 0x40, size: 4, info: 2),
      .init(name: "twice", value: base + 0x44, size: 4),
      .init(name: "constant", value: 42, size: 0, info: 0x10, section: 0xfff1),
      .init(name: "wanted", value: 0, size: 0, info: 0x10, section: 0),
    ]
  }
  private static let kernel = SampleImage.file(symbols(base))

  private func text(_ image: GuestImage, _ address: UInt64) -> String? {
    image.symbol(at: address).map { "\($0.name)+\($0.offset)" }
  }

  @Test("functions and labels cover their code, objects their data", arguments: [true, false])
  func symbols(is64Bit: Bool) throws {
    let base: UInt64 = is64Bit ? Self.base : 0xc000_0000
    let file = SampleImage.file(Self.symbols(base), virtual: base, is64Bit: is64Bit)
    let image = try #require(GuestImage(bytes: file, name: "k"))
    #expect(image.is64Bit == is64Bit)
    #expect(image.entry == base)
    let expected: [(UInt64, String?)] = [
      (0, nil), (8, "first+0"), (0x17, "first+15"), (0x18, nil), (0x20, "second+0"), (0x26, "second+6"),
      (0x30, nil), (0x80, "label+0"), (0xf0, "label+112"), (0xff, "beyond+7"), (0x100, nil),
      (0x120, "object+0"), (0x127, "object+7"), (0x128, nil),
    ]
    for (offset, name) in expected { #expect(text(image, base + offset) == name, "\(offset)") }
    #expect(text(image, 0x1234) == nil)
    #expect(text(image, 42) == nil)
    #expect(image.line(at: base) == nil)
  }

  @Test("names have addresses, whatever they stand for; of several the global one's")
  func names() throws {
    let image = try #require(GuestImage(bytes: Self.kernel, name: "k"))
    #expect(image.address(of: "second") == Self.base + 0x20)
    #expect(image.address(of: "inside") == Self.base + 0x24)
    #expect(image.address(of: "object") == Self.base + 0x120)
    #expect(image.address(of: "constant") == 42)
    #expect(image.address(of: "twice") == Self.base + 0x44)
    for name in ["wanted", "secon", "second2", "", "$x"] {
      #expect(image.address(of: name) == nil, "\(name)")
    }
    #expect(image.names(beginningWith: "t", limit: 9) == ["twice"])
    #expect(image.names(beginningWith: "se", limit: 9) == ["second"])
    #expect(image.names(beginningWith: "", limit: 3).count == 3)
  }

  @Test("code that runs before translation is on has its names too")
  func physical() throws {
    let image = try #require(GuestImage(bytes: Self.kernel, name: "k"))
    #expect(text(image, 0x8020_0024) == "second+4")
    #expect(text(image, 0x8030_0000) == nil)
  }

  @Test("several images are asked in turn, the newest first")
  func several() throws {
    let other = SampleImage.file([.init(name: "other", value: Self.base + 8, size: 4)])
    let symbols = GuestSymbols(images: [try #require(GuestImage(bytes: Self.kernel, name: "k"))])
    #expect(symbols.label(of: Self.base + 9) == "first+0x1")
    symbols.add(try #require(GuestImage(bytes: other, name: "o")))
    #expect(symbols.label(of: Self.base + 8) == "other")
    #expect(symbols.label(of: Self.base + 0x20) == "second")
    #expect(symbols.address(of: "other") == Self.base + 8)
    #expect(symbols.names(beginningWith: "", limit: 100).contains("other"))
    #expect(GuestSymbols { ["/nonexistent", "/dev/null", "/"] }.images.isEmpty)
  }

  @Test("what is no linked ELF file of RISC-V is no image")
  func otherFiles() {
    #expect(GuestImage(path: "/nonexistent") == nil)
    #expect(GuestImage(path: "/proc/self/exe") == nil)
    #expect(GuestImage(bytes: [], name: "k") == nil)
    #expect(GuestImage(bytes: Array("#!/bin/sh\n".utf8), name: "k") == nil)
    var object = Self.kernel
    object[16] = 1
    #expect(GuestImage(bytes: object, name: "k") == nil)
  }

  @Test("damaged files have fewer symbols and never trap", arguments: [true, false])
  func damage(is64Bit: Bool) {
    let base: UInt64 = is64Bit ? Self.base : 0xc000_0000
    let sound = SampleImage.file(Self.symbols(base), virtual: base, is64Bit: is64Bit)
    var state = Seed.first
    for round in 0..<Seed.rounds(3000) {
      var bytes = sound
      Damage.inflict(on: &bytes, &state, round)
      guard let image = GuestImage(bytes: bytes, name: "k") else { continue }
      for offset in stride(from: UInt64(0), to: 0x140, by: 4) { _ = image.symbol(at: base &+ offset) }
      _ = image.symbol(at: .max)
      _ = image.symbol(at: 0x8020_0000)
      _ = image.address(of: "second")
      _ = image.names(beginningWith: "a", limit: 5)
      _ = image.linkedAddress(ofOffset: 0)
      _ = image.linkedAddress(ofOffset: .max)
      _ = image.line(at: base)
    }
  }
}
