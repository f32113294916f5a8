// Unsafe pointers: the window of the host's address space that is the program's, `size` bytes from `base`, is mapped
// for the life of this object, at first without access, and nothing else of the host's is ever in it. The host's
// protections in it are the guest's, so that the host's kernel refuses what Linux would refuse the guest. Every copy
// in or out goes by `host_copy`, which ends where memory faults.
import CHost
import Glibc
import Logging
import RISCV
import Synchronization

/// A program's address space: a window of the host's.
///
/// Harts ask for each page's permissions once (`UserPages`) and then reach it by pointer. Mappings change under
/// `lock`, and only while no other thread's hart runs (`LinuxProcess.alone`).
package final class GuestMemory: PhysicalMemory, UserPages {
  /// Sv39's user half (RISC-V Privileged 1.13, §12.4), the most common there is.
  package static let size: UInt64 = 1 << 38
  /// The window's last bytes are never mapped, so that no access that begins in it leaves it.
  private static let guardSize: UInt64 = 1 << 20
  package static let end = size - guardSize
  package static let pageSize: UInt64 = 4096

  /// Pages that have decoded instructions at one time: a compiler's 32 MiB.
  private static let codePageCapacity = 8192

  /// The host address of the program's address zero.
  package nonisolated(unsafe) let base: UnsafeMutableRawPointer
  package let code: CodePages
  /// A byte for each page of the window: `PagePermissions`, and `isFile`.
  private nonisolated(unsafe) let permissionTable: UnsafeMutablePointer<UInt8>
  /// The page comes from a file, which may be shorter than its mapping.
  private static let isFile: UInt8 = 0x80

  private let state = Mutex(Mappings())

  /// Behind the last address that is ever mapped: `end`, or less (-R).
  package let limit: UInt64

  /// Whether the address space is there; what failed otherwise. `wish` is the host's address that it is to begin at
  /// (-B), a multiple of the page size; nil for any.
  package init(log: Log, at wish: UInt64? = nil, limit: UInt64 = end) throws(ProgramError) {
    guard sysconf(Int32(_SC_PAGESIZE)) == Int(Self.pageSize) else {
      throw ProgramError("this host's pages are not 4096 bytes; programs for RISC-V need that")
    }
    self.limit = min(limit, Self.end)
    base = try Self.reserveWindow(wish)
    permissionTable = try Self.reserve(
      Int(Self.size / Self.pageSize), "for its pages' permissions", PROT_READ | PROT_WRITE
    ).assumingMemoryBound(to: UInt8.self)
    code = CodePages(log: log, capacity: Self.codePageCapacity)
    code.addRange(base: 0, size: Self.size)
  }

  /// Where the window lies if it can: low enough that the distance is part of an instruction's operand, and above the
  /// gibibyte in which the emulator's own heap begins somewhere.
  private static let preferredBase: UInt64 = 0x6000_0000

  /// At `wish` or not at all; where there is none at the preferred place, or anywhere.
  private static func reserveWindow(_ wish: UInt64?) throws(ProgramError) -> UnsafeMutableRawPointer {
    let place = UnsafeMutableRawPointer(bitPattern: UInt(wish ?? preferredBase))
    // MAP_FIXED_NOREPLACE; kernels that do not know it take the address for a wish.
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | 0x100000
    let memory = mmap(place, Int(size), PROT_NONE, flags, -1, 0)
    if let memory, memory != MAP_FAILED, wish == nil || memory == place { return memory }
    guard let wish else { return try reserve(Int(size), "for the program's addresses", PROT_NONE) }
    throw ProgramError(
      "Unable to reserve 0x\(String(size, radix: 16)) bytes of virtual address space at"
        + " 0x\(String(wish, radix: 16)) (\(Errno(errno).sentence)) for use as guest address space:"
        + " all of it must be free in this process")
  }

  package var hostBase: Int { Int(bitPattern: base) }

  private static func reserve(_ bytes: Int, _ purpose: String, _ protection: Int32) throws(ProgramError)
    -> UnsafeMutableRawPointer
  {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let memory = mmap(nil, bytes, protection, flags, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      throw ProgramError("cannot reserve \(bytes >> 20) MiB of address space \(purpose) (ulimit -v?)")
    }
    return memory
  }

  // MARK: For harts

  package func hostPage(at address: UInt64) -> HostPage? {
    guard address < Self.end else { return nil }
    return HostPage(base: base + Int(address & ~0xfff), isWritable: true)
  }
  package func readDevice(_ address: UInt64, width: Int) -> UInt64? { nil }
  package func writeDevice(_ address: UInt64, width: Int, _ value: UInt64) -> Bool { false }

  package func permissions(at address: UInt64) -> PagePermissions {
    guard address < Self.end else { return [] }
    let entry = permissionTable[Int(address >> 12)]
    var permissions = PagePermissions(rawValue: entry & ~Self.isFile)
    if entry & Self.isFile != 0, !permissions.isEmpty, !isBacked(address) { permissions.insert(.absent) }
    return permissions
  }

  /// At most so many pages around one that is asked for.
  private static let neighbourhood: UInt64 = 64

  package func neighbours(of address: UInt64) -> Range<UInt64> {
    let page = address >> 12
    let kind = permissionTable[Int(page)]
    // Pages of a file are looked at one by one: it may end.
    guard kind & Self.isFile == 0 else { return page << 12..<(page + 1) << 12 }
    let block = page & ~(Self.neighbourhood - 1)
    var (first, end) = (page, page + 1)
    while first > block, permissionTable[Int(first - 1)] == kind { first -= 1 }
    while end < block + Self.neighbourhood, permissionTable[Int(end)] == kind { end += 1 }
    return first << 12..<end << 12
  }

  /// False where a file ends before the page.
  private func isBacked(_ address: UInt64) -> Bool {
    var byte: UInt8 = 0
    return host_copy(&byte, base + Int(address & ~0xfff), 1) == 0
  }

  private func setPermissions(_ range: Range<UInt64>, _ value: UInt8) {
    let first = Int(range.lowerBound >> 12)
    (permissionTable + first).update(repeating: value, count: Int(range.upperBound >> 12) - first)
  }

  // MARK: Mappings

  /// The mappings, to be looked at.
  package var mappings: Mappings { state.withLock { $0 } }

  /// Where a request without an address is placed: as high as possible below this.
  package nonisolated(unsafe) var mapLimit = end
  /// vm.mmap_min_addr.
  package static let lowest: UInt64 = 0x10000

  private static func hostProtection(_ protection: PagePermissions) -> Int32 {
    if protection.contains(.write) { return PROT_READ | PROT_WRITE }
    // What is executed is read by us.
    return protection.isEmpty ? PROT_NONE : PROT_READ
  }

  /// Where something mapped.
  package enum Placement: Sendable {
    /// Anywhere; `near` is a wish.
    case anywhere(near: UInt64)
    /// There, whatever is there already.
    case exactly(UInt64)
    /// There, or not at all.
    case onlyFree(UInt64)
  }

  /// What is mapped: mmap(2)'s flags but for those of placement, and the file.
  package struct Backing: Sendable {
    package var isShared = false
    package var isAnonymous = true
    /// Flags that the host gets beside those.
    package var otherFlags: Int32 = 0
    package var descriptor: Int32 = -1
    package var offset: Int64 = 0
    package init() {}
  }

  /// Maps `size` bytes (rounded up to pages); the address.
  package func map(_ placement: Placement, size: UInt64, _ protection: PagePermissions, _ backing: Backing)
    throws(Errno) -> UInt64
  {
    let kind = backing.isShared ? MAP_SHARED : MAP_PRIVATE
    let anonymous = backing.isAnonymous ? MAP_ANONYMOUS : 0
    let flags = kind | anonymous | MAP_FIXED | backing.otherFlags
    return try map(
      placement, size: size, protection, isShared: backing.isShared, isAnonymous: backing.isAnonymous
    ) { place in
      let memory = mmap(
        UnsafeMutableRawPointer(bitPattern: place), Int(size), Self.hostProtection(protection), flags,
        backing.descriptor, off_t(backing.offset))
      return memory == MAP_FAILED ? -Int(errno) : 0
    }
  }

  /// Maps `size` bytes (rounded up to pages) by some call of the host's: `body` is given the host's address, puts them
  /// there, and returns a negative error number where it cannot. The program's address.
  package func map(
    _ placement: Placement, size: UInt64, _ protection: PagePermissions, isShared: Bool,
    isAnonymous: Bool = true, by body: (Int) -> Int
  ) throws(Errno) -> UInt64 {
    guard size > 0 else { throw .invalid }
    guard size <= Self.end else { throw .noMemory }
    let size = (size + 4095) & ~4095
    let result = state.withLock { mappings -> Result<UInt64, Errno> in
      do throws(Errno) {
        let start = try place(placement, size, mappings)
        let failure = body(hostAddress(start))
        guard failure >= 0 || failure < -4095 else {
          try clearDropped(start..<start + size, &mappings)
          throw Errno(Int32(-failure))
        }
        note(
          Mapping(
            start: start, end: start + size, protection: protection, isShared: isShared,
            isAnonymous: isAnonymous), &mappings)
        return .success(start)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func place(_ placement: Placement, _ size: UInt64, _ mappings: Mappings) throws(Errno) -> UInt64 {
    let (limit, lowest) = (self.limit, Self.lowest)
    func check(_ start: UInt64) throws(Errno) {
      guard start & 4095 == 0 else { throw .invalid }
      guard start <= limit, size <= limit - start else { throw .noMemory }
      guard start >= lowest else { throw Errno(EPERM) }
    }
    switch placement {
    case .exactly(let start):
      try check(start)
      return start
    case .onlyFree(let start):
      try check(start)
      guard mappings.isFree(start..<start + size) else { throw Errno(EEXIST) }
      return start
    case .anywhere(let near):
      let wish = near & ~4095
      if wish >= lowest, wish <= limit, size <= limit - wish, mappings.isFree(wish..<wish + size) {
        return wish
      }
      if let start = mappings.highestFree(size, below: mapLimit, from: lowest) { return start }
      guard let start = mappings.highestFree(size, below: limit, from: lowest) else { throw .noMemory }
      return start
    }
  }

  /// Enters a mapping that the host has made.
  private func note(_ mapping: Mapping, _ mappings: inout Mappings) {
    forgetCode(mapping.start..<mapping.end, mappings)
    mappings.insert(mapping)
    noteUnnoticed(mappings, changed: mapping.protection)
    setPermissions(
      mapping.start..<mapping.end, mapping.protection.rawValue | (mapping.isAnonymous ? 0 : Self.isFile))
  }

  /// Whether there were mappings, when that was last looked at, in which stores to instructions go unnoticed: they are
  /// writable, or shared, so that other mappings may be.
  private nonisolated(unsafe) var hasUnnoticed = false

  private func noteUnnoticed(_ mappings: Mappings, changed protection: PagePermissions) {
    guard protection.contains(.execute) || hasUnnoticed else { return }
    let unnoticed = mappings.all.filter {
      $0.protection.contains(.execute) && ($0.isShared || $0.protection.contains(.write))
    }
    hasUnnoticed = !unnoticed.isEmpty
    code.setUnnoticedStores(to: unnoticed.map { $0.start..<$0.end })
  }

  /// Decoded instructions of what is executable in `range` are void.
  private func forgetCode(_ range: Range<UInt64>, _ mappings: Mappings) {
    for part in mappings.parts(in: range) where part.protection.contains(.execute) {
      code.invalidate(part.start, count: Int(part.end - part.start))
    }
  }

  /// Nothing is mapped in `range` any more, unless it throws.
  private func clear(_ range: Range<UInt64>, _ mappings: inout Mappings) throws(Errno) {
    try keep(range)
    forgetCode(range, mappings)
    mappings.remove(range)
    noteUnnoticed(mappings, changed: [])
    setPermissions(range, 0)
  }

  /// Gives back what the host has mapped in `range`, and keeps the addresses.
  private func keep(_ range: Range<UInt64>) throws(Errno) {
    let (place, size) = (base + Int(range.lowerBound), Int(range.upperBound - range.lowerBound))
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    if mmap(place, size, PROT_NONE, flags | MAP_FIXED, -1, 0) != MAP_FAILED { return }
    // With as many mappings as there may be (vm.max_map_count) none is added, but whole ones are taken away, and then
    // there is room. No other thread runs that could map something here meanwhile.
    guard munmap(place, size) == 0 else { throw Errno(errno) }
    if mmap(place, size, PROT_NONE, flags | MAP_FIXED, -1, 0) == MAP_FAILED {
      // What cannot be reserved again would be anybody's.
      fatalError("the program's addresses cannot be kept: \(Errno(errno).sentence)")
    }
  }

  /// A mapping failed: the host may have dropped what was there, or may not have come so far.
  private func clearDropped(_ range: Range<UInt64>, _ mappings: inout Mappings) throws(Errno) {
    // The whole window is always mapped, if without access; msync(2) says where it is not.
    let size = Int(range.upperBound - range.lowerBound)
    if msync(base + Int(range.lowerBound), size, MS_ASYNC) != 0, errno == ENOMEM {
      try clear(range, &mappings)
    }
  }

  /// The pages that `size` bytes at `start` are.
  private static func pages(_ start: UInt64, _ size: UInt64) throws(Errno) -> Range<UInt64> {
    guard start & 4095 == 0, start <= end, size <= end - start else { throw .invalid }
    return start..<start + ((size + 4095) & ~4095)
  }

  package func unmap(_ start: UInt64, size: UInt64) throws(Errno) {
    guard size > 0 else { throw .invalid }
    let range = try Self.pages(start, size)
    let failure = state.withLock { mappings -> Errno? in
      do throws(Errno) {
        for part in mappings.parts(in: range) { try clear(part.start..<part.end, &mappings) }
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  package func protect(_ start: UInt64, size: UInt64, _ protection: PagePermissions) throws(Errno) {
    guard start & 4095 == 0 else { throw .invalid }
    guard size > 0 else { return }
    guard start <= Self.end, size <= Self.end - start else { throw .noMemory }
    let range = try Self.pages(start, size)
    let failure = state.withLock { mappings -> Int32 in
      // Linux changes what it finds up to the first gap.
      var at = range.lowerBound
      for part in mappings.parts(in: range) {
        guard part.start == at else { return ENOMEM }
        at = part.end
        let bytes = Int(part.end - part.start)
        guard mprotect(base + Int(part.start), bytes, Self.hostProtection(protection)) == 0
        else { return errno }
        forgetCode(part.start..<part.end, mappings)
        mappings.protect(part.start..<part.end, protection)
        noteUnnoticed(mappings, changed: protection)
        setPermissions(
          part.start..<part.end, protection.rawValue | (part.isAnonymous ? 0 : Self.isFile))
      }
      return at < range.upperBound ? ENOMEM : 0
    }
    if failure != 0 { throw Errno(failure) }
  }

  /// mremap(2): the new address. `target` nil: there, or, where it `mayMove`, where there is room.
  package func remap(
    _ start: UInt64, oldSize: UInt64, newSize: UInt64, mayMove: Bool, target: UInt64?, keepsOld: Bool
  ) throws(Errno) -> UInt64 {
    guard start & 4095 == 0, newSize > 0, oldSize <= Self.end, newSize <= Self.end else { throw .invalid }
    guard start <= Self.end, oldSize <= Self.end - start else { throw .badAddress }
    let old = (oldSize + 4095) & ~4095
    let new = (newSize + 4095) & ~4095
    let result = state.withLock { mappings -> Result<UInt64, Errno> in
      do throws(Errno) {
        guard let mapping = mappings[holding: start], start + max(old, 4096) <= mapping.end
        else { throw .badAddress }
        if let target {
          guard target & 4095 == 0, mayMove, target <= limit, new <= limit - target,
            target + new <= start || start + old <= target
          else { throw .invalid }
          guard target >= Self.lowest else { throw Errno(EPERM) }
          for part in mappings.parts(in: target..<target + new) {
            try clear(part.start..<part.end, &mappings)
          }
          return .success(try move(start, old, to: target, new, mapping, keepsOld, &mappings))
        }
        if !keepsOld, old > 0 {
          if new <= old {
            if new < old { try clear(start + new..<start + old, &mappings) }
            return .success(start)
          }
          if mapping.isAnonymous, !mapping.isShared, start + new <= limit,
            mappings.isFree(start + old..<start + new)
          {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE
            let memory = mmap(
              base + Int(start + old), Int(new - old), Self.hostProtection(mapping.protection), flags, -1, 0)
            guard memory != MAP_FAILED else { throw Errno(errno) }
            note(
              Mapping(start: start + old, end: start + new, protection: mapping.protection), &mappings)
            return .success(start)
          }
        }
        guard mayMove else { throw .noMemory }
        let place =
          mappings.highestFree(new, below: mapLimit, from: Self.lowest)
          ?? mappings.highestFree(new, below: limit, from: Self.lowest)
        guard let place else { throw .noMemory }
        return .success(try move(start, old, to: place, new, mapping, keepsOld, &mappings))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func move(
    _ start: UInt64, _ old: UInt64, to target: UInt64, _ new: UInt64, _ mapping: Mapping, _ keepsOld: Bool,
    _ mappings: inout Mappings
  ) throws(Errno) -> UInt64 {
    // MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP
    let (mayMove, fixed, keep): (Int32, Int32, Int32) = (1, 2, 4)
    // The old place stays mapped until it is reserved again: nothing of the host's may slip in. With the same
    // size the host does that; else the old range is first made to have the new size.
    let moved = min(old, new)
    if old == 0 {
      // A second mapping of shared pages.
      guard mapping.isShared else { throw .invalid }
      let again = host_remap(base + Int(start), 0, Int(new), mayMove | fixed, base + Int(target))
      guard again >= 0 else { throw Errno(Int32(-again)) }
    } else {
      let flags = mayMove | fixed | keep
      var result = host_remap(base + Int(start), Int(moved), Int(moved), flags, base + Int(target))
      if result == -Int(EINVAL) {
        result = host_remap(
          base + Int(start), Int(moved), Int(new), mayMove | fixed, base + Int(target))
      } else if result >= 0, new > moved {
        if mapping.isAnonymous && !mapping.isShared {
          let anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE
          let memory = mmap(
            base + Int(target + moved), Int(new - moved), Self.hostProtection(mapping.protection), anonymous,
            -1,
            0)
          if memory == MAP_FAILED { result = -Int(errno) }
        } else {
          // The window is reserved there: give the place back first, as mremap wants to grow into nothing.
          munmap(base + Int(target + moved), Int(new - moved))
          result = host_remap(base + Int(target), Int(moved), Int(new), 0, nil)
        }
      }
      guard result >= 0 else {
        try clear(target..<target + new, &mappings)
        throw Errno(Int32(-result))
      }
    }
    note(
      Mapping(
        start: target, end: target + new, protection: mapping.protection, isShared: mapping.isShared,
        isAnonymous: mapping.isAnonymous), &mappings)
    if !keepsOld, old > 0 { try clear(start..<start + old, &mappings) }
    return target
  }

  // MARK: Copies

  /// The host address of the program's `address`, for the host's kernel, which refuses what is not mapped. An address
  /// that no program has becomes one that the kernel refuses.
  func hostAddress(_ address: UInt64) -> Int {
    guard address < Self.end else { return Int(bitPattern: 0xffff_8000_0000_0000) }
    return Int(bitPattern: base + Int(address))
  }

  /// As `hostAddress`; zero stays zero.
  func hostPointer(_ address: UInt64) -> Int { address == 0 ? 0 : hostAddress(address) }

  func copyIn(_ address: UInt64, to: UnsafeMutableRawPointer, count: Int) throws(Errno) {
    guard count >= 0, address <= Self.end, UInt64(count) <= Self.end - address else { throw .badAddress }
    guard host_copy(to, base + Int(address), count) == 0 else { throw .badAddress }
  }

  func copyOut(_ from: UnsafeRawPointer, to address: UInt64, count: Int) throws(Errno) {
    guard count >= 0, address <= Self.end, UInt64(count) <= Self.end - address else { throw .badAddress }
    guard host_copy(base + Int(address), from, count) == 0 else { throw .badAddress }
    didWrite(address, count)
  }

  /// Somebody else than a hart wrote: instructions there are void.
  func didWrite(_ address: UInt64, _ count: Int) {
    guard count > 0, address < Self.end else { return }
    let last = min(address + UInt64(count) - 1, Self.end - 1)
    for page in address >> 12...last >> 12
    where permissionTable[Int(page)] & PagePermissions.execute.rawValue != 0 {
      let start = max(address, page << 12)
      code.invalidate(start, count: Int(min(last, page << 12 | 0xfff) - start) + 1)
    }
  }

  func load<T: BitwiseCopyable>(_ type: T.Type = T.self, at address: UInt64) throws(Errno) -> T {
    try withUnsafeTemporaryAllocation(of: T.self, capacity: 1) { buffer throws(Errno) -> T in
      guard let pointer = buffer.baseAddress else { throw .badAddress }
      try copyIn(address, to: pointer, count: MemoryLayout<T>.size)
      return pointer.pointee
    }
  }

  func store<T: BitwiseCopyable>(_ value: T, at address: UInt64) throws(Errno) {
    var value = value
    try copyOut(&value, to: address, count: MemoryLayout<T>.size)
  }

  func bytes(at address: UInt64, count: Int) throws(Errno) -> [UInt8] {
    guard count >= 0, UInt64(count) <= Self.end else { throw .badAddress }
    var bytes = [UInt8](repeating: 0, count: count)
    try copyIn(address, to: &bytes, count: count)
    return bytes
  }

  func store(_ bytes: [UInt8], at address: UInt64) throws(Errno) {
    try copyOut(bytes, to: address, count: bytes.count)
  }

  func words(at address: UInt64, count: Int) throws(Errno) -> [UInt64] {
    guard count >= 0, count <= 1 << 24 else { throw .invalid }
    var words = [UInt64](repeating: 0, count: count)
    try copyIn(address, to: &words, count: 8 * count)
    return words
  }

  /// The bytes before the zero at or behind `address`, at most `limit`.
  func string(at address: UInt64, limit: Int = 4096) throws(Errno) -> [UInt8] {
    var result: [UInt8] = []
    var at = address
    while result.count <= limit {
      // Up to the end of the page, so that what is not mapped behind the string is not asked for.
      let count = 4096 - Int(at & 4095)
      let piece = try bytes(at: at, count: count)
      if let end = piece.firstIndex(of: 0) {
        result += piece[..<end]
        guard result.count <= limit else { break }
        return result
      }
      result += piece
      at += UInt64(count)
    }
    throw Errno(ENAMETOOLONG)
  }

  /// The strings that a zero-terminated vector of pointers names; at most `limit` bytes of all.
  func strings(at address: UInt64, limit: Int = 1 << 23) throws(Errno) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var left = limit
    var at = address
    while true {
      let pointer = try load(UInt64.self, at: at)
      if pointer == 0 { return result }
      let string = try string(at: pointer, limit: 1 << 17)
      left -= string.count + 9
      guard left > 0 else { throw Errno(E2BIG) }
      result.append(string)
      at += 8
    }
  }
}
