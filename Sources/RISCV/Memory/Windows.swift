/// What translated code has lately proved about memory, a level before the lookaside. Each base register that a
/// region of code accesses memory through has a window: the page that it was in last, with one comparison
/// for all accesses near it; many pages, where it wanders among such as lie together on the host. Windows are shut whenever a lookaside entry that they came from may be void, and
/// whenever the hart looks differently.
package struct Windows {
  package static let count = 128
  /// A window is for accesses that lie within so many bytes from the address that is compared; the narrow limit
  /// for those within fewer.
  package static let reach = 64
  package static let narrowReach = 8

  /// So many instructions behind the last opening the next one is hasty. After so many of these in a row a window
  /// is widened, ever later and so often at most until it is shut; then it does not help.
  package static let hastyDistance = 128
  package static let tooHasty = 16
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
  /// What was left of the budget when each was opened last, and how often in a row that was soon after the time
  /// before.
  var openings: InlineArray<128, UInt64> = .init(repeating: 0)
  var haste: InlineArray<128, Int> = .init(repeating: 0)

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

  /// Lets an open window show all `bytes` from `start`; false where it was opened too often all the same.
  mutating func widen(_ window: Int, from start: UInt64, bytes: UInt64) -> Bool {
    guard widenings[window] < Self.mostWidenings else { return false }
    widenings[window] += 1
    haste[window] = Self.tooHasty - Self.tooHasty << Int(widenings[window])
    starts[window] = start
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
