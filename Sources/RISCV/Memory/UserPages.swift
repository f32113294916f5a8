/// Says what a program may do with its pages where no page tables in guest memory do: an operating system around
/// the harts instead of within them. Physical addresses are the program's own then.
///
/// Asked where the lookaside has no entry; what it says holds until `Hart.forgetPages`.
package protocol UserPages: AnyObject, Sendable {
  /// What may be done at `address`, which some access wants; the same for its whole page.
  func permissions(at address: UInt64) -> PagePermissions
  /// Pages around the one at `address`, itself among them, of which the same holds, and which lie together on the host.
  func neighbours(of address: UInt64) -> Range<UInt64>
  /// The host address of the program's address zero. The host's own protections there are what `permissions` says:
  /// translated code accesses memory without asking, and who runs it tells the engine where that faults. Stores to
  /// decoded instructions go unnoticed (see `CodePages.setUnnoticedStores`).
  var hostBase: Int { get }
}

package struct PagePermissions: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  /// The library's own is generic, and looked for at run time.
  package init(arrayLiteral elements: PagePermissions...) {
    self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue })
  }

  package static let read = PagePermissions(rawValue: 1)
  package static let write = PagePermissions(rawValue: 2)
  package static let execute = PagePermissions(rawValue: 4)
  /// Mapped, but nothing stands behind the page: an access fault and no page fault (Linux: SIGBUS, not SIGSEGV).
  package static let absent = PagePermissions(rawValue: 8)
}

extension Hart {
  /// Enters the pages around `virtual`, whose entry was just made, for loads and stores: nothing but what the operating
  /// system says has to be looked up for these, and windows become as wide as what has entries.
  func fillNeighbours(_ virtual: UInt64, _ pages: any UserPages, readable: Bool, writable: Bool) {
    let range = pages.neighbours(of: virtual)
    let page = virtual & ~0xfff
    let delta = block.entry(of: page).pointee.delta
    for other in stride(from: range.lowerBound, to: range.upperBound, by: 4096) {
      let entry = block.entry(of: other)
      guard entry.pointee.readTag == LookasideEntry.none, entry.pointee.writeTag == LookasideEntry.none,
        let host = UnsafeMutableRawPointer(bitPattern: UInt(other &+ delta))
      else { continue }
      let filled = lookaside.fill(
        dataView, virtual: other, physical: other, host: host, readable: readable, writable: writable)
      if readable && writable { lookaside.allowStores(filled, virtual: other, code) }
    }
  }

  /// Translates by `pages`. Never for machine mode, which such a hart does not enter.
  func translate(_ virtual: UInt64, _ access: Access, by pages: any UserPages) throws(Exit) -> Translation {
    let permissions = pages.permissions(at: virtual)
    let wanted: PagePermissions =
      switch access {
      case .fetch: .execute
      case .load: .read
      case .store: .write
      }
    guard permissions.contains(wanted) else { throw pageFault(access, virtual) }
    guard !permissions.contains(.absent) else { throw accessFault(access, virtual) }
    return Translation(
      physical: virtual, size: 4096, readable: permissions.contains(.read),
      writable: permissions.contains(.write))
  }
}
