import Machine

/// virtio over PCI (virtio 1.3, §4.1): one device as a function of a PCI bus, by the modern interface, the legacy
/// one (§4.1.4.10), or both ("transitional").
package final class VirtIOPCI: PCIFunction, VirtIOInterrupts {
  package static let typeName = "virtio-pci"

  /// `VIRTIO_MSI_NO_VECTOR`.
  private static let noVector: UInt16 = 0xffff

  /// Base address registers, as QEMU numbers them.
  private enum Base {
    static let legacy = 0
    static let messages = 1
    static let notifyPort = 2
    static let modern = 4
  }

  /// The modern structures (§4.1.4), each in its own range of base address 4.
  private enum Structure: UInt8 {
    case common = 1
    case notify = 2
    case interruptStatus = 3
    case device = 4
    /// §4.1.4.9: a way to base addresses through the configuration space.
    case configurationAccess = 5

    static let spacing: UInt64 = 0x1000

    var offset: UInt64 {
      switch self {
      case .common, .configurationAccess: 0
      case .interruptStatus: 1 * Self.spacing
      case .device: 2 * Self.spacing
      case .notify: 3 * Self.spacing
      }
    }
  }

  /// Registers of the common configuration (§4.1.4.3).
  package static let registers: [Register] = [
    Register("device_feature_select", offset: 0x00, width: 4, .readWrite, section: "4.1.4.3"),
    Register("device_feature", offset: 0x04, width: 4, .readOnly, section: "4.1.4.3"),
    Register("driver_feature_select", offset: 0x08, width: 4, .readWrite, section: "4.1.4.3"),
    Register("driver_feature", offset: 0x0c, width: 4, .readWrite, section: "4.1.4.3"),
    Register("config_msix_vector", offset: 0x10, width: 2, .readWrite, reset: 0xffff, section: "4.1.4.3"),
    Register("num_queues", offset: 0x12, width: 2, .readOnly, section: "4.1.4.3"),
    Register("device_status", offset: 0x14, width: 1, .readWrite, section: "4.1.4.3"),
    Register("config_generation", offset: 0x15, width: 1, .readOnly, section: "4.1.4.3"),
    Register("queue_select", offset: 0x16, width: 2, .readWrite, section: "4.1.4.3"),
    Register("queue_size", offset: 0x18, width: 2, .readWrite, section: "4.1.4.3"),
    Register("queue_msix_vector", offset: 0x1a, width: 2, .readWrite, reset: 0xffff, section: "4.1.4.3"),
    Register("queue_enable", offset: 0x1c, width: 2, .readWrite, section: "4.1.4.3"),
    Register("queue_notify_off", offset: 0x1e, width: 2, .readOnly, section: "4.1.4.3"),
    Register("queue_desc", offset: 0x20, width: 8, .readWrite, section: "4.1.4.3"),
    Register("queue_driver", offset: 0x28, width: 8, .readWrite, section: "4.1.4.3"),
    Register("queue_device", offset: 0x30, width: 8, .readWrite, section: "4.1.4.3"),
    Register("queue_notify_config_data", offset: 0x38, width: 2, .readOnly, section: "4.1.4.3"),
    Register("queue_reset", offset: 0x3a, width: 2, .readWrite, section: "4.1.4.3"),
  ]

  /// What the user chose.
  package struct Settings: Sendable {
    package var offersLegacy = true
    package var offersModern = true
    /// Interrupt messages; 0: lines only. At most 2,048.
    package var vectors = 2
    /// A page for each queue's notifications.
    package var hasPagePerQueue = false
    package var hasNotifyPort = false
    package var isMultifunction = false
    /// Class and subclass.
    package var classCode: UInt16
    package init(classCode: UInt16) { self.classCode = classCode }
  }

  /// What the driver wrote for a queue that it has not started yet.
  package struct QueueSetup: Codable, Equatable, Sendable {
    /// Legacy: the number of the queue's first page.
    package var frame: UInt32 = 0
    package var descriptors: UInt64 = 0
    package var available: UInt64 = 0
    package var used: UInt64 = 0
    package var vector: UInt16 = 0xffff
  }

  package struct State: Codable, Equatable, Sendable {
    /// The configuration space.
    package var registers: [UInt8]
    package var messages: [UInt8]
    package var pendingMessages: [Bool]
    package var deviceFeaturesSelector: UInt32
    package var driverFeaturesSelector: UInt32
    package var driverFeatures: UInt64
    package var configurationVector: UInt16
    package var queueSelector: UInt16
    package var queues: [QueueSetup]
    /// The driver speaks by the legacy interface.
    package var isLegacy: Bool
    package var link: VirtIOLink.State?
  }

  /// What a reset of the device by its driver forgets.
  private struct DriverState {
    var deviceFeaturesSelector: UInt32 = 0
    var driverFeaturesSelector: UInt32 = 0
    /// As written, which reads back, whatever came of it.
    var driverFeatures: UInt64 = 0
    var configurationVector = VirtIOPCI.noVector
    var queueSelector: UInt16 = 0
    var queues: [QueueSetup] = []
  }

  package let device: any VirtIODevice
  private let settings: Settings
  private let notifySpacing: UInt64
  /// Offset of the capability by which the configuration space reaches base addresses.
  private let accessCapability: Int?
  package private(set) nonisolated(unsafe) var configuration: PCIConfigurationSpace
  private nonisolated(unsafe) var messages: MessageInterrupts?
  private nonisolated(unsafe) var current = DriverState()
  private nonisolated(unsafe) var connection: PCIConnection?
  package private(set) nonisolated(unsafe) var link: VirtIOLink?
  package var queueSelector: UInt32 { UInt32(current.queueSelector) }

  package init(_ device: any VirtIODevice, _ settings: Settings) {
    self.device = device
    self.settings = settings
    let type = UInt16(truncatingIfNeeded: Swift.type(of: device).deviceID)
    // §4.1.2.1. Transitional devices have the numbers and the revision of old; their subsystem is the type.
    var configuration = PCIConfigurationSpace(
      vendor: 0x1af4, device: settings.offersLegacy ? Self.transitionalID(type) : 0x1040 + type,
      revision: settings.offersLegacy ? 0 : 1, classCode: UInt32(settings.classCode) << 8,
      subsystemVendor: 0x1af4, subsystem: settings.offersLegacy ? type : 0x1100)
    configuration.set(PCIConfigurationSpace.Offset.interruptPin, 1, width: 1)
    if settings.isMultifunction {
      configuration.set(
        PCIConfigurationSpace.Offset.headerType, PCIConfigurationSpace.multifunction, width: 1)
    }
    if settings.offersLegacy {
      // With room for the two vector registers, whether they are there or not.
      let size = UInt64((settings.vectors > 0 ? 24 : 20) + device.configuration.count)
      configuration.add(PCIBaseAddress(Base.legacy, .ports, size: size.nextPowerOfTwo))
    }
    notifySpacing = settings.hasPagePerQueue ? 4096 : 4
    accessCapability =
      settings.offersModern
      ? Self.addModern(&configuration, notifySpacing: notifySpacing, hasNotifyPort: settings.hasNotifyPort)
      : nil
    messages =
      settings.vectors > 0
      ? MessageInterrupts(settings.vectors, baseAddress: Base.messages, in: &configuration) : nil
    self.configuration = configuration
  }

  /// §4.1.2.1, "Transitional PCI Device ID".
  private static func transitionalID(_ type: UInt16) -> UInt16 {
    switch type {
    case 1: 0x1000  // network
    case 2: 0x1001  // block
    case 5: 0x1002  // balloon
    case 3: 0x1003  // console
    case 8: 0x1004  // SCSI host
    case 4: 0x1005  // entropy
    case 9: 0x1009  // 9P
    default: 0x1040 + type
    }
  }

  /// The capabilities of the modern interface (§4.1.4) and the memory that they point to. Returns the offset of
  /// the one for configuration access.
  private static func addModern(
    _ configuration: inout PCIConfigurationSpace, notifySpacing: UInt64, hasNotifyPort: Bool
  ) -> Int {
    let vendorSpecific: UInt8 = 9
    func add(_ structure: Structure, _ base: Int, offset: UInt64, length: UInt64, _ more: UInt32?...) -> Int {
      let extra = more.compactMap { $0 }
      var body: [UInt8] = [UInt8(16 + 4 * extra.count), structure.rawValue, UInt8(base), 0, 0, 0]
      for number in [UInt32(truncatingIfNeeded: offset), UInt32(truncatingIfNeeded: length)] + extra {
        withUnsafeBytes(of: number.littleEndian) { body += $0 }
      }
      return configuration.addCapability(vendorSpecific, body)
    }
    let notifyLength = max(Structure.spacing, notifySpacing * UInt64(VirtQueue.maximumSize))
    for structure in [Structure.common, .interruptStatus, .device] {
      _ = add(structure, Base.modern, offset: structure.offset, length: Structure.spacing)
    }
    _ = add(
      .notify, Base.modern, offset: Structure.notify.offset, length: notifyLength, UInt32(notifySpacing))
    if hasNotifyPort {
      configuration.add(PCIBaseAddress(Base.notifyPort, .ports, size: 4))
      // Every queue is notified at the same place.
      _ = add(.notify, Base.notifyPort, offset: 0, length: 4, 0)
    }
    let access = add(.configurationAccess, 0, offset: 0, length: 0, 0)
    configuration.allow(access + 4, 0xff, width: 1)
    for register in [8, 12, 16] { configuration.allow(access + register, .max, width: 4) }
    let size = (Structure.notify.offset + notifyLength).nextPowerOfTwo
    configuration.add(PCIBaseAddress(Base.modern, .wideMemory, size: size, isPrefetchable: true))
    return access
  }

  package func connect(to connection: PCIConnection) {
    self.connection = connection
    link = VirtIOLink(
      device: device, memory: connection.memory, interrupts: self, isLegacy: !settings.offersModern)
    current = fresh
    applyCommand()
  }

  /// As after a reset by the driver.
  private var fresh: DriverState {
    var state = DriverState()
    state.queues = (link?.queues ?? []).map { _ in QueueSetup() }
    return state
  }

  // MARK: State

  package var state: State {
    get {
      // The link's first: reading it ends transfers, which may signal messages.
      let link = link?.state
      return State(
        registers: configuration.contents, messages: messages?.state.table ?? [],
        pendingMessages: messages?.state.pending ?? [],
        deviceFeaturesSelector: current.deviceFeaturesSelector,
        driverFeaturesSelector: current.driverFeaturesSelector, driverFeatures: current.driverFeatures,
        configurationVector: current.configurationVector, queueSelector: current.queueSelector,
        queues: current.queues, isLegacy: self.link?.isLegacy ?? false, link: link)
    }
    set {
      guard newValue.queues.count == current.queues.count else { return }
      configuration.contents = newValue.registers
      messages?.restore(.init(table: newValue.messages, pending: newValue.pendingMessages))
      current.deviceFeaturesSelector = newValue.deviceFeaturesSelector
      current.driverFeaturesSelector = newValue.driverFeaturesSelector
      current.driverFeatures = newValue.driverFeatures
      current.configurationVector = newValue.configurationVector
      current.queueSelector = newValue.queueSelector
      current.queues = newValue.queues
      link?.isLegacy = newValue.isLegacy
      applyCommand()
      if let state = newValue.link { link?.state = state }
      connection?.placementChanged()
      updateLine()
    }
  }

  package func reset() {
    configuration.reset()
    messages?.reset()
    resetDevice()
    link?.isLegacy = !settings.offersModern
    applyCommand()
    connection?.placementChanged()
  }

  /// The driver wrote 0 to the status.
  private func resetDevice() {
    link?.reset()
    messages?.forget()
    current = fresh
  }

  // MARK: Interrupts

  package func statusChanged(_ status: UInt32) { updateLine() }

  package func signal(queue index: Int?) {
    let vector = index.map { current.queues[$0].vector } ?? current.configurationVector
    guard vector != Self.noVector, let message = messages?.signal(Int(vector), configuration) else { return }
    send([message])
  }

  private func send(_ list: [MessageInterrupts.Message]) {
    guard let connection, configuration.command & PCIConfigurationSpace.Command.busMaster != 0 else { return }
    for message in list { _ = connection.send(message: message.data, to: message.address) }
  }

  private var hasInterrupt: Bool {
    link?.interruptStatus ?? 0 != 0 && messages?.isEnabled(configuration) != true
  }

  private func updateLine() {
    let isDisabled = configuration.command & PCIConfigurationSpace.Command.interruptDisable != 0
    connection?.setInterrupt(hasInterrupt && !isDisabled)
  }

  /// Reading it acknowledges (§4.1.4.5.1).
  private func takeInterruptStatus() -> UInt64 {
    guard let link else { return 0 }
    let status = link.interruptStatus
    if status != 0 { link.acknowledge(status) }
    return UInt64(status)
  }

  // MARK: The configuration space

  /// What the command register says counts from now on.
  private func applyCommand() {
    link?.setMemoryAccess(configuration.command & PCIConfigurationSpace.Command.busMaster != 0)
    updateLine()
  }

  package func readConfiguration(_ offset: Int, width: Int) -> UInt64 {
    if let access = accessCapability, offset == access + 16, let window = configurationAccess() {
      configuration.set(live: offset, window.read(), width: window.width)
    }
    var value = configuration.read(offset, width: width)
    let status = PCIConfigurationSpace.Offset.status
    if hasInterrupt, (offset..<offset + width).contains(status) {
      value |= UInt64(PCIConfigurationSpace.Status.interrupt) << UInt64(8 * (status - offset))
    }
    return value
  }

  package func writeConfiguration(_ offset: Int, width: Int, _ value: UInt64) {
    let end = offset + width
    func covers(_ first: Int, _ count: Int) -> Bool { offset < first + count && first < end }
    let command = configuration.command
    configuration.write(offset, width: width, value)
    if covers(PCIConfigurationSpace.Offset.command, 2)
      || covers(PCIConfigurationSpace.Offset.baseAddresses, 24)
    {
      connection?.placementChanged()
      if configuration.command != command { applyCommand() }
    }
    if let messages, covers(messages.capability, 4) {
      release()
      updateLine()
    }
    if let access = accessCapability, offset == access + 16, let window = configurationAccess() {
      window.write(configuration.read(offset, width: window.width))
    }
  }

  private func release() {
    if let list = messages?.release(configuration) { send(list) }
  }

  /// The access that the capability describes now, if it is one that the base address has (§4.1.4.9.1).
  private func configurationAccess() -> (width: Int, read: () -> UInt64, write: (UInt64) -> Void)? {
    guard let access = accessCapability else { return nil }
    let index = Int(configuration.read(access + 4, width: 1))
    let offset = configuration.read(access + 8, width: 4)
    let length = configuration.read(access + 12, width: 4)
    guard [1, 2, 4].contains(length), offset % length == 0,
      let base = configuration.baseAddresses.first(where: { $0.index == index }), offset < base.size
    else { return nil }
    let width = Int(length)
    return (
      width, { [self] in read(baseAddress: index, offset, width: width) },
      { [self] in write(baseAddress: index, offset, width: width, $0) }
    )
  }

  // MARK: Base addresses

  package func read(baseAddress index: Int, _ offset: UInt64, width: Int) -> UInt64 {
    switch index {
    case Base.messages: return messages?.read(offset, width: width) ?? 0
    case _ where width == 8:
      return read(baseAddress: index, offset, width: 4) & 0xffff_ffff
        | read(baseAddress: index, offset + 4, width: 4) << 32
    case Base.legacy: return readLegacy(offset, width: width)
    case Base.modern: return readModern(offset, width: width)
    default: return 0
    }
  }

  package func write(baseAddress index: Int, _ offset: UInt64, width: Int, _ value: UInt64) {
    switch index {
    case Base.messages:
      messages?.write(offset, width: width, value)
      release()
    case _ where width == 8:
      write(baseAddress: index, offset, width: 4, value & 0xffff_ffff)
      write(baseAddress: index, offset + 4, width: 4, value >> 32)
    case Base.legacy: writeLegacy(offset, width: width, value)
    case Base.notifyPort: link?.notify(queue: Int(value & 0xffff))
    case Base.modern: writeModern(offset, width: width, value)
    default: break
    }
  }

  private var selectedQueue: Int? {
    let index = Int(current.queueSelector)
    return index < current.queues.count ? index : nil
  }

  private func setVector(_ value: UInt64) -> UInt16 {
    // §4.1.5.1.2: what cannot be had reads back as no vector.
    value < UInt64(settings.vectors) ? UInt16(truncatingIfNeeded: value) : Self.noVector
  }

  private func select(queue value: UInt64) {
    // As QEMU, which has at most this many.
    if value < UInt64(VirtQueue.maximumSize) { current.queueSelector = UInt16(truncatingIfNeeded: value) }
  }

  private func writeStatus(_ value: UInt64, isLegacy: Bool) {
    link?.isLegacy = isLegacy
    let status = UInt8(truncatingIfNeeded: value)
    status == 0 ? resetDevice() : link?.writeStatus(status)
  }

  private static func ones(_ width: Int) -> UInt64 { .max >> UInt64(64 - 8 * width) }
}

// MARK: - The modern interface

/// Registers answer at their first byte, to any width: drivers use their own (§4.1.3.1).
extension VirtIOPCI {
  private func readModern(_ offset: UInt64, width: Int) -> UInt64 {
    switch offset {
    case ..<Structure.interruptStatus.offset: readCommon(offset)
    case ..<Structure.device.offset: takeInterruptStatus()
    case ..<Structure.notify.offset:
      link?.readConfiguration(Int(offset - Structure.device.offset), width: width) ?? 0
    default: 0
    }
  }

  private func writeModern(_ offset: UInt64, width: Int, _ value: UInt64) {
    switch offset {
    case ..<Structure.interruptStatus.offset: writeCommon(offset, value)
    case ..<Structure.device.offset: break
    case ..<Structure.notify.offset:
      link?.writeConfiguration(Int(offset - Structure.device.offset), width: width, value)
    default: link?.notify(queue: Int((offset - Structure.notify.offset) / notifySpacing))
    }
  }

  private func readCommon(_ offset: UInt64) -> UInt64 {
    guard let link else { return 0 }
    let queue = selectedQueue
    switch offset {
    case 0x00: return UInt64(current.deviceFeaturesSelector)
    case 0x04: return Self.half(link.offeredFeatures(isLegacy: false), current.deviceFeaturesSelector)
    case 0x08: return UInt64(current.driverFeaturesSelector)
    case 0x0c: return Self.half(current.driverFeatures, current.driverFeaturesSelector)
    case 0x10: return UInt64(current.configurationVector)
    case 0x12: return UInt64(link.queues.count)
    case 0x14: return UInt64(link.status)
    case 0x15: return UInt64(link.configurationGeneration & 0xff)
    case 0x16: return UInt64(current.queueSelector)
    case 0x18: return queue.map { UInt64(link.queues[$0].size) } ?? 0
    case 0x1a: return UInt64(queue.map { current.queues[$0].vector } ?? Self.noVector)
    case 0x1c: return queue.map { link.queues[$0].isReady } == true ? 1 : 0
    case 0x1e: return queue.map { UInt64($0) } ?? 0
    case 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34:
      guard let queue else { return 0 }
      let setup = current.queues[queue]
      let address = [setup.descriptors, setup.available, setup.used][Int(offset - 0x20) / 8]
      return Self.half(address, UInt32(offset % 8) / 4)
    // 0x3a, queue_reset: a reset is over before the write that asks for it returns.
    default: return 0
    }
  }

  private static func half(_ value: UInt64, _ selector: UInt32) -> UInt64 {
    selector < 2 ? value >> UInt64(32 * selector) & 0xffff_ffff : 0
  }

  private func writeCommon(_ offset: UInt64, _ value: UInt64) {
    guard let link else { return }
    let word = UInt32(truncatingIfNeeded: value)
    switch offset {
    case 0x00: current.deviceFeaturesSelector = word
    case 0x08: current.driverFeaturesSelector = word
    case 0x0c:
      link.isLegacy = false
      switch current.driverFeaturesSelector {
      case 0: current.driverFeatures.replaceLow(word)
      case 1: current.driverFeatures.replaceHigh(word)
      default: return
      }
      link.writeDriverFeatures(word, selector: current.driverFeaturesSelector)
    case 0x10: current.configurationVector = setVector(value)
    case 0x14: writeStatus(value, isLegacy: false)
    case 0x16: select(queue: value)
    default:
      if let queue = selectedQueue { writeQueue(queue, offset, word, link) }
    }
  }

  private func writeQueue(_ queue: Int, _ offset: UInt64, _ value: UInt32, _ link: VirtIOLink) {
    switch offset {
    case 0x18: link.queues[queue].resize(value & 0xffff)
    case 0x1a: current.queues[queue].vector = setVector(UInt64(value & 0xffff))
    case 0x1c:
      // §4.1.4.3.2: drivers do not write 0 here.
      guard value & 0xffff == 1, !link.queues[queue].isReady else { return }
      let setup = current.queues[queue]
      link.startQueue(queue) { queue throws(VirtQueueError) in
        try queue.start(descriptors: setup.descriptors, available: setup.available, used: setup.used)
      }
    case 0x20: current.queues[queue].descriptors.replaceLow(value)
    case 0x24: current.queues[queue].descriptors.replaceHigh(value)
    case 0x28: current.queues[queue].available.replaceLow(value)
    case 0x2c: current.queues[queue].available.replaceHigh(value)
    case 0x30: current.queues[queue].used.replaceLow(value)
    case 0x34: current.queues[queue].used.replaceHigh(value)
    case 0x3a:
      guard value & 0xffff == 1, link.has(VirtIOFeature.ringReset) else { return }
      link.resetQueue(queue)
      current.queues[queue] = QueueSetup()
    default: break
    }
  }
}

// MARK: - The legacy interface

/// §4.1.4.10: a header in ports, with the device's configuration behind it.
extension VirtIOPCI {
  /// While messages are on, two vector registers stand between header and configuration.
  private var headerSize: UInt64 { messages?.isEnabled(configuration) == true ? 24 : 20 }

  private func readLegacy(_ offset: UInt64, width: Int) -> UInt64 {
    guard let link else { return 0 }
    if offset >= headerSize {
      return link.readConfiguration(Int(offset - headerSize), width: width)
    }
    let queue = selectedQueue
    switch offset {
    case 0: return link.offeredFeatures(isLegacy: true)
    case 4: return current.driverFeatures & 0xffff_ffff
    case 8: return queue.map { UInt64(current.queues[$0].frame) } ?? 0
    case 12: return queue.map { UInt64(link.queues[$0].size) } ?? 0
    case 14: return UInt64(current.queueSelector)
    // Notifications are write-only.
    case 16: return Self.ones(width)
    case 18: return UInt64(link.status)
    case 19: return takeInterruptStatus()
    case 20: return UInt64(current.configurationVector)
    case 22: return UInt64(queue.map { current.queues[$0].vector } ?? Self.noVector)
    default: return Self.ones(width)
    }
  }

  private func writeLegacy(_ offset: UInt64, width: Int, _ value: UInt64) {
    guard let link else { return }
    if offset >= headerSize {
      return link.writeConfiguration(Int(offset - headerSize), width: width, value)
    }
    switch offset {
    case 4:
      link.isLegacy = true
      current.driverFeatures = value & 0xffff_ffff
      link.writeDriverFeatures(UInt32(truncatingIfNeeded: value), selector: 0)
    case 8: setFrame(UInt32(truncatingIfNeeded: value), link)
    case 14: select(queue: value & 0xffff)
    case 16: link.notify(queue: Int(value & 0xffff))
    case 18:
      // Drivers of old do not turn bus mastering on; QEMU does it for them at this value.
      if value & 0xff == UInt64(VirtIOStatus.acknowledge | VirtIOStatus.driver) {
        configuration.command |= PCIConfigurationSpace.Command.busMaster
        applyCommand()
      }
      writeStatus(value, isLegacy: true)
    case 20: current.configurationVector = setVector(value & 0xffff)
    case 22:
      if let queue = selectedQueue { current.queues[queue].vector = setVector(value & 0xffff) }
    default: break
    }
  }

  private func setFrame(_ frame: UInt32, _ link: VirtIOLink) {
    link.isLegacy = true
    guard let queue = selectedQueue else { return }
    link.stopQueue(queue)
    current.queues[queue].frame = frame
    guard frame != 0 else { return link.resetQueue(queue) }
    link.startQueue(queue) { queue throws(VirtQueueError) in
      try queue.startLegacy(at: UInt64(frame) << 12, alignment: 4096)
    }
  }
}

extension UInt64 {
  fileprivate var nextPowerOfTwo: UInt64 { self <= 1 ? 1 : 1 << UInt64(64 - (self - 1).leadingZeroBitCount) }
}
