// Unsafe pointers: only the buffers that the caller lends for the time of a call, and scratch memory
// of this file's own.
import CHost
import Glibc
import Machine
import Synchronization

/// `-snapshot` and `snapshot=on`: reads come from an image that stays as it is, writes go to a
/// temporary file that vanishes with the process.
package final class SnapshotOverlay: BlockBackEnd {
  /// Bytes that move from the base to the overlay together.
  private static let cluster: UInt64 = 4096

  package let size: UInt64
  package let isReadOnly = false
  package let base: RawImage
  private let file: Int32
  /// One bit per cluster: set where the overlay has it.
  private let written: Mutex<[UInt64]>

  /// The temporary file is made in `directory` ($TMPDIR, else /var/tmp).
  package init(over base: RawImage, directory: String? = nil) throws(BackEndError) {
    let directory = directory ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
    let file = host_unnamed_file(directory)
    guard file >= 0 else {
      throw BackEndError(
        "Could not open temporary file '\(directory)/apus.XXXXXX': \(String(cString: strerror(-file)))")
    }
    guard let length = Int(exactly: base.size), ftruncate(file, length) == 0 else {
      let reason = String(cString: strerror(errno))
      close(file)
      throw BackEndError("Could not size temporary file in '\(directory)': \(reason)")
    }
    self.file = file
    self.base = base
    size = base.size
    let clusters = (base.size + Self.cluster - 1) / Self.cluster
    written = Mutex([UInt64](repeating: 0, count: Int((clusters + 63) / 64)))
  }

  deinit { close(file) }

  private func check(_ offset: UInt64, _ count: UInt64) throws(BackEndError) {
    guard offset <= size, count <= size - offset else {
      throw BackEndError("\(count) bytes at \(offset) lie beyond the end of the disk")
    }
  }

  private static func isSet(_ bits: [UInt64], _ cluster: UInt64) -> Bool {
    bits[Int(cluster / 64)] & 1 << (cluster % 64) != 0
  }

  package func read(at offset: UInt64, into buffers: [UnsafeMutableRawBufferPointer]) throws(BackEndError) {
    try check(offset, buffers.reduce(0) { $0 &+ UInt64($1.count) })
    try written.withLock { bits throws(BackEndError) in
      var position = offset
      for buffer in buffers {
        var rest = buffer[...]
        while !rest.isEmpty {
          // As many bytes as lie in clusters of the same kind.
          let isOurs = Self.isSet(bits, position / Self.cluster)
          var end = (position / Self.cluster + 1) * Self.cluster
          while end < position + UInt64(rest.count), Self.isSet(bits, end / Self.cluster) == isOurs {
            end += Self.cluster
          }
          let piece = UnsafeMutableRawBufferPointer(rebasing: rest.prefix(Int(end - position)))
          if isOurs { try readOverlay(position, piece) } else { try base.read(at: position, into: [piece]) }
          position += UInt64(piece.count)
          rest = rest.dropFirst(piece.count)
        }
      }
    }
  }

  package func write(at offset: UInt64, from buffers: [UnsafeRawBufferPointer]) throws(BackEndError) {
    let count = buffers.reduce(0) { $0 &+ UInt64($1.count) }
    try check(offset, count)
    guard count > 0 else { return }
    try written.withLock { bits throws(BackEndError) in
      try claim(offset, count, &bits)
      var position = offset
      for buffer in buffers {
        try writeOverlay(position, buffer)
        position += UInt64(buffer.count)
      }
    }
  }

  /// Nothing here outlives the process, so nothing needs to reach the disk.
  package func flush() throws(BackEndError) {}

  package func discard(at offset: UInt64, count: UInt64) throws(BackEndError) { try check(offset, count) }

  package func writeZeroes(at offset: UInt64, count: UInt64) throws(BackEndError) {
    try check(offset, count)
    guard count > 0 else { return }
    try written.withLock { bits throws(BackEndError) in
      try claim(offset, count, &bits)
      if host_zero_range(file, Int64(offset), Int64(count), 1) == 0 { return }
      let block = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(count, 1 << 16)), alignment: 4096)
      defer { block.deallocate() }
      block.initializeMemory(as: UInt8.self, repeating: 0)
      var done: UInt64 = 0
      while done < count {
        let piece = UnsafeRawBufferPointer(rebasing: block.prefix(Int(clamping: count - done)))
        try writeOverlay(offset + done, piece)
        done += UInt64(piece.count)
      }
    }
  }

  /// Writes everything that was held back to the image, which has it from then on (Ctrl-a s, `commit`).
  package func commit() throws(BackEndError) {
    try written.withLock { bits throws(BackEndError) in
      let changed = bits
      try base.withWriter { writer throws(BackEndError) in
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(Self.cluster), alignment: 4096)
        defer { buffer.deallocate() }
        for cluster in 0..<(size + Self.cluster - 1) / Self.cluster where Self.isSet(changed, cluster) {
          let start = cluster * Self.cluster
          let piece = UnsafeMutableRawBufferPointer(
            rebasing: buffer.prefix(Int(min(Self.cluster, size - start))))
          try readOverlay(start, piece)
          try writer.write(at: start, from: [UnsafeRawBufferPointer(piece)])
        }
        try writer.flush()
      }
      bits = [UInt64](repeating: 0, count: bits.count)
      // A hint: the space is free again.
      _ = host_zero_range(file, 0, Int64(clamping: size), 1)
    }
  }

  /// Makes the clusters that hold the range the overlay's; copies those that it covers in part.
  private func claim(_ offset: UInt64, _ count: UInt64, _ bits: inout [UInt64]) throws(BackEndError) {
    let first = offset / Self.cluster
    let last = (offset + count - 1) / Self.cluster
    if offset % Self.cluster != 0 { try copyUp(first, bits) }
    let endsInside = (offset + count) % Self.cluster != 0 && offset + count < size
    if endsInside, last != first || offset % Self.cluster == 0 { try copyUp(last, bits) }
    for cluster in first...last { bits[Int(cluster / 64)] |= 1 << (cluster % 64) }
  }

  private func copyUp(_ cluster: UInt64, _ bits: [UInt64]) throws(BackEndError) {
    guard !Self.isSet(bits, cluster) else { return }
    let start = cluster * Self.cluster
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Int(min(Self.cluster, size - start)), alignment: 4096)
    defer { buffer.deallocate() }
    try base.read(at: start, into: [buffer])
    try writeOverlay(start, UnsafeRawBufferPointer(buffer))
  }

  private func readOverlay(_ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer) throws(BackEndError) {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = retrying { pread(file, rest.baseAddress, rest.count, Int(offset) + done) }
      guard count > 0 else { throw failure("read", offset) }
      done += count
    }
  }

  private func writeOverlay(_ offset: UInt64, _ buffer: UnsafeRawBufferPointer) throws(BackEndError) {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
      let count = retrying { pwrite(file, rest.baseAddress, rest.count, Int(offset) + done) }
      guard count > 0 else { throw failure("write", offset) }
      done += count
    }
  }

  private func failure(_ verb: String, _ offset: UInt64) -> BackEndError {
    BackEndError("snapshot overlay: cannot \(verb) at \(offset): \(String(cString: strerror(errno)))")
  }
}
