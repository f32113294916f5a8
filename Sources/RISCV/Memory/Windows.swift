/// What translated code has lately proved about memory, a level before the lookaside. Each base register that a
/// region of code accesses memory through has a window: the page that it was in last, with one comparison
/// for all accesses near it; or many pages, where it wanders among such as lie together on the host. Windows are
/// shut whenever a lookaside entry that they came from may be void, and whenever the hart looks differently.
package struct Windows {
  package static let count = 128
  /// A window is for accesses that lie within so many bytes from the address that is compared; the narrow limit
  /// for those within fewer.
  package static let reach = 64
  package static let narrowReach = 8

  /// So many instructions behind the last opening the next one is hasty. A window that is hasty so often in a row,
  /// and will not be widened again, does not help.
  package static let hastyDistance = 128
  package static let tooHasty = 16
  /// Moves to other pages after which a window is widened; doubled each time, up to so many times until it is shut.
  package static let mostMoves = 16
  private static let mostWidenings = 6

  /// Not 0: one may be open.
  var isUsed: UInt64 = 0
  /// How often they were shut.
  var closures: UInt64 = 0
  // An address is served where it lies less than its window's limit behind the start: all of the access is in
  // the page then. 0 shuts a window.
  var limits: InlineArray<128, UInt64> = .init(repeating: 0)
  var narrowLimits: InlineArray<128, UInt64> = .init(repeating: 0)
  /// Virtual addresses of the pages' first bytes.
  var starts: InlineArray<128, UInt64> = .init(repeating: 0)
  /// Host address minus virtual address.
  var deltas: InlineArray<128, UInt64> = .init(repeating: 0)
  /// The deltas that code without windows keeps within a region.
  var passingDeltas: InlineArray<128, UInt64> = .init(repeating: 0)
  /// What was left of the budget when each was opened last, how often in a row that was soon after the time
  /// before, and how often another page was opened; or less, where widening is to wait.
  var openings: InlineArray<128, UInt64> = .init(repeating: 0)
  var haste: InlineArray<128, Int> = .init(repeating: 0)
  var moves: InlineArray<128, Int> = .init(repeating: 0)

  /// Pages with slots, by virtual page number: the physical address of the first byte, and the slots.
  package static let codeCount = 16
  private static let noPage: UInt64 = .max
  var codePages: InlineArray<16, UInt64> = .init(repeating: Self.noPage)
  var codeSlots: InlineArray<16, UInt64> = .init(repeating: 0)

  /// How often each was widened.
  private var widenings: InlineArray<128, UInt8> = .init(repeating: 0)

  mutating func shut() {
    guard isUsed != 0 else { return }
    isUsed = 0
    closures &+= 1
    limits = .init(repeating: 0)
    narrowLimits = .init(repeating: 0)
    codePages = .init(repeating: Self.noPage)
    widenings = .init(repeating: 0)
  }

  /// Lets a window show all `bytes` from `start`, which lie `delta` behind that on the host. False where that was
  /// tried too often, and code that goes through memory at random had better do without a window.
  mutating func widen(_ window: Int, from start: UInt64, bytes: UInt64, delta: UInt64) -> Bool {
    if widenings[window] == Self.mostWidenings && haste[window] > Self.tooHasty {
      haste[window] = 0
      moves[window] = 0
      return false
    }
    if widenings[window] < Self.mostWidenings { widenings[window] += 1 }
    moves[window] = Self.mostMoves - Self.mostMoves << Int(widenings[window])
    starts[window] = start
    deltas[window] = delta
    isUsed = 1
    limits[window] = bytes - UInt64(Self.reach - 1)
    narrowLimits[window] = bytes - UInt64(Self.narrowReach - 1)
    return true
  }

  mutating func enterCode(_ virtual: UInt64, physical: UInt64, _ slots: UnsafeMutablePointer<Operation>) {
    let index = Int(truncatingIfNeeded: virtual >> 12) % Self.codeCount
    codePages[index] = physical
    codeSlots[index] = UInt64(UInt(bitPattern: slots))
    isUsed = 1
  }
}
