import Glibc

/// Debian's kernel and busybox, the same firmware and paging mode for every emulator.
package struct LinuxGuest {
  package var options: Options
  package static let memory = 256

  package func words(
    _ emulator: Emulator, harts: Int, initrd: String, append: String = "", firmware: String? = nil
  ) -> [String] {
    [emulator.path] + emulator.extra + [
      "-M", "virt", "-cpu", "rv64", "-m", "\(LinuxGuest.memory)M", "-smp", "\(harts)", "-display", "none",
      "-serial", "stdio", "-monitor", "none", "-bios",
      firmware ?? options.linuxFolder + "/opensbi-bookworm/fw_dynamic.bin",
      "-kernel", options.linuxFolder + "/Image", "-initrd", initrd,
      // no4lvl: three levels of page tables, Sv39, which every emulator has.
      "-append", "console=ttyS0 no4lvl" + (append.isEmpty ? "" : " ") + append,
    ]
  }

  package struct Boot {
    /// At the first prompt, seconds.
    var cpu: Double
    var wall: Double
    /// When the kernel's background work is done too.
    var settled: Double
    /// Share of one host core while the guest waits at its prompt.
    var idle: Double
    var memory: ResidentMemory
  }

  /// Boots to the shell's prompt, looks at the idle machine, checks the paging mode and powers off.
  package func boot(_ emulator: Emulator, harts: Int, idleSeconds: Double) throws -> Boot {
    let initrd = options.linuxFolder + "/initramfs.cpio.gz"
    let process = try HostProcess(words(emulator, harts: harts, initrd: initrd))
    var position = try process.wait(for: "/ # ", within: 300)
    let cpu = process.cpu
    let wall = now() - process.started
    // The kernel's own background work goes on behind the prompt, longest its tests of cryptography. A
    // machine that never comes to rest is measured as it is.
    let patience = now() + 60
    var last = cpu
    repeat {
      usleep(1_000_000)
      defer { last = process.cpu }
      if process.cpu - last < 0.02 { break }
    } while now() < patience
    let settled = process.cpu
    let before = (process.cpu, now())
    usleep(UInt32(idleSeconds * 1e6))
    let idle = (process.cpu - before.0) / (now() - before.1)
    let memory = try ResidentMemory(of: process.pid, guestRAM: LinuxGuest.memory << 20)
    try process.type("cat /proc/cpuinfo\n")
    position = try process.wait(for: "mmu\t\t: sv39", after: position, within: 20)
    position = try process.wait(for: "/ # ", after: position, within: 20)
    try process.type("poweroff\n")
    let end = try process.finish(within: 60)
    guard end.exitCode == 0 else {
      throw BenchmarkError("\(emulator.label) does not end well after poweroff: \(process.lastWords)")
    }
    return Boot(cpu: cpu, wall: wall, settled: settled, idle: idle, memory: memory)
  }

  /// Seconds of CPU time until the shell's prompt, on firmware as `-bios` names it.
  package func cpuToShell(_ emulator: Emulator, harts: Int, firmware: String? = nil) throws -> Double {
    let initrd = options.linuxFolder + "/initramfs.cpio.gz"
    let process = try HostProcess(words(emulator, harts: harts, initrd: initrd, firmware: firmware))
    try process.wait(for: "/ # ", within: 300)
    let cpu = process.cpu
    try process.type("poweroff\n")
    let end = try process.finish(within: 60)
    guard end.exitCode == 0 else {
      throw BenchmarkError("\(emulator.label) does not end well after poweroff: \(process.lastWords)")
    }
    return cpu
  }

  package struct KernelWork {
    var name: String
    var cpu: Double
    var result: String
  }

  package func kernelWork(_ emulator: Emulator, initrd: String) throws -> [KernelWork] {
    let process = try HostProcess(
      words(emulator, harts: 1, initrd: initrd, append: "quiet rdinit=/kernel-work"))
    var works: [KernelWork] = []
    var position = 0
    while true {
      do {
        position = try process.wait(for: "ready ", after: position, within: 120)
      } catch {
        let end = try process.finish(within: 10)
        guard end.exitCode == 0, !works.isEmpty else { throw error }
        return works
      }
      position = try process.wait(for: "\n", after: position, within: 10)
      let before = process.cpu
      try process.type("\n")
      position = try process.wait(for: "done ", after: position, within: 120)
      let after = process.cpu
      let start = position
      position = try process.wait(for: "\n", after: position, within: 10)
      let line = String(decoding: process.output[start..<position], as: UTF8.self).split(
        whereSeparator: \.isWhitespace)
      guard line.count == 2 else { throw BenchmarkError("kernel-work says \(line) under \(emulator.label)") }
      works.append(KernelWork(name: String(line[0]), cpu: after - before, result: String(line[1])))
    }
  }
}

/// Resident pages of an emulator, by `/proc/PID/smaps`, in bytes.
package struct ResidentMemory {
  package var total = 0
  /// Of the mapping that is the guest's RAM.
  package var guestRAM = 0

  package init(of pid: pid_t, guestRAM size: Int) throws {
    let text = String(decoding: try readFile("/proc/\(pid)/smaps"), as: UTF8.self)
    var mappings: [(name: String, size: Int, resident: Int, isSecond: Bool)] = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let first = words.first else { continue }
      if !first.hasSuffix(":") {
        let name = words.count > 5 ? String(words[5]) : ""
        mappings.append((name, 0, 0, name.hasPrefix("/dev/zero") && words[1].hasPrefix("r-x")))
      } else if words.count > 1, let kilobytes = Int(words[1]), !mappings.isEmpty {
        if first == "Size:" { mappings[mappings.count - 1].size = kilobytes << 10 }
        if first == "Rss:" { mappings[mappings.count - 1].resident = kilobytes << 10 }
      }
    }
    // Translated code is mapped twice, for writing and for running: the same pages, counted once.
    total = mappings.reduce(0) { $0 + ($1.isSecond ? 0 : $1.resident) }
    // The RAM is one anonymous or memfd mapping; guard pages or huge-page alignment may come with it.
    let candidates = mappings.filter {
      $0.size >= size && $0.size <= size + (4 << 20) && ($0.name.isEmpty || $0.name.hasPrefix("/memfd:"))
    }
    guard let ram = candidates.max(by: { $0.resident < $1.resident }) else {
      throw BenchmarkError("no mapping of process \(pid) looks like \(size >> 20) MiB of guest RAM")
    }
    guestRAM = ram.resident
  }

  package var besideRAM: Int { total - guestRAM }
}
