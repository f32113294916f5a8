import Glibc
import Machine

/// A file of frames, as tcpdump and Wireshark read it (the IETF's draft-ietf-opsawg-pcap, §4 and §5).
package final class PacketCapture: Sendable {
  package enum Direction: Sendable {
    case fromGuest, toGuest
  }

  private let descriptor: Int32
  private let longest: UInt32
  private let directions: Set<Direction>

  /// `longest`: bytes kept of a frame.
  package init(
    path: String, longest: UInt32 = 65536, directions: Set<Direction> = [.fromGuest, .toGuest]
  ) throws(BackEndError) {
    self.longest = longest
    self.directions = directions
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw BackEndError("net dump: can't open \(path): \(String(cString: strerror(errno)))")
    }
    // Magic, version, two zeroes, the length, and Ethernet.
    var header: [UInt8] = []
    header.add(UInt32(0xa1b2_c3d4))
    header.add(UInt16(2))
    header.add(UInt16(4))
    header.add(UInt64(0))
    header.add(longest)
    header.add(UInt32(1))
    guard write(descriptor, header, header.count) == header.count else {
      close(descriptor)
      throw BackEndError("net dump: can't write to \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  /// One frame by one system call, so that the file is whole whenever it is looked at. Waits for the host.
  func note(_ frame: UnsafeRawBufferPointer, _ direction: Direction) {
    guard directions.contains(direction) else { return }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let kept = min(frame.count, Int(longest))
    var record: [UInt8] = []
    record.reserveCapacity(16 + kept)
    record.add(UInt32(truncatingIfNeeded: now.tv_sec))
    record.add(UInt32(truncatingIfNeeded: now.tv_nsec / 1000))
    record.add(UInt32(kept))
    record.add(UInt32(frame.count))
    record += frame.prefix(kept)
    // A disk that is full loses the rest of the capture, and nothing else.
    _ = write(descriptor, record, record.count)
  }
}

extension [UInt8] {
  /// In the host's order of bytes, which the magic number tells.
  fileprivate mutating func add(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value) { self += $0 }
  }
}
