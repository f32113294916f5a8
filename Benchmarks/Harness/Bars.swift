/// A bar of an issue, and how this run stands to it.
package struct Bar {
  package enum Verdict: String {
    case pass, miss
    /// Left out by the options of this run, or without result.
    case unmeasured = "not measured"
  }

  package var issue: Int
  package var claim: String
  package var verdict: Verdict
  package var detail: String

  package static func all(_ m: Measurements) -> [Bar] {
    issue2(m) + issue3(m) + issue4(m) + issue5(m) + issue6(m)
  }

  private static func issue2(_ m: Measurements) -> [Bar] {
    var startUp: Double?
    if let bare = m.figure("start-up ms, Apus, bare"),
      let loaded = m.figure("start-up ms, Apus, with kernel and initrd")
    {
      startUp = max(bare, loaded)
    }
    var memory: Double?
    if let beside = m.figure("resident beside RAM MiB, Apus, 1 harts"),
      let ours = m.figure("guest RAM resident MiB, Apus, 1 harts"),
      let theirs = m.figure("guest RAM resident MiB, QEMU, 1 harts")
    {
      memory = beside + max(0, ours - theirs)
    }
    return [
      atLeast(2, "interpreter, bare CoreMark-like", m.figure("interpreter MIPS bare"), 500, "MIPS"),
      atLeast(2, "interpreter, Sv39 CoreMark-like", m.figure("interpreter MIPS sv39"), 250, "MIPS"),
      atMost(
        2, "Linux to the shell", m.row("linux", "boot-1").map { 1 / $0.ratio }, 3, "times QEMU's CPU time"),
      atMost(2, "start-up to the guest's first instruction", startUp, 30, "ms"),
      atMost(2, "resident beyond the RAM that the guest touched", memory, 40, "MiB"),
      atMost(2, "idle guest", m.figure("idle %, Apus, 1 harts"), 2, "% of a host core"),
    ]
  }

  private static func issue3(_ m: Measurements) -> [Bar] {
    let integer = [m.geomean("integer"), m.geomean("integer+sv39")].compactMap { $0 }.min()
    let scaling = m.figure("wall seconds of independent-1").flatMap { one in
      m.figure("wall seconds of independent-2").map { 2 * one / $0 }
    }
    // Where native code itself hardly beats QEMU.
    let lenient: Set = ["crc32", "chase-32k", "chase-2m", "chase-64m"]
    let machine = m.complete.filter { !$0.set.hasPrefix("user/") }
    let slow = machine.filter { $0.ratio < (lenient.contains($0.name) ? 1 / 1.15 : 1) }
    let none = slow.isEmpty ? "none" : "\(slow.count) of \(machine.count)"
    let bars = [
      atLeast(3, "integer set, bare and Sv39 (goal 3.5)", integer, 2.5, "times as fast"),
      atLeast(3, "calls, returns, indirect jumps (goal 8)", m.geomean("calls"), 5, "times as fast"),
      atLeast(3, "floating point (goal 8)", m.geomean("floating"), 5, "times as fast"),
      atLeast(3, "memory and TLB (goal 3)", m.geomean("memory"), 2, "times as fast"),
      atLeast(3, "the guest kernel at work (goal 3)", m.geomean("kernel"), 2, "times as fast"),
      atLeast(3, "code that changes (goal 10)", m.geomean("changing"), 5, "times as fast"),
      atMost(
        3, "Linux to the shell, 1 hart (goal 0.4)", m.row("linux", "boot-1").map { 1 / $0.ratio }, 0.6,
        "of QEMU's CPU time"),
      atMost(
        3, "Linux to the shell, 2 harts (goal 0.4)", m.row("linux", "boot-2").map { 1 / $0.ratio }, 0.6,
        "of QEMU's CPU time"),
      atLeast(3, "two harts on two cores, independent work", scaling, 1.8, "times one hart"),
      atLeast(3, "contended atomics", m.row("harts", "atomics")?.ratio, 1, "times as fast"),
      atLeast(3, "mutexes between threads", m.row("kernel", "mutex")?.ratio, 1, "times as fast"),
      Bar(
        issue: 3, claim: "nothing slower than QEMU",
        verdict: machine.isEmpty ? .unmeasured : slow.isEmpty ? .pass : .miss, detail: "slower: \(none)"),
    ]
    let bytes = m.figure("host bytes per guest instruction").map { ", to \(plain($0)) bytes of host code" }
    return bars + [
      atMost(
        3, "translation of a guest instruction" + (bytes ?? ""),
        m.figure("translation ns per guest instruction"), 100, "ns")
    ]
  }

  private static func issue4(_ m: Measurements) -> [Bar] {
    [
      atLeast(4, "user mode: integer (goal 3.5)", m.geomean("user/integer"), 2.6, "times as fast"),
      atLeast(4, "user mode: calls, indirect jumps (goal 8)", m.geomean("user/calls"), 5, "times as fast"),
      atLeast(4, "user mode: floating point (goal 8)", m.geomean("user/floating"), 6, "times as fast"),
      atLeast(4, "user mode: memory (goal 3)", m.geomean("user/memory"), 2, "times as fast"),
      atLeast(4, "user mode: code that changes (goal 10)", m.geomean("user/changing"), 5, "times as fast"),
      atLeast(4, "real programs (goal 3)", m.geomean("user/programs"), 2.2, "times as fast"),
      atLeast(4, "system calls and processes (goal 2)", m.geomean("user/system"), 1.5, "times as fast"),
      noneSlower(4, "system calls and processes", m, "user/system"),
      noneSlower(4, "mutexes and atomics", m, "user/threads"),
      atMost(4, "start-up of a static hello world", m.figure("hello CPU ms, Apus"), 2, "ms of CPU"),
      atMost(
        4, "memory of a static hello world",
        m.figure("hello resident MiB, Apus").flatMap { ours in
          m.figure("hello resident MiB, QEMU").map { ours / $0 }
        }, 1, "times QEMU's"),
    ]
  }

  private static func issue5(_ m: Measurements) -> [Bar] {
    func gain(_ figure: (String) -> String) -> Double? {
      m.figure(figure("OpenSBI")).flatMap { theirs in m.figure(figure("built-in")).map { theirs / $0 } }
    }
    return [1, 2].map { harts in
      atLeast(
        5, "Linux to the shell on the built-in firmware, \(harts) hart\(harts == 1 ? "" : "s")",
        gain { "CPU seconds to the shell above \($0), \(harts) harts" }, 1, "times as fast as on OpenSBI")
    } + [
      atLeast(
        5, "first output of a guest on the built-in firmware", gain { "start-up ms above \($0)" }, 1,
        "times as fast as on OpenSBI")
    ]
  }

  private static func issue6(_ m: Measurements) -> [Bar] {
    func percent(_ observer: Bench.Observer) -> Double? {
      Bench.cost(of: observer, in: m).map { ($0 - 1) * 100 }
    }
    return [
      atMost(6, "explanations cost a healthy guest", percent(.explanations), 1, "% of its time"),
      atMost(6, "breakpoints and watchpoints that are not hit", percent(.debugger), 1, "% of its time"),
      atMost(
        6, "an explanation after the loop's start, the latest of three", Bench.latestSentence(m), 1000, "ms"),
    ]
  }

  // MARK: - Kinds of bars

  private static func atLeast(_ issue: Int, _ claim: String, _ value: Double?, _ bar: Double, _ unit: String)
    -> Bar
  {
    compared(issue, claim, value, bar, unit, "at least") { $0 >= bar }
  }

  private static func atMost(_ issue: Int, _ claim: String, _ value: Double?, _ bar: Double, _ unit: String)
    -> Bar
  {
    compared(issue, claim, value, bar, unit, "at most") { $0 <= bar }
  }

  private static func compared(
    _ issue: Int, _ claim: String, _ value: Double?, _ bar: Double, _ unit: String, _ relation: String,
    _ holds: (Double) -> Bool
  ) -> Bar {
    guard let value, value.isFinite else {
      return Bar(
        issue: issue, claim: claim, verdict: .unmeasured, detail: "\(relation) \(plain(bar)) \(unit)")
    }
    return Bar(
      issue: issue, claim: claim, verdict: holds(value) ? .pass : .miss,
      detail: "\(plain(value)) \(unit), bar: \(relation) \(plain(bar))")
  }

  private static func noneSlower(_ issue: Int, _ claim: String, _ m: Measurements, _ set: String) -> Bar {
    let rows = m.complete.filter { $0.set == set }
    let slow = rows.filter { $0.ratio < 1 }.map { "\($0.name) \(plain($0.ratio))" }
    return Bar(
      issue: issue, claim: claim + ": none slower than QEMU",
      verdict: rows.isEmpty ? .unmeasured : slow.isEmpty ? .pass : .miss,
      detail: "slower: \(slow.isEmpty ? "none" : slow.joined(separator: ", ")) of \(rows.count)")
  }

  private static func plain(_ value: Double) -> String {
    value == value.rounded() && value < 1e6 ? decimal(value, 0) : decimal(value, value < 100 ? 2 : 0)
  }
}
