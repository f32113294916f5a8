import RISCV

// Resumption: vCont, and what was before it.
extension GDBSession {
  func answerVerbose(_ rest: inout PacketScanner) {
    if rest.takes("Cont?") {
      send("vCont;c;C;s;S;r")
    } else if rest.takes("Cont;") {
      continueVerbosely(&rest)
    } else if rest.takes("Attach;") {
      guard let process = rest.integer(), rest.isAtEnd,
        let first = target.threads.first(where: { $0.process == process })
      else { return fail(GDBError.invalid) }
      target.attach()
      choose(first)
      send("T05thread:\(name(of: first));")
    } else if rest.takes("Kill;") {
      guard let process = rest.integer(), rest.isAtEnd else { return fail(GDBError.invalid) }
      kill(process)
    } else if rest.takes("File:"), let program = target.program {
      answerFile(&rest, program)
    } else {
      refuse()
    }
  }

  /// An action, and whom it is for.
  private struct Action {
    var selector: ThreadSelector
    var action: ResumePlan.Action
    var range: Range<UInt64>?
  }

  /// `vCont;ACTION[:THREAD]…`: for each thread the first action that names it.
  private func continueVerbosely(_ rest: inout PacketScanner) {
    var actions: [Action] = []
    repeat {
      guard let action = action(&rest) else { return fail(GDBError.invalid) }
      actions.append(action)
    } while rest.takes(";")
    guard rest.isAtEnd else { return fail(GDBError.invalid) }
    var plan = ResumePlan([:])
    var ranges: [ThreadID: Range<UInt64>] = [:]
    let threads = target.threads
    for thread in threads {
      guard let first = actions.first(where: { $0.selector.holds(thread) }) else { continue }
      plan.actions[thread] = first.action
      ranges[thread] = first.range
    }
    // Each action names somebody who is there.
    guard actions.allSatisfy({ action in threads.contains(where: action.selector.holds) }) else {
      return fail(GDBError.invalid)
    }
    self.ranges = ranges
    resume(plan)
  }

  private func action(_ rest: inout PacketScanner) -> Action? {
    var action = Action(
      selector: ThreadSelector(process: .all, thread: .all), action: .run(signal: nil))
    switch rest.byte().map(Unicode.Scalar.init) {
    case "c": break
    case "s": action.action = .step(signal: nil)
    case "C":
      guard let signal = rest.integer() else { return nil }
      action.action = .run(signal: signal)
    case "S":
      guard let signal = rest.integer() else { return nil }
      action.action = .step(signal: signal)
    case "r":
      guard let (start, end) = rest.pair() else { return nil }
      action.action = .step(signal: nil)
      // An empty range is one step.
      if start < end { action.range = start..<end }
    default: return nil
    }
    if rest.takes(":") {
      guard let selector = rest.thread() else { return nil }
      action.selector = selector
    }
    return action
  }

  /// `c [ADDRESS]`, `s [ADDRESS]`, `C SIGNAL[;ADDRESS]`, `S SIGNAL[;ADDRESS]`: a step is one thread's, while
  /// the others run.
  func resumeOld(_ packet: [UInt8]) {
    var rest = PacketScanner(packet[...])
    let letter = rest.byte()
    let hasSignal = letter == UInt8(ascii: "C") || letter == UInt8(ascii: "S")
    let isStep = letter == UInt8(ascii: "s") || letter == UInt8(ascii: "S")
    var signal: Int?
    if hasSignal {
      guard let number = rest.integer() else { return fail(GDBError.invalid) }
      signal = number
    }
    if !rest.isAtEnd {
      guard !hasSignal || rest.takes(";"), let address = rest.number(), rest.isAtEnd,
        target.write(.pc, address, of: resumable)
      else { return fail(GDBError.invalid) }
    }
    var plan = ResumePlan([:])
    for thread in target.threads { plan.actions[thread] = .run(signal: nil) }
    plan.actions[resumable] = isStep ? .step(signal: signal) : .run(signal: signal)
    ranges = [:]
    resume(plan)
  }
}
