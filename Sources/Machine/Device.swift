import Logging

/// How a guest may reach a device register.
package enum RegisterAccess: String, Sendable {
  case readOnly = "RO"
  case writeOnly = "WO"
  case readWrite = "RW"
}

/// A register as the device's manual lists it: for reading beside the code, for `info`, and for tests
/// that poke every register.
package struct Register: Sendable {
  package let name: String
  /// Bytes from the device's base.
  package let offset: UInt64
  /// Bytes.
  package let width: Int
  package let access: RegisterAccess
  package let reset: UInt64
  /// Where the manual describes it.
  package let section: String

  package init(
    _ name: String, offset: UInt64, width: Int, _ access: RegisterAccess, reset: UInt64 = 0,
    section: String = ""
  ) {
    self.name = name
    self.offset = offset
    self.width = width
    self.access = access
    self.reset = reset
    self.section = section
  }
}

/// Something on the board. Every device has the same anatomy: registers as data, a `State` that is all
/// a snapshot needs, declared properties, behaviour, and perhaps a back end.
///
/// Calls come with the machine lock held unless the region says that the device is lock-free.
package protocol Device: AnyObject, Sendable {
  /// All that a snapshot needs, nothing else. A reset is `State()` plus what the device says survives.
  associatedtype State: Codable & Sendable
  /// QEMU's name of the type, as `-device` and `info qtree` spell it.
  static var typeName: String { get }
  static var registers: [Register] { get }
  static var properties: [Property] { get }
  var state: State { get set }
  func reset()
}

extension Device {
  package static var properties: [Property] { [] }
}

/// A device that answers loads and stores in a window of the address space.
package protocol MMIODevice: Device {
  /// Reads `width` bytes at `offset` in the window; the region's `widths` have been checked.
  func read(_ offset: UInt64, width: Int) -> UInt64
  func write(_ offset: UInt64, width: Int, _ value: UInt64)
  /// What is to be said of an access that is about to happen: a register that is not there, something that
  /// the device does not do. Changes nothing, and is asked only where somebody reads the answers.
  func remark(on access: DeviceAccess) -> DeviceRemark?
}

extension MMIODevice {
  package func remark(on access: DeviceAccess) -> DeviceRemark? { nil }
}

/// A load from a device, or a store to it.
package struct DeviceAccess: Sendable {
  package let offset: UInt64
  package let width: Int
  /// What is stored; nil for a load.
  package let value: UInt64?

  package init(offset: UInt64, width: Int, value: UInt64? = nil) {
    self.offset = offset
    self.width = width
    self.value = value
  }
}

/// A line for the log.
package struct DeviceRemark: Sendable, Equatable {
  /// `guestErrors` or `unimplemented`.
  package let item: LogItems
  package let text: String

  package static func guestError(_ text: String) -> DeviceRemark {
    DeviceRemark(item: .guestErrors, text: text)
  }
  package static func unimplemented(_ text: String) -> DeviceRemark {
    DeviceRemark(item: .unimplemented, text: text)
  }
}
