import Machine

/// What stands between a virtio device and any transport: status, features, queues, interrupt causes
/// (virtio 1.3, §2 and §3). All members are used with the machine lock held.
///
/// Link and device refer to each other and live as long as the machine.
package final class VirtIOLink: Sendable {
  /// Interrupt causes (§4.2.2, InterruptStatus).
  package enum Cause {
    package static let usedBuffer: UInt32 = 1
    package static let configuration: UInt32 = 2
  }

  package struct State: Codable, Equatable, Sendable {
    package var status: UInt8 = 0
    /// What the driver wrote; in force once it sets FEATURES_OK, or at once for legacy drivers.
    package var driverFeatures: UInt64 = 0
    package var features: UInt64 = 0
    package var interruptStatus: UInt32 = 0
    package var configurationGeneration: UInt32 = 0
    /// Why the device takes no more work until it is reset.
    package var failure: String?
    package var queues: [VirtQueue.State] = []
  }

  package let device: any VirtIODevice
  package let memory: AddressSpace
  package let queues: [VirtQueue]
  private let interrupts: any VirtIOInterrupts
  private nonisolated(unsafe) var current = State()
  /// The interface that the driver speaks by. A transport that has both tells by what the driver writes.
  package nonisolated(unsafe) var isLegacy: Bool

  package init(
    device: any VirtIODevice, memory: AddressSpace, interrupts: any VirtIOInterrupts, isLegacy: Bool
  ) {
    self.device = device
    self.memory = memory
    self.interrupts = interrupts
    self.isLegacy = isLegacy
    queues = device.queueSizes.map { VirtQueue(memory: memory, size: $0) }
    device.connect(to: self)
  }

  package var offeredFeatures: UInt64 { offeredFeatures(isLegacy: isLegacy) }

  /// What drivers of either interface are offered.
  package func offeredFeatures(isLegacy: Bool) -> UInt64 {
    var offered = device.features(isLegacy: isLegacy)
    let options = device.options
    if options.indirectDescriptors { offered |= VirtIOFeature.indirectDescriptors }
    if options.eventIndex { offered |= VirtIOFeature.eventIndex }
    if isLegacy {
      if options.notifyOnEmpty { offered |= VirtIOFeature.notifyOnEmpty }
      if options.anyLayout { offered |= VirtIOFeature.anyLayout }
      offered &= 0xffff_ffff
    } else {
      offered |= VirtIOFeature.version1
      if options.queueReset { offered |= VirtIOFeature.ringReset }
    }
    return offered
  }

  /// Reading it first ends the transfers in flight, so that nothing is missing from it.
  package var state: State {
    get {
      device.drain(queue: nil)
      var state = current
      state.queues = queues.map(\.state)
      return state
    }
    set {
      current = newValue
      for (queue, state) in zip(queues, newValue.queues) { queue.state = state }
      applyFeatures(newValue.features)
      interrupts.statusChanged(current.interruptStatus)
    }
  }

  /// The same at once: transfers in flight have not counted yet.
  package var stateAsItIs: State {
    var state = current
    state.queues = queues.map(\.state)
    return state
  }

  package var status: UInt8 { current.status }
  package var interruptStatus: UInt32 { current.interruptStatus }
  package var configurationGeneration: UInt32 { current.configurationGeneration }
  package var isBroken: Bool { current.failure != nil }
  package var failure: String? { current.failure }
  package var isDriverReady: Bool { current.status & VirtIOStatus.driverOK != 0 }
  /// The features in force.
  package func has(_ feature: UInt64) -> Bool { current.features & feature != 0 }

  // MARK: The transport's side

  /// Everything as after power-on.
  package func reset() {
    // What the drain completes interrupts nobody: a pulse would stay pending in the controller.
    current.failure = "being reset"
    device.drain(queue: nil)
    for queue in queues { queue.reset() }
    current = State()
    applyFeatures(0)
    device.reset()
    interrupts.statusChanged(0)
  }

  /// The driver writes the status register (§3.1.1).
  package func writeStatus(_ value: UInt8) {
    guard value != 0 else { return reset() }
    var value = value | (current.status & VirtIOStatus.needsReset)
    if !isLegacy, value & ~current.status & VirtIOStatus.featuresOK != 0 {
      // §3.1.1: the bit stays clear where the subset of features is not acceptable. VERSION_1 is not
      // insisted on: xv6 drives a version 2 transport without it.
      if current.driverFeatures & ~offeredFeatures == 0 {
        applyFeatures(current.driverFeatures)
      } else {
        value &= ~VirtIOStatus.featuresOK
      }
    }
    let starts = value & ~current.status & VirtIOStatus.driverOK != 0
    current.status = value
    guard starts else { return }
    device.start()
    // What was announced too early is not lost.
    for index in queues.indices where queues[index].isReady { notify(queue: index) }
  }

  /// The driver writes 32 of its 64 feature bits.
  package func writeDriverFeatures(_ value: UInt32, selector: UInt32) {
    guard selector < 2, current.status & VirtIOStatus.featuresOK == 0 else { return }
    let shift = UInt64(selector) * 32
    let others = current.driverFeatures & ~(0xffff_ffff << shift)
    current.driverFeatures = others | UInt64(value) << shift
    if isLegacy { applyFeatures(current.driverFeatures & offeredFeatures) }
  }

  private func applyFeatures(_ features: UInt64) {
    current.features = features
    for queue in queues {
      queue.usesEventIndex = features & VirtIOFeature.eventIndex != 0
      queue.notifiesOnEmpty = features & VirtIOFeature.notifyOnEmpty != 0
    }
  }

  /// The driver notifies the device of new buffers.
  package func notify(queue index: Int) {
    guard queues.indices.contains(index), queues[index].isReady, !isBroken else { return }
    // §3.1.1: a device must not consume buffers before DRIVER_OK; legacy drivers may not wait for it
    // (§3.1.2).
    guard isDriverReady || isLegacy else { return }
    do { try device.handle(queue: index) } catch { fail(error) }
  }

  /// Whether the device may reach memory at all. Where it may not, the driver has to start it anew afterwards, as
  /// with QEMU.
  package func setMemoryAccess(_ isAllowed: Bool) {
    if !isAllowed {
      device.drain(queue: nil)
      current.status &= ~VirtIOStatus.driverOK
    }
    for queue in queues { queue.isSuspended = !isAllowed }
  }

  package func acknowledge(_ causes: UInt32) {
    current.interruptStatus &= ~causes
    interrupts.statusChanged(current.interruptStatus)
  }

  package func startQueue(_ index: Int, _ body: (VirtQueue) throws(VirtQueueError) -> Void) {
    guard queues.indices.contains(index) else { return }
    do { try body(queues[index]) } catch { fail(error) }
  }

  /// The driver takes the queue back; its size stays.
  package func stopQueue(_ index: Int) {
    guard queues.indices.contains(index), queues[index].isReady else { return }
    device.drain(queue: index)
    queues[index].stop()
  }

  /// The queue is as after reset.
  package func resetQueue(_ index: Int) {
    guard queues.indices.contains(index) else { return }
    device.drain(queue: index)
    queues[index].reset()
  }

  /// Reads `width` bytes of the device's configuration; all ones outside it, as QEMU answers.
  package func readConfiguration(_ offset: Int, width: Int) -> UInt64 {
    let bytes = device.configuration
    guard offset >= 0, offset + width <= bytes.count else {
      return width == 8 ? .max : (1 << (width * 8)) - 1
    }
    var value: UInt64 = 0
    for i in (0..<width).reversed() { value = value << 8 | UInt64(bytes[offset + i]) }
    return value
  }

  package func writeConfiguration(_ offset: Int, width: Int, _ value: UInt64) {
    guard offset >= 0, offset + width <= device.configuration.count else { return }
    device.writeConfiguration(
      at: offset, (0..<width).map { UInt8(truncatingIfNeeded: value >> (UInt64($0) * 8)) })
  }

  // MARK: The device's side

  /// Takes every chain available in a queue and hands it to `body`, until the queue is empty.
  package func drainAvailable(
    _ index: Int, _ body: (DescriptorChain) throws(VirtQueueError) -> Void
  ) throws(VirtQueueError) {
    let queue = queues[index]
    repeat {
      while let chain = try queue.pop() { try body(chain) }
    } while queue.enableNotifications()
  }

  /// Interrupts the driver where it wants that for what was given back.
  package func signal(queue index: Int) {
    guard !isBroken, queues[index].needsInterrupt() else { return }
    raise(Cause.usedBuffer, queue: index)
  }

  /// The device's configuration has changed by itself.
  package func configurationChanged() {
    guard isDriverReady else { return }
    current.configurationGeneration &+= 1
    raise(Cause.configuration, queue: nil)
  }

  /// The driver broke the rules: no more work until it resets the device (§2.1.2).
  package func fail(_ error: VirtQueueError) {
    guard !isBroken else { return }
    current.failure = error.description
    if memory.log.has(.guestErrors) {
      memory.log.write("\(type(of: device).typeName): \(error.description)\n")
    }
    guard has(VirtIOFeature.version1) else { return }
    current.status |= VirtIOStatus.needsReset
    configurationChanged()
  }

  private func raise(_ cause: UInt32, queue: Int?) {
    current.interruptStatus |= cause
    interrupts.statusChanged(current.interruptStatus)
    interrupts.signal(queue: queue)
  }
}

/// How a transport interrupts the driver.
package protocol VirtIOInterrupts: Sendable {
  /// The interrupt status has become this: what a line shows, high while it is not zero.
  func statusChanged(_ status: UInt32)
  /// Something happened in a queue, or to the configuration (nil): what a message tells.
  func signal(queue index: Int?)
}

extension InterruptLine: VirtIOInterrupts {
  package func statusChanged(_ status: UInt32) { set(status != 0) }
  package func signal(queue index: Int?) {}
}
