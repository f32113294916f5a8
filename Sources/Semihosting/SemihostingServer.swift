import Glibc
import RISCV
import Synchronization

/// Answers semihosting calls: console, host files, exit code, command line, time (RISC-V Semihosting 1.0; Arm,
/// "Semihosting for AArch32 and AArch64", version 2).
///
/// The guest names host files as it likes, with the rights of whoever runs the emulator, and may run host programs
/// (`SYS_SYSTEM`): semihosting is for guests that one trusts. Arguments are never trusted.
package final class SemihostingServer: Semihost {
  package let servesUserMode: Bool
  let host: any SemihostingHost
  let files = FileTable()
  private let commandLine: [UInt8]
  /// What `SYS_ERRNO` gives: the last call that failed set it, whichever hart made it.
  private let errorNumber = Atomic<Int32>(0)
  /// It was said that there is no debugger.
  private let missesDebugger = Atomic<Bool>(false)
  /// Harts that wait for input.
  private let waiting = Mutex<[InterruptPort]>([])
  /// Numbers of calls that were complained about.
  private let complaints = Mutex<Set<UInt64>>([])

  /// `commandLine` is what `SYS_GET_CMDLINE` gives.
  package init(commandLine: String, servesUserMode: Bool, host: any SemihostingHost) {
    self.commandLine = Array(commandLine.utf8)
    self.servesUserMode = servesUserMode
    self.host = host
  }

  package var hasInput: Bool { host.hasInput }

  /// To be called whenever input has come, or ended.
  package func inputArrived() {
    let ports = waiting.withLock { ports in
      defer { ports = [] }
      return ports
    }
    for port in ports { port.bell.ring() }
  }

  // MARK: Calls

  package func serve(_ hart: Hart) -> SemihostAnswer {
    let number = hart[x: 10]
    let parameter = hart[x: 11]
    guard let call = SemihostingCall(rawValue: number) else { return unknown(number) }
    let arguments = Arguments(hart, at: parameter)
    do throws(SemihostingFailure) {
      if let request = try debuggerRequest(call, arguments) { return .asks(request) }
      switch call {
      case .open: return .result(try open(arguments))
      case .close: return .result(try close(arguments))
      case .writeCharacter:
        guard let character = hart.bytes(at: parameter, count: 1) else { return .result(Self.nothing) }
        host.print(character)
        return .result(Self.nothing)
      case .writeText:
        printText(hart, parameter)
        return .result(Self.nothing)
      case .write: return .result(try write(arguments))
      case .read: return .result(try read(arguments))
      case .readCharacter: return readCharacter(hart)
      case .isError: return .result(try arguments.isNegative(0) ? 1 : 0)
      case .isTerminal: return .result(try isTerminal(arguments))
      case .seek: return .result(try seek(arguments))
      case .length: return .result(try length(arguments))
      case .temporaryName: return .result(try temporaryName(arguments))
      case .remove: return .result(try remove(arguments))
      case .rename: return .result(try rename(arguments))
      // Centiseconds of guest time, where QEMU gives its own processor time.
      case .clock: return .result(host.nanoseconds / 10_000_000)
      case .time: return .result(host.secondsOfDay)
      case .system: return .result(try system(arguments))
      case .errorNumber:
        return .result(UInt64(bitPattern: Int64(errorNumber.load(ordering: .relaxed))))
      case .commandLine: return .result(try giveCommandLine(arguments))
      case .heapInformation: return .result(try giveHeap(arguments))
      case .exit, .exitExtended: return try exit(call, arguments, parameter)
      // Nothing here is cached that the guest would see.
      case .synchronizeCaches: return .result(0)
      case .elapsed:
        let time = host.nanoseconds
        try arguments.store((0..<8).map { UInt8(truncatingIfNeeded: time >> (8 * $0)) }, at: parameter)
        return .result(0)
      case .tickFrequency: return .result(1_000_000_000)
      }
    } catch {
      return .result(note(error))
    }
  }

  /// The call's result.
  func note(_ failure: SemihostingFailure) -> UInt64 {
    if let number = failure.number { errorNumber.store(number, ordering: .relaxed) }
    return failure.result
  }

  /// What QEMU leaves in a0 where the specification says that it is corrupted.
  static let nothing: UInt64 = 0xdead_beef

  private func unknown(_ number: UInt64) -> SemihostAnswer {
    let isNew = complaints.withLock { complaints in
      complaints.count < 16 && complaints.insert(number).inserted
    }
    if isNew {
      host.report(
        "qemu: Unsupported SemiHosting SWI 0x\(String(number, radix: 16))\n"
          + "There is no semihosting call of that number; the guest is told -1.")
    }
    errorNumber.store(ENOSYS, ordering: .relaxed)
    return .result(.max)
  }

  /// Calls are for a debugger that is not there.
  func reportMissingDebugger() {
    guard !missesDebugger.exchange(true, ordering: .relaxed) else { return }
    host.report(
      "the guest makes semihosting calls for GDB (target=gdb), and none is connected: they fail. "
        + "Connect one (-s, target remote), or serve them here with target=native")
  }

  private func printText(_ hart: Hart, _ address: UInt64) {
    var address = address
    // A megabyte without an end is no text.
    for _ in 0..<16384 {
      let count = 64 - Int(address & 63)
      guard let piece = hart.bytes(at: address, count: count) else { return }
      if let end = piece.firstIndex(of: 0) {
        if end > 0 { host.print(Array(piece[..<end])) }
        return
      }
      host.print(piece)
      address &+= UInt64(count)
    }
  }

  private func readCharacter(_ hart: Hart) -> SemihostAnswer {
    // First the hart is noted, then asked for input: what comes in between rings its bell.
    waiting.withLock { ports in
      if !ports.contains(where: { $0 === hart.port }) { ports.append(hart.port) }
    }
    switch host.readByte(for: hart) {
    case .byte(let byte): return .result(UInt64(byte))
    case .notYet: return .awaitInput
    case .none: return .result(.max)
    }
  }

  private func giveCommandLine(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let buffer = try arguments[0]
    guard UInt64(commandLine.count) < (try arguments[1]) else { throw SemihostingFailure(E2BIG) }
    try arguments.store(commandLine + [0], at: buffer)
    try arguments.set(1, to: UInt64(commandLine.count))
    return 0
  }

  private func giveHeap(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64 {
    let block = try arguments[0]
    // Zero: the program is to find out itself (§6.3).
    let memory =
      host.memory(for: arguments.hart) ?? SemihostingMemory(heap: 0..<0, stackBase: 0, stackLimit: 0)
    let words = [memory.heap.lowerBound, memory.heap.upperBound, memory.stackBase, memory.stackLimit]
    try arguments.store(words.flatMap(arguments.bytes), at: block)
    return 0
  }

  /// "Application exit" is success, or the code beside it; every other reason is failure.
  private func exit(
    _ call: SemihostingCall, _ arguments: Arguments, _ parameter: UInt64
  ) throws(SemihostingFailure) -> SemihostAnswer {
    let applicationExit: UInt64 = 0x20026
    let (reason, code): (UInt64, UInt64)
    if call == .exit, arguments.width == 4 {
      // 32-bit programs have no block here.
      (reason, code) = (parameter, 0)
    } else {
      (reason, code) = (try arguments[0], try arguments[1])
    }
    host.end(arguments.hart, exitCode: reason == applicationExit ? Int32(truncatingIfNeeded: code) : 1)
    return .ended
  }
}

/// Why a call did not work.
struct SemihostingFailure: Error {
  /// What `SYS_ERRNO` gives from now on; nil: as before.
  var number: Int32?
  var result: UInt64

  init(_ number: Int32?, result: UInt64 = .max) {
    self.number = number
    self.result = result
  }

  /// The host's last error.
  static var ofHost: SemihostingFailure { SemihostingFailure(errno) }
}

/// The block of words that a call's parameter points at, a register wide each.
struct Arguments {
  let hart: Hart
  private let base: UInt64
  /// Bytes of a word.
  let width: Int

  init(_ hart: Hart, at base: UInt64) {
    self.hart = hart
    self.base = base
    width = hart.features.xlen / 8
  }

  /// The word at `index`, zero-extended.
  subscript(index: Int) -> UInt64 {
    get throws(SemihostingFailure) {
      guard let bytes = hart.bytes(at: base &+ UInt64(index * width), count: width) else {
        throw SemihostingFailure(EFAULT)
      }
      return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  func isNegative(_ index: Int) throws(SemihostingFailure) -> Bool {
    try self[index] >> UInt64(8 * width - 1) != 0
  }

  func set(_ index: Int, to value: UInt64) throws(SemihostingFailure) {
    try store(bytes(value), at: base &+ UInt64(index * width))
  }

  func store(_ bytes: [UInt8], at address: UInt64) throws(SemihostingFailure) {
    guard hart.store(bytes, at: address) else { throw SemihostingFailure(EFAULT) }
  }

  func bytes(_ value: UInt64) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  /// The text at the address in word `index`, whose length another word tells, the next one by default, and which a
  /// zero ends.
  func text(_ index: Int, length place: Int? = nil) throws(SemihostingFailure) -> String {
    let length = try self[place ?? index + 1]
    guard length <= UInt64(PATH_MAX) else { throw SemihostingFailure(ENAMETOOLONG) }
    guard let bytes = hart.bytes(at: try self[index], count: Int(length) + 1) else {
      throw SemihostingFailure(EFAULT)
    }
    guard bytes.last == 0 else { throw SemihostingFailure(EINVAL) }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
