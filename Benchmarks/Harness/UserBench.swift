/// Linux programs in user mode.
extension Bench {
  package static let userNames =
    UserGuest.all.map(\.id) + UserWork.all.map(\.id) + RealProgram.names.map { "user/programs/" + $0 }
    + ["user/start/hello"]

  private var userApus: UserRunner {
    UserRunner(label: "Apus", words: [options.apusUser, "-cpu", "rv64", "-L", options.root])
  }
  /// Which leaves it to the kernel to start programs of programs, or to them.
  private var userQEMU: UserRunner {
    UserRunner(
      label: "QEMU",
      words: [
        options.qemuUser, "-cpu", "rv64", "-L", options.root, "-E", "EMULATOR=" + options.qemuUser,
      ])
  }
  private var native: UserRunner { UserRunner(label: "native", words: []) }

  package mutating func userPrograms() throws {
    var jobs: [UserJob] = []
    jobs += try guestJobs()
    jobs += try workJobs()
    jobs += try programJobs()
    var failed: Set<String> = []
    for round in 0..<options.rounds {
      for job in jobs where !failed.contains(job.id) {
        say("round \(round + 1) of \(options.rounds): \(job.id)")
        do {
          try run(job, round)
        } catch {
          failed.insert(job.id)
          measurements.failures.append((job.id, "\(error)"))
          measurements.rows.removeAll { $0.set == job.set && $0.name == job.name }
        }
      }
    }
    try userStartUp()
  }

  private func guestJobs() throws -> [UserJob] {
    let guests = UserGuest.all.filter { options.wants($0.id) }
    guard !guests.isEmpty else { return [] }
    say("building \(guests.count) programs")
    let overhead = try overhead(
      [[try builder.build(UserGuest.empty)]], native: [try builder.buildNative(UserGuest.empty)])
    return try guests.map { guest in
      UserJob(
        set: guest.set, name: guest.name, commands: [[try builder.build(guest)]],
        native: guest.isPortable ? [try builder.buildNative(guest)] : nil, overhead: overhead)
    }
  }

  private func workJobs() throws -> [UserJob] {
    let works = UserWork.all.filter { options.wants($0.id) }
    guard !works.isEmpty else { return [] }
    let sources = ["user/work.c", "linux/work.c"]
    let program = try builder.build(linux: "user-work", from: sources)
    let native = try builder.build(linux: "user-work", from: sources, native: true)
    let overhead = try overhead([[program, "nothing", "0"]], native: [native, "nothing", "0"])
    return works.map { work in
      UserJob(
        set: work.set, name: work.name, commands: [[program, work.name, "\(work.times)"]],
        native: [native, work.name, "\(work.times)"], overhead: overhead)
    }
  }

  private func programJobs() throws -> [UserJob] {
    let names = RealProgram.names.filter { options.wants("user/programs/" + $0) }
    guard !names.isEmpty else { return [] }
    let programs = try RealProgram.all(
      root: options.root, scripts: options.sources + "/programs", inputs: options.buildFolder)
    return programs.filter { names.contains($0.name) }.map {
      UserJob(set: "user/programs", name: $0.name, commands: $0.commands)
    }
  }

  /// CPU time of a whole run, and the most memory, of a program that greets.
  private mutating func userStartUp() throws {
    guard options.wants("user/start/hello") else { return }
    say("start-up of user mode")
    let program = try builder.build(linux: "hello", from: ["user/hello.c"])
    let native = try builder.build(linux: "hello", from: ["user/hello.c"], native: true)
    for sample in -1..<max(21, 15 * options.rounds) {
      for (runner, program) in [(userApus, program), (userQEMU, program), (self.native, native)] {
        let process = try HostProcess(runner.words + [program])
        try process.wait(for: "hello\n", within: 20)
        let memory = process.peakMemory
        try process.type("\n")
        let end = try process.finish(within: 20)
        guard end.exitCode == 0, let memory else {
          throw BenchmarkError("hello does not end well, \(runner.label): \(process.lastWords)")
        }
        if sample < 0 { continue }  // warms the host's file cache
        measurements.record(figure: "hello CPU ms, \(runner.label)", end.cpu * 1000)
        measurements.record(
          figure: "hello resident MiB, \(runner.label)", Double(memory) / Double(1 << 20))
      }
    }
  }

  /// CPU seconds of a job that does nothing, by the runner's label.
  private func overhead(_ commands: [[String]], native words: [String]) throws -> [String: Double] {
    var times: [String: Double] = [:]
    for (runner, commands) in [(userApus, commands), (userQEMU, commands), (native, [words])] {
      times[runner.label] = median(try (0..<9).map { _ in try runner.run(commands).cpu })
    }
    return times
  }

  private mutating func run(_ job: UserJob, _ round: Int) throws {
    var runs: [String: UserRunner.Run] = [:]
    for runner in round % 2 == 0 ? [userApus, userQEMU] : [userQEMU, userApus] {
      runs[runner.label] = try runner.run(job.commands)
    }
    if let words = job.native { runs[native.label] = try native.run([words]) }
    guard let ours = runs[userApus.label], let theirs = runs[userQEMU.label] else { return }
    for other in [theirs, runs[native.label]].compactMap({ $0 }) where other.output != ours.output {
      let texts = runs.map { "\($0): \(UserBench.excerpt($1.output))" }
      throw BenchmarkError("the outputs differ: " + texts.sorted().joined(separator: "; "))
    }
    measurements.record(job.set, job.name, apus: ours.cpu, qemu: theirs.cpu, native: runs[native.label]?.cpu)
    if let index = measurements.rows.firstIndex(where: { $0.set == job.set && $0.name == job.name }) {
      measurements.rows[index].apusOverhead = job.overhead[userApus.label] ?? 0
      measurements.rows[index].qemuOverhead = job.overhead[userQEMU.label] ?? 0
      measurements.rows[index].nativeOverhead = job.overhead[native.label] ?? 0
    }
  }
}

private enum UserBench {
  static func excerpt(_ output: [UInt8]) -> String {
    "\(output.count) bytes, \"" + String(decoding: output.prefix(60), as: UTF8.self) + "\""
  }
}
