import CHost
import Glibc
import RISCV

/// The files of /proc that tell a program about itself: they show the guest, not the emulator.
enum OwnFile: Sendable {
  case maps
  case auxiliary
  case commandLine
  case executable
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
    case .maps: bytes = Array(process.mapsText().utf8)
    case .auxiliary: bytes = process.auxiliary
    case .commandLine: bytes = process.request.arguments.flatMap { $0 + [0] }
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
  /// True for `name` in this process's folder of /proc.
  static func isOwn(_ path: [UInt8], _ name: String) -> Bool {
    let start = Array("/proc/".utf8)
    guard path.starts(with: start) else { return false }
    let rest = String(decoding: path.dropFirst(start.count), as: UTF8.self)
    return rest == "self/\(name)" || rest == "thread-self/\(name)" || rest == "\(getpid())/\(name)"
  }

  /// What `path` shows of the guest where the host would show the emulator.
  func ownFile(_ thread: LinuxThread, _ path: [UInt8]) throws(Errno) -> OwnFile? {
    guard path.starts(with: Array("/proc/".utf8)) else { return nil }
    if Self.isOwn(path, "maps") { return .maps }
    if Self.isOwn(path, "auxv") { return .auxiliary }
    if Self.isOwn(path, "cmdline") { return .commandLine }
    if Self.isOwn(path, "exe") { return .executable }
    return path == Array("/proc/cpuinfo".utf8) ? .processors : nil
  }

  /// The host path for status calls on the path at `address`.
  func statusPath(_ thread: LinuxThread, _ address: UInt64) throws(Errno) -> [UInt8] {
    let path = try thread.memory.string(at: address, limit: Int(PATH_MAX) - 1)
    return paths.resolved(ownExecutable(path))
  }

  /// The program's own file where `path` is its name in /proc.
  func ownExecutable(_ path: [UInt8]) -> [UInt8] {
    Self.isOwn(path, "exe") ? Array(executable.utf8) : path
  }

  /// /proc/self/maps (proc_pid_maps(5)): the host's lines for the guest's window, as the guest sees them.
  func mapsText() -> String {
    let base = UInt64(UInt(bitPattern: memory.base))
    let mappings = memory.mappings
    let heap = brk.withLock { $0.start..<($0.end + 4095) & ~4095 }
    var text = ""
    for line in Self.lines("/proc/self/maps") {
      let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      guard fields.count >= 5 else { continue }
      let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard ends.count == 2, ends[0] >= base, ends[1] <= base + GuestMemory.size,
        let offset = UInt64(fields[2], radix: 16)
      else { continue }
      for part in mappings.parts(in: ends[0] - base..<ends[1] - base) {
        let p = part.protection
        let permissions =
          (p.contains(.read) ? "r" : "-") + (p.contains(.write) ? "w" : "-")
          + (p.contains(.execute) ? "x" : "-")
          + (part.isShared ? "s" : "p")
        let isAnonymous = fields[4] == "0"
        let shift = isAnonymous ? 0 : part.start - (ends[0] - base)
        var name = fields.count > 5 ? String(fields[5].drop { $0 == " " }) : ""
        if isAnonymous {
          name = ""
          if heap.contains(part.start) { name = "[heap]" }
          if part.end == GuestMemory.end { name = "[stack]" }
          if part.start == vdsoStart { name = "[vdso]" }
        }
        let head =
          "\(Self.hexadecimal(part.start, 8))-\(Self.hexadecimal(part.end, 8)) \(permissions) "
          + "\(Self.hexadecimal(offset + shift, 8)) \(fields[3]) \(fields[4])"
        text +=
          name.isEmpty
          ? head + " \n" : head + String(repeating: " ", count: max(1, 73 - head.utf8.count)) + name + "\n"
      }
    }
    return text
  }

  private static func hexadecimal(_ value: UInt64, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  private static func lines(_ path: String) -> [Substring] {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
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
