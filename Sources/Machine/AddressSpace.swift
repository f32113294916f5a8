// Unsafe pointers: RAM and ROM blocks are mmap'ed once by `addRAM`/`addROM` and live as long as the
// address space; every access is checked against its block's bounds before a pointer is formed.
import CHost
import Glibc
import Logging
import RISCV

/// A range of guest-physical addresses and what answers there.
package struct MemoryRegion: Sendable {
  package enum Kind: Sendable {
    case ram
    case rom
    /// `widths` are the access sizes the device takes; others are access faults. `isLockFree` devices
    /// synchronise themselves and are called without the machine lock.
    case device(any MMIODevice, widths: ClosedRange<Int>, isLockFree: Bool)
    /// Memory that is read and executed like ROM while the device says so; it takes all stores.
    case romDevice(any MMIODevice, ROMDeviceMemory, widths: ClosedRange<Int>)
  }

  /// As `info mtree` prints it, e.g. "riscv.sifive.plic".
  package let name: String
  package let base: UInt64
  package let size: UInt64
  package let kind: Kind
  /// What the device sees as the offset of the first byte.
  fileprivate var deviceOffset: UInt64 = 0
  /// Host address of RAM and ROM.
  fileprivate nonisolated(unsafe) let host: UnsafeMutableRawPointer?
  /// The memory file behind it, which knows the pages that were ever touched.
  fileprivate var file: Int32 = -1

  package var last: UInt64 { base &+ (size &- 1) }

  fileprivate var isRAM: Bool { if case .ram = kind { true } else { false } }
}

/// The guest-physical address space: RAM by pointer, devices by call.
package final class AddressSpace: PhysicalMemory {
  /// Sorted by base, disjoint. Written only while the board is built.
  package private(set) nonisolated(unsafe) var regions: [MemoryRegion] = []
  package let code: CodePages
  package let log: Log
  /// Where a hart last stored to ROM, which ignores it; for people. A hint: harts do not wait for one another.
  package private(set) nonisolated(unsafe) var lastStoreToROM: UInt64?
  private let lock: MachineLock
  /// The largest block of RAM, whole pages of it; size zero before there is one.
  private nonisolated(unsafe) var mainMemory = (
    base: UInt64(0), size: UInt64(0), host: UnsafeMutableRawPointer(bitPattern: 4096).unsafelyUnwrapped
  )

  package init(lock: MachineLock, log: Log = Log()) {
    self.lock = lock
    self.log = log
    code = CodePages(log: log)
  }

  // MARK: Building

  /// Maps `size` bytes of RAM at `base`, zeroed where it is not a file's. Pages cost host memory once touched.
  package func addRAM(
    _ name: String, base: UInt64, size: UInt64, backing: RAMBacking = RAMBacking()
  ) throws(PropertyError) {
    let (host, file) = try backing.map(name, size)
    insert(MemoryRegion(name: name, base: base, size: size, kind: .ram, host: host, file: file))
    code.addRange(base: base, size: size)
    if size > mainMemory.size, base & 0xfff == 0 { mainMemory = (base, size & ~0xfff, host) }
  }

  /// Maps ROM with the given contents; guests read and execute it, their stores vanish.
  package func addROM(_ name: String, base: UInt64, size: UInt64, contents: [UInt8]) throws(PropertyError) {
    let (host, file) = try RAMBacking().map(name, size)
    precondition(contents.count <= size)
    contents.withUnsafeBytes { if let from = $0.baseAddress { memcpy(host, from, contents.count) } }
    insert(MemoryRegion(name: name, base: base, size: size, kind: .rom, host: host, file: file))
    code.addRange(base: base, size: size)
  }

  /// Keeps guest memory out of a core dump of this process.
  package func leaveOutOfCoreDumps() {
    for region in regions {
      if let host = region.host { madvise(host, Int(region.size), MADV_DONTDUMP) }
    }
  }

  /// `offset` is what the device sees as the offset of the window's first byte.
  package func addDevice(
    _ name: String, _ device: any MMIODevice, base: UInt64, size: UInt64, widths: ClosedRange<Int>,
    isLockFree: Bool = false, offset: UInt64 = 0
  ) {
    let kind = MemoryRegion.Kind.device(device, widths: widths, isLockFree: isLockFree)
    insert(MemoryRegion(name: name, base: base, size: size, kind: kind, deviceOffset: offset, host: nil))
  }

  /// Maps the device that `make` builds around `size` bytes of zeroed memory of its own (see `ROMDeviceMemory`).
  package func addROMDevice<D: MMIODevice>(
    _ name: String, base: UInt64, size: UInt64, widths: ClosedRange<Int>,
    make: (ROMDeviceMemory) throws(PropertyError) -> D
  ) throws(PropertyError) -> D {
    let (host, file) = try RAMBacking().map(name, size)
    let memory = ROMDeviceMemory(base: base, size: Int(size), host: host, code: code)
    let device: D
    do {
      device = try make(memory)
    } catch {
      munmap(host, Int(size))
      close(file)
      throw error
    }
    let kind = MemoryRegion.Kind.romDevice(device, memory, widths: widths)
    insert(MemoryRegion(name: name, base: base, size: size, kind: kind, host: host, file: file))
    code.addRange(base: base, size: size)
    return device
  }

  private func insert(_ region: MemoryRegion) {
    let place = regions.firstIndex { $0.base > region.base } ?? regions.endIndex
    precondition(place == 0 || regions[place - 1].last < region.base, "\(region.name) overlaps")
    precondition(place == regions.count || region.last < regions[place].base, "\(region.name) overlaps")
    regions.insert(region, at: place)
  }

  deinit {
    for region in regions {
      if let host = region.host { munmap(host, Int(region.size)) }
      if region.file >= 0 { close(region.file) }
    }
  }

  // MARK: Contents

  /// A hash of all RAM (FNV-1a over the words of every page that is not zero, with its address), for
  /// comparing runs. Pages that were never touched are skipped without touching them.
  package var contentHash: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x100_0000_01b3 }
    for region in regions where region.file >= 0 {
      guard case .ram = region.kind, let host = region.host else { continue }
      var at = 0
      while true {
        let data = lseek(region.file, at, FileSeek.data)
        guard data >= 0, data < Int(region.size) else { break }
        let hole = min(lseek(region.file, data, FileSeek.hole), Int(region.size))
        for page in stride(from: data & ~0xfff, to: hole, by: 4096) {
          let words = UnsafeRawBufferPointer(start: host + page, count: 4096).bindMemory(to: UInt64.self)
          guard words.contains(where: { $0 != 0 }) else { continue }
          mix(region.base &+ UInt64(page))
          for word in words { mix(word) }
        }
        at = hole
      }
    }
    return hash
  }

  /// How many bytes from `address` on, whole pages of one region of RAM, were never touched.
  package func untouchedBytes(at address: UInt64) -> UInt64 {
    guard let region = region(at: address), region.isRAM, region.file >= 0,
      let offset = Int(exactly: address &- region.base)
    else { return 0 }
    // lseek(2), SEEK_DATA; it fails where there is nothing but a hole.
    let data = lseek(region.file, offset, FileSeek.data)
    let end = data >= 0 ? min(UInt64(data), region.size) : errno == ENXIO ? region.size : UInt64(offset)
    return (end - UInt64(offset)) & ~0xfff
  }

  // MARK: Harts

  package func hostPage(at address: UInt64) -> HostPage? {
    let page = address & ~0xfff
    // Page walks and lookaside misses come here, nearly all of them for the one large block of RAM.
    if page &- mainMemory.base < mainMemory.size {
      return HostPage(base: mainMemory.host + Int(page &- mainMemory.base), isWritable: true)
    }
    guard let region = region(at: page), let host = region.host, page &+ 0xfff <= region.last else {
      return nil
    }
    let base = host + Int(page &- region.base)
    switch region.kind {
    case .rom: return HostPage(base: base, isWritable: false)
    case .romDevice(_, let memory, _):
      return memory.lend() ? HostPage(base: base, isWritable: false, isLent: true) : nil
    case .ram, .device: return HostPage(base: base, isWritable: true)
    }
  }

  package func readDevice(_ address: UInt64, width: Int) -> UInt64? {
    if log.has(Self.logged) { logAccess(address, width, writing: nil) }
    guard let region = region(at: address), address &+ UInt64(width - 1) <= region.last else { return nil }
    let offset = address &- region.base &+ region.deviceOffset
    switch region.kind {
    case .device(let device, let widths, let isLockFree):
      guard widths.contains(width) else { return nil }
      return isLockFree
        ? device.read(offset, width: width) : lock.withLock { device.read(offset, width: width) }
    case .romDevice(let device, let memory, let widths) where !memory.isDirect:
      guard widths.contains(width) else { return nil }
      return lock.withLock { device.read(offset, width: width) }
    case .ram, .rom, .romDevice:
      guard let host = region.host else { return nil }
      var value: UInt64 = 0
      memcpy(&value, host + Int(offset), width)
      return value
    }
  }

  package func writeDevice(_ address: UInt64, width: Int, _ value: UInt64) -> Bool {
    if log.has(Self.logged) { logAccess(address, width, writing: value) }
    guard let region = region(at: address), address &+ UInt64(width - 1) <= region.last else { return false }
    let offset = address &- region.base &+ region.deviceOffset
    switch region.kind {
    case .romDevice(let device, _, let widths):
      guard widths.contains(width) else { return false }
      lock.withLock { device.write(offset, width: width, value) }
      return true
    case .device(let device, let widths, let isLockFree):
      guard widths.contains(width) else { return false }
      if isLockFree {
        device.write(offset, width: width, value)
      } else {
        lock.withLock { device.write(offset, width: width, value) }
      }
      return true
    case .ram:
      withUnsafeBytes(of: value.littleEndian) { _ = copyIn($0.prefix(width).map { $0 }, to: address) }
      return true
    case .rom:
      lastStoreToROM = address
      return true
    }
  }

  /// What accesses to devices can have logged.
  private static let logged: LogItems = [.guestErrors, .unimplemented, .invalidAccesses]

  /// Says what is wrong with an access, where something is.
  @inline(never)
  private func logAccess(_ address: UInt64, _ width: Int, writing value: UInt64?) {
    func refuse(_ address: UInt64, _ region: String, _ reason: String) {
      guard log.has([.guestErrors, .invalidAccesses]) else { return }
      log.write(
        "Invalid \(value == nil ? "read" : "write") at addr 0x\(hexadecimal(address)), size \(width), "
          + "region '\(region)', reason: \(reason)\n")
    }
    guard let region = region(at: address), address &+ UInt64(width - 1) <= region.last else {
      return refuse(address, "(null)", "rejected")
    }
    let (device, widths, isLockFree): (any MMIODevice, ClosedRange<Int>, Bool)
    switch region.kind {
    case .device(let ours, let taken, let alone): (device, widths, isLockFree) = (ours, taken, alone)
    case .romDevice(let ours, _, let taken): (device, widths, isLockFree) = (ours, taken, false)
    case .ram, .rom: return
    }
    let offset = address &- region.base &+ region.deviceOffset
    guard widths.contains(width) else {
      return refuse(
        offset, region.name, "invalid size (min:\(widths.lowerBound) max:\(widths.upperBound))")
    }
    let access = DeviceAccess(offset: offset, width: width, value: value)
    let remark = isLockFree ? device.remark(on: access) : lock.withLock { device.remark(on: access) }
    if let remark, log.has(remark.item) { log.write(remark.text + "\n") }
  }

  private func region(at address: UInt64) -> MemoryRegion? {
    var low = 0
    var high = regions.count
    while low < high {
      let middle = (low + high) / 2
      if regions[middle].last < address { low = middle + 1 } else { high = middle }
    }
    guard low < regions.count, regions[low].base <= address else { return nil }
    return regions[low]
  }

  // MARK: DMA, loaders, debuggers: the one way in that also drops stale predecoded instructions

  /// The RAM (or, for loaders that say so, ROM) bytes at `address`, nil unless all of them exist.
  package func ramBytes(at address: UInt64, count: Int, includingROM: Bool = false)
    -> UnsafeMutableRawBufferPointer?
  {
    guard count >= 0, let region = region(at: address), let host = region.host else { return nil }
    if !includingROM, !region.isRAM { return nil }
    let offset = address &- region.base
    guard UInt64(count) <= region.size &- offset else { return nil }
    return UnsafeMutableRawBufferPointer(start: host + Int(offset), count: count)
  }

  /// Copies guest RAM or ROM out; nil unless all of it exists.
  package func copyOut(_ address: UInt64, count: Int) -> [UInt8]? {
    ramBytes(at: address, count: count, includingROM: true).map { [UInt8]($0) }
  }

  /// Writes guest RAM (for loaders: ROM too); false, and nothing written, unless all of it exists.
  @discardableResult
  package func copyIn(_ bytes: [UInt8], to address: UInt64, includingROM: Bool = false) -> Bool {
    guard let target = ramBytes(at: address, count: bytes.count, includingROM: includingROM) else {
      return false
    }
    bytes.withUnsafeBytes { target.copyMemory(from: $0) }
    didWrite(address, count: bytes.count)
    return true
  }

  /// Has the kernel copy from `descriptor`, from `offset` on, into the RAM or ROM at `address`. Memory is a
  /// file: the pages need no faults and no zeroing before they are filled.
  ///
  /// Returns how many of the `count` bytes it took. Fewer are no error here: some file systems cannot be
  /// copied from like this, and reading the rest tells why a file gives no more. With harts at rest.
  package func copyIn(descriptor: Int32, offset: UInt64, count: Int, to address: UInt64) -> Int {
    guard ramBytes(at: address, count: count, includingROM: true) != nil, let region = region(at: address),
      let target = off_t(exactly: address &- region.base), lseek(region.file, target, SEEK_SET) == target,
      var source = off_t(exactly: offset)
    else { return 0 }
    var done = 0
    while done < count {
      let copied = sendfile(region.file, descriptor, &source, count - done)
      if copied < 0 && errno == EINTR { continue }
      guard copied > 0 else { break }
      done += copied
    }
    didWrite(address, count: done)
    return done
  }

  /// To be called after writing through `ramBytes`, before the guest is told.
  package func didWrite(_ address: UInt64, count: Int) {
    code.invalidate(address, count: count)
  }

  package func load<T: FixedWidthInteger>(_ address: UInt64, as type: T.Type = T.self) -> T? {
    ramBytes(at: address, count: T.bitWidth / 8, includingROM: true).map {
      T(littleEndian: $0.loadUnaligned(as: T.self))
    }
  }

  @discardableResult
  package func store<T: FixedWidthInteger>(_ address: UInt64, _ value: T) -> Bool {
    guard let bytes = ramBytes(at: address, count: T.bitWidth / 8) else { return false }
    bytes.storeBytes(of: value.littleEndian, as: T.self)
    didWrite(address, count: bytes.count)
    return true
  }

  /// A device's store of a message-signalled interrupt: into RAM, or to a device that works without the machine
  /// lock, which interrupt controllers are. False where nothing takes it. With the machine lock held.
  package func storeMessage(_ value: UInt32, to address: UInt64) -> Bool {
    if store(address, value) { return true }
    guard let region = region(at: address), address &+ 3 <= region.last,
      case .device(let device, let widths, isLockFree: true) = region.kind, widths.contains(4)
    else { return false }
    device.write(address &- region.base &+ region.deviceOffset, width: 4, UInt64(value))
    return true
  }
}
