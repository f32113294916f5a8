import CHost
import Glibc
import Logging
import RISCV

/// The files of /proc that tell a program about itself: they show the guest, not the emulator.
enum OwnFile: Sendable {
  case maps
  case auxiliary
  case commandLine
  case environment
  case executable
  case memory
  /// Of the thread with that number.
  case stat(Int32)
  case status(Int32)
  case processors

  /// A file that can be read: memory with what is in it now.
  static func open(_ thread: LinuxThread, _ file: OwnFile, flags: Int32) throws(Errno) -> Int {
    let process = thread.process
    let bytes: [UInt8]
    switch file {
    case .executable:
      return try thread.withPath(Array(process.executable.utf8)) { path throws(Errno) in
        try thread.waiting(Int(SYS_openat), Int(AT_FDCWD), path, Int(flags), 0)
      }
    case .memory: return try OwnMemory.open(thread, flags)
    case .maps: bytes = Array(process.mapsText().utf8)
    case .auxiliary: bytes = process.stack.auxiliary
    case .commandLine: bytes = process.request.arguments.flatMap { $0 + [0] }
    case .environment: bytes = process.request.environment.flatMap { $0 + [0] }
    case .stat(let id): bytes = Array(try process.statText(id).utf8)
    case .status(let id): bytes = Array(try process.statusText(id).utf8)
    case .processors: bytes = Array(process.processorsText.utf8)
    }
    guard flags & O_ACCMODE == O_RDONLY else { throw Errno(EACCES) }
    let descriptor = host_memfd_create("apus", flags & O_CLOEXEC != 0 ? 1 : 0)
    guard descriptor >= 0 else { throw Errno(-descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written)
      }
      guard count > 0 else { break }
      written += count
    }
    lseek(descriptor, 0, SEEK_SET)
    return Int(descriptor)
  }
}

extension LinuxProcess {
  /// What of `path` is behind this process's folder of /proc, or that of one of its threads, and which thread's it
  /// is; nil where it is not there.
  private static func ownPart(_ path: [UInt8], _ thread: LinuxThread?) -> (name: String, thread: Int32)? {
    guard path.starts(with: "/proc/".utf8) else { return nil }
    var parts = String(decoding: path.dropFirst(6), as: UTF8.self).split(separator: "/")
    let id = getpid()
    guard let first = parts.first, ["self", "thread-self", "\(id)"].contains(first) else { return nil }
    parts.removeFirst()
    var owner = first == "thread-self" ? thread?.id ?? id : id
    if parts.count > 2, parts[0] == "task", let number = Int32(parts[1]) {
      owner = number
      parts.removeFirst(2)
    }
    return (parts.joined(separator: "/"), owner)
  }

  /// True for `name` in this process's folder of /proc.
  static func isOwn(_ path: [UInt8], _ name: String) -> Bool { ownPart(path, nil)?.name == name }

  /// What `path` shows of the guest where the host would show the emulator.
  func ownFile(_ thread: LinuxThread, _ path: [UInt8]) -> OwnFile? {
    // Most paths are others.
    guard path.starts(with: "/proc/".utf8) else { return nil }
    guard let (name, id) = Self.ownPart(path, thread) else {
      return path.elementsEqual("/proc/cpuinfo".utf8) ? .processors : nil
    }
    return switch name {
    case "maps": .maps
    case "auxv": .auxiliary
    case "cmdline": .commandLine
    case "environ": .environment
    case "exe": .executable
    case "mem": .memory
    case "stat": .stat(id)
    case "status": .status(id)
    default: nil
    }
  }

  /// The host path for status calls on `path`.
  func statusPath(_ path: [UInt8]) -> [UInt8] { paths.resolved(ownExecutable(path)) }

  /// The program's own file where `path` is its name in /proc.
  func ownExecutable(_ path: [UInt8]) -> [UInt8] {
    Self.isOwn(path, "exe") ? Array(executable.utf8) : path
  }

  /// /proc/self/maps (proc_pid_maps(5)).
  func mapsText() -> String {
    let heap = brk.withLock { $0.start..<($0.end + 4095) & ~4095 }
    var text = ""
    for range in memory.mappedRanges() {
      let p = range.protection
      let permissions =
        (p.contains(.read) ? "r" : "-") + (p.contains(.write) ? "w" : "-")
        + (p.contains(.execute) ? "x" : "-")
        + (range.isShared ? "s" : "p")
      var name = range.path
      if range.isAnonymous {
        if heap.contains(range.start) { name = "[heap]" }
        if range.end == memory.limit { name = "[stack]" }
        if range.start == vdsoStart { name = "[vdso]" }
      }
      let head =
        "\(hexadecimal(range.start, 8))-\(hexadecimal(range.end, 8)) \(permissions) "
        + "\(hexadecimal(range.offset, 8)) \(range.device) \(range.inode)"
      text +=
        name.isEmpty
        ? head + " \n" : head + String(repeating: " ", count: max(1, 73 - head.utf8.count)) + name + "\n"
    }
    return text
  }

  /// /proc/cpuinfo as RISC-V's Linux has it.
  var processorsText: String {
    (0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))).map {
      "processor\t: \($0)\nhart\t\t: \($0)\nisa\t\t: \(cpu.isaString)\nmmu\t\t: sv39\nmvendorid\t: 0x\(String(features.vendor, radix: 16))\n"
        + "marchid\t\t: 0x\(String(features.architecture, radix: 16))\n"
        + "mimpid\t\t: 0x\(String(features.implementation, radix: 16))\n\n"
    }.joined()
  }
}
