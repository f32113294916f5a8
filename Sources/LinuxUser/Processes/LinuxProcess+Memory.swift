import Glibc
import RISCV

/// What a process knows of its address space besides the mappings.
extension LinuxProcess {
  private static func range(_ start: UInt64, _ size: UInt64) -> Range<UInt64> {
    let (end, overflow) = start.addingReportingOverflow(size)
    return start..<(overflow ? .max : end)
  }

  /// mseal(2): EPERM where `size` bytes at `start` hold what is sealed.
  func checkSeals(_ start: UInt64, _ size: UInt64) throws(Errno) {
    let range = Self.range(start, size)
    if seals.withLock({ $0.contains { $0.overlaps(range) } }) { throw Errno(EPERM) }
  }

  /// What is unmapped shmdt(2) does not find again.
  func forgetSegments(_ start: UInt64, _ size: UInt64) {
    let range = Self.range(start, size)
    segments.withLock { segments in
      guard !segments.isEmpty else { return }
      for (first, size) in segments where (first..<first + size).overlaps(range) { segments[first] = nil }
    }
  }

  /// RLIMIT_AS and RLIMIT_DATA: ENOMEM where `size` bytes more are too many.
  func limitGrowth(_ thread: LinuxThread, by size: UInt64, isData: Bool) throws(Errno) {
    guard let limits = SystemCalls.limits(thread) else { return }
    var (space, data) = (size, isData ? size : 0)
    for mapping in memory.mappings.all {
      space &+= mapping.end - mapping.start
      if mapping.protection.contains(.write), !mapping.isShared { data &+= mapping.end - mapping.start }
    }
    guard space <= limits.space, data <= limits.data else { throw .noMemory }
  }

  /// True for this process and its threads.
  func isOwn(_ id: Int32) -> Bool { id == getpid() || allThreads.contains { $0.id == id } }

  /// Addresses of another process can be given to the host only where its window is where ours is.
  func requireSameWindow(_ id: Int32, _ call: String) throws(Errno) {
    if isOwn(id) { return }
    guard kill(id, 0) == 0 || errno == EPERM else { throw Errno(ESRCH) }
    let end = String(UInt(bitPattern: memory.base) + UInt(GuestMemory.size), radix: 16)
    let isThere = (HostFile.text("/proc/\(id)/maps") ?? "").split(separator: "\n").contains { line in
      line.split(separator: " ").first?.hasSuffix("-" + end) ?? false
    }
    guard isThere else {
      if request.reportsRefusals {
        Self.say("apus-riscv64: \(call): process \(id) has its addresses elsewhere on the host: EPERM\n")
      }
      throw Errno(EPERM)
    }
  }
}
