import Boards
import CommandLineOptions
import Glibc
import Grading
import Machine
import RISCV

/// `-grade`: the script, the machine that it is about, and where results go.
final class GradedRun {
  private let request: GradingRequest
  private let script: GradingScript
  private let reporter: Reporter
  private let timers = GradedConsole.TimersBox()
  private var grader: Grader?

  /// The program's exit code where nothing could be graded.
  static let errorCode: Int32 = 2

  init(_ request: GradingRequest, _ reporter: Reporter) throws(CommandLineError) {
    self.request = request
    self.reporter = reporter
    guard let bytes = Self.read(request.file) else {
      throw CommandLineError(
        "-grade \(request.file): Could not open '\(request.file)': \(String(cString: strerror(errno)))")
    }
    do throws(ScriptErrors) {
      script = try ScriptReader.read(String(decoding: bytes, as: UTF8.self))
    } catch {
      throw Self.failure(request.file, error)
    }
  }

  private static func failure(_ file: String, _ error: ScriptErrors) -> CommandLineError {
    CommandLineError(messages: error.errors.map { "\(file):\($0)" })
  }

  private static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      bytes += piece[..<count]
      if count < piece.count { return ferror(file) == 0 ? bytes : nil }
    }
  }

  /// The outlets that the machine's devices are to find in place of `outlets`.
  func watch(
    _ outlets: [String: any CharacterOutlet], of machine: MachineConfiguration
  ) throws(CommandLineError) -> [String: any CharacterOutlet] {
    // The first serial port is what a script means that names none.
    let serial = machine.serial.compactMap { $0 }
    let names = serial + outlets.keys.filter { !serial.contains($0) }.sorted()
    do throws(ScriptErrors) {
      let grader = try Grader(script, consoles: names)
      self.grader = grader
      var watched: [String: any CharacterOutlet] = [:]
      for (index, name) in names.enumerated() {
        guard let outlet = outlets[name] else { continue }
        watched[name] = GradedConsole(
          outlet, index: index, grader: grader, timers: timers, isQuiet: request.isQuiet)
      }
      return watched
    } catch {
      throw Self.failure(request.file, error)
    }
  }

  /// Begins, before harts run.
  func start(_ assembly: Assembly) {
    let runner = assembly.runner
    timers.connect(runner.timers, runner.clock)
    grader?.start(
      on: Grader.Machine(
        clock: runner.clock, timers: runner.timers,
        instructions: { runner.harts.reduce(0) { $0 &+ $1.instructionsRetired } },
        stop: { runner.quit(nil) }))
  }

  /// Tells the results once the machine has ended. Gives the program's exit code.
  func finish(
    _ end: MachineEnd, _ assembly: Assembly, symbol: (UInt64) -> String?, explain: () -> String?
  ) -> Int32 {
    guard let grader else { return Self.errorCode }
    let wasOver = grader.isOver
    let results =
      switch end {
      case .guest(let code), .program(let code): grader.finish(.exit(code & 0xff))
      case .quit: grader.finish(.stopped)
      }
    let hasFailed = results.contains { $0.outcome != .passed }
    let traps = assembly.runner.harts.map { hart in
      let lines = hart.traps.all.suffix(8).map { $0.summary(symbol: symbol) }
      return (hart: Int(hart.id), lines: lines)
    }
    let report = GradeReport(
      file: request.file, title: script.title, tests: results, consoles: grader.tails,
      traps: hasFailed ? traps : [], explanation: hasFailed ? explain() : nil)
    reporter.print(String(report.text.dropLast()))
    var code = end == .quit && !wasOver ? Self.errorCode : report.exitCode
    if let path = request.json, !write(report.json, path) { code = Self.errorCode }
    if let path = request.junit, !write(report.junit, path) { code = Self.errorCode }
    return code
  }

  private func write(_ text: String?, _ path: String) -> Bool {
    if let text, let file = fopen(path, "w") {
      let written = fputs(text, file)
      if fclose(file) == 0, written >= 0 { return true }
    }
    reporter.report("-grade: Could not write '\(path)': \(String(cString: strerror(errno)))")
    return false
  }
}
