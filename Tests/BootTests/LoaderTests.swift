import Glibc
import Machine
import Testing

import Boot

/// The cases that were measured on QEMU 10.0, word for word.
@Suite struct LoaderTests {
  private func load(_ text: String, harts: Int = 1) throws(ConfigurationError) -> GenericLoader {
    let properties = text.split(separator: ",").map { part in
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      return Assignment(pair[0], pair.count > 1 ? pair[1] : "on")
    }
    return try GenericLoader(
      DeviceRequest(driver: "loader", properties: properties, text: "loader,\(text)"), harts: harts,
      limit: 1 << 20)
  }

  private func refusal(_ text: String) -> String? {
    do {
      _ = try load(text)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func numbersAreWrittenLowByteFirst() throws {
    #expect(try load("addr=0x80001000,data=0x11223344,data-len=4").write?.bytes == [0x44, 0x33, 0x22, 0x11])
    #expect(try load("addr=0x80001000,data=0xffffffffff,data-len=2").write?.bytes == [0xff, 0xff])
    #expect(try load("addr=0x80001000,data-len=4").write?.bytes == [0, 0, 0, 0])
  }

  @Test func bigEndianNumbersAreWrittenAsDocumentedWithAWarning() throws {
    let loader = try load("addr=0x80001000,data=0x11223344,data-len=4,data-be=on")
    #expect(loader.write?.bytes == [0x11, 0x22, 0x33, 0x44])
    #expect(loader.warnings.count == 1)
    #expect(try load("addr=0x80001000,data=1,data-len=8,data-be=on").warnings.isEmpty)
  }

  @Test(arguments: [
    ("addr=0x80001000,data=5,data-len=9", "data-len cannot be greater then 8 bytes"),
    ("addr=0x80001000,data=5", "Both data and data-len must be specified"),
    ("addr=0x80001000,data-be=on", "Both data and data-len must be specified"),
    (
      "addr=0x80001000,data=1,data-len=4,force-raw=on",
      "Specifying force-raw is not supported when loading memory values"
    ),
    ("file=k.bin,data=1,data-len=4", "Specifying a file is not supported when loading memory values"),
    ("addr=0x80001234", "cpu_num must be specified when setting a program counter"),
    ("cpu-num=0", "please include valid arguments"),
    ("addr=0,cpu-num=0", "please include valid arguments"),
    ("", "please include valid arguments"),
    ("addr=0x80000000,cpu-num=1", "Specified boot CPU#1 is nonexistent"),
    ("foo=1", "Property 'loader.foo' not found"),
    ("addr=zzz,cpu-num=0", "Parameter 'addr' expects integer"),
    ("addr=1k,cpu-num=0", "Parameter 'addr' expects integer"),
    ("file=/nonexistent", "Cannot load specified image /nonexistent"),
  ]) func refusalsAreQEMUs(text: String, sentence: String) {
    #expect(refusal(text) == "-device loader,\(text): \(sentence)")
  }

  @Test func aMissingFileIsNamedFirst() {
    do {
      _ = try load("file=/nonexistent")
      Issue.record("no error")
    } catch {
      #expect(error.preamble == "/nonexistent: No such file or directory")
    }
  }

  @Test func programCountersAreSetAndWrap() throws {
    let loader = try load("addr=0x80001234,cpu-num=1", harts: 2)
    #expect(loader.start?.hart == 1)
    #expect(loader.start?.pc == 0x8000_1234)
    #expect(try load("addr=-1,cpu-num=0").start?.pc == .max)
    #expect(try load("force-raw=on").start == nil)
  }

  @Test func filesSayWhereTheyGoUnlessTheyAreRaw() throws {
    let elf = Samples.elf64(
      entry: 0x8020_0004,
      [.init(virtual: 0x8020_0000, physical: 0x8020_0000, bytes: [1, 2, 3, 4, 5, 6, 7, 8])])
    try withFile(elf) { path in
      let placed = try load("file=\(path),addr=0x80300000,cpu-num=0")
      #expect(placed.blobs.map(\.address) == [0x8020_0000])
      #expect(placed.start?.pc == 0x8020_0004)
      let raw = try load("file=\(path),addr=0x80300000,force-raw=on")
      #expect(raw.blobs.map(\.address) == [0x8030_0000])
      #expect(raw.blobs.map(\.size) == [UInt64(elf.count)])
      #expect(raw.start == nil)
    }
    try withFile(Array(Samples.hex.utf8)) { path in
      let hex = try load("file=\(path)")
      #expect(hex.blobs.map(\.address) == [0x8020_0000])
    }
    try withFile(Samples.uImage(load: 0x8040_0000, entry: 0x8040_0000, [1])) { path in
      let image = try load("file=\(path),cpu-num=0")
      #expect(image.blobs.map(\.address) == [0x8040_0000])
      #expect(image.start?.pc == 0x8040_0000)
    }
    try withFile([1, 2, 3]) { path in
      let raw = try load("file=\(path)")
      #expect(raw.blobs.map(\.address) == [0])
    }
  }
}

/// Runs `body` with a file of `bytes`.
func withFile<R>(_ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
  var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  try #require(descriptor >= 0)
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { unlink(path) }
  let written = write(descriptor, bytes, bytes.count)
  close(descriptor)
  try #require(written == bytes.count)
  return try body(path)
}
