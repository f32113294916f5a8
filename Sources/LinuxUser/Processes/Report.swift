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
    func named(_ address: UInt64) -> String {
      guard let place = process.symbols.place(of: address) else { return "" }
      return " <\(place.name)\(place.offset == 0 ? "" : "+0x" + String(place.offset, radix: 16))>"
    }
    var text = "apus-riscv64: killed by \(SignalNames.name(signal.number))"
    if code <= 0 {
      // SI_USER, SI_QUEUE, SI_TKILL: who sent it is where an address would be.
      let sender = Int32(truncatingIfNeeded: address)
      if [0, -1, -6].contains(code) {
        text += sender == getpid() ? ": it sent that itself" : ": process \(sender) sent it"
      }
    } else {
      let why: String =
        switch (signal.number, code) {
        case (SIGSEGV, 1): "nothing is mapped at 0x\(String(address, radix: 16))"
        case (SIGSEGV, 2): "0x\(String(address, radix: 16)) is mapped without that permission"
        case (SIGBUS, 2): "the file mapped at 0x\(String(address, radix: 16)) ends before it"
        case (SIGILL, _):
          "the instruction 0x\(String(hart.instructionBits(at: pc), radix: 16)) is illegal here"
        case (SIGTRAP, _): "a breakpoint without a debugger"
        case (SIGFPE, _): "an error of arithmetic"
        case (SIGSYS, _): "a system call that a filter refuses"
        default: "address 0x\(String(address, radix: 16))"
        }
      text += ": " + why
    }
    // Where it was, and where it was called from.
    text +=
      "\n at 0x\(String(pc, radix: 16))\(named(pc)), ra 0x\(String(hart[x: 1], radix: 16))\(named(hart[x: 1]))\n"
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

  /// Why a signal came (sigaction(2), si_code).
  static func code(_ number: Int32, _ code: Int32) -> String {
    let general: [Int32: String] = [
      0: "SI_USER", 0x80: "SI_KERNEL", -1: "SI_QUEUE", -2: "SI_TIMER", -3: "SI_MESGQ", -4: "SI_ASYNCIO",
      -5: "SI_SIGIO", -6: "SI_TKILL",
    ]
    if let name = general[code] { return name }
    let names: [String] =
      switch number {
      case SIGCHLD:
        ["CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"]
      case SIGSEGV: ["SEGV_MAPERR", "SEGV_ACCERR"]
      case SIGBUS: ["BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR"]
      case SIGILL: ["ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC"]
      case SIGTRAP: ["TRAP_BRKPT", "TRAP_TRACE"]
      default: []
      }
    return code > 0 && Int(code) <= names.count ? names[Int(code) - 1] : "\(code)"
  }

  static func name(_ number: Int32) -> String {
    let number = Int(number)
    if number > 0, number < names.count { return names[number] }
    if number == 32 { return "SIGRTMIN" }
    return number >= 32 && number <= 64 ? "SIGRT_\(number - 32)" : "\(number)"
  }
}
