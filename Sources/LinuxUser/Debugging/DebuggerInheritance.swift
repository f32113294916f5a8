/// A debugger's connection, as a program hands it to the one that it executes: in an option that the emulator gives to
/// itself.
package struct DebuggerInheritance: Sendable, Equatable {
  /// The connection.
  package var descriptor: Int32
  /// `GDBSession.manners`, `ProcessEvents`.
  var manners: Int
  var events: Int
  /// A parent that waits in vfork(2), which GDB takes for one of its processes until it leaves it; 0 for none.
  var parent: Int32
  /// Signals that are not shown.
  var passed: [Int32]
  /// System calls that are; nil: all.
  var caught: [UInt64]?

  static let option = "inherited-gdb"

  package var text: String {
    let passed = passed.map(String.init).joined(separator: ",")
    let caught = caught?.map(String.init).joined(separator: ",") ?? "all"
    return "\(descriptor):\(manners):\(events):\(parent):\(passed):\(caught)"
  }

  init(
    descriptor: Int32, manners: Int, events: Int, parent: Int32, passed: [Int32], caught: [UInt64]?
  ) {
    self.descriptor = descriptor
    self.manners = manners
    self.events = events
    self.parent = parent
    self.passed = passed
    self.caught = caught
  }

  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 6, let descriptor = Int32(parts[0]), descriptor > 2, let manners = Int(parts[1]),
      let events = Int(parts[2]), let parent = Int32(parts[3])
    else { return nil }
    self.init(
      descriptor: descriptor, manners: manners, events: events, parent: parent,
      passed: parts[4].split(separator: ",").compactMap { Int32($0) },
      caught: parts[5] == "all" ? nil : parts[5].split(separator: ",").compactMap { UInt64($0) })
  }
}
