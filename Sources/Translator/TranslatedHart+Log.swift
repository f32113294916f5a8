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
    translator.layout = shows ? RegionLayout() : nil
    listsRegions = shows || perfMap != nil
    logged = items
  }

  /// Shows and names the region at `pc` that was just translated, whose code begins at `start`.
  func list(_ pc: UInt64, _ start: UInt) {
    if let perfMap {
      let name = hart.log.place(of: pc).map {
        $0.offset == 0 ? $0.name : "\($0.name)+0x\(hexadecimal($0.offset))"
      }
      perfMap.add(start, Int(translator.end - start), name ?? "guest-0x\(hexadecimal(pc))")
    }
    guard let layout = translator.layout, hart.log.filter.contains(pc) else { return }
    let listing = RegionListing(
      hart: hart, layout: layout, code: translator.code(layout.start..<layout.exits.upperBound),
      address: start)
    hart.log.write(listing.text(logged))
  }
}
