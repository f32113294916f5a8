import Machine
import Synchronization

/// Runs a script on a machine: follows what its consoles print, types, and watches the limits.
///
/// All of it happens where the machine makes it happen: with the machine lock held, when a device prints or a timer
/// comes due. So a machine that counts time in instructions is graded the same way on every host.
package final class Grader: Sendable {
  /// What is asked of the machine. Callable with the machine lock held.
  package struct Machine: Sendable {
    package var clock: Clock
    package var timers: Timers
    /// Retired by all harts together.
    package var instructions: @Sendable () -> UInt64
    /// Ends the machine.
    package var stop: @Sendable () -> Void

    package init(
      clock: Clock, timers: Timers, instructions: @escaping @Sendable () -> UInt64,
      stop: @escaping @Sendable () -> Void
    ) {
      self.clock = clock
      self.timers = timers
      self.instructions = instructions
      self.stop = stop
    }
  }

  /// How the machine ended.
  package enum End: Sendable, Equatable {
    /// The guest powered off or its program ended.
    case exit(Int32)
    /// Somebody ended the emulator, perhaps the grader itself.
    case stopped
  }

  private struct ConsoleState {
    var name: String
    var typist: (@Sendable ([UInt8]) -> Void)?
    /// Printed, and not matched yet.
    var unread: [UInt8] = []
    /// The last byte that was matched or passed by.
    var previous: UInt8?
    var forbidden: [(matcher: PatternMatcher, index: Int)] = []
    var tail: [UInt8] = []
  }

  private struct Run {
    var consoles: [ConsoleState]
    var machine: Machine?
    var test = 0
    var step = 0
    /// Of the step that waits.
    var matcher: PatternMatcher?
    var timer: Timers.ID?
    /// Counts steps that waited, so that a timer that comes too late is known.
    var waits: UInt64 = 0
    /// Where counting for an instruction limit began, and when something last moved.
    var limitStart: UInt64 = 0
    var lastCount: UInt64 = 0
    var idleSince: UInt64 = 0
    var testBegan: UInt64 = 0
    var instructionsAtBegin: UInt64 = 0
    var isOver = false
    var results: [TestResult]
  }

  package let script: GradingScript
  private let run: Mutex<Run>

  /// The most that is kept for a later `expect`, and of what is shown in a report.
  private static let mostUnread = 1 << 20
  private static let tailSize = 4096
  /// In ns of guest time: how often a limit in instructions is looked at, and how long a guest may do nothing
  /// meanwhile.
  private static let lookInterval: UInt64 = 10_000_000
  private static let mostIdleTime: UInt64 = 60_000_000_000

  /// `consoles` names what the machine has; the first is meant where the script names none.
  package init(_ script: GradingScript, consoles: [String]) throws(ScriptErrors) {
    let unknown = script.consoles.filter { !consoles.contains($0.name) }
    guard unknown.isEmpty else {
      let there = consoles.isEmpty ? "the machine has none" : "there are: \(consoles.joined(separator: ", "))"
      throw ScriptErrors(
        errors: unknown.map { ScriptError(line: $0.line, column: 1, "no console '\($0.name)'; \(there)") })
    }
    self.script = script
    let states = consoles.map { name in
      var state = ConsoleState(name: name)
      state.forbidden = script.forbidden.indices.compactMap { index in
        let forbidden = script.forbidden[index]
        guard forbidden.console == nil || forbidden.console == name else { return nil }
        return (PatternMatcher(forbidden.pattern), index)
      }
      return state
    }
    run = Mutex(Run(consoles: states, results: script.tests.map { TestResult($0) }))
  }

  /// Has `typist` take what is typed on a console.
  package func connect(console index: Int, typist: @escaping @Sendable ([UInt8]) -> Void) {
    run.withLock { $0.consoles[index].typist = typist }
  }

  /// Begins, before harts run.
  package func start(on machine: Machine) {
    run.withLock { run in
      run.machine = machine
      proceed(&run)
    }
  }

  // MARK: What comes from the machine

  /// A console printed. Carriage returns count nothing.
  package func didPrint(_ bytes: [UInt8], console: Int) {
    run.withLock { run in
      for byte in bytes where byte != UInt8(ascii: "\r") {
        if run.isOver { return keep(byte, console, &run) }
        print(byte, console, &run)
      }
    }
  }

  /// The last bytes are kept for the report.
  private func keep(_ byte: UInt8, _ console: Int, _ run: inout Run) {
    run.consoles[console].tail.append(byte)
    if run.consoles[console].tail.count > 2 * Self.tailSize {
      run.consoles[console].tail.removeFirst(Self.tailSize)
    }
  }

  private func print(_ byte: UInt8, _ console: Int, _ run: inout Run) {
    keep(byte, console, &run)
    for index in run.consoles[console].forbidden.indices
    where run.consoles[console].forbidden[index].matcher.feed(byte) != .notYet {
      let forbidden = script.forbidden[run.consoles[console].forbidden[index].index]
      return stop(
        &run, line: forbidden.line,
        "\(forbidden.pattern) appeared on \(run.consoles[console].name), which is forbidden")
    }
    guard case .expect(_, let name, _, _)? = current(run)?.action, run.matcher != nil,
      self.console(name, run) == console
    else {
      run.consoles[console].unread.append(byte)
      if run.consoles[console].unread.count > Self.mostUnread {
        run.consoles[console].unread.removeFirst(Self.mostUnread / 2)
      }
      return
    }
    let answer = run.matcher?.feed(byte) ?? .notYet
    if answer == .matchedBefore {
      run.consoles[console].unread.append(byte)
    } else {
      run.consoles[console].previous = byte
    }
    if answer != .notYet { didMatch(&run) }
  }

  /// The machine has ended; harts are at rest.
  package func finish(_ end: End) -> [TestResult] {
    run.withLock { run in
      guard !run.isOver else { return run.results }
      let way =
        switch end {
        case .exit(let code): "the guest ended with exit code \(code)"
        case .stopped: "the emulator was told to end"
        }
      if case .exit(let code) = end, case .expectExit(let wanted, _)? = current(run)?.action {
        if code == wanted {
          run.step += 1
        } else {
          fail(&run, "\(way), not \(wanted)")
        }
        passOver(&run)
      } else if case .expect? = current(run)?.action, run.matcher?.finish() == true {
        // `$` at the very end.
        addPoints(&run)
        run.step += 1
        passOver(&run)
      }
      if !run.isOver, run.test < script.tests.count {
        fail(&run, "\(way)\(missing(current(run)))")
        while run.test < script.tests.count { skip(&run, "not run: \(way) before") }
      }
      run.isOver = true
      return run.results
    }
  }

  /// What has not been seen when the guest ended: words behind a sentence.
  private func missing(_ step: GradingScript.Step?) -> String {
    switch step?.action {
    case .expect(let pattern, let name, _, _)?: " before \(pattern) appeared\(name.map { " on \($0)" } ?? "")"
    case .expectExit?, .type?, .wait?, nil: " before the test did"
    }
  }

  /// The end of a guest is all that was still wanted, or tests behind it need nothing of it.
  private func passOver(_ run: inout Run) {
    while run.test < script.tests.count, run.step >= script.tests[run.test].steps.count { pass(&run) }
    if run.test >= script.tests.count { run.isOver = true }
  }

  /// All tests are decided.
  package var isOver: Bool { run.withLock(\.isOver) }

  /// The last lines of each console that printed something.
  package var tails: [(console: String, lines: [String])] {
    run.withLock { run in
      run.consoles.filter { !$0.tail.isEmpty }.map { console in
        let text = String(decoding: console.tail.suffix(Self.tailSize), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return (console.name, Array(lines.suffix(21).drop { $0.isEmpty }))
      }
    }
  }

  // MARK: Steps

  private func current(_ run: Run) -> GradingScript.Step? {
    guard run.test < script.tests.count, run.step < script.tests[run.test].steps.count else { return nil }
    return script.tests[run.test].steps[run.step]
  }

  private func console(_ name: String?, _ run: Run) -> Int? {
    guard let name else { return run.consoles.isEmpty ? nil : 0 }
    return run.consoles.firstIndex { $0.name == name }
  }

  /// Takes steps until one has to wait.
  private func proceed(_ run: inout Run) {
    while !run.isOver {
      guard run.test < script.tests.count else { return complete(&run) }
      guard let step = current(run) else {
        pass(&run)
        continue
      }
      if run.step == 0 { begin(&run) }
      switch step.action {
      case .type(let bytes, let name):
        guard let index = console(name, run) else {
          stop(&run, line: step.line, "there is no console to type on")
          return
        }
        run.consoles[index].typist?(bytes)
        run.step += 1
      case .wait(let time):
        return wait(&run, for: .time(time)) { run in
          run.step += 1
          self.proceed(&run)
        }
      case .expectExit(let code, let limit):
        return wait(&run, for: limit) { run in
          self.fail(&run, "the guest did not end with exit code \(code) within \(Self.shown(limit))")
          self.proceed(&run)
        }
      case .expect(let pattern, let name, let limit, _):
        guard let index = console(name, run) else {
          stop(&run, line: step.line, "there is no console to watch")
          return
        }
        if findInUnread(pattern, index, &run) {
          addPoints(&run)
          run.step += 1
          continue
        }
        let place = run.consoles[index].name
        return wait(&run, for: limit) { run in
          self.fail(&run, "\(pattern) did not appear on \(place) within \(Self.shown(limit))")
          self.proceed(&run)
        }
      }
    }
  }

  private func begin(_ run: inout Run) {
    run.testBegan = run.machine?.clock.nanoseconds ?? 0
    run.instructionsAtBegin = run.machine?.instructions() ?? 0
  }

  /// Looks through what was printed and not matched yet, up to the pattern's end, or all of it.
  private func findInUnread(_ pattern: Pattern, _ index: Int, _ run: inout Run) -> Bool {
    var matcher = PatternMatcher(pattern, after: run.consoles[index].previous)
    let unread = run.consoles[index].unread
    for (place, byte) in unread.enumerated() {
      let answer = matcher.feed(byte)
      guard answer != .notYet else { continue }
      let taken = answer == .matched ? place + 1 : place
      run.consoles[index].unread.removeFirst(taken)
      if taken > 0 { run.consoles[index].previous = unread[taken - 1] }
      return true
    }
    run.consoles[index].unread = []
    if let last = unread.last { run.consoles[index].previous = last }
    run.matcher = matcher
    return false
  }

  private func didMatch(_ run: inout Run) {
    stopWaiting(&run)
    addPoints(&run)
    run.step += 1
    proceed(&run)
  }

  private func addPoints(_ run: inout Run) {
    if case .expect(_, _, _, let points)? = current(run)?.action { run.results[run.test].points += points }
  }

  private func pass(_ run: inout Run) {
    if run.step == 0 { begin(&run) }
    run.results[run.test].points += script.tests[run.test].points
    record(.passed, &run)
  }

  private func fail(_ run: inout Run, _ sentence: String) {
    fail(&run, line: current(run)?.line ?? script.tests[run.test].line, sentence)
  }

  private func fail(_ run: inout Run, line: Int, _ sentence: String) {
    stopWaiting(&run)
    let test = script.tests[run.test]
    record(.failed(line: line, sentence), &run)
    if test.isRequired {
      while run.test < script.tests.count { skip(&run, "not run: it needs \"\(test.name)\"") }
    }
  }

  private func record(_ outcome: TestResult.Outcome, _ run: inout Run) {
    run.results[run.test].outcome = outcome
    if let machine = run.machine {
      run.results[run.test].nanoseconds = machine.clock.nanoseconds &- run.testBegan
      run.results[run.test].instructions = machine.instructions() &- run.instructionsAtBegin
    }
    run.test += 1
    run.step = 0
  }

  private func skip(_ run: inout Run, _ sentence: String) {
    run.results[run.test].outcome = .notRun(sentence)
    run.test += 1
    run.step = 0
  }

  /// Something that no later test can mend.
  private func stop(_ run: inout Run, line: Int, _ sentence: String) {
    if run.test < script.tests.count {
      fail(&run, line: line, sentence)
      while run.test < script.tests.count { skip(&run, "not run: \(sentence)") }
    }
    complete(&run)
  }

  private func complete(_ run: inout Run) {
    stopWaiting(&run)
    guard !run.isOver else { return }
    run.isOver = true
    run.machine?.stop()
  }

  // MARK: Limits

  private typealias Late = @Sendable (inout Run) -> Void

  private func stopWaiting(_ run: inout Run) {
    if let timer = run.timer { run.machine?.timers.cancel(timer) }
    run.timer = nil
    run.matcher = nil
    run.waits += 1
  }

  private func wait(_ run: inout Run, for limit: GradingScript.Limit, late: @escaping Late) {
    guard let machine = run.machine else { return }
    run.waits += 1
    let now = machine.clock.nanoseconds
    switch limit {
    case .time(let time): schedule(&run, machine, at: now &+ time, late)
    case .instructions(let count):
      // Where an instruction is a time, so is a limit. While all harts wait, the clock goes on.
      if case .instructions(let shift, let pace) = machine.clock.mode, !pace.contains(.adapting),
        count <= .max >> 8
      {
        return schedule(&run, machine, at: now &+ count << shift, late)
      }
      run.limitStart = machine.instructions()
      run.lastCount = run.limitStart
      run.idleSince = now
      look(&run, machine, count, late)
    }
  }

  private func schedule(_ run: inout Run, _ machine: Machine, at deadline: UInt64, _ action: @escaping Late) {
    let wait = run.waits
    run.timer = machine.timers.schedule(at: deadline) { [self] in
      self.run.withLock { run in
        guard run.waits == wait, !run.isOver else { return }
        run.timer = nil
        action(&run)
      }
    }
  }

  /// Looks at how many instructions have retired, now and then. A guest that does nothing at all for a minute will
  /// not do more.
  private func look(_ run: inout Run, _ machine: Machine, _ limit: UInt64, _ late: @escaping Late) {
    let now = machine.clock.nanoseconds
    let count = machine.instructions()
    if count != run.lastCount { run.idleSince = now }
    run.lastCount = count
    if count &- run.limitStart >= limit || now &- run.idleSince > Self.mostIdleTime { return late(&run) }
    schedule(&run, machine, at: now &+ Self.lookInterval) { [self] run in look(&run, machine, limit, late) }
  }

  static func shown(_ limit: GradingScript.Limit) -> String {
    switch limit {
    case .time(let time): "\(GradeReport.seconds(time)) s of guest time"
    case .instructions(let count): "\(count) instructions"
    }
  }
}
