// Unsafe pointers: host addresses come from `place`, which has checked them, and stay inside their pages.

/// Serves the calls that a program makes to whoever debugs it: RISC-V Semihosting 1.0, whose calls are those of
/// Arm's "Semihosting for AArch32 and AArch64", version 2.
package protocol Semihost: AnyObject, Sendable {
  /// Calls from user mode are served, too; where not, they are breakpoints.
  var servesUserMode: Bool { get }
  /// Serves the call whose number is in a0 and whose parameter is in a1. On the hart's thread, without locks.
  func serve(_ hart: Hart) -> SemihostAnswer
  /// There is input for harts that wait for it.
  var hasInput: Bool { get }
}

/// What becomes of a hart that has made a call.
package enum SemihostAnswer: Sendable {
  /// It goes on behind the call, with this in a0.
  case result(UInt64)
  /// It makes the same call again once there is input.
  case awaitInput
  /// It does not go on: the machine ends.
  case ended
  /// It stops until its debugger has answered (`Hart.answer`).
  case asks(DebuggerRequest)
}

/// What a call has the debugger do ("Debugging with GDB", File-I/O Remote Protocol Extension).
package struct DebuggerRequest: Sendable {
  /// In the protocol's words, without the F: "close,3".
  package var text: String
  /// The call's result. The hart rests.
  package var complete: @Sendable (Hart, DebuggerReply) -> UInt64

  package init(_ text: String, complete: @escaping @Sendable (Hart, DebuggerReply) -> UInt64) {
    self.text = text
    self.complete = complete
  }
}

/// What came of it: -1 where it failed, and why by Linux's numbers.
package struct DebuggerReply: Sendable, Equatable {
  package var result: Int64
  package var error: Int32

  package init(result: Int64, error: Int32 = 0) {
    self.result = result
    self.error = error
  }
}

extension Hart {
  private enum SemihostingSequence {
    static let before: UInt32 = 0x01f0_1013
    static let ebreak: UInt32 = 0x0010_0073
    static let after: UInt32 = 0x4070_5013
  }

  /// The `ebreak` at the pc is a semihosting call: between `slli x0,x0,0x1f` and `srai x0,x0,7`, none of them
  /// compressed, the outer two beginning in one page.
  package var isAtSemihostingCall: Bool {
    let pc = state.pointee.pc
    let (before, after) = (pc &- 4, pc &+ 4)
    return before >> 12 == after >> 12 && instructionBits(at: before) == SemihostingSequence.before
      && instructionBits(at: pc) == SemihostingSequence.ebreak
      && instructionBits(at: after) == SemihostingSequence.after
  }

  /// The call at the pc is done: the hart goes on behind it.
  package func finishSemihosting(_ result: UInt64) {
    self[x: 10] = result
    passSemihosting()
  }

  private func passSemihosting() { state.pointee.pc = (state.pointee.pc &+ 4) & widthMask }

  /// The call at the pc waits for the hart's debugger, which is to be told of the event.
  package func stop(for request: DebuggerRequest) -> DebugEvent {
    debuggerRequest = request
    let event = DebugEvent.request(request.text)
    reported = event
    return event
  }

  /// The debugger's answer to the request that the hart stopped for; nothing where it has forgotten the request.
  /// Only while it rests.
  package func answer(_ reply: DebuggerReply) {
    guard let request = debuggerRequest else { return }
    debuggerRequest = nil
    reported = nil
    finishSemihosting(request.complete(self, reply))
  }

  /// Serves the `ebreak` at the pc where it is a semihosting call; false where it is a breakpoint.
  @inline(never)
  func serveSemihosting(_ semihost: any Semihost) throws(Exit) -> Bool {
    guard state.pointee.privilege != .user || semihost.servesUserMode, isAtSemihostingCall else {
      return false
    }
    awaitsInput = false
    switch semihost.serve(self) {
    case .result(let value):
      finishSemihosting(value)
      return true
    case .asks(let request):
      _ = stop(for: request)
      throw .debug
    case .awaitInput:
      awaitsInput = true
      throw .wait
    case .ended:
      // The end has raised `attention`; the call is not made again, whatever happens before it is seen.
      passSemihosting()
      throw .wait
    }
  }

  /// `count` bytes as the hart's loads see them, from the present mode, nil where one would fault or is a device's.
  /// On the hart's thread.
  package func bytes(at address: UInt64, count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(count, 1 << 16))
    let isRead = withPieces(.load, address, count) { host, size, _ in
      bytes.append(contentsOf: UnsafeRawBufferPointer(start: host, count: size))
    }
    return isRead ? bytes : nil
  }

  /// Stores `bytes` as the hart's stores would. False where one would fault, or is not to RAM; those before may have
  /// been stored then.
  package func store(_ bytes: [UInt8], at address: UInt64) -> Bool {
    var done = 0
    return withPieces(.store, address, bytes.count) { host, size, physical in
      bytes.withUnsafeBytes {
        guard let source = $0.baseAddress else { return }
        host.copyMemory(from: source + done, byteCount: size)
      }
      done += size
      code.invalidate(physical, count: size)
    }
  }

  /// Bytes up to a zero, nil where there is none among the first `limit` that can be read.
  package func text(at address: UInt64, limit: Int) -> [UInt8]? {
    var text: [UInt8] = []
    var next = address
    while text.count < limit {
      let count = min(64 - Int(next & 63), limit - text.count)
      guard let piece = bytes(at: next, count: count) else { return nil }
      if let end = piece.firstIndex(of: 0) { return text + piece[..<end] }
      text += piece
      next &+= UInt64(count)
    }
    return nil
  }

  /// Calls `body` for each page's part of `count` bytes, in order.
  private func withPieces(
    _ access: Access, _ address: UInt64, _ count: Int, _ body: (UnsafeMutableRawPointer, Int, UInt64) -> Void
  ) -> Bool {
    let saved = (state.pointee.trapCause, state.pointee.trapValue)
    defer { (state.pointee.trapCause, state.pointee.trapValue) = saved }
    var address = address & widthMask
    var left = count
    while left > 0 {
      let size = min(left, 4096 - Int(address & 0xfff))
      guard let place = try? place(access, address, size), let host = place.host,
        access == .load || place.isWritable
      else { return false }
      body(host, size, place.physical)
      address = (address &+ UInt64(size)) & widthMask
      left -= size
    }
    return true
  }
}
