import Logging

/// What `-d int` has said last. A hart that takes the same few traps over and over would fill a disk with one line,
/// so what repeats is counted: ten rounds are shown, then the count each time that it has grown tenfold, and when
/// something else comes.
struct TrapLog {
  struct Entry: Equatable {
    var pc: UInt64
    var cause: UInt64
    var value: UInt64
    var isInterrupt: Bool
  }

  /// A handler that faults while it serves a fault makes a loop of two; longer ones are seen up to this length.
  private static let longestPeriod = 4
  private static let roundsShown = 10
  private static let firstReport: UInt64 = 1000

  /// The last first.
  private var last: [Entry] = []
  /// How many entries in a row equal the one that stands so many places before, by places less one.
  private var matches = [Int](repeating: 0, count: longestPeriod)
  /// The length of what repeats now; zero where everything is shown.
  private var period = 0
  private var hidden: UInt64 = 0
  private var nextReport = firstReport

  /// Takes the next trap. `show`: its line is to be written; `remark` is to be written before that.
  mutating func take(_ entry: Entry) -> (show: Bool, remark: String?) {
    defer {
      last.insert(entry, at: 0)
      if last.count > Self.longestPeriod { last.removeLast() }
    }
    if period > 0 {
      if last[period - 1] == entry {
        hidden += 1
        guard hidden / UInt64(period) == nextReport else { return (false, nil) }
        nextReport *= 10
        return (false, "\(subject) repeated \(hidden / UInt64(period)) times so far")
      }
      return (true, finish())
    }
    for length in 1...Self.longestPeriod {
      let isEqual = last.count >= length && last[length - 1] == entry
      matches[length - 1] = isEqual ? matches[length - 1] + 1 : 0
      if matches[length - 1] >= length * Self.roundsShown {
        period = length
        hidden = 1
        return (false, nil)
      }
    }
    return (true, nil)
  }

  /// Nothing more is to come, or something else: what has not been said yet.
  mutating func finish() -> String? {
    defer { self = TrapLog() }
    guard period > 0 else { return nil }
    let rounds = hidden / UInt64(period)
    let rest = hidden % UInt64(period)
    return "\(subject) repeated \(rounds) times" + (rest > 0 ? ", and \(rest) of them once more" : "")
  }

  private var subject: String { period == 1 ? "the trap above" : "the \(period) traps above" }
}

extension Hart {
  private static let exceptionNames = [
    "misaligned_fetch", "fault_fetch", "illegal_instruction", "breakpoint", "misaligned_load", "fault_load",
    "misaligned_store", "fault_store", "user_ecall", "supervisor_ecall", "hypervisor_ecall", "machine_ecall",
    "exec_page_fault", "load_page_fault", "reserved", "store_page_fault",
  ]
  private static let interruptNames = [
    "u_software", "s_software", "vs_software", "m_software", "u_timer", "s_timer", "vs_timer", "m_timer",
    "u_external", "s_external", "vs_external", "m_external",
  ]

  /// QEMU's name for a cause (RISC-V Privileged 1.13, table 14), as its `-d int` spells them.
  package static func name(ofCause cause: UInt64, isInterrupt: Bool) -> String {
    let names = isInterrupt ? interruptNames : exceptionNames
    return cause < UInt64(names.count) ? names[Int(cause)] : "(unknown)"
  }

  /// `-d int`: the line is QEMU's.
  @inline(never)
  func logTrap(_ cause: UInt64, _ value: UInt64, isInterrupt: Bool) {
    let entry = TrapLog.Entry(pc: state.pointee.pc, cause: cause, value: value, isInterrupt: isInterrupt)
    let (show, remark) = trapLog.take(entry)
    func word(_ value: UInt64) -> String { hexadecimal(value, features.xlen / 4) }
    var text = remark.map(trapRemark) ?? ""
    if show {
      text +=
        "riscv_cpu_do_interrupt: hart:\(id), async:\(isInterrupt ? 1 : 0), cause:\(word(cause)), "
        + "epc:0x\(word(state.pointee.pc)), tval:0x\(word(value)), "
        + "desc=\(Self.name(ofCause: cause, isInterrupt: isInterrupt))\n"
    }
    if !text.isEmpty { log.write(text) }
  }

  /// Says how often traps repeated that were not shown. While the hart rests.
  package func finishTrapLog() {
    if let remark = trapLog.finish() { log.write(trapRemark(remark)) }
  }

  private func trapRemark(_ text: String) -> String { "  (hart:\(id): \(text))\n" }
}
