import Logging
import RISCV

/// What the monitor needs of a machine, and all that it knows of one.
package protocol MonitoredMachine: AnyObject, Sendable {
  var runState: RunState { get }
  var hartCount: Int { get }
  func stop()
  /// Refused where the guest has powered off: only a reset helps.
  func resume() throws(MonitorError)
  func reset()
  /// The guest's power button.
  func powerDown() throws(MonitorError)
  /// Writes what `-snapshot` holds back to the image of the drive `name`, or of "all".
  func commit(_ name: String) throws(MonitorError)
  /// Ends the program.
  func quit()
  /// A hart's registers at a moment when it does not run.
  func registers(ofHart hart: Int) -> RegisterDump
  /// `count` bytes of guest-physical memory, in accesses of `width` bytes where a device answers; nil
  /// where anything is missing.
  func readPhysical(_ address: UInt64, count: Int, width: Int) -> [UInt8]?
  /// The same by the addresses that hart `hart` sees now.
  func readVirtual(_ address: UInt64, count: Int, width: Int, hart: Int) -> [UInt8]?
  /// The instruction that begins with `bytes`, and its length.
  func disassemble(_ bytes: [UInt8], at address: UInt64) -> (text: String, length: Int)
  var memoryMap: [MemoryRange] { get }
  /// The devices by the bus that they sit on.
  var deviceTree: [DeviceNode] { get }
  /// What the translators of the harts have done; nil for a hart that is interpreted. Taken at rest.
  var engines: [EngineSummary?] { get }
  /// Where the machine's parts log.
  var log: Log { get }
  /// What was placed into memory at start: firmware, kernel, device tree.
  var images: [MemoryImage] { get }
}

package enum RunState: String, Sendable {
  case running
  case paused
  case prelaunch = "paused (prelaunch)"
  case shutDown = "paused (shutdown)"
}

package struct MemoryRange: Sendable {
  package var name: String
  package var first: UInt64
  package var last: UInt64
  /// "ram", "rom" or "i/o".
  package var kind: String

  package init(name: String, first: UInt64, last: UInt64, kind: String) {
    self.name = name
    self.first = first
    self.last = last
    self.kind = kind
  }
}

package struct DeviceNode: Sendable {
  package var typeName: String
  package var id: String
  package var properties: [(name: String, value: String)]
  package var windows: [(base: UInt64, size: UInt64)]
  /// The buses that it offers, with what sits on them.
  package var buses: [(name: String, type: String, devices: [DeviceNode])]

  package init(
    typeName: String, id: String = "", properties: [(name: String, value: String)] = [],
    windows: [(base: UInt64, size: UInt64)] = [],
    buses: [(name: String, type: String, devices: [DeviceNode])] = []
  ) {
    self.typeName = typeName
    self.id = id
    self.properties = properties
    self.windows = windows
    self.buses = buses
  }
}

package struct EngineSummary: Sendable {
  /// Quantities in printing order.
  package var figures: [(name: String, value: Int)]
  /// Instructions left to the interpreter, by mnemonic, most first.
  package var fallbacks: [(name: String, count: Int)]

  package init(figures: [(name: String, value: Int)], fallbacks: [(name: String, count: Int)]) {
    self.figures = figures
    self.fallbacks = fallbacks
  }
}

package struct MemoryImage: Sendable {
  package var name: String
  package var address: UInt64
  package var size: UInt64
  /// "ram" or "rom".
  package var memory: String

  package init(name: String, address: UInt64, size: UInt64, memory: String) {
    self.name = name
    self.address = address
    self.size = size
    self.memory = memory
  }
}

/// What a command could not do: the sentence that the monitor prints.
package struct MonitorError: Error, Equatable {
  package let sentence: String
  /// Follow it with `Try "help x" for more information`.
  package let suggestsHelp: Bool

  package init(_ sentence: String, suggestsHelp: Bool = false) {
    self.sentence = sentence
    self.suggestsHelp = suggestsHelp
  }
}
