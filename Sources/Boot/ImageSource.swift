// Unsafe pointers: buffers lent by callers for the length of one call; every read is bounded by the
// buffer's own count.
import Glibc
import Machine
import Synchronization

/// What is wrong with a file's contents, as a sentence without the file's name.
package struct ImageError: Error, CustomStringConvertible, Equatable {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// The bytes of a file that is loaded into guest memory now and again at every reset.
///
/// Files are kept open and read anew, unpacked ones are unpacked anew, so that the machine does not
/// hold a second copy of its kernel while it runs.
package final class ImageSource: Sendable {
  /// As the user typed it.
  package let name: String
  package let size: UInt64
  private let storage: Storage

  private enum Storage: Sendable {
    case memory([UInt8])
    case file(descriptor: Int32, modified: timespec)
    case packed(Packing, kept: Kept)
  }

  private struct Packing: Sendable {
    let source: ImageSource
    let offset: UInt64
    let count: UInt64
    let compression: Compression
  }

  private final class Kept: Sendable {
    let bytes: Mutex<[UInt8]?>
    init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes) }
  }

  /// Opens `path`; an error is the system's word ("No such file or directory").
  package init(opening path: String) throws(ImageError) {
    name = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ImageError(String(cString: strerror(errno))) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw ImageError(reason)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      size = UInt64(max(0, status.st_size))
      storage = .file(descriptor: descriptor, modified: status.st_mtim)
    case S_IFDIR:
      close(descriptor)
      throw ImageError("Is a directory")
    default:
      // A pipe or a device: it can be read only once.
      let bytes = Self.drain(descriptor)
      close(descriptor)
      guard let bytes else {
        throw ImageError("it has more than \(Self.largestStream >> 20) MiB or cannot be read")
      }
      size = UInt64(bytes.count)
      storage = .memory(bytes)
    }
  }

  package init(name: String, bytes: [UInt8]) {
    self.name = name
    size = UInt64(bytes.count)
    storage = .memory(bytes)
  }

  /// The contents of `count` packed bytes at `offset` of `source`, at most `limit` bytes.
  package init(
    unpacking source: ImageSource, offset: UInt64, count: UInt64, as compression: Compression, limit: UInt64
  ) throws(ImageError) {
    name = source.name
    let bytes = try compression.unpack(source, offset: offset, count: count, limit: limit)
    size = UInt64(bytes.count)
    let packing = Packing(source: source, offset: offset, count: count, compression: compression)
    storage = .packed(packing, kept: Kept(bytes))
  }

  deinit {
    if case .file(let descriptor, _) = storage { close(descriptor) }
  }

  private static let largestStream = 1 << 30

  private static func drain(_ descriptor: Int32) -> [UInt8]? {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while all.count <= largestStream {
      let got = Glibc.read(descriptor, &chunk, chunk.count)
      if got == 0 { return all }
      if got < 0 {
        if errno == EINTR { continue }
        return nil
      }
      all.append(contentsOf: chunk[..<got])
    }
    return nil
  }

  /// True where the file on disk is no longer the one that was opened: its contents may be mixed.
  package var hasChanged: Bool {
    switch storage {
    case .memory: return false
    case .packed(let packing, _): return packing.source.hasChanged
    case .file(let descriptor, let modified):
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return true }
      return UInt64(max(0, status.st_size)) != size || status.st_mtim.tv_sec != modified.tv_sec
        || status.st_mtim.tv_nsec != modified.tv_nsec
    }
  }

  /// Fills `buffer` with the bytes from `offset` on; false unless all of them exist.
  package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    guard offset <= size, UInt64(buffer.count) <= size - offset else { return false }
    guard let start = buffer.baseAddress, buffer.count > 0 else { return true }
    switch storage {
    case .memory(let bytes):
      return Self.copy(bytes, at: Int(offset), to: buffer)
    case .file(let descriptor, _):
      var done = 0
      while done < buffer.count {
        let got = pread(descriptor, start + done, buffer.count - done, off_t(offset) + off_t(done))
        if got < 0 && errno == EINTR { continue }
        guard got > 0 else { return false }
        done += got
      }
      return true
    case .packed(let packing, let kept):
      if kept.bytes.withLock({ $0 == nil }) {
        let again = try? packing.compression.unpack(
          packing.source, offset: packing.offset, count: packing.count, limit: size)
        guard let again else { return false }
        kept.bytes.withLock { $0 = again }
      }
      return kept.bytes.withLock { bytes in
        guard let bytes, UInt64(bytes.count) == size else { return false }
        return Self.copy(bytes, at: Int(offset), to: buffer)
      }
    }
  }

  /// Fills `count` bytes of `memory`, all of which exist in one region, from `address` on; false unless all
  /// the bytes from `offset` on exist here.
  func place(from offset: UInt64, count: Int, at address: UInt64, in memory: AddressSpace) -> Bool {
    var done = 0
    if case .file(let descriptor, _) = storage, count >= Self.smallestTransfer, offset <= size,
      UInt64(count) <= size - offset
    {
      done = memory.copyIn(descriptor: descriptor, offset: offset, count: count, to: address)
    }
    let (rest, start) = (count - done, address &+ UInt64(done))
    guard rest > 0 else { return true }
    guard let target = memory.ramBytes(at: start, count: rest, includingROM: true) else { return false }
    defer { memory.didWrite(start, count: rest) }
    return read(at: offset &+ UInt64(done), into: target)
  }

  /// Below, one read is cheaper.
  private static let smallestTransfer = 1 << 16

  private static func copy(_ bytes: [UInt8], at offset: Int, to buffer: UnsafeMutableRawBufferPointer) -> Bool
  {
    bytes.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
    }
    return true
  }

  /// Drops what can be had again by unpacking.
  package func forget() {
    if case .packed(_, let kept) = storage { kept.bytes.withLock { $0 = nil } }
  }

  /// `count` bytes from `offset` on; nil unless all of them exist.
  package func bytes(at offset: UInt64, count: Int) -> [UInt8]? {
    guard count >= 0, offset <= size, UInt64(count) <= size - offset else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    return bytes.withUnsafeMutableBytes({ read(at: offset, into: $0) }) ? bytes : nil
  }

  /// The first bytes, at most `count`.
  package func prefix(_ count: Int) -> [UInt8] {
    bytes(at: 0, count: Int(min(UInt64(max(0, count)), size))) ?? []
  }
}
