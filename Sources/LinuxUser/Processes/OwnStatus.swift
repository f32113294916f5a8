import CHost
import Glibc
import Logging
import RISCV

/// /proc/self/stat and /proc/self/status: the host's lines, with the program's memory, threads and signals in place of
/// the emulator's. How much of it is resident is not asked: these stay the host's, up to what is mapped.
extension LinuxProcess {
  /// Sizes in bytes.
  private struct Sizes {
    var all: UInt64 = 0
    var data: UInt64 = 0
    var stack: UInt64 = 0
    var code: UInt64 = 0
    var libraries: UInt64 = 0
  }

  private var sizes: Sizes {
    var sizes = Sizes()
    for mapping in memory.mappings.all {
      let size = mapping.end - mapping.start
      sizes.all += size
      if mapping.end == memory.limit {
        sizes.stack += size
      } else if mapping.protection.contains(.execute) {
        if mapping.start < program.code.upperBound, mapping.end > program.code.lowerBound {
          sizes.code += size
        } else {
          sizes.libraries += size
        }
      } else if mapping.protection.contains(.write), !mapping.isShared {
        sizes.data += size
      }
    }
    return sizes
  }

  private func hostText(_ id: Int32, _ name: String) throws(Errno) -> String {
    let path = id == getpid() ? "/proc/self/\(name)" : "/proc/self/task/\(id)/\(name)"
    guard let text = HostFile.text(path) else { throw Errno(ENOENT) }
    return text
  }

  /// proc_pid_stat(5).
  func statText(_ id: Int32) throws(Errno) -> String {
    let text = try hostText(id, "stat")
    // The name is in parentheses and may hold anything.
    guard let end = text.lastIndex(of: ")") else { return text }
    let head = text[...end]
    var fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace).map(String.init)
    func set(_ number: Int, _ value: UInt64) {
      // Fields are numbered from 1, and the name is the second.
      if number - 3 < fields.count { fields[number - 3] = "\(value)" }
    }
    let sizes = sizes
    set(20, UInt64(allThreads.count))
    set(23, sizes.all)
    if let resident = UInt64(fields[min(21, fields.count - 1)]) {
      set(24, min(resident, sizes.all / GuestMemory.pageSize))
    }
    for (number, value) in [
      (26, program.code.lowerBound), (27, program.code.upperBound), (28, stack.pointer),
      (45, program.data.lowerBound), (46, program.data.upperBound), (47, brk.withLock { $0.start }),
      (48, stack.arguments.lowerBound), (49, stack.arguments.upperBound), (50, stack.environment.lowerBound),
      (51, stack.environment.upperBound),
    ] { set(number, value) }
    // kstkesp, kstkeip and wchan are zero unless a process ends.
    for number in [29, 30, 35] { set(number, 0) }
    return "\(head) \(fields.joined(separator: " "))\n"
  }

  /// proc_pid_status(5).
  func statusText(_ id: Int32) throws(Errno) -> String {
    let sizes = sizes
    func kilobytes(_ bytes: UInt64) -> String {
      let text = "\(bytes >> 10)"
      return String(repeating: " ", count: max(0, 8 - text.utf8.count)) + text + " kB"
    }
    let handled = signalSet { $0 > SignalAction.ignored }
    let ignored = signalSet { $0 == SignalAction.ignored }
    let thread = allThreads.first { $0.id == id }
    var text = ""
    for line in try hostText(id, "status").split(separator: "\n") {
      let name = line.prefix { $0 != ":" }
      let value: String? =
        switch name {
        case "VmPeak", "VmSize": kilobytes(sizes.all)
        case "VmData": kilobytes(sizes.data)
        case "VmStk": kilobytes(sizes.stack)
        case "VmExe": kilobytes(sizes.code)
        case "VmLib": kilobytes(sizes.libraries)
        case "Threads": "\(allThreads.count)"
        case "SigBlk": thread.map { hexadecimal($0.mask, 16) }
        case "SigIgn": hexadecimal(ignored, 16)
        case "SigCgt": hexadecimal(handled, 16)
        default: nil
        }
      text += value.map { "\(name):\t\($0)\n" } ?? "\(line)\n"
    }
    return text
  }

  private func signalSet(_ belongs: (UInt64) -> Bool) -> UInt64 {
    (1...SignalActions.count).reduce(0) {
      belongs(attributes.actions[$1].handler) ? $0 | LinuxThread.bit($1) : $0
    }
  }
}
