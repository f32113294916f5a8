// Unsafe pointers: one block of entries, mapped for the hart's life; indices are masked.
import Glibc

/// A lookaside entry: translation and permission of one 4 KiB page in one view, 32 bytes.
package struct LookasideEntry {
  /// The page's virtual address where loads may go through `delta`; `none` otherwise.
  package var readTag: UInt64
  package var writeTag: UInt64
  /// Host address minus virtual address, modulo 2^64.
  package var delta: UInt64
  /// The page's physical address.
  package var physical: UInt64

  /// No masked address equals it: its low bits are set.
  @usableFromInline package static let none: UInt64 = .max
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

/// One hart's cache of translations: a direct-mapped table per view, and one for fetches.
///
/// Entries never cover pages that PMP divides, devices, or (for writes) pages that hold code or want
/// their D bit set.
package final class TranslationLookaside: Sendable {
  package static let entryCount = 512
  package static let viewCount = 5
  package static let fetchCount = 1024

  /// An executable page: where it lies and its decoded slots.
  package struct FetchEntry {
    package var tag: UInt64
    package var slots: UnsafeMutablePointer<Operation>
  }

  nonisolated(unsafe) let entries: UnsafeMutablePointer<LookasideEntry>
  /// Fetch entries by view (only the first four fetch).
  nonisolated(unsafe) let fetches: UnsafeMutablePointer<FetchEntry>
  /// Beside each fetch entry a translator's mark for the page that it leads to; 0 for none.
  nonisolated(unsafe) let marks: UnsafeMutablePointer<UInt32>

  /// Indices filled since the last flush, so that a flush costs what was used.
  private nonisolated(unsafe) var journal: UnsafeMutablePointer<UInt16>
  private nonisolated(unsafe) var journalCount = 0
  private nonisolated(unsafe) var fetchJournal: UnsafeMutablePointer<UInt16>
  private nonisolated(unsafe) var fetchJournalCount = 0
  private static let journalCapacity = 512

  /// Virtual addresses that entries made from large pages cover: `sfence.vma` for one address in there
  /// flushes everything.
  private nonisolated(unsafe) var largeLow: UInt64 = .max
  private nonisolated(unsafe) var largeHigh: UInt64 = 0

  init() {
    let count = Self.entryCount * Self.viewCount
    let fetchCount = Self.fetchCount * Self.viewCount
    let bytes = count * 32 + fetchCount * 20
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { fatalError("cannot map \(bytes) bytes for a lookaside") }
    entries = memory.assumingMemoryBound(to: LookasideEntry.self)
    fetches = (memory + count * 32).assumingMemoryBound(to: FetchEntry.self)
    marks = (memory + count * 32 + fetchCount * 16).assumingMemoryBound(to: UInt32.self)
    journal = .allocate(capacity: Self.journalCapacity)
    fetchJournal = .allocate(capacity: Self.journalCapacity)
    clearAll()
  }

  deinit {
    munmap(entries, Self.entryCount * Self.viewCount * 32 + Self.fetchCount * Self.viewCount * 20)
    journal.deallocate()
    fetchJournal.deallocate()
  }

  func table(_ view: View) -> UnsafeMutablePointer<LookasideEntry> {
    entries + view.rawValue * Self.entryCount
  }

  func fetchTable(_ view: View) -> UnsafeMutablePointer<FetchEntry> {
    fetches + view.rawValue * Self.fetchCount
  }

  func markTable(_ view: View) -> UnsafeMutablePointer<UInt32> { marks + view.rawValue * Self.fetchCount }

  /// Enters a translation for loads, and for stores where `writable`.
  func fill(
    _ view: View, virtual: UInt64, physical: UInt64, host: UnsafeMutableRawPointer, readable: Bool,
    writable: Bool
  ) {
    let page = virtual & ~0xfff
    let index = view.rawValue * Self.entryCount + Int(page >> 12) % Self.entryCount
    let entry = entries + index
    if entry.pointee.readTag == LookasideEntry.none && entry.pointee.writeTag == LookasideEntry.none {
      note(index)
    }
    let delta = UInt64(UInt(bitPattern: host)) &- page
    entry.pointee.writeTag = LookasideEntry.none
    entry.pointee.readTag = LookasideEntry.none
    entry.pointee.delta = delta
    entry.pointee.physical = physical & ~0xfff
    entry.pointee.readTag = readable ? page : LookasideEntry.none
    entry.pointee.writeTag = writable ? page : LookasideEntry.none
  }

  /// Takes a write permission back right after `fill`, where the page turned out to have gained code.
  func revokeWrite(_ view: View, virtual: UInt64) {
    table(view)[Int(virtual >> 12) % Self.entryCount].writeTag = LookasideEntry.none
  }

  func fillFetch(_ view: View, virtual: UInt64, slots: UnsafeMutablePointer<Operation>) {
    let page = virtual & ~0xfff
    let index = view.rawValue * Self.fetchCount + Int(page >> 12) % Self.fetchCount
    if fetchJournalCount < Self.journalCapacity { fetchJournal[fetchJournalCount] = UInt16(index) }
    fetchJournalCount += 1
    fetches[index] = FetchEntry(tag: page, slots: slots)
    marks[index] = 0
  }

  /// Remembers that entries for `bytes` at `virtual` come from one large page.
  func noteLargePage(_ virtual: UInt64, bytes: UInt64) {
    largeLow = min(largeLow, virtual & ~(bytes - 1))
    largeHigh = max(largeHigh, virtual | (bytes - 1))
  }

  private func note(_ index: Int) {
    if journalCount < Self.journalCapacity { journal[journalCount] = UInt16(index) }
    journalCount += 1
  }

  /// Forgets everything.
  package func flush() {
    if journalCount > Self.journalCapacity || fetchJournalCount > Self.journalCapacity {
      clearAll()
    } else {
      for i in 0..<journalCount { clear(entries + Int(journal[i])) }
      for i in 0..<fetchJournalCount { forgetFetch(Int(fetchJournal[i])) }
    }
    journalCount = 0
    fetchJournalCount = 0
    largeLow = .max
    largeHigh = 0
  }

  /// Forgets one view's data entries.
  func flush(_ view: View) {
    for i in 0..<Self.entryCount { clear(table(view) + i) }
  }

  /// Forgets the page that holds `virtual`, in every view.
  func flush(page virtual: UInt64) {
    guard virtual < largeLow || virtual > largeHigh else { return flush() }
    for view in 0..<Self.viewCount {
      clear(entries + view * Self.entryCount + Int(virtual >> 12) % Self.entryCount)
      forgetFetch(view * Self.fetchCount + Int(virtual >> 12) % Self.fetchCount)
    }
  }

  /// Takes `mark` from the fetch entries of `virtual`, in every view.
  func unmark(_ virtual: UInt64, _ mark: UInt32) {
    for view in 0..<Self.viewCount {
      let index = view * Self.fetchCount + Int(truncatingIfNeeded: virtual >> 12) % Self.fetchCount
      if marks[index] == mark { marks[index] = 0 }
    }
  }

  private func forgetFetch(_ index: Int) {
    fetches[index].tag = LookasideEntry.none
    marks[index] = 0
  }

  private func clear(_ entry: UnsafeMutablePointer<LookasideEntry>) {
    entry.pointee.readTag = LookasideEntry.none
    entry.pointee.writeTag = LookasideEntry.none
  }

  private func clearAll() {
    for i in 0..<Self.entryCount * Self.viewCount { clear(entries + i) }
    for i in 0..<Self.fetchCount * Self.viewCount { forgetFetch(i) }
  }

  /// From any thread: no entry may write to the host page any more.
  func revokeWrites(to host: UnsafeMutableRawPointer) {
    let target = UInt64(UInt(bitPattern: host))
    for i in 0..<Self.entryCount * Self.viewCount {
      let tag = entries[i].writeTag
      if tag != LookasideEntry.none && tag &+ entries[i].delta == target {
        entries[i].writeTag = LookasideEntry.none
      }
    }
  }

  /// From any thread: no fetch may come from these slots any more.
  func revokeFetches(from slots: UnsafeMutablePointer<Operation>) {
    for i in 0..<Self.fetchCount * Self.viewCount where fetches[i].slots == slots {
      forgetFetch(i)
    }
  }
}
