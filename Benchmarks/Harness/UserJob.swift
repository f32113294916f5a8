/// Commands of Linux programs, run one after the other under each emulator; what they print must be the same.
package struct UserJob {
  package var set: String
  package var name: String
  /// The emulator's own words come before each.
  package var commands: [[String]]
  /// The same, built for this machine; none where there is no such thing.
  package var native: [String]?
  /// CPU seconds, by the runner's label, of a job that does nothing.
  package var overhead: [String: Double] = [:]

  package var id: String { "\(set)/\(name)" }
}

/// Who runs a job: an emulator, or the host itself.
package struct UserRunner {
  package var label: String
  /// What stands before the program's name.
  package var words: [String]

  package struct Run {
    /// Of all its processes, seconds.
    package var cpu = 0.0
    package var output: [UInt8] = []
  }

  package func run(_ commands: [[String]], within seconds: Double = 120) throws -> Run {
    var run = Run()
    for command in commands {
      let process = try HostProcess(words + command)
      let end = try process.finish(within: seconds)
      guard end.exitCode == 0 else {
        throw BenchmarkError("\(command[0]) failed, \(label): \(process.lastWords)")
      }
      run.cpu += end.cpu
      run.output += process.output
    }
    return run
  }
}
