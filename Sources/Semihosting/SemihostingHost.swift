/// The world outside of the guest, as semihosting calls reach it. Called by hart threads, several at once.
package protocol SemihostingHost: AnyObject, Sendable {
  /// Prints on the console of `SYS_WRITEC`, `SYS_WRITE0`.
  func print(_ bytes: [UInt8])
  /// The next byte that was typed there.
  func readByte() -> SemihostingInput
  /// True where `readByte` would give something at once.
  var hasInput: Bool { get }
  /// Since the machine's start.
  var nanoseconds: UInt64 { get }
  /// Since 1970.
  var secondsOfDay: UInt64 { get }
  /// Memory that no image was loaded to, for heap and stack; nil where that is not known.
  var freeMemory: Range<UInt64>? { get }
  /// Ends the machine; harts find out by their ports.
  func end(exitCode: Int32)
  /// A sentence for the user.
  func report(_ sentence: String)
}

package enum SemihostingInput: Sendable, Equatable {
  case byte(UInt8)
  /// The hart is to wait; its bell rings when there is some.
  case notYet
  /// There never will be any.
  case none
}
