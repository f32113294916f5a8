// Unsafe pointers: one arena of slots is mapped for the life of the object; page tables are mapped by
// `addRange` and never shrink. Slots are 8 bytes, aligned, and written whole, so a hart that reads one
// while another thread clears it sees either the old instruction or "undecoded".
import Glibc
import Logging
import Synchronization

/// The predecoded instructions of every RAM page that has run: a slot per halfword, filled one at a
/// time as harts reach them, shared by all harts, keyed by physical address.
///
/// A page that has slots is never writable through a lookaside entry without more ado: each store to it clears the
/// slots that it touches. That is all there is to self-modifying code; `fence.i` has next to nothing left to do.
package final class CodePages: Sendable {
  /// Slots of a page: one per halfword, then `pageEnd` twice (a 4-byte instruction may step over one).
  package static let slotsPerPage = 2048
  private static let slotStride = slotsPerPage + padding
  /// The slot before a page's first one may be looked at, and is empty.
  private static let padding = 8
  /// Pages that fit: 16 KiB each, of which only the parts that ran are touched.
  private let capacity: Int

  private struct Range: Sendable {
    let firstPage: UInt64
    let pageCount: UInt64
    nonisolated(unsafe) let table: UnsafeMutablePointer<UnsafeMutablePointer<Operation>?>
  }

  /// Written only while the board is built.
  private nonisolated(unsafe) var ranges: [Range] = []
  private nonisolated(unsafe) let arena: UnsafeMutablePointer<Operation>
  /// Stores to each page of the arena since an instruction in it was decoded; a lost count does no harm.
  private nonisolated(unsafe) let stores: UnsafeMutablePointer<UInt32>
  private static let storesOfData: UInt32 = 64
  /// The bytes of each page of the arena.
  private nonisolated(unsafe) let hosts: UnsafeMutablePointer<UnsafeRawPointer?>
  /// Beside them the physical addresses.
  private nonisolated(unsafe) let addresses: UnsafeMutablePointer<UInt64>
  private let lock = Mutex(0)
  /// A page is getting its slots. By pointer, so that reading it counts no reference.
  private nonisolated(unsafe) let isAdding: UnsafeMutablePointer<Atomic<Bool>>
  private nonisolated(unsafe) var used = 0
  /// Write entries to revoke when a page gains code. Under the lock.
  private nonisolated(unsafe) var lookasides: [TranslationLookaside] = []

  let breakpoints = Mutex(Breakpoints())
  /// There are some, or have been: looked at before the lock is taken. Changed while harts rest.
  nonisolated(unsafe) var hasBreakpoints = false
  private let log: Log

  package init(log: Log = Log(), capacity: Int = 1400) {
    self.log = log
    self.capacity = capacity
    let bytes = (capacity * Self.slotStride + Self.padding) * MemoryLayout<Operation>.stride
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let memory, memory != MAP_FAILED else { fatalError("cannot map \(bytes) bytes for decoded code") }
    arena = memory.assumingMemoryBound(to: Operation.self) + Self.padding
    changeCount = .allocate(capacity: 1)
    changeCount.initialize(to: Atomic(0))
    changed = .allocate(capacity: Self.logLength)
    changed.initialize(repeating: arena, count: Self.logLength)
    isAdding = .allocate(capacity: 1)
    isAdding.initialize(to: Atomic(false))
    hasNewborn = .allocate(capacity: 1)
    hasNewborn.initialize(to: Atomic(false))
    stores = Self.zeroed(capacity)
    hosts = Self.zeroed(capacity)
    addresses = Self.zeroed(capacity)
    isUnnoticed = Self.zeroed(capacity)
    validated = Self.zeroed(capacity)
    fences = .allocate(capacity: 1)
    fences.initialize(to: Atomic(0))
  }

  /// Zeros, false, nil: memory that exists where it is touched.
  private static func zeroed<T>(_ count: Int) -> UnsafeMutablePointer<T> {
    guard let memory = calloc(count, MemoryLayout<T>.stride) else {
      fatalError("no memory for tables of code")
    }
    return memory.bindMemory(to: T.self, capacity: count)
  }

  /// Announces RAM or ROM: whole pages from `base`.
  package func addRange(base: UInt64, size: UInt64) {
    let count = size >> 12
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let memory = mmap(nil, Int(count) * 8 + 8, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let memory, memory != MAP_FAILED else { fatalError("cannot map a table of \(count) code pages") }
    let table = memory.assumingMemoryBound(to: UnsafeMutablePointer<Operation>?.self)
    ranges.append(Range(firstPage: base >> 12, pageCount: count, table: table))
  }

  /// Registers a hart's lookaside.
  func add(_ lookaside: TranslationLookaside) { lock.withLock { _ in lookasides.append(lookaside) } }
  /// Its hart will not run any more.
  func remove(_ lookaside: TranslationLookaside) {
    lock.withLock { _ in lookasides.removeAll { $0 === lookaside } }
  }

  private func entry(_ page: UInt64) -> UnsafeMutablePointer<UnsafeMutablePointer<Operation>?>? {
    for range in ranges where page &- range.firstPage < range.pageCount {
      return range.table + Int(page &- range.firstPage)
    }
    return nil
  }

  /// True where `slots` are still those of the page that holds `address`.
  func has(_ slots: UnsafeMutablePointer<Operation>, at address: UInt64) -> Bool {
    entry(address >> 12)?.pointee == slots
  }

  /// The slots of the page that holds physical `address`, made if need be; nil when the arena is full
  /// (the caller asks for `removeAll` at a safepoint) or the address is no RAM.
  func slots(at address: UInt64, host: UnsafeMutableRawPointer, for hart: TranslationLookaside)
    -> UnsafeMutablePointer<Operation>?
  {
    guard let entry = entry(address >> 12) else { return nil }
    // Nobody decodes in a page before all harts' permissions to store there are revoked.
    if entry.pointee == nil || isAdding.pointee.load(ordering: .acquiring) {
      lock.withLock { _ in addSlots(entry, address & ~0xfff, host, for: hart) }
      if log.has(.pages) { logPage(address, "runs") }
    }
    return entry.pointee
  }

  /// Gives a page slots, unless another hart was quicker or the arena is full. Under the lock.
  private func addSlots(
    _ entry: UnsafeMutablePointer<UnsafeMutablePointer<Operation>?>, _ address: UInt64,
    _ host: UnsafeMutableRawPointer, for hart: TranslationLookaside
  ) {
    guard entry.pointee == nil, used < capacity else { return }
    isAdding.pointee.store(true, ordering: .sequentiallyConsistent)
    defer { isAdding.pointee.store(false, ordering: .releasing) }
    let slots = arena + used * Self.slotStride
    stores[used] = 0
    hosts[used] = UnsafeRawPointer(host)
    addresses[used] = address
    isUnnoticed[used] = storesGoUnnoticed(to: address)
    validated[used] = fences.pointee.load(ordering: .relaxed)
    used += 1
    // Soon touched, all of it: one system call is less than a fault for each page. Where the host does not know it,
    // these come.
    let populateForWriting: Int32 = 23
    let start = UnsafeMutableRawPointer(slots).alignedUp(toMultipleOf: 4096)
    _ = madvise(start, Self.slotsPerPage * MemoryLayout<Operation>.stride, populateForWriting)
    for i in 0..<4 { slots[Self.slotsPerPage + i] = Operation(opcode: .pageEnd) }
    entry.pointee = slots
    // A lookaside that fills a write entry publishes it, fences, and looks here again; we publish the
    // page, fence, and revoke: one of both sees the other.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    for lookaside in lookasides { lookaside.revokeWrites(to: host) }
    let others = lookasides.compactMap { $0 === hart ? nil : $0.turns.inProgress }
    if !others.isEmpty {
      newborn.append(Newborn(slots: slots, others: others))
      hasNewborn.pointee.store(true, ordering: .relaxed)
    }
  }

  // MARK: Stores in flight

  /// A page that got its slots while other harts ran. Until each has ended its turn it may still store there
  /// by a permission that it checked before, and nobody notices.
  private struct Newborn {
    let slots: UnsafeMutablePointer<Operation>
    let others: [Turns.Turn]
  }
  /// Under the lock.
  private nonisolated(unsafe) var newborn: [Newborn] = []
  /// Pages that are stored to without anybody noticing: by translated code that accesses memory directly, or at
  /// other addresses. Under the lock.
  private nonisolated(unsafe) var unnoticed: [Swift.Range<UInt64>] = []
  /// Of each page of the arena: whether it is one of these, and the number of `fence.i` since which it was validated.
  private nonisolated(unsafe) let isUnnoticed: UnsafeMutablePointer<Bool>
  private nonisolated(unsafe) let validated: UnsafeMutablePointer<UInt64>
  /// By pointer, so that reading it counts no reference.
  private nonisolated(unsafe) let fences: UnsafeMutablePointer<Atomic<UInt64>>

  /// Says which pages are stored to without anybody noticing: after `fence.i` who enters them validates them.
  package func setUnnoticedStores(to ranges: [Swift.Range<UInt64>]) {
    lock.withLock { _ in
      guard ranges != unnoticed else { return }
      unnoticed = ranges
      for i in 0..<used { isUnnoticed[i] = storesGoUnnoticed(to: addresses[i]) }
      hasNewborn.pointee.store(!newborn.isEmpty || !unnoticed.isEmpty, ordering: .relaxed)
    }
  }

  private func storesGoUnnoticed(to address: UInt64) -> Bool { unnoticed.contains { $0.contains(address) } }

  /// Whether `fence.i` has anything to do; by pointer for translated code.
  package nonisolated(unsafe) let hasNewborn: UnsafeMutablePointer<Atomic<Bool>>

  /// The pages in `physical` were lent and are so no longer: no load and no fetch may go there without asking. A
  /// hart that runs in one of them goes on until it leaves it.
  package func takeBack(_ physical: Swift.Range<UInt64>) {
    lock.withLock { _ in for lookaside in lookasides { lookaside.revoke(physical) } }
  }

  /// `fence.i`, of one hart or of all: what harts have stored before is executed from now on. Only stores to newborn
  /// pages can have gone unnoticed, which are decoded anew, and those that `setUnnoticedStores` named.
  package func fence(_ hart: TranslationLookaside?) {
    guard hasNewborn.pointee.load(ordering: .relaxed) else { return }
    var pages: [UnsafeMutablePointer<Operation>] = []
    lock.withLock { _ in
      pages = newborn.map(\.slots)
      newborn.removeAll { $0.others.allSatisfy(\.isOver) }
      hasNewborn.pointee.store(!newborn.isEmpty || !unnoticed.isEmpty, ordering: .relaxed)
      guard !unnoticed.isEmpty else { return }
      fences.pointee.add(1, ordering: .sequentiallyConsistent)
      if let hart {
        hart.revokeUnnoticedFetches { isUnnoticed[number(of: $0)] }
      } else {
        for lookaside in lookasides { lookaside.revokeFetches { isUnnoticed[number(of: $0)] } }
      }
    }
    for slots in pages { clear(slots, 0, 2 * Self.slotsPerPage) }
  }

  /// The page in the arena that has this slot.
  @inline(__always) private func number(of slot: UnsafeMutablePointer<Operation>) -> Int {
    (slot - arena) / Self.slotStride
  }

  /// Before a hart enters a page: the instructions go that are not what `decode` makes of the page's bytes at an
  /// offset, unless that was looked at since the last `fence.i`. True where stores to the page go unnoticed.
  @inline(__always)
  func validate(
    _ slots: UnsafeMutablePointer<Operation>, _ decode: (UnsafeRawPointer, UInt64) -> Operation
  ) -> Bool {
    guard isUnnoticed[number(of: slots)] else { return false }
    validateAnew(slots, decode)
    return true
  }

  @inline(never) private func validateAnew(
    _ slots: UnsafeMutablePointer<Operation>, _ decode: (UnsafeRawPointer, UInt64) -> Operation
  ) {
    let number = number(of: slots)
    let now = fences.pointee.load(ordering: .sequentiallyConsistent)
    guard validated[number] != now, let bytes = hosts[number] else { return }
    for i in 0..<Self.slotsPerPage where slots[i].opcode != .undecoded {
      // Of what reaches into the next page the slot does not say all.
      if slots[i].opcode == .straddle || decode(bytes + 2 * i, UInt64(2 * i)) != slots[i] {
        clear(slots, 2 * i, 2)
      }
    }
    validated[number] = now
  }

  /// The physical address of the instruction whose slot in the arena this is.
  func address(of slot: UnsafeMutablePointer<Operation>) -> UInt64 {
    let number = number(of: slot)
    return addresses[number] + UInt64(2 * (slot - arena - number * Self.slotStride))
  }

  /// Forgets the instruction at `address`, so that it is decoded anew.
  func redecode(_ address: UInt64) {
    if let slots = entry(address >> 12)?.pointee { clear(slots, Int(address & 0xfff), 2) }
  }

  /// The bytes of the instruction whose slot in the arena this is.
  func bytes(of slot: UnsafeMutablePointer<Operation>) -> UnsafeRawPointer? {
    let number = number(of: slot)
    return hosts[number].map { $0 + (slot - arena - number * Self.slotStride) * 2 }
  }

  /// A hart has stored `count` bytes at `address`: forgets the instructions there.
  ///
  /// A page that is written again and again without being the one that runs (`running`) has become data: it
  /// loses its slots, and stores to it are quick again. The slots are not used for another page before
  /// `removeAll`: a hart that is just entering the page must not find other code there. It leaves at its next
  /// jump out of the page, trap or `fence.i`.
  func didStore(_ address: UInt64, count: Int, running: UnsafeMutablePointer<Operation>) {
    guard let entry = entry(address >> 12), let slots = entry.pointee else { return }
    // The store comes first for everybody: see `Hart.fillSlot`.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    clear(slots, Int(address & 0xfff), count)
    guard slots != running else { return }
    let number = number(of: slots)
    stores[number] &+= 1
    guard stores[number] >= Self.storesOfData else { return }
    lock.withLock { _ in
      guard entry.pointee == slots else { return }
      entry.pointee = nil
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      for lookaside in lookasides {
        lookaside.revokeFetches(from: slots)
        lookaside.voidWindows()
      }
    }
    noteChange(slots)
    if log.has(.pages) { logPage(address, "has become data") }
  }

  @inline(never) private func logPage(_ address: UInt64, _ what: String) {
    log.write("code page 0x\(hexadecimal(address & ~0xfff, 16)): \(what)\n")
  }

  /// An instruction of the page with these slots was decoded.
  func didDecode(_ slots: UnsafeMutablePointer<Operation>) {
    let number = number(of: slots)
    if number >= 0 && number < capacity { stores[number] = 0 }
  }

  /// The slots of the page that holds `address`, if it has any: stores there must come to `didStore`.
  func existingSlots(at address: UInt64) -> UnsafeMutablePointer<Operation>? {
    entry(address >> 12)?.pointee
  }

  /// Forgets the instructions that overlap `count` bytes written at `address`.
  package func invalidate(_ address: UInt64, count: Int) {
    // The bytes come first for everybody: see `Hart.fillSlot`.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    var at = address
    var left = count
    while left > 0 {
      let inPage = min(left, 4096 - Int(at & 0xfff))
      if let slots = entry(at >> 12)?.pointee { clear(slots, Int(at & 0xfff), inPage) }
      at &+= UInt64(inPage)
      left -= inPage
    }
  }

  /// Empties the slots of the instructions that overlap `count` bytes from `offset` in a page; if there are any,
  /// also those in the same 64 bytes, which will be written next more often than not.
  private func clear(_ slots: UnsafeMutablePointer<Operation>, _ offset: Int, _ count: Int) {
    // A 4-byte instruction that starts a halfword earlier is touched too.
    let first = max(0, offset / 2 - 1)
    let end = (offset + count - 1) / 2 + 1
    let all = (first & ~31)..<min(Self.slotsPerPage, (end + 31) & ~31)
    guard (first..<end).contains(where: { slots[$0].opcode != .undecoded }) else { return }
    // Before and after: whoever sees a new instruction there sees a new count, and who translates the old one
    // meanwhile drops it again.
    noteChange(slots)
    for i in all where slots[i].opcode != .undecoded { (slots + i).whole = Operation(opcode: .undecoded) }
    noteChange(slots)
  }

  /// The instruction in `slot`, which was decoded just as its bytes were stored to, is void.
  func takeBack(_ slot: UnsafeMutablePointer<Operation>) {
    slot.whole = Operation(opcode: .undecoded)
    let number = number(of: slot)
    if number >= 0 && number < capacity { noteChange(arena + number * Self.slotStride) }
  }

  /// Translated code stored up to eight bytes at the halfword of `slot`, after which the slots there were not
  /// empty any more.
  package func didStoreUnnoticed(at slot: UnsafeMutablePointer<Operation>) {
    let number = number(of: slot)
    guard number >= 0 && number < capacity else { return }
    let slots = arena + number * Self.slotStride
    let offset = 2 * (slot - slots)
    clear(slots, offset, min(8, 2 * Self.slotsPerPage - offset))
  }

  // MARK: For translators

  /// Counts the pages whose decoded instructions were changed or dropped: whoever keeps translations of them
  /// compares it with what it saw last, and drops those of `changedPages(since:)`.
  /// (By pointer, so that reading it counts no reference.)
  package var changes: UnsafePointer<Atomic<UInt64>> { UnsafePointer(changeCount) }
  private nonisolated(unsafe) let changeCount: UnsafeMutablePointer<Atomic<UInt64>>
  private static let logLength = 256
  private nonisolated(unsafe) let changed: UnsafeMutablePointer<UnsafeMutablePointer<Operation>>

  private func noteChange(_ slots: UnsafeMutablePointer<Operation>) {
    lock.withLock { _ in
      let number = changeCount.pointee.load(ordering: .relaxed)
      changed[Int(number % UInt64(Self.logLength))] = slots
      changeCount.pointee.store(number + 1, ordering: .sequentiallyConsistent)
    }
  }

  /// The slots that changed after the first `seen` changes, and the count of all; nil slots where too many
  /// did to tell.
  package func changedPages(since seen: UInt64) -> (slots: [UnsafeMutablePointer<Operation>]?, count: UInt64)
  {
    lock.withLock { _ in
      let count = changeCount.pointee.load(ordering: .relaxed)
      guard count - seen <= UInt64(Self.logLength) else { return (nil, count) }
      return ((seen..<count).map { changed[Int($0 % UInt64(Self.logLength))] }, count)
    }
  }

  package var isFull: Bool { used >= capacity }

  /// Bytes of the arena handed out, for `info` and the memory bar.
  package var bytesUsed: Int { used * Self.slotStride * MemoryLayout<Operation>.stride }

  /// Drops every page. Only while all harts are at a safepoint.
  package func removeAll() {
    if log.has(.pages) { log.write("code pages: all dropped\n") }
    lock.withLock { _ in
      for range in ranges {
        for i in 0..<Int(range.pageCount) where range.table[i] != nil { range.table[i] = nil }
      }
      let bytes = (used * Self.slotStride + Self.padding) * MemoryLayout<Operation>.stride
      let result = madvise(arena - Self.padding, bytes, MADV_DONTNEED)
      precondition(result == 0, "slots of old must vanish")
      used = 0
      newborn = []
      for lookaside in lookasides {
        lookaside.revokeAllFetches()
        lookaside.voidWindows()
      }
      // More than the log holds: every translation is void.
      changeCount.pointee.add(UInt64(Self.logLength) + 1, ordering: .sequentiallyConsistent)
    }
  }
}

extension UnsafeMutablePointer<Operation> {
  /// The slot, read and written at once: another hart may write or read it meanwhile.
  package var whole: Operation {
    @inline(__always) get {
      unsafeBitCast(UnsafeRawPointer(self).load(as: UInt64.self), to: Operation.self)
    }
    @inline(__always) nonmutating set {
      UnsafeMutableRawPointer(self).storeBytes(of: unsafeBitCast(newValue, to: UInt64.self), as: UInt64.self)
    }
  }
}
