import Glibc
import RISCV

// What the target wants of GDB: File-I/O ("Debugging with GDB", File-I/O Remote Protocol Extension). While GDB serves
// a request it reads and writes the target's memory, and takes the target for running.
extension GDBSession {
  /// `F RESULT[,ERROR[,C]][;ATTACHMENT]`. C: the user has pressed Ctrl-C.
  func finishRequest(_ rest: inout PacketScanner) {
    guard let thread = requester else { return fail(GDBError.invalid) }
    requester = nil
    let answer = Self.answer(&rest)
    let isInterrupted = answer.isInterrupted || isInterruptWanted
    isInterruptWanted = false
    isRunning = true
    target.answer(answer.reply, of: thread, then: isInterrupted ? nil : plan)
    if isInterrupted { report(DebugStop(thread, .signal(GDBSignal.interrupt))) }
  }

  /// GDB has gone before it answered: the call fails, and the target goes on, as it was about to.
  func abandonRequest() {
    guard let thread = requester else { return }
    requester = nil
    isInterruptWanted = false
    target.answer(Self.failure, of: thread, then: plan)
  }

  private static let failure = DebuggerReply(result: -1, error: EIO)

  private static func answer(_ rest: inout PacketScanner) -> (reply: DebuggerReply, isInterrupted: Bool) {
    let isNegative = rest.takes("-")
    guard let number = rest.number(), let size = Int64(exactly: number) else { return (failure, false) }
    guard rest.takes(",") else { return (DebuggerReply(result: isNegative ? -size : size), false) }
    let error = rest.integer() ?? Int(EIO)
    return (
      DebuggerReply(result: isNegative ? -size : size, error: isNegative ? linuxError(error) : 0),
      rest.takes(",C")
    )
  }

  /// GDB's errno values are Linux's up to EROFS.
  private static func linuxError(_ number: Int) -> Int32 {
    switch number {
    case 1...Int(EROFS): Int32(number)
    case 91: ENAMETOOLONG
    default: EIO
    }
  }
}
