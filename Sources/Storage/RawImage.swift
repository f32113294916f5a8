// Unsafe pointers: only the buffers that the caller lends for the time of a call.
import CHost
import Glibc
import Machine

/// A disk in a plain file or host block device.
///
/// The size is that of the file, rounded up to a sector, as QEMU does; the missing bytes read as zero
/// and a write to them lengthens the file. Transfers may come from any thread.
package final class RawImage: BlockBackEnd {
  /// `cache=` as QEMU names it. `none` and `directsync` differ from `writeback` and `writethrough` for
  /// the host's page cache alone, which Apus always uses.
  package enum Cache: String, CaseIterable, Sendable {
    case writeback
    case writethrough
    case none
    case directsync
    case unsafe
  }

  package struct Options: Sendable {
    package var isReadOnly = false
    package var cache = Cache.writeback
    /// `discard=unmap`: give discarded space back to the host's file system.
    package var unmapsDiscarded = false
    /// `file.locking`: refuse an image that another process writes.
    package var locks = true
    package init() {}
  }

  package let path: String
  package let isReadOnly: Bool
  /// A device of the host, not a plain file.
  package let isDevice: Bool
  package let size: UInt64
  private let options: Options
  package var cache: Cache { options.cache }
  private let file: Int32
  /// The longest transfer that one system call takes.
  private static let mostAtOnce = 0x7fff_f000
  /// IOV_MAX.
  private static let mostBuffers = 1024

  /// Opens `path`; errors begin with QEMU's words.
  package init(path: String, options: Options = Options()) throws(BackEndError) {
    var flags = O_CLOEXEC | (options.isReadOnly ? O_RDONLY : O_RDWR)
    if options.cache == .writethrough || options.cache == .directsync { flags |= O_DSYNC }
    let file = retrying { open(path, flags) }
    guard file >= 0 else {
      if errno == EISDIR { throw Self.irregular(path) }
      throw BackEndError("Could not open '\(path)': \(Self.reason())")
    }
    var isOpen = false
    defer { if !isOpen { close(file) } }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      throw BackEndError("Could not open '\(path)': \(Self.reason())")
    }
    guard [S_IFREG, S_IFBLK].contains(status.st_mode & S_IFMT) else { throw Self.irregular(path) }
    let end = lseek(file, 0, SEEK_END)
    guard end >= 0, end <= Int.max - 511 else {
      throw BackEndError("Could not refresh total sector count: \(Self.reason())")
    }
    if options.locks { try Self.lock(file, path, isReadOnly: options.isReadOnly) }
    isOpen = true
    self.file = file
    self.path = path
    self.options = options
    isReadOnly = options.isReadOnly
    isDevice = status.st_mode & S_IFMT == S_IFBLK
    size = (UInt64(end) + 511) & ~511
  }

  deinit { close(file) }

  private static func irregular(_ path: String) -> BackEndError {
    BackEndError("'file' driver requires '\(path)' to be a regular file")
  }

  private static func reason() -> String { String(cString: strerror(errno)) }

  // MARK: Locks

  /// QEMU's scheme, so that either program sees the other: a shared lock on byte 100 + n says "I use
  /// permission n", one on byte 200 + n "I let nobody else use permission n"; permission 0 is to read,
  /// 1 to write. Where the file system knows no such locks there is no protection, as in QEMU.
  private static func lock(_ file: Int32, _ path: String, isReadOnly: Bool) throws(BackEndError) {
    let read: Int64 = 0
    let write: Int64 = 1
    for byte in [100 + read, isReadOnly ? nil : 100 + write, 200 + write] {
      guard let byte else { continue }
      let result = host_lock_byte(file, Int32(F_RDLCK), byte)
      if result == -EINVAL || result == -ENOLCK || result == -EOPNOTSUPP { return }
      guard result == 0 else {
        throw busy("Failed to lock byte \(byte)", path)
      }
    }
    if host_test_lock_byte(file, Int32(F_WRLCK), 200 + read) > 0 {
      throw busy("Failed to get \"consistent read\" lock", path)
    }
    if !isReadOnly, host_test_lock_byte(file, Int32(F_WRLCK), 200 + write) > 0 {
      throw busy("Failed to get \"write\" lock", path)
    }
    if host_test_lock_byte(file, Int32(F_WRLCK), 100 + write) > 0, isReadOnly {
      throw busy("Failed to get shared \"write\" lock", path)
    }
  }

  /// Lends the image, which is open for reading, to `body` for writing. No other program may have it open meanwhile.
  package func withWriter(_ body: (RawImage) throws(BackEndError) -> Void) throws(BackEndError) {
    let write: Int64 = 1
    if options.locks {
      // An open file's own locks are not in its way.
      if host_test_lock_byte(file, Int32(F_WRLCK), 200 + write) > 0 {
        throw Self.busy("Failed to get \"write\" lock", path)
      }
      _ = host_lock_byte(file, Int32(F_RDLCK), 100 + write)
    }
    defer { if options.locks { _ = host_lock_byte(file, Int32(F_UNLCK), 100 + write) } }
    var options = options
    options.isReadOnly = false
    options.locks = false
    try body(RawImage(path: path, options: options))
  }

  private static func busy(_ words: String, _ path: String) -> BackEndError {
    BackEndError("\(words)\nIs another process using the image [\(path)]?")
  }

  // MARK: Transfers

  private func check(_ offset: UInt64, _ count: UInt64) throws(BackEndError) {
    guard offset <= size, count <= size - offset else {
      throw BackEndError("\(path): \(count) bytes at \(offset) lie beyond the end of the disk")
    }
  }

  private func checkWritable() throws(BackEndError) {
    guard !isReadOnly else { throw BackEndError("\(path): the image is read-only") }
  }

  private func failure(_ verb: String, _ offset: UInt64, _ error: Int32 = errno) -> BackEndError {
    BackEndError("\(path): cannot \(verb) at \(offset): \(String(cString: strerror(error)))")
  }

  package func read(at offset: UInt64, into buffers: [UnsafeMutableRawBufferPointer]) throws(BackEndError) {
    try check(offset, buffers.reduce(0) { $0 &+ UInt64($1.count) })
    var cursor = Cursor(buffers)
    var position = offset
    while !cursor.isAtEnd {
      let vectors = cursor.vectors(limit: Self.mostAtOnce, count: Self.mostBuffers)
      let count = retrying { preadv(file, vectors, Int32(vectors.count), Int(position)) }
      guard count >= 0 else { throw failure("read", position) }
      // The end of the file inside the last sector: the rest reads as zero.
      guard count > 0 else { return cursor.fillWithZeroes() }
      cursor.advance(count)
      position += UInt64(count)
    }
  }

  package func write(at offset: UInt64, from buffers: [UnsafeRawBufferPointer]) throws(BackEndError) {
    try checkWritable()
    try check(offset, buffers.reduce(0) { $0 &+ UInt64($1.count) })
    var cursor = Cursor(buffers.map { UnsafeMutableRawBufferPointer(mutating: $0) })
    var position = offset
    while !cursor.isAtEnd {
      let vectors = cursor.vectors(limit: Self.mostAtOnce, count: Self.mostBuffers)
      let count = retrying { pwritev(file, vectors, Int32(vectors.count), Int(position)) }
      guard count > 0 else { throw failure("write", position) }
      cursor.advance(count)
      position += UInt64(count)
    }
  }

  package func flush() throws(BackEndError) {
    guard !isReadOnly, options.cache != .unsafe else { return }
    guard retrying({ Int(fdatasync(file)) }) == 0 else { throw failure("flush", 0) }
  }

  package func discard(at offset: UInt64, count: UInt64) throws(BackEndError) {
    try checkWritable()
    try check(offset, count)
    guard options.unmapsDiscarded, count > 0 else { return }
    let result = host_zero_range(file, Int64(offset), Int64(count), 1)
    // A discard is a hint: file systems without holes keep the data.
    guard result == 0 || result == -EOPNOTSUPP || result == -ENODEV else {
      throw failure("discard", offset, -result)
    }
  }

  package func writeZeroes(at offset: UInt64, count: UInt64) throws(BackEndError) {
    try checkWritable()
    try check(offset, count)
    guard count > 0 else { return }
    for punch: Int32 in [0, 1] {
      let result = host_zero_range(file, Int64(offset), Int64(count), punch)
      if result == 0 { return }
      guard result == -EOPNOTSUPP || result == -ENODEV || result == -EINVAL else {
        throw failure("write zeroes", offset, -result)
      }
    }
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(count, 1 << 16)), alignment: 4096)
    defer { block.deallocate() }
    block.initializeMemory(as: UInt8.self, repeating: 0)
    var done: UInt64 = 0
    while done < count {
      let piece = UnsafeRawBufferPointer(rebasing: block.prefix(Int(clamping: count - done)))
      try write(at: offset + done, from: [piece])
      done += UInt64(piece.count)
    }
  }
}

/// Runs a system call again while signals interrupt it.
func retrying<T: SignedInteger>(_ call: () -> T) -> T {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}

/// A place in a list of buffers.
struct Cursor {
  private let buffers: [UnsafeMutableRawBufferPointer]
  private var index = 0
  private var offset = 0

  init(_ buffers: [UnsafeMutableRawBufferPointer]) {
    self.buffers = buffers.filter { !$0.isEmpty }
  }

  var isAtEnd: Bool { index == buffers.count }

  /// What is left, as system calls take it, at most `limit` bytes in `count` pieces.
  func vectors(limit: Int, count: Int) -> [iovec] {
    var vectors: [iovec] = []
    var left = limit
    var skip = offset
    for buffer in buffers[index...] {
      guard left > 0, vectors.count < count else { break }
      let length = min(buffer.count - skip, left)
      vectors.append(iovec(iov_base: buffer.baseAddress.map { $0 + skip }, iov_len: length))
      left -= length
      skip = 0
    }
    return vectors
  }

  /// Steps over `count` bytes, no more than are left.
  mutating func advance(_ count: Int) {
    var left = count
    while left > 0, index < buffers.count {
      let step = min(left, buffers[index].count - offset)
      left -= step
      offset += step
      if offset == buffers[index].count {
        index += 1
        offset = 0
      }
    }
  }

  /// Clears what is left.
  func fillWithZeroes() {
    for (place, buffer) in buffers.enumerated().dropFirst(index) {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[(place == index ? offset : 0)...])
      rest.initializeMemory(as: UInt8.self, repeating: 0)
    }
  }
}
