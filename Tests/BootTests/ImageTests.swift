import Machine
import Testing

import Boot

@Suite struct ImageTests {
  private func source(_ bytes: [UInt8]) -> ImageSource { ImageSource(name: "k", bytes: bytes) }

  private func kernel(_ bytes: [UInt8]) throws -> KernelImage {
    try KernelImage(source(bytes), limit: 1 << 20)
  }

  /// The sentence with which `bytes` are refused.
  private func refusal(_ bytes: [UInt8]) -> String? {
    do {
      _ = try KernelImage(source(bytes), limit: 1 << 20)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func anELFIsLoadedByPhysicalAddressesAndStartsAtItsTranslatedEntry() throws {
    let file = Samples.elf64(
      entry: 0xffff_ffff_8020_0004,
      [
        .init(type: 0x7000_0003, virtual: 0, physical: 0, bytes: [9]),
        .init(
          virtual: 0xffff_ffff_8020_0000, physical: 0x8020_0000, bytes: [1, 2, 3, 4, 5, 6], memorySize: 0x100),
      ])
    guard case .placed(let parts, let entry) = try kernel(file).layout else {
      Issue.record("not recognised")
      return
    }
    #expect(entry == 0x8020_0004)
    #expect(parts.count == 1)
    #expect(parts.first?.suffix == " ELF program header segment 1")
    #expect(parts.first?.address == 0x8020_0000)
    #expect(parts.first?.dataSize == 6)
    #expect(parts.first?.size == 0x100)
  }

  @Test func a32BitELFIsReadToo() throws {
    let file = Samples.elf32(entry: 0x8040_0000, at: 0x8040_0000, [1, 2, 3, 4])
    guard case .placed(let parts, let entry) = try kernel(file).layout else {
      Issue.record("not recognised")
      return
    }
    #expect(entry == 0x8040_0000)
    #expect(parts.map(\.address) == [0x8040_0000])
  }

  @Test func anEntryOutsideOfEverySegmentIsNone() throws {
    let elf = try ELF(source(Samples.elf64(entry: 0, [.init(virtual: 0x100, physical: 0x100, bytes: [1])])))
    #expect(elf != nil)
    #expect(elf?.physicalEntry == nil)
  }

  @Test func brokenELFsAreRefusedInOneSentence() {
    let segment = Samples.Segment(virtual: 0x8000_0000, physical: 0x8000_0000, bytes: [1, 2, 3, 4])
    let good = Samples.elf64(entry: 0x8000_0000, [segment])
    #expect(refusal(good) == nil)
    #expect(refusal(Array(good.prefix(20))) == "its ELF header is cut short")
    #expect(
      refusal(Array(good.dropLast())) == "it is cut short: its ELF segment 0 ends beyond the file's 123 bytes"
    )
    #expect(refusal(Array(good.prefix(80))) == "its ELF program headers lie beyond the end of the file")
    #expect(
      refusal(Samples.elf64(entry: 0, [segment], machine: 62))
        == "it is an ELF file for x86-64, not for RISC-V")
    var overlong = segment
    overlong.physical = .max
    #expect(refusal(Samples.elf64(entry: 0, [overlong])) == "its ELF segment 0 ends beyond the last address")
    var small = segment
    small.memorySize = 2
    #expect(
      refusal(Samples.elf64(entry: 0, [small]))
        == "its ELF segment 0 has more bytes in the file than in memory")
  }

  @Test func aUImageSaysItsAddressAndEntry() throws {
    let image = try kernel(Samples.uImage(load: 0x8040_0000, entry: 0x8040_0010, [1, 2, 3]))
    guard case .placed(let parts, let entry) = image.layout, let part = parts.first else {
      Issue.record("not recognised")
      return
    }
    #expect(part.address == 0x8040_0000)
    #expect(entry == 0x8040_0010)
    #expect(image.source.bytes(at: part.offset, count: Int(part.size)) == [1, 2, 3])
  }

  @Test func aPackedUImageIsUnpacked() throws {
    let image = try kernel(
      Samples.uImage(load: 0x8040_0000, entry: 0x8040_0000, Samples.gzip, compression: 1))
    guard case .placed(let parts, _) = image.layout, let part = parts.first else {
      Issue.record("not recognised")
      return
    }
    #expect(image.source.bytes(at: part.offset, count: Int(part.size)) == Samples.text)
  }

  /// QEMU 10.0 says so, too, but goes on with the file as raw bytes.
  @Test(
    arguments: [
      (29, 2, "another architecture (number 2)"), (30, 0, "Wrong image type 0, expected 2"),
      (30, 3, "Wrong image type 3, expected 2"), (30, 14, "Wrong image type 14, expected 2"),
      (31, 2, "Unable to load u-boot images with compression type 2"),
      (31, 9, "Unable to load u-boot images with compression type 9"), (12, 0xff, "cut short"),
      (31, 1, "gzip"),
    ] as [(Int, UInt8, String)])
  func aUImageThatCannotBeUsedIsRefused(at: Int, byte: UInt8, reason: String) throws {
    var bytes = Samples.uImage(load: 0x8040_0000, entry: 0x8040_0000, [1, 2, 3])
    bytes[at] = byte
    do {
      _ = try kernel(bytes)
      Issue.record("taken")
    } catch let error as ImageError {
      #expect(error.description.contains(reason), "\(error)")
    }
  }

  @Test func aLinuxImageTellsHowMuchItTakes() throws {
    let image = try kernel(Samples.linuxImage(textOffset: 0x20_0000, imageSize: 0x9000, count: 0x1000))
    guard case .movable(let size, let textOffset) = image.layout else {
      Issue.record("not recognised")
      return
    }
    #expect(size == 0x9000)
    #expect(textOffset == 0x20_0000)
  }

  @Test(arguments: [
    ("gzip", Samples.gzip), ("zstd", Samples.zstd), ("xzkern", Samples.xz), ("lzma", Samples.lzma),
  ])
  func anEFIWrappedKernelIsUnpacked(compression: String, payload: [UInt8]) throws {
    // Linux appends the unpacked size to all but gzip.
    let image = try kernel(Samples.zboot(compression, payload + [18, 0, 0, 0]))
    #expect(image.source.bytes(at: 0, count: 18) == Samples.text)
    #expect(image.source.size == 18)
  }

  @Test func aPackedSourceCanBeHadAgain() throws {
    let image = try kernel(Samples.gzip)
    image.source.forget()
    #expect(image.source.bytes(at: 6, count: 5) == Array("hello".utf8))
  }

  @Test func unpackingStopsAtTheMachinesMemory() {
    #expect(throws: ImageError.self) {
      _ = try ImageSource(
        unpacking: source(Samples.gzip), offset: 0, count: UInt64(Samples.gzip.count), as: .gzip, limit: 17)
    }
  }

  @Test func cutAndUnknownPackingsAreRefused() {
    #expect(refusal(Array(Samples.gzip.dropLast(12))) == "its gzip data is cut short")
    #expect(
      refusal(Samples.zboot("lz4", [1]))
        == "its EFI zboot payload is packed with 'lz4', which cannot be unpacked")
  }

  @Test func intelHexBecomesRuns() throws {
    let hex = try IntelHex(source(Array(Samples.hex.utf8)), limit: 1 << 20)
    #expect(
      hex?.runs == [IntelHex.Run(address: 0x8020_0000, bytes: [0x05, 0x45, 0x73, 0, 0x50, 0x10, 0x5f, 0xbf])])
    #expect(hex?.entry == 0x8020_0000)
  }

  @Test func aFileThatMerelyBeginsWithAColonIsNotIntelHex() throws {
    #expect(try IntelHex(source(Array(":0200000480205B\n".utf8)), limit: 1 << 20) == nil)
    #expect(try IntelHex(source([0x3a, 0xff, 0x00]), limit: 1 << 20) == nil)
  }

  @Test func anythingElseIsRaw() throws {
    guard case .movable(let size, let textOffset) = try kernel([1, 2, 3]).layout else {
      Issue.record("not raw")
      return
    }
    #expect(size == 3)
    #expect(textOffset == 0)
  }
}
