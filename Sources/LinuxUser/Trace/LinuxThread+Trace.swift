import Glibc
import RISCV
import Synchronization

/// `-strace`: a line for each system call and signal, on standard error, as strace(1) writes them, behind the number of
/// the thread.
///
/// A line is written whole when its call has come back. Of a call that waits it begins before, so that one sees who waits
/// for what; where others may come between, it is ended there and resumed.
extension LinuxThread {
  /// The thread whose line is open, and how long that is.
  private static let open = Mutex<(thread: Int32, length: Int)?>(nil)
  /// Where results stand, counted behind the thread's number.
  private static let column = 40

  /// Writes whole lines.
  private func sayLine(_ text: String) {
    Self.open.withLock { open in
      LinuxProcess.say((open == nil ? "" : " <unfinished ...>\n") + text)
      open = nil
    }
  }

  private func formats(_ call: SystemCall, _ arguments: SystemCall.Arguments) -> [TraceFormat] {
    var formats = TraceFormat.formats[call.name] ?? call.arguments.prefix(6).map { .letter($0) }
    switch call.name {
    case "openat":
      // O_CREAT, O_TMPFILE
      if arguments[2] & 0o20000100 == 0 { formats.removeLast() }
    case "fcntl":
      switch arguments.int(1) {
      case 1, 3, 9, 11, 1025, 1032, 1034: formats.removeLast()
      case 2: formats[2] = .names(.descriptorFlags)
      case 4: formats[2] = .names(.openFlags)
      case 0, 1030, 1031: formats[2] = .letter(.decimal)
      default: break
      }
    case "ioctl":
      if [0x5413, 0x5414].contains(arguments[1]) { formats[2] = .stored(.windowSize) }
      if [0x540f, 0x541b, 0x8004_5430, 0x5429].contains(arguments[1]) { formats[2] = .stored(.int) }
      if [0x5410, 0x5421, 0x4004_5431].contains(arguments[1]) { formats[2] = .given(.int) }
    case "futex":
      switch arguments.int(1) & 0x7f {
      case 0, 6, 13: formats = Array(formats[..<3]) + [.given(.time)]
      case 1, 7, 8: formats = Array(formats[..<3])
      case 9, 11: formats[3] = .given(.time)
      case 3, 4, 5, 12: formats[3] = .letter(.decimal)
      default: break
      }
    case "clone":
      // SIGCHLD and its like are in the lowest byte.
      formats[0] = .names(
        TraceNames(bits: TraceNames.cloneFlags.bits, numbers: Self.signalNumbers, mask: 0xff))
    case "prctl":
      if arguments[0] == 15 { formats = [formats[0], .letter(.string)] }
      if arguments[0] == 16 { formats = [formats[0], .stored(.string)] }
    case "socket":
      if [2, 10].contains(arguments[0]) { formats[2] = .names(.protocols) }
    case "setsockopt", "getsockopt":
      if arguments[1] != 1 { formats[2] = .letter(.decimal) }
    default: break
    }
    return formats
  }

  private static let signalNumbers: [UInt64: String] = {
    var names: [UInt64: String] = [:]
    for number in 1...Int32(64) { names[UInt64(number)] = SignalNames.name(number) }
    return names
  }()

  /// The call is likely to wait.
  private func waits(_ call: SystemCall, _ a: SystemCall.Arguments) -> Bool {
    switch call.name {
    case "read", "readv", "accept", "accept4", "recvfrom", "recvmsg", "recvmmsg":
      return !isReady(a.int(0), POLLIN)
    case "write", "writev", "sendto", "sendmsg": return !isReady(a.int(0), POLLOUT)
    case "futex": return [0, 6, 9, 11, 13].contains(a.int(1) & 0x7f)
    case "wait4", "waitid": return a[call.name == "wait4" ? 2 : 3] & 1 == 0
    case "fcntl": return [7, 38].contains(a.int(1))
    case "nanosleep", "clock_nanosleep", "ppoll", "pselect6", "epoll_pwait", "epoll_pwait2", "rt_sigsuspend",
      "rt_sigtimedwait", "flock", "connect", "mq_timedsend", "mq_timedreceive", "msgsnd", "msgrcv",
      "futex_wait":
      return true
    default: return false
    }
  }

  private func isReady(_ descriptor: Int32, _ event: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    return poll(&request, 1, 0) != 0
  }

  /// The call is the process's last: it ends it, or has a signal of its own do it.
  private func ends(_ call: SystemCall, _ a: SystemCall.Arguments) -> String? {
    let target: Int
    switch call.name {
    case "exit_group": return "exited with \(a[0] & 0xff)"
    case "kill", "tkill": target = 0
    case "tgkill": target = 1
    default: return nil
    }
    let signal = a.int(target + 1)
    guard a.int(target) == (call.name == "kill" ? getpid() : id), signal > 0, signal <= SignalActions.count,
      actions[signal].handler == SignalAction.byDefault, SignalActions.kills(signal),
      !actions.recordsDefault(of: signal),
      mask & Self.bit(signal) == 0
    else { return nil }
    return "killed by \(SignalNames.name(signal))"
  }

  func traceEntry(_ call: SystemCall, _ arguments: SystemCall.Arguments) {
    let end = ends(call, arguments)
    guard end != nil || call.name == "exit" || waits(call, arguments) else { return }
    let text = beginning(call, arguments)
    if end != nil || call.name == "exit" {
      sayLine("\(id) \(text)\(Self.padding(text.utf8.count + 1, ")"))= ?\n")
      if let end { sayLine("\(id) +++ \(end) +++\n") }
      return
    }
    let isAlone = process.hasOneThread && !process.hasForked
    let (id, length) = (id, text.utf8.count)
    Self.open.withLock { open in
      let start = (open == nil ? "" : " <unfinished ...>\n") + "\(id) "
      LinuxProcess.say(start + text + (isAlone ? "" : " <unfinished ...>\n"))
      open = isAlone ? (id, length) : nil
    }
    isTraceBegun = true
  }

  /// The line of an execve(2) that is about to succeed: nothing comes back of it.
  func traceExecution(_ call: SystemCall, _ arguments: SystemCall.Arguments) {
    let text = beginning(call, arguments)
    sayLine("\(id) \(text)\(Self.padding(text.utf8.count + 1, ")"))= 0\n")
  }

  /// The call's name and what is given to it, up to the first argument that it fills in.
  private func beginning(_ call: SystemCall, _ arguments: SystemCall.Arguments) -> String {
    let reader = TraceReader(memory: memory, arguments: arguments, result: nil)
    var text = "\(call.name)("
    for (i, format) in formats(call, arguments).enumerated() {
      text += i > 0 ? ", " : ""
      if format.isOutput { break }
      text += reader.text(format, i)
    }
    return text
  }

  private static func padding(_ length: Int, _ text: String) -> String {
    text + String(repeating: " ", count: max(1, column - length))
  }

  /// Ends the line.
  private func finish(
    _ call: SystemCall, _ arguments: SystemCall.Arguments, _ result: Int?, _ tail: String
  ) {
    let reader = TraceReader(memory: memory, arguments: arguments, result: result)
    let formats = formats(call, arguments)
    let isLate = !isTraceBegun
    isTraceBegun = false
    let first = isLate ? 0 : formats.firstIndex { $0.isOutput } ?? formats.count
    var rest = ""
    for i in first..<formats.count { rest += (i > first ? ", " : "") + reader.text(formats[i], i) }
    let id = id
    Self.open.withLock { open in
      var length = 0
      var start = ""
      if let line = open, line.thread == id {
        length = line.length
      } else {
        let head = isLate ? "\(call.name)(" : "<... \(call.name) resumed>"
        start = (open == nil ? "" : " <unfinished ...>\n") + "\(id) \(head)"
        length = head.utf8.count
      }
      length += rest.utf8.count + 1
      LinuxProcess.say(start + rest + Self.padding(length, ")") + "= \(tail)\n")
      open = nil
    }
  }

  func traceResult(_ call: SystemCall, _ arguments: SystemCall.Arguments, _ result: Int) {
    let text: String
    switch call.name {
    case "brk", "mmap", "mremap", "shmat": text = TraceReader.hexadecimal(UInt64(UInt(bitPattern: result)))
    case "umask": text = "0" + String(result, radix: 8)
    case "fcntl" where arguments.int(1) == 3:
      text = "0x\(String(result, radix: 16)) (flags \(TraceNames.openFlags.text(UInt64(result))))"
    case "fcntl" where arguments.int(1) == 1:
      text =
        result == 0
        ? "0" : "0x\(String(result, radix: 16)) (flags \(TraceNames.descriptorFlags.text(UInt64(result))))"
    case "ppoll": text = polled(arguments, result)
    default: text = "\(result)"
    }
    finish(call, arguments, result, text)
  }

  private func polled(_ arguments: SystemCall.Arguments, _ result: Int) -> String {
    guard result > 0 else { return "\(result) (Timeout)" }
    var parts: [String] = []
    for i in 0..<min(arguments[1], 16) {
      let at = arguments[0] &+ 8 * i
      guard let events = try? memory.load(UInt16.self, at: at &+ 6), events != 0,
        let descriptor = try? memory.load(Int32.self, at: at)
      else { continue }
      parts.append("{fd=\(descriptor), revents=\(TraceNames.pollEvents.text(UInt64(events)))}")
    }
    return "\(result) ([\(parts.joined(separator: ", "))])"
  }

  func traceResult(_ call: SystemCall, _ arguments: SystemCall.Arguments, _ error: Errno) {
    if error == .interrupted || error == .notStarted, hasSignals {
      finish(call, arguments, nil, "? (interrupted by a signal)")
      return
    }
    var why = error.sentence
    switch call.treatment {
    case .refused(let reason):
      if error == .notImplemented { why += ": " + reason }
    default: break
    }
    finish(call, arguments, nil, "-1 \(error.name) (\(why))")
  }

  /// A signal that is delivered.
  func trace(_ signal: PendingSignal, _ action: SignalAction) {
    guard traces else { return }
    let name = SignalNames.name(signal.number)
    let (code, address, status) = signal.information.withUnsafeBytes {
      (
        $0.load(fromByteOffset: 8, as: Int32.self), $0.load(fromByteOffset: 16, as: UInt64.self),
        $0.load(fromByteOffset: 24, as: Int32.self)
      )
    }
    var text = "si_signo=\(name), si_code=\(SignalNames.code(signal.number, code))"
    // siginfo_t: faults have an address, the others a sender.
    if code > 0, code < 0x80, [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP].contains(signal.number) {
      text += ", si_addr=\(TraceReader.address(address))"
    } else if code != 0x80 {
      text += ", si_pid=\(Int32(truncatingIfNeeded: address)), si_uid=\(address >> 32)"
      if signal.number == SIGCHLD {
        text += ", si_status=\(code == 1 ? "\(status)" : SignalNames.name(status))"
      }
    }
    sayLine("\(id) --- \(name) {\(text)} ---\n")
  }

  /// The process ends by a signal.
  func traceDeath(_ signal: Int32) {
    if traces { sayLine("\(id) +++ killed by \(SignalNames.name(signal)) +++\n") }
  }
}
