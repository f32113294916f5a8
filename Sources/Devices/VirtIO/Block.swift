// Unsafe pointers: buffers are guest RAM that `VirtQueue.pop` proved to exist; RAM stays mapped. A queue
// is never reset before `drain` has seen the last transfer end.
import Machine

/// A disk (virtio 1.3, §5.2).
package final class VirtIOBlock: VirtIODevice {
  package static let typeName = "virtio-blk-device"
  package static let deviceID: UInt32 = 2

  /// Feature bits (§5.2.3).
  package enum Feature {
    package static let segmentMaximum: UInt64 = 1 << 2
    package static let geometry: UInt64 = 1 << 4
    package static let readOnly: UInt64 = 1 << 5
    package static let blockSize: UInt64 = 1 << 6
    package static let flush: UInt64 = 1 << 9
    package static let topology: UInt64 = 1 << 10
    package static let configurationWriteCache: UInt64 = 1 << 11
    package static let multiQueue: UInt64 = 1 << 12
    package static let discard: UInt64 = 1 << 13
    package static let writeZeroes: UInt64 = 1 << 14
  }

  /// Request types (§5.2.6).
  private enum RequestType {
    static let read: UInt32 = 0
    static let write: UInt32 = 1
    static let flush: UInt32 = 4
    /// Legacy drivers' other spelling of flush.
    static let flushOut: UInt32 = 5
    static let identify: UInt32 = 8
    static let discard: UInt32 = 11
    static let writeZeroes: UInt32 = 13
    /// Legacy: everything before comes first.
    static let barrier: UInt32 = 0x8000_0000
  }

  /// What the status byte says (§5.2.6).
  package enum Status: UInt8, Sendable {
    case ok = 0
    case error = 1
    case unsupported = 2
  }

  /// The disk as the user described it.
  package struct Properties: Sendable {
    package var serial = ""
    package var queueCount: UInt16 = 1
    package var queueSize: UInt16 = 256
    package var logicalBlockSize: UInt32 = 512
    package var physicalBlockSize: UInt32 = 512
    package var minimumIO: UInt32 = 0
    package var optimalIO: UInt32 = 0
    package var offersWriteCacheSwitch = true
    package var offersDiscard = true
    package var offersWriteZeroes = true
    package var discardSectors: UInt32 = 0x3f_ffff
    package var writeZeroesSectors: UInt32 = 0x3f_ffff
    package init() {}
  }

  package struct State: Codable, Equatable, Sendable {
    /// The cache mode that the driver chose (§5.2.5, writeback).
    package var isWriteBack = true
  }

  private struct Request: Sendable {
    enum Kind: Sendable {
      case read(sector: UInt64)
      case write(sector: UInt64)
      case flush
      case identify
      case discard(sector: UInt64, count: UInt32)
      case writeZeroes(sector: UInt64, count: UInt32)
      case refused(Status)
    }

    /// A transfer that the host's page cache takes or gives in microseconds, mostly.
    var isQuick: Bool {
      switch kind {
      case .read, .write:
        !flushesBefore && !flushesAfter && data.reduce(0) { $0 + $1.host.count } <= 256 << 10
      case .identify, .refused: true
      case .flush, .discard, .writeZeroes: false
      }
    }

    let queue: Int
    let head: UInt16
    let kind: Kind
    let data: [GuestBuffer]
    let status: GuestBuffer
    /// All that the driver let the device write.
    let writableCount: Int
    let flushesBefore: Bool
    let flushesAfter: Bool
  }

  private struct Completion: Sendable {
    let request: Request
    let status: Status
  }

  package let options: VirtIOOptions
  private let settings: Properties
  private let drive: any BlockBackEnd
  private let memory: AddressSpace
  private let isDeterministic: Bool
  private let transfers: TransferQueue<Completion>
  private nonisolated(unsafe) var link: VirtIOLink?
  package nonisolated(unsafe) var state = State()

  package init(
    drive: any BlockBackEnd, settings: Properties = Properties(), options: VirtIOOptions = VirtIOOptions(),
    memory: AddressSpace, gate: any InputGate
  ) {
    self.drive = drive
    self.settings = settings
    self.options = options
    self.memory = memory
    isDeterministic = gate.isDeterministic
    let target = Target()
    transfers = TransferQueue(gate: gate) { target.device?.collect() }
    target.device = self
  }

  /// Breaks the circle between the device and the closure that its thread hands in.
  private final class Target: Sendable {
    nonisolated(unsafe) weak var device: VirtIOBlock?
  }

  deinit { transfers.close() }

  // MARK: Features and configuration

  package var queueSizes: [UInt16] {
    [UInt16](repeating: settings.queueSize, count: Int(settings.queueCount))
  }

  package func features(isLegacy: Bool) -> UInt64 {
    var features =
      Feature.segmentMaximum | Feature.geometry | Feature.blockSize | Feature.flush | Feature.topology
    if drive.isReadOnly { features |= Feature.readOnly }
    if settings.offersWriteCacheSwitch { features |= Feature.configurationWriteCache }
    if settings.queueCount > 1 { features |= Feature.multiQueue }
    if settings.offersDiscard { features |= Feature.discard }
    if settings.offersWriteZeroes { features |= Feature.writeZeroes }
    return features
  }

  /// §5.2.4.
  package var configuration: [UInt8] {
    var bytes: [UInt8] = []
    func add<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    let sectors = drive.size / 512
    let block = settings.logicalBlockSize
    add(sectors)
    add(UInt32(0))  // size_max: not offered
    add(UInt32(settings.queueSize) - 2)  // seg_max
    add(UInt16(clamping: min(max(sectors / (16 * 63), 2), 16383)))  // cylinders
    add(UInt8(16))  // heads
    add(UInt8(63))  // sectors
    add(block)
    add(UInt8(clamping: (settings.physicalBlockSize / block).trailingZeroBitCount))
    add(UInt8(0))  // alignment_offset
    add(UInt16(clamping: settings.minimumIO / block))
    add(settings.optimalIO / block)
    add(UInt8(state.isWriteBack ? 1 : 0))
    add(UInt8(0))
    add(settings.queueCount)
    add(settings.discardSectors)
    add(UInt32(1))  // max_discard_seg
    add(block / 512)  // discard_sector_alignment
    add(settings.writeZeroesSectors)
    add(UInt32(1))  // max_write_zeroes_seg
    add(UInt8(1))  // write_zeroes_may_unmap
    return bytes
  }

  private static let writeBackOffset = 0x20

  package func writeConfiguration(at offset: Int, _ bytes: [UInt8]) {
    let place = Self.writeBackOffset - offset
    guard bytes.indices.contains(place), settings.offersWriteCacheSwitch else { return }
    state.isWriteBack = bytes[place] & 1 != 0
  }

  package func connect(to link: VirtIOLink) { self.link = link }

  package func start() {
    // §5.2.5.2: who knows neither of cache switch nor of flush gets a disk that writes through.
    guard let link else { return }
    if !link.has(Feature.configurationWriteCache) { state.isWriteBack = link.has(Feature.flush) }
  }

  /// The transport has drained the device before.
  package func reset() {
    _ = transfers.takeFinished()
    state = State()
  }

  // MARK: Requests

  package func handle(queue index: Int) throws(VirtQueueError) {
    guard let link else { return }
    try link.drainAvailable(index) { chain throws(VirtQueueError) in
      let request = try parse(chain, queue: index)
      let drive = drive
      if !isDeterministic, transfers.submit(isQuick: request.isQuick, { Self.transfer(request, drive) }) {
        return
      }
      finish(Self.transfer(request, drive))
    }
    link.signal(queue: index)
  }

  package func drain(queue index: Int?) {
    transfers.drain()
    collect()
  }

  private func parse(_ chain: DescriptorChain, queue: Int) throws(VirtQueueError) -> Request {
    // §2.7.4.1 and §5.2.6.4: framing is the driver's choice; legacy drivers frame as the rest of this
    // function finds it too.
    let readableCount = chain.readableCount
    let writableCount = chain.writableCount
    guard readableCount >= 16, writableCount >= 1 else { throw VirtQueueError("virtio-blk missing headers") }
    let header = chain.copyReadable(count: 16)
    let type: UInt32 = Self.load(header, at: 0)
    let sector: UInt64 = Self.load(header, at: 8)
    let input = DescriptorChain.slice(chain.writable, from: 0, count: writableCount - 1)
    let output = DescriptorChain.slice(chain.readable, from: 16, count: readableCount - 16)
    let status = DescriptorChain.slice(chain.writable, from: writableCount - 1, count: 1)
    guard let status = status.first else { throw VirtQueueError("virtio-blk missing headers") }

    var data: [GuestBuffer] = []
    let kind: Request.Kind
    switch type & ~RequestType.barrier {
    case RequestType.read:
      data = input
      kind = isInside(sector, bytes: writableCount - 1) ? .read(sector: sector) : .refused(.error)
    case RequestType.write:
      data = output
      let isAllowed = isInside(sector, bytes: readableCount - 16) && !drive.isReadOnly
      kind = isAllowed ? .write(sector: sector) : .refused(.error)
    case RequestType.flush, RequestType.flushOut:
      kind = .flush
    case RequestType.identify:
      data = input
      kind = .identify
    case RequestType.discard where settings.offersDiscard:
      kind = parseSegment(chain, limit: settings.discardSectors, mayUnmap: false) {
        .discard(sector: $0, count: $1)
      }
    case RequestType.writeZeroes where settings.offersWriteZeroes:
      kind = parseSegment(chain, limit: settings.writeZeroesSectors, mayUnmap: true) {
        .writeZeroes(sector: $0, count: $1)
      }
    default:
      kind = .refused(.unsupported)
    }
    var flushesAfter = false
    switch kind {
    case .write, .discard, .writeZeroes: flushesAfter = !state.isWriteBack
    default: break
    }
    return Request(
      queue: queue, head: chain.head, kind: kind, data: data, status: status, writableCount: writableCount,
      flushesBefore: type & RequestType.barrier != 0, flushesAfter: flushesAfter)
  }

  /// The one segment of a discard or write-zeroes request (§5.2.6).
  private func parseSegment(
    _ chain: DescriptorChain, limit: UInt32, mayUnmap: Bool, _ kind: (UInt64, UInt32) -> Request.Kind
  ) -> Request.Kind {
    let bytes = chain.copyReadable(from: 16, count: 17)
    guard bytes.count == 16 else { return .refused(.unsupported) }
    let sector: UInt64 = Self.load(bytes, at: 0)
    let count: UInt32 = Self.load(bytes, at: 8)
    let flags: UInt32 = Self.load(bytes, at: 12)
    guard flags & ~(mayUnmap ? 1 : 0) == 0 else { return .refused(.unsupported) }
    guard !drive.isReadOnly, count <= limit, isInside(sector, bytes: Int(count) * 512) else {
      return .refused(.error)
    }
    return kind(sector, count)
  }

  private func isInside(_ sector: UInt64, bytes: Int) -> Bool {
    let block = UInt64(settings.logicalBlockSize)
    let count = UInt64(bytes)
    guard count % block == 0, sector % (block / 512) == 0 else { return false }
    return sector <= drive.size / 512 && count / 512 <= drive.size / 512 - sector
  }

  private static func load<T: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int) -> T {
    bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }

  /// On the transfer thread, without the machine lock (on deterministic machines: with it).
  private static func transfer(_ request: Request, _ drive: any BlockBackEnd) -> Completion {
    do throws(BackEndError) {
      if request.flushesBefore { try drive.flush() }
      switch request.kind {
      case .refused(let status): return Completion(request: request, status: status)
      case .identify: break
      case .read(let sector):
        try drive.read(at: sector &* 512, into: request.data.map(\.host))
      case .write(let sector):
        try drive.write(at: sector &* 512, from: request.data.map { UnsafeRawBufferPointer($0.host) })
      case .flush: try drive.flush()
      case .discard(let sector, let count):
        try drive.discard(at: sector &* 512, count: UInt64(count) * 512)
      case .writeZeroes(let sector, let count):
        try drive.writeZeroes(at: sector &* 512, count: UInt64(count) * 512)
      }
      if request.flushesAfter { try drive.flush() }
      return Completion(request: request, status: .ok)
    } catch {
      return Completion(request: request, status: .error)
    }
  }

  /// With the machine lock held: gives back what the thread has finished.
  private func collect() {
    guard let link else { return }
    let completions = transfers.takeFinished()
    for completion in completions { finish(completion) }
    for queue in Set(completions.map(\.request.queue)).sorted() { link.signal(queue: queue) }
  }

  private func finish(_ completion: Completion) {
    guard let link else { return }
    let request = completion.request
    switch request.kind {
    case .read:
      // Even a failed transfer may have written some.
      for buffer in request.data { memory.didWrite(buffer.address, count: buffer.host.count) }
    case .identify:
      var left = Array((settings.serial.utf8 + [UInt8](repeating: 0, count: 20)).prefix(20))[...]
      for buffer in request.data where !left.isEmpty {
        let part = left.prefix(buffer.host.count)
        buffer.host.copyBytes(from: part)
        memory.didWrite(buffer.address, count: part.count)
        left = left.dropFirst(part.count)
      }
    default: break
    }
    request.status.host.storeBytes(of: completion.status.rawValue, as: UInt8.self)
    memory.didWrite(request.status.address, count: 1)
    link.queues[request.queue].push(head: request.head, written: request.writableCount)
  }
}
