// Unsafe pointers: the code of the region that was just translated, in the code memory.
import Logging
import RISCV

/// What a translated hart shows of its regions. Looked at when a slice begins, so that running code asks nothing.
extension TranslatedHart {
  /// Adopts what the log wants now.
  func followLog(_ items: LogItems) {
    let mayLink = !items.contains(.unlinked)
    if mayLink != translator.linksRegions {
      translator.linksRegions = mayLink
      forget()
    }
    tracesEntries = !items.isDisjoint(with: [.execution, .registers])
    let shows = !items.isDisjoint(with: [.guestCode, .operations, .hostCode])
    translator.trail = shows ? RegionTrail() : nil
    listsRegions = shows || perfMap != nil
    logged = items
  }

  /// Shows and names the region at `pc` that was just translated, whose code begins at `start`.
  func list(_ pc: UInt64, _ start: UInt) {
    let size = Int(translator.end - start)
    if let perfMap {
      let name = hart.log.place(of: pc).map {
        $0.offset == 0 ? $0.name : "\($0.name)+0x\(hexadecimal($0.offset))"
      }
      perfMap.add(start, size, name ?? "guest-0x\(hexadecimal(pc))")
    }
    guard let trail = translator.trail, hart.log.filter.contains(pc) else { return }
    let memory = translator.memory
    let written = memory.writable + Int(start - UInt(bitPattern: memory.executable))
    let listing = RegionListing(
      hart: hart, trail: trail, code: UnsafeRawBufferPointer(start: written, count: size), address: start)
    hart.log.write(listing.text(logged))
  }
}
