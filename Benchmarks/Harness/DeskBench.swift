import Glibc

/// What it costs a guest to be looked at: Apus against itself.
extension Bench {
  package static let deskNames = ["desk/watched", "desk/watched-linux", "desk/sentence"]

  /// How a guest is looked at.
  package enum Observer: String, CaseIterable {
    case nobody, explanations, debugger

    fileprivate func options(port: Int32) -> [String] {
      switch self {
      case .nobody: ["-explain", "off"]
      case .explanations: ["-explain", "on"]
      case .debugger: ["-explain", "off", "-S", "-gdb", "tcp::\(port)"]
      }
    }
  }

  /// Guests of each kind: long loops, calls, memory, system calls.
  private static let watched = [
    "integer/coremark-like+sv39", "integer/hash-table", "calls/virtual", "memory/load-store+sv39",
  ]

  package mutating func desk() throws {
    try watchedGuests()
    watchedLinux()
    try sentences()
  }

  package static func watchedFigure(_ name: String, _ observer: Observer) -> String {
    "CPU s of \(name), observer: \(observer.rawValue)"
  }

  /// How many times as long guests take that are looked at.
  package static func cost(of observer: Observer, in measurements: Measurements) -> Double? {
    let costs = (watched + ["linux"]).compactMap { name in
      measurements.figure(watchedFigure(name, observer)).flatMap { watched in
        measurements.figure(watchedFigure(name, .nobody)).map { watched / $0 }
      }
    }
    return costs.isEmpty ? nil : geometricMean(costs)
  }

  /// Milliseconds.
  package static func latestSentence(_ measurements: Measurements) -> Double? {
    silences.compactMap { measurements.figure("ms to the sentence, \($0.0)") }.max()
  }

  /// Who is first changes with each round.
  private func observers(_ round: Int) -> [Observer] {
    let all = Observer.allCases
    return all.indices.map { all[($0 + round) % all.count] }
  }

  /// Where the debugger finds the guest.
  private var port: Int32 { 20_000 + getpid() % 20_000 }

  private mutating func watchedGuests() throws {
    guard options.wants("desk/watched") else { return }
    for var guest in BareGuest.all where Self.watched.contains(guest.id) {
      // A percent of a second is within what the host does by itself.
      guest.iterations *= 8
      let program = try builder.build(guest)
      for round in 0..<max(7, 3 * options.rounds) {
        for observer in observers(round) {
          say("watched \(round + 1): \(guest.id), \(observer.rawValue)")
          var emulator = apus
          emulator.extra += observer.options(port: port)
          let debugger = observer == .debugger ? try debugger(of: program) : nil
          let run = try emulator.run(program, harts: 1)
          try debugger?.leave()
          measurements.record(figure: Self.watchedFigure(guest.id, observer), run.cpu)
        }
      }
    }
  }

  private mutating func watchedLinux() {
    guard options.wants("desk/watched-linux") else { return }
    let linux = LinuxGuest(options: options)
    do {
      for round in 0..<max(3, options.rounds) {
        for observer in observers(round) {
          say("watched \(round + 1): Linux, \(observer.rawValue)")
          var emulator = apus
          emulator.extra += observer.options(port: port)
          let debugger = observer == .debugger ? try debugger(of: nil) : nil
          let cpu = try linux.cpuToShell(emulator, harts: 1)
          try debugger?.leave()
          measurements.record(figure: Self.watchedFigure("linux", observer), cpu)
        }
      }
    } catch {
      measurements.failures.append(("desk/watched-linux", "\(error)"))
    }
  }

  /// GDB with two breakpoints that are not reached, one of them beside the code that runs where there is a program with
  /// symbols, and a watchpoint on memory that is not used. It asks until the emulator listens.
  private func debugger(of program: String?) throws -> Debugger {
    let commands = [
      "set architecture riscv:rv64", "target remote localhost:\(port)", "hbreak *0x87fff000",
      program == nil ? "hbreak *0xffffffff9ffff000" : "hbreak unexpected_trap", "watch *(long *)0x87ffe000",
      "continue",
    ]
    return Debugger(
      try HostProcess(
        ["gdb-multiarch", "-nx", "-batch"] + commands.flatMap { ["-ex", $0] } + (program.map { [$0] } ?? [])))
  }

  /// Guests that fall silent, and the causes that are named.
  private static let silences = [
    ("pmp-none", "pmp-no-entry"), ("mtvec-zero", "mtvec-zero"), ("page-invalid", "page-not-valid"),
  ]

  /// From the program's start to the sentence.
  private mutating func sentences() throws {
    guard options.wants("desk/sentence") else { return }
    for (name, cause) in Self.silences {
      let program = try builder.buildSilence(name)
      for _ in 0..<max(5, options.rounds) {
        say("silence: \(name)")
        let process = try HostProcess(
          [apus.path] + apus.extra + [
            "-M", "virt", "-display", "none", "-serial", "stdio", "-monitor", "none", "-bios", "none",
            "-explain", "on", "-kernel", program,
          ])
        try process.wait(for: "[\(cause)]", within: 20)
        measurements.record(figure: "ms to the sentence, \(name)", (now() - process.started) * 1000)
      }
    }
  }
}

/// A debugger that is attached and has nothing to do.
private struct Debugger {
  private let process: HostProcess

  init(_ process: HostProcess) { self.process = process }

  /// The guest has ended. It must have run under this debugger to its end.
  func leave() throws {
    _ = try process.finish(within: 30)
    guard process.text.contains("Hardware watchpoint 3"),
      process.text.contains("exited normally") || process.text.contains("closed")
    else {
      throw BenchmarkError("GDB was not there to the guest's end:\n\(process.text)")
    }
  }
}
