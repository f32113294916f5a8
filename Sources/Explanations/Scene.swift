import Machine
import RISCV

/// A machine at one moment, as explanations look at it. Nothing in it changes the machine.
package struct Scene {
  package var harts: [HartScene]
  package var map: MemoryMap
  /// Copies guest-physical RAM or ROM; nil unless all of it is there.
  package var read: (_ address: UInt64, _ count: Int) -> [UInt8]?
  package var places: any GuestPlaces
  package var interruptController: PLICScene?
  package var virtioSlots: [VirtIOSlotScene] = []
  /// The last store to read-only memory that was ignored.
  package var storeToROM: UInt64?
  /// "rv64"; what -cpu is to be given.
  package var cpuModel: String
  /// `-bios none`: ecall from supervisor mode goes to the guest's own handler.
  package var hasFirmware: Bool
  /// Where the kernel's segments lie, by their physical and virtual addresses.
  package var linked: [ClosedRange<UInt64>] = []
  package var clock: UInt64 = 0

  package init(
    harts: [HartScene], map: MemoryMap, read: @escaping (_ address: UInt64, _ count: Int) -> [UInt8]?,
    places: any GuestPlaces, cpuModel: String, hasFirmware: Bool
  ) {
    self.harts = harts
    self.map = map
    self.read = read
    self.places = places
    self.cpuModel = cpuModel
    self.hasFirmware = hasFirmware
  }

  func load(_ address: UInt64, width: Int) -> UInt64? {
    guard let bytes = read(address, width) else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// Names of places in the guest's code.
package protocol GuestPlaces {
  /// The function that covers a virtual or physical address.
  func symbol(at address: UInt64) -> (name: String, offset: UInt64)?
  func line(at address: UInt64) -> (file: String, number: Int)?
}

/// Nobody knows any.
package struct NoPlaces: GuestPlaces {
  package init() {}
  package func symbol(at address: UInt64) -> (name: String, offset: UInt64)? { nil }
  package func line(at address: UInt64) -> (file: String, number: Int)? { nil }
}

/// The state of an interrupt controller (RISC-V PLIC 1.0.0).
package struct PLICScene: Sendable {
  package struct Source: Sendable {
    package var number: Int
    package var priority: Int
    package var isPending: Bool
    package var isInService: Bool
    /// Contexts that it is enabled for.
    package var contexts: [Int]

    package init(number: Int, priority: Int, isPending: Bool, isInService: Bool, contexts: [Int]) {
      self.number = number
      self.priority = priority
      self.isPending = isPending
      self.isInService = isInService
      self.contexts = contexts
    }
  }
  /// Those that are pending or in service.
  package var sources: [Source]
  /// By context: 2n and 2n+1 are hart n's machine and supervisor mode.
  package var thresholds: [Int]

  package init(sources: [Source], thresholds: [Int]) {
    self.sources = sources
    self.thresholds = thresholds
  }
}

/// A slot for a virtio device over MMIO, and what its driver did.
package struct VirtIOSlotScene: Sendable {
  package var number: Int
  package var base: UInt64
  package var isLegacy: Bool
  /// "virtio-blk-device"; nil where the slot is empty.
  package var device: String?
  package var hasReadVersion = false
  package var hasReadDeviceID = false
  /// The first register of version 2 that was written though the slot has version 1, by its offset.
  package var modernWrite: UInt64?
  package var legacyWrite: UInt64?
  /// A write to a queue's register of an empty slot.
  package var writeToEmpty: UInt64?
  /// The driver has said DRIVER_OK, or a queue is in use: the device may write to memory at any time.
  package var isActive = false

  package init(number: Int, base: UInt64, isLegacy: Bool, device: String?) {
    self.number = number
    self.base = base
    self.isLegacy = isLegacy
    self.device = device
  }
}
