// Unsafe pointers: the header of a ring is read where the host has just made it, before anybody else knows it.
import CHost
import Glibc
import RISCV

/// Asynchronous requests (io_setup(2)).
///
/// The host's ring of events is moved into the window, so that its address names the context as on Linux. What the
/// C library would read there by itself are the host's addresses, so the ring's magic number is taken away: without it
/// the library calls io_getevents(2).
extension SystemCalls {
  /// struct aio_ring: the count of events, the magic number; 32 bytes, as each event.
  private enum Ring {
    static let count = 4
    static let magic = 16
    static let unit = 32
  }

  /// struct iocb and struct io_event (linux/aio_abi.h).
  private enum Request {
    static let operation: UInt64 = 16
    static let buffer: UInt64 = 24
    static let size: UInt64 = 32
    /// IOCB_CMD_PREAD, IOCB_CMD_PWRITE, IOCB_CMD_PREADV, IOCB_CMD_PWRITEV
    static let buffers: ClosedRange<UInt16> = 0...1
    static let vectors: ClosedRange<UInt16> = 7...8
    static let eventSize: UInt64 = 32
    static let eventRequest: UInt64 = 8
  }

  static func setUpRequests(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    guard try t.memory.load(UInt64.self, at: a[1]) == 0 else { throw .invalid }
    var context = [UInt8](repeating: 0, count: 8)
    _ = try t.withBytes(&context) { place throws(Errno) in try t.host(Int(SYS_io_setup), a.word(0), place) }
    let made = context.withUnsafeBytes { $0.load(as: Int.self) }
    guard let ring = UnsafeMutableRawPointer(bitPattern: made) else { throw .noMemory }
    let count = Int(ring.load(fromByteOffset: Ring.count, as: UInt32.self))
    let size = ((count + 1) * Ring.unit + 4095) & ~4095
    ring.storeBytes(of: 0, toByteOffset: Ring.magic, as: UInt32.self)
    let (mayMove, fixed): (Int32, Int32) = (1, 2)
    let start: UInt64
    do throws(Errno) {
      start = try t.memory.map(.anywhere(near: 0), size: UInt64(size), [.read, .write], isShared: true) {
        place in
        host_remap(ring, size, size, mayMove | fixed, UnsafeMutableRawPointer(bitPattern: place))
      }
    } catch {
      _ = Host.call(SYS_io_destroy, made)
      throw error
    }
    t.process.rings.withLock { $0[start] = UInt64(size) }
    do throws(Errno) {
      try t.memory.store(start, at: a[1])
    } catch {
      try? destroy(t, start)
      throw error
    }
    return 0
  }

  static func tearDownRequests(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    try destroy(t, a[0])
    return 0
  }

  private static func destroy(_ t: LinuxThread, _ ring: UInt64) throws(Errno) {
    guard let size = t.process.rings.withLock({ $0[ring] }) else { throw .invalid }
    try t.process.changeMappings(t, ring, size) { () throws(Errno) in
      _ = try t.host(Int(SYS_io_destroy), t.memory.hostAddress(ring))
      // The host has unmapped the ring: the place is kept again.
      try t.memory.unmap(ring, size: size)
    }
    t.process.rings.withLock { $0[ring] = nil }
  }

  /// Each request is the program's own, because its address comes back with its event; it has the host's address of
  /// the buffer while the host looks at it.
  static func submitRequests(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let count = Int64(bitPattern: a[1])
    guard count >= 0 else { throw .invalid }
    let context = t.memory.hostAddress(a[0])
    guard count > 0 else { return try t.host(Int(SYS_io_submit), context, 0, 0) }
    var done: Int64 = 0
    while done < count {
      do throws(Errno) {
        let request = try t.memory.load(UInt64.self, at: a[2] &+ 8 * UInt64(done))
        guard try submit(t, context, request) == 1 else { break }
      } catch {
        // The context is looked at first.
        if done == 0 {
          throw t.first(error) { _ throws(Errno) in try t.host(Int(SYS_io_submit), context, 0, 0) }
        }
        break
      }
      done += 1
    }
    return Int(done)
  }

  private static func submit(_ t: LinuxThread, _ context: Int, _ request: UInt64) throws(Errno) -> Int {
    let memory = t.memory
    func submit() throws(Errno) -> Int {
      try t.withWords([UInt64(bitPattern: Int64(memory.hostAddress(request)))]) { list throws(Errno) in
        try t.host(Int(SYS_io_submit), context, 1, list)
      }
    }
    let operation = try memory.load(UInt16.self, at: request &+ Request.operation)
    let buffer = try memory.load(UInt64.self, at: request &+ Request.buffer)
    func submit(with address: Int) throws(Errno) -> Int {
      try memory.store(UInt64(bitPattern: Int64(address)), at: request &+ Request.buffer)
      defer { try? memory.store(buffer, at: request &+ Request.buffer) }
      return try submit()
    }
    if Request.buffers.contains(operation) { return try submit(with: memory.hostAddress(buffer)) }
    guard Request.vectors.contains(operation) else { return try submit() }
    let size = try memory.load(UInt64.self, at: request &+ Request.size)
    return try t.withWords(try vector(t, buffer, size)) { vector throws(Errno) in try submit(with: vector) }
  }

  static func cancelRequest(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let m = t.memory
    return try t.host(Int(SYS_io_cancel), m.hostAddress(a[0]), m.hostAddress(a[1]), m.hostPointer(a[2]))
  }

  static func awaitRequests(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let m = t.memory
    let count = try t.waiting(
      Int(SYS_io_getevents), m.hostAddress(a[0]), a.word(1), a.word(2), m.hostAddress(a[3]),
      m.hostPointer(a[4]))
    return try convertEvents(t, a[3], count)
  }

  /// The last argument is the address of an address and a size.
  static func awaitRequestsOrSignal(_ t: LinuxThread, _ a: Arguments) throws(Errno) -> Int {
    let m = t.memory
    func wait(_ mask: Int) throws(Errno) -> Int {
      try t.waiting(
        Int(SYS_io_pgetevents), m.hostAddress(a[0]), a.word(1), a.word(2), m.hostAddress(a[3]),
        m.hostPointer(a[4]),
        mask)
    }
    guard a[5] != 0 else { return try convertEvents(t, a[3], try wait(0)) }
    var mask = try m.words(at: a[5], count: 2)
    mask[0] = UInt64(bitPattern: Int64(m.hostPointer(mask[0])))
    return try convertEvents(t, a[3], try t.withWords(mask, wait))
  }

  /// Events name their requests by the host's addresses.
  private static func convertEvents(_ t: LinuxThread, _ address: UInt64, _ count: Int) throws(Errno) -> Int {
    let base = UInt64(UInt(bitPattern: t.memory.base))
    for i in 0..<UInt64(count) {
      let place = address &+ Request.eventSize * i &+ Request.eventRequest
      try t.memory.store(try t.memory.load(UInt64.self, at: place) &- base, at: place)
    }
    return count
  }
}
