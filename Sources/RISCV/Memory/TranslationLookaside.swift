// Unsafe pointers: one block of entries, mapped for the hart's life; indices are masked.
import Glibc
import Logging
import Synchronization

/// A lookaside entry: translation and permission of one 4 KiB page in one view, 32 bytes.
package struct LookasideEntry {
  /// The address of the page's last byte where loads may go through `delta`; `none` otherwise.
  package var readTag: UInt64
  /// As for loads; without `noCode`, so that no access equals it, where stores are allowed but must be noticed.
  package var writeTag: UInt64
  /// Host address minus virtual address, modulo 2^64.
  package var delta: UInt64
  /// The page's physical address.
  package var physical: UInt64

  /// What memory that was never written holds: no tag, whose low bits are set.
  @usableFromInline package static let none: UInt64 = 0
  /// The bit of `writeTag` that is missing where the page has code.
  package static let noCode: UInt64 = 0x800
  fileprivate static let writeOffset = 8

  /// All `count` bytes from `virtual` are in the page, and quick loads, or stores, may go there.
  @inline(__always) func serves(_ virtual: UInt64, _ count: Int, forStores: Bool) -> Bool {
    (forStores ? writeTag : readTag) == (virtual &+ UInt64(count - 1)) | 0xfff
  }

  /// The host address of `width` bytes at `virtual`, for an access that the entry allows though the page may
  /// have code. What was translated once holds until it is flushed, for each engine and whatever the page holds.
  @inline(__always)
  func host(_ access: PhysicalMemoryProtection.Access, _ virtual: UInt64, _ width: Int)
    -> UnsafeMutableRawPointer?
  {
    let tag = (virtual &+ UInt64(width - 1)) | 0xfff
    let isAllowed =
      switch access {
      case .load: readTag == tag
      case .store: writeTag | Self.noCode == tag
      case .fetch: false
      }
    return isAllowed ? UnsafeMutableRawPointer(bitPattern: UInt(virtual &+ delta)) : nil
  }
}

/// Who looks: a view has one effective privilege and one set of SUM and MXR.
package enum View: Int, Sendable {
  case user = 0
  case supervisor
  /// Supervisor with SUM: user pages too.
  case supervisorWithUser
  case machine
  /// Any other combination (MPRV, MXR), flushed whenever it is entered with different attributes.
  case other
}

/// One hart's cache of translations: per view a table with an entry for each page of 512 GiB, so that pages
/// do not compete for entries, and one table for fetches. The tables are address space; memory is only where
/// entries were made.
///
/// Entries never cover pages that PMP divides, devices, or (for writes) pages that hold code or want
/// their D bit set.
package final class TranslationLookaside: Sendable {
  package static let entryCount = 1 << 27
  package static let viewCount = 5
  package static let fetchCount = 1024

  /// An executable page: where it lies and its decoded slots.
  package struct FetchEntry {
    package var tag: UInt64
    package var slots: UnsafeMutablePointer<Operation>
  }
  /// The tag of an empty fetch entry: no page begins there. One that was never written is zero, which is no page
  /// either, but in the first place, where page zero would be.
  private static let noPage: UInt64 = .max

  nonisolated(unsafe) let entries: UnsafeMutablePointer<LookasideEntry>
  /// Fetch entries by view (only the first four fetch).
  nonisolated(unsafe) let fetches: UnsafeMutablePointer<FetchEntry>
  /// Beside each fetch entry the page that it was made for. Slots come and go; what was translated holds until it
  /// is flushed.
  private nonisolated(unsafe) let fetchPages: UnsafeMutablePointer<FetchPage>
  private struct FetchPage {
    var virtual: UInt64
    var physical: UInt64
  }
  /// Beside each fetch entry a translator's mark for the page that it leads to; 0 for none.
  nonisolated(unsafe) let marks: UnsafeMutablePointer<UInt32>

  /// Of the hart, for those who wait for what it may have in flight.
  let turns = Turns()

  /// In the hart's block; set once, by the hart.
  nonisolated(unsafe) var windows: UnsafeMutablePointer<Windows>?
  /// Some page of a window that may be for stores has gained code: the hart's engine shuts the windows before
  /// it runs on. By pointer, so that reading it counts no reference.
  package nonisolated(unsafe) let windowsAreVoid: UnsafeMutablePointer<Atomic<Bool>>

  /// Entries filled since the last flush, so that a flush costs what was used, and other harts find them.
  private nonisolated(unsafe) let journal: UnsafeMutablePointer<UInt32>
  private nonisolated(unsafe) var journalCount = 0
  private static let journalCapacity = 1 << 20
  private nonisolated(unsafe) let fetchJournal: UnsafeMutablePointer<UInt16>
  private nonisolated(unsafe) var fetchJournalCount = 0
  private static let fetchJournalCapacity = 512
  /// Fetch entries of pages that are stored to without anybody noticing, filled since the hart's last `fence.i`; more
  /// than there is room for: all may be.
  private nonisolated(unsafe) let unnoticedFetches: UnsafeMutablePointer<UInt16>
  private nonisolated(unsafe) var unnoticedCount = 0
  private static let unnoticedCapacity = 64

  /// Virtual addresses that entries made from large pages cover: `sfence.vma` for one address in there
  /// flushes everything.
  private nonisolated(unsafe) var largeLow: UInt64 = .max
  private nonisolated(unsafe) var largeHigh: UInt64 = 0

  private let log: Log
  private let hart: UInt64

  init(log: Log, hart: UInt64) {
    self.log = log
    self.hart = hart
    let count = Self.entryCount * Self.viewCount
    let fetchCount = Self.fetchCount * Self.viewCount
    entries = Self.map(count * MemoryLayout<LookasideEntry>.stride)
      .assumingMemoryBound(to: LookasideEntry.self)
    journal = Self.map(Self.journalCapacity * 4).assumingMemoryBound(to: UInt32.self)
    let fetchTables = Self.map(Self.fetchTableSize)
    fetches = fetchTables.assumingMemoryBound(to: FetchEntry.self)
    fetchPages = UnsafeMutableRawPointer(fetches + fetchCount).assumingMemoryBound(to: FetchPage.self)
    marks = UnsafeMutableRawPointer(fetchPages + fetchCount).assumingMemoryBound(to: UInt32.self)
    for view in 0..<Self.viewCount {
      fetches[view * Self.fetchCount].tag = Self.noPage
      fetchPages[view * Self.fetchCount].virtual = Self.noPage
    }
    fetchJournal = .allocate(capacity: Self.fetchJournalCapacity)
    unnoticedFetches = .allocate(capacity: Self.unnoticedCapacity)
    windowsAreVoid = .allocate(capacity: 1)
    windowsAreVoid.initialize(to: Atomic(false))
  }

  private static let fetchTableSize =
    viewCount * fetchCount
    * (MemoryLayout<FetchEntry>.stride + MemoryLayout<FetchPage>.stride + MemoryLayout<UInt32>.stride)

  /// Zeroed memory that exists where it is touched, page by page.
  private static func map(_ bytes: Int) -> UnsafeMutableRawPointer {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      fatalError("cannot reserve \(bytes >> 20) MiB of address space for a hart's lookaside (ulimit -v?)")
    }
    madvise(memory, bytes, MADV_NOHUGEPAGE)
    return memory
  }

  deinit {
    munmap(entries, Self.entryCount * Self.viewCount * MemoryLayout<LookasideEntry>.stride)
    munmap(journal, Self.journalCapacity * 4)
    munmap(fetches, Self.fetchTableSize)
    fetchJournal.deallocate()
    unnoticedFetches.deallocate()
    windowsAreVoid.deinitialize(count: 1)
    windowsAreVoid.deallocate()
  }

  func table(_ view: View) -> UnsafeMutablePointer<LookasideEntry> {
    entries + view.rawValue * Self.entryCount
  }

  func fetchTable(_ view: View) -> UnsafeMutablePointer<FetchEntry> {
    fetches + view.rawValue * Self.fetchCount
  }

  func markTable(_ view: View) -> UnsafeMutablePointer<UInt32> { marks + view.rawValue * Self.fetchCount }

  /// Enters a translation for loads, and, where `writable`, for stores that must be noticed (see `allowStores`).
  func fill(
    _ view: View, virtual: UInt64, physical: UInt64, host: UnsafeMutableRawPointer, readable: Bool,
    writable: Bool
  ) -> UnsafeMutablePointer<LookasideEntry> {
    let page = virtual & ~0xfff
    let index = view.rawValue * Self.entryCount + Int(truncatingIfNeeded: page >> 12) % Self.entryCount
    let entry = entries + index
    if entry.pointee.readTag == LookasideEntry.none && entry.pointee.writeTag == LookasideEntry.none {
      note(index)
    }
    let delta = UInt64(UInt(bitPattern: host)) &- page
    entry.pointee.writeTag = LookasideEntry.none
    entry.pointee.readTag = LookasideEntry.none
    entry.pointee.delta = delta
    entry.pointee.physical = physical & ~0xfff
    entry.pointee.readTag = readable ? page | 0xfff : LookasideEntry.none
    // Who may store may load, too: translated code then asks only once.
    entry.pointee.writeTag =
      writable && readable ? page | 0xfff & ~LookasideEntry.noCode : LookasideEntry.none
    return entry
  }

  /// Nobody need notice stores through an entry that allows them, unless the page has slots in `code`: then
  /// translated code may store where they are empty.
  func allowStores(_ entry: UnsafeMutablePointer<LookasideEntry>, virtual: UInt64, _ code: CodePages) {
    let physical = entry.pointee.physical
    if code.existingSlots(at: physical) == nil {
      entry.pointee.writeTag |= LookasideEntry.noCode
      // See CodePages.addSlots: whoever comes second sees the other.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
    }
    guard let slots = code.existingSlots(at: physical) else { return }
    entry.pointee.writeTag &= ~LookasideEntry.noCode
    windows?.pointee.enterCode(virtual, physical: physical, slots)
  }

  private static func fetchIndex(_ view: Int, _ virtual: UInt64) -> Int {
    view * fetchCount + Int(truncatingIfNeeded: virtual >> 12) % fetchCount
  }

  func fillFetch(
    _ view: View, virtual: UInt64, physical: UInt64, slots: UnsafeMutablePointer<Operation>
  ) {
    let page = virtual & ~0xfff
    let index = Self.fetchIndex(view.rawValue, virtual)
    if fetchJournalCount < Self.fetchJournalCapacity { fetchJournal[fetchJournalCount] = UInt16(index) }
    fetchJournalCount += 1
    fetchPages[index] = FetchPage(virtual: page, physical: physical & ~0xfff)
    fetches[index] = FetchEntry(tag: page, slots: slots)
    marks[index] = 0
  }

  /// The fetch entry of `virtual`, just filled, is for a page that is stored to without anybody noticing.
  func noteUnnoticedFetch(_ view: View, _ virtual: UInt64) {
    if unnoticedCount < Self.unnoticedCapacity {
      unnoticedFetches[unnoticedCount] = UInt16(Self.fetchIndex(view.rawValue, virtual))
    }
    unnoticedCount += 1
  }

  /// By the hart itself: no fetch may come any more from slots of which `isUnnoticed` says that stores to them are so.
  @inline(__always) func revokeUnnoticedFetches(_ isUnnoticed: (UnsafeMutablePointer<Operation>) -> Bool) {
    defer { unnoticedCount = 0 }
    if unnoticedCount > Self.unnoticedCapacity { return revokeFetches(isUnnoticed) }
    for i in 0..<unnoticedCount {
      let index = Int(unnoticedFetches[i])
      if isMade(index) && isUnnoticed(fetches[index].slots) { revokeFetch(index) }
    }
  }

  /// The physical address of `virtual`, whose page the fetch entry was made for.
  func fetchedAddress(_ view: View, _ virtual: UInt64) -> UInt64? {
    let page = fetchPages[Self.fetchIndex(view.rawValue, virtual)]
    return page.virtual == virtual & ~0xfff ? page.physical | virtual & 0xfff : nil
  }

  /// Remembers that entries for `bytes` at `virtual` come from one large page.
  func noteLargePage(_ virtual: UInt64, bytes: UInt64) {
    largeLow = min(largeLow, virtual & ~(bytes - 1))
    largeHigh = max(largeHigh, virtual | (bytes - 1))
  }

  /// Before the entry is made: whoever revokes it must find it.
  private func note(_ index: Int) {
    if journalCount == Self.journalCapacity { flushEntries() }
    journal[journalCount] = UInt32(truncatingIfNeeded: index)
    journalCount += 1
  }

  /// Forgets everything.
  package func flush() {
    if log.has(.pages) { logFlush(page: nil) }
    flushEntries()
    if fetchJournalCount > Self.fetchJournalCapacity {
      for i in 0..<Self.fetchCount * Self.viewCount { forgetFetch(i) }
    } else {
      for i in 0..<fetchJournalCount { forgetFetch(Int(fetchJournal[i])) }
    }
    fetchJournalCount = 0
  }

  @inline(never) private func logFlush(page: UInt64?) {
    guard let page else { return log.write("tlb_flush: hart \(hart)\n") }
    log.write("tlb_flush_page: hart \(hart), page 0x\(hexadecimal(page & ~0xfff, 16))\n")
  }

  /// What the entries hold, for people; while the hart rests.
  var contents: [CachedTranslation] {
    var pages: [CachedTranslation] = []
    for i in 0..<journalCount {
      let index = Int(journal[i])
      let entry = entries[index]
      guard entry.readTag != LookasideEntry.none || entry.writeTag != LookasideEntry.none else { continue }
      let tag = entry.readTag != LookasideEntry.none ? entry.readTag : entry.writeTag
      pages.append(
        CachedTranslation(
          view: "\(View(rawValue: index / Self.entryCount) ?? .other)", virtual: tag & ~0xfff,
          physical: entry.physical, isReadable: entry.readTag != LookasideEntry.none,
          isWritable: entry.writeTag & LookasideEntry.noCode != 0, isExecutable: false))
    }
    for index in 0..<Self.fetchCount * Self.viewCount where isMade(index) {
      let page = fetchPages[index]
      guard fetches[index].tag == page.virtual else { continue }
      let view = "\(View(rawValue: index / Self.fetchCount) ?? .other)"
      if let known = pages.firstIndex(where: {
        $0.view == view && $0.virtual == page.virtual && $0.physical == page.physical
      }) {
        pages[known].isExecutable = true
      } else {
        pages.append(
          CachedTranslation(
            view: view, virtual: page.virtual, physical: page.physical, isReadable: false, isWritable: false,
            isExecutable: true))
      }
    }
    return pages.sorted { ($0.view, $0.virtual) < ($1.view, $1.virtual) }
  }

  /// From any thread: some page that windows may show is not what it was.
  func voidWindows() { windowsAreVoid.pointee.store(true, ordering: .sequentiallyConsistent) }

  func shutWindows() { windows?.pointee.shut() }

  private func flushEntries() {
    shutWindows()
    for i in 0..<journalCount { clear(entries + Int(journal[i])) }
    journalCount = 0
    largeLow = .max
    largeHigh = 0
  }

  /// Forgets one view's data entries.
  func flush(_ view: View) {
    shutWindows()
    for i in 0..<journalCount where Int(journal[i]) / Self.entryCount == view.rawValue {
      clear(entries + Int(journal[i]))
    }
  }

  /// Forgets the page that holds `virtual`, in every view.
  func flush(page virtual: UInt64) {
    guard virtual < largeLow || virtual > largeHigh else { return flush() }
    if log.has(.pages) { logFlush(page: virtual) }
    shutWindows()
    for view in 0..<Self.viewCount {
      clear(entries + view * Self.entryCount + Int(truncatingIfNeeded: virtual >> 12) % Self.entryCount)
      forgetFetch(Self.fetchIndex(view, virtual))
    }
  }

  /// Takes `mark` from the fetch entries of `virtual`, in every view.
  func unmark(_ virtual: UInt64, _ mark: UInt32) {
    for view in 0..<Self.viewCount {
      let index = Self.fetchIndex(view, virtual)
      if marks[index] == mark { marks[index] = 0 }
    }
  }

  private func forgetFetch(_ index: Int) {
    fetchPages[index].virtual = Self.noPage
    revokeFetch(index)
  }

  private func revokeFetch(_ index: Int) {
    fetches[index].tag = Self.noPage
    marks[index] = 0
  }

  private func clear(_ entry: UnsafeMutablePointer<LookasideEntry>) {
    entry.pointee.readTag = LookasideEntry.none
    entry.pointee.writeTag = LookasideEntry.none
  }

  /// From any thread: no entry may write to the host page any more.
  func revokeWrites(to host: UnsafeMutableRawPointer) {
    let target = UInt64(UInt(bitPattern: host)) | 0xfff
    for i in 0..<journalCount {
      let entry = entries + Int(journal[i])
      let tag = entry.pointee.writeTag
      if tag != LookasideEntry.none && tag &+ entry.pointee.delta == target {
        // Unless the hart itself has just made another entry of it.
        let place = UnsafeMutableRawPointer(entry) + LookasideEntry.writeOffset
        _ = Int64.compareExchange(
          place, Int64(bitPattern: tag), Int64(bitPattern: tag & ~LookasideEntry.noCode))
      }
    }
    // Only now: who shuts its windows before opens none of these again.
    voidWindows()
  }

  /// From any thread: no load and no fetch may go to the pages in `physical` any more. They are no RAM.
  func revoke(_ physical: Range<UInt64>) {
    for i in 0..<journalCount {
      let entry = entries + Int(journal[i])
      let tag = entry.pointee.readTag
      if tag != LookasideEntry.none && physical.contains(entry.pointee.physical) {
        // Unless the hart itself has just made another entry of it.
        _ = Int64.compareExchange(
          UnsafeMutableRawPointer(entry), Int64(bitPattern: tag), Int64(bitPattern: LookasideEntry.none))
      }
    }
    for i in 0..<Self.fetchCount * Self.viewCount where isMade(i) && physical.contains(fetchPages[i].physical)
    {
      revokeFetch(i)
    }
    voidWindows()
  }

  /// From any thread: no fetch may come from these slots any more.
  func revokeFetches(from slots: UnsafeMutablePointer<Operation>) { revokeFetches { $0 == slots } }

  /// The same for all slots of which `isVoid` says so.
  @inline(__always) func revokeFetches(_ isVoid: (UnsafeMutablePointer<Operation>) -> Bool) {
    for i in 0..<Self.fetchCount * Self.viewCount
    where isMade(i) && isVoid(fetches[i].slots) { revokeFetch(i) }
  }

  /// False for fetch entries that are empty, which have no slots where they were never written.
  private func isMade(_ index: Int) -> Bool {
    let tag = fetches[index].tag
    return tag != Self.noPage && (tag != 0 || index % Self.fetchCount == 0)
  }

  /// All slots are void, or all marks.
  package func revokeAllFetches() {
    for i in 0..<Self.fetchCount * Self.viewCount { revokeFetch(i) }
  }
}
