import Testing

import Boot

/// Readers of files meet every kind of rubbish: they refuse it or take it, and never trap.
@Suite struct MutationTests {
  struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
  }

  /// Changes bytes, sets words to extremes, cuts, and repeats parts.
  static func mutate(_ bytes: [UInt8], _ random: inout Random) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.below(6) where !bytes.isEmpty {
      let at = random.below(bytes.count)
      switch random.below(6) {
      case 0: bytes[at] = UInt8(random.below(256))
      case 1: bytes[at] ^= 1 << UInt8(random.below(8))
      case 2:
        let extreme: UInt8 = random.below(2) == 0 ? 0xff : 0
        for i in at..<min(bytes.count, at + 1 << random.below(4)) { bytes[i] = extreme }
      case 3: bytes = Array(bytes.prefix(at))
      case 4: bytes.insert(contentsOf: bytes[..<at].suffix(8), at: at)
      default:
        for i in at..<min(bytes.count, at + 8) { bytes[i] = UInt8(random.below(256)) }
      }
    }
    return bytes
  }

  static let seeds: [[UInt8]] = [
    Samples.elf64(
      entry: 0x8020_0004,
      [
        .init(virtual: 0xffff_ffff_8020_0000, physical: 0x8020_0000, bytes: [1, 2, 3, 4, 5, 6, 7, 8]),
        .init(virtual: 0x8030_0000, physical: 0x8030_0000, bytes: [], memorySize: 0x1000),
      ]),
    Samples.elf32(entry: 0x8040_0000, at: 0x8040_0000, [1, 2, 3, 4]),
    Samples.uImage(load: 0x8040_0000, entry: 0x8040_0000, Samples.gzip, compression: 1),
    Samples.linuxImage(textOffset: 0x20_0000, imageSize: 0x1000, count: 128),
    Samples.gzip,
    Samples.zboot("zstd", Samples.zstd),
    Samples.zboot("xzkern", Samples.xz),
    Samples.zboot("lzma", Samples.lzma),
  ]

  @Test(arguments: seeds.indices) func kernelsNeverTrap(index: Int) {
    var random = Random(state: UInt64(index) + 1)
    for _ in 0..<3000 {
      let source = ImageSource(name: "k", bytes: Self.mutate(Self.seeds[index], &random))
      guard let image = try? KernelImage(source, limit: 1 << 20) else { continue }
      if case .placed(let parts, _) = image.layout {
        for part in parts {
          // Every part that was taken can be read.
          #expect(image.source.bytes(at: part.offset, count: Int(part.dataSize)) != nil)
        }
      }
    }
  }

  @Test func intelHexNeverTraps() {
    var random = Random(state: 7)
    for _ in 0..<10_000 {
      let source = ImageSource(name: "k", bytes: Self.mutate(Array(Samples.hex.utf8), &random))
      _ = try? IntelHex(source, limit: 1 << 20)
    }
  }

  @Test func deviceTreesNeverTrapAndSurviveRewriting() throws {
    var tree = DeviceTree()
    tree.root.set("compatible", "a", "b")
    for index in 0..<4 {
      var node = DeviceTree.Node("node@\(index)")
      node.set("reg", wide: UInt64(index), 16)
      tree.root.add(node)
    }
    let blob = tree.flattened()
    var random = Random(state: 11)
    for _ in 0..<20_000 {
      guard let read = try? DeviceTree(flattened: Self.mutate(blob, &random)) else { continue }
      _ = read.flattened()
    }
  }
}
