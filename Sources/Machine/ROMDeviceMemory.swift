// Unsafe pointers: `host` is the block of the region in the address space that made this object, whose devices
// live no longer than it; every offset is checked against `size` before a pointer is formed.
import Glibc
import RISCV
import Synchronization

/// The memory of a device that is read and executed like ROM while it says so (a parallel flash that shows its
/// array), and answers loads itself otherwise. Stores always go to the device.
///
/// Used with the machine lock held, but for `isDirect` and `lend`, which harts ask.
package final class ROMDeviceMemory: Sendable {
  package let size: Int
  private let base: UInt64
  private nonisolated(unsafe) let host: UnsafeMutableRawPointer
  private let code: CodePages
  private let direct = Atomic(true)
  /// Some hart may have a page in its lookaside.
  private let isLent = Atomic(false)

  init(base: UInt64, size: Int, host: UnsafeMutableRawPointer, code: CodePages) {
    self.base = base
    self.size = size
    self.host = host
    self.code = code
  }

  /// Loads and fetches see the memory. Once it is false no hart that looks afresh sees it.
  package var isDirect: Bool {
    get { direct.load(ordering: .acquiring) }
    set {
      direct.store(newValue, ordering: .sequentiallyConsistent)
      // A hart says that it has a page, looks whether it may, enters it and looks again; we forbid it and then
      // take pages back: one of both sees the other.
      if !newValue, isLent.exchange(false, ordering: .sequentiallyConsistent) {
        code.takeBack(base..<base + UInt64(size))
      }
    }
  }

  /// True where a hart may reach a page by pointer for as long as it is not taken back.
  func lend() -> Bool {
    guard direct.load(ordering: .relaxed) else { return false }
    if !isLent.load(ordering: .relaxed) { isLent.store(true, ordering: .sequentiallyConsistent) }
    return direct.load(ordering: .sequentiallyConsistent)
  }

  // MARK: The device's side

  /// The contents from `offset` on, of which there must be `count`; for back ends, which write them as they stand.
  package func bytes(_ offset: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
    precondition(offset >= 0 && count >= 0 && offset <= size && count <= size - offset)
    return UnsafeMutableRawBufferPointer(start: host + offset, count: count)
  }

  /// The four bytes at `offset`; zero behind the end.
  package func load(_ offset: Int) -> UInt64 {
    offset <= size - 4 ? UInt64(UInt32(littleEndian: bytes(offset, 4).loadUnaligned(as: UInt32.self))) : 0
  }

  /// Clears the bits of `bytes` that are clear in `mask`, byte by byte: all that programming a flash can do.
  package func clear(_ offset: Int, mask: UInt64, width: Int) {
    for (index, byte) in bytes(offset, width).enumerated() {
      bytes(offset, width)[index] = byte & UInt8(truncatingIfNeeded: mask >> UInt64(8 * index))
    }
    code.invalidate(base + UInt64(offset), count: width)
  }

  /// Sets `count` bytes to `value`.
  package func fill(_ offset: Int, count: Int, _ value: UInt8) {
    bytes(offset, count).initializeMemory(as: UInt8.self, repeating: value)
    code.invalidate(base + UInt64(offset), count: count)
  }
}
