// Unsafe pointers: host addresses come from `PhysicalMemory.hostPage` and stay inside that page.
import CHost
import Synchronization

/// Memory accesses that the lookaside could not serve: translation, protection, devices, misaligned and
/// page-crossing accesses, pages that hold code, atomics.
extension Hart {
  /// A place in memory, checked for an access: RAM by host address, or a device.
  struct Place {
    var physical: UInt64
    /// Nil for devices.
    var host: UnsafeMutableRawPointer?
    var isWritable: Bool
  }

  /// Translates and checks `width` bytes at `virtual`, which lie in one page; enters the page into the
  /// lookaside where one check stands for all of it.
  /// `reporting` is the address that a fault names where it is not `virtual`.
  func place(_ access: Access, _ virtual: UInt64, _ width: Int, reporting: UInt64) throws(Exit) -> Place {
    do throws(Exit) {
      return try place(access, virtual, width)
    } catch {
      state.pointee.trapValue = reporting
      throw error
    }
  }

  func place(_ access: Access, _ virtual: UInt64, _ width: Int) throws(Exit) -> Place {
    // What was once translated holds until it is flushed, for quick and slow accesses and each engine.
    let entry = block.entry(of: virtual)
    if let host = entry.pointee.host(access, virtual, width) {
      if access == .store { lookaside.allowStores(entry, virtual: virtual, code) }
      return Place(
        physical: entry.pointee.physical | virtual & 0xfff, host: host, isWritable: access == .store)
    }
    if triggersArmed { try checkTriggers(access, virtual) }
    let privilege = dataPrivilege
    let translation = try translate(virtual, access, privilege)
    let physical = translation.physical
    guard pmp.allows(access, physical, UInt64(width), privilege) else { throw accessFault(access, virtual) }
    let isWatched = !watchpoints.isEmpty && watchesPage(of: virtual)
    if isWatched { try checkWatchpoints(access, virtual, UInt64(width)) }
    guard let page = memory.hostPage(at: physical) else {
      return Place(physical: physical, host: nil, isWritable: true)
    }
    if !triggersArmed, !isWatched, pmp.isUniform(page: physical & ~0xfff) {
      fill(virtual, access, physical, page, translation, privilege)
    }
    return Place(physical: physical, host: page.base + Int(physical & 0xfff), isWritable: page.isWritable)
  }

  private func fill(
    _ virtual: UInt64, _ access: Access, _ physical: UInt64, _ page: HostPage, _ translation: Translation,
    _ privilege: Privilege
  ) {
    let pageAddress = physical & ~0xfff
    let readable = translation.readable && pmp.allows(.load, pageAddress, 4096, privilege)
    let writable =
      translation.writable && page.isWritable && pmp.allows(.store, pageAddress, 4096, privilege)
    let entry = lookaside.fill(
      dataView, virtual: virtual, physical: physical, host: page.base, readable: readable, writable: writable)
    if translation.size > 4096 { lookaside.noteLargePage(virtual, bytes: translation.size) }
    if log.has(.translation) {
      logTranslation(virtual, access, to: physical, readable: readable, writable: writable)
    }
    if readable && writable { lookaside.allowStores(entry, virtual: virtual, code) }
    if page.isLent {
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      if memory.hostPage(at: physical) == nil { entry.pointee.readTag = LookasideEntry.none }
    }
    if let userPages, watchpoints.isEmpty {
      fillNeighbours(virtual, userPages, readable: readable, writable: writable)
    }
  }

  // MARK: Loads and stores

  private static func load(_ host: UnsafeMutableRawPointer, _ width: Int) -> UInt64 {
    switch width {
    case 1: UInt64(host.load(as: UInt8.self))
    case 2: UInt64(host.loadUnaligned(as: UInt16.self))
    case 4: UInt64(host.loadUnaligned(as: UInt32.self))
    default: host.loadUnaligned(as: UInt64.self)
    }
  }

  private static func store(_ host: UnsafeMutableRawPointer, _ width: Int, _ value: UInt64) {
    switch width {
    case 1: host.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 2: host.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    case 4: host.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
    default: host.storeBytes(of: value, as: UInt64.self)
    }
  }

  @inline(never)
  func loadSlow(_ virtual: UInt64, _ width: Int) throws(Exit) -> UInt64 {
    let address = virtual & widthMask
    let inPage = 4096 - Int(address & 0xfff)
    if width > inPage {
      // Both pages are checked before either is read.
      let low = try place(.load, address, inPage)
      let high = try place(.load, (address &+ UInt64(inPage)) & widthMask, width - inPage)
      guard let lowHost = low.host else { throw accessFault(.load, address) }
      guard let highHost = high.host else { throw accessFault(.load, address &+ UInt64(inPage)) }
      var value: UInt64 = 0
      for i in 0..<inPage { value |= UInt64((lowHost + i).load(as: UInt8.self)) << UInt64(8 * i) }
      for i in 0..<width - inPage {
        value |= UInt64((highHost + i).load(as: UInt8.self)) << UInt64(8 * (inPage + i))
      }
      return value
    }
    let place = try place(.load, address, width)
    if let host = place.host { return Self.load(host, width) }
    // Devices take no misaligned access; as QEMU, that is the bus's refusal.
    guard address & UInt64(width - 1) == 0 else { throw accessFault(.load, address) }
    guard let value = memory.readDevice(place.physical, width: width) else {
      throw accessFault(.load, address)
    }
    return value
  }

  /// True where a device was written: the caller lets timers and interrupts be looked at.
  @inline(never)
  func storeSlow(_ virtual: UInt64, _ width: Int, _ value: UInt64) throws(Exit) -> Bool {
    let address = virtual & widthMask
    let inPage = 4096 - Int(address & 0xfff)
    if width > inPage {
      // A store that crosses into a faulting page changes nothing: check both first.
      let low = try place(.store, address, inPage)
      let high = try place(.store, (address &+ UInt64(inPage)) & widthMask, width - inPage)
      guard let lowHost = low.host else { throw accessFault(.store, address) }
      guard let highHost = high.host else { throw accessFault(.store, address &+ UInt64(inPage)) }
      for i in 0..<width {
        let byte = UInt8(truncatingIfNeeded: value >> UInt64(8 * i))
        let inLow = i < inPage
        guard inLow ? low.isWritable : high.isWritable else { continue }
        (inLow ? lowHost + i : highHost + (i - inPage)).storeBytes(of: byte, as: UInt8.self)
      }
      didStore(low.physical, inPage)
      didStore(high.physical, width - inPage)
      return false
    }
    let place = try place(.store, address, width)
    if let host = place.host, place.isWritable {
      Self.store(host, width, value)
      didStore(place.physical, width)
      return false
    }
    guard address & UInt64(width - 1) == 0 else { throw accessFault(.store, address) }
    guard memory.writeDevice(place.physical, width: width, value) else { throw accessFault(.store, address) }
    return true
  }

  // MARK: Atomics

  /// The RAM that an atomic operation works on. Atomics to devices and ROM are access faults.
  private func atomicPlace(_ access: Access, _ virtual: UInt64, _ width: Int) throws(Exit) -> (
    UnsafeMutableRawPointer, UInt64
  ) {
    guard virtual & UInt64(width - 1) == 0 else {
      throw trap(access == .load ? Cause.loadMisaligned : Cause.storeMisaligned, virtual)
    }
    let place = try place(access, virtual, width)
    guard let host = place.host, place.isWritable || access == .load else {
      throw accessFault(access, virtual)
    }
    return (host, place.physical)
  }

  @inline(never)
  func loadReserved(_ virtual: UInt64, _ width: Int) throws(Exit) -> UInt64 {
    let address = virtual & widthMask
    let (host, physical) = try atomicPlace(.load, address, width)
    let value =
      width == 4 ? UInt64(UInt32(bitPattern: Int32.load(host))) : UInt64(bitPattern: Int64.load(host))
    state.pointee.reservation = physical
    state.pointee.reservedWidth = UInt64(width)
    state.pointee.reservedValue = value
    return value
  }

  /// SC compares address, width and value (a value that went and came back is accepted) and always
  /// consumes the reservation. Zero for success.
  @inline(never)
  func storeConditional(_ virtual: UInt64, _ width: Int, _ value: UInt64) throws(Exit) -> UInt64 {
    let address = virtual & widthMask
    let reservation = state.pointee.reservation
    state.pointee.reservation = .max
    let (host, physical) = try atomicPlace(.store, address, width)
    guard reservation == physical, state.pointee.reservedWidth == UInt64(width) else { return 1 }
    let expected = state.pointee.reservedValue
    let exchanged =
      width == 4
      ? Int32.compareExchange(host, Int32(truncatingIfNeeded: expected), Int32(truncatingIfNeeded: value))
        .exchanged
      : Int64.compareExchange(host, Int64(bitPattern: expected), Int64(bitPattern: value)).exchanged
    if exchanged { didStore(physical, width) }
    return exchanged ? 0 : 1
  }

  private func didStore(_ physical: UInt64, _ width: Int) {
    code.didStore(physical, count: width, running: block.pointee.base)
  }

  /// An atomic read-modify-write of a T; the old value, sign-extended.
  @inline(never)
  func exchange<T: AtomicInteger>(
    _ operation: AtomicOperation, _ type: T.Type, _ operand: UInt64, _ virtual: UInt64
  ) throws(Exit) -> UInt64 {
    let (host, physical) = try atomicPlace(.store, virtual & widthMask, T.bitWidth / 8)
    let operand = T(truncatingIfNeeded: operand)
    var old = T.load(host)
    while true {
      let new = operation.apply(old, operand)
      let (exchanged, original) = T.compareExchange(host, old, new)
      if exchanged { break }
      old = original
    }
    didStore(physical, T.bitWidth / 8)
    return UInt64(truncatingIfNeeded: old)
  }

  /// 16 bytes at once.
  func compareAndSwap16(_ virtual: UInt64, _ expected: (UInt64, UInt64), _ new: (UInt64, UInt64)) throws(Exit)
    -> (
      UInt64, UInt64
    )
  {
    let (host, physical) = try atomicPlace(.store, virtual & widthMask, 16)
    var seen: [UInt64] = [expected.0, expected.1]
    let desired: [UInt64] = [new.0, new.1]
    if host_compare_exchange_16(host, &seen, desired) != 0 { didStore(physical, 16) }
    return (seen[0], seen[1])
  }

  @inline(never)
  func compareAndSwap<T: AtomicInteger>(
    _ type: T.Type, _ expected: UInt64, _ new: UInt64, _ virtual: UInt64
  ) throws(Exit) -> UInt64 {
    let (host, physical) = try atomicPlace(.store, virtual & widthMask, T.bitWidth / 8)
    let (_, original) = T.compareExchange(
      host, T(truncatingIfNeeded: expected), T(truncatingIfNeeded: new))
    didStore(physical, T.bitWidth / 8)
    return UInt64(truncatingIfNeeded: original)
  }
}

extension AtomicOperation {
  @inline(__always)
  func apply<T: FixedWidthInteger & SignedInteger>(_ old: T, _ operand: T) -> T {
    switch self {
    case .swap: operand
    case .add: old &+ operand
    case .xor: old ^ operand
    case .and: old & operand
    case .or: old | operand
    case .min: Swift.min(old, operand)
    case .max: Swift.max(old, operand)
    case .minUnsigned:
      T.Magnitude(truncatingIfNeeded: old) < T.Magnitude(truncatingIfNeeded: operand) ? old : operand
    case .maxUnsigned:
      T.Magnitude(truncatingIfNeeded: old) < T.Magnitude(truncatingIfNeeded: operand) ? operand : old
    }
  }
}
