import Machine
import RISCV

/// What the firmware has to know of a board.
package struct FirmwarePlatform: Sendable {
  /// The first serial port, a 16550, and the clock that it divides, in Hz; nil where there is none.
  package var console: (base: UInt64, clock: UInt64)?
  /// Devices that are machine mode's own: naturally aligned windows with a power of two of bytes.
  package var machineDevices: [(base: UInt64, size: UInt64)]

  package init(console: (base: UInt64, clock: UInt64)?, machineDevices: [(base: UInt64, size: UInt64)]) {
    self.console = console
    self.machineDevices = machineDevices
  }
}

/// `-bios builtin`: the Supervisor Binary Interface 2.0, served by the emulator instead of by machine-mode code in the
/// guest.
///
/// Harts run in supervisor and user mode only. What would enter machine mode comes to `take` (see `HartFirmware`), on
/// the hart's own thread, and takes no guest time. Where the specification leaves a choice this behaves as OpenSBI
/// does, so that guests cannot tell the two apart but by asking.
package final class BuiltinFirmware: HartFirmware {
  /// A hart's first instruction and its a1.
  package struct Start: Sendable {
    package var address: UInt64
    package var deviceTree: UInt64

    package init(address: UInt64, deviceTree: UInt64) {
      self.address = address
      self.deviceTree = deviceTree
    }
  }

  let memory: AddressSpace
  let power: any PowerControl
  let console: FirmwareConsole?
  private let platform: FirmwarePlatform
  private let starts: [Int: Start]
  /// By hart number.
  let records: [HartRecord]
  /// By hart number; set once, before any of them runs.
  private(set) nonisolated(unsafe) var harts: [Hart] = []

  /// - Parameter starts: harts that run from reset on; the others are stopped until one of these starts them.
  package init(
    _ platform: FirmwarePlatform, starts: [Int: Start], memory: AddressSpace, power: any PowerControl,
    harts: Int
  ) {
    self.platform = platform
    self.starts = starts
    self.memory = memory
    self.power = power
    console = platform.console.map { FirmwareConsole(memory, base: $0.base, clock: $0.clock) }
    records = (0..<harts).map { _ in HartRecord() }
  }

  /// Becomes the firmware of `harts`, in the order of their numbers, and has them start.
  package func serve(_ harts: [Hart]) {
    precondition(harts.count == records.count)
    self.harts = harts
    for hart in harts {
      hart.firmware = self
      hart.reset()
    }
  }

  func record(of hart: Hart) -> HartRecord { records[Int(hart.id)] }

  // MARK: Starting

  package func start(_ hart: Hart) {
    if hart.id == 0 { console?.start() }
    record(of: hart).reset()
    prepareMachineMode(hart)
    if let start = starts[Int(hart.id)] {
      record(of: hart).life.withLock { $0.state = .started }
      enter(hart, HartRecord.Entry(address: start.address, opaque: start.deviceTree))
    } else {
      hart.hold()
    }
  }

  /// What firmware in machine mode sets up before it leaves (RISC-V Privileged 1.13, chapter 3), as OpenSBI does.
  private func prepareMachineMode(_ hart: Hart) {
    let extensions = hart.features.extensions
    // The supervisor's own: misaligned fetches, breakpoints, calls from user mode, page faults. The rest is counted on
    // its way to it.
    hart.pokeCSR(CSR.medeleg, 0xb109)
    hart.pokeCSR(CSR.mideleg, 0x222)
    hart.pokeCSR(CSR.mcounteren, .max)
    hart.pokeCSR(CSR.scounteren, 0x7)
    // Cycles and instructions run, the others when they are asked for.
    hart.pokeCSR(CSR.mcountinhibit, ~0x7)
    // Cache-block operations; page-based memory types; `stimecmp`; and A and D bits by the hart where it does not also
    // promise to leave them alone. What the hart lacks stays zero.
    var environment: UInt64 = 1 << 7 | 1 << 6 | 1 << 4 | 1 << 62 | 1 << 63
    if extensions.contains(.svadu), !extensions.contains(.svade) { environment |= 1 << 61 }
    if hart.features.xlen == 32 {
      hart.pokeCSR(CSR.menvcfgh, environment >> 32)
      environment &= 0xffff_ffff
    }
    hart.pokeCSR(CSR.menvcfg, environment)
    // The floating-point unit is on.
    hart.pokeCSR(CSR.mstatus, 3 << 13)
    protectMemory(hart)
    hart.setMachineTimer(.max, isEnabled: false)
    disableTimer(hart)
  }

  /// Machine mode's devices are nobody else's, all other addresses are open (§3.7).
  private func protectMemory(_ hart: Hart) {
    let open: UInt64 = 0x1f
    let closed: UInt64 = 0x18
    guard hart.features.pmpCount > platform.machineDevices.count, platform.machineDevices.count < 4 else {
      return
    }
    var configuration: UInt64 = 0
    for (index, device) in platform.machineDevices.enumerated() {
      hart.pokeCSR(CSR.pmpaddr0 + index, device.base >> 2 | (device.size >> 3) - 1)
      configuration |= closed << UInt64(8 * index)
    }
    let last = platform.machineDevices.count
    hart.pokeCSR(CSR.pmpaddr0 + last, .max)
    hart.pokeCSR(CSR.pmpcfg0, configuration | open << UInt64(8 * last))
  }

  /// a0 = hart, a1 = what the caller wanted there.
  func enter(_ hart: Hart, _ entry: HartRecord.Entry) {
    hart.enterSupervisor(at: entry.address)
    hart[x: 10] = hart.id
    hart[x: 11] = entry.opaque
    hart.endHold()
  }

  // MARK: Serving

  package func take(_ cause: UInt64, _ value: UInt64, isInterrupt: Bool, on hart: Hart) {
    if isInterrupt {
      if cause == Hart.FirmwareCause.machineTimer { timerIsDue(hart) }
      return
    }
    if cause == Hart.FirmwareCause.callFromSupervisor { return serve(SBICall(hart: hart)) }
    if let event = FirmwareEvent(exception: cause) { record(of: hart).count(event) }
    hart.redirectToSupervisor(cause, value)
  }

  private func serve(_ call: SBICall) {
    let hart = call.hart
    do throws(SBIError) {
      switch try answer(call) {
      case .value(let value):
        hart[x: 10] = 0
        hart[x: 11] = value
      case .legacy(let value): hart[x: 10] = UInt64(bitPattern: value)
      case .done: return
      }
    } catch {
      hart[x: 10] = UInt64(bitPattern: error.rawValue)
      hart[x: 11] = 0
    }
    hart.skipCall()
  }

  private func answer(_ call: SBICall) throws(SBIError) -> SBIOutcome {
    switch call.extension {
    case SBIExtension.legacy: try legacy(call)
    case SBIExtension.base: try base(call)
    case SBIExtension.time: try time(call)
    case SBIExtension.ipi: try interProcessorInterrupt(call)
    case SBIExtension.remoteFence: try remoteFence(call)
    case SBIExtension.hartState: try hartState(call)
    case SBIExtension.systemReset: try systemReset(call)
    case SBIExtension.performance: try performance(call)
    case SBIExtension.debugConsole: try debugConsole(call)
    case SBIExtension.systemSuspend: try systemSuspend(call)
    default: throw .notSupported
    }
  }
}
