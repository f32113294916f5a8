/// Linux programs in user mode.
extension Bench {
  package static let userNames = UserGuest.all.map(\.id)

  private var userApus: UserRunner { UserRunner(label: "Apus", words: [options.apusUser, "-cpu", "rv64"]) }
  private var userQEMU: UserRunner { UserRunner(label: "QEMU", words: [options.qemuUser, "-cpu", "rv64"]) }
  private var native: UserRunner { UserRunner(label: "native", words: []) }

  package mutating func userPrograms() throws {
    var jobs: [UserJob] = []
    try jobs += guestJobs()
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
