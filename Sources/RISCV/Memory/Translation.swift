// Unsafe pointers: page-table entries are read and updated in host pages that `PhysicalMemory` hands out;
// an entry's offset in its page is masked.
import Synchronization

/// Page tables: Sv32, Sv39, Sv48 and Sv57 with Svnapot, Svpbmt, Svade and Svadu
/// (RISC-V Privileged 1.13, chapter 12).
extension Hart {
  typealias Access = PhysicalMemoryProtection.Access

  /// Where a virtual address leads.
  struct Translation {
    var physical: UInt64
    /// Bytes of the page that the leaf maps; 4096 where translation is off.
    var size: UInt64
    var readable: Bool
    /// The D bit is set, or need not be.
    var writable: Bool
  }

  private enum PTE {
    static let v: UInt64 = 1 << 0
    static let r: UInt64 = 1 << 1
    static let w: UInt64 = 1 << 2
    static let x: UInt64 = 1 << 3
    static let u: UInt64 = 1 << 4
    static let a: UInt64 = 1 << 6
    static let d: UInt64 = 1 << 7
    static let n: UInt64 = 1 << 63
    static let pbmt: UInt64 = 3 << 61
    static let reserved: UInt64 = 0x7f << 54
  }

  func pageFault(_ access: Access, _ virtual: UInt64) -> Exit {
    if log.has(.translation) { logTranslation(virtual, access, fault: 1) }
    return switch access {
    case .fetch: trap(Cause.instructionPage, virtual)
    case .load: trap(Cause.loadPage, virtual)
    case .store: trap(Cause.storePage, virtual)
    }
  }

  func accessFault(_ access: Access, _ virtual: UInt64) -> Exit {
    if log.has(.translation) { logTranslation(virtual, access, fault: 2) }
    return switch access {
    case .fetch: trap(Cause.instructionAccess, virtual)
    case .load: trap(Cause.loadAccess, virtual)
    case .store: trap(Cause.storeAccess, virtual)
    }
  }

  /// Translates for `privilege`. Sets A, and D for stores, where Svadu is on.
  func translate(_ virtual: UInt64, _ access: Access, _ privilege: Privilege) throws(Exit) -> Translation {
    let satp = state.pointee.satp
    let isRV32 = features.xlen == 32
    let mode = isRV32 ? satp >> 31 : satp >> 60
    guard privilege != .machine, mode != 0 else {
      if let userPages { return try translate(virtual, access, by: userPages) }
      return Translation(physical: virtual, size: 4096, readable: true, writable: true)
    }
    let levels = isRV32 ? 2 : Int(mode) - 5
    let indexBits: UInt64 = isRV32 ? 10 : 9
    let entrySize: UInt64 = isRV32 ? 4 : 8
    if !isRV32 {
      let bits = UInt64(12 + 9 * levels)
      let extended = UInt64(bitPattern: Int64(bitPattern: virtual << (64 - bits)) >> Int64(64 - bits))
      guard extended == virtual else { throw pageFault(access, virtual) }
    }
    var table = (isRV32 ? satp & 0x3f_ffff : satp & 0xfff_ffff_ffff) << 12
    var level = levels - 1
    while true {
      let shift = 12 + indexBits * UInt64(level)
      let at = table &+ (virtual >> shift & (1 << indexBits - 1)) * entrySize
      guard pmp.allows(.load, at, entrySize, .supervisor), let page = memory.hostPage(at: at)
      else { throw accessFault(access, virtual) }
      let host = page.base + Int(at & 0xfff)
      let entry = isRV32 ? UInt64(host.load(as: UInt32.self)) : host.load(as: UInt64.self)
      guard entry & PTE.v != 0, !(entry & PTE.w != 0 && entry & PTE.r == 0),
        isRV32 || entry & PTE.reserved == 0
      else { throw pageFault(access, virtual) }
      let ppn = isRV32 ? entry >> 10 : entry >> 10 & 0xfff_ffff_ffff
      if entry & (PTE.r | PTE.x) == 0 {
        let reserved = PTE.u | PTE.a | PTE.d | (isRV32 ? 0 : PTE.n | PTE.pbmt)
        guard level > 0, entry & reserved == 0 else { throw pageFault(access, virtual) }
        table = ppn << 12
        level -= 1
        continue
      }
      let leaf = try checkLeaf(entry, access, privilege, virtual, level, isRV32)
      // A superpage's low page-number bits must be zero (§12.3.2, step 6).
      let offsetBits = shift
      guard ppn & (1 << (offsetBits - 12) - 1) == 0 else { throw pageFault(access, virtual) }
      var wanted = entry | PTE.a
      if access == .store { wanted |= PTE.d }
      if wanted != entry {
        guard updatesAccessedAndDirty else { throw pageFault(access, virtual) }
        guard page.isWritable, pmp.allows(.store, at, entrySize, .supervisor)
        else { throw accessFault(access, virtual) }
        // Another hart changed the entry: look again.
        guard Self.replace(host, entry, wanted, isRV32) else { continue }
        code.invalidate(at, count: Int(entrySize))
      }
      var physical = ppn << 12
      var size = UInt64(1) << offsetBits
      if leaf.isNapot {
        size = 1 << 16
        physical = (ppn & ~0xf) << 12
      }
      physical |= virtual & (size - 1)
      return Translation(
        physical: physical, size: size, readable: leaf.readable,
        writable: leaf.writable && wanted & PTE.d != 0)
    }
  }

  /// Steps 5, 7 and 8 of §12.3.2 with the rules of Svnapot and Svpbmt.
  private func checkLeaf(
    _ entry: UInt64, _ access: Access, _ privilege: Privilege, _ virtual: UInt64, _ level: Int, _ isRV32: Bool
  ) throws(Exit) -> (readable: Bool, writable: Bool, isNapot: Bool) {
    let status = state.pointee.mstatus
    var isNapot = false
    if !isRV32 {
      if entry & PTE.pbmt != 0 {
        guard state.pointee.menvcfg & Environment.pbmte != 0, entry & PTE.pbmt != PTE.pbmt
        else { throw pageFault(access, virtual) }
      }
      if entry & PTE.n != 0 {
        guard features.extensions.contains(.svnapot), level == 0, entry >> 10 & 0xf == 8
        else { throw pageFault(access, virtual) }
        isNapot = true
      }
    }
    let isUserPage = entry & PTE.u != 0
    if privilege == .user {
      guard isUserPage else { throw pageFault(access, virtual) }
    } else if isUserPage {
      guard access != .fetch, status & Status.sum != 0 else { throw pageFault(access, virtual) }
    }
    let readable = entry & PTE.r != 0 || status & Status.mxr != 0 && entry & PTE.x != 0
    let writable = entry & PTE.w != 0
    let isAllowed =
      switch access {
      case .fetch: entry & PTE.x != 0
      case .load: readable
      case .store: writable
      }
    guard isAllowed else { throw pageFault(access, virtual) }
    return (readable, writable, isNapot)
  }

  /// Hardware sets A and D: `menvcfg.ADUE` where Svadu is there; otherwise unless Svade says that it traps.
  package var updatesAccessedAndDirty: Bool {
    if features.extensions.contains(.svadu) { return state.pointee.menvcfg & Environment.adue != 0 }
    return !features.extensions.contains(.svade)
  }

  private static func replace(_ host: UnsafeMutableRawPointer, _ old: UInt64, _ new: UInt64, _ isRV32: Bool)
    -> Bool
  {
    if isRV32 {
      return host.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.compareExchange(
        expected: UInt32(truncatingIfNeeded: old), desired: UInt32(truncatingIfNeeded: new),
        ordering: .sequentiallyConsistent
      ).exchanged
    }
    return host.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.compareExchange(
      expected: old, desired: new, ordering: .sequentiallyConsistent
    ).exchanged
  }
}
