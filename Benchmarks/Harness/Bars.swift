/// A bar of an issue, and how this run stands to it.
package struct Bar {
  package enum Verdict: String {
    case pass, miss
    /// What it measures does not exist yet.
    case notYet = "not yet"
    /// Left out by the options of this run, or without result.
    case unmeasured = "not measured"
  }

  package var issue: Int
  package var claim: String
  package var verdict: Verdict
  package var detail: String

  /// Parts of Apus that later issues bring; those that are there are taken off this list.
  private static let missing = (
    userMode: "apus-riscv64", builtinFirmware: "-bios builtin",
    explanations: "-explain"
  )

  package static func all(_ m: Measurements) -> [Bar] { issue2(m) + issue3(m) + issue4 + issue5 + issue6 }

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
    let slow = m.complete.filter { $0.ratio < (lenient.contains($0.name) ? 1 / 1.15 : 1) }
    let none = slow.isEmpty ? "none" : "\(slow.count) of \(m.complete.count)"
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
        verdict: m.complete.isEmpty ? .unmeasured : slow.isEmpty ? .pass : .miss, detail: "slower: \(none)"),
    ]
    let bytes = m.figure("host bytes per guest instruction").map { ", to \(plain($0)) bytes of host code" }
    return bars + [
      atMost(
        3, "translation of a guest instruction" + (bytes ?? ""),
        m.figure("translation ns per guest instruction"), 100, "ns")
    ]
  }

  private static let issue4 = [
    "integer geomean 2.6 times QEMU's user mode (goal 3.5)", "calls and indirect jumps 5 (goal 8)",
    "floating point 6 (goal 8)", "memory 2 (goal 3)", "changing code 5 (goal 10)",
    "real programs: geomean 2.2 (goal 3)",
    "system calls, fork and exec, pipes, signals: geomean 1.5 (goal 2), none slower",
    "mutexes and atomics, alone and contended: none slower",
    "start-up of a static hello world: at most 2 ms of CPU and QEMU's resident memory",
  ].map { waiting(4, $0, missing.userMode) }

  private static let issue5 = [
    waiting(5, "Linux on the built-in firmware: how much faster", missing.builtinFirmware)
  ]

  private static let issue6 = [
    waiting(6, "explanations cost a healthy guest under 1 %", missing.explanations),
    waiting(6, "an explanation within one second of a loop's start", missing.explanations),
  ]

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

  private static func waiting(_ issue: Int, _ claim: String, _ what: String) -> Bar {
    Bar(issue: issue, claim: claim, verdict: .notYet, detail: what)
  }

  private static func plain(_ value: Double) -> String {
    value == value.rounded() && value < 1e6 ? decimal(value, 0) : decimal(value, value < 100 ? 2 : 0)
  }
}
