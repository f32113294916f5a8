import Glibc
import RISCV

/// Calls that the debugger serves, on the machine that it runs on: "Debugging with GDB", File-I/O Remote Protocol
/// Extension. It reads names and data from the guest's memory and writes to it by itself.
extension SemihostingServer {
  /// The protocol's flags, by the modes of `SYS_OPEN` as in `open`.
  private static let openFlags: [UInt64] = {
    let (writes, readsAndWrites, appends, creates, truncates): (UInt64, UInt64, UInt64, UInt64, UInt64) =
      (1, 2, 8, 0x200, 0x400)
    return [
      0, readsAndWrites, writes | creates | truncates, readsAndWrites | creates | truncates,
      writes | creates | appends, readsAndWrites | creates | appends,
    ]
  }()
  private static let permissions: UInt64 = 0o644
  private static let (standardInput, standardError): (UInt64, UInt64) = (0, 2)

  /// What of the call is the debugger's affair; nil where it is ours.
  func debuggerRequest(
    _ call: SemihostingCall, _ arguments: Arguments
  ) throws(SemihostingFailure) -> DebuggerRequest? {
    let hart = arguments.hart
    switch call {
    case .open: return try openRequest(arguments)
    case .close:
      guard case .debugger(let number, true)? = files[try arguments[0]] else { return nil }
      _ = files.remove(try arguments[0])
      return request("close", [number])
    case .write:
      guard let number = try debuggerFile(arguments) else { return nil }
      return transfer("write", number, at: try arguments[1], count: try arguments[2])
    case .read:
      guard let number = try debuggerFile(arguments) else { return nil }
      return transfer("read", number, at: try arguments[1], count: try arguments[2])
    case .isTerminal: return try debuggerFile(arguments).map { request("isatty", [$0]) }
    case .seek:
      guard let number = try debuggerFile(arguments) else { return nil }
      // From the beginning. The result is the new place, which the call does not tell.
      return request("lseek", [number, try arguments[1], 0]) { _, _ in 0 }
    case .length: return try debuggerFile(arguments).map { lengthRequest($0, hart) }
    case .remove:
      guard try isForDebugger(hart) else { return nil }
      return request("unlink", try name(arguments, 0))
    case .rename:
      guard try isForDebugger(hart) else { return nil }
      return request("rename", try name(arguments, 0), try name(arguments, 2))
    case .system:
      guard try isForDebugger(hart) else { return nil }
      return request("system", try name(arguments, 0))
    case .writeCharacter, .writeText, .readCharacter: return try consoleRequest(call, hart)
    default: return nil
    }
  }

  /// Fails where a debugger is wanted and none is there.
  private func isForDebugger(_ hart: Hart) throws(SemihostingFailure) -> Bool {
    switch host.fileServer(for: hart) {
    case .host: return false
    case .debugger: return true
    case .nobody:
      reportMissingDebugger()
      throw SemihostingFailure(EIO)
    }
  }

  /// The debugger's number of the file in word 0; nil where the file is not its.
  private func debuggerFile(_ arguments: Arguments) throws(SemihostingFailure) -> UInt64? {
    guard case .debugger(let number, _)? = files[try arguments[0]] else { return nil }
    guard case .debugger = host.fileServer(for: arguments.hart) else { throw SemihostingFailure(EIO) }
    return number
  }

  private func openRequest(_ arguments: Arguments) throws(SemihostingFailure) -> DebuggerRequest? {
    let mode = try arguments[1]
    let text = try arguments.text(0, length: 2)
    guard mode < 12, text != ":semihosting-features", text != ":tt", try isForDebugger(arguments.hart) else {
      return nil
    }
    let name = Name(address: try arguments[0], length: try arguments[2] &+ 1)
    let flags = Self.openFlags[Int(mode / 2)]
    return request("open", name, numbers: [flags, Self.permissions]) { server, number in
      let file = SemihostingFile.debugger(UInt64(truncatingIfNeeded: number), isOwned: true)
      return server.files.add(file) ?? server.note(SemihostingFailure(EMFILE))
    }
  }

  /// `write` and `read` give how many bytes were not transferred.
  private func transfer(_ name: String, _ number: UInt64, at address: UInt64, count: UInt64)
    -> DebuggerRequest
  {
    request(name, [number, address, count], failure: count) { _, done in
      count &- min(UInt64(truncatingIfNeeded: done), count)
    }
  }

  /// `struct stat` of the protocol comes to lie below the guest's stack pointer, where nothing lives.
  private func lengthRequest(_ number: UInt64, _ hart: Hart) -> DebuggerRequest {
    let (size, place): (UInt64, UInt64) = (64, 28)
    let address = (hart[x: 2] &- size) & ~7
    return DebuggerRequest(Self.text("fstat", [number, address])) { [self] hart, reply in
      guard reply.result >= 0 else { return note(SemihostingFailure(reply.error)) }
      guard let bytes = hart.bytes(at: address &+ place, count: 8) else {
        return note(SemihostingFailure(EFAULT))
      }
      return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  // MARK: The console

  private func consoleRequest(_ call: SemihostingCall, _ hart: Hart) throws(SemihostingFailure)
    -> DebuggerRequest?
  {
    guard host.debuggerHasConsole, try isForDebugger(hart) else { return nil }
    let parameter = hart[x: 11]
    switch call {
    case .writeCharacter:
      return request("write", [Self.standardError, parameter, 1], failure: Self.nothing) { _, _ in
        Self.nothing
      }
    case .writeText:
      guard let text = hart.text(at: parameter, limit: 1 << 20), !text.isEmpty else { return nil }
      return request("write", [Self.standardError, parameter, UInt64(text.count)], failure: Self.nothing) {
        _, _ in Self.nothing
      }
    default:
      // The byte comes to lie below the stack pointer.
      let address = hart[x: 2] &- 1
      return DebuggerRequest(Self.text("read", [Self.standardInput, address, 1])) { [self] hart, reply in
        guard reply.result >= 0 else { return note(SemihostingFailure(reply.error)) }
        guard reply.result > 0, let byte = hart.bytes(at: address, count: 1)?.first else { return .max }
        return UInt64(byte)
      }
    }
  }

  // MARK: Words of the protocol

  /// A text of the guest's: its length counts the zero behind it.
  private struct Name {
    var address: UInt64
    var length: UInt64
    var text: String { String(address, radix: 16) + "/" + String(length, radix: 16) }
  }

  private func name(_ arguments: Arguments, _ index: Int) throws(SemihostingFailure) -> Name {
    _ = try arguments.text(index)
    return Name(address: try arguments[index], length: try arguments[index + 1] &+ 1)
  }

  private static func text(_ name: String, _ numbers: [UInt64]) -> String {
    ([name] + numbers.map { String($0, radix: 16) }).joined(separator: ",")
  }

  private func request(
    _ name: String, _ names: Name..., numbers: [UInt64] = [],
    then result: (@Sendable (SemihostingServer, Int64) -> UInt64)? = nil
  ) -> DebuggerRequest {
    request(
      text: ([name] + names.map(\.text) + numbers.map { String($0, radix: 16) }).joined(separator: ","),
      failure: .max, result)
  }

  private func request(
    _ name: String, _ numbers: [UInt64], failure: UInt64 = .max,
    then result: (@Sendable (SemihostingServer, Int64) -> UInt64)? = nil
  ) -> DebuggerRequest {
    request(text: Self.text(name, numbers), failure: failure, result)
  }

  /// `failure` is the call's result where the debugger could not; `result` makes it of what the debugger gives, which
  /// is its result otherwise.
  private func request(
    text: String, failure: UInt64, _ result: (@Sendable (SemihostingServer, Int64) -> UInt64)?
  ) -> DebuggerRequest {
    DebuggerRequest(text) { [self] _, reply in
      guard reply.result >= 0 else { return note(SemihostingFailure(reply.error, result: failure)) }
      return result.map { $0(self, reply.result) } ?? UInt64(reply.result)
    }
  }
}
