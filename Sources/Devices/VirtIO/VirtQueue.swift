// Unsafe pointers: rings and buffers are host addresses that `AddressSpace.ramBytes` gave for the whole
// range needed; RAM stays mapped as long as the address space, which the queue holds. Nothing read from
// the guest is used as an index or a length before it was compared with a bound known to the device,
// and every descriptor is read once, so that a guest that rewrites it meanwhile changes nothing.
import Machine
import Synchronization

/// What a driver did that no driver may: the sentence for a person. The device is broken until reset.
package struct VirtQueueError: Error, CustomStringConvertible, Equatable {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// A piece of guest memory that a descriptor names, proved to be there.
package struct GuestBuffer: @unchecked Sendable {
  package let address: UInt64
  package let host: UnsafeMutableRawBufferPointer
}

/// A descriptor chain that the driver made available (virtio 1.3, §2.7.4): first what the device reads,
/// then what it writes.
package struct DescriptorChain: Sendable {
  package let head: UInt16
  package var readable: [GuestBuffer] = []
  package var writable: [GuestBuffer] = []

  /// Bytes. Cannot overflow: at most 1,024 buffers of less than 2^32 bytes.
  package var readableCount: Int { readable.reduce(0) { $0 + $1.host.count } }
  package var writableCount: Int { writable.reduce(0) { $0 + $1.host.count } }

  /// Copies up to `count` bytes out of the readable part, starting `offset` bytes into it.
  package func copyReadable(from offset: Int = 0, count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for piece in Self.slice(readable, from: offset, count: count) { bytes.append(contentsOf: piece.host) }
    return bytes
  }

  /// Copies bytes into the writable part from its start; returns how many fitted.
  package func copyWritable(_ bytes: some Collection<UInt8>, memory: AddressSpace) -> Int {
    var rest = bytes[...]
    var copied = 0
    for buffer in writable where !rest.isEmpty {
      let part = rest.prefix(buffer.host.count)
      buffer.host.copyBytes(from: part)
      memory.didWrite(buffer.address, count: part.count)
      copied += part.count
      rest = rest.dropFirst(part.count)
    }
    return copied
  }

  /// `count` bytes of `buffers`, `offset` bytes in; shorter where they end.
  package static func slice(_ buffers: [GuestBuffer], from offset: Int, count: Int) -> [GuestBuffer] {
    var pieces: [GuestBuffer] = []
    var skip = offset
    var left = count
    for buffer in buffers where left > 0 {
      let size = buffer.host.count
      guard skip < size else {
        skip -= size
        continue
      }
      let length = min(size - skip, left)
      let host = UnsafeMutableRawBufferPointer(rebasing: buffer.host[skip..<(skip + length)])
      pieces.append(GuestBuffer(address: buffer.address &+ UInt64(skip), host: host))
      left -= length
      skip = 0
    }
    return pieces
  }
}

/// A split virtqueue (virtio 1.3, §2.7), the device's side.
///
/// All members are used with the machine lock held.
package final class VirtQueue: Sendable {
  /// The largest size that QEMU offers, and the most descriptors of one chain.
  package static let maximumSize: UInt16 = 1024

  package struct State: Codable, Equatable, Sendable {
    package var size: UInt16
    /// The driver has told where the rings are.
    package var isReady = false
    package var descriptors: UInt64 = 0
    package var available: UInt64 = 0
    package var used: UInt64 = 0
    /// The next available entry to take.
    package var nextAvailable: UInt16 = 0
    /// The next used entry to write.
    package var nextUsed: UInt16 = 0
    /// The used index when the driver was last considered for an interrupt.
    package var signalledUsed: UInt16 = 0
    /// Chains taken and not yet given back.
    package var inFlight: UInt16 = 0

    package init(size: UInt16) { self.size = size }
  }

  /// Descriptor flags (§2.7.5).
  private enum Flag {
    static let next: UInt16 = 1
    static let write: UInt16 = 2
    static let indirect: UInt16 = 4
  }

  private struct Rings {
    let descriptors: UnsafeMutableRawBufferPointer
    let available: UnsafeMutableRawBufferPointer
    let used: UnsafeMutableRawBufferPointer
  }

  private struct Descriptor {
    let address: UInt64
    let length: UInt32
    let flags: UInt16
    let next: UInt16
  }

  private let memory: AddressSpace
  private let defaultSize: UInt16
  private nonisolated(unsafe) var rings: Rings?
  private nonisolated(unsafe) var current: State
  /// The device may not reach memory: nothing is taken, given back or announced.
  package nonisolated(unsafe) var isSuspended = false
  /// VIRTIO_F_EVENT_IDX was negotiated.
  package nonisolated(unsafe) var usesEventIndex = false
  /// VIRTIO_F_NOTIFY_ON_EMPTY (legacy) was negotiated.
  package nonisolated(unsafe) var notifiesOnEmpty = false

  package init(memory: AddressSpace, size: UInt16) {
    self.memory = memory
    defaultSize = size
    current = State(size: size)
  }

  /// Setting it maps the rings anew; a queue whose rings are not in RAM comes out not ready.
  package var state: State {
    get { current }
    set {
      current = newValue
      rings = nil
      guard newValue.isReady else { return }
      do { try map() } catch { current.isReady = false }
    }
  }

  package var isReady: Bool { current.isReady }
  package var size: UInt16 { current.size }

  package func reset() { state = State(size: defaultSize) }

  /// Takes the size that the driver chose; ignores, as QEMU does, what is no size.
  package func resize(_ size: UInt32) {
    guard size > 0, size <= UInt32(Self.maximumSize), !current.isReady else { return }
    current.size = UInt16(truncatingIfNeeded: size)
  }

  // MARK: Set-up

  /// Starts the queue with rings at the given guest addresses.
  package func start(descriptors: UInt64, available: UInt64, used: UInt64) throws(VirtQueueError) {
    var state = State(size: current.size)
    state.descriptors = descriptors
    state.available = available
    state.used = used
    current = state
    try map()
    current.isReady = true
  }

  /// Starts a legacy queue (§2.7.2): three parts in a row, the used ring aligned to `alignment`.
  package func startLegacy(at address: UInt64, alignment: UInt32) throws(VirtQueueError) {
    guard alignment > 0, alignment & (alignment - 1) == 0 else {
      throw VirtQueueError("virtqueue alignment \(alignment) is no power of two")
    }
    let size = UInt64(current.size)
    let available = address &+ 16 &* size
    let end = available &+ 2 &* (3 &+ size)
    let mask = UInt64(alignment) - 1
    try start(descriptors: address, available: available, used: (end &+ mask) & ~mask)
  }

  package func stop() {
    rings = nil
    current.isReady = false
  }

  private func map() throws(VirtQueueError) {
    let size = Int(current.size)
    rings = Rings(
      descriptors: try ring(current.descriptors, 16 * size),
      available: try ring(current.available, 6 + 2 * size),
      used: try ring(current.used, 6 + 8 * size))
  }

  private func ring(_ address: UInt64, _ count: Int) throws(VirtQueueError) -> UnsafeMutableRawBufferPointer {
    guard let bytes = memory.ramBytes(at: address, count: count) else {
      throw VirtQueueError("virtqueue ring at 0x\(String(address, radix: 16)) is not in RAM")
    }
    return bytes
  }

  // MARK: The available ring

  /// Takes the next chain that the driver made available; nil where there is none.
  package func pop() throws(VirtQueueError) -> DescriptorChain? {
    guard let rings, current.isReady, !isSuspended else { return nil }
    let index = UInt16(littleEndian: rings.available.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    let pending = index &- current.nextAvailable
    guard pending > 0 else { return nil }
    guard pending <= current.size else {
      throw VirtQueueError("virtqueue: available index moved from \(current.nextAvailable) to \(index)")
    }
    guard current.inFlight < current.size else { throw VirtQueueError("virtqueue size exceeded") }
    // The entry and the descriptors must not be read before the index that announces them.
    atomicMemoryFence(ordering: .acquiring)
    let slot = Int(current.nextAvailable % current.size)
    let head = UInt16(
      littleEndian: rings.available.loadUnaligned(fromByteOffset: 4 + 2 * slot, as: UInt16.self))
    let chain = try read(chain: head, in: rings)
    current.nextAvailable &+= 1
    current.inFlight &+= 1
    return chain
  }

  /// Puts the chain that was taken last back.
  package func unpop() {
    current.nextAvailable &-= 1
    current.inFlight &-= 1
  }

  private func read(chain head: UInt16, in rings: Rings) throws(VirtQueueError) -> DescriptorChain {
    var chain = DescriptorChain(head: head)
    var table = UnsafeMutableRawBufferPointer(rebasing: rings.descriptors[..<(16 * Int(current.size))])
    var tableCount = UInt32(current.size)
    var isIndirect = false
    var steps: UInt32 = 0
    var total = 0
    var index = UInt32(head)
    while true {
      guard index < tableCount else {
        throw VirtQueueError("virtqueue: descriptor \(index) of a table of \(tableCount)")
      }
      let descriptor = Self.load(table, Int(index))
      steps += 1
      guard steps <= tableCount else { throw VirtQueueError("virtqueue: looped descriptor") }

      if descriptor.flags & Flag.indirect != 0 {
        guard !isIndirect, descriptor.flags & Flag.next == 0 else {
          throw VirtQueueError("virtqueue: invalid indirect descriptor")
        }
        guard descriptor.length > 0, descriptor.length % 16 == 0 else {
          throw VirtQueueError("virtqueue: indirect table of \(descriptor.length) bytes")
        }
        guard
          let bytes = memory.ramBytes(
            at: descriptor.address, count: Int(descriptor.length), includingROM: true)
        else { throw Self.unmapped(descriptor) }
        table = bytes
        tableCount = descriptor.length / 16
        isIndirect = true
        steps = 0
        index = 0
        continue
      }

      total += 1
      guard total <= Int(Self.maximumSize) else {
        throw VirtQueueError("virtqueue: more than \(Self.maximumSize) descriptors in a chain")
      }
      guard descriptor.length > 0 else {
        throw VirtQueueError("virtqueue: zero sized buffers are not allowed")
      }
      let isWritable = descriptor.flags & Flag.write != 0
      guard
        let host = memory.ramBytes(
          at: descriptor.address, count: Int(descriptor.length), includingROM: !isWritable)
      else { throw Self.unmapped(descriptor) }
      let buffer = GuestBuffer(address: descriptor.address, host: host)
      if isWritable {
        chain.writable.append(buffer)
      } else {
        guard chain.writable.isEmpty else {
          throw VirtQueueError("virtqueue: incorrect order for descriptors")
        }
        chain.readable.append(buffer)
      }
      guard descriptor.flags & Flag.next != 0 else { return chain }
      index = UInt32(descriptor.next)
    }
  }

  private static func load(_ table: UnsafeMutableRawBufferPointer, _ index: Int) -> Descriptor {
    let address = UInt64(littleEndian: table.loadUnaligned(fromByteOffset: 16 * index, as: UInt64.self))
    let rest = UInt64(littleEndian: table.loadUnaligned(fromByteOffset: 16 * index + 8, as: UInt64.self))
    return Descriptor(
      address: address, length: UInt32(truncatingIfNeeded: rest),
      flags: UInt16(truncatingIfNeeded: rest >> 32), next: UInt16(truncatingIfNeeded: rest >> 48))
  }

  private static func unmapped(_ descriptor: Descriptor) -> VirtQueueError {
    let address = String(descriptor.address, radix: 16)
    return VirtQueueError("virtqueue: \(descriptor.length) bytes at 0x\(address) are not in RAM")
  }

  // MARK: The used ring

  /// Gives a chain back: the device wrote `written` bytes of its writable part.
  package func push(head: UInt16, written: Int) {
    // A queue that was reset meanwhile has forgotten its chains.
    guard let rings, current.isReady, !isSuspended, current.inFlight > 0 else { return }
    let slot = 8 * Int(current.nextUsed % current.size)
    let entry = UInt64(head) | UInt64(UInt32(clamping: written)) << 32
    rings.used.storeBytes(of: entry.littleEndian, toByteOffset: 4 + slot, as: UInt64.self)
    // The entry, and all data written into the chain, before the index that announces them.
    atomicMemoryFence(ordering: .releasing)
    current.nextUsed &+= 1
    current.inFlight &-= 1
    rings.used.storeBytes(of: current.nextUsed.littleEndian, toByteOffset: 2, as: UInt16.self)
    memory.didWrite(current.used &+ 4 &+ UInt64(slot), count: 8)
    memory.didWrite(current.used &+ 2, count: 2)
  }

  /// True where the driver wants an interrupt for what was pushed since the last call (§2.7.7).
  package func needsInterrupt() -> Bool {
    guard let rings, current.isReady, !isSuspended else { return false }
    let old = current.signalledUsed
    let new = current.nextUsed
    guard old != new else { return false }
    current.signalledUsed = new
    // Between publishing the used index and reading the driver's wish: both sides store, then load.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if notifiesOnEmpty, current.inFlight == 0 {
      let index = UInt16(littleEndian: rings.available.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
      if index == current.nextAvailable { return true }
    }
    if usesEventIndex {
      let place = 4 + 2 * Int(current.size)
      let event = UInt16(littleEndian: rings.available.loadUnaligned(fromByteOffset: place, as: UInt16.self))
      return new &- event &- 1 < new &- old
    }
    return UInt16(littleEndian: rings.available.loadUnaligned(fromByteOffset: 0, as: UInt16.self)) & 1 == 0
  }

  /// Asks the driver to notify when it adds more, `leaving` those that are there and too few; true where it has
  /// added more meanwhile, so that the caller must look again.
  package func enableNotifications(leaving count: UInt16 = 0) -> Bool {
    guard let rings, current.isReady, !isSuspended else { return false }
    let next = current.nextAvailable &+ count
    if usesEventIndex {
      let place = 4 + 8 * Int(current.size)
      rings.used.storeBytes(of: next.littleEndian, toByteOffset: place, as: UInt16.self)
      memory.didWrite(current.used &+ UInt64(place), count: 2)
    }
    // Between publishing the event index and reading the available index.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let index = UInt16(littleEndian: rings.available.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    return index != next
  }
}
