import RISCV

/// The world outside of the guest, as semihosting calls reach it. Called by hart threads, several at once.
package protocol SemihostingHost: AnyObject, Sendable {
  /// Prints on the console of `SYS_WRITEC`, `SYS_WRITE0`.
  func print(_ bytes: [UInt8])
  /// The next byte that was typed there, for `hart`.
  func readByte(for hart: Hart) -> SemihostingInput
  /// True where `readByte` would give something at once.
  var hasInput: Bool { get }
  /// Since the machine's start.
  var nanoseconds: UInt64 { get }
  /// Since 1970.
  var secondsOfDay: UInt64 { get }
  /// What a program may use; nil where that is not known.
  func memory(for hart: Hart) -> SemihostingMemory?
  /// Ends the machine, harts find out by their ports; or the program that `hart` runs, at once.
  func end(_ hart: Hart, exitCode: Int32)
  /// Who opens files, and has the console unless that is somewhere else.
  func fileServer(for hart: Hart) -> FileServer
  var debuggerHasConsole: Bool { get }
  /// Runs `body`, which may take long and touches nothing of the guest's; its result.
  func wait(_ hart: Hart, _ body: () -> Int) -> Int
  /// A sentence for the user.
  func report(_ sentence: String)
}

extension SemihostingHost {
  package func wait(_ hart: Hart, _ body: () -> Int) -> Int { body() }
}

package enum FileServer: Sendable {
  case host
  /// The debugger that is connected.
  case debugger
  /// A debugger, but none is there.
  case nobody
}

/// `SYS_HEAPINFO`'s answer; zero where something is not known.
package struct SemihostingMemory: Sendable {
  package var heap: Range<UInt64>
  /// Where the stack begins, and where it must end.
  package var stackBase: UInt64
  package var stackLimit: UInt64

  package init(heap: Range<UInt64>, stackBase: UInt64, stackLimit: UInt64) {
    self.heap = heap
    self.stackBase = stackBase
    self.stackLimit = stackLimit
  }
}

package enum SemihostingInput: Sendable, Equatable {
  case byte(UInt8)
  /// The hart is to wait; its bell rings when there is some.
  case notYet
  /// There never will be any.
  case none
}
