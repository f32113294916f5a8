import CHost
import Glibc
import RISCV

/// /proc/self/mem: the host's, at the program's addresses. Its descriptors are told from others by the file that they
/// have open, so that copies of them and children's are known, too; nobody asks before the first is opened.
enum OwnMemory {
  /// The file as the host numbers it.
  struct Identity: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
  }

  private static func identity(_ descriptor: Int32) -> Identity? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  static func open(_ thread: LinuxThread, _ flags: Int32) throws(Errno) -> Int {
    let descriptor = try thread.withPath(Array("/proc/self/mem".utf8)) { path throws(Errno) in
      try thread.host(Int(SYS_openat), Int(AT_FDCWD), path, Int(flags), 0)
    }
    let opened = identity(Int32(descriptor))
    thread.process.ownMemory.withLock { if let opened { $0.append(opened) } }
    thread.process.hasOwnMemory = true
    lseek(Int32(descriptor), thread.memory.hostAddress(0), SEEK_SET)
    return descriptor
  }

  /// Performs a call on such a descriptor; nil where it is another's, or the call is not about positions.
  static func perform(_ thread: LinuxThread, _ number: Int, _ a: SystemCall.Arguments) throws(Errno) -> Int? {
    guard [62, 63, 64, 67, 68].contains(number), let opened = identity(a.int(0)),
      thread.process.ownMemory.withLock({ $0.contains(opened) })
    else { return nil }
    let base = thread.memory.hostAddress(0)
    let position = lseek(a.int(0), 0, SEEK_CUR) - base
    func seek(_ position: Int) { lseek(a.int(0), base + position, SEEK_SET) }
    switch number {
    case 62:
      let target: Int
      switch a.int(2) {
      case SEEK_SET: target = a.word(1)
      case SEEK_CUR: target = position &+ a.word(1)
      default: throw .invalid
      }
      guard target >= 0, target <= Int(GuestMemory.size) else { throw Errno(EOVERFLOW) }
      seek(target)
      return target
    case 63, 64:
      let moved = try move(thread, a, at: UInt64(bitPattern: Int64(position)), writes: number == 64)
      seek(position + moved)
      return moved
    default: return try move(thread, a, at: a[3], writes: number == 68)
    }
  }

  /// Up to the end of what is mapped around `address`.
  private static func move(
    _ thread: LinuxThread, _ a: SystemCall.Arguments, at address: UInt64, writes: Bool
  ) throws(Errno) -> Int {
    let memory = thread.memory
    guard var mapping = memory.mappings[holding: address] else { throw Errno(EIO) }
    while let next = memory.mappings[holding: mapping.end] { mapping.end = next.end }
    let count = Int(min(a[2], mapping.end - address))
    let moved = try thread.host(
      writes ? Int(SYS_pwrite64) : Int(SYS_pread64), a.word(0), memory.hostAddress(a[1]), count,
      memory.hostAddress(address))
    memory.didWrite(writes ? address : a[1], moved)
    return moved
  }
}
