import Machine

/// A network card (virtio 1.3, §5.1).
///
/// Checksums and segmentation are the driver's: no back end has use for frames that lack them.
package final class VirtIONetwork: VirtIODevice {
  package static let typeName = "virtio-net-device"
  package static let deviceID: UInt32 = 1

  /// Feature bits (§5.1.3).
  package enum Feature {
    package static let mtu: UInt64 = 1 << 3
    package static let address: UInt64 = 1 << 5
    package static let mergeableBuffers: UInt64 = 1 << 15
    package static let status: UInt64 = 1 << 16
    package static let controlQueue: UInt64 = 1 << 17
    package static let controlReceive: UInt64 = 1 << 18
    package static let controlVLAN: UInt64 = 1 << 19
    package static let controlReceiveExtra: UInt64 = 1 << 20
    package static let controlAddress: UInt64 = 1 << 23
    package static let speedAndDuplex: UInt64 = 1 << 63
  }

  /// Queues (§5.1.2).
  enum Queue {
    static let receive = 0
    static let transmit = 1
    static let control = 2
  }

  /// Configuration status (§5.1.4).
  private static let linkUp: UInt16 = 1

  /// The longest frame that a driver may send: as much as one of IP holds, and a header with a VLAN's tag.
  private static let longestFrame = 65535 + 18
  /// Destination, source and type (IEEE 802.3, §3.1.1).
  private static let frameHeader = 14

  /// The card as the user described it.
  package struct Properties: Sendable {
    package var address = EthernetAddress(0x5254_0012_3456)
    package var receiveQueueSize: UInt16 = 256
    package var transmitQueueSize: UInt16 = 256
    package var offersStatus = true
    package var offersMergeableBuffers = true
    package var offersControlQueue = true
    package var offersReceiveModes = true
    package var offersMoreReceiveModes = true
    package var offersVLANs = true
    package var offersAddressChange = true
    /// The largest packet in bytes; nil: the driver's affair.
    package var mtu: UInt16?
    /// In units of a million bits a second; nil: unknown.
    package var speed: UInt32?
    package var isFullDuplex: Bool?
    package init() {}
  }

  package struct State: Codable, Equatable, Sendable {
    /// The card's own address, which drivers may change.
    package var address: EthernetAddress
    package var filter = ReceiveFilter()

    init(address: EthernetAddress) { self.address = address }
  }

  package let options: VirtIOOptions
  private let settings: Properties
  private let network: (any NetworkBackEnd)?
  private nonisolated(unsafe) var link: VirtIOLink?
  package nonisolated(unsafe) var state: State
  /// Whether the cable is plugged in: no reset changes it. Under the machine lock.
  private nonisolated(unsafe) var isConnected = true

  package init(
    network: (any NetworkBackEnd)?, settings: Properties = Properties(),
    options: VirtIOOptions = VirtIOOptions()
  ) {
    self.network = network
    self.settings = settings
    self.options = options
    state = State(address: settings.address)
  }

  /// The address that the card came with.
  package var permanentAddress: EthernetAddress { settings.address }

  // MARK: Features and configuration

  package var queueSizes: [UInt16] { [settings.receiveQueueSize, settings.transmitQueueSize, 64] }

  package func features(isLegacy: Bool) -> UInt64 {
    var features = Feature.address
    if settings.mtu != nil { features |= Feature.mtu }
    if settings.offersStatus { features |= Feature.status }
    if settings.offersMergeableBuffers { features |= Feature.mergeableBuffers }
    if settings.speed != nil || settings.isFullDuplex != nil { features |= Feature.speedAndDuplex }
    guard settings.offersControlQueue else { return features }
    features |= Feature.controlQueue
    if settings.offersReceiveModes { features |= Feature.controlReceive }
    if settings.offersMoreReceiveModes { features |= Feature.controlReceiveExtra }
    if settings.offersVLANs { features |= Feature.controlVLAN }
    if settings.offersAddressChange { features |= Feature.controlAddress }
    return features
  }

  /// §5.1.4, up to the last field that some feature has a use for, as QEMU has it.
  package var configuration: [UInt8] {
    var bytes = state.address.bytes
    func add<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    let hasSpeed = settings.speed != nil || settings.isFullDuplex != nil
    if settings.offersStatus || settings.mtu != nil || hasSpeed { add(isConnected ? Self.linkUp : 0) }
    if settings.mtu != nil || hasSpeed {
      add(UInt16(1))  // max_virtqueue_pairs
      add(settings.mtu ?? 0)
    }
    if hasSpeed {
      add(settings.speed ?? .max)
      add(UInt8(settings.isFullDuplex.map { $0 ? 1 : 0 } ?? 0xff))
    }
    return bytes
  }

  package func writeConfiguration(at offset: Int, _ bytes: [UInt8]) {
    // §5.1.4.3: legacy drivers change the address here, where they cannot by the control queue.
    guard let link, !link.has(VirtIOFeature.version1), !link.has(Feature.controlAddress) else { return }
    var address = state.address.bytes
    for (place, byte) in zip(offset..., bytes) where address.indices.contains(place) { address[place] = byte }
    if let address = EthernetAddress(bytes: address) { state.address = address }
  }

  package func connect(to link: VirtIOLink) { self.link = link }

  package func start() {
    // §5.1.6.5.3: who can choose VLANs gets none but those chosen.
    state.filter.admitsAllVLANs = link?.has(Feature.controlVLAN) != true
  }

  package func reset() { state = State(address: settings.address) }

  // MARK: The cable

  /// Plugs the cable in or pulls it. With the machine lock held.
  package func setConnected(_ isConnected: Bool) {
    guard isConnected != self.isConnected else { return }
    self.isConnected = isConnected
    if settings.offersStatus { link?.configurationChanged() }
    attend()
  }

  // MARK: Queues

  package func handle(queue index: Int) throws(VirtQueueError) {
    switch index {
    case Queue.receive: try receive()
    case Queue.transmit:
      // Until the network comes for them the driver adds more without a word.
      if !isConnected || network?.collects() != true { try transmit() }
    default: try control()
    }
  }

  /// The bytes before each frame (§5.1.6). Without one of these features `num_buffers` is missing.
  private func headerSize(_ link: VirtIOLink) -> Int {
    link.has(Feature.mergeableBuffers) || link.has(VirtIOFeature.version1) ? 12 : 10
  }

  private func transmit() throws(VirtQueueError) {
    guard let link else { return }
    let queue = link.queues[Queue.transmit]
    let header = headerSize(link)
    let target = isConnected ? network : nil
    // Without a network all frames are taken, and go nowhere.
    let room = target?.room ?? .max
    var frames: [[UInt8]] = []
    repeat {
      while frames.count < room, let chain = try queue.pop() {
        let count = chain.readableCount
        guard count >= header else { throw VirtQueueError("virtio-net header missing") }
        if target != nil, Self.frameHeader...Self.longestFrame ~= count - header {
          frames.append(chain.copyReadable(from: header, count: count - header))
        }
        queue.push(head: chain.head, written: 0)
      }
    } while frames.count < room && queue.enableNotifications()
    if !frames.isEmpty { target?.send(frames) }
    link.signal(queue: Queue.transmit)
  }

  /// Whether somebody in the guest has set the queue up. Who has not hears nothing.
  private func isAtWork(_ queue: Int, _ link: VirtIOLink) -> Bool {
    (link.isDriverReady || link.isLegacy) && !link.isBroken && link.queues[queue].isReady
  }

  private func receive() throws(VirtQueueError) {
    guard let link, let network else { return }
    let queue = link.queues[Queue.receive]
    let listens = isAtWork(Queue.receive, link) && isConnected
    var didDeliver = false
    while let frame = network.firstFrame {
      if listens, state.filter.admits(frame, to: state.address) {
        guard try deliver(frame, queue, link) else { break }
        didDeliver = true
      }
      network.removeFirstFrame()
    }
    if didDeliver { link.signal(queue: Queue.receive) }
  }

  /// Puts a frame into the driver's buffers. False where there is too little room for it now; a frame for which
  /// there will never be any is lost.
  private func deliver(
    _ frame: [UInt8], _ queue: VirtQueue, _ link: VirtIOLink
  ) throws(VirtQueueError) -> Bool {
    let header = headerSize(link)
    let merges = link.has(Feature.mergeableBuffers)
    let size = header + frame.count
    var chains: [DescriptorChain] = []
    var room = 0
    while room < size {
      guard let chain = try queue.pop() else {
        for _ in chains { queue.unpop() }
        // What the driver has added meanwhile may be enough.
        guard queue.enableNotifications(leaving: UInt16(chains.count)) else { return false }
        (chains, room) = ([], 0)
        continue
      }
      guard !chain.writable.isEmpty else {
        throw VirtQueueError("virtio-net receive queue contains no in buffers")
      }
      chains.append(chain)
      room += chain.writableCount
      if room < size, !merges {
        queue.unpop()
        return true
      }
    }
    // §5.1.6: no flags, no segmentation, and how many chains it took.
    var bytes = [UInt8](repeating: 0, count: header)
    if header == 12 {
      bytes[10] = UInt8(truncatingIfNeeded: chains.count)
      bytes[11] = UInt8(truncatingIfNeeded: chains.count >> 8)
    }
    bytes += frame
    var rest = bytes[...]
    for chain in chains {
      let count = chain.copyWritable(rest, memory: link.memory)
      queue.push(head: chain.head, written: count)
      rest = rest.dropFirst(count)
    }
    return true
  }

  // MARK: Control (§5.1.6.5)

  private func control() throws(VirtQueueError) {
    guard let link else { return }
    try link.drainAvailable(Queue.control) { chain throws(VirtQueueError) in
      // Class, command, what belongs to it; one byte of answer.
      guard chain.readableCount >= 2, chain.writableCount >= 1 else {
        throw VirtQueueError("virtio-net ctrl missing headers")
      }
      let answer: [UInt8] = [perform(chain.copyReadable(count: NetworkCommand.longest), link) ? 0 : 1]
      let written = chain.copyWritable(answer, memory: link.memory)
      link.queues[Queue.control].push(head: chain.head, written: written)
    }
    link.signal(queue: Queue.control)
  }

  private func perform(_ bytes: [UInt8], _ link: VirtIOLink) -> Bool {
    guard let command = NetworkCommand(bytes) else { return false }
    let needed: UInt64 =
      switch command {
      case .setAll, .setMulticast: Feature.controlReceive
      case .setUnicast, .denyMulticast, .denyUnicast, .denyBroadcast: Feature.controlReceiveExtra
      case .setTables: Feature.controlReceive
      case .setAddress: Feature.controlAddress
      case .addVLAN, .removeVLAN: Feature.controlVLAN
      }
    guard features(isLegacy: link.isLegacy) & needed != 0 else { return false }
    if case .setAddress(let address) = command {
      state.address = address
    } else {
      state.filter.apply(command)
    }
    return true
  }
}

extension VirtIONetwork: NetworkCard {
  package func attend() {
    guard let link, !link.isBroken else { return }
    do throws(VirtQueueError) {
      if isAtWork(Queue.transmit, link) { try transmit() }
      try receive()
    } catch {
      link.fail(error)
    }
  }
}
