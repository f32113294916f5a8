import Glibc
import RISCV

/// What is told about a program that a signal kills.
extension LinuxThread {
  func report(_ signal: PendingSignal) {
    guard process.request.explains else { return }
    let (code, address) = signal.information.withUnsafeBytes {
      ($0.load(fromByteOffset: 8, as: Int32.self), $0.load(fromByteOffset: 16, as: UInt64.self))
    }
    let pc = hart.state.pointee.pc
    var text = "apus-riscv64: killed by \(SignalNames.name(signal.number))"
    if code > 0 {
      let why: String =
        switch (signal.number, code) {
        case (SIGSEGV, 1): "nothing is mapped at 0x\(String(address, radix: 16))"
        case (SIGSEGV, 2): "0x\(String(address, radix: 16)) is mapped without that permission"
        case (SIGBUS, 2): "the file mapped at 0x\(String(address, radix: 16)) ends before it"
        case (SIGILL, _):
          "the instruction 0x\(String(hart.instructionBits(at: pc), radix: 16)) is illegal here"
        case (SIGTRAP, _): "a breakpoint without a debugger"
        default: "address 0x\(String(address, radix: 16))"
        }
      text += ": " + why
    }
    text += "\n"
    let names = RegisterNames.integer
    let cells = [("pc", pc)] + (1..<32).map { (names[$0], hart[x: $0]) }
    for (i, cell) in cells.enumerated() {
      let digits = String(cell.1, radix: 16)
      text += " " + String(repeating: " ", count: max(0, 4 - cell.0.utf8.count)) + cell.0 + " "
      text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
      if i % 4 == 3 { text += "\n" }
    }
    LinuxProcess.say(text)
  }
}

enum SignalNames {
  private static let names = [
    "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL",
    "SIGUSR1",
    "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",
    "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",
    "SIGIO", "SIGPWR", "SIGSYS",
  ]

  static func name(_ number: Int32) -> String {
    let number = Int(number)
    if number > 0, number < names.count { return names[number] }
    return number >= 32 && number <= 64 ? "SIGRT_\(number - 32)" : "\(number)"
  }
}
