import Machine

/// A device behind a virtio transport: what virtio 1.3, §5 describes for one device type.
///
/// Calls come with the machine lock held. The device keeps the link that `connect` gives.
package protocol VirtIODevice: Device {
  /// The number of the device type (virtio 1.3, §5).
  static var deviceID: UInt32 { get }
  /// The size of each queue after reset.
  var queueSizes: [UInt16] { get }
  /// The properties that every virtio device has, as the user set them.
  var options: VirtIOOptions { get }
  /// Device-type features that it offers; rings' features are the link's business.
  func features(isLegacy: Bool) -> UInt64
  /// The device configuration space, little-endian.
  var configuration: [UInt8] { get }
  /// The driver wrote `bytes` at `offset` of the configuration space; all of them lie inside it.
  func writeConfiguration(at offset: Int, _ bytes: [UInt8])
  func connect(to link: VirtIOLink)
  /// The driver has set DRIVER_OK.
  func start()
  /// The driver has made buffers available in queue `index`.
  func handle(queue index: Int) throws(VirtQueueError)
  /// Takes back-end work on queue `index` (nil: on all) to its end before that queue forgets its chains.
  func drain(queue index: Int?)
}

extension VirtIODevice {
  package static var registers: [Register] { [] }
  package func writeConfiguration(at offset: Int, _ bytes: [UInt8]) {}
  package func start() {}
  package func drain(queue index: Int?) {}
}

/// Properties of every virtio device, as QEMU names them.
package struct VirtIOOptions: Sendable {
  package var indirectDescriptors = true
  package var eventIndex = true
  package var notifyOnEmpty = true
  package var anyLayout = true
  package var queueReset = true

  package init() {}

  package init(_ values: PropertyValues) {
    indirectDescriptors = values.flag("indirect_desc")
    eventIndex = values.flag("event_idx")
    notifyOnEmpty = values.flag("notify_on_empty")
    anyLayout = values.flag("any_layout")
    queueReset = values.flag("queue_reset")
  }

  package static let properties: [Property] = [
    Property("any_layout", .flag, default: .flag(true), "offer VIRTIO_F_ANY_LAYOUT to legacy drivers"),
    Property("event_idx", .flag, default: .flag(true), "offer VIRTIO_F_EVENT_IDX"),
    Property("indirect_desc", .flag, default: .flag(true), "offer VIRTIO_F_INDIRECT_DESC"),
    Property(
      "notify_on_empty", .flag, default: .flag(true), "offer VIRTIO_F_NOTIFY_ON_EMPTY to legacy drivers"),
    Property("queue_reset", .flag, default: .flag(true), "offer VIRTIO_F_RING_RESET to modern drivers"),
  ]
}

/// Feature bits that concern rings and transport (virtio 1.3, §6 and §6.3).
package enum VirtIOFeature {
  package static let notifyOnEmpty: UInt64 = 1 << 24
  package static let anyLayout: UInt64 = 1 << 27
  package static let indirectDescriptors: UInt64 = 1 << 28
  package static let eventIndex: UInt64 = 1 << 29
  package static let version1: UInt64 = 1 << 32
  package static let ringReset: UInt64 = 1 << 40
}

/// Device status bits (virtio 1.3, §2.1).
package enum VirtIOStatus {
  package static let acknowledge: UInt8 = 1
  package static let driver: UInt8 = 2
  package static let driverOK: UInt8 = 4
  package static let featuresOK: UInt8 = 8
  package static let needsReset: UInt8 = 0x40
  package static let failed: UInt8 = 0x80
}

/// The models that `-device` can make for a virtio transport.
package enum VirtIOModels {
  package static let all: [DeviceModel] =
    [VirtIOBlock.model, VirtIOEntropy.model, VirtIONetwork.model, VirtIOSerial.model]
    + VirtIOSerialPort.models + VirtIOPCI.models
}
