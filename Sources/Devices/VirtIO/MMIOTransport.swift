import Machine

/// virtio over MMIO (virtio 1.3, §4.2): a slot of 0x200 bytes with at most one device.
///
/// Version 1 is the legacy interface (§4.2.4), QEMU's default; version 2 comes with
/// `-global virtio-mmio.force-legacy=false`.
package final class VirtIOMMIO: MMIODevice {
  package static let typeName = "virtio-mmio"
  package static let windowSize: UInt64 = 0x200
  /// Access widths that the window takes.
  package static let widths = 1...8

  package static let registers: [Register] = [
    Register("MagicValue", offset: 0x000, width: 4, .readOnly, reset: 0x7472_6976, section: "4.2.2"),
    Register("Version", offset: 0x004, width: 4, .readOnly, reset: 1, section: "4.2.2"),
    Register("DeviceID", offset: 0x008, width: 4, .readOnly, section: "4.2.2"),
    Register("VendorID", offset: 0x00c, width: 4, .readOnly, reset: 0x554d_4551, section: "4.2.2"),
    Register("DeviceFeatures", offset: 0x010, width: 4, .readOnly, section: "4.2.2"),
    Register("DeviceFeaturesSel", offset: 0x014, width: 4, .writeOnly, section: "4.2.2"),
    Register("DriverFeatures", offset: 0x020, width: 4, .writeOnly, section: "4.2.2"),
    Register("DriverFeaturesSel", offset: 0x024, width: 4, .writeOnly, section: "4.2.2"),
    Register("GuestPageSize", offset: 0x028, width: 4, .writeOnly, section: "4.2.4"),
    Register("QueueSel", offset: 0x030, width: 4, .writeOnly, section: "4.2.2"),
    Register("QueueSizeMax", offset: 0x034, width: 4, .readOnly, section: "4.2.2"),
    Register("QueueSize", offset: 0x038, width: 4, .writeOnly, section: "4.2.2"),
    Register("QueueAlign", offset: 0x03c, width: 4, .writeOnly, section: "4.2.4"),
    Register("QueuePFN", offset: 0x040, width: 4, .readWrite, section: "4.2.4"),
    Register("QueueReady", offset: 0x044, width: 4, .readWrite, section: "4.2.2"),
    Register("QueueNotify", offset: 0x050, width: 4, .writeOnly, section: "4.2.2"),
    Register("InterruptStatus", offset: 0x060, width: 4, .readOnly, section: "4.2.2"),
    Register("InterruptACK", offset: 0x064, width: 4, .writeOnly, section: "4.2.2"),
    Register("Status", offset: 0x070, width: 4, .readWrite, section: "4.2.2"),
    Register("QueueDescLow", offset: 0x080, width: 4, .writeOnly, section: "4.2.2"),
    Register("QueueDescHigh", offset: 0x084, width: 4, .writeOnly, section: "4.2.2"),
    Register("QueueDriverLow", offset: 0x090, width: 4, .writeOnly, section: "4.2.2"),
    Register("QueueDriverHigh", offset: 0x094, width: 4, .writeOnly, section: "4.2.2"),
    Register("QueueDeviceLow", offset: 0x0a0, width: 4, .writeOnly, section: "4.2.2"),
    Register("QueueDeviceHigh", offset: 0x0a4, width: 4, .writeOnly, section: "4.2.2"),
    Register("SHMSel", offset: 0x0ac, width: 4, .writeOnly, section: "4.2.2"),
    Register("SHMLenLow", offset: 0x0b0, width: 4, .readOnly, reset: 0xffff_ffff, section: "4.2.2"),
    Register("SHMLenHigh", offset: 0x0b4, width: 4, .readOnly, reset: 0xffff_ffff, section: "4.2.2"),
    Register("SHMBaseLow", offset: 0x0b8, width: 4, .readOnly, reset: 0xffff_ffff, section: "4.2.2"),
    Register("SHMBaseHigh", offset: 0x0bc, width: 4, .readOnly, reset: 0xffff_ffff, section: "4.2.2"),
    Register("QueueReset", offset: 0x0c0, width: 4, .readWrite, section: "4.2.2"),
    Register("ConfigGeneration", offset: 0x0fc, width: 4, .readOnly, section: "4.2.2"),
  ]

  package static let properties: [Property] = [
    Property(
      "force-legacy", .flag, default: .flag(true),
      "offer the legacy interface (version 1) and not the modern one (version 2)")
  ]

  private static let configurationBase: UInt64 = 0x100

  /// What the driver wrote for a queue that it has not started yet.
  package struct QueueSetup: Codable, Equatable, Sendable {
    package var alignment: UInt32 = 4096
    package var frame: UInt32 = 0
    package var descriptors: UInt64 = 0
    package var available: UInt64 = 0
    package var used: UInt64 = 0
  }

  package struct State: Codable, Equatable, Sendable {
    package var deviceFeaturesSelector: UInt32 = 0
    package var driverFeaturesSelector: UInt32 = 0
    /// Survives a reset through the status register: Linux sets it once, before that reset.
    package var guestPageSize: UInt32 = 0
    package var queueSelector: UInt32 = 0
    package var queues: [QueueSetup] = []
    package var link: VirtIOLink.State?
  }

  package let isLegacy: Bool
  /// Under the machine lock; others take it for a hint.
  package private(set) nonisolated(unsafe) var conduct = DriverConduct()
  private let memory: AddressSpace
  private let line: InterruptLine
  private nonisolated(unsafe) var current = State()
  package private(set) nonisolated(unsafe) var link: VirtIOLink?

  package init(memory: AddressSpace, line: InterruptLine, forceLegacy: Bool = true) {
    self.memory = memory
    self.line = line
    isLegacy = forceLegacy
  }

  /// Puts a device into the slot, while the board is built.
  package func plug(_ device: any VirtIODevice) {
    let link = VirtIOLink(device: device, memory: memory, interrupts: line, isLegacy: isLegacy)
    self.link = link
    current.queues = link.queues.map { _ in QueueSetup() }
  }

  package var isEmpty: Bool { link == nil }
  package var queueSelector: UInt32 { current.queueSelector }

  package var state: State {
    get {
      var state = current
      state.link = link?.state
      return state
    }
    set {
      guard newValue.queues.count == current.queues.count else { return }
      current = newValue
      if let state = newValue.link { link?.state = state }
    }
  }

  package func reset() {
    link?.reset()
    current = State()
    conduct = DriverConduct()
    resetQueues()
  }

  private func resetQueues() {
    current.queueSelector = 0
    current.queues = (link?.queues ?? []).map { _ in QueueSetup() }
  }

  // MARK: Reading

  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    conduct.noteRead(offset)
    if width == 8 { return read(offset, width: 4) | read(offset &+ 4, width: 4) << 32 }
    guard let link else { return readEmpty(offset) & ((1 << UInt64(width * 8)) - 1) }
    if offset >= Self.configurationBase {
      return link.readConfiguration(Int(offset - Self.configurationBase), width: width)
    }
    return width == 4 ? UInt64(readRegister(offset, link)) : 0
  }

  /// What a slot without a device answers: enough to be recognised and passed by.
  private func readEmpty(_ offset: UInt64) -> UInt64 {
    switch offset {
    case 0x000: 0x7472_6976
    case 0x004: isLegacy ? 1 : 2
    case 0x00c: 0x554d_4551
    default: 0
    }
  }

  private func readRegister(_ offset: UInt64, _ link: VirtIOLink) -> UInt32 {
    switch offset {
    case 0x000, 0x004, 0x00c: return UInt32(truncatingIfNeeded: readEmpty(offset))
    case 0x008: return type(of: link.device).deviceID
    case 0x010:
      switch current.deviceFeaturesSelector {
      case 0: return UInt32(truncatingIfNeeded: link.offeredFeatures)
      case 1: return UInt32(truncatingIfNeeded: link.offeredFeatures >> 32)
      default: return 0
      }
    case 0x034: return selectedQueue == nil ? 0 : UInt32(VirtQueue.maximumSize)
    case 0x040: return isLegacy ? selectedQueue.map { current.queues[$0].frame } ?? 0 : 0
    case 0x044: return !isLegacy && selectedQueue.map { link.queues[$0].isReady } == true ? 1 : 0
    case 0x060: return link.interruptStatus
    case 0x070: return UInt32(link.status)
    // §4.2.2: no shared memory region has a length and a base of all ones.
    case 0x0b0, 0x0b4, 0x0b8, 0x0bc: return 0xffff_ffff
    case 0x0fc: return isLegacy ? 0 : link.configurationGeneration
    // 0x0c0, QueueReset: a reset is over before the write that asks for it returns.
    default: return 0
    }
  }

  private var selectedQueue: Int? {
    let index = Int(current.queueSelector)
    return index < current.queues.count ? index : nil
  }

  // MARK: Writing

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    conduct.noteWrite(offset, isLegacy: isLegacy)
    guard let link else { return }
    if width == 8 {
      write(offset, width: 4, value & 0xffff_ffff)
      return write(offset &+ 4, width: 4, value >> 32)
    }
    if offset >= Self.configurationBase {
      return link.writeConfiguration(Int(offset - Self.configurationBase), width: width, value)
    }
    guard width == 4 else { return }
    let value = UInt32(truncatingIfNeeded: value)
    switch offset {
    case 0x014: current.deviceFeaturesSelector = value
    case 0x020: link.writeDriverFeatures(value, selector: current.driverFeaturesSelector)
    case 0x024: current.driverFeaturesSelector = value
    case 0x030: current.queueSelector = value
    case 0x038: selectedQueue.map { link.queues[$0].resize(value) }
    case 0x050: link.notify(queue: Int(value))
    case 0x064: link.acknowledge(value)
    case 0x070:
      link.writeStatus(UInt8(truncatingIfNeeded: value))
      if value & 0xff == 0 { resetQueues() }
    default:
      if isLegacy { writeLegacy(offset, value, link) } else { writeModern(offset, value, link) }
    }
  }

  private func writeLegacy(_ offset: UInt64, _ value: UInt32, _ link: VirtIOLink) {
    switch offset {
    case 0x028: current.guestPageSize = value
    case 0x03c:
      if let queue = selectedQueue { current.queues[queue].alignment = value }
    case 0x040:
      guard let queue = selectedQueue else { return }
      link.stopQueue(queue)
      current.queues[queue].frame = value
      guard value != 0 else { return link.resetQueue(queue) }
      // Neither factor exceeds 32 bits.
      let address = UInt64(value) * UInt64(current.guestPageSize)
      let alignment = current.queues[queue].alignment
      link.startQueue(queue) { queue throws(VirtQueueError) in
        try queue.startLegacy(at: address, alignment: alignment)
      }
    default: break
    }
  }

  private func writeModern(_ offset: UInt64, _ value: UInt32, _ link: VirtIOLink) {
    guard let queue = selectedQueue else { return }
    switch offset {
    case 0x044:
      guard value & 1 != 0 else { return link.stopQueue(queue) }
      guard !link.queues[queue].isReady else { return }
      let setup = current.queues[queue]
      link.startQueue(queue) { queue throws(VirtQueueError) in
        try queue.start(descriptors: setup.descriptors, available: setup.available, used: setup.used)
      }
    case 0x080: current.queues[queue].descriptors.replaceLow(value)
    case 0x084: current.queues[queue].descriptors.replaceHigh(value)
    case 0x090: current.queues[queue].available.replaceLow(value)
    case 0x094: current.queues[queue].available.replaceHigh(value)
    case 0x0a0: current.queues[queue].used.replaceLow(value)
    case 0x0a4: current.queues[queue].used.replaceHigh(value)
    case 0x0c0:
      guard value == 1, link.has(VirtIOFeature.ringReset) else { return }
      link.resetQueue(queue)
      current.queues[queue] = QueueSetup()
    default: break
    }
  }
}
