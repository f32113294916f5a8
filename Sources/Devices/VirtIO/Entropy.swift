// Unsafe pointers: only through buffers that `VirtQueue.pop` proved to exist.
import Machine

/// A source of random bytes (virtio 1.3, §5.4).
package final class VirtIOEntropy: VirtIODevice {
  package static let typeName = "virtio-rng-device"
  package static let deviceID: UInt32 = 4

  /// A request may get fewer bytes than it has room for (§5.4.6.2); this bounds the time that one takes.
  private static let mostAtOnce = 65536

  package static let properties: [Property] =
    [
      Property("rng", .reference("rng"), "ID of the source of randomness; without it, the machine's own"),
      Property(
        "max-bytes", .integer(maximum: .max), default: .integer(UInt64(Int64.max)),
        "bytes that the guest gets per period"),
      Property(
        "period", .integer(maximum: 0xffff_ffff), default: .integer(0x1_0000),
        "length of a period in milliseconds"),
    ] + VirtIOOptions.properties

  package static let model = DeviceModel(
    typeName: typeName, bus: .virtio, summary: "virtio entropy source", properties: properties
  ) { values, backEnds, environment throws(PropertyError) in
    var source = environment.entropy
    if let id = values.text("rng") {
      guard let named = backEnds.entropy[id] else { throw PropertyError("Device '\(id)' not found") }
      source = named
    }
    let period = values.integer("period") ?? 0x1_0000
    guard period > 0 else { throw PropertyError("'period' parameter expects a positive integer") }
    let maximum = values.integer("max-bytes") ?? UInt64(Int64.max)
    guard maximum <= UInt64(Int64.max) else {
      throw PropertyError("'max-bytes' parameter must be non-negative, and less than 2^63")
    }
    return VirtIOEntropy(
      source: source, maximum: maximum, milliseconds: period, options: VirtIOOptions(values),
      clock: environment.clock, timers: environment.timers)
  }

  package struct State: Codable, Equatable, Sendable {
    /// What the guest may still have in this period.
    package var quota: UInt64
    /// When the next period begins (nanoseconds of the machine's clock); nil while nothing is counted.
    package var periodEnd: UInt64?
  }

  package let options: VirtIOOptions
  private let source: any EntropySource
  private let maximum: UInt64
  private let milliseconds: UInt64
  private let clock: Clock
  private let timers: Timers
  private nonisolated(unsafe) var link: VirtIOLink?
  private nonisolated(unsafe) var current: State
  private nonisolated(unsafe) var timer: Timers.ID?

  package init(
    source: any EntropySource, maximum: UInt64 = UInt64(Int64.max), milliseconds: UInt64 = 0x1_0000,
    options: VirtIOOptions = VirtIOOptions(), clock: Clock, timers: Timers
  ) {
    self.source = source
    self.maximum = maximum
    self.milliseconds = milliseconds
    self.options = options
    self.clock = clock
    self.timers = timers
    current = State(quota: maximum)
  }

  package var queueSizes: [UInt16] { [8] }
  package var configuration: [UInt8] { [] }
  package func features(isLegacy: Bool) -> UInt64 { 0 }
  package func connect(to link: VirtIOLink) { self.link = link }

  package var state: State {
    get { current }
    set {
      stopTimer()
      current = newValue
      if let end = newValue.periodEnd { startTimer(at: end) }
    }
  }

  /// The quota outlives a reset: a guest cannot evade it by resetting the device.
  package func reset() {}

  package func handle(queue index: Int) throws(VirtQueueError) {
    guard let link else { return }
    let queue = link.queues[index]
    repeat {
      while current.quota > 0, let chain = try queue.pop() {
        let count = min(chain.writableCount, Self.mostAtOnce, Int(clamping: current.quota))
        for piece in DescriptorChain.slice(chain.writable, from: 0, count: count) {
          source.fill(piece.host)
          link.memory.didWrite(piece.address, count: piece.host.count)
        }
        spend(UInt64(count))
        queue.push(head: chain.head, written: count)
      }
    } while queue.enableNotifications() && current.quota > 0
    link.signal(queue: index)
  }

  private func spend(_ count: UInt64) {
    guard maximum < UInt64(Int64.max) else { return }
    current.quota -= count
    if current.periodEnd == nil { startTimer(at: clock.nanoseconds &+ milliseconds &* 1_000_000) }
  }

  private func startTimer(at end: UInt64) {
    current.periodEnd = end
    timer = timers.schedule(at: end) { [weak self] in self?.beginPeriod() }
  }

  private func stopTimer() {
    if let timer { timers.cancel(timer) }
    timer = nil
  }

  private func beginPeriod() {
    timer = nil
    current = State(quota: maximum)
    link?.notify(queue: 0)
  }
}
