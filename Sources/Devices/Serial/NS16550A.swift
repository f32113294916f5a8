import Machine

/// National Semiconductor's UART with 16-byte FIFOs (PC16550D data sheet, June 1995; sections below are
/// its own). Characters are sent and received at once, whatever the divisor says.
package final class NS16550A: MMIODevice, CharacterFrontEnd {
  /// A received character, or the null character that a break leaves (§8.4).
  package struct Character: Codable, Sendable, Equatable {
    package var byte: UInt8
    package var isBreak = false

    package init(byte: UInt8, isBreak: Bool = false) {
      self.byte = byte
      self.isBreak = isBreak
    }
  }

  package struct State: Codable, Sendable, Equatable {
    /// IER, four bits.
    package var interruptEnable: UInt8 = 0
    /// LCR.
    package var lineControl: UInt8 = 0
    /// MCR, five bits.
    package var modemControl: UInt8 = ModemControl.out2
    /// MSR's upper half as the guest saw it change last, and the changes since MSR was read in the lower.
    package var modemStatus: UInt8 = NS16550A.connectedModem
    /// SCR.
    package var scratch: UInt8 = 0
    /// DLM and DLL.
    package var divisor: UInt16 = 12
    package var areFIFOsEnabled = false
    /// Characters in the FIFO at which data count as available: FCR's trigger level.
    package var trigger: UInt8 = 1
    /// The receiver: at most one character without FIFOs, sixteen with.
    package var received: [Character] = []
    /// What RBR shows where nothing is received: the last character that came while FIFOs were off.
    package var lastReceived: UInt8 = 0
    package var hasOverrun = false
    package var hasBreak = false
    /// The transmitter has become empty and IIR has not told yet.
    package var isTransmitterInterruptPending = false
    package init() {}
  }

  package static let typeName = "serial-mm"
  package static let regionName = "serial"
  package static let windowSize: UInt64 = 8
  package static let accessWidths = 1...8
  package static let properties = [
    Property("chardev", .reference("chardev"), "the character back end on the line's other end")
  ]
  package static let registers = [
    Register("RBR/THR/DLL", offset: 0, width: 1, .readWrite, section: "PC16550D §8.0, §8.3"),
    Register("IER/DLM", offset: 1, width: 1, .readWrite, section: "PC16550D §8.7, §8.3"),
    Register("IIR/FCR", offset: 2, width: 1, .readWrite, reset: 0x01, section: "PC16550D §8.6, §8.5"),
    Register("LCR", offset: 3, width: 1, .readWrite, section: "PC16550D §8.1"),
    Register("MCR", offset: 4, width: 1, .readWrite, reset: 0x08, section: "PC16550D §8.8"),
    Register("LSR", offset: 5, width: 1, .readOnly, reset: 0x60, section: "PC16550D §8.4"),
    Register("MSR", offset: 6, width: 1, .readOnly, reset: 0xb0, section: "PC16550D §8.9"),
    Register("SCR", offset: 7, width: 1, .readWrite, section: "PC16550D §8.10"),
  ]

  private static let fifoDepth = 16
  /// DCD, DSR and CTS: a terminal is always there.
  private static let connectedModem: UInt8 = 0xb0

  private enum InterruptEnable {
    static let receivedData: UInt8 = 1 << 0
    static let transmitterEmpty: UInt8 = 1 << 1
    static let lineStatus: UInt8 = 1 << 2
    static let modemStatus: UInt8 = 1 << 3
  }

  /// IIR's lower half, in falling priority (§8.6, table IV).
  private enum Cause: UInt8 {
    case lineStatus = 0b0110
    case receivedData = 0b0100
    case characterTimeout = 0b1100
    case transmitterEmpty = 0b0010
    case modemStatus = 0b0000
    case none = 0b0001
  }

  private enum FIFOControl {
    static let enable: UInt8 = 1 << 0
    static let resetReceiver: UInt8 = 1 << 1
    static let resetTransmitter: UInt8 = 1 << 2
  }

  private enum ModemControl {
    static let dtr: UInt8 = 1 << 0
    static let rts: UInt8 = 1 << 1
    static let out1: UInt8 = 1 << 2
    static let out2: UInt8 = 1 << 3
    static let loop: UInt8 = 1 << 4
    static let writable: UInt8 = 0x1f
  }

  private enum LineStatus {
    static let dataReady: UInt8 = 1 << 0
    static let overrun: UInt8 = 1 << 1
    static let breakInterrupt: UInt8 = 1 << 4
    static let transmitterEmpty: UInt8 = 1 << 5 | 1 << 6
    static let errorInFIFO: UInt8 = 1 << 7
  }

  private enum ModemStatus {
    static let ringTrailingEdge: UInt8 = 1 << 2
    static let cts: UInt8 = 1 << 4
    static let dsr: UInt8 = 1 << 5
    static let ring: UInt8 = 1 << 6
    static let dcd: UInt8 = 1 << 7
  }

  private static let divisorLatchAccess: UInt8 = 1 << 7

  private let line: InterruptLine
  private let backEnd: (any CharacterBackEnd)?
  private nonisolated(unsafe) var stored = State()

  /// - Parameter backEnd: nil where nothing is connected: output vanishes. The caller attaches the UART to it.
  package init(line: InterruptLine, backEnd: (any CharacterBackEnd)?) {
    self.line = line
    self.backEnd = backEnd
  }

  package var state: State {
    get { stored }
    set {
      stored = newValue
      let depth = newValue.areFIFOsEnabled ? Self.fifoDepth : 1
      stored.received.removeLast(max(0, newValue.received.count - depth))
      updateLine()
    }
  }

  package func reset() {
    refillingReceiver { stored = State() }
    updateLine()
  }

  // MARK: Registers

  /// An access of any width reaches the one register at its address, zero-extended, as in QEMU.
  package func read(_ offset: UInt64, width: Int) -> UInt64 {
    UInt64(refillingReceiver { readRegister(offset) })
  }

  package func write(_ offset: UInt64, width: Int, _ value: UInt64) {
    refillingReceiver { writeRegister(offset, UInt8(truncatingIfNeeded: value)) }
  }

  private var isDivisorVisible: Bool { stored.lineControl & Self.divisorLatchAccess != 0 }
  private var isLoop: Bool { stored.modemControl & ModemControl.loop != 0 }

  private func readRegister(_ offset: UInt64) -> UInt8 {
    switch offset {
    case 0: return isDivisorVisible ? UInt8(truncatingIfNeeded: stored.divisor) : readReceiver()
    case 1: return isDivisorVisible ? UInt8(truncatingIfNeeded: stored.divisor >> 8) : stored.interruptEnable
    case 2: return readInterruptIdentification()
    case 3: return stored.lineControl
    case 4: return stored.modemControl
    case 5: return readLineStatus()
    case 6: return readModemStatus()
    case 7: return stored.scratch
    default: return 0
    }
  }

  private func writeRegister(_ offset: UInt64, _ value: UInt8) {
    switch offset {
    case 0 where isDivisorVisible: stored.divisor = stored.divisor & 0xff00 | UInt16(value)
    case 0: transmit(value)
    case 1 where isDivisorVisible: stored.divisor = stored.divisor & 0x00ff | UInt16(value) << 8
    case 1: writeInterruptEnable(value & 0x0f)
    case 2: writeFIFOControl(value)
    case 3: stored.lineControl = value
    case 4: writeModemControl(value & ModemControl.writable)
    case 7: stored.scratch = value
    default: break
    }
  }

  package func remark(on access: DeviceAccess) -> DeviceRemark? {
    guard access.offset == 3, let value = access.value, value & 0x40 != 0, stored.lineControl & 0x40 == 0
    else {
      return nil
    }
    return .unimplemented("serial: the break that the guest sends is not passed on")
  }

  // MARK: Receiver

  private func readReceiver() -> UInt8 {
    guard !stored.received.isEmpty else { return stored.areFIFOsEnabled ? 0 : stored.lastReceived }
    let byte = stored.received.removeFirst().byte
    noticeBreakAtHead()
    updateLine()
    return byte
  }

  /// Characters that the receiver takes now. None in loop mode, where the serial input is disconnected
  /// (§8.8): they wait in the back end.
  package var receiveCapacity: Int {
    isLoop ? 0 : (stored.areFIFOsEnabled ? Self.fifoDepth : 1) - stored.received.count
  }

  package func receive(_ bytes: ArraySlice<UInt8>) {
    guard !isLoop else { return }
    for byte in bytes { accept(Character(byte: byte)) }
    updateLine()
  }

  package func receiveBreak() {
    guard !isLoop else { return }
    accept(Character(byte: 0, isBreak: true))
    updateLine()
  }

  private func accept(_ character: Character) {
    if stored.areFIFOsEnabled, stored.received.count >= Self.fifoDepth {
      // The FIFO keeps what it has, the shift register is overwritten (§8.4, bit 1).
      stored.hasOverrun = true
      return
    }
    if !stored.areFIFOsEnabled, !stored.received.isEmpty {
      stored.hasOverrun = true
      stored.received.removeAll(keepingCapacity: true)
    }
    stored.received.append(character)
    if !stored.areFIFOsEnabled { stored.lastReceived = character.byte }
    noticeBreakAtHead()
  }

  /// A break is reported when its character has come to the FIFO's top (§8.4, bit 4).
  private func noticeBreakAtHead() {
    guard let head = stored.received.first, head.isBreak else { return }
    stored.received[0].isBreak = false
    stored.hasBreak = true
  }

  private func clearReceiver() {
    stored.received.removeAll(keepingCapacity: true)
    stored.hasBreak = false
  }

  /// Runs `body` and asks for input where it made room in a full receiver.
  private func refillingReceiver<R>(_ body: () -> R) -> R {
    let before = receiveCapacity
    let result = body()
    if before <= 0, receiveCapacity > 0 { backEnd?.acceptInput() }
    return result
  }

  // MARK: Transmitter

  private func transmit(_ byte: UInt8) {
    if isLoop {
      accept(Character(byte: byte))
    } else {
      backEnd?.send([byte])
    }
    stored.isTransmitterInterruptPending = true
    updateLine()
  }

  // MARK: Control and status

  private func writeInterruptEnable(_ value: UInt8) {
    let changed = stored.interruptEnable ^ value
    stored.interruptEnable = value
    if changed & InterruptEnable.transmitterEmpty != 0 {
      // The transmitter is always empty: enabling its interrupt raises it.
      stored.isTransmitterInterruptPending = value & InterruptEnable.transmitterEmpty != 0
    }
    if changed != 0 { updateLine() }
  }

  private func writeFIFOControl(_ value: UInt8) {
    let enable = value & FIFOControl.enable != 0
    // Changing the enable bit clears both FIFOs; the other bits count only while it is set (§8.5).
    if enable != stored.areFIFOsEnabled || enable && value & FIFOControl.resetReceiver != 0 {
      clearReceiver()
    }
    if enable != stored.areFIFOsEnabled || enable && value & FIFOControl.resetTransmitter != 0 {
      stored.isTransmitterInterruptPending = true
    }
    stored.areFIFOsEnabled = enable
    if enable { stored.trigger = [1, 4, 8, 14][Int(value >> 6)] }
    updateLine()
  }

  private func readLineStatus() -> UInt8 {
    var status = LineStatus.transmitterEmpty
    if !stored.received.isEmpty { status |= LineStatus.dataReady }
    if stored.areFIFOsEnabled, stored.hasBreak || stored.received.contains(where: \.isBreak) {
      status |= LineStatus.errorInFIFO
    }
    if stored.hasOverrun { status |= LineStatus.overrun }
    if stored.hasBreak { status |= LineStatus.breakInterrupt }
    if stored.hasOverrun || stored.hasBreak {
      stored.hasOverrun = false
      stored.hasBreak = false
      updateLine()
    }
    return status
  }

  private func writeModemControl(_ value: UInt8) {
    stored.modemControl = value
    // In loop mode the modem's four inputs are the four outputs, interrupts included (§8.8).
    var inputs = Self.connectedModem
    if isLoop {
      inputs = 0
      if value & ModemControl.rts != 0 { inputs |= ModemStatus.cts }
      if value & ModemControl.dtr != 0 { inputs |= ModemStatus.dsr }
      if value & ModemControl.out1 != 0 { inputs |= ModemStatus.ring }
      if value & ModemControl.out2 != 0 { inputs |= ModemStatus.dcd }
    }
    let changed = (stored.modemStatus ^ inputs) & 0xf0
    guard changed != 0 else { return }
    var deltas = changed >> 4
    // A ring counts when it ends (§8.9, bit 2).
    if inputs & ModemStatus.ring != 0 { deltas &= ~ModemStatus.ringTrailingEdge }
    stored.modemStatus = inputs | stored.modemStatus & 0x0f | deltas
    updateLine()
  }

  private func readModemStatus() -> UInt8 {
    let status = stored.modemStatus
    if status & 0x0f != 0 {
      stored.modemStatus &= 0xf0
      updateLine()
    }
    return status
  }

  // MARK: Interrupts

  private var cause: Cause {
    let enabled = stored.interruptEnable
    if enabled & InterruptEnable.lineStatus != 0, stored.hasOverrun || stored.hasBreak { return .lineStatus }
    if enabled & InterruptEnable.receivedData != 0, !stored.received.isEmpty {
      // Nothing follows sooner than the guest looks: characters below the trigger have timed out at once.
      let isAvailable = !stored.areFIFOsEnabled || stored.received.count >= Int(stored.trigger)
      return isAvailable ? .receivedData : .characterTimeout
    }
    if enabled & InterruptEnable.transmitterEmpty != 0, stored.isTransmitterInterruptPending {
      return .transmitterEmpty
    }
    if enabled & InterruptEnable.modemStatus != 0, stored.modemStatus & 0x0f != 0 { return .modemStatus }
    return .none
  }

  private func readInterruptIdentification() -> UInt8 {
    let cause = cause
    if cause == .transmitterEmpty {
      stored.isTransmitterInterruptPending = false
      updateLine()
    }
    return cause.rawValue | (stored.areFIFOsEnabled ? 0xc0 : 0)
  }

  /// Called at every event, also where the level stays: controllers may count each as a request.
  private func updateLine() { line.set(cause != .none) }
}
