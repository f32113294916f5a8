import Consoles
import Debugger
import Logging
import Machine
import Network
import RISCV

/// What the monitor needs of a machine, and all that it knows of one.
package protocol MonitoredMachine: AnyObject, Sendable {
  // MARK: Running
  var runState: RunState { get }
  var hartCount: Int { get }
  func stop()
  /// Refused where the guest has powered off: only a reset helps.
  func resume() throws(MonitorError)
  func reset()
  /// The guest's power button.
  func powerDown() throws(MonitorError)
  /// Waits for a GDB at a device as `-gdb` names it, nil: the standard one; "none" ends that. Gives a line to print.
  func startDebugServer(_ device: String?) throws(MonitorError) -> String
  /// Ends the guest's sleep (ACPI S3 and the like).
  func wakeUp() throws(MonitorError)
  /// Ends the program.
  func quit()
  /// Whether each translation is one instruction; nil where nothing is translated.
  var translatesOneByOne: Bool? { get }
  func setTranslatesOneByOne(_ isOn: Bool)

  // MARK: Harts
  /// A hart's registers at a moment when it does not run.
  func registers(ofHart hart: Int) -> RegisterDump
  /// The CSR called `name`; nil where the hart has none.
  func controlRegister(_ name: String, ofHart hart: Int) -> UInt64?
  /// A hart at a moment when it does not run.
  func condition(ofHart hart: Int) -> HartCondition
  /// Whether PMP lets `privilege` make `access` to all `count` bytes.
  func isPermitted(
    _ access: MemoryAccess, at address: UInt64, count: UInt64, by privilege: Privilege, hart: Int
  ) -> Bool
  /// Translations that a hart has at hand.
  func cachedTranslations(ofHart hart: Int) -> [CachedTranslation]
  /// What the translators of the harts have done; nil for a hart that is interpreted. Taken at rest.
  var engines: [EngineSummary?] { get }
  /// The guest's names.
  var symbols: GuestSymbols { get }

  // MARK: Memory
  /// `count` bytes of guest-physical memory, in accesses of `width` bytes where a device answers; nil
  /// where anything is missing.
  func readPhysical(_ address: UInt64, count: Int, width: Int) -> [UInt8]?
  /// The same by the addresses that hart `hart` sees now.
  func readVirtual(_ address: UInt64, count: Int, width: Int, hart: Int) -> [UInt8]?
  /// The same of RAM and ROM only: reading changes nothing.
  func readMemory(_ address: UInt64, count: Int) -> [UInt8]?
  /// How many bytes of RAM from `address` on, whole pages, nobody has ever touched.
  func untouchedBytes(at address: UInt64) -> UInt64
  /// The instruction that begins with `bytes`, and its length.
  func disassemble(_ bytes: [UInt8], at address: UInt64) -> (text: String, length: Int)
  /// Sorted by address, disjoint.
  var memoryMap: [MemoryRange] { get }
  /// Where this process has the RAM or ROM at a guest-physical address.
  func hostAddress(of address: UInt64) -> UInt64?
  /// What was placed into memory at start: firmware, kernel, device tree.
  var images: [MemoryImage] { get }
  /// The device tree as the guest gets it.
  var flattenedDeviceTree: [UInt8] { get }
  var ramSize: UInt64 { get }

  // MARK: Devices
  /// The name of the board, as `-machine` has it.
  var boardName: String { get }
  /// As `-cpu` has it.
  var cpuName: String { get }
  /// The devices by the bus that they sit on.
  var deviceTree: [DeviceNode] { get }
  /// By slot and function.
  var pciFunctions: [PCIFunctionEntry] { get }
  var interruptControllers: InterruptControllers { get }
  var virtioDevices: [VirtIOCondition] { get }
  var drives: [DriveCondition] { get }
  /// Writes what `-snapshot` holds back to the image of the drive `name`, or of "all".
  func commit(_ name: String) throws(MonitorError)
  /// The character back ends, what `info chardev` calls each, and whether it is a ring buffer.
  var characterBackEnds: [CharacterBackEndEntry] { get }
  /// Cards and what they are connected to, and networks without a card, in QEMU's order.
  var networkEntries: [NetworkEntry] { get }
  var userNetworks: [UserNetwork] { get }
  /// Plugs the cable between the card or network `name` and its other end in, or pulls it out.
  func setLink(of name: String, isUp: Bool) throws(MonitorError)
  /// Where the machine's parts log.
  var log: Log { get }

  // MARK: For QMP
  /// What the program is and offers.
  var program: ProgramDescription { get }
  /// What the machine does at resets and when the guest powers off.
  var endActions: EndActions { get set }
  /// Somebody presses the power button, whether or not the machine has one.
  func pressPowerButton()
  /// Waits until what others have asked of the machine has happened.
  func settle()
  /// Has harts stay at rest, whoever lets them go on, until what it gives is called.
  func hold() -> @Sendable () -> Void
  /// The host's thread of each hart, as Linux numbers them.
  var hostThreads: [Int32] { get }
  /// What `-cpu` describes.
  var cpu: CPUConfiguration? { get }
  /// The board's properties.
  var boardProperties: PropertyValues? { get }
  /// What `-object` has made.
  var objects: [ObjectEntry] { get }
  /// A serial break for whoever listens to the character back end `label`.
  func sendBreak(to label: String) throws(MonitorError)
}

extension MonitoredMachine {
  package var pciFunctions: [PCIFunctionEntry] { [] }
  package var networkEntries: [NetworkEntry] { [] }
  package var userNetworks: [UserNetwork] { [] }
  package func setLink(of name: String, isUp: Bool) throws(MonitorError) {
    throw MonitorError("Error: Device '\(name)' not found")
  }
  package var cpu: CPUConfiguration? { nil }
  package var boardProperties: PropertyValues? { nil }
  package var objects: [ObjectEntry] { [] }
  package func settle() {}
  package func hold() -> @Sendable () -> Void { {} }
}

/// What `-object` has made.
package struct ObjectEntry: Sendable {
  package var id: String
  package var typeName: String
  package var properties: [(name: String, value: Value)]

  package enum Value: Sendable {
    case text(String)
    case flag(Bool)
    case number(UInt64)
  }

  package init(id: String, typeName: String, properties: [(name: String, value: Value)] = []) {
    self.id = id
    self.typeName = typeName
    self.properties = properties
  }
}

package enum RunState: String, Sendable {
  case running
  case paused
  /// At a breakpoint, or after a debugger's step.
  case debug = "paused (debug)"
  case prelaunch = "paused (prelaunch)"
  case shutDown = "paused (shutdown)"

  /// QEMU, qapi/run-state.json, "RunState".
  var qapiName: String {
    switch self {
    case .running: "running"
    case .paused: "paused"
    case .debug: "debug"
    case .prelaunch: "prelaunch"
    case .shutDown: "shutdown"
    }
  }
}

/// What decides how a hart sees memory and interrupts, and what it last went through.
package struct HartCondition: Sendable {
  package var width: Int
  package var privilege: Privilege
  package var satp: UInt64
  package var mstatus: UInt64
  /// The page walk sets A and D itself; otherwise an access that finds them 0 is a page fault.
  package var setsAccessedAndDirty: Bool
  /// PMP's registers by entry; empty where the hart has no PMP.
  package var pmp: [(configuration: UInt8, address: UInt64)]
  /// The oldest first.
  package var traps: [TrapRecord]
  /// Traps ever since reset.
  package var trapCount: UInt64

  package init(
    width: Int, privilege: Privilege, satp: UInt64, mstatus: UInt64, setsAccessedAndDirty: Bool = true,
    pmp: [(configuration: UInt8, address: UInt64)] = [], traps: [TrapRecord] = [], trapCount: UInt64 = 0
  ) {
    self.width = width
    self.privilege = privilege
    self.satp = satp
    self.mstatus = mstatus
    self.setsAccessedAndDirty = setsAccessedAndDirty
    self.pmp = pmp
    self.traps = traps
    self.trapCount = trapCount
  }
}

package struct CharacterBackEndEntry: Sendable {
  package var label: String
  package var name: String
  /// As `-chardev` has it.
  package var kind: String
  package var ringBuffer: RingBuffer?
  /// Somebody of the machine's, or a monitor, uses it.
  package var isInUse: Bool

  package init(
    label: String, name: String, kind: String = "null", ringBuffer: RingBuffer? = nil, isInUse: Bool = true
  ) {
    self.label = label
    self.name = name
    self.kind = kind
    self.ringBuffer = ringBuffer
    self.isInUse = isInUse
  }
}

package struct MemoryRange: Sendable {
  package var name: String
  package var first: UInt64
  package var last: UInt64
  /// "ram", "rom", "romd" or "i/o".
  package var kind: String
  /// The path of the device that it belongs to; nil for memory.
  package var owner: String?

  package init(name: String, first: UInt64, last: UInt64, kind: String, owner: String? = nil) {
    self.name = name
    self.first = first
    self.last = last
    self.kind = kind
    self.owner = owner
  }
}

package struct DeviceNode: Sendable {
  package var typeName: String
  package var id: String
  /// Its place among QEMU's objects: "/machine/peripheral/ID", "/machine/unattached/device[3]".
  package var path: String
  package var properties: [(name: String, value: String)]
  /// The same as values.
  package var declared: [(property: Property, value: PropertyValue?)] = []
  package var windows: [(base: UInt64, size: UInt64)]
  /// Further lines about it.
  package var remarks: [String] = []
  /// The buses that it offers, with what sits on them.
  package var buses: [(name: String, type: String, devices: [DeviceNode])]

  package init(
    typeName: String, id: String = "", path: String = "", properties: [(name: String, value: String)] = [],
    windows: [(base: UInt64, size: UInt64)] = [],
    buses: [(name: String, type: String, devices: [DeviceNode])] = []
  ) {
    self.typeName = typeName
    self.id = id
    self.path = path
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

/// The PLIC and the core-local interruptor.
package struct InterruptControllers: Sendable {
  package struct Source: Sendable {
    package var number: Int
    /// Whose wire it is, where that is known.
    package var device: String
    package var level: Bool
    package var isPending: Bool
    package var isInService: Bool
    package var priority: UInt8
    /// Contexts that it is enabled for.
    package var enabledFor: [Int]

    package init(
      number: Int, device: String, level: Bool, isPending: Bool, isInService: Bool, priority: UInt8,
      enabledFor: [Int]
    ) {
      self.number = number
      self.device = device
      self.level = level
      self.isPending = isPending
      self.isInService = isInService
      self.priority = priority
      self.enabledFor = enabledFor
    }
  }

  package struct HartInputs: Sendable {
    package var softwareInterrupt: Bool
    package var timeCompare: UInt64

    package init(softwareInterrupt: Bool, timeCompare: UInt64) {
      self.softwareInterrupt = softwareInterrupt
      self.timeCompare = timeCompare
    }
  }

  /// All sources of the PLIC, by number; empty where there is none.
  package var sources: [Source]
  /// Thresholds of the PLIC's contexts: 2n and 2n+1 are hart n's machine and supervisor mode.
  package var thresholds: [UInt8]
  package var harts: [HartInputs]
  /// `mtime`, in ticks of 100 ns.
  package var time: UInt64

  package init(sources: [Source], thresholds: [UInt8], harts: [HartInputs], time: UInt64) {
    self.sources = sources
    self.thresholds = thresholds
    self.harts = harts
    self.time = time
  }
}

/// A virtio device and its queues.
package struct VirtIOCondition: Sendable {
  package struct Queue: Sendable {
    package var size: UInt16
    package var maximumSize: UInt16
    package var isReady: Bool
    package var descriptors: UInt64
    package var available: UInt64
    package var used: UInt64
    package var nextAvailable: UInt16
    package var nextUsed: UInt16
    package var signalledUsed: UInt16
    package var inFlight: UInt16

    package init(
      size: UInt16, maximumSize: UInt16, isReady: Bool, descriptors: UInt64, available: UInt64, used: UInt64,
      nextAvailable: UInt16, nextUsed: UInt16, signalledUsed: UInt16, inFlight: UInt16
    ) {
      self.size = size
      self.maximumSize = maximumSize
      self.isReady = isReady
      self.descriptors = descriptors
      self.available = available
      self.used = used
      self.nextAvailable = nextAvailable
      self.nextUsed = nextUsed
      self.signalledUsed = signalledUsed
      self.inFlight = inFlight
    }
  }

  /// "/machine/peripheral-anon/device[0]".
  package var path: String
  /// "virtio-blk".
  package var name: String
  package var deviceID: UInt32
  package var bus: String
  package var isLegacy: Bool
  package var status: UInt8
  package var interruptStatus: UInt32
  package var offeredFeatures: UInt64
  package var features: UInt64
  /// Why the device takes no more work until it is reset.
  package var failure: String?
  package var queueSelector: UInt32
  package var queues: [Queue]

  package init(
    path: String, name: String, deviceID: UInt32, bus: String, isLegacy: Bool, status: UInt8,
    interruptStatus: UInt32, offeredFeatures: UInt64, features: UInt64, failure: String?,
    queueSelector: UInt32, queues: [Queue]
  ) {
    self.path = path
    self.name = name
    self.deviceID = deviceID
    self.bus = bus
    self.isLegacy = isLegacy
    self.status = status
    self.interruptStatus = interruptStatus
    self.offeredFeatures = offeredFeatures
    self.features = features
    self.failure = failure
    self.queueSelector = queueSelector
    self.queues = queues
  }
}

/// A drive, for `info block`.
package struct DriveCondition: Sendable {
  package var id: String
  package var file: String
  package var isReadOnly: Bool
  package var isSnapshot: Bool
  package var cache: String
  /// Bytes.
  package var size: UInt64
  /// The path of the device that uses it.
  package var owner: String?

  package init(
    id: String, file: String, isReadOnly: Bool, isSnapshot: Bool, cache: String, size: UInt64, owner: String?
  ) {
    self.id = id
    self.file = file
    self.isReadOnly = isReadOnly
    self.isSnapshot = isSnapshot
    self.cache = cache
    self.size = size
    self.owner = owner
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
