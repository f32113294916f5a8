/// Harts that run a program and no operating system: user mode for good, and whatever traps leaves the hart.
extension Hart {
  package enum UserExit: Sendable, Equatable {
    case budgetSpent
    /// The instruction at the pc raised an exception and did not retire (RISC-V Privileged 1.13, table 14).
    case trap(cause: UInt64, value: UInt64)
    /// As `Outcome.codeFull`.
    case codeFull
    case debug(DebugEvent)
  }

  /// Exceptions that leave a program, by their numbers.
  package enum UserCause {
    package static let instructionMisaligned = Cause.instructionMisaligned
    package static let instructionAccess = Cause.instructionAccess
    package static let illegalInstruction = Cause.illegalInstruction
    package static let breakpoint = Cause.breakpoint
    package static let loadMisaligned = Cause.loadMisaligned
    package static let loadAccess = Cause.loadAccess
    package static let storeMisaligned = Cause.storeMisaligned
    package static let storeAccess = Cause.storeAccess
    package static let systemCall = Cause.callFromUser
    package static let instructionPage = Cause.instructionPage
    package static let loadPage = Cause.loadPage
    package static let storePage = Cause.storePage
  }

  /// Puts the hart into user mode as Linux starts a program: registers zero, counters and cache-block
  /// instructions allowed. `pages` says what it may access.
  package func enterUserMode(pages: any UserPages) {
    reset()
    runsAreExact = false
    userPages = pages
    state.pointee.privilege = .user
    state.pointee.mcounteren = 7
    state.pointee.scounteren = 7
    let blocks = Environment.cbcfe | Environment.cbze | 1 << 4
    state.pointee.menvcfg |= blocks
    state.pointee.senvcfg |= blocks
    if features.extensions.contains(.f) { state.pointee.fs = 3 }
    updateViews()
  }

  /// Where translated code accesses memory at once: the host address of address zero. Nil where it must ask, as it
  /// must while there are watchpoints, whose pages the lookaside never has.
  package var directBase: Int? { watchpoints.isEmpty ? userPages?.hostBase : nil }

  /// x0 to x31, to be read and, but for x0, written.
  package var registers: UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(state).assumingMemoryBound(to: UInt64.self)
  }

  /// Floating-point control and flags, as the `fcsr` CSR has them.
  package var floatingPointControl: UInt64 {
    get { state.pointee.frm << 5 | state.pointee.fflags }
    set {
      state.pointee.frm = newValue >> 5 & 7
      state.pointee.fflags = newValue & 0x1f
    }
  }

  /// Takes registers and pc of `other`, which rests.
  package func copyUserState(of other: Hart) {
    for i in 0..<32 {
      self[x: i] = other[x: i]
      self[f: i] = other[f: i]
    }
    floatingPointControl = other.floatingPointControl
    state.pointee.pc = other.state.pointee.pc
  }

  /// Whatever was reserved is not any more.
  package func loseReservation() { state.pointee.reservation = .max }

  /// Runs up to `budget` instructions.
  package func runUser(_ budget: Int) -> UserExit {
    state.pointee.slice = budget
    state.pointee.budget = budget
    // Nobody waits for stores in flight (`Turns`): `fence.i` validates whatever a program may store to.
    defer {
      state.pointee.retired &+= UInt64(state.pointee.slice - state.pointee.budget)
      state.pointee.slice = 0
      state.pointee.budget = 0
    }
    while state.pointee.budget > 0 {
      switch proceed(UInt64.self) {
      case nil, .resynchronize, .device: break
      case .trap: return .trap(cause: state.pointee.trapCause, value: state.pointee.trapValue)
      // There are no interrupts to wait for.
      case .wait: return .budgetSpent
      case .codeFull: return .codeFull
      case .debug: return .debug(reported ?? .step)
      }
    }
    return .budgetSpent
  }

  /// Runs one instruction, or meets its trap. On the thread that runs the hart.
  package func stepUser() -> UserExit {
    let engine = self.engine
    self.engine = nil
    defer { self.engine = engine }
    reported = .breakpoint(state.pointee.pc)
    return runUser(1)
  }

  /// `UserPages` says something else from now on. Only while the hart rests, or from its own thread.
  package func forgetPages() { lookaside.flush() }

  /// As `forgetPages`, for `count` pages from `address`.
  package func forgetPages(at address: UInt64, count: Int) {
    // Finding the others again would cost more.
    if count > 1024 { return lookaside.flush() }
    for i in 0..<count { lookaside.flush(page: address &+ UInt64(i) << 12) }
  }

  /// The hart will not run any more, unless it is revived.
  package func retire() { code.remove(lookaside) }

  /// A hart that was retired runs again, with the translations that it had, from `enterUserMode` on.
  package func revive() { code.add(lookaside) }
}
