import CHost
import Glibc
import Machine
import Storage
import Testing

/// A folder that vanishes with the test.
final class Folder {
  let path: String
  init() throws {
    var template = Array("/tmp/apus-storage.XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }
  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }
  private var names: [String] = []

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    names.append(name)
    let file = open("\(path)/\(name)", O_CREAT | O_TRUNC | O_WRONLY, 0o644)
    try #require(file >= 0)
    defer { close(file) }
    try #require(Glibc.write(file, bytes, bytes.count) == bytes.count)
    return "\(path)/\(name)"
  }
}

func contents(_ path: String) throws -> [UInt8] {
  let file = open(path, O_RDONLY)
  try #require(file >= 0)
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
  try #require(pread(file, &bytes, bytes.count, 0) == bytes.count)
  return bytes
}

func blocks(_ path: String) -> Int {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_blocks) : -1
}

extension BlockBackEnd {
  func bytes(_ offset: UInt64, _ counts: Int...) throws -> [UInt8] {
    let buffers = counts.map { UnsafeMutableRawBufferPointer.allocate(byteCount: $0, alignment: 1) }
    defer { for buffer in buffers { buffer.deallocate() } }
    for buffer in buffers { buffer.initializeMemory(as: UInt8.self, repeating: 0xcc) }
    try read(at: offset, into: buffers)
    return buffers.flatMap { Array($0) }
  }

  func put(_ offset: UInt64, _ pieces: [UInt8]...) throws {
    let buffers = pieces.map { piece in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
      buffer.copyBytes(from: piece)
      return buffer
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    try write(at: offset, from: buffers.map { UnsafeRawBufferPointer($0) })
  }
}

func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

func options(_ change: (inout RawImage.Options) -> Void) -> RawImage.Options {
  var options = RawImage.Options()
  change(&options)
  return options
}

@Suite struct RawImageTests {
  @Test func transfersGoToTheFile() throws {
    let folder = try Folder()
    let path = try folder.file("disk", pattern(8192))
    let image = try RawImage(path: path)
    #expect(image.size == 8192)
    #expect(try image.bytes(100, 10, 0, 3000) == Array(pattern(8192)[100..<3110]))
    try image.put(512, [UInt8](repeating: 1, count: 600), [], [UInt8](repeating: 2, count: 424))
    try image.flush()
    let expected = pattern(512) + [UInt8](repeating: 1, count: 600) + [UInt8](repeating: 2, count: 424)
    #expect(try Array(contents(path)[..<1536]) == expected)
  }

  @Test func moreBuffersThanOneSystemCallTakesAreTransferred() throws {
    let folder = try Folder()
    let path = try folder.file("disk", pattern(8192))
    let image = try RawImage(path: path)
    var bytes = [UInt8](repeating: 0, count: 4096)
    try bytes.withUnsafeMutableBytes { buffer in
      try image.read(
        at: 1, into: buffer.indices.map { UnsafeMutableRawBufferPointer(rebasing: buffer[$0...$0]) })
    }
    #expect(bytes == Array(pattern(8192)[1..<4097]))
  }

  @Test func aFileThatEndsInsideASectorIsRoundedUp() throws {
    let folder = try Folder()
    let path = try folder.file("disk", pattern(1000))
    let image = try RawImage(path: path)
    #expect(image.size == 1024)
    #expect(try image.bytes(512, 512) == Array(pattern(1000)[512...]) + [UInt8](repeating: 0, count: 24))
    #expect(try image.bytes(900, 50, 74) == Array(pattern(1000)[900...]) + [UInt8](repeating: 0, count: 24))
    try image.put(512, [UInt8](repeating: 9, count: 512))
    #expect(try contents(path).count == 1024)
  }

  @Test func transfersBeyondTheEndFail() throws {
    let folder = try Folder()
    let image = try RawImage(path: try folder.file("disk", pattern(1024)))
    for offset: UInt64 in [513, 1024, 1025, .max, .max - 511, 1 << 63] {
      #expect(throws: BackEndError.self) { try image.bytes(offset, 512) }
      #expect(throws: BackEndError.self) { try image.put(offset, [UInt8](repeating: 0, count: 512)) }
      #expect(throws: BackEndError.self) { try image.discard(at: offset, count: 512) }
      #expect(throws: BackEndError.self) { try image.writeZeroes(at: offset, count: 512) }
    }
    #expect(throws: BackEndError.self) { try image.writeZeroes(at: 0, count: .max) }
  }

  @Test func zeroesAreWrittenAndDiscardsGiveSpaceBackWhereAsked() throws {
    let folder = try Folder()
    let path = try folder.file("disk", pattern(1 << 20))
    do {
      let image = try RawImage(path: path)
      try image.writeZeroes(at: 1000, count: 70000)
      #expect(
        try image.bytes(999, 70002) == [pattern(1 << 20)[999]] + [UInt8](repeating: 0, count: 70000) + [
          pattern(1 << 20)[71000]
        ])
      try image.discard(at: 0, count: 1 << 20)
      #expect(try image.bytes(0, 999) == pattern(999))
    }
    let before = blocks(path)
    let image = try RawImage(path: path, options: options { $0.unmapsDiscarded = true })
    try image.discard(at: 0, count: 1 << 20)
    #expect(blocks(path) < before)
    #expect(try contents(path).count == 1 << 20)
  }

  @Test func aReadOnlyImageStaysAsItIs() throws {
    let folder = try Folder()
    let path = try folder.file("disk", pattern(1024))
    let image = try RawImage(path: path, options: options { $0.isReadOnly = true })
    #expect(image.isReadOnly)
    #expect(throws: BackEndError.self) { try image.put(0, [1]) }
    #expect(throws: BackEndError.self) { try image.writeZeroes(at: 0, count: 512) }
    #expect(throws: BackEndError.self) { try image.discard(at: 0, count: 512) }
    try image.flush()
    #expect(try contents(path) == pattern(1024))
  }

  @Test func whatCannotBeOpenedIsNamedInQEMUsWords() throws {
    let folder = try Folder()
    func words(_ path: String) -> String {
      do {
        _ = try RawImage(path: path)
        return "opened"
      } catch { return "\(error)" }
    }
    #expect(words("\(folder.path)/nope") == "Could not open '\(folder.path)/nope': No such file or directory")
    #expect(words(folder.path) == "'file' driver requires '\(folder.path)' to be a regular file")
    #expect(words("/dev/null") == "'file' driver requires '/dev/null' to be a regular file")
    let path = try folder.file("disk", pattern(512))
    chmod(path, 0o444)
    if geteuid() != 0 { #expect(words(path) == "Could not open '\(path)': Permission denied") }
  }

  @Test func twoWritersCannotShareAnImageAndTwoReadersCan() throws {
    let folder = try Folder()
    let path = try folder.file("disk", pattern(512))
    let readOnly = options { $0.isReadOnly = true }
    let question = "\nIs another process using the image [\(path)]?"
    func words(_ options: RawImage.Options) -> String {
      do {
        _ = try RawImage(path: path, options: options)
        return "opened"
      } catch { return "\(error)" }
    }
    do {
      let writer = try RawImage(path: path)
      #expect(words(.init()) == "Failed to get \"write\" lock" + question)
      #expect(words(readOnly) == "Failed to get shared \"write\" lock" + question)
      #expect(words(options { $0.locks = false }) == "opened")
      withExtendedLifetime(writer) {}
    }
    do {
      let reader = try RawImage(path: path, options: readOnly)
      #expect(words(readOnly) == "opened")
      #expect(words(.init()) == "Failed to get \"write\" lock" + question)
      withExtendedLifetime(reader) {}
    }
    #expect(words(.init()) == "opened")
  }
}

@Suite struct SnapshotOverlayTests {
  @Test func readsMixBothLayersAndTheImageStaysAsItIs() throws {
    let folder = try Folder()
    let original = pattern(100_000)
    let path = try folder.file("disk", original)
    let base = try RawImage(path: path, options: options { $0.isReadOnly = true })
    let overlay = try SnapshotOverlay(over: base)
    #expect(overlay.size == 100_352)
    var expected = original + [UInt8](repeating: 0, count: 352)
    var state: UInt64 = 42
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for round in 0..<400 {
      let offset = random(expected.count)
      let count = 1 + random(min(expected.count - offset, 9000))
      switch random(3) {
      case 0:
        try overlay.writeZeroes(at: UInt64(offset), count: UInt64(count))
        expected.replaceSubrange(offset..<(offset + count), with: [UInt8](repeating: 0, count: count))
      default:
        let half = count / 2
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &+ round) }
        try overlay.put(UInt64(offset), Array(bytes[..<half]), Array(bytes[half...]))
        expected.replaceSubrange(offset..<(offset + count), with: bytes)
      }
      let place = random(expected.count)
      let length = 1 + random(min(expected.count - place, 20000))
      #expect(
        try overlay.bytes(UInt64(place), length / 2, length - length / 2)
          == Array(expected[place..<(place + length)]))
    }
    #expect(try overlay.bytes(0, expected.count) == expected)
    try overlay.flush()
    #expect(try contents(path) == original)
  }

  @Test func transfersBeyondTheEndFail() throws {
    let folder = try Folder()
    let base = try RawImage(
      path: try folder.file("disk", pattern(1024)), options: options { $0.isReadOnly = true })
    let overlay = try SnapshotOverlay(over: base)
    for offset: UInt64 in [513, 1025, .max] {
      #expect(throws: BackEndError.self) { try overlay.bytes(offset, 512) }
      #expect(throws: BackEndError.self) { try overlay.put(offset, [UInt8](repeating: 0, count: 512)) }
      #expect(throws: BackEndError.self) { try overlay.writeZeroes(at: offset, count: 512) }
      #expect(throws: BackEndError.self) { try overlay.discard(at: offset, count: 512) }
    }
  }

  @Test func aCommitWritesToTheImageWhatWasHeldBack() throws {
    let folder = try Folder()
    var expected = pattern(20_000)
    let path = try folder.file("disk", expected)
    let overlay = try SnapshotOverlay(
      over: try RawImage(path: path, options: options { $0.isReadOnly = true }))
    for (offset, byte) in [(100, 1), (9000, 2), (19_990, 3)] as [(Int, UInt8)] {
      let bytes = [UInt8](repeating: byte, count: 500)
      let count = min(500, 20_480 - offset)
      try overlay.put(UInt64(offset), Array(bytes.prefix(count)))
      expected += [UInt8](repeating: 0, count: max(0, offset + count - expected.count))
      expected.replaceSubrange(offset..<offset + count, with: bytes.prefix(count))
    }
    try overlay.commit()
    func image() throws -> RawImage { try RawImage(path: path, options: options { $0.isReadOnly = true }) }
    #expect(try image().bytes(0, expected.count) == expected)
    #expect(try overlay.bytes(0, expected.count) == expected)
    try overlay.put(4096, [7, 8])
    try overlay.commit()
    #expect(try image().bytes(4096, 2) == [7, 8])
  }

  @Test func anImageThatOthersReadIsNotWrittenTo() throws {
    let folder = try Folder()
    let path = try folder.file("disk", pattern(4096))
    let readOnly = options { $0.isReadOnly = true }
    let overlay = try SnapshotOverlay(over: try RawImage(path: path, options: readOnly))
    try overlay.put(0, [1])
    let other = try RawImage(path: path, options: readOnly)
    do {
      try overlay.commit()
      Issue.record("written beneath a reader")
    } catch {
      #expect(error.description.hasPrefix("Failed to get \"write\" lock"))
    }
    #expect(try other.bytes(0, 1) == [pattern(1)[0]])
  }

  @Test func aMissingFolderForTheTemporaryFileIsNamed() throws {
    let folder = try Folder()
    let base = try RawImage(path: try folder.file("disk", pattern(512)))
    do {
      _ = try SnapshotOverlay(over: base, directory: "/nope")
      Issue.record("opened")
    } catch {
      #expect(
        error.description
          == "Could not open temporary file '/nope/apus.XXXXXX': No such file or directory")
    }
  }
}
