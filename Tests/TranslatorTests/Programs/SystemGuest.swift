import Machine
import RISCV
import Synchronization
import Translator

/// A serial port that is always ready: offset 7 is its scratch register, as a 16550's; offset 0 takes bytes
/// and gives none. Accesses of any width count, so that a lost or doubled one shows.
final class TestDevice: MMIODevice {
  struct State: Codable, Sendable {
    var scratch: UInt64 = 0
    var printed: [UInt8] = []
    var accesses: UInt64 = 0
  }
  static let typeName = "test"
  static let registers: [Register] = []
  private let storage = Mutex(State())
  var state: State {
    get { storage.withLock { $0 } }
    set { storage.withLock { $0 = newValue } }
  }
  func reset() { state = State() }

  func read(_ offset: UInt64, width: Int) -> UInt64 {
    storage.withLock {
      if offset == 5 { return 0x60 }
      if offset == 7 { return $0.scratch & 0xff }
      $0.accesses = $0.accesses &* 31 &+ offset &* 8 &+ UInt64(width)
      return $0.accesses
    }
  }
  func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    storage.withLock {
      if offset == 0, width == 1 { $0.printed.append(UInt8(truncatingIfNeeded: value)) }
      if offset == 7 { $0.scratch = value & 0xff }
      $0.accesses = $0.accesses &* 31 &+ offset &* 8 &+ UInt64(width) &+ value
    }
  }
}

/// A machine for `SystemProgram`: harts, RAM, a device.
struct SystemGuest {
  static let features = Result { try CPUModel.configure(Guest.model).features }

  let memory: AddressSpace
  let harts: [Hart]
  let device = TestDevice()
  private(set) var engines: [TranslatedHart] = []

  init(_ image: [UInt8], harts count: Int = 1) throws {
    memory = AddressSpace(lock: MachineLock())
    try memory.addRAM("ram", base: SystemProgram.base, size: SystemProgram.ramSize)
    memory.addDevice("test", device, base: SystemProgram.deviceAddress, size: 0x100, widths: 1...8)
    memory.addDevice("end", TestDevice(), base: SystemProgram.finisherAddress, size: 0x1000, widths: 4...4)
    memory.copyIn(image, to: SystemProgram.base)
    let memory = memory
    let features = try Self.features.get()
    harts = (0..<count).map {
      let hart = Hart(
        id: UInt64($0), features: features, memory: memory, time: Standstill(), port: InterruptPort())
      hart.resetPC = SystemProgram.base
      hart.reset()
      return hart
    }
  }

  /// Has every hart run by translated code.
  mutating func translate(codeSize: Int, regionLimit: Int, features: HostFeatures) throws {
    engines = try harts.map {
      try TranslatedHart($0, codeSize: codeSize, regionLimit: regionLimit, features: features)
    }
  }

  /// Registers, CSRs, counters of all harts, and what the device has seen.
  var state: [UInt64] {
    harts.flatMap { [$0.stateHash, $0.instructionsRetired] } + [device.state.accesses, device.state.scratch]
  }
}
