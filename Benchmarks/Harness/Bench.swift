/// Runs everything that is wanted and collects the samples.
package struct Bench {
  package let options: Options
  package let builder: GuestBuilder
  package let apus: Emulator
  package let interpreter: Emulator
  package let qemu: Emulator
  package var measurements = Measurements()

  package init(_ options: Options) throws {
    self.options = options
    builder = try GuestBuilder(options)
    apus = Emulator(label: "Apus", path: options.apus)
    interpreter = Emulator(label: "Apus's interpreter", path: options.apus, extra: ["-accel", "interp"])
    qemu = Emulator(label: "QEMU", path: options.qemu)
  }

  /// The names of all that can be wanted.
  package static let names: [String] =
    ["translation/emission", "interpreter/coremark-like", "interpreter/coremark-like+sv39"]
    + BareGuest.all.map(\.id)
    + userNames + deskNames + [
      "linux/boot-1", "linux/boot-2", "kernel/all", "start/first-instruction", "start/firmware",
    ]

  package mutating func run() throws {
    try startUp()
    try firmware()
    try bareGuests()
    try interpreterSpeed()
    try translationSpeed()
    try userPrograms()
    try desk()
    linuxBoots()
    kernelWork()
  }

  /// The order of the emulators changes with each round, so that neither always runs on a warm machine.
  private func emulators(_ round: Int) -> [Emulator] { round % 2 == 0 ? [apus, qemu] : [qemu, apus] }

  // MARK: - Without an operating system

  private mutating func bareGuests() throws {
    let guests = BareGuest.all.filter { options.wants($0.id) }
    guard !guests.isEmpty else { return }
    say("building \(guests.count) guests")
    let programs = try guests.map { try builder.build($0) }
    var overheads: [String: (apus: Double, qemu: Double)] = [:]
    for guest in guests where overheads[overheadKey(guest)] == nil {
      var empty = BareGuest.empty
      empty.paging = guest.paging
      empty.harts = guest.harts
      let program = try builder.build(empty)
      let cpu = { (emulator: Emulator) in
        try median((0..<5).map { _ in try emulator.run(program, harts: guest.harts).cpu })
      }
      overheads[overheadKey(guest)] = (try cpu(apus), try cpu(qemu))
    }
    var failed: Set<String> = []
    for round in 0..<options.rounds {
      for (guest, program) in zip(guests, programs) where !failed.contains(guest.id) {
        say("round \(round + 1) of \(options.rounds): \(guest.id)")
        do {
          try bareGuest(guest, program, round, overheads[overheadKey(guest)] ?? (0, 0))
        } catch {
          failed.insert(guest.id)
          measurements.failures.append((guest.id, "\(error)"))
        }
      }
    }
  }

  private func overheadKey(_ guest: BareGuest) -> String { "\(guest.paging) \(guest.harts)" }

  private mutating func bareGuest(
    _ guest: BareGuest, _ program: String, _ round: Int, _ overhead: (apus: Double, qemu: Double)
  ) throws {
    var runs: [String: BareRun] = [:]
    for emulator in emulators(round) {
      runs[emulator.label] = try emulator.run(program, harts: guest.harts)
    }
    guard let ours = runs[apus.label], let theirs = runs[qemu.label] else { return }
    guard ours.result == theirs.result else {
      throw BenchmarkError(
        "the results differ: \(String(ours.result, radix: 16)) under Apus, "
          + "\(String(theirs.result, radix: 16)) under QEMU")
    }
    let set = guest.paging == .sv39 && guest.set == "integer" ? "integer+sv39" : guest.set
    measurements.record(set, guest.name, apus: ours.cpu, qemu: theirs.cpu)
    if guest.set == "harts" {
      measurements.record(figure: "wall seconds of \(guest.name)", ours.wall)
    }
    if let index = measurements.rows.firstIndex(where: { $0.set == set && $0.name == guest.name }) {
      measurements.rows[index].apusOverhead = overhead.apus
      measurements.rows[index].qemuOverhead = overhead.qemu
      if guest.harts == 1 { measurements.rows[index].instructions = ours.instructions }
    }
  }

  /// The interpreter alone, whatever is the default.
  private mutating func interpreterSpeed() throws {
    for paging in [BareGuest.Paging.bare, .sv39] {
      guard
        var guest = BareGuest.all.first(where: { $0.name == "coremark-like" && $0.paging == paging }),
        options.wants(guest.id.replacing("integer/", with: "interpreter/"))
      else { continue }
      let program = try builder.build(guest)
      guest = BareGuest.empty
      guest.paging = paging
      let empty = try builder.build(guest)
      for _ in 0..<options.rounds {
        say("interpreter: coremark-like, \(paging.rawValue)")
        let overhead = try interpreter.run(empty, harts: 1).cpu
        let run = try interpreter.run(program, harts: 1)
        measurements.record(
          figure: "interpreter MIPS \(paging.rawValue)", Double(run.instructions) / (run.cpu - overhead) / 1e6
        )
      }
    }
  }

  /// Emission alone, of kernels whose instructions are decoded: by the program beside this one.
  private mutating func translationSpeed() throws {
    guard options.wants("translation/emission") else { return }
    say("translation")
    let folder = options.buildFolder + "/kernels"
    let build = try HostProcess(["sh", options.conformers + "/build-kernels", folder])
    guard try build.finish(within: 120).exitCode == 0 else {
      throw BenchmarkError("build-kernels fails:\n\(build.text)")
    }
    let kernels = ["sieve", "crc", "fib", "sort", "machine", "mix", "sums"].map { "\(folder)/\($0).bin" }
    let run = try HostProcess([options.measureConformers] + kernels)
    guard try run.finish(within: 300).exitCode == 0 else {
      throw BenchmarkError("\(options.measureConformers) fails:\n\(run.text)")
    }
    var (instructions, bytes) = (0.0, 0.0)
    for line in run.text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      if words.first == "emission", words.count > 1, let time = Double(words[1]) {
        measurements.record(figure: "translation ns per guest instruction", time)
      } else if words.count > 6, words[1] == "instructions", let count = Double(words[0]),
        let size = Double(words[5])
      {
        instructions += count
        bytes += size
      }
    }
    guard instructions > 0 else { throw BenchmarkError("no figures in:\n\(run.text)") }
    measurements.record(figure: "host bytes per guest instruction", bytes / instructions)
  }

  // MARK: - Starting

  private mutating func startUp() throws {
    guard options.wants("start/first-instruction") else { return }
    let first = try builder.buildFirst()
    say("start-up")
    let plain = ["-M", "virt", "-m", "128M", "-display", "none", "-serial", "stdio", "-monitor", "none"]
    let kinds = [
      ("bare", ["-bios", "none", "-kernel", first]),
      (
        "with kernel and initrd",
        [
          "-bios", first, "-kernel", options.linuxFolder + "/Image", "-initrd",
          options.linuxFolder + "/initramfs.cpio.gz", "-append", "console=ttyS0",
        ]
      ),
    ]
    for (kind, words) in kinds {
      for sample in -1..<max(7, 5 * options.rounds) {
        for emulator in emulators(sample & 1) {
          let process = try HostProcess([emulator.path] + emulator.extra + plain + words)
          try process.wait(for: "A", within: 20)
          let time = (now() - process.started) * 1000
          let end = try process.finish(within: 20)
          if sample < 0 { continue }  // warms the host's file cache
          measurements.record(figure: "start-up ms, \(emulator.label), \(kind)", time)
          measurements.record(figure: "start-up CPU ms, \(emulator.label), \(kind)", end.cpu * 1000)
        }
      }
    }
  }

  /// OpenSBI and the built-in firmware, both under Apus: to the first byte of a guest in supervisor mode, and of Linux
  /// to the shell.
  private mutating func firmware() throws {
    guard options.wants("start/firmware") else { return }
    let first = try builder.buildFirstAboveFirmware()
    let linux = LinuxGuest(options: options)
    let kinds = [
      ("OpenSBI", options.linuxFolder + "/opensbi-trixie/fw_dynamic.bin"), ("built-in", "builtin"),
    ]
    say("firmware")
    for sample in -1..<max(7, 5 * options.rounds) {
      for (name, path) in sample % 2 == 0 ? kinds : kinds.reversed() {
        let process = try HostProcess(
          [apus.path] + apus.extra + [
            "-M", "virt", "-m", "128M", "-display", "none", "-serial", "stdio", "-monitor", "none", "-bios",
            path,
            "-kernel", first,
          ])
        try process.wait(for: "~", within: 20)
        let time = (now() - process.started) * 1000
        let end = try process.finish(within: 20)
        if sample < 0 { continue }
        measurements.record(figure: "start-up ms above \(name)", time)
        measurements.record(figure: "start-up CPU ms above \(name)", end.cpu * 1000)
      }
    }
    for harts in [1, 2] {
      for round in 0..<options.rounds {
        for (name, path) in round % 2 == 0 ? kinds : kinds.reversed() {
          say("round \(round + 1) of \(options.rounds): Linux with \(harts) harts, \(name)")
          let cpu = try linux.cpuToShell(apus, harts: harts, firmware: path)
          measurements.record(figure: "CPU seconds to the shell above \(name), \(harts) harts", cpu)
        }
      }
    }
  }

  // MARK: - Linux

  private mutating func linuxBoots() {
    let linux = LinuxGuest(options: options)
    for harts in [1, 2] where options.wants("linux/boot-\(harts)") {
      do {
        for round in 0..<options.rounds {
          for emulator in emulators(round) {
            say(
              "round \(round + 1) of \(options.rounds): Linux with \(harts) hart\(harts == 1 ? "" : "s"), \(emulator.label)"
            )
            let boot = try linux.boot(emulator, harts: harts, idleSeconds: 5)
            let isOurs = emulator.label == apus.label
            measurements.record(
              "linux", "boot-\(harts)", apus: isOurs ? boot.cpu : nil, qemu: isOurs ? nil : boot.cpu)
            measurements.record(
              figure: "wall seconds to the shell, \(emulator.label), \(harts) harts", boot.wall)
            measurements.record(
              figure: "CPU seconds until quiet, \(emulator.label), \(harts) harts", boot.settled)
            measurements.record(figure: "idle %, \(emulator.label), \(harts) harts", boot.idle * 100)
            let mebibyte = Double(1 << 20)
            measurements.record(
              figure: "guest RAM resident MiB, \(emulator.label), \(harts) harts",
              Double(boot.memory.guestRAM) / mebibyte)
            measurements.record(
              figure: "resident beside RAM MiB, \(emulator.label), \(harts) harts",
              Double(boot.memory.besideRAM) / mebibyte)
          }
        }
      } catch {
        measurements.failures.append(("linux/boot-\(harts)", "\(error)"))
      }
    }
  }

  private mutating func kernelWork() {
    guard options.wants("kernel/all") else { return }
    let linux = LinuxGuest(options: options)
    do {
      let initrd = try builder.buildKernelWork()
      for round in 0..<options.rounds {
        var results: [String: [String]] = [:]
        for emulator in emulators(round) {
          say("round \(round + 1) of \(options.rounds): kernel work, \(emulator.label)")
          for work in try linux.kernelWork(emulator, initrd: initrd) {
            let isOurs = emulator.label == apus.label
            measurements.record(
              "kernel", work.name, apus: isOurs ? work.cpu : nil, qemu: isOurs ? nil : work.cpu)
            results[work.name, default: []].append(work.result)
          }
        }
        for (name, pair) in results where Set(pair).count != 1 || pair.count != 2 {
          throw BenchmarkError("\(name) gives \(pair.joined(separator: " and ")) under the two emulators")
        }
      }
    } catch {
      measurements.failures.append(("kernel/all", "\(error)"))
      measurements.rows.removeAll { $0.set == "kernel" }
    }
  }
}
