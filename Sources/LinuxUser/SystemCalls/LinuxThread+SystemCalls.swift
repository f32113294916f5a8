import CHost
import Glibc
import RISCV
import Synchronization

extension LinuxThread {
  /// Performs the `ecall` at the pc.
  func systemCall() {
    if let debugger = process.debugger, debugger.catches(hart[x: 17]) {
      let number = hart[x: 17]
      _ = debugger.park(self, .systemCall(number, isEntry: true))
      performSystemCall()
      if !hasEnded { _ = debugger.park(self, .systemCall(number, isEntry: false)) }
    } else {
      performSystemCall()
    }
  }

  private func performSystemCall() {
    let number = hart[x: 17]
    if passQuickly(number) { return }
    let arguments = SystemCall.Arguments(
      values: [hart[x: 10], hart[x: 11], hart[x: 12], hart[x: 13], hart[x: 14], hart[x: 15]])
    // Behind the instruction from now on: whoever copies registers or returns from a signal relies on it.
    hart.state.pointee.pc &+= 4
    guard let call = SystemCalls.call(number) else {
      hart[x: 10] = UInt64(bitPattern: Int64(-ENOSYS))
      process.reportUnknown(number)
      return
    }
    if traces { traceEntry(call, arguments) }
    let result: Int
    do throws(Errno) {
      result = try perform(call, arguments)
    } catch {
      if error == .notStarted {
        if traces { traceResult(call, arguments, error) }
        // As if the signal had come before the instruction.
        hart.state.pointee.pc &-= 4
        deliverSignals()
        return
      }
      if traces { traceResult(call, arguments, error) }
      hart[x: 10] = UInt64(bitPattern: Int64(-error.code))
      if error == .interrupted, signals.pointee.recorded != 0 {
        let mayRestart = SystemCalls.mayRestart(call, arguments)
        deliverSignals(Interruption(argument: arguments[0], mayRestart: mayRestart))
      }
      return
    }
    if traces { traceResult(call, arguments, result) }
    // It has set all registers.
    if number == SystemCalls.returnFromSignal { return }
    hart[x: 10] = UInt64(bitPattern: Int64(result))
  }

  private func perform(_ call: SystemCall, _ arguments: SystemCall.Arguments) throws(Errno) -> Int {
    if process.hasOwnMemory, let result = try OwnMemory.perform(self, call.number, arguments) {
      return result
    }
    switch call.treatment {
    case .passed(let host, _): return try pass(call, host, arguments)
    case .converted(let handler), .emulated(let handler): return try handler(self, arguments)
    case .refused:
      process.reportRefused(call)
      throw .notImplemented
    case .declined: throw .notImplemented
    }
  }

  /// The call that the host does as it is: true where it has.
  @inline(__always) private func passQuickly(_ number: UInt64) -> Bool {
    let call = SystemCalls.passed(number)
    guard call.host >= 0, !traces, !process.hasOwnMemory, !hasPrefix || call.paths == 0 else { return false }
    let registers = hart.registers
    var values: InlineArray<6, Int> = .init(repeating: 0)
    for i in 0..<6 {
      let value = registers[10 + i]
      values[i] =
        call.addresses >> UInt8(i) & 1 != 0 ? memory.hostPointer(value) : Int(truncatingIfNeeded: value)
    }
    let result = waiting(Int(call.host), values)
    if result == Int(HOST_NOT_STARTED) {
      // The handler's return comes back to the instruction.
      deliverSignals()
      return true
    }
    hart.state.pointee.pc &+= 4
    let argument = registers[10]
    registers[10] = UInt64(bitPattern: Int64(result))
    if result == -Int(EINTR), signals.pointee.recorded != 0 {
      deliverSignals(Interruption(argument: argument, mayRestart: call.mayRestart))
    }
    return true
  }

  /// The same where the call is traced, or paths lead elsewhere.
  private func pass(_ call: SystemCall, _ host: Int32, _ arguments: SystemCall.Arguments) throws(Errno)
    -> Int
  {
    var paths: [[UInt8]] = []
    var values = [Int](repeating: 0, count: 6)
    for (i, argument) in call.arguments.enumerated() {
      if argument == .path, arguments[i] != 0 {
        paths.append(try path(arguments[i]))
      } else {
        values[i] = argument.isAddress ? memory.hostPointer(arguments[i]) : arguments.word(i)
      }
    }
    // As host strings, side by side.
    let joined = Array(paths.map { $0 + [0] }.joined())
    let result = joined.withUnsafeBytes { bytes -> Result<Int, Errno> in
      var at = Int(bitPattern: bytes.baseAddress)
      var next = 0
      for (i, argument) in call.arguments.enumerated() where argument == .path && arguments[i] != 0 {
        values[i] = at
        at += paths[next].count + 1
        next += 1
      }
      do throws(Errno) {
        return .success(
          try waiting(Int(host), values[0], values[1], values[2], values[3], values[4], values[5]))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// The path at `address`, below `-L`'s folder where it is there.
  func path(_ address: UInt64) throws(Errno) -> [UInt8] {
    let path = try memory.string(at: address, limit: Int(PATH_MAX) - 1)
    return process.paths.resolved(path)
  }

  /// An address that the host's kernel refuses.
  static let nowhere = Int(bitPattern: 0xffff_8000_0000_0000)

  /// Which error Linux would have found first. `error` was found while arguments were converted, before the host was
  /// asked; `call` asks it with `nowhere` in place of what could not be converted.
  func first(_ error: Errno, _ call: (Int) throws(Errno) -> Int) -> Errno {
    do throws(Errno) {
      _ = try call(Self.nowhere)
      return error
    } catch let theirs {
      return theirs == .badAddress ? error : theirs
    }
  }

  /// Calls `body` with a host string.
  func withPath<R>(_ path: [UInt8], _ body: (Int) throws(Errno) -> R) throws(Errno) -> R {
    try withWords(path + [0], body)
  }

  /// Calls `body` with the host address of words, which the host only reads.
  func withWords<Word: BitwiseCopyable, R>(_ words: [Word], _ body: (Int) throws(Errno) -> R) throws(Errno)
    -> R
  {
    let result = words.withUnsafeBytes { bytes -> Result<R, Errno> in
      do throws(Errno) {
        return .success(try body(Int(bitPattern: bytes.baseAddress)))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Calls `body` with the host address of bytes that are in and out.
  func withBytes<R>(_ bytes: inout [UInt8], _ body: (Int) throws(Errno) -> R) throws(Errno) -> R {
    let result = bytes.withUnsafeMutableBytes { buffer -> Result<R, Errno> in
      do throws(Errno) {
        return .success(try body(Int(bitPattern: buffer.baseAddress)))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}

extension LinuxProcess {
  private static let reported = Mutex<Set<UInt64>>([])

  /// Says once what is not there.
  func reportRefused(_ call: SystemCall) {
    guard !request.traces, case .refused(let why) = call.treatment else { return }
    guard Self.reported.withLock({ $0.insert(UInt64(call.number)).inserted }) else { return }
    guard request.reportsRefusals else { return }
    Self.say("apus-riscv64: system call \(call.name): \(why)\n")
  }

  func reportUnknown(_ number: UInt64) {
    guard Self.reported.withLock({ $0.insert(number).inserted }), request.reportsRefusals || request.traces
    else { return }
    Self.say("apus-riscv64: there is no system call \(number)\n")
  }

  /// Writes to standard error, whole.
  static func say(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
