/// A page of guest-physical memory that the host can reach by pointer.
package struct HostPage {
  /// Host address of the page's first byte.
  package let base: UnsafeMutableRawPointer
  /// False for ROM: stores there are ignored by the bus, not by the hart.
  package let isWritable: Bool
  /// The page may be taken back (`CodePages.takeBack`): whoever enters it somewhere asks again afterwards.
  package let isLent: Bool

  @inlinable
  package init(base: UnsafeMutableRawPointer, isWritable: Bool, isLent: Bool = false) {
    self.base = base
    self.isWritable = isWritable
    self.isLent = isLent
  }
}

/// What a hart knows of the world outside: pages of RAM that it reaches by pointer, and everything
/// else, which it reads and writes through the bus.
package protocol PhysicalMemory: AnyObject, Sendable {
  /// The RAM or ROM page that holds `address`, nil where a device, or nothing, answers.
  func hostPage(at address: UInt64) -> HostPage?
  /// Reads `width` (1, 2, 4, 8) bytes from a device, zero-extended; nil is an access fault.
  func readDevice(_ address: UInt64, width: Int) -> UInt64?
  /// Writes `width` bytes to a device (or to ROM, which ignores them); false is an access fault.
  func writeDevice(_ address: UInt64, width: Int, _ value: UInt64) -> Bool
  /// The predecoded instructions of every page that has run.
  var code: CodePages { get }
}

/// Where the `time` CSR comes from: `mtime` in ticks of the board's timebase.
package protocol TimeSource: AnyObject, Sendable {
  var ticks: UInt64 { get }
  /// Time goes by with the instructions that retire.
  var countsInstructions: Bool { get }
  /// A clock of Linux's by its number (`HartState.Control.clock`), in ns since its beginning; nil where there are none.
  func clock(_ number: Int) -> UInt64?
}

extension TimeSource {
  package var countsInstructions: Bool { false }
  package func clock(_ number: Int) -> UInt64? { nil }
}
