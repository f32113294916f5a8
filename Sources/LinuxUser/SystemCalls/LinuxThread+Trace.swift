import Glibc
import RISCV

/// `-strace`: a line for each system call and signal, on standard error.
extension LinuxThread {
  func traceEntry(_ call: SystemCall, _ arguments: SystemCall.Arguments) {
    var parts: [String] = []
    for (i, argument) in call.arguments.enumerated() where i < 6 {
      parts.append(text(argument, arguments[i]))
    }
    // Calls that do not come back end their line here.
    let end = call.name == "exit" || call.name == "exit_group" ? "\n" : ""
    LinuxProcess.say("\(id) \(call.name)(\(parts.joined(separator: ",")))\(end)")
  }

  func traceResult(_ call: SystemCall, _ result: Int) {
    let isAddress = ["brk", "mmap", "mremap", "shmat"].contains(call.name)
    LinuxProcess.say(isAddress ? " = 0x\(String(UInt(bitPattern: result), radix: 16))\n" : " = \(result)\n")
  }

  func traceResult(_ call: SystemCall, _ error: Errno) {
    if error == .interrupted, signals.pointee.recorded != 0 {
      LinuxProcess.say(" = ? interrupted by a signal\n")
      return
    }
    var why = error.sentence
    switch call.treatment {
    case .refused(let reason), .declined(let reason):
      if error == .notImplemented { why += ": " + reason }
    default: break
    }
    LinuxProcess.say(" = -1 errno=\(error.code) \(error.name) (\(why))\n")
  }

  func trace(_ signal: PendingSignal, _ action: SignalAction) {
    guard traces else { return }
    let (code, address) = signal.information.withUnsafeBytes {
      ($0.load(fromByteOffset: 8, as: Int32.self), $0.load(fromByteOffset: 16, as: UInt64.self))
    }
    let place = code > 0 ? ", si_addr=0x\(String(address, radix: 16))" : ""
    LinuxProcess.say(
      "--- \(SignalNames.name(signal.number)) {si_signo=\(SignalNames.name(signal.number)), si_code=\(code)\(place)} ---\n"
    )
  }

  private func text(_ argument: SystemCall.Argument, _ value: UInt64) -> String {
    let int = Int32(truncatingIfNeeded: value)
    let hexadecimal = "0x" + String(value, radix: 16)
    switch argument {
    case .decimal: return "\(Int64(bitPattern: value))"
    case .unsigned: return "\(value)"
    case .hexadecimal: return hexadecimal
    case .octal: return "0" + String(value, radix: 8)
    case .descriptor: return int == AT_FDCWD ? "AT_FDCWD" : "\(int)"
    case .pointer: return value == 0 ? "NULL" : hexadecimal
    case .signal: return SignalNames.name(int)
    case .string, .path:
      guard value != 0 else { return "NULL" }
      guard let bytes = try? memory.string(at: value) else { return hexadecimal }
      return String(decoding: bytes.prefix(256), as: UTF8.self).debugDescription
    case .protection:
      if value == 0 { return "PROT_NONE" }
      let names = [(1, "PROT_READ"), (2, "PROT_WRITE"), (4, "PROT_EXEC")]
      return names.filter { value & UInt64($0.0) != 0 }.map(\.1).joined(separator: "|")
    case .openFlags:
      let access = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"][Int(value & 3)]
      let names: [(UInt64, String)] = [
        (0o100, "O_CREAT"), (0o200, "O_EXCL"), (0o400, "O_NOCTTY"), (0o1000, "O_TRUNC"), (0o2000, "O_APPEND"),
        (0o4000, "O_NONBLOCK"), (0o200000, "O_DIRECTORY"), (0o400000, "O_NOFOLLOW"), (0o2000000, "O_CLOEXEC"),
      ]
      return ([access] + names.filter { value & $0.0 != 0 }.map(\.1)).joined(separator: "|")
    }
  }
}
