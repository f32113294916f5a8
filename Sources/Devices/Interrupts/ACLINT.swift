import Logging
import Machine
import RISCV
import Synchronization

// The Advanced Core Local Interruptor (RISC-V ACLINT 1.0-rc4): three devices, each lock-free, because
// every inter-processor interrupt and every tick crosses them. MSWI and MTIMER side by side make up the
// older SiFive CLINT.

/// Machine-level software interrupts: one `msip` register per hart (ACLINT §3).
package final class MSWI: MMIODevice {
  /// `raised[hart]`: the hart's `msip` bit.
  package struct State: Codable, Sendable, Equatable {
    package var raised: [Bool] = []
    package init() {}
  }

  package static let typeName = "riscv.aclint.swi"
  package static let regionName = "riscv.aclint.swi"
  package static let windowSize: UInt64 = 0x4000
  package static let accessWidths = 4...4
  package static let registers = [Register("MSIP0", offset: 0, width: 4, .readWrite, section: "ACLINT §3.2")]
  /// Harts that the window has room for.
  package static let maximumHarts = 4095

  private static let machineSoftware: UInt64 = 1 << 3
  private let ports: [InterruptPort]

  package init(ports: [InterruptPort]) { self.ports = ports }

  package var state: State {
    get {
      var state = State()
      state.raised = ports.map { $0.pending & Self.machineSoftware != 0 }
      return state
    }
    set {
      for (hart, port) in ports.enumerated() {
        port.set(Self.machineSoftware, hart < newValue.raised.count && newValue.raised[hart])
      }
    }
  }

  package func reset() { state = State() }

  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    guard let port = port(at: offset) else { return 0 }
    return port.pending & Self.machineSoftware == 0 ? 0 : 1
  }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    port(at: offset)?.set(Self.machineSoftware, value & 1 != 0)
  }

  package func remark(on access: DeviceAccess) -> DeviceRemark? {
    port(at: access.offset) == nil ? .noRegister("aclint-swi", access) : nil
  }

  private func port(at offset: UInt64) -> InterruptPort? {
    offset & 3 == 0 && offset / 4 < UInt64(ports.count) ? ports[Int(offset / 4)] : nil
  }
}

extension DeviceRemark {
  fileprivate static func noRegister(_ device: String, _ access: DeviceAccess) -> DeviceRemark {
    .guestError(
      "\(device): invalid \(access.value == nil ? "read" : "write"): \(hexadecimal(access.offset, 8))")
  }
}

/// Supervisor-level software interrupts: one write-only `setssip` register per hart (ACLINT §4).
package final class SSWI: MMIODevice {
  /// Nothing: a request has reached the hart's own `mip.SSIP` when the store retires.
  package struct State: Codable, Sendable, Equatable {
    package init() {}
  }

  package static let typeName = "riscv.aclint.swi"
  package static let regionName = "riscv.aclint.swi"
  package static let windowSize: UInt64 = 0x4000
  package static let accessWidths = 4...4
  package static let registers = [
    Register("SETSSIP0", offset: 0, width: 4, .readWrite, section: "ACLINT §4.2")
  ]

  private static let supervisorSoftware: UInt64 = 1 << 1
  private let ports: [InterruptPort]

  package init(ports: [InterruptPort]) { self.ports = ports }

  package var state: State {
    get { State() }
    set {}
  }

  package func reset() {}

  package func read(_ offset: UInt64, width: Int) -> UInt64 { 0 }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    guard offset & 3 == 0, offset / 4 < UInt64(ports.count), value & 1 != 0 else { return }
    ports[Int(offset / 4)].set(Self.supervisorSoftware, true)
  }

  package func remark(on access: DeviceAccess) -> DeviceRemark? {
    access.offset & 3 == 0 && access.offset / 4 < UInt64(ports.count)
      ? nil : .noRegister("aclint-swi", access)
  }
}

/// The machine timer: one `mtimecmp` register per hart and the `mtime` that all share (ACLINT §2).
///
/// `mtimecmp` is kept in the harts' ports and `mtime` in the clock; a hart derives `mip.MTIP` from the two.
package final class MTIMER: MMIODevice {
  package struct State: Codable, Sendable, Equatable {
    /// `timeCompare[hart]`: the hart's `mtimecmp`, in ticks. Zero at reset, so that MTIP is pending.
    package var timeCompare: [UInt64] = []
    /// `mtime`, in ticks.
    package var time: UInt64 = 0
    package init() {}
  }

  package static let typeName = "riscv.aclint.mtimer"
  package static let regionName = "riscv.aclint.mtimer"
  package static let windowSize: UInt64 = 0x8000
  package static let accessWidths = 4...8
  package static let registers = [
    Register("MTIMECMP0", offset: 0, width: 8, .readWrite, section: "ACLINT §2.2"),
    Register("MTIME", offset: timeOffset, width: 8, .readWrite, section: "ACLINT §2.1"),
  ]
  package static let maximumHarts = 4095

  private static let timeOffset: UInt64 = 0x7ff8
  private let ports: [InterruptPort]
  private let clock: Clock

  package init(ports: [InterruptPort], clock: Clock) {
    self.ports = ports
    self.clock = clock
    for port in ports { port.setMachineTimeCompare(0) }
  }

  package var state: State {
    get {
      var state = State()
      state.timeCompare = ports.map { $0.machineTimeCompare.load(ordering: .relaxed) }
      state.time = clock.ticks
      return state
    }
    set {
      clock.setTicks(newValue.time)
      for (hart, port) in ports.enumerated() {
        port.setMachineTimeCompare(hart < newValue.timeCompare.count ? newValue.timeCompare[hart] : 0)
      }
    }
  }

  package func reset() { state = State() }

  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    let whole: UInt64
    if offset & ~7 == Self.timeOffset {
      whole = clock.ticks
    } else if let port = port(at: offset) {
      whole = port.machineTimeCompare.load(ordering: .relaxed)
    } else {
      return 0
    }
    return width == 8 ? whole : offset & 4 == 0 ? whole & 0xffff_ffff : whole >> 32
  }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    if offset & ~7 == Self.timeOffset {
      clock.setTicks(Self.merge(value, into: clock.ticks, offset, width))
      for port in ports { port.bell.ring() }
    } else if let port = port(at: offset) {
      // Two harts may write the halves of one register at once: neither half may be lost.
      var old = port.machineTimeCompare.load(ordering: .relaxed)
      while true {
        let (exchanged, original) = port.machineTimeCompare.compareExchange(
          expected: old, desired: Self.merge(value, into: old, offset, width),
          ordering: .sequentiallyConsistent)
        if exchanged { break }
        old = original
      }
      port.bell.ring()
    }
  }

  package func remark(on access: DeviceAccess) -> DeviceRemark? {
    access.offset & ~7 == Self.timeOffset || port(at: access.offset) != nil
      ? nil : .noRegister("aclint-mtimer", access)
  }

  private static func merge(_ value: UInt64, into old: UInt64, _ offset: UInt64, _ width: Int) -> UInt64 {
    if width == 8 { return value }
    let half = value & 0xffff_ffff
    return offset & 4 == 0 ? old & ~0xffff_ffff | half : old & 0xffff_ffff | half << 32
  }

  private func port(at offset: UInt64) -> InterruptPort? {
    offset / 8 < UInt64(ports.count) ? ports[Int(offset / 8)] : nil
  }
}
